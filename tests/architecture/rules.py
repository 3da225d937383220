"""The borders as data. docs/architecture.md has the same table for people; a test compares the two."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import PurePosixPath

from tests.architecture.imports import PACKAGE, Import, Use, imports, uses

# What everybody may import: words and ports know nobody.
ANYWHERE = ("errors",)


@dataclass(frozen=True)
class May:
    """What one folder may import: of ours by dotted prefix below ecr_publish, of others by top-level package."""

    ours: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


RULES: dict[str, May] = {
    "errors": May(),
    "model": May(),
    "ports": May(("model",)),
    "config": May(("model", "tags.wellformed"), ("pydantic", "yaml")),
    "ci": May(("model",)),
    "tags": May(("model",), ("packaging", "semver")),
    "adoption": May(("config.document",), ("yaml",)),
    "plan": May(("config", "model", "tags"), ("pydantic",)),
    "gate": May(("model",)),
    "run": May(("model", "plan", "ports")),
    "steps": May(
        ("config.builds", "config.model", "gate", "model", "plan", "ports", "run.ledger", "run.outcome", "tags")
    ),
    "preflight": May(("config.model", "model", "plan", "ports", "steps")),
    "report": May(("config.model", "model", "plan", "run.ledger", "run.outcome"), ("rich",)),
    "outputs": May(("model", "report")),
    "http": May((), ("urllib3",)),
    "oci": May(("http", "model", "ports", "run.retry")),
    "aws": May(("http", "model", "ports"), ("boto3", "botocore")),
    "engine": May(("builders", "config.builds", "http", "model", "ports"), ("docker", "requests")),
    "builders": May(
        ("config.builds", "engine", "model", "oci.companions", "oci.layout", "oci.manifest", "oci.members", "ports"),
        ("deflate", "zstandard"),
    ),
    "local": May(
        (
            "config.complaints",
            "config.document",
            "config.kinds",
            "model",
            "oci.layout",
            "oci.manifest",
            "run.clock",
            "run.stop",
        ),
        ("botocore", "cryptography", "httptools", "jwt", "pydantic", "trustme", "uvicorn"),
    ),
    "rehearsal": May(("config.model", "local", "model", "plan.targets")),
    "pytest_plugin": May(("local",), ("boto3", "botocore", "pytest")),
    "hookspecs": May(("model", "plan", "ports", "report.report", "run.outcome", "run.step"), ("pluggy",)),
    "builtins": May(("builders", "gate", "hookspecs", "model", "ports", "report", "run.step", "steps")),
    "plugins": May(("builtins", "hookspecs", "model", "ports", "report.report", "run.step"), ("packaging", "pluggy")),
    "api": May(("hookspecs", "model", "plan", "ports", "report.report", "run.ledger", "run.outcome", "run.step")),
    "app": May(
        (
            "aws",
            "builders",
            "ci",
            "config",
            "engine",
            "http",
            "local",
            "model",
            "oci",
            "plan",
            "plugins",
            "ports",
            "preflight",
            "rehearsal",
            "report",
            "run",
            "steps",
        )
    ),
    "cli": May(
        ("adoption", "app", "ci", "config", "local", "model", "outputs", "plan", "report", "run", "steps"),
        ("click", "rich"),
    ),
    "__main__": May(("cli",)),
    "__init__": May(),
}

# Each outside package that has one home (STYLE: each SDK has one home).
HOMES = {
    "boto3": ("aws", "pytest_plugin"),
    "botocore": ("aws", "local", "pytest_plugin"),
    "docker": ("engine",),
    "requests": ("engine",),
    "urllib3": ("http",),
    "uvicorn": ("local",),
    "pluggy": ("hookspecs", "plugins"),
    "click": ("cli",),
}

# What is done, and where alone it may be done (a folder or a module).
ONLY_IN: dict[str, tuple[str, ...]] = {
    "print": ("cli",),
    "sys.exit": ("cli",),
    "exit": ("cli",),
    "quit": ("cli",),
    "os._exit": ("cli",),
    "raise SystemExit": ("cli",),
    "os.environ": ("cli",),
    "os.getenv": ("cli",),
    "os.getcwd": ("cli",),
    "Path.cwd": ("cli",),
    "datetime.now": ("run.clock",),
    "datetime.utcnow": ("run.clock",),
    "datetime.today": ("run.clock",),
    "date.today": ("run.clock",),
}
# Standard modules that only some places may import.
STANDARD_ONLY_IN: dict[str, tuple[str, ...]] = {
    "time": ("run.clock",),
    "random": ("run.clock",),
    "secrets": ("local", "run.clock"),
    "uuid": ("local",),
    "urllib.request": (),
    "http.client": (),
}
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "core"}


def findings(module: str, source: str) -> list[str]:
    """What is wrong with one module of ecr_publish: `module:line: what (rule)`."""
    found = [*_by_name(module)]
    for each in imports(source):
        found += [f"{module}:{each.line}: {what}" for what in _import(module, each)]
    for use in uses(source):
        found += [f"{module}:{use.line}: {what}" for what in _use(module, use)]
    return found


def plugin_findings(module: str, own: str, source: str) -> list[str]:
    """What is wrong with one module of a plugin whose package is `own`: it may use ecr_publish.api and no more."""
    return [
        f"{module}:{each.line}: imports {each.name}, plugins import ecr_publish.api only (rule 13)"
        for each in imports(source)
        if each.top == PACKAGE and each.name != f"{PACKAGE}.api"
    ] + [f"{module}:{each.line}: relative import" for each in imports(source) if each.name.startswith(".")]


def folder(module: str) -> str:
    """`steps` of `ecr_publish.steps.push`; `app` of `ecr_publish.app`; `__init__` of the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def module_of(path: PurePosixPath) -> str:
    """`ecr_publish.steps.push` of `ecr_publish/steps/push.py`; a package is named without `__init__`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _by_name(module: str) -> list[str]:
    bad = NO_NAMES & set(module.split("."))
    return [f"{module}:1: no module is called {name} (rule 5)" for name in sorted(bad)]


def _import(module: str, found: Import) -> list[str]:
    if found.name.startswith("."):
        return ["relative import"]
    if found.top == PACKAGE:
        return _ours(module, found)
    if found.top in sys.stdlib_module_names:
        return [
            f"imports {found.name}, only {_words(places)} may (rule 10, 11)"
            for name, places in STANDARD_ONLY_IN.items()
            if _below(found.name, (name,)) and not _inside(module, places)
        ]
    if found.top not in RULES[folder(module)].others:
        return [f"imports {found.name}, which is not allowed in {folder(module)} (rule 11)"]
    return []


def _ours(module: str, found: Import) -> list[str]:
    name = found.name.removeprefix(PACKAGE).lstrip(".")
    if not name or folder(found.name) == folder(module) or _below(name, (*ANYWHERE, *RULES[folder(module)].ours)):
        return []
    return [f"imports {found.name}, which is not allowed in {folder(module)} (rule 1)"]


def _use(module: str, use: Use) -> list[str]:
    places = next((places for name, places in ONLY_IN.items() if use.name == name), None)
    if places is None or _inside(module, places):
        return []
    return [f"uses {use.name}, only {_words(places)} may (rule 9, 10)"]


def _below(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in allowed)


def _inside(module: str, places: tuple[str, ...]) -> bool:
    return _below(module.removeprefix(f"{PACKAGE}."), places)


def _words(places: tuple[str, ...]) -> str:
    return " and ".join(places) or "nobody"
