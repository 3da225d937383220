"""What a command costs before and besides its work, beside the imports that any program of this kind needs.

    python -m bench.startup [ROUNDS]

CPU time of the process and of what it starts (git). `run` pushes a small layout to a registry on this machine that has
it already: all of it is what a run costs where nothing has changed. The registry is the embedded one, as a process of
its own. Every round runs all commands one after the other, so that a busy machine is busy for all of them; the ratio
is the median of the rounds' own ratios. Wanted: `--version` at most 1.0, `check` of 50 images 1.7, `run` 3.0.
"""

import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.memory import write_layout
from bench.samplefile import file_of

FLOOR = "import yaml, click; from pydantic import BaseModel"
WANTED = {"--version": 1.0, "check": 1.7, "run": 3.0}
SCRIPT = str(Path(sys.executable).with_name("ecr-publish"))
# an installed program has its byte code; a checkout has it after the first round, unless this forbids it
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
FILE = """\
version: 1
environments: { lab: { registry: "%s" } }
images: { app: { repository: team/app, build: { builder: layout, layout: layout }, tags: ["type=raw,value=1.0.0"] } }
"""


def seconds(command: list[str]) -> float:
    """CPU seconds of one run, which must succeed."""
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """The `host:port` of a plain registry that runs meanwhile."""
    file = folder / "env"
    process = subprocess.Popen(
        [SCRIPT, "local", "--oci", "--port", "0", "--env-file", str(file)],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not file.exists():
            if process.poll() is not None:
                raise SystemExit("the embedded registry did not start")
            time.sleep(0.05)
        told = re.search(r"^# registry: http://(\S+)$", file.read_text(), re.MULTILINE)
        assert told is not None
        yield told[1]
    finally:
        process.terminate()
        process.wait()


def main(rounds: int) -> int:
    """Measure and print; 1 if a ratio is above what is wanted."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        many, lab = folder / "many.yaml", folder / "lab"
        many.write_text(file_of(50), encoding="utf-8")
        (folder / "app").write_text("x", encoding="utf-8")
        with registry(folder) as host:
            write_layout(lab, 10_000)
            (lab / "ecr-publish.yaml").write_text(FILE % host, encoding="utf-8")
            commands = {
                "floor": [sys.executable, "-c", FLOOR],
                "--version": [SCRIPT, "--version"],
                "check": [SCRIPT, "check", "-f", str(many)],
                "run": [SCRIPT, "run", "-f", str(lab)],
            }
            for command in commands.values():
                seconds(command)  # byte code and the disk's cache; and the image is there
            runs = [{name: seconds(command) for name, command in commands.items()} for _ in range(rounds)]
    return printed(runs)


def printed(runs: list[dict[str, float]]) -> int:
    """Print the rounds; 1 if a ratio is above what is wanted."""
    floor = statistics.median(run["floor"] for run in runs)
    print(f"floor     {floor * 1000:6.0f} ms            python -c {FLOOR!r}  (Python {platform.python_version()})")
    missed = 0
    for name, wanted in WANTED.items():
        middle = statistics.median(run[name] for run in runs)
        ratio = statistics.median(run[name] / run["floor"] for run in runs)
        missed += ratio > wanted
        print(f"{name:9} {middle * 1000:6.0f} ms  x {ratio:4.2f}  wanted <= {wanted}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
