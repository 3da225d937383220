"""How long the quick commands take, beside the imports that any program of this kind needs.

    python -m bench.startup [ROUNDS]

Every round runs all commands one after the other, so that a busy machine is busy for all of them. The ratio is the
median of the rounds' own ratios. Wanted: `check` of 50 images at most 2.0, `--version` at most 1.0.
"""

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.samplefile import file_of

FLOOR = "import yaml, click; from pydantic import BaseModel"


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of one run, which must succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main(rounds: int) -> int:
    """Measure and print; 1 if a ratio is above what is wanted."""
    script = str(Path(sys.executable).with_name("ecr-publish"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "ecr-publish.yaml")
        file.write_text(file_of(50), encoding="utf-8")
        Path(folder, "app").write_text("x", encoding="utf-8")
        commands = {
            "floor": [sys.executable, "-c", FLOOR],
            "--version": [script, "--version"],
            "check": [script, "check", "-f", str(file)],
        }
        for command in commands.values():
            seconds(command)  # byte code and the disk's cache
        runs = [{name: seconds(command) for name, command in commands.items()} for _ in range(rounds)]
    floor = statistics.median(run["floor"] for run in runs)
    print(f"floor     {floor * 1000:6.0f} ms            python -c {FLOOR!r}  (Python {platform.python_version()})")
    missed = 0
    for name, wanted in (("--version", 1.0), ("check", 2.0)):
        middle = statistics.median(run[name] for run in runs)
        ratio = statistics.median(run[name] / run["floor"] for run in runs)
        missed += ratio > wanted
        print(f"{name:9} {middle * 1000:6.0f} ms  x {ratio:4.2f}  wanted <= {wanted}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
