"""Each request of ecr-publish beside crane's, as they came in to the registry: docs/requests.md.

    python -m bench.transfer.logs [--write]

Small images, so that a log can be read. Which of the requests that go side by side comes first differs from run to run.
"""

import argparse
import json
import re
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bench import page
from bench.processes import stoppable
from bench.transfer.contestants import find_clients
from bench.transfer.ground import Race, ground
from bench.transfer.payloads import make
from bench.transfer.scenarios import Scenario

PAGE = Path(__file__).parents[2] / "docs" / "requests.md"
SCENARIOS = {
    "A new image": Scenario("P", "push"),
    "Nothing has changed": Scenario("P", "push", there="P"),
    "One layer has changed": Scenario("P2", "push", there="P"),
    "A copy within a registry": Scenario("P", "copy"),
    "A copy to another registry": Scenario("P", "copy", far=1),
    "Another tag": Scenario("P", "retag", there="P"),
    "A new index of two platforms, which share four of twelve layers": Scenario("MULTI", "push"),
}
US = ("engine", "ecr-publish")
PEER = "crane"


def readable(line: str, names: dict[str, str]) -> str:
    """A request with words for digests, sessions and repositories."""
    method, _, target = line.partition(" ")
    for digest, name in names.items():
        target = target.replace(digest, name).replace(digest.replace(":", "%3A"), name)
    target = re.sub(r"/blobs/uploads/[0-9a-f-]{36}\?_state=[^&]*&digest=", "/blobs/uploads/<session>?digest=", target)
    target = re.sub(r"/blobs/uploads/[0-9a-f-]{36}\?_state=[^&]*", "/blobs/uploads/<session>", target)
    target = re.sub(r"(source|target)\d+(/|%2F)image\d+", lambda found: found[1], target)
    target = re.sub(r"&origin=[^&]*", "", target)
    return f"{method} {target.removeprefix('/v2/') or '/v2/'}"


def names_of(layout: Path) -> dict[str, str]:
    """digest -> what it is, in the image or the index of two."""
    root = json.loads((layout / "index.json").read_text(encoding="utf-8"))["manifests"][0]["digest"]
    document = _document(layout, root)
    children = {each["digest"]: each["platform"]["architecture"] for each in document.get("manifests", ())}
    names: dict[str, str] = {root: "<index>"} if children else {}
    for digest, architecture in children.items() or ((root, ""),):
        mark = f" {architecture}" if architecture else ""
        manifest = _document(layout, digest)
        names |= {digest: f"<manifest{mark}>", manifest["config"]["digest"]: f"<config{mark}>"}
        for layer in manifest["layers"]:
            names.setdefault(layer["digest"], f"<layer {sum('layer' in each for each in names.values()) + 1}>")
    return names


def _document(layout: Path, digest: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((layout / "blobs" / digest.replace(":", "/")).read_text(encoding="utf-8"))
    return value


def log(race: Race, who: str, scenario: Scenario, names: dict[str, str]) -> list[str]:
    """The requests of one run: those to the registry that is written to, then those to the other one."""
    run = race.run(who, scenario, 0)
    if run.failed:
        raise SystemExit(f"{who}: {run.failed}")
    home, far = race.logs
    goal, source = (far, home) if scenario.far else (home, far)
    return [readable(line, names) for line in goal] + [f"(source) {readable(line, names)}" for line in source]


def section(title: str, columns: list[tuple[str, list[str]]]) -> str:
    """A table with a column per client."""
    heads = [f"{who}: {len(lines)}" for who, lines in columns]
    rows = zip_longest(*(lines for _, lines in columns), fillvalue="")
    table = [f"| {' | '.join(heads)} |", "|" + "---|" * len(columns)]
    table += ["| " + " | ".join(f"`{each}`" if each else "" for each in row) + " |" for row in rows]
    return f"## {title}\n\n" + "\n".join(table)


def main() -> int:
    """Run, print, and write it where it was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    find_clients()
    parts = []
    with stoppable(), ground() as race:
        for title, scenario in SCENARIOS.items():
            names = names_of(make(scenario.payload, race.base))
            parts.append(section(title, [(who, log(race, who, scenario, names)) for who in (*US, PEER)]))
    text = "\n\n".join(parts)
    print(text)
    if asked.write:
        page.replaced(PAGE, "logs", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
