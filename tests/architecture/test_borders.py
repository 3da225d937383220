"""The borders of docs/architecture.md, held by every module; and the checker itself, seen to fail."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from tests.architecture.imports import PACKAGE, When, imports
from tests.architecture.rules import HOMES, RULES, findings, folder, module_of, plugin_findings

ROOT = Path(__file__).parents[2]
MODULES = {
    module_of(PurePosixPath(path.relative_to(ROOT))): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / PACKAGE).rglob("*.py"))
}
PLUGIN_MODULES = [
    path
    for path in sorted((ROOT / "plugins").glob("*/*/**/*.py"))
    if path.relative_to(ROOT / "plugins").parts[1].startswith("ecr_publish_")
]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_keeps_within_its_borders(module: str):
    assert findings(module, MODULES[module]) == []


def test_each_plugin_imports_the_api_only():
    found = [
        finding
        for path in PLUGIN_MODULES
        for finding in plugin_findings(str(path.relative_to(ROOT)), path.parent.name, path.read_text(encoding="utf-8"))
    ]
    assert PLUGIN_MODULES
    assert found == []


def test_every_folder_has_a_rule_and_every_rule_a_folder():
    assert {folder(module) for module in MODULES} == set(RULES)


def test_every_folder_with_modules_is_a_package():
    """One without `__init__.py` can be imported in a checkout, and is missing where the distribution is installed."""
    folders = {path.parent for path in (ROOT / PACKAGE).rglob("*.py")}
    assert [str(each.relative_to(ROOT)) for each in folders if not (each / "__init__.py").exists()] == []


def test_each_sdk_has_the_homes_it_is_said_to_have():
    for package, homes in HOMES.items():
        assert {name for name, may in RULES.items() if package in may.others} == set(homes)


def test_no_folder_needs_another_that_needs_it_when_they_are_loaded():
    assert cycle(loaded(MODULES)) is None


# Of the embedded ECR: who may know its faces.
FACES = ("ecr_publish.local.api.", "ecr_publish.local.registry.")
BEFORE_THE_FACES = {"ecr_publish.local.asgi", "ecr_publish.local.embedded", "ecr_publish.local.mishaps"}


def test_the_faces_of_the_embedded_ecr_know_not_each_other_and_what_is_behind_them_knows_neither():
    inside = {name: imports(source) for name, source in MODULES.items() if name.startswith("ecr_publish.local")}
    found = {
        name
        for name, imported in inside.items()
        for face in FACES
        if not f"{name}.".startswith(face) and any(f"{each.name}.".startswith(face) for each in imported)
    }
    assert found == BEFORE_THE_FACES


def loaded(modules: dict[str, str]) -> dict[str, set[str]]:
    """Which folders each folder imports as soon as it is imported."""
    graph: dict[str, set[str]] = {folder(module): set() for module in modules}
    for module, source in modules.items():
        ours = [each for each in imports(source) if each.top == PACKAGE and each.when is When.LOAD]
        graph[folder(module)] |= {folder(each.name) for each in ours} - {folder(module), "__init__"}
    return graph


def cycle(graph: dict[str, set[str]]) -> list[str] | None:
    """One cycle, or None: what is left when everything that needs nothing left is taken away."""
    left = {name: set(needs) for name, needs in graph.items()}
    while ready := [name for name, needs in left.items() if not needs & left.keys()]:
        left = {name: needs for name, needs in left.items() if name not in ready}
    return sorted(left) or None


def test_the_page_has_the_same_table():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)(?:/|\.py)` \| (.*?) \| (.*?) \| .* \|$", page, re.MULTILINE)
    told = {
        name: (set(re.findall(r"`(.*?)`", ours)), set(re.findall(r"`(.*?)`", others))) for name, ours, others in rows
    }
    assert told == {name: (set(may.ours), set(may.others)) for name, may in RULES.items()}


@pytest.mark.parametrize(
    ("module", "source", "told"),
    [
        ("steps.push", "from ecr_publish.aws.session import Sessions", "imports ecr_publish.aws.session"),
        ("steps.push", "def f():\n    from ecr_publish.cli import main", "imports ecr_publish.cli"),
        ("steps.push", "from ecr_publish import app", "imports ecr_publish.app"),
        ("plan.plan", "import ecr_publish.run.ledger", "imports ecr_publish.run.ledger"),
        ("oci.client", "from ecr_publish.run import scheduler", "imports ecr_publish.run"),
        ("oci.client", "import urllib3", "imports urllib3"),
        ("oci.client", "import urllib.request", "imports urllib.request"),
        ("steps.push", "import boto3", "imports boto3"),
        ("engine.images", "import boto3", "imports boto3"),
        ("plan.plan", "if TYPE_CHECKING:\n    import docker", "imports docker"),
        ("report.console", "import requests", "imports requests"),
        ("steps.push", "from . import pull", "relative import"),
        ("report.console", "print('x')", "uses print"),
        ("app", "import sys\nsys.exit(1)", "uses sys.exit"),
        ("app", "raise SystemExit(1)", "uses raise SystemExit"),
        ("aws.session", "import os\nos.environ['X']", "uses os.environ"),
        ("aws.session", "import os as o\no.environ", "uses os.environ"),
        ("aws.session", "from os import environ", "uses os.environ"),
        ("aws.session", "from os import getenv as g\ng('X')", "uses os.getenv"),
        ("config.loader", "from pathlib import Path\nPath.cwd()", "uses Path.cwd"),
        ("run.retry", "import time", "imports time"),
        ("run.retry", "from random import uniform", "imports random"),
        ("local.store", "from datetime import datetime\ndatetime.now()", "uses datetime.now"),
        ("local.store", "import datetime\ndatetime.datetime.now()", "uses datetime.now"),
        ("oci.utils", "", "no module is called utils"),
        ("common.words", "", "no module is called common"),
    ],
)
def test_a_broken_border_is_found(module: str, source: str, told: str):
    assert told in "\n".join(findings(f"ecr_publish.{module}", source))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("run.clock", "import time\nfrom datetime import datetime\ndatetime.now()"),
        ("cli.main", "import sys\nsys.exit(1)"),
        ("aws.session", "def f():\n    import boto3"),
        ("steps.push", "from ecr_publish.steps.tagging import tagging"),
        ("plan.make", "from ecr_publish import __version__"),
    ],
)
def test_what_is_allowed_is_not_found(module: str, source: str):
    assert findings(f"ecr_publish.{module}", source) == []


@pytest.mark.parametrize(
    "source",
    ["from ecr_publish.model.image import BuiltImage", "import ecr_publish.errors", "def f():\n    import ecr_publish"],
)
def test_a_plugin_that_reaches_behind_the_api_is_found(source: str):
    assert plugin_findings("plugin.py", "ecr_publish_x", source)


def test_a_cycle_is_found_and_a_lazy_import_makes_none():
    a, b = "from ecr_publish.b import x", "from ecr_publish.a import y"
    assert cycle(loaded({"ecr_publish.a.m": a, "ecr_publish.b.m": b, "ecr_publish.c": a})) == ["a", "b", "c"]
    assert cycle(loaded({"ecr_publish.a.m": a, "ecr_publish.b.m": f"def f():\n    {b}"})) is None
