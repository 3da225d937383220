"""Faults: what goes wrong on purpose, at which request, and the log of all requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in; `action` is ECR's name for it (`ecr:PutImage`), on both faces."""

    number: int  # from 0
    method: str
    path: str
    action: str
    registry: str = ""  # account/region


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the `index`-th request (from 0) whose action matches, `times` times.

    `kind`: `status` (answer `status`), `cut` (close the connection after `after` bytes of the request's body),
    `digest` (answer with a wrong digest), `body` (send other bytes), `expired` (the token has expired), `hang`
    (`seconds` without an answer, then cut).
    """

    kind: str
    index: int = 0
    action: str = "*"
    times: int = 1
    status: int = 500
    after: int = 0
    seconds: float = 0.0


@dataclass
class Script:
    """The faults still to come, and every request so far."""

    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    on_request: Callable[[Request], None] | None = None
    _counts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """One more."""
        with self._lock:
            self.faults.append(fault)

    def record(self, method: str, path: str, action: str, registry: str) -> Fault | None:
        """Note a request; the fault that is to happen to it, if any."""
        with self._lock:
            request = Request(len(self.requests), method, path, action, registry)
            self.requests.append(request)
            for name in {action, "*"}:
                self._counts[name] = self._counts.get(name, 0) + 1
            found = next((each for each in self.faults if self._due(each, action)), None)
        if self.on_request is not None:
            self.on_request(request)
        return found

    def _due(self, fault: Fault, action: str) -> bool:
        if fault.action not in (action, "*"):
            return False
        number = self._counts[fault.action] - 1
        return fault.index <= number < fault.index + fault.times
