"""The resolved file as YAML: what `check --print` shows. It loads back to the same Config."""

from __future__ import annotations

import json
from typing import Any

import yaml
from pydantic import BaseModel

from ecr_publish.config.builds import PluginBuild
from ecr_publish.config.kinds import duration_text
from ecr_publish.config.model import Config

_MAPS = ("args", "labels", "annotations", "env", "fail-on")
_WITHOUT = ("kind", "name", "builder-reason", "environment")


def printed(config: Config) -> str:
    """YAML in the order of the file; what has its default value is left out."""
    value = _members(config)
    value["environments"] = {each.name: _environment(each) for each in config.environments}
    value["images"] = {each.name: _image(each) for each in config.images}
    if config.promote:
        value["promote"] = [_edge(each) for each in config.promote]
    return yaml.dump({"version": 1, **value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML would read as something else."""


def _members(model: BaseModel) -> dict[str, Any]:
    """The fields that differ from their defaults, under their names in the file."""
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value, key = getattr(model, name), field.alias or name
        if key in _WITHOUT or key in ("environments", "images", "promote", "version"):
            continue
        if value != field.get_default(call_default_factory=True):
            found[key] = _value(key, value)
    return found


def _value(key: str, value: Any) -> Any:
    if key in _MAPS:
        return dict(value)
    if isinstance(value, BaseModel):
        return _members(value)
    if isinstance(value, tuple):
        return [_value("", each) for each in value]
    if hasattr(value, "total_seconds"):
        return duration_text(value)
    return str(value) if isinstance(value, str) else value


def _environment(environment: Any) -> dict[str, Any]:
    found = _members(environment)
    if environment.kind == "public":
        return {"registry": "public", **found}
    return found


def _image(image: Any) -> dict[str, Any]:
    found = _members(image)
    if isinstance(image.build, PluginBuild):
        found["build"] = {"builder": image.build.builder, **json.loads(image.build.options)}
    else:
        found["build"] = {"builder": image.build.builder, **_members(image.build)}
    if image.environments:
        found["environments"] = {each.environment: _members(each) for each in image.environments}
    return found


def _edge(edge: Any) -> dict[str, Any]:
    found = _members(edge)
    if edge.unscannable is not None:
        found["unscannable"] = {"allow": edge.unscannable}
    return {"from": edge.source, "to": edge.destination, **{k: v for k, v in found.items() if k not in ("from", "to")}}
