"""What an adapter costs before the tool works, with the tool's environment kept from an earlier job.

    python -m bench.adapter [ROUNDS]

The scripts of action.yml, buildspec.yml and the GitLab component, each started as its CI does and carried through to
the end of `ecr-publish check` of one image, beside that `check` alone in the same environment. So each figure is from
the start of the step to the end of the tool's first work; the difference is the adapter's own. Wanted: under 2 s.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from bench.samplefile import file_of

ROOT = Path(__file__).parents[1]
WANTED_SECONDS = 2.0


def scripts() -> dict[str, tuple[str, ...]]:
    """The shell and the scripts of each adapter, one after the other."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    spec = yaml.safe_load((ROOT / "buildspec.yml").read_text(encoding="utf-8"))
    _, jobs = yaml.safe_load_all((ROOT / "templates" / "ecr-publish.yml").read_text(encoding="utf-8"))
    return {
        "github": ("bash", *(step["run"] for step in action["runs"]["steps"])),
        "codebuild": ("bash", spec["phases"]["build"]["commands"][0]),
        "gitlab": ("sh", jobs["$[[ inputs.job-name ]]"]["script"][0]),
    }


def environment(home: Path) -> dict[str, str]:
    """What the three CIs set, as much as the scripts read; all keep the tool below `home`."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_CERT_", "REQUESTS_CA_"))},
        "HOME": str(home),
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(home / "output"),
        "RUNNER_TEMP": str(home),
        "RUNNER_TOOL_CACHE": str(home),
        "CODEBUILD_SRC_DIR": str(home),
        "ECR_PUBLISH_TOOLS": "",
        "ECR_PUBLISH_PYTHON": "python3",
        "ECR_PUBLISH_PACKAGE": str(ROOT),
        "ECR_PUBLISH_WHEELS": "",
        "ECR_PUBLISH_DIRECTORY": ".",
        "ECR_PUBLISH_FILE": "ecr-publish.yaml",
        "ECR_PUBLISH_COMMAND": "check",
        "ECR_PUBLISH_ARGS": "",
        "ECR_PUBLISH_ROLE": "",
    }


def run(shell: str, steps: tuple[str, ...], home: Path, given: dict[str, str]) -> float:
    """Wall-clock seconds of an adapter's scripts, which must succeed; outputs of one are the next one's environment."""
    began = time.perf_counter()
    for step in steps:
        lines = (home / "output").read_text(encoding="utf-8").splitlines()
        tool = next((line.partition("=")[2] for line in reversed(lines) if line.startswith("tool=")), "")
        done = subprocess.run(
            [shell, "-c", step], cwd=home, env={**given, "ECR_PUBLISH_TOOL": tool}, capture_output=True, check=False
        )
        if done.returncode:
            sys.exit(done.stdout.decode() + done.stderr.decode())
    return time.perf_counter() - began


def main(rounds: int) -> int:
    """Measure and print; 1 if an adapter takes longer than is wanted."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "ecr-publish.yaml").write_text(file_of(1), encoding="utf-8")
        (home / "app").write_text("x", encoding="utf-8")
        (home / "output").touch()
        given, adapters = environment(home), scripts()
        # the component keeps the tool only where the runner says so
        own = {name: {**given, "ECR_PUBLISH_TOOLS": str(home) if name == "gitlab" else ""} for name in adapters}
        first = {name: run(shell, steps, home, own[name]) for name, (shell, *steps) in adapters.items()}
        alone = '"$ECR_PUBLISH_TOOL"/bin/ecr-publish check'
        rows = [
            {
                "check": run("sh", (alone,), home, given),
                **{name: run(shell, steps, home, own[name]) for name, (shell, *steps) in adapters.items()},
            }
            for _ in range(rounds)
        ]
    middle = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    print(f"check alone {middle['check'] * 1000:6.0f} ms")
    for name in adapters:
        own_share = statistics.median(row[name] - row["check"] for row in rows)
        print(
            f"{name:11} {middle[name] * 1000:6.0f} ms, of which the adapter {own_share * 1000:4.0f} ms; "
            f"the first time {first[name]:.1f} s"
        )
    return 1 if max(middle.values()) > WANTED_SECONDS else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
