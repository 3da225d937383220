"""The JSON Schema of ecr-publish.yaml, made from the models: the file's form, with its short forms."""

from __future__ import annotations

from typing import Any

from ecr_publish.config import model
from ecr_publish.config.builds import BUILDERS

URL = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """What an editor or check-jsonschema needs."""
    made = model.Config.model_json_schema(by_alias=True)
    definitions = made["$defs"]
    for name in ("EcrEnvironment", "PublicEnvironment", "PlainEnvironment"):
        _drop(definitions[name], "kind", "name")
    _ecr(definitions["EcrEnvironment"])
    definitions["PublicEnvironment"]["properties"]["registry"] = {"const": "public"}
    definitions["PublicEnvironment"]["required"] = ["registry", "alias"]
    definitions["PlainEnvironment"]["properties"]["registry"]["not"] = {"const": "public"}
    _image(definitions["Image"])
    _drop(definitions["Override"], "environment")
    _drop(definitions["PluginBuild"], "options")
    definitions["PluginBuild"]["additionalProperties"] = True
    definitions["PluginBuild"]["properties"]["builder"]["not"] = {"enum": ["auto", *BUILDERS]}
    definitions["PluginBuild"]["required"] = ["builder"]
    for name in ("DockerBuild", "LayoutBuild", "ArchiveBuild", "FilesBuild"):
        builder = definitions[name]["properties"]["builder"]
        definitions[name]["properties"]["builder"] = {"enum": [builder["const"], "auto"]}
    definitions["Edge"]["properties"]["unscannable"] = {
        "anyOf": [
            {"const": "refuse"},
            {"type": "object", "properties": {"allow": {"type": "string", "minLength": 1}}, "required": ["allow"],
             "additionalProperties": False},
        ]
    }  # fmt: skip
    _loosen(made)
    properties = made["properties"]
    kinds = [{"$ref": f"#/$defs/{name}"} for name in ("EcrEnvironment", "PublicEnvironment", "PlainEnvironment")]
    properties["environments"] = _named({"anyOf": kinds})
    properties["images"] = _named({"$ref": "#/$defs/Image"})
    properties["defaults"] = _defaults(definitions)
    made["required"] = ["environments", "images"]
    return {"$schema": URL, **made, "title": "ecr-publish.yaml"}


def _named(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "minProperties": 1, "additionalProperties": value}


def _drop(definition: dict[str, Any], *names: str) -> None:
    for name in names:
        definition["properties"].pop(name, None)
        if name in definition.get("required", ()):
            definition["required"].remove(name)


def _ecr(definition: dict[str, Any]) -> None:
    """`region` is short for `regions`; one of the two is needed."""
    regions = definition["properties"]["regions"]
    definition["properties"]["region"] = regions["items"]
    definition.pop("required", None)
    definition["oneOf"] = [{"required": ["region"]}, {"required": ["regions"]}]


def _image(definition: dict[str, Any]) -> None:
    _drop(definition, "name", "builder-reason", "build")
    builds = ("DockerBuild", "LayoutBuild", "ArchiveBuild", "FilesBuild", "PluginBuild")
    references = [{"$ref": f"#/$defs/{name}"} for name in builds]
    definition["properties"]["build"] = {"anyOf": [{"type": "string"}, *references]}
    definition["properties"]["environments"] = _named({"$ref": "#/$defs/Override"})
    definition["required"] = ["repository"]


def _defaults(definitions: dict[str, Any]) -> dict[str, Any]:
    image = definitions["Image"]["properties"]
    builds = ("DockerBuild", "LayoutBuild", "ArchiveBuild", "FilesBuild")
    properties: dict[str, Any] = {}
    for name in builds:
        properties |= definitions[name]["properties"]
    build = {"type": "object", "properties": properties, "additionalProperties": False}
    kept = {key: image[key] for key in ("tags", "flavor", "floating", "push")}
    return {"type": "object", "properties": {"build": build, **kept}, "additionalProperties": False}


def _loosen(value: Any) -> None:
    """A text may be written as a number or a word that YAML reads otherwise: it is read as it stands. No null."""
    if isinstance(value, list):
        for each in value:
            _loosen(each)
        return
    if not isinstance(value, dict):
        return
    value.pop("default", None)
    choices = value.get("anyOf")
    if isinstance(choices, list):
        value["anyOf"] = [each for each in choices if each != {"type": "null"}]
    for each in list(value.values()):
        _loosen(each)
    if value.get("type") == "string" and not {"pattern", "enum", "const", "format"} & value.keys():
        value["type"] = ["string", "number", "boolean"]
