"""Control: the embedded ECR's own endpoints below `/_local/` on the API port, for tests in any language.

Only this machine's own programs reach them: the port is a loopback one, and what a browser sends for a page (an Origin,
or another Host) is refused.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ecr_publish.local.exchange import Answer, Exchange, TooLarge

if TYPE_CHECKING:
    from pydantic import ValidationError

PREFIX = "/_local/"
LARGEST = 1 << 20  # bytes
_HERE = ("127.0.0.1", "localhost")


async def serve(ecr: Any, exchange: Exchange) -> Answer:
    """Answer one request."""
    if "origin" in exchange.headers or exchange.headers.get("host", "").partition(":")[0] not in _HERE:
        return _failed(403, "only programs of this machine, by its loopback address")
    try:
        body = await exchange.body(LARGEST)
        given = json.loads(body) if body else None
    except (ValueError, RecursionError, TooLarge):
        return _failed(400, "the body is not JSON")
    match exchange.method, exchange.path.removeprefix(PREFIX):
        case "GET", "clock":
            return _clock(ecr)
        case "POST", "clock":
            return _advance(ecr, given)
        case "GET", "requests":
            return _requests(ecr, exchange.query.get("after", "-1"))
        case "POST", "faults":
            return _fault(ecr, given)
        case "DELETE", "faults":
            ecr.script.clear()
            return _json({})
        case "POST", "denials":
            return _deny(ecr, given)
        case "DELETE", "denials":
            ecr.denials.clear()
            return _json({})
        case _:
            return _failed(404, "there are clock, requests, faults and denials")


def _clock(ecr: Any) -> Answer:
    return _json({"now": ecr.clock.now().isoformat()})


def _advance(ecr: Any, given: object) -> Answer:
    seconds = given.get("advance") if isinstance(given, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 10**9:
        return _failed(400, 'send {"advance": seconds}')
    if not hasattr(ecr.clock, "advance"):
        return _failed(409, "this clock is the machine's own and cannot be advanced")
    ecr.clock.advance(timedelta(seconds=seconds))
    return _clock(ecr)


def _requests(ecr: Any, after: str) -> Answer:
    try:
        number = int(after)
    except ValueError:
        return _failed(400, "`after` is the number of a request")
    return _json({"requests": [asdict(each) for each in ecr.script.requests if each.number > number]})


def _fault(ecr: Any, given: object) -> Answer:
    from pydantic import ValidationError

    from ecr_publish.local.seed import SeededFault, fault

    try:
        ecr.script.add_next(fault(SeededFault.model_validate(given)))
    except ValidationError as error:
        return _wrong(error)
    return _json({})


def _deny(ecr: Any, given: object) -> Answer:
    from pydantic import ValidationError

    from ecr_publish.local.seed import SeededDenial

    try:
        denial = SeededDenial.model_validate(given)
    except ValidationError as error:
        return _wrong(error)
    ecr.denials.deny(denial.action, denial.principal)
    return _json({})


def _wrong(error: ValidationError) -> Answer:
    said = error.errors(include_url=False)[0]
    return _failed(400, f"{'.'.join(map(str, said['loc']))}: {said['msg']}")


def _json(value: object) -> Answer:
    return Answer(200, json.dumps(value).encode(), {"content-type": "application/json"})


def _failed(status: int, why: str) -> Answer:
    return Answer(status, json.dumps({"error": why}).encode(), {"content-type": "application/json"})
