"""How many round trips of a command are in series: the embedded ECR answers in rounds.

    python -m bench.rounds [--write]        each command of docs/transfer.md, round by round, into docs/requests.md

A round begins with a request, and all that come until the command does nothing but wait belong to it: their answers are
held back, and then go together. So each request takes one round trip and the command no time at all, and the number of
rounds is the length of the longest chain of requests in which each waits for the answer to another. It does not
depend on how fast a machine is, which of several threads runs first, or who else is busy.
"""

import argparse
import asyncio
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from ecr_publish.local.faults import Request

PAGE = Path(__file__).parents[1] / "docs" / "requests.md"
BEGIN, END = "<!-- rounds -->", "<!-- end of rounds -->"
TRIP = timedelta(milliseconds=30)
POLL, QUIET = 0.004, 3  # seconds between two looks at the threads; looks at which nothing moved
IDLE_CPU = 0.0003  # seconds of CPU that threads which only wait may take between two looks
TASKS = Path("/proc/self/task")


class Clock(Protocol):
    """The simulated clock of client and server."""

    def advance(self, wait: timedelta) -> None:
        """Move the time forward."""


class Rounds:
    """Holds the answers to a client in this process. `done` has the requests of each round, which takes `trip` on the
    clock. What the threads of the process do is asked of Linux (/proc)."""

    def __init__(self, clock: Clock, trip: timedelta) -> None:
        self._clock, self._trip = clock, trip
        self._held: list[tuple[Request, asyncio.Event]] = []
        self._answering: asyncio.Task[None] | None = None
        self.done: list[list[Request]] = []

    async def hold(self, request: Request) -> None:
        """Return when the round of this request is over."""
        over = asyncio.Event()
        self._held.append((request, over))
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer())
        await over.wait()

    async def _answer(self) -> None:
        while self._held:
            await self._quiet()
            held, self._held = self._held, []
            self.done.append([request for request, _ in held])
            self._clock.advance(self._trip)
            for _, over in held:
                over.set()
            await asyncio.sleep(0)
        self._answering = None

    async def _quiet(self) -> None:
        """Return when no other thread has had anything to do for a while."""
        quiet, spent, come = 0, _others_cpu(), len(self._held)
        while quiet < QUIET:
            await asyncio.sleep(POLL)
            now, here = _others_cpu(), len(self._held)
            still = now - spent < IDLE_CPU and here == come and all(map(_waits, _others()))
            quiet, spent, come = quiet + 1 if still else 0, now, here


def _others() -> Iterator[Path]:
    own = str(threading.get_native_id())
    return (task for task in TASKS.iterdir() if task.name != own)


def _waits(task: Path) -> bool:
    """Whether a thread sleeps. One that waits for a disk works, and one that has ended does not."""
    try:
        return (task / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] in "SZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _others_cpu() -> float:
    """One that waits for the interpreter's lock sleeps too: then it is another that takes CPU time."""
    return time.process_time() - time.thread_time()


@contextmanager
def in_rounds(server: Any, clock: Clock, trip: timedelta = TRIP) -> Iterator[Rounds]:
    """The server answers in rounds within the block."""
    rounds = Rounds(clock, trip)
    server.ecr.script.hold = rounds.hold
    try:
        yield rounds
    finally:
        server.ecr.script.hold = None


def readable(request: Request) -> str:
    """`GET manifests/1.4.0 at 111111111111`."""
    path = re.sub(r"^/v2/((?:[a-z]+/)*web)/", "", request.path)
    path = re.sub(r"sha256:[0-9a-f]{64}", "<digest>", path)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}$", "<session>", path)
    if path.startswith("/_storage/"):
        return "GET from storage"
    if path == "/":
        return request.action.replace("Query", "AssumeRole or GetCallerIdentity")
    return f"{request.method} {path} at {request.registry.partition('/')[0]}"


def section(title: str, rounds: list[list[Request]]) -> str:
    """A table of a row per round."""
    rows = []
    for number, requests in enumerate(rounds, 1):
        counts = Counter(map(readable, requests))
        words = (f"`{each}`" + (f" × {counts[each]}" if counts[each] > 1 else "") for each in sorted(counts))
        rows.append(f"| {number} | {', '.join(words)} |")
    return f"### {title}\n\n| round | requests |\n|--:|---|\n" + "\n".join(rows)


def drawn(prepare: Callable[[Any], Callable[[], Any]], settings: Mapping[str, Any]) -> list[list[Request]]:
    """The rounds of a command, on a stage of its own."""
    from tests.contract.pipeline.stage import staged

    with tempfile.TemporaryDirectory(prefix="rounds-") as root, staged(Path(root), **settings) as stage:
        command = prepare(stage)
        with in_rounds(stage.server, stage.clock) as rounds:
            report = command()
        if report.exit_code:
            raise SystemExit(f"exit code {report.exit_code}: {report.errors}")
        return rounds.done


def main() -> int:
    """Run, print, and write it where it was asked for."""
    from tests.contract.pipeline.budget import COMMANDS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    text = "\n\n".join(section(title, drawn(row.prepare, row.settings)) for title, row in COMMANDS.items())
    print(text)
    if asked.write:
        whole = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}\n{text}\n{END}", whole, flags=re.DOTALL))
    return 0


if __name__ == "__main__":
    sys.exit(main())
