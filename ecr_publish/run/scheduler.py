"""Scheduler: runs whatever has its facts, side by side up to a bound, and tells observers from one thread.

What only waits for somebody else (a scan) holds no place of what works: it has a bound of its own.
"""

from __future__ import annotations

import errno
import queue
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ecr_publish.errors import MachineFault, PublishError
from ecr_publish.plan.intent import FactKey, Intent
from ecr_publish.run.ledger import Entry, Ledger
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted, NotYet, Outcome, Skipped

if TYPE_CHECKING:
    from ecr_publish.model.events import Progress
    from ecr_publish.ports.bundle import Ports
    from ecr_publish.run.step import Step
    from ecr_publish.run.stop import StopRequest


MOST_WAITING = 128  # steps that only wait: each asks every few seconds, and the APIs behind have rates


class Observer(Protocol):
    """Sees a run go by; called in order, from the thread that called `execute`."""

    def started(self, intent: Intent) -> None:
        """The intent is about to run."""

    def progress(self, intent: Intent, progress: Progress) -> None:
        """Something that a running step tells."""

    def finished(self, intent: Intent, outcome: Outcome) -> None:
        """The intent has ended, or will never start."""


class _Told(NamedTuple):
    intent: Intent
    progress: Progress


class _Ended(NamedTuple):
    intent: Intent
    outcome: Outcome
    started: datetime


class Scheduler:
    """One execution of a list of intents. The ledger holds everything afterwards, whatever happened."""

    def __init__(
        self, steps: Mapping[str, Step], ports: Ports, stop: StopRequest, observer: Observer, *, width: int = 8
    ) -> None:
        self._steps, self._ports, self._stop, self._observer = steps, ports, stop, observer
        self._waits = frozenset(name for name, step in steps.items() if getattr(step, "waits", False))
        self._room = {False: width, True: MOST_WAITING}
        self._events: queue.SimpleQueue[_Told | _Ended] = queue.SimpleQueue()
        self.ledger = Ledger()

    def execute(self, intents: tuple[Intent, ...]) -> Ledger:
        """Run all of them; returns when nothing runs any more and nothing more can start. What an observer raises comes
        through, when what ran was asked to stop and has ended."""
        waiting = {intent.id: intent for intent in intents}
        with ThreadPoolExecutor(sum(self._room.values()), thread_name_prefix="step") as pool:
            try:
                never = self._rounds(intents, waiting, pool)
            except BaseException:
                self._stop.interrupt()  # leaving the pool waits for what runs: that must not take as long as its work
                raise
        for intent in intents:
            if intent.id in never:
                self.record(intent, NotStarted(self._why_never()))
        return self.ledger

    def _rounds(self, intents: tuple[Intent, ...], waiting: dict[str, Intent], pool: Executor) -> set[str]:
        """Start what has its facts, and hear what comes of it, until nothing runs; what never started."""
        first, wanting = _furthest_first(intents), _wanting(intents)
        ready: dict[bool, list[Intent]] = {False: [], True: []}  # by whether they only wait
        running = {False: 0, True: 0}
        self._add(ready, self._taken(waiting, intents), first)
        while True:
            for waits, queued in ready.items():
                while queued and running[waits] < self._room[waits] and not self._stop.asked:
                    intent = queued.pop(0)
                    self._observer.started(intent)
                    pool.submit(self._run, intent)
                    running[waits] += 1
            if not any(running.values()):
                return {*waiting, *(intent.id for queued in ready.values() for intent in queued)}
            match self._events.get():
                case _Told(intent=intent, progress=progress):
                    self._observer.progress(intent, progress)
                case _Ended(intent=intent) as ended:
                    running[intent.step in self._waits] -= 1
                    self.record(intent, ended.outcome, ended.started)
                    if isinstance(ended.outcome, Done | AlreadyDone):
                        more = self._taken(waiting, [each for fact in intent.gives for each in wanting[fact]])
                        self._add(ready, more, first)
                    else:
                        self._drop_hopeless(waiting)

    def _add(self, ready: dict[bool, list[Intent]], more: list[Intent], first: Mapping[str, tuple[int, int]]) -> None:
        for intent in more:
            ready[intent.step in self._waits].append(intent)
        for waits in {intent.step in self._waits for intent in more}:
            ready[waits].sort(key=lambda intent: first[intent.id])

    def _taken(self, waiting: dict[str, Intent], candidates: Iterable[Intent]) -> list[Intent]:
        """Those of the candidates that wait and have all their facts; they wait no longer."""
        found = [each for each in candidates if each.id in waiting and all(map(self.ledger.holds, each.needs))]
        return [waiting.pop(each.id) for each in {each.id: each for each in found}.values()]

    def _drop_hopeless(self, waiting: dict[str, Intent]) -> None:
        """Record what can no longer start because something that it needs has ended without giving it."""
        ended = {entry.intent.id: entry for entry in self.ledger.entries}
        lost = {
            fact: entry.intent.id
            for entry in ended.values()
            if not isinstance(entry.outcome, Done | AlreadyDone)
            for fact in entry.intent.gives
        }
        for intent in tuple(waiting.values()):
            missing = next((need for need in intent.needs if need in lost), None)
            if missing is not None:
                self.record(waiting.pop(intent.id), NotStarted(f"{lost[missing]} {_ending(ended, lost[missing])}"))
                lost.update(dict.fromkeys(intent.gives, lost[missing]))

    def _run(self, intent: Intent) -> None:
        started = self._ports.clock.now()
        ports = replace(self._ports, notify=self._teller(intent))
        self._events.put(_Ended(intent, self._outcome(intent, ports), started))

    def _teller(self, intent: Intent) -> Callable[[Progress], None]:
        def tell(progress: Progress) -> None:
            # Progress is told often during long work, so it is also where that work notices a request to stop.
            self._stop.check()
            self._events.put(_Told(intent, progress))

        return tell

    def _outcome(self, intent: Intent, ports: Ports) -> Outcome:
        try:
            self._stop.check()
            return _kept(intent, self._steps[intent.step].run(intent, self.ledger, ports))
        except PublishError as error:
            return Failed(error)
        except OSError as error:
            return Failed(_machine_fault(error, intent))
        except BaseException as error:  # noqa: BLE001 - a thread's border: what got past it would be waited for forever
            fault = PublishError(
                what=f"a fault of ours or of a plugin: {type(error).__name__}: {error}",
                where=intent.id,
                hint="run again; if it stays, report it with the log named below",
            )
            fault.__cause__ = error
            return Failed(fault)

    def record(self, intent: Intent, outcome: Outcome, started: datetime | None = None) -> None:
        """Put an outcome into the ledger and tell the observer."""
        finished = self._ports.clock.now() if started else None
        self.ledger.append(Entry(intent, outcome, started, finished))
        self._observer.finished(intent, outcome)

    def _why_never(self) -> str:
        return "the run was stopped" if self._stop.asked else "what it needs was never given"


def _furthest_first(intents: tuple[Intent, ...]) -> dict[str, tuple[int, int]]:
    """The order of what is ready: what is furthest on its way first, then as planned. So an image comes to its end
    before the next ones begin, and the last steps, which the registries pace, are not left for last."""
    depth: dict[FactKey, int] = {}
    order: dict[str, tuple[int, int]] = {}
    for number, intent in enumerate(intents):  # a plan lists what gives before what needs
        steps = 1 + max((depth.get(need, 0) for need in intent.needs), default=0)
        depth.update(dict.fromkeys(intent.gives, steps))
        order[intent.id] = (-steps, number)
    return order


def _wanting(intents: tuple[Intent, ...]) -> Mapping[FactKey, list[Intent]]:
    """The intents that need each fact."""
    found: dict[FactKey, list[Intent]] = defaultdict(list)
    for intent in intents:
        for need in intent.needs:
            found[need].append(intent)
    return found


def _kept(intent: Intent, outcome: Outcome) -> Outcome:
    """The outcome, if it is one and gives what the intent promised: a plugin's step may do neither."""
    if not isinstance(outcome, Done | AlreadyDone | Skipped | NotYet | NotStarted | Failed):
        raise TypeError(f"the step {intent.step} ended with {outcome!r}, which is no outcome")
    if isinstance(outcome, Done | AlreadyDone):
        kinds = tuple(fact.kind for fact in intent.gives)
        if len(outcome.facts) != len(kinds) or not all(map(isinstance, outcome.facts, kinds)):
            promised = ", ".join(kind.__name__ for kind in kinds) or "nothing"
            raise TypeError(f"the step {intent.step} gives {promised} and gave {outcome.facts!r}")
    return outcome


def _ending(ended: Mapping[str, Entry], intent_id: str) -> str:
    match ended[intent_id].outcome:
        case Failed():
            return "failed"
        case Skipped(reason=reason) | NotYet(reason=reason):
            return f"was not done: {reason}"
        case _:
            return "did not start"


def _machine_fault(error: OSError, intent: Intent) -> MachineFault:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    fault = MachineFault(
        what="no space left on the disk" if full else f"{error.strerror or error}",
        where=f"{intent.id}: {error.filename}" if error.filename else intent.id,
        hint="free some space or set TMPDIR to a larger disk" if full else "check the path and its permissions",
    )
    fault.__cause__ = error
    return fault
