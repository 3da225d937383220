"""Signals ask to stop, whatever the main thread is doing at that very moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

# The lock is the one that the main thread holds for a moment each time it begins to wait.
HELD = """
import signal
from ecr_publish.cli.signals import stopping

with stopping() as stop:
    with stop._event._cond:
        signal.raise_signal(signal.{name})
    print(stop.wait(10), stop.error().exit_code)
"""

RAISED = """
import signal
from ecr_publish.cli.signals import stopping

with stopping() as stop:
    signal.raise_signal(signal.{name})
    print(stop.wait(10), stop.error().exit_code, flush=True)
"""
ASKED = """
import signal, time
from ecr_publish.cli.signals import stopping

with stopping() as stop:
    signal.raise_signal(signal.{name})
    print(stop.wait(10), stop.error().exit_code, flush=True)
    time.sleep({again})
    signal.raise_signal(signal.{name})
    time.sleep({grace})
"""
FORKING = """
import os, signal, time
from ecr_publish.cli.signals import stopping

with stopping() as stop:
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, b"x")
        time.sleep(30)
        os._exit(0)
    os.read(reader, 1)
    os.kill(child, signal.SIGTERM)
    print(os.waitpid(child, 0)[1], stop.wait(0.3))
"""
SIGNALS = pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])


# The main thread computes for minutes, and runs no handler meanwhile; what it prints is printed by another.
BUSY = """
import hashlib, os, signal, threading, time
from ecr_publish.cli.signals import stopping

def ask(again={again}):
    os.kill(os.getpid(), signal.{name})
    print(stop.wait(10), stop.error().exit_code, flush=True)
    if again is not None:
        time.sleep(again)
        os.kill(os.getpid(), signal.{name})
        time.sleep({grace})
    os._exit(0)

with stopping() as stop:
    threading.Timer(0.2, ask).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)
"""


@pytest.fixture(autouse=True)
def hung_up_as_ever() -> Iterator[None]:
    """These tests may run under nohup, and children inherit that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def twice(script: str, name: str, again: float | None, grace: float) -> subprocess.CompletedProcess[str]:
    """Asked once more after so many seconds, it has so many more to end."""
    command = [sys.executable, "-c", script.format(name=name, again=again, grace=grace)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def full_pipe() -> tuple[int, int]:
    """Both ends of one that takes nothing more: writing to it waits until it is read."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x")
    os.set_blocking(writer, True)
    return reader, writer


def raising(name: str, stderr: Any) -> subprocess.Popen[str]:
    """A process that asks itself to stop, and says whether it was heard."""
    command = [sys.executable, "-c", RAISED.format(name=name)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)


@SIGNALS
def test_a_signal_that_comes_while_the_main_thread_begins_to_wait_is_no_deadlock(name, code):
    done = subprocess.run(
        [sys.executable, "-c", HELD.format(name=name)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["True", str(code)]
    assert "stopping:" in done.stderr


@SIGNALS
def test_a_signal_is_heeded_where_the_main_thread_runs_no_handler(name, code):
    done = twice(BUSY, name, None, 0)
    assert (done.stdout.split(), done.returncode) == (["True", str(code)], 0), done.stderr


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("script", [BUSY, ASKED], ids=["busy", "waiting"])
def test_a_second_one_ends_the_process_at_once(script, name, code):
    done = twice(script, name, 0.6, 10)
    assert (done.stdout.split(), done.returncode) == (["True", str(code)], code), done.stderr


@pytest.mark.parametrize(("name", "again"), [("SIGINT", 0), ("SIGTERM", 0), ("SIGTERM", 0.05), ("SIGHUP", 0.6)])
@pytest.mark.parametrize("script", [BUSY, ASKED], ids=["busy", "waiting"])
def test_one_request_may_come_twice(script, name, again):
    """`timeout` signals its child, and its group; shells pass on that the terminal is gone."""
    done = twice(script, name, again, 0.3)
    assert (done.stdout.split(), done.returncode) == (["True", "130" if name == "SIGINT" else "143"], 0), done.stderr
    assert done.stderr.count("stopping:") == 1


def test_a_second_one_ends_the_process_where_nobody_reads_what_is_told_of_the_first():
    reader, writer = full_pipe()
    command = [sys.executable, "-c", BUSY.format(name="SIGINT", again=0.6, grace=10)]
    assert subprocess.run(command, stderr=writer, timeout=60, check=False).returncode == 130
    os.close(writer)
    os.close(reader)


def test_a_signal_to_a_forked_child_is_no_request_to_its_parent():
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["15", "False"]


@SIGNALS
def test_a_signal_is_heeded_where_the_reader_of_what_is_told_has_left(name, code):
    reader, writer = os.pipe()
    os.close(reader)
    with raising(name, writer) as process:
        os.close(writer)
        assert process.communicate(timeout=60)[0].split() == ["True", str(code)]
    assert process.returncode == 0


@SIGNALS
def test_a_signal_is_heeded_where_what_is_told_goes_to_a_full_disk(name, code):
    with Path("/dev/full").open("w") as full, raising(name, full) as process:
        assert process.communicate(timeout=60)[0].split() == ["True", str(code)]
    assert process.returncode == 0


@SIGNALS
def test_a_signal_is_heeded_before_it_is_told_for_nobody_may_be_reading(name, code):
    """A pager that is not scrolled: writing to it waits."""
    reader, writer = full_pipe()
    with raising(name, writer) as process, os.fdopen(reader) as scrolled:
        os.close(writer)
        assert process.stdout is not None
        assert process.stdout.readline().split() == ["True", str(code)]
        assert "stopping:" in scrolled.read()
    assert process.returncode == 0


def test_a_terminal_that_is_gone_ends_nothing_under_nohup():
    ignoring = f"import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN){RAISED.replace('10', '0.2')}"
    command = [sys.executable, "-c", ignoring.replace("stop.error().exit_code", "0").format(name="SIGHUP")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "0"]
