"""Conditions that a script's command stands under: those of `if` and `case`, and a test before it in its line."""

from __future__ import annotations

from collections.abc import Iterator

from ecr_publish.adoption.shell import Command, short

_TESTS = ("[", "[[", "test")


class Conditions:
    """Kept from one command to the next; what is written has none of them."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._tested: Command | None = None

    @property
    def are_branches(self) -> bool:
        """Whether what comes now is in a branch."""
        return bool(self._open)

    def clear(self) -> None:
        """Begin with another script: no branch goes on in it."""
        self._open.clear()

    def before(self, command: Command) -> None:
        """Note what a command opens, goes on with or ends."""
        match command.words[0]:
            case "if" | "case":
                self._open.append(command.source.removeprefix("if "))
            case "elif" | "else" if self._open:
                self._open[-1] = command.source.removeprefix("elif ") if len(command.words) > 1 else "otherwise"
            case "fi" | "esac" if self._open:
                self._open.pop()
        if self._tested is not None and self._tested.line != command.line:
            self._tested = None

    def after(self, command: Command) -> None:
        """Note a test: what follows in its line stands under it."""
        self._tested = command if command.words[0] in _TESTS else None

    def of_a_push(self) -> Iterator[str]:
        """What is said of an image that is pushed now."""
        for each in [*self._open, *([self._tested.source] if self._tested else [])]:
            if "CODEBUILD_BUILD_SUCCEEDING" not in each and "$?" not in each:
                yield f"pushed only where {short(each)}: this condition is not carried over"
