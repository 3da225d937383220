"""CPU time of `ecr-publish plan` for 200 images x 3 environments x 2 regions, and how it grows.

    python -m bench.plan [ROUNDS]

Wanted: under 1.5 s of CPU at 200 images; linear: above the cost of one image, 400 images take at most 2.4 times what
200 take. Each figure is the least of the rounds (what is above it is the machine's other work).
"""

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.samplefile import file_of

SIZES = (1, 100, 200, 400)


def cpu_seconds(command: list[str]) -> float:
    """User and system seconds of one run, which must succeed."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed: {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def main(rounds: int) -> int:
    """Measure and print; 1 if a bound is broken."""
    script = str(Path(sys.executable).with_name("ecr-publish"))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "app").write_text("x", encoding="utf-8")
        taken = {}
        for size in SIZES:
            file = Path(folder, f"{size}.yaml")
            file.write_text(file_of(size), encoding="utf-8")
            command = [script, "plan", "-f", str(file), "--as-tag", "v1.4.0"]
            taken[size] = min(cpu_seconds(command) for _ in range(rounds))
            print(f"{size:4} images  {taken[size]:5.2f} s of CPU  (Python {platform.python_version()})")
    growth = (taken[400] - taken[1]) / (taken[200] - taken[1])
    print(f"200 images: {taken[200]:.2f} s, wanted < 1.5;  400 / 200 above the start: {growth:.2f}, wanted <= 2.4")
    return 1 if taken[200] >= 1.5 or growth > 2.4 else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
