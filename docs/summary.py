"""Make docs/ci-summary.svg, the picture in ci.md: `act … | python docs/summary.py JOB` in a checkout.

Reads the log of a run under act and draws the page that the job left ($GITHUB_STEP_SUMMARY, which act prints).
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

ROOT = Path(__file__).parents[1]
COLUMNS = 220


def summary(log: str, job: str) -> str:
    """The first page that the job left, as Markdown."""
    match = re.search(rf"^\[[^]]*{re.escape(job)} *\] +⚙ +Summary - (.*?)^\[", log, flags=re.MULTILINE | re.DOTALL)
    if match is None:
        sys.exit(f"the job {job} left no summary")
    return match[1]


def picture(page: str) -> str:
    """The SVG. A folded part is drawn unfolded, under its title; lines end without blanks."""
    shown = re.sub(r"<details><summary>(.*?)</summary>", r"#### \1", page).replace("</details>", "")
    console = Console(file=io.StringIO(), record=True, force_terminal=True, width=COLUMNS)
    console.print(Markdown(shown))
    drawn = console.export_svg(title="the job's summary", unique_id="summary")
    return re.sub(r"[ \t]+$", "", drawn, flags=re.MULTILINE) + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "ci-summary.svg").write_text(picture(summary(sys.stdin.read(), sys.argv[1])), encoding="utf-8")
