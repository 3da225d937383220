"""The race's table, and its place in bench/README.md."""

import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.transfer.scenarios import FOUR

if TYPE_CHECKING:
    from bench.transfer.targets import Verdict

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- race -->", "<!-- end of race -->"


@dataclass(frozen=True)
class Run:
    """What one run cost: seconds, seconds of CPU, MB, requests by class, connections, most requests at once."""

    who: str
    wall: float
    cpu: float
    peak: float
    requests: dict[str, int]
    connections: int
    most: int


Results = dict[tuple[str, int], list[Run]]


def is_peer(who: str) -> bool:
    """Whether it is another's client."""
    return who not in ("engine", "ecr-publish")


def table(results: Results, about: str, verdicts: "tuple[Verdict, ...]") -> str:
    """Markdown: the targets, then a row per scenario, distance and contestant, the fastest first."""
    lines = [about, "", "| target | RTT ms | | wanted | measured | |", "|---|--:|---|---|---|---|"]
    for each in verdicts:
        target, mark = each.target, "met" if each.met else "**missed**"
        lines.append(f"| {target.scenario} | {target.rtt} | {target.who} | {each.wanted} | {each.said} | {mark} |")
    lines += ["", "| scenario | RTT ms | contestant | wall s | / best peer | CPU s | peak MB | conns | requests |"]
    lines.append("|---|--:|---|--:|--:|--:|--:|--:|---|")
    for (name, rtt), runs in results.items():
        names = {run.who for run in runs}
        best = min((wall(runs, who) for who in names if is_peer(who) and not who.startswith(FOUR)), default=0.0)
        for who in sorted(names, key=lambda each: wall(runs, each)):
            lines.append(f"| {name} | {rtt} | {row([run for run in runs if run.who == who], best)} |")
    return "\n".join(lines)


def wall(runs: list[Run], who: str) -> float:
    """A contestant's median seconds."""
    return median(run.wall for run in runs if run.who == who)


def row(runs: list[Run], best: float) -> str:
    """The medians of one contestant's runs; requests are those of its middle run."""
    middle = sorted(runs, key=lambda run: sum(run.requests.values()))[len(runs) // 2]
    seconds = median(run.wall for run in runs)
    ratio = f"{seconds / best:.2f}" if best else "-"
    asked = f"{sum(middle.requests.values())}: " + ", ".join(
        f"{number} {name}" for name, number in sorted(middle.requests.items())
    )
    who = f"**{runs[0].who}**" if runs[0].who in ("engine", "ecr-publish") else runs[0].who
    cpu, peak = median(run.cpu for run in runs), median(run.peak for run in runs)
    return f"{who} | {seconds:.3f} | {ratio} | {cpu:.2f} | {peak:.0f} | {middle.connections} | {asked}"


def write(text: str) -> None:
    """Put the table into bench/README.md, in place of the last one."""
    replaced(BEGIN, END, text)


def replaced(begin: str, end: str, text: str) -> None:
    """What stands between two marks of bench/README.md is this now."""
    whole = README.read_text(encoding="utf-8")
    block = f"{begin}\n{text}\n{end}"
    README.write_text(re.sub(f"{begin}.*?{end}", lambda _: block, whole, flags=re.DOTALL), encoding="utf-8")
