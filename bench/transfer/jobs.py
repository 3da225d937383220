"""One image on its way to one repository, and the command that takes it there."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from bench.transfer.contestants import CONTESTANTS
from bench.transfer.payloads import TAG
from bench.transfer.places import Address
from bench.transfer.scenarios import FOUR, LOOP


@dataclass(frozen=True)
class Job:
    """`source` and `target` are repositories at `home` and at `goal`; a push has no source."""

    name: str
    layout: Path
    digest: str
    home: Address
    source: str
    goal: Address
    target: str
    place: int  # which of the registries `goal` is
    file: Path  # the folder of our file
    tag: str = TAG
    new: str = "again"

    @property
    def image(self) -> str:
        """Its name in an engine's store, by which it is pushed."""
        return f"{self.goal.host}/{self.target}:{self.tag}"

    def words(self) -> dict[str, str]:
        """What stands for the words in braces of a contestant's command."""
        return {
            "layout": str(self.layout),
            "source": f"{self.home.host}/{self.source}",
            "sourcehost": self.home.host,
            "target": f"{self.goal.host}/{self.target}",
            "host": self.goal.host,
            "image": self.image,
            "tag": self.tag,
            "new": self.new,
            "file": str(self.file),
        }


def command(who: str, kind: str, jobs: list[Job], room: Path) -> list[str]:
    """What a contestant is started with; of several images a peer is a shell's loop, or four at a time."""
    template = getattr(CONTESTANTS[who.removeprefix(LOOP).removeprefix(FOUR)], kind)
    if not who.startswith((LOOP, FOUR)):
        return shlex.split(template.format(**jobs[0].words()))
    lines = room / "lines"
    lines.write_text("".join(f"{template.format(**job.words())}\n" for job in jobs), encoding="utf-8")
    if who.startswith(LOOP):
        return ["sh", "-e", str(lines)]
    return ["xargs", "-a", str(lines), "-d", "\\n", "-P", "4", "-n", "1", "sh", "-c"]
