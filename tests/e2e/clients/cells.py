"""One cell: an operation carried out by a client."""

from __future__ import annotations

import re

from tests.e2e.clients.client import Client, Refused
from tests.e2e.clients.notes import note
from tests.e2e.clients.operations import OPERATIONS


def outcome(client: Client, row: str) -> str:
    """`ok`: done, and boto3 sees that it is; `refused`: in the words that a note foresees. Else an AssertionError."""
    client.signed_in(client.ground.registry(), client.ground.other())
    try:
        OPERATIONS[row][1](client, client.ground)
    except Refused as refusal:
        why = note(client.name, row)
        assert why is not None, f"{client.name}, {row}: {refusal}"
        assert re.search(why.words, str(refusal)), f"{client.name}, {row}: not as {why.evidence} has it: {refusal}"
        return "refused"
    return "ok"
