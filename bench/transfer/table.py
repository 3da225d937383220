"""The race's tables, as Markdown."""

from typing import TYPE_CHECKING

from bench.transfer.bound import bound
from bench.transfer.contestants import OURS
from bench.transfer.run import Results, Run, best_peer, middle, of, wall
from bench.transfer.scenarios import ECR, LOOP, PLAIN, PROMOTION, SCENARIOS

if TYPE_CHECKING:
    from bench.transfer.targets import Verdict

HEAD = (
    "| scenario | RTT ms | contestant | wall s (least – most) | / best peer | CPU s | peak MB | conns | requests |",
    "|---|--:|---|--:|--:|--:|--:|--:|---|",
)


def text_of(results: Results, about: str, verdicts: "tuple[Verdict, ...]") -> str:
    """The targets, then a row per scenario, distance and contestant, the fastest first, for each kind of registry, and
    the promoted fleet."""
    parts = [about]
    if verdicts:
        parts.append("\n".join(_targets(verdicts)))
        parts += ["\n".join(missed)] if (missed := _limits(verdicts)) else []
    for registry in (PLAIN, ECR):
        found = {
            key: runs for key, runs in results.items() if SCENARIOS[key[0]].registry == registry and key[0] != PROMOTION
        }
        if found:
            parts += [f"### Against {registry}", "\n".join((*HEAD, *rows(found)))]
    for (name, rtt), runs in results.items():
        if name == PROMOTION and of(runs, "ecr-publish"):
            parts += ["### A fleet to two regions", promotion(runs, rtt)]
    return "\n\n".join(parts)


def rows(results: Results) -> list[str]:
    """Of all scenarios of one kind of registry."""
    lines = []
    for (name, rtt), runs in results.items():
        best = best_peer(runs)
        names = {run.who for run in runs}
        for who in sorted(names, key=lambda each: wall(runs, each) if of(runs, each) else float("inf")):
            lines.append(f"| {name} | {rtt} | {row(runs, who, wall(runs, best) if best else 0)} |")
    return lines


def row(runs: list[Run], who: str, best: float) -> str:
    """The medians of one contestant's runs; requests are those of its middle run."""
    good = of(runs, who)
    if not good:
        return f"{_named(who)} | failed | - | - | - | - | {_last_line(next(run for run in runs if run.who == who))}"
    asked = sorted(good, key=lambda run: sum(run.requests.values()))[len(good) // 2]
    classes = ", ".join(f"{number} {name}" for name, number in sorted(asked.requests.items()))
    cells = [
        _named(who),
        _walls(good),
        f"{wall(runs, who) / best:.2f}" if best else "-",
        f"{middle(runs, who, lambda run: run.cpu):.2f}",
        _peaks(good),
        str(asked.connections),
        f"{sum(asked.requests.values())}: {classes}",
    ]
    failed = len([run for run in runs if run.who == who]) - len(good)
    return " | ".join(cells) + (f"; {failed} of {failed + len(good)} runs failed" if failed else "")


def promotion(runs: list[Run], rtt: int) -> str:
    """A fleet on ECR; the bound is that of our own requests."""
    least = bound(of(runs, "ecr-publish")[0].actions)
    loop = wall(runs, LOOP + "crane") if of(runs, LOOP + "crane") else 0.0
    lines = [
        f"{rtt} ms; the bound is {least.seconds:.1f} s: {least.count} x {least.action}.",
        "",
        "| contestant | wall s (least – most) | / bound | / loop of crane | CPU s | peak MB | requests | 429s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for who in sorted({run.who for run in runs if not run.failed}, key=lambda each: wall(runs, each)):
        good, seconds = of(runs, who), wall(runs, who)
        ratio = f"{seconds / loop:.2f}" if loop else "-"
        lines.append(
            f"| {_named(who)} | {_walls(good)} | {seconds / least.seconds:.2f} | {ratio} | "
            f"{middle(runs, who, lambda run: run.cpu):.1f} | {_peaks(good)} | "
            f"{sum(good[0].requests.values())} | {max(run.refused for run in good)} |"
        )
    failed = [f"| {_named(run.who)} | failed | | | | | | {_last_line(run)} |" for run in runs if run.failed]
    return "\n".join(lines + failed)


def _targets(verdicts: "tuple[Verdict, ...]") -> list[str]:
    lines = ["| target | RTT ms | | wanted | measured | |", "|---|--:|---|---|---|---|"]
    for each in verdicts:
        target, mark = each.target, "met" if each.met else "**missed**"
        lines.append(f"| {target.scenario} | {target.distance} | {target.who} | {each.wanted} | {each.said} | {mark} |")
    return lines


def _limits(verdicts: "tuple[Verdict, ...]") -> list[str]:
    """Why targets were missed, a line for each reason."""
    reasons: dict[str, list[str]] = {}
    for each in verdicts:
        if not each.met:
            name = f"{each.target.scenario} ({each.target.who}, {each.target.distance} ms)"
            reasons.setdefault(each.target.limit or "no reason is known", []).append(name)
    return [f"- missed: {'; '.join(names)}: {reason}." for reason, names in reasons.items()]


def _named(who: str) -> str:
    return f"**{who}**" if who in OURS else who


def _walls(runs: list[Run]) -> str:
    found = sorted(run.wall for run in runs)
    spread = f" ({found[0]:.3f} – {found[-1]:.3f})" if len(found) > 1 else ""
    return f"{middle(runs, runs[0].who, lambda run: run.wall):.3f}{spread}"


def _peaks(runs: list[Run]) -> str:
    """The command's, and its engine's."""
    who = runs[0].who
    daemon = middle(runs, who, lambda run: run.daemon)
    return f"{middle(runs, who, lambda run: run.peak):.0f}" + (f" + {daemon:.0f}" if daemon else "")


def _last_line(run: Run) -> str:
    return run.failed.strip().splitlines()[-1].replace("|", "/")[:200]
