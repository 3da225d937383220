"""Lifecycle policies: ECR's documented examples, what every evaluation keeps, and the grammar."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.local.lifecycle import grammar
from ecr_publish.local.lifecycle.evaluation import Candidate, Decision, decisions, followers
from ecr_publish.local.lifecycle.rules import (
    DAY,
    Action,
    AnyTag,
    Newest,
    OlderThan,
    Rule,
    StorageClass,
    Tagged,
    Untagged,
)

NOW = 1_800_000_000.0
EXPIRE, ARCHIVE = {"type": "expire"}, {"type": "transition", "targetStorageClass": "archive"}


def image(name: str, *tags: str, age: float, archived: float | None = None, **more: Any) -> Candidate:
    """An image pushed `age` days ago (and in the archive for `archived` days)."""
    since = None if archived is None else NOW - archived * DAY
    return Candidate(name, tags, NOW - age * DAY, archived=archived is not None, archived_at=since, **more)


def rule(
    priority: int, tags: str | list[str], count: str, number: int, action: dict[str, str] = EXPIRE
) -> dict[str, Any]:
    """A rule as people write it. `tags`: `any`, `untagged`, or the patterns."""
    which = {"tagStatus": tags} if isinstance(tags, str) else {"tagStatus": "tagged", "tagPatternList": tags}
    unit = {} if count == "imageCountMoreThan" else {"countUnit": "days"}
    storage = {"storageClass": "archive"} if count == "sinceImageTransitioned" else {}
    selection = {**which, **storage, "countType": count, **unit, "countNumber": number}
    return {"rulePriority": priority, "selection": selection, "action": action}


def text(*rules: dict[str, Any]) -> str:
    return json.dumps({"rules": rules})


def acted(images: list[Candidate], *rules: dict[str, Any], follow: bool = True) -> dict[str, tuple[int, str]]:
    """What the policy does: image -> (priority, action)."""
    found = decisions(grammar.parsed(text(*rules)), images, NOW, referrers_follow=follow)
    return {each.digest: (each.priority, str(each.action)) for each in found}


MANY = "imageCountMoreThan"
PUSHED, PULLED, TRANSITIONED = "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"
MULTI_RULE = [
    image("A", "beta-1", "prod-1", age=10),
    image("B", "beta-2", "prod-2", age=9),
    image("C", "beta-3", age=8),
]
MULTI_TAG_A = [
    image("A", "alpha-1", age=12),
    image("B", "beta-1", age=11),
    image("C", "alpha-2", "beta-2", age=10),
    image("D", "alpha-3", age=4),
    image("E", "beta-3", age=3),
    image("F", "alpha-4", "beta-4", age=2),
]
MULTI_TAG_B = [
    image("A", "alpha-1", "beta-1", "gamma-1", age=10),
    image("B", "alpha-2", "beta-2", age=9),
    image("C", "alpha-3", "beta-3", "gamma-2", age=8),
]
ANY_A = [image("A", "alpha-1", age=4), image("B", "beta-1", age=3), image("C", age=2), image("D", "alpha-2", age=1)]
ANY_B = [
    image("A", "alpha-1", "beta-1", age=4),
    image("B", age=3),
    image("C", "alpha-2", age=2),
    image("D", "git hash", age=1),
    image("E", age=1),
]
PULLS = [
    image("A", "x", age=400, pulled_at=NOW - 91 * DAY),
    image("B", "y", age=400, pulled_at=NOW - 89 * DAY),
    image("C", age=91),
    image("D", age=89),
]
ARCHIVED = [image("A", age=900, archived=366), image("B", age=900, archived=365), image("C", age=900)]
PRODS = [image("A", "prod-1", age=31), image("B", "prod-2", age=30), image("C", "dev-1", age=31), image("D", age=31)]


@pytest.mark.parametrize(
    ("images", "rules", "expected"),
    [
        ([image("A", "prod-1", age=15), image("B", "prod-2", age=14), image("C", "dev", age=15)],
         [rule(1, ["prod*"], PUSHED, 14)], {"A": (1, "EXPIRE")}),
        ([image("A", age=9), image("B", age=8), image("C", age=7), image("D", "x", age=10)],
         [rule(1, "untagged", MANY, 1)], {"A": (1, "EXPIRE"), "B": (1, "EXPIRE")}),
        (MULTI_RULE, [rule(1, ["prod*"], MANY, 1), rule(2, ["beta*"], MANY, 1)], {"A": (1, "EXPIRE")}),
        (MULTI_RULE, [rule(1, ["beta*"], MANY, 1), rule(2, ["prod*"], MANY, 1)],
         {"A": (1, "EXPIRE"), "B": (1, "EXPIRE")}),
        (MULTI_TAG_A, [rule(1, ["alpha*", "beta*"], PUSHED, 5)], {"C": (1, "EXPIRE")}),
        (MULTI_TAG_B, [rule(1, ["alpha*", "beta*"], MANY, 1)], {"A": (1, "EXPIRE"), "B": (1, "EXPIRE")}),
        (ANY_A, [rule(1, "any", MANY, 1)], dict.fromkeys("ABC", (1, "EXPIRE"))),
        (ANY_B, [rule(1, ["alpha*"], MANY, 1), rule(2, "untagged", PUSHED, 1), rule(3, "any", MANY, 1)],
         {"A": (1, "EXPIRE"), "B": (2, "EXPIRE"), "D": (3, "EXPIRE")}),
        (PULLS, [rule(1, "any", PULLED, 90, ARCHIVE)], {"A": (1, "TRANSITION"), "C": (1, "TRANSITION")}),
        (ARCHIVED, [rule(1, "any", TRANSITIONED, 365)], {"A": (1, "EXPIRE")}),
        ([*ARCHIVED, image("D", age=30)],
         [rule(1, "any", PUSHED, 30, ARCHIVE), rule(2, "any", TRANSITIONED, 365)],
         {"C": (1, "TRANSITION"), "A": (2, "EXPIRE")}),
        (PRODS, [rule(1, ["prod*"], PUSHED, 30, ARCHIVE)], {"A": (1, "TRANSITION")}),
    ],
    ids=["age", "count", "multi-rule A", "multi-rule B", "multi-tag A", "multi-tag B", "any A", "any B", "pulled",
         "archive age", "combined", "archive by prefix"],
)  # fmt: skip
def test_ecrs_documented_examples(images, rules, expected):
    assert acted(images, *rules) == expected


def test_a_prefix_list_is_the_pattern_list_with_a_star():
    rules = json.loads(text(rule(1, ["alpha", "beta"], PUSHED, 5)))["rules"]
    rules[0]["selection"]["tagPrefixList"] = rules[0]["selection"].pop("tagPatternList")
    assert acted(MULTI_TAG_A, *rules) == {"C": (1, "EXPIRE")}
    assert acted(MULTI_TAG_A, rule(1, ["alpha", "beta"], PUSHED, 5)) == {}


def test_what_came_back_from_the_archive_is_as_old_as_its_return():
    back = image("A", age=100, activated_at=NOW - 5 * DAY)
    assert acted([back], rule(1, "any", PUSHED, 30)) == {}
    assert acted([back], rule(1, "any", PULLED, 30, ARCHIVE)) == {}
    pulled = image("A", age=100, activated_at=NOW - 50 * DAY, pulled_at=NOW - 40 * DAY)
    assert acted([pulled], rule(1, "any", PULLED, 45, ARCHIVE)) == {}


def test_a_child_of_an_index_stays_until_a_run_after_the_index():
    index, child = image("index", "prod-1", age=40, children=("child",)), image("child", age=40)
    rules = (rule(1, ["prod*"], PUSHED, 30), rule(2, "untagged", PUSHED, 30))
    assert acted([child, index], *rules) == {"index": (1, "EXPIRE")}
    assert acted([child], *rules) == {"child": (2, "EXPIRE")}


def test_a_referrer_goes_after_its_subject_or_by_the_rules_as_the_switch_says():
    images = [image("subject", "v1", age=1), image("signature", age=40, subject="subject")]
    assert acted(images, rule(1, "untagged", PUSHED, 30)) == {}
    assert acted(images, rule(1, "untagged", PUSHED, 30), follow=False) == {"signature": (1, "EXPIRE")}
    assert followers(images) == ()
    orphan = image("signature", age=40, subject="subject", orphaned=True)
    assert followers([orphan]) == (("signature", Action.EXPIRE),)
    assert followers([image("early", age=1, subject="not yet pushed")]) == ()
    assert followers([image("subject", age=40, archived=1), images[1]]) == (("signature", Action.TRANSITION),)


TAGS = ("a-1", "a-2", "b-1", "b-2", "latest")
candidates = st.lists(
    st.builds(
        lambda tags, age, archived, children, subject: image(
            "", *sorted(tags), age=age, archived=archived, children=tuple(f"d{each}" for each in children),
            subject=subject,
        ),
        st.sets(st.sampled_from(TAGS), max_size=2),
        st.integers(0, 40),
        st.sampled_from((None, None, None, 0, 100, 400)),
        st.sets(st.integers(0, 11), max_size=2),
        st.sampled_from((None, None, None, "d0", "d5", "gone")),
    ),
    max_size=12,
).map(lambda found: [_named(each, number) for number, each in enumerate(found)])  # fmt: skip
counts = st.one_of(
    st.builds(Newest, st.integers(1, 4)),
    st.builds(OlderThan, st.sampled_from(("pushed", "pulled")), st.integers(1, 30)),
)
selections = st.one_of(
    st.just(Untagged()), st.just(AnyTag()), st.builds(Tagged, st.sampled_from((("a*",), ("b*",), ("a*", "b*"), ("*",))))
)
rule_sets = st.lists(
    st.builds(
        lambda selection, archive, count, action: (
            Rule(0, selection, StorageClass.ARCHIVE, OlderThan("transitioned", 90), Action.EXPIRE)
            if archive
            else Rule(0, selection, StorageClass.STANDARD, count, action)
        ),
        selections,
        st.booleans(),
        counts,
        st.sampled_from(Action),
    ),
    max_size=5,
).map(lambda rules: [_numbered(each, number) for number, each in enumerate(rules, 1)])


def _named(candidate: Candidate, number: int) -> Candidate:
    children = tuple(each for each in candidate.children if each != f"d{number}")
    return Candidate(
        f"d{number}", candidate.tags, candidate.pushed_at, archived_at=candidate.archived_at,
        archived=candidate.archived, children=children, subject=candidate.subject,
    )  # fmt: skip


def _numbered(each: Rule, priority: int) -> Rule:
    return Rule(priority, each.selection, each.storage, each.count, each.action)


@given(rules=rule_sets, images=candidates, follow=st.booleans())
def test_an_image_is_left_to_the_first_rule_that_selects_it(rules, images, follow):
    by_digest = {each.digest: each for each in images}
    for found in decisions(rules, images, NOW, referrers_follow=follow):
        one = by_digest[found.digest]
        claims = [
            each.priority for each in rules if one.archived == (each.storage == "archive") and each.selects(one.tags)
        ]
        assert found.priority == min(claims)


@given(rules=rule_sets, images=candidates, follow=st.booleans())
def test_no_child_of_an_index_is_touched_while_the_index_is_there(rules, images, follow):
    held = {child for each in images for child in each.children}
    touched = {each.digest for each in decisions(rules, images, NOW, referrers_follow=follow)}
    assert not held & touched


@given(rules=rule_sets, images=candidates, follow=st.booleans())
def test_the_order_of_the_rules_in_the_text_does_not_matter(rules, images, follow):
    once = decisions(rules, images, NOW, referrers_follow=follow)
    assert decisions(rules[::-1], images, NOW, referrers_follow=follow) == once
    assert len({each.digest for each in once}) == len(once)


@given(images=candidates, kept=st.integers(1, 4))
def test_a_count_keeps_at_least_so_many_of_the_youngest(images, kept):
    only = [each for each in images if not each.archived]
    rules = (Rule(1, AnyTag(), StorageClass.STANDARD, Newest(kept), Action.EXPIRE),)
    gone = {each.digest for each in decisions(rules, only, NOW, referrers_follow=False)}
    assert len(only) - len(gone) >= min(kept, len(only))
    left = [each.pushed_at for each in only if each.digest not in gone]
    held = {child for each in only for child in each.children}
    assert all(sum(age >= each.pushed_at for age in left) >= kept for each in only if each.digest in gone - held)


GOOD = rule(1, ["prod*"], MANY, 1)


def _changed(path: str, value: object) -> str:
    """GOOD with one member (`a.b`) set, or taken out where the value is `...`."""
    made = json.loads(json.dumps(GOOD))
    *way, last = path.split(".")
    at = made
    for each in way:
        at = at[each]
    at[last] = value
    if value is ...:
        del at[last]
    return text(made)


NO_SCHEMA = grammar.NO_SCHEMA


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{", "Could not map policyString into LifecyclePolicy."),
        ("[]", "Could not map policyString into LifecyclePolicy."),
        ("[" * 100_000, "Could not map policyString into LifecyclePolicy."),
        ("{}", 'object has missing required properties (["rules"])'),
        ('{"rules": [], "x": 1}', 'object instance has properties which are not allowed by the schema: (["x"])'),
        ('{"rules": []}', "array is too short: must have at least 1 elements but instance has 0 elements"),
        (text(*(rule(each, ["x"], MANY, 1) for each in range(1, 52))),
         "array is too long: must have at most 50 elements but instance has 51 elements"),
        (_changed("rulePriority", 0), "numeric instance is lower than the required minimum (minimum: 1, found: 0)"),
        (_changed("rulePriority", "1"),
         'instance type (string) does not match any allowed primitive type (allowed: ["integer"])'),
        (_changed("rulePriority", True),
         'instance type (boolean) does not match any allowed primitive type (allowed: ["integer"])'),
        (_changed("rulePriority", ...), 'object has missing required properties (["rulePriority"])'),
        (_changed("rulePriority", 10**400), "Could not map policyString into LifecyclePolicy."),
        (_changed("description", 1),
         'instance type (integer) does not match any allowed primitive type (allowed: ["string"])'),
        (_changed("selection.x", 1), 'object instance has properties which are not allowed by the schema: (["x"])'),
        (_changed("selection.countNumber", 0),
         "numeric instance is lower than the required minimum (minimum: 1, found: 0)"),
        (_changed("selection.countType", "often"),
         'instance value ("often") not found in enum (possible values: '
         '["imageCountMoreThan","sinceImagePushed","sinceImagePulled","sinceImageTransitioned"])'),
        (_changed("selection.countUnit", "days"), NO_SCHEMA),
        (_changed("selection.countType", PUSHED), NO_SCHEMA),
        (_changed("selection.tagStatus", "any"), NO_SCHEMA),
        (_changed("selection.tagPatternList", ...), NO_SCHEMA),
        (_changed("selection.tagPrefixList", ["x"]), NO_SCHEMA),
        (_changed("selection.tagPatternList", []),
         "array is too short: must have at least 1 elements but instance has 0 elements"),
        (_changed("selection.tagPatternList", ["*a*b*c*d*"]), "a tag pattern has at most 4 wildcards"),
        (_changed("selection.storageClass", "archive"), NO_SCHEMA),
        (_changed("action", {"type": "expire", "targetStorageClass": None}), NO_SCHEMA),
        (_changed("action", {"type": "transition"}), NO_SCHEMA),
        (text(rule(1, "any", PULLED, 5)), NO_SCHEMA),
        (text(rule(1, "any", TRANSITIONED, 100, ARCHIVE)), NO_SCHEMA),
        (text(rule(1, "any", TRANSITIONED, 89)),
         "numeric instance is lower than the required minimum (minimum: 90, found: 89)"),
        (text(rule(1, "untagged", MANY, 1), rule(2, "untagged", PUSHED, 1)),
         "Only one rule can select Untagged images per storage class."),
        (text(rule(1, ["a"], MANY, 1), rule(1, ["b"], MANY, 1)), "Rule priorities must be unique."),
        (text(rule(1, "any", MANY, 1), rule(2, ["b"], MANY, 1)),
         "A rule that selects Any images must have the highest rulePriority per storage class."),
    ],
)  # fmt: skip
def test_a_policy_that_is_none_is_refused_with_the_reason(policy, reason):
    with pytest.raises(grammar.BadPolicy) as caught:
        grammar.parsed(policy)
    assert str(caught.value) == reason


def test_a_prefix_is_in_one_rule_of_a_storage_class_only():
    made = [rule(each, ["x"], MANY, 1) for each in (1, 2)]
    for each in made:
        each["selection"]["tagPrefixList"] = each["selection"].pop("tagPatternList")
    with pytest.raises(grammar.BadPolicy, match="only once"):
        grammar.parsed(text(*made))


def test_rules_of_two_storage_classes_do_not_meet():
    rules = grammar.parsed(text(rule(1, "any", PUSHED, 30, ARCHIVE), rule(2, "any", TRANSITIONED, 365)))
    assert [each.storage for each in rules] == ["standard", "archive"]
    assert decisions(rules, [image("A", age=31)], NOW, referrers_follow=True) == (Decision("A", 1, Action.TRANSITION),)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(("any", "tagged", "untagged")),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(("rules", "rulePriority", "selection", "action", "tagStatus", "type")), inner),
))  # fmt: skip
def test_any_json_is_a_policy_or_refused(value):
    for policy in (value, {"rules": value}, {"rules": [value]}, {"rules": [{**GOOD, "selection": value}]}):
        try:
            grammar.parsed(json.dumps(policy))
        except grammar.BadPolicy as error:
            assert str(error)
