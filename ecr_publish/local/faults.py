"""Faults: what goes wrong on purpose, at which request, and the log of all requests."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["status", "cut", "cut-answer", "digest", "body", "expired", "hang", "slow-scan", "lag"]
KEPT = 200_000  # requests of the log; of more, the older half is forgotten


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in, and what became of it. These fields stay as they are; others may be added.

    `action` is AWS's name for what is asked (`ecr:PutImage`, `ecr-public:…`, `sts:Query`, `s3:GetObject`), the same on
    both faces, or `none`. `registry` is `account/region`, or `public`; "" for the APIs.
    """

    number: int  # from 0
    method: str
    path: str
    action: str
    registry: str = ""
    at: float = 0.0  # epoch seconds on the embedded clock
    fault: str | None = None  # the kind of fault that it met
    status: int | None = None  # None: not answered (yet)
    received: int = 0  # bytes of the body


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the `index`-th request (from 0) whose action matches, `times` times.

    `kind`: `status` (answer `status`), `cut` (close the connection after `after` bytes of the request's body),
    `cut-answer` (the same of the answer's body), `digest` (answer with a wrong digest), `body` (send other bytes),
    `expired` (the token has expired), `hang` (`seconds` without an answer, then cut), `slow-scan` (the scan of the
    image that is put, or scanned, takes `seconds` longer), `lag` (DescribeImages and ListImages lack it for `seconds`).
    """

    kind: Kind
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
    hold: Callable[[Request], Awaitable[None]] | None = None  # on the server's loop: an answer goes when it is over
    now: Callable[[], float] = lambda: 0.0  # epoch seconds
    _counts: dict[str, int] = field(default_factory=dict)
    _forgotten: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """One more."""
        with self._lock:
            self.faults.append(fault)

    def add_next(self, fault: Fault) -> None:
        """One more, whose index counts from the next request of its action."""
        with self._lock:
            self.faults.append(replace(fault, index=fault.index + self._counts.get(fault.action, 0)))

    def clear(self) -> None:
        """No fault is to come any more."""
        with self._lock:
            self.faults.clear()

    def record(self, method: str, path: str, action: str, registry: str) -> tuple[int, Fault | None]:
        """Note a request: its number, and the fault that is to happen to it, if any."""
        with self._lock:
            for name in {action, "*"}:
                self._counts[name] = self._counts.get(name, 0) + 1
            found = next((each for each in self.faults if self._due(each, action)), None)
            number = self._forgotten + len(self.requests)
            kind = None if found is None else found.kind
            request = Request(number, method, path, action, registry, self.now(), kind)
            self.requests.append(request)
            if len(self.requests) > KEPT:
                del self.requests[: KEPT // 2]
                self._forgotten += KEPT // 2
        if self.on_request is not None:
            self.on_request(request)
        return number, found

    def request(self, number: int) -> Request:
        """A request of late."""
        with self._lock:
            return self.requests[number - self._forgotten]

    def answered(self, number: int, status: int, received: int) -> None:
        """Note what a request was answered, and how many bytes of its body had come."""
        with self._lock:
            at = number - self._forgotten
            if at >= 0:
                self.requests[at] = replace(self.requests[at], status=status, received=received)

    def _due(self, fault: Fault, action: str) -> bool:
        if fault.action not in (action, "*"):
            return False
        number = self._counts[fault.action] - 1
        return fault.index <= number < fault.index + fault.times
