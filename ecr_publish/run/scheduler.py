"""Scheduler: runs whatever has its facts, side by side up to a bound, and tells observers from one thread."""

from __future__ import annotations

import errno
import queue
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from ecr_publish.errors import MachineFault, PublishError
from ecr_publish.model.events import Progress
from ecr_publish.plan.intent import Intent
from ecr_publish.ports import Ports
from ecr_publish.run.ledger import Entry, Ledger
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted, NotYet, Outcome, Skipped
from ecr_publish.run.step import Step
from ecr_publish.run.stop import StopRequest


class Observer(Protocol):
    """Sees a run go by; called in order, from the thread that called `execute`."""

    def started(self, intent: Intent) -> None:
        """The intent is about to run."""

    def progress(self, intent: Intent, progress: Progress) -> None:
        """Something that a running step tells."""

    def finished(self, intent: Intent, outcome: Outcome) -> None:
        """The intent has ended, or will never start."""


@dataclass(frozen=True, slots=True)
class _Told:
    intent: Intent
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Ended:
    intent: Intent
    outcome: Outcome
    started: datetime


class Scheduler:
    """One execution of a list of intents. The ledger holds everything afterwards, whatever happened."""

    def __init__(
        self, steps: Mapping[str, Step], ports: Ports, stop: StopRequest, observer: Observer, *, width: int = 8
    ) -> None:
        self._steps, self._ports, self._stop, self._observer = steps, ports, stop, observer
        self._width = width
        self._events: queue.SimpleQueue[_Told | _Ended] = queue.SimpleQueue()
        self.ledger = Ledger()

    def execute(self, intents: tuple[Intent, ...]) -> Ledger:
        """Run all of them; returns when nothing runs any more and nothing more can start."""
        waiting, running = list(intents), 0
        with ThreadPoolExecutor(self._width, thread_name_prefix="step") as pool:
            while waiting or running:
                if not self._stop.asked:
                    waiting, ready = self._split(waiting)
                    for intent in ready:
                        self._observer.started(intent)
                        pool.submit(self._run, intent)
                    running += len(ready)
                if not running:
                    break
                match self._events.get():
                    case _Told(intent=intent, progress=progress):
                        self._observer.progress(intent, progress)
                    case _Ended() as ended:
                        running -= 1
                        self.record(ended.intent, ended.outcome, ended.started)
                        waiting = self._drop_hopeless(waiting)
        for intent in waiting:
            self.record(intent, NotStarted(self._why_never()), None)
        return self.ledger

    def _split(self, waiting: list[Intent]) -> tuple[list[Intent], list[Intent]]:
        ready = [intent for intent in waiting if all(self.ledger.holds(need) for need in intent.needs)]
        chosen = {intent.id for intent in ready}
        return [intent for intent in waiting if intent.id not in chosen], ready

    def _drop_hopeless(self, waiting: list[Intent]) -> list[Intent]:
        """Record what can no longer start because something that it needs has ended without giving it."""
        ended = {entry.intent.id: entry for entry in self.ledger.entries}
        lost = {
            fact: entry.intent.id
            for entry in ended.values()
            if not isinstance(entry.outcome, Done | AlreadyDone)
            for fact in entry.intent.gives
        }
        kept = []
        for intent in waiting:
            missing = next((need for need in intent.needs if need in lost), None)
            if missing is None:
                kept.append(intent)
                continue
            self.record(intent, NotStarted(f"{lost[missing]} {_ending(ended, lost[missing])}"), None)
            lost.update(dict.fromkeys(intent.gives, lost[missing]))
        return kept

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
            return self._steps[intent.step].run(intent, self.ledger, ports)
        except PublishError as error:
            return Failed(error)
        except OSError as error:
            return Failed(_machine_fault(error, intent))
        except Exception as error:  # noqa: BLE001 - the border: one image must not hide the others
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
