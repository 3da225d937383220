"""Real programs as their users start them: an environment of our own, a time limit, the whole output on failure."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ECR_PUBLISH = (sys.executable, "-m", "ecr_publish")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Shell:
    """Where and with what environment programs are started. HOME and DOCKER_CONFIG are the test's own."""

    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's environment but PATH: no proxy, no profile, no CI."""
        own = {"HOME": str(self.home), "DOCKER_CONFIG": str(self.home / "docker"), "LANG": "C.UTF-8"}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # where `ecr-publish` is
        return {"PATH": path, "PYTHONPATH": str(ROOT), **own, **self.variables}

    def having(self, **variables: str) -> Shell:
        """The same with more variables."""
        return replace(self, variables={**self.variables, **variables})

    def attempt(self, *argv: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever that is."""
        environment = self.environment()
        assert shutil.which(argv[0], path=environment["PATH"]), f"{argv[0]} is not installed: .ci/run installs it"
        return subprocess.run(
            argv,
            input=stdin,
            cwd=cwd or self.home,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def run(self, *argv: str, stdin: str = "", cwd: Path | None = None) -> str:
        """What it printed; fails with everything it said unless it ends with 0."""
        done = self.attempt(*argv, stdin=stdin, cwd=cwd)
        assert done.returncode == 0, f"{' '.join(argv)}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def publish(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """`ecr-publish ARGUMENTS`."""
        return self.attempt(*ECR_PUBLISH, *arguments, cwd=cwd)

    def aws(self, *arguments: str) -> Any:
        """`aws ARGUMENTS --output json`, read; None where it prints nothing."""
        text = self.run("aws", *arguments, "--output", "json")
        return json.loads(text) if text.strip() else None
