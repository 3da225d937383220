"""Signals ask to stop, whatever the main thread is doing at that very moment."""

from __future__ import annotations

import os
import subprocess
import sys
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
HUNG_UP = """
import signal, time
from ecr_publish.cli.signals import stopping

with stopping() as stop:
    signal.raise_signal(signal.{name})
    print(stop.wait(10), stop.error().exit_code, flush=True)
    signal.raise_signal(signal.{name})
    time.sleep({grace})
"""
SIGNALS = pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])


# The main thread computes for minutes, and runs no handler meanwhile; what it prints is printed by another.
BUSY = """
import hashlib, os, signal, threading, time
from ecr_publish.cli.signals import stopping

def ask():
    os.kill(os.getpid(), signal.{name})
    print(stop.wait(10), stop.error().exit_code, flush=True)
    if {twice}:
        os.kill(os.getpid(), signal.{name})
        time.sleep({grace})
    os._exit(0)

with stopping() as stop:
    threading.Timer(0.2, ask).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)
"""


def busy(name: str, *, twice: bool = False, grace: float = 10) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BUSY.format(name=name, twice=twice, grace=grace)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


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
    done = busy(name)
    assert (done.stdout.split(), done.returncode) == (["True", str(code)], 0), done.stderr


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_second_one_ends_the_process_at_once_there_too(name, code):
    assert busy(name, twice=True).returncode == code


@pytest.mark.parametrize("script", [BUSY, HUNG_UP], ids=["busy", "waiting"])
def test_a_shell_that_hangs_up_after_the_kernel_did_asks_for_nothing_more(script):
    command = [sys.executable, "-c", script.format(name="SIGHUP", twice=True, grace=0.3)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.split(), done.returncode) == (["True", "143"], 0), done.stderr
    assert done.stderr.count("stopping:") == 1


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
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x")
    os.set_blocking(writer, True)
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
