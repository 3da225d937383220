"""A reader who types a page's commands, in order, into a shell in a fresh copy of the repository."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.docs.blocks import ROOT, Block, Command, agrees

SECONDS = 120
_LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".tox", ".venv", ".*_cache", "__pycache__", "*.egg-info", "node_modules", "build", "dist", ".ecr-publish"
)
_EXIT = re.compile(r"\(exit (\d+)\)$")
# Installed already: a page's own test of installing is the wheel's.
_INSTALL = re.compile(r"^python3? -m pip install [^&|;]+ && ")


class Mismatch(AssertionError):
    """A command did not do what the page says."""


class Session:
    """The working directory and the last exit code go from command to command; `close` ends what runs on."""

    def __init__(self, home: Path) -> None:
        self._copy = home / "ecr-publish"
        shutil.copytree(ROOT, self._copy, ignore=_LEFT_BEHIND)
        self._home, self._here, self._last = home, self._copy, 0
        self._running: list[int] = []  # process groups
        self._commit()

    def carry_out(self, block: Block) -> None:
        """Type all commands of the block. Raises Mismatch."""
        for number, command in enumerate(block.commands):
            following = block.commands[number + 1].text if number + 1 < len(block.commands) else ""
            self._carry_out(command, asked="echo $?" in following)

    def close(self) -> None:
        """End what commands have left running (`ecr-publish local &`)."""
        for group in self._running:
            if _runs(group):
                os.killpg(group, signal.SIGTERM)

    def _carry_out(self, command: Command, *, asked: bool) -> None:
        text = _INSTALL.sub("", command.text)
        printed = self._typed(text)
        if command.printed and not agrees(printed, command.printed):
            raise Mismatch(_told(command, printed, "printed something else"))
        expected = _expected_exit(command)
        if not asked and self._last != expected:
            raise Mismatch(_told(command, printed, f"ended with {self._last}, not {expected}"))

    def _typed(self, text: str) -> list[str]:
        """What the command prints (both streams); a file takes it, since what runs on would keep a pipe open."""
        output, place = self._home / "output", self._home / "place"
        script = f"trap 'pwd > {shlex.quote(str(place))}' EXIT\n(exit {self._last})\n{text}\n"
        with output.open("wb") as file:
            shell = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self._here,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                self._last = shell.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                shell.wait()
                raise
        if _runs(shell.pid):
            self._running.append(shell.pid)
        self._here = Path(place.read_text().strip())
        return output.read_text(encoding="utf-8", errors="replace").splitlines()

    def _environment(self) -> dict[str, str]:
        """Nothing of this machine's: no CI, no credentials, no proxy. Docker's own address may be needed."""
        scripts = Path(sys.executable).parent
        kept = {name: value for name, value in os.environ.items() if name in ("DOCKER_HOST", "TMPDIR")}
        return {
            **kept,
            "PATH": f"{scripts}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }

    def _commit(self) -> None:
        """The copy is a clean checkout of one commit, as a clone would be."""
        identity = ["-c", "user.name=reader", "-c", "user.email=reader@example.org"]
        for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "copy"]):
            subprocess.run(["git", *arguments], cwd=self._copy, env=self._environment(), check=True)


def _runs(group: int) -> bool:
    """Whether a process group still has members."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _expected_exit(command: Command) -> int:
    """What the last printed line says, such as `ecr-publish: failed: gate: vulnerable (exit 6)`; else 0."""
    said = _EXIT.search(command.printed[-1]) if command.printed else None
    return int(said[1]) if said else 0


def _told(command: Command, printed: list[str], what: str) -> str:
    return "\n".join(
        [f"line {command.line}: `{command.text}` {what}.", "The page says:", *command.printed, "It printed:", *printed]
    )
