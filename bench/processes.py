"""Processes of a measurement. All of them end with it, also if it is ended by Ctrl-C or SIGTERM."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLOCK = str(Path(__file__).with_name("clock.py"))
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST = 1800  # seconds of one command


@dataclass(frozen=True)
class Cost:
    """Of one command: seconds, seconds of CPU, most memory in MB; `failed` says why it did not succeed."""

    wall: float
    cpu: float
    peak: float
    failed: str = ""


class _Stop:
    """Whether a signal to stop waits until something has begun as a whole."""

    held, number = False, 0


@contextmanager
def stoppable() -> Iterator[None]:
    """A signal to stop raises SystemExit, once: what was begun is undone without being disturbed again."""

    def stop(number: int, _: object) -> None:
        _Stop.number = number
        if not _Stop.held:
            _raise()

    before = {each: signal.signal(each, stop) for each in STOPS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """What begins something and notes how to end it: a signal to stop waits for the end of the block."""
    _Stop.held = True
    try:
        yield
    finally:
        _Stop.held = False
    if _Stop.number:
        _raise()


def _raise() -> None:
    for each in STOPS:
        signal.signal(each, signal.SIG_IGN)
    number, _Stop.number = _Stop.number, 0
    raise SystemExit(128 + number)


def started(
    command: Sequence[str], log: Path, begun: ExitStack, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A server, which ends with `begun`. It has a session of its own: Ctrl-C comes to the measurement alone."""
    with undisturbed(), log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, start_new_session=True
        )
        begun.callback(ended, process)
    return process


def ended(process: subprocess.Popen[bytes] | subprocess.Popen[str], seconds: float = 30) -> None:
    """End the first of a session, whatever it is at, and what it leaves behind."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """One that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Helper:
    """A module of ours in a process of its own, which takes a command per line and ends with its stdin; it ends with
    `begun`."""

    def __init__(self, begun: ExitStack, module: str, *arguments: str, **variables: str) -> None:
        self._module = module
        with undisturbed():
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=os.environ | variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            begun.callback(self._close)

    def say(self, text: str) -> None:
        """A command without an answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def heard(self) -> str:
        """The next line that it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._module} has ended")
        return line.strip()

    def ask(self, text: str) -> str:
        """A command and its answer."""
        self.say(text)
        return self.heard()

    def _close(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        ended(self._process)


def clocked(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end; nothing of it is left if that is not waited for."""
    with ExitStack() as begun:
        with undisturbed():
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", CLOCK, *command],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            begun.callback(_killed, process)
        try:
            out, said = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            return Cost(LONGEST, 0, 0, f"{shlex.join(command)}: no end after {LONGEST} s")
    if process.returncode:
        return Cost(0, 0, 0, f"{shlex.join(command)}: {said}")
    told = json.loads(out.splitlines()[-1])
    failed = f"{shlex.join(command)}: exit {told['status']}\n{said}" if told["status"] else ""
    return Cost(told["wall"], told["cpu"], told["peak"], failed)


def _killed(process: subprocess.Popen[str]) -> None:
    """With everything that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
