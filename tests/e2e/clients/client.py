"""What every column is: a program with a version, and a method for each operation that it has a command for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.e2e.clients.ground import Ground, Registry
from tests.e2e.programs import Shell

CLIENTS = Path(os.environ.get("ECR_PUBLISH_CLIENTS") or Path.home() / ".cache" / "ecr-publish-clients")
NEWER = CLIENTS / "bin"


class Refused(Exception):
    """The program ended with another code than 0; the text is all that it said."""


@dataclass
class Client:
    """One column. An operation is a method; a client without the command has no such method.

    A method returns what the program said of the outcome, and raises Refused where the program fails.
    """

    ground: Ground
    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    name: ClassVar[str]
    version: ClassVar[str]  # what `told` begins with
    reached: ClassVar[str]  # how it is led to the embedded ECR, for the docs
    remarks: ClassVar[Mapping[str, str]] = {}  # row that is done, but otherwise than by others -> how
    cannot: ClassVar[Mapping[str, str]] = {}  # row for which the method would not do what is asked -> why

    @classmethod
    def needs(cls) -> tuple[str | Path, ...]:
        """The programs without which the column is absent."""
        raise NotImplementedError

    def told(self) -> str:
        """The version of the program that is really here."""
        raise NotImplementedError

    @property
    def shell(self) -> Shell:
        """A home of its own, and what other people's settings say of none of these."""
        path = f"{NEWER}:{os.environ['PATH']}"
        return Shell(self.home, {"PATH": path, "REGISTRY_AUTH_FILE": str(self.home / "auth.json"), **self.variables})

    def run(self, *argv: str | Path, stdin: str = "", cwd: Path | None = None) -> str:
        """What it printed. Raises Refused."""
        done = self.shell.attempt(*map(str, argv), stdin=stdin, cwd=cwd)
        if done.returncode != 0:
            raise Refused(done.stdout + done.stderr)
        return done.stdout

    def scratch(self) -> Path:
        """A path that is not there yet."""
        path = self.home / f"scratch{len(list(self.home.iterdir()))}"
        shutil.rmtree(path, ignore_errors=True)
        return path

    def signed_in(self, *registries: Registry) -> None:
        """Sign in where the client has a way to."""
        for each in registries:
            self.login(each)  # type: ignore[attr-defined]


def absent(kind: type[Client]) -> list[str]:
    """Which of the programs of a column this machine lacks."""
    return [str(each) for each in kind.needs() if not shutil.which(str(each))]
