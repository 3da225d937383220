"""A stand-in for CodeBuild: a buildspec of version 0.2 carried out as AWS documents it, and no further.

Source: AWS CodeBuild User Guide, "Build specification reference for CodeBuild", "Build phase transitions",
"Environment variables in build environments". What it does:

1. Unknown top-level keys and phases are refused. The environment is the build's own, then `env.variables` (literal,
   never expanded) for names that the start of the build did not set.
2. Phases run in the order install, pre_build, build, post_build; CODEBUILD_BUILD_SUCCEEDING is 1 until a phase fails.
3. Commands run one by one, each until its end; directory and exported variables carry over (version 0.2: one shell).
   Here every command has a shell of its own that leaves both behind; plain shell variables are lost, which a buildspec
   must then not need.
4. The first failing command ends `commands`; `finally` runs all the same; the phase failed if either did.
5. After a failed phase: install or pre_build → no later phase; build → post_build runs, unless `on-failure: ABORT`.
   `on-failure: CONTINUE` → the next phase runs.
6. Then, whatever happened: reports (files below base-directory), artifacts (none found = failed), exported variables.
7. The build's exit is 1 if any phase failed: the command's own exit code is in the log only.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TOP = {"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"}
PHASES = ("install", "pre_build", "build", "post_build")
_KEEP = "trap '{ pwd; env -0; } >\"$STANDIN_STATE\"' EXIT\n"


@dataclass
class Build:
    """What a build left. `phases` maps those that ran to whether they succeeded."""

    phases: dict[str, bool] = field(default_factory=dict)
    log: str = ""
    reports: dict[str, list[Path]] = field(default_factory=dict)
    artifacts: list[Path] = field(default_factory=list)
    exported: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """1 if any phase failed, whatever the command's own code was."""
        return 0 if all(self.phases.values()) else 1


class CodeBuild:
    """One build environment. `environment` is what the project and the start of the build give."""

    def __init__(self, source: Path, environment: dict[str, str]) -> None:
        self._source = source
        self._environment = {"CODEBUILD_SRC_DIR": str(source), "CODEBUILD_BUILD_SUCCEEDING": "1", **environment}
        self._directory = str(source)
        self._state = source.parent / "standin.state"

    def run(self, text: str) -> Build:
        """Carry the buildspec out."""
        spec = yaml.safe_load(text)
        assert spec["version"] == 0.2, "only version 0.2 shares a shell"
        assert set(spec) <= TOP, set(spec) - TOP
        assert set(spec["phases"]) <= set(PHASES), spec["phases"]
        env = spec.get("env", {})
        self._environment = {**{k: str(v) for k, v in env.get("variables", {}).items()}, **self._environment}
        build = Build()
        self._phases(spec["phases"], env.get("shell", "sh"), build)
        self._upload(spec, build)
        names = env.get("exported-variables", [])
        build.exported = {name: self._environment[name] for name in names if name in self._environment}
        return build

    def _phases(self, phases: dict[str, Any], shell: str, build: Build) -> None:
        for name in PHASES:
            if name not in phases:
                continue
            phase = phases[name] or {}
            done = self._commands(phase.get("commands", []), shell, build)
            done = self._commands(phase.get("finally", []), shell, build) and done
            build.phases[name] = done
            build.log += f"Phase complete: {name.upper()} State: {'SUCCEEDED' if done else 'FAILED'}\n"
            if done:
                continue
            self._environment["CODEBUILD_BUILD_SUCCEEDING"] = "0"
            goes_on = phase.get("on-failure", "" if name == "build" else "ABORT")
            if goes_on == "ABORT":
                return

    def _commands(self, commands: list[str], shell: str, build: Build) -> bool:
        for command in commands:
            code = self._command(command, shell, build)
            if code:
                build.log += f"Error while executing command: {command}. Reason: exit status {code}\n"
                return False
        return True

    def _command(self, command: str, shell: str, build: Build) -> int:
        self._state.unlink(missing_ok=True)
        done = subprocess.run(
            [shell, "-c", _KEEP + command],
            cwd=self._directory,
            env={**self._environment, "STANDIN_STATE": str(self._state)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        build.log += done.stdout
        self._directory, _, left = self._state.read_text().partition("\n")
        self._environment = dict(each.split("=", 1) for each in left.split("\0") if each)
        return done.returncode

    def _upload(self, spec: dict[str, Any], build: Build) -> None:
        for name, report in spec.get("reports", {}).items():
            build.reports[name] = self._matching(report)
        if "artifacts" in spec:
            build.artifacts = self._matching(spec["artifacts"])
            if not build.artifacts:
                build.log += "no matching artifact paths found\n"
                build.phases["UPLOAD_ARTIFACTS"] = False

    def _matching(self, section: dict[str, Any]) -> list[Path]:
        base = self._source / section.get("base-directory", ".")
        return sorted(path for pattern in section["files"] for path in base.glob(pattern) if path.is_file())
