"""Signals ask to stop, whatever the main thread is doing at that very moment."""

from __future__ import annotations

import subprocess
import sys

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


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_that_comes_while_the_main_thread_begins_to_wait_is_no_deadlock(name, code):
    done = subprocess.run(
        [sys.executable, "-c", HELD.format(name=name)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["True", str(code)]
    assert "stopping:" in done.stderr
