"""From the file's form of `build:` to the model's: short forms written out, defaults merged, `auto` decided."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pydantic import BaseModel

from ecr_publish.config import builds
from ecr_publish.config.complaints import Complaints, tree_place
from ecr_publish.config.document import Map, Sequence, Text, Tree, text
from ecr_publish.config.fields import keys, merged

_BUILDS: dict[str, type[BaseModel]] = {
    "docker": builds.DockerBuild,
    "layout": builds.LayoutBuild,
    "archive": builds.ArchiveBuild,
    "files": builds.FilesBuild,
}
_WHY = {
    "files": "it lists files",
    "layout": "it names an OCI layout",
    "archive": "it names a docker-archive",
    "docker": "it has a context for a Dockerfile",
}


def build_form(each: Map, defaults: Map, complaints: Complaints) -> Tree:
    """`build:` of an image with the defaults that its builder knows."""
    own = each.get("build", Map(each.at))
    if isinstance(own, Text):  # `build: DIR` is short for its context
        short = Map(own.at)
        short.put("context", own)
        own = short
    if not isinstance(own, Map):
        complaints.add(
            tree_place(own), "build must be a mapping, or the path of a context", "write build: { context: . }"
        )
        return text("", tree_place(own))
    builder, reason = _builder(own)
    general = defaults.get("build", Map())
    if builder not in _BUILDS:
        return _plugin_build(builder, own)
    allowed = keys(_BUILDS[builder])
    if isinstance(general, Map):
        # Of the defaults an image takes what its own builder knows: platforms mean nothing to a finished archive.
        _default_keys(general, complaints)
        fitting = Map(general.at)
        for key in general:
            if key in allowed:
                fitting.put(key, general[key], general.keys_at[key])
        own = merged(fitting, own)
    complaints.unknown_keys(own, allowed, f"build with the {builder} builder")
    own.put("builder", text(builder, own.at))
    each.put("builder-reason", text(reason, own.at))
    for entry in own["files"] if isinstance(own.get("files"), Sequence) else ():
        if isinstance(entry, Map):
            complaints.unknown_keys(entry, keys(builds.FileEntry), "a file of the image")
    return own


def _default_keys(general: Map, complaints: Complaints) -> None:
    every: Iterable[str] = dict.fromkeys(key for kind in _BUILDS.values() for key in keys(kind))
    complaints.unknown_keys(general, every, "defaults.build")


def _builder(own: Map) -> tuple[str, str]:
    named = own.get("builder", "auto")
    if named != "auto":
        return str(named), "the file says so"
    for builder in ("files", "layout", "archive"):
        if builder in own:
            return builder, _WHY[builder]
    return "docker", _WHY["docker"]


def _plugin_build(builder: str, own: Map) -> Map:
    options = {key: value for key, value in own.items() if key != "builder"}
    made = Map(own.at)
    made.put("builder", text(builder, own.at))
    made.put("options", text(json.dumps(options, sort_keys=True, separators=(",", ":"), default=str), own.at))
    return made
