"""A shell script as simple commands: words with their quotes taken off, variables still in them.

Enough of the grammar for what people write in a CI file (POSIX.1-2017, Shell Command Language, 2.2, 2.9.1): quotes,
continued lines, comments, `;` `&&` `||` `|` `&`, redirections, `$(…)`. Nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LITERAL = "\x01"  # stands for a `$` in single quotes or behind a backslash: it begins no variable


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command; `line` counts from 0 within the script. `source` is its text in one line."""

    words: tuple[str, ...]
    line: int
    source: str


def commands(script: str) -> Iterator[Command]:
    """The simple commands of a script, in order. What is no shell any more ends the line and is left out."""
    reader = _Reader(script)
    while reader.more:
        found = reader.command()
        if found is not None and found.words:
            yield found


def short(source: str) -> str:
    """A command's text, cut where it is too long to be said."""
    return source if len(source) <= 100 else f"{source[:97]}..."


class _Reader:
    def __init__(self, script: str) -> None:
        self._text, self._at, self._line = script.replace("\r\n", "\n"), 0, 0
        self._heredocs: list[str] = []

    @property
    def more(self) -> bool:
        return self._at < len(self._text)

    def _take(self) -> str:
        char = self._text[self._at]
        self._at += 1
        self._line += char == "\n"
        return char

    def _peek(self, count: int = 1) -> str:
        return self._text[self._at : self._at + count]

    def command(self) -> Command | None:
        """Up to the next operator or line end."""
        words: list[str] = []
        begin: int | None = None
        start = self._at
        redirecting = False
        while self.more:
            char = self._peek()
            if char in " \t":
                self._take()
            elif self._peek(2) == "\\\n":
                self._take()
                self._take()
            elif char == "\n":
                end = self._at
                self._take()
                self._skip_heredocs()
                return self._made(words, begin, start, end)
            elif char == "#":
                self._skip_line()
            elif char in ";&|(){}" and not (char in "{}" and self._peek(2)[1:] not in ("", " ", "\n", ";")):
                end = self._at
                self._take()
                return self._made(words, begin, start, end)
            elif char in "<>":
                redirecting = self._redirection()
            else:
                begin = self._line if begin is None else begin
                word = self._word()
                if redirecting or (word.isdigit() and self._peek() in ("<", ">")):
                    redirecting = False
                    continue
                words.append(word)
        return self._made(words, begin, start, self._at)

    def _made(self, words: list[str], begin: int | None, start: int, end: int) -> Command:
        source = " ".join(self._text[start:end].replace("\\\n", " ").split())
        return Command(tuple(words), begin if begin is not None else self._line, source)

    def _redirection(self) -> bool:
        """True where the next word belongs to the redirection."""
        operator = ""
        while self._peek() in ("<", ">", "&", "-") and self._peek() and len(operator) < 3:
            operator += self._take()
        if operator.startswith("<<") and not operator.startswith("<<<"):
            while self._peek() in (" ", "\t"):
                self._take()
            self._heredocs.append(self._word())
            return False
        return True

    def _skip_heredocs(self) -> None:
        for end in self._heredocs:
            while self.more and self._skip_line().strip() != end:
                if self.more:
                    self._take()
            if self.more:
                self._take()
        self._heredocs.clear()

    def _skip_line(self) -> str:
        begin = self._at
        while self.more and self._peek() != "\n":
            self._take()
        return self._text[begin : self._at]

    def _word(self) -> str:
        word = ""
        while self.more:
            char = self._peek()
            if char in " \t\n;|&<>()":
                break
            if char == "'":
                self._take()
                word += self._until("'").replace("$", LITERAL)
            elif char == '"':
                self._take()
                word += self._quoted()
            elif char == "\\":
                self._take()
                word += "" if self._peek() == "\n" else self._peek().replace("$", LITERAL)
                if self.more:
                    self._take()
            elif char == "$":
                word += self._dollar()
            elif char == "`":
                self._take()
                word += f"$({self._until('`')})"
            else:
                word += self._take()
        return word

    def _until(self, end: str) -> str:
        begin = self._at
        while self.more and self._peek() != end:
            self._take()
        found = self._text[begin : self._at]
        if self.more:
            self._take()
        return found

    def _quoted(self) -> str:
        found = ""
        while self.more and self._peek() != '"':
            if self._peek() == "\\" and self._peek(2)[1:] in ('"', "\\", "$", "`", "\n"):
                self._take()
                escaped = self._take()
                found += "" if escaped == "\n" else escaped.replace("$", LITERAL)
            elif self._peek() == "$":
                found += self._dollar()
            elif self._peek() == "`":
                self._take()
                found += f"$({self._until('`')})"
            else:
                found += self._take()
        if self.more:
            self._take()
        return found

    def _dollar(self) -> str:
        """`$NAME`, `${…}`, `${{ … }}` or `$(…)` as it stands, brackets matched."""
        pairs = {"(": ")", "{": "}"}
        found = self._take()
        close = pairs.get(self._peek())
        if close is None:
            return found
        opening, depth = self._peek(), 0
        while self.more:
            char = self._take()
            found += char
            depth += (char == opening) - (char == close)
            if depth == 0:
                break
        return found
