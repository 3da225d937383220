"""Identities: who we are at each target, and whether that is the account the file names."""

from __future__ import annotations

from typing import NamedTuple

from ecr_publish.errors import PublishError
from ecr_publish.model.registry import EcrRegistry
from ecr_publish.model.target import Target
from ecr_publish.ports.bundle import Ports
from ecr_publish.preflight.said import Said, side_by_side


class Identified(NamedTuple):
    """The targets that we may go to, and what is to be said of the others."""

    targets: frozenset[Target]
    said: Said


def identities(targets: tuple[Target, ...], ports: Ports) -> Identified:
    """Ask STS at every target. Where that fails, nothing further is asked there."""
    answers = side_by_side(ports.identities.identity, targets)
    problems = tuple(answer for _, answer in answers if isinstance(answer, PublishError))
    notes = tuple(
        f"{target.environment} names no account: this run goes to {answer.account} ({answer.arn})"
        for target, answer in answers
        if not isinstance(answer, PublishError)
        and isinstance(target.registry, EcrRegistry)
        and target.registry.account is None
    )
    reached = frozenset(target for target, answer in answers if not isinstance(answer, PublishError))
    return Identified(reached, Said(problems, notes))
