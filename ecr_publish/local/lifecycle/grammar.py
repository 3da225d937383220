"""The grammar of a lifecycle policy's text, with ECR's reasons for refusing one.

Source: ECR User Guide, "Lifecycle policy properties" and "Lifecycle policy evaluation rules"; the words are those of a
JSON-schema validator, as users report them (cloudposse/terraform-aws-ecr#158). Where nobody reports any (two rules of
one priority, `any` that is not last, a prefix twice) they are ours.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from typing import Any

from ecr_publish.local.lifecycle.rules import (
    Action,
    AnyTag,
    Count,
    Newest,
    OlderThan,
    Rule,
    Selection,
    StorageClass,
    Tagged,
    Untagged,
)

MOST_RULES, MOST_WILDCARDS, LEAST_ARCHIVE_DAYS = 50, 4, 90
NO_SCHEMA = "instance failed to match exactly one schema (matched 0 out of 2)"
EVENTS = {"sinceImagePushed": "pushed", "sinceImagePulled": "pulled", "sinceImageTransitioned": "transitioned"}
TAG_LISTS = ("tagPatternList", "tagPrefixList")


class BadPolicy(Exception):
    """The text is no lifecycle policy; the reason in ECR's words."""


def parsed(text: str) -> tuple[Rule, ...]:
    """The rules in order of priority. Raises BadPolicy."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPolicy("Could not map policyString into LifecyclePolicy.") from error
    if not isinstance(document, dict) or not isinstance(document.get("rules", []), list):
        raise BadPolicy("Could not map policyString into LifecyclePolicy.")
    _members(document, required=("rules",))
    rules = document["rules"]
    if not rules:
        raise BadPolicy("array is too short: must have at least 1 elements but instance has 0 elements")
    if len(rules) > MOST_RULES:
        count = f"must have at most {MOST_RULES} elements but instance has {len(rules)} elements"
        raise BadPolicy(f"array is too long: {count}")
    found = tuple(sorted(map(_rule, rules), key=lambda rule: rule.priority))
    _check_together(found, rules)
    return found


def _rule(value: Any) -> Rule:
    _typed(value, dict, "object")
    _members(value, required=("action", "rulePriority", "selection"), optional=("description",))
    priority = _integer(value["rulePriority"], 1)
    if "description" in value:
        _typed(value["description"], str, "string")
    selection = value["selection"]
    _typed(selection, dict, "object")
    optional = ("countUnit", "storageClass", *TAG_LISTS)
    _members(selection, required=("countNumber", "countType", "tagStatus"), optional=optional)
    action = _action(value["action"])
    storage = StorageClass(_one_of(selection.get("storageClass", "standard"), ("archive", "standard")))
    return Rule(priority, _selection(selection), storage, _count(selection, storage, action), action)


def _action(value: Any) -> Action:
    _typed(value, dict, "object")
    match value:
        case {"type": "expire"} if len(value) == 1:
            return Action.EXPIRE
        case {"type": "transition", "targetStorageClass": "archive"} if len(value) == 2:
            return Action.TRANSITION
        case _:
            raise BadPolicy(NO_SCHEMA)


def _selection(value: dict[str, Any]) -> Selection:
    lists = [key for key in TAG_LISTS if key in value]
    match _one_of(value["tagStatus"], ("any", "tagged", "untagged")):
        case "tagged" if len(lists) == 1:
            entries = _strings(value[lists[0]])
            if lists == ["tagPrefixList"]:
                return Tagged(tuple(f"{each}*" for each in entries))
            if any(each.count("*") > MOST_WILDCARDS for each in entries):
                raise BadPolicy(f"a tag pattern has at most {MOST_WILDCARDS} wildcards")
            return Tagged(entries)
        case "untagged" if not lists:
            return Untagged()
        case "any" if not lists:
            return AnyTag()
        case _:
            raise BadPolicy(NO_SCHEMA)


def _count(value: dict[str, Any], storage: StorageClass, action: Action) -> Count:
    kind = _one_of(value["countType"], ("imageCountMoreThan", *EVENTS))
    archived = kind == "sinceImageTransitioned"
    number = _integer(value["countNumber"], LEAST_ARCHIVE_DAYS if archived else 1)
    if archived != (storage is StorageClass.ARCHIVE):
        raise BadPolicy(NO_SCHEMA)
    if (archived and action is not Action.EXPIRE) or (kind == "sinceImagePulled" and action is not Action.TRANSITION):
        raise BadPolicy(NO_SCHEMA)
    if kind == "imageCountMoreThan":
        if "countUnit" in value:
            raise BadPolicy(NO_SCHEMA)
        return Newest(number)
    if value.get("countUnit") != "days":
        raise BadPolicy(NO_SCHEMA)
    return OlderThan(EVENTS[kind], number)


def _check_together(rules: tuple[Rule, ...], raw: list[Any]) -> None:
    if len({rule.priority for rule in rules}) < len(rules):
        raise BadPolicy("Rule priorities must be unique.")
    for storage in StorageClass:
        of_class = [rule for rule in rules if rule.storage is storage]
        if sum(isinstance(rule.selection, Untagged) for rule in of_class) > 1:
            raise BadPolicy("Only one rule can select Untagged images per storage class.")
        if any(isinstance(rule.selection, AnyTag) for rule in of_class[:-1]):
            raise BadPolicy("A rule that selects Any images must have the highest rulePriority per storage class.")
        prefixes = Counter(
            prefix
            for rule in raw
            if rule["selection"].get("storageClass", "standard") == storage
            for prefix in rule["selection"].get("tagPrefixList", ())
        )
        if any(times > 1 for times in prefixes.values()):
            raise BadPolicy("A prefix can be in tagPrefixList only once per storage class.")


def _members(value: dict[str, Any], *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    unknown, missing = sorted(set(value) - {*required, *optional}), sorted(set(required) - set(value))
    if unknown:
        words = "object instance has properties which are not allowed by the schema"
        raise BadPolicy(f"{words}: ({_listed(unknown)})")
    if missing:
        raise BadPolicy(f"object has missing required properties ({_listed(missing)})")


def _typed(value: object, kind: type, name: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        found = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
        words = f"instance type ({found.get(type(value), 'null')}) does not match any allowed primitive type"
        raise BadPolicy(f'{words} (allowed: ["{name}"])')


def _integer(value: object, least: int) -> int:
    _typed(value, int, "integer")
    assert isinstance(value, int)
    if value < least:
        shown = str(value) if value.bit_length() < 1000 else "a large number"
        raise BadPolicy(f"numeric instance is lower than the required minimum (minimum: {least}, found: {shown})")
    if value >= 1 << 31:
        raise BadPolicy("Could not map policyString into LifecyclePolicy.")
    return value


def _one_of(value: object, values: tuple[str, ...]) -> str:
    _typed(value, str, "string")
    if value not in values:
        raise BadPolicy(f"instance value ({json.dumps(value)}) not found in enum (possible values: {_listed(values)})")
    return str(value)


def _strings(value: object) -> tuple[str, ...]:
    _typed(value, list, "array")
    assert isinstance(value, list)
    if not value:
        raise BadPolicy("array is too short: must have at least 1 elements but instance has 0 elements")
    for each in value:
        _typed(each, str, "string")
        if not each:
            raise BadPolicy('string "" is too short (length: 0, required minimum: 1)')
    return tuple(value)


def _listed(names: Collection[str]) -> str:
    return json.dumps(list(names), separators=(",", ":"))
