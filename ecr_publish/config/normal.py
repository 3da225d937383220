"""From the file's form to the model's: names moved in, short forms written out, defaults merged, `auto` decided.

Values keep their places on the way, so that whatever is wrong later can still be pointed at.
"""

from __future__ import annotations

from ecr_publish.config import environments, model
from ecr_publish.config.buildform import build_form
from ecr_publish.config.complaints import Complaints, tree_place
from ecr_publish.config.document import Map, Sequence, Text, Tree, text
from ecr_publish.config.fields import keys, known, merged


def normal(tree: Map, complaints: Complaints) -> Map:
    """The model's form of a whole file."""
    complaints.unknown_keys(tree, (*keys(model.Config), "defaults"), "the file")
    made = Map(tree.at)
    defaults = _defaults(tree, complaints)
    for key, value in tree.items():
        if key != "defaults":
            made.put(key, _section(key, value, defaults, complaints), tree.keys_at[key])
    return made


def _section(key: str, value: Tree, defaults: Map, complaints: Complaints) -> Tree:
    match key:
        case "environments":
            return _named(value, complaints, "environments", _environment)
        case "images":
            return _named(value, complaints, "images", lambda each, where: _image(each, defaults, where))
        case "promote":
            _each(value, complaints, _edge)
        case "scan":
            known(value, complaints, model.Scan, "scan")
    return value


def _named(value: Tree, complaints: Complaints, what: str, shape: object) -> Tree:
    mapping = complaints.wants_map(value, what)
    if mapping is None:
        return value
    if not mapping:
        complaints.add(mapping.at, f"{what} is empty", f"name at least one under {what}:")
    items = Sequence()
    items.at = mapping.at
    for name, each in mapping.items():
        entry = complaints.wants_map(each, f"{what}.{name}")
        if entry is None:
            continue
        assert callable(shape)
        made = shape(entry, complaints)
        made.put("name", text(name, mapping.keys_at[name]), mapping.keys_at[name])
        items.append(made)
    return items


def _each(value: Tree, complaints: Complaints, shape: object) -> None:
    if isinstance(value, Sequence):
        for each in value:
            assert callable(shape)
            if isinstance(each, Map):
                shape(each, complaints)


def _environment(each: Map, complaints: Complaints) -> Map:
    registry = each.get("registry")
    if registry is None:
        complaints.unknown_keys(
            each, (*keys(environments.EcrEnvironment, "kind", "name"), "region", "registry"), "an ECR environment"
        )
        _regions(each, complaints)
        each.put("kind", text("ecr", each.at))
    elif registry == "public":
        complaints.unknown_keys(
            each, (*keys(environments.PublicEnvironment, "kind", "name"), "registry"), "an ECR Public environment"
        )
        del each["registry"]
        each.put("kind", text("public", each.at))
    else:
        complaints.unknown_keys(
            each, keys(environments.PlainEnvironment, "kind", "name"), "an environment with a plain registry"
        )
        each.put("kind", text("plain", each.at))
    return each


def _regions(each: Map, complaints: Complaints) -> None:
    if "region" in each and "regions" in each:
        complaints.add(each.keys_at["region"], "region and regions are both given", "keep regions")
    elif "region" in each:
        several = Sequence([each["region"]])
        several.at = tree_place(each["region"])
        each.put("regions", several, each.keys_at["region"])
    elif "regions" not in each:
        complaints.add(each.at, "the environment has no region", "add region: us-east-2 (or regions: [...])")
        several = Sequence([text("us-east-1", each.at)])
        each.put("regions", several, each.at)
    each.pop("region", None)


def _edge(each: Map, complaints: Complaints) -> None:
    complaints.unknown_keys(each, keys(model.Edge), "a promotion")
    for name, kind in (("when", model.When), ("require", model.Require)):
        if name in each:
            known(each[name], complaints, kind, f"promote {name}")
    unscannable = each.get("unscannable")
    if isinstance(unscannable, Map):
        complaints.unknown_keys(unscannable, ("allow",), "unscannable")
        reason = unscannable.get("allow")
        if not isinstance(reason, Text) or not reason.strip():
            complaints.add(unscannable.at, "unscannable: allow needs a reason", 'write unscannable: { allow: "why" }')
            del each["unscannable"]
        else:
            each["unscannable"] = reason
    elif unscannable == "refuse":
        del each["unscannable"]
    elif unscannable is not None:
        at = tree_place(unscannable)
        complaints.add(at, "unscannable is refuse, or a mapping", 'write unscannable: { allow: "why" } or leave it out')
        del each["unscannable"]


def _defaults(tree: Map, complaints: Complaints) -> Map:
    value = tree.get("defaults")
    if value is None:
        return Map()
    defaults = complaints.wants_map(value, "defaults") or Map()
    complaints.unknown_keys(defaults, ("build", "tags", "flavor", "floating", "push"), "defaults")
    return defaults


def _image(each: Map, defaults: Map, complaints: Complaints) -> Map:
    allowed = keys(model.Image, "name", "builder_reason")
    complaints.unknown_keys(each, allowed, "an image")
    each.put("build", build_form(each, defaults, complaints), each.keys_at.get("build", each.at))
    for key in ("tags", "flavor", "floating", "push"):
        if key in defaults:
            if isinstance(each.get(key), Map) and isinstance(defaults[key], Map):
                each[key] = merged(defaults[key], each[key])
            elif key not in each:
                each.put(key, defaults[key], defaults.keys_at[key])
    if "push" in each:
        known(each["push"], complaints, model.Push, "push")
    if "environments" in each:
        each["environments"] = _overrides(each["environments"], complaints)
    return each


def _overrides(value: Tree, complaints: Complaints) -> Tree:
    mapping = complaints.wants_map(value, "environments of an image")
    if mapping is None:
        return value
    items = Sequence()
    items.at = mapping.at
    for name, each in mapping.items():
        entry = complaints.wants_map(each, f"environments.{name}")
        if entry is not None:
            complaints.unknown_keys(entry, keys(model.Override, "environment"), "an image's environment")
            entry.put("environment", text(name, mapping.keys_at[name]), mapping.keys_at[name])
            items.append(entry)
    return items
