"""The peak of a process's memory."""

from __future__ import annotations

import resource
from pathlib import Path


def peak() -> int:
    """Of this process since it was started, in KiB.

    Not `ru_maxrss` where there is something better: on Linux it begins at the peak of whoever started the process, and
    a test runner is larger than what it tests.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
