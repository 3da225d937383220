"""What was measured, for people."""

import subprocess
from dataclasses import dataclass

from bench import page


@dataclass(frozen=True)
class Figures:
    """Of one registry."""

    cold_ms: float
    up_s: float
    down_s: float
    grown_mb: float
    rates: dict[str, float]


def table(ours: Figures, theirs: Figures) -> tuple[str, bool]:
    """Markdown, and whether everything is as wanted."""
    rows = [
        ("cold start to the first answer, ms", ours.cold_ms, theirs.cold_ms, "< 700", ours.cold_ms < 700),
        ("600 MB up, s", ours.up_s, theirs.up_s, "≤ 1.5 ×", ours.up_s <= 1.5 * theirs.up_s),
        ("600 MB down, s", ours.down_s, theirs.down_s, "≤ 1.5 ×", ours.down_s <= 1.5 * theirs.down_s),
        ("memory for it above 1 MB, MB", ours.grown_mb, theirs.grown_mb, "≤ 16", ours.grown_mb <= 16),
    ]
    for kind, value in ours.rates.items():
        rows.append((f"{kind}, 1/s", value, theirs.rates.get(kind, 0), "≥ 800", value >= 800))
    lines = [
        f"{page.about()}; docker-registry {_version()}",
        "",
        "| | ecr-publish local | docker-registry | ratio | wanted | |",
        "|---|--:|--:|--:|---|---|",
    ]
    for what, mine, other, wanted, good in rows:
        ratio = f"{mine / other:.2f}" if other > 0 else "-"
        shown = f"{other:,.2f}" if other else "-"
        lines.append(f"| {what} | {mine:,.2f} | {shown} | {ratio} | {wanted} | {'' if good else '**missed**'} |")
    return "\n".join(lines), all(row[-1] for row in rows)


def _version() -> str:
    """Of Debian's package."""
    said = subprocess.run(["docker-registry", "--version"], capture_output=True, text=True, check=False).stdout.split()
    return said[-1] if said else "of unknown version"
