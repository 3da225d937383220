"""CPU time of 30 tag rules for one commit: every type, with expressions, dates and patterns.

    python -m bench.tags [ROUNDS]

Wanted: under 5 ms for a release and for a branch, the lines read anew each time (`cold`) or as for an image that shares
its rules with another (`warm`). Each figure is the least of the rounds (what is above it is the machine's other work).
"""

import platform
import sys
import time
from datetime import UTC, datetime

from ecr_publish.model.origin import Origin, RefKind
from ecr_publish.tags import Style, explanation
from ecr_publish.tags.rule import parse

NOW = datetime(2031, 3, 4, 22, 35, 9, tzinfo=UTC)
SHA = "b0bd943fdeff95eb270517001b478d76c2ffd8f4"
KINDS = (
    "type=schedule,pattern=nightly-{{{{date 'YYYYMMDD'}}}}-{0}",
    "type=semver,pattern={{{{version}}}}-{0}",
    "type=semver,pattern={{{{major}}}}.{{{{minor}}}}-{0},match=v(.*)",
    "type=pep440,pattern={{{{version}}}}-{0}",
    "type=match,pattern=/v(\\d+)\\.(\\d+)/i,group=1,suffix=-{0}",
    "type=edge,suffix=-{0}",
    "type=ref,event=branch,suffix=-{0}",
    "type=ref,event=tag,suffix=-{0}",
    "type=raw,value=x-{{{{commit_date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}}}-{0},enable={{{{is_not_default_branch}}}}",
    "type=sha,prefix={{{{branch}}}}{{{{tag}}}}-,suffix=-{0}",
)
RULES = tuple(line.format(number) for number in range(3) for line in KINDS)


def milliseconds(ref: str, *, cold: bool) -> float:
    """CPU time of one evaluation."""
    origin = Origin(ci="github", ref=ref, ref_kind=RefKind.BRANCH, sha=SHA, checkout_sha=SHA, commit_date=NOW)
    if cold:
        parse.cache_clear()
    began = time.process_time_ns()
    explanation(RULES, Style(("prefix=w-", "latest=auto")), origin, NOW, default_branch="main")
    return (time.process_time_ns() - began) / 1e6


def main(rounds: int) -> int:
    """Measure and print; 1 if the bound is broken."""
    worst = 0.0
    for ref in ("refs/tags/v1.4.0", "refs/heads/main"):
        for cold in (True, False):
            taken = min(milliseconds(ref, cold=cold) for _ in range(rounds))
            worst = max(worst, taken)
            print(f"{len(RULES)} rules, {ref}, {'cold' if cold else 'warm'}: {taken:.2f} ms of CPU, wanted < 5")
    print(f"Python {platform.python_version()}")
    return 1 if worst >= 5 else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
