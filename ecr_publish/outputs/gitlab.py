"""GitLab CI: folded sections of a job's log, and a dotenv report for later jobs.

Source: GitLab docs, "CI/CD job logs" (custom collapsible sections) and "artifacts:reports:dotenv".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecr_publish.outputs.file import File
from ecr_publish.outputs.remarks import Remark
from ecr_publish.outputs.values import variable

LARGEST_BYTES = 5 * 1024  # of a dotenv report
MOST_VARIABLES = 20  # of a dotenv report, where the instance does not allow more
# GitLab takes a line as it is: no quoting, no blanks; what does not fit is in report.json.
_FITS = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class GitLab:
    """`directory` is where the job's artifacts are taken from; `now` is in seconds, as section markers want it."""

    directory: Path
    now: int
    name: str = "gitlab"
    folds: bool = True

    def block(self, title: str, lines: Iterable[str], token: str) -> Iterator[str]:
        """A collapsed section. Escapes are out of the lines already, so that none can end it."""
        section = f"ecr_publish_{token[:12]}"
        yield f"\x1b[0Ksection_start:{self.now}:{section}[collapsed=true]\r\x1b[0K{title}"
        yield from lines
        yield f"\x1b[0Ksection_end:{self.now}:{section}\r\x1b[0K"

    def remarks(self, found: Iterable[Remark]) -> Iterator[str]:
        """None: GitLab shows a run's errors from its JUnit report."""
        return iter(())

    def masks(self, secret: str) -> Iterator[str]:
        """None: a job cannot mask anything at run time, so nothing secret is ever printed."""
        return iter(())

    def values(self, named: Mapping[str, str], token: str) -> tuple[File, ...]:
        """outputs.env, within the limits: a value that does not fit is left out, and an empty one too."""
        lines: list[str] = []
        size = 0
        for name, value in named.items():
            line = f"{variable(name)}={value}\n"
            fits = _FITS.fullmatch(value) and size + len(line) <= LARGEST_BYTES and len(lines) < MOST_VARIABLES
            if fits:
                lines.append(line)
                size += len(line)
        return (File(self.directory / "outputs.env", "".join(lines)),)

    def page(self, markdown: str) -> tuple[File, ...]:
        """summary.md, for a note on the merge request."""
        return (File(self.directory / "summary.md", markdown, needed=False),)
