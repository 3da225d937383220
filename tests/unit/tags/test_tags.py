"""Tags from rules and an origin: order, movement, names that ECR takes, and what never goes back."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from ecr_publish.model.origin import Origin, RefKind
from ecr_publish.model.tags import Fixed, Floating, Scheme, Tag
from ecr_publish.tags import Style, explanation
from ecr_publish.tags.forward import moves

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SHA = "b0bd943fdeff95eb270517001b478d76c2ffd8f4"
RULES = ("type=semver,pattern={{version}}", "type=semver,pattern={{major}}.{{minor}}", "type=sha")


def origin(ref: str | None, **more) -> Origin:
    return Origin(ci="local", ref=ref, sha=SHA, checkout_sha=SHA, trusted=True, **more)


def tags(rules, ref="refs/heads/main", flavor=(), floating=(), **more):
    style = Style(tuple(flavor), tuple(floating))
    return explanation(tuple(rules), style, origin(ref, **more), NOW, default_branch="main").tags


@pytest.mark.parametrize(
    ("rules", "ref", "names"),
    [
        (RULES, "refs/tags/v1.4.0", ("1.4.0", "1.4", "sha-b0bd943", "latest")),
        (RULES, "refs/heads/main", ("sha-b0bd943",)),
        (RULES, "refs/tags/v1.4.0-rc.1", ("1.4.0-rc.1", "sha-b0bd943")),
        (RULES, "refs/tags/1.4", ("sha-b0bd943",)),
        (RULES, "refs/tags/V1.4.0", ("sha-b0bd943",)),
        (("type=semver,pattern={{raw}}",), "refs/tags/v1.4.0", ("v1.4.0", "latest")),
        (("type=semver,pattern={{major}}",), "refs/tags/v2.0.1", ("2", "latest")),
        (("type=semver,pattern={{version}},value=v3.0.0",), "refs/heads/main", ("3.0.0", "latest")),
        (("type=sha,format=long",), "refs/heads/main", (f"sha-{SHA}",)),
        (("type=sha,prefix=",), "refs/heads/main", ("b0bd943",)),
        (("type=sha,prefix={{branch}}-",), "refs/heads/main", ("main-b0bd943",)),
        (("type=ref,event=branch",), "refs/heads/feature/ABC-12+fix", ("feature-ABC-12-fix",)),
        (("type=ref,event=tag",), "refs/tags/v1.4.0", ("v1.4.0", "latest")),
        (("type=raw,value=nightly", "stable"), "refs/heads/main", ("nightly", "stable")),
        (("type=raw,value=x,enable={{is_default_branch}}",), "refs/heads/main", ("x",)),
        (("type=raw,value=x,enable={{is_default_branch}}",), "refs/heads/dev", ()),
        (("type=raw,value=x,suffix=-{{sha}}",), "refs/heads/main", ("x-b0bd943",)),
        (("type=raw,value=a", "type=raw,value=b,priority=900"), "refs/heads/main", ("b", "a")),
        (("1.10",), "refs/heads/main", ("1.10",)),
        ((), "refs/heads/main", ("main",)),
        ((), "refs/tags/v1.0.0", ("v1.0.0", "latest")),
    ],
)
def test_rules_give_these_tags(rules, ref, names):
    assert tags(rules, ref).names == names


@pytest.mark.parametrize(
    ("flavor", "names"),
    [
        (("latest=false",), ("1.4.0",)),
        (("latest=true",), ("1.4.0", "latest")),
        (("prefix=web-",), ("web-1.4.0", "latest")),
        (("prefix=web-,onlatest=true",), ("web-1.4.0", "web-latest")),
        (("suffix=-alpine", "latest=true"), ("1.4.0-alpine", "latest")),
    ],
)
def test_a_flavor_is_for_all_rules(flavor, names):
    assert tags(RULES[:1], "refs/tags/v1.4.0", flavor).names == names


def test_a_rule_that_gives_nothing_says_why():
    found = tags(RULES[:1], "refs/heads/main")
    assert found.without[0].reason == "this run is not for a git tag"


def test_a_dirty_tree_gets_no_release_and_no_commit_tags():
    found = tags((*RULES, "type=ref,event=branch", "type=raw,value=x"), "refs/heads/main", dirty=True)
    assert found.names == ("main", "x")
    assert all("not committed" in each.reason for each in found.without if "sha" in each.rule)


@pytest.mark.parametrize(
    ("rules", "ref", "movement"),
    [
        (RULES[:1], "refs/tags/v1.4.0", Fixed()),
        (("type=semver,pattern={{major}}.{{minor}}.{{patch}}",), "refs/tags/v1.4.0", Fixed()),
        (RULES[1:2], "refs/tags/v1.4.0", Floating("1.4.0", "1.4")),
        (("type=semver,pattern={{major}}",), "refs/tags/v1.4.0", Floating("1.4.0", "1")),
        (("type=ref,event=branch",), "refs/heads/main", Floating()),
        (("type=sha",), "refs/heads/main", Fixed()),
        (("nightly",), "refs/heads/main", Fixed()),
        (("type=pep440,pattern={{version}}",), "refs/tags/1.4", Fixed()),
        (("type=pep440,pattern={{major}}",), "refs/tags/1.4", Floating("1.4", "1", Scheme.PEP440)),
        (("type=pep440,pattern={{major}}.{{minor}}",), "refs/tags/v1.4.2", Floating("1.4.2", "1.4", Scheme.PEP440)),
        (("type=pep440,pattern={{major}}",), "refs/tags/1.4rc1", Fixed()),
        (("type=match,pattern=v(.*)",), "refs/tags/v1.4.0", Fixed()),
        (("type=ref,event=tag",), "refs/tags/v1.4.0", Fixed()),
        (("type=semver,pattern={{raw}}",), "refs/tags/v1.4.0", Fixed()),
        (("type=semver,pattern={{minor}}",), "refs/tags/v1.4.0", Floating("1.4.0", "")),
        (("type=edge",), "refs/heads/main", Floating()),
        (("type=raw,value=latest",), "refs/heads/main", Floating()),
        (("type=semver,pattern=stable",), "refs/tags/v1.4.0", Floating("1.4.0", "")),
    ],
)
def test_a_tag_is_fixed_or_floating_by_the_rule_that_gave_it(rules, ref, movement):
    assert tags(rules, ref).tags[0].movement == movement


def test_the_file_can_say_that_a_tag_is_meant_to_move():
    assert tags(("nightly",), floating=("night*",)).tags[0].movement == Floating(None, "")


def test_latest_floats_with_its_release():
    assert tags(RULES[:1], "refs/tags/v1.4.0").tags[-1] == Tag("latest", Floating("1.4.0", ""), "latest=auto")


def test_a_latest_that_a_rule_names_follows_the_release_too():
    found = tags((*RULES[:1], "latest"), "refs/tags/v1.4.0", ("latest=false",))
    assert [tag.movement for tag in found.tags] == [Fixed(), Floating("1.4.0", "")]


def test_a_schedule_and_a_pull_request_move_on():
    found = tags(("type=schedule", "type=ref,event=pr"), ref_kind=RefKind.SCHEDULE)
    assert found.tags[0].movement == Floating()
    assert tags(("type=ref,event=pr",), "refs/pull/7/merge", pr=7).tags[0].movement == Floating()


def test_two_long_branches_do_not_become_one_tag():
    one, other = (tags(("type=ref,event=branch",), f"refs/heads/{'x' * 150}{end}").names[0] for end in "ab")
    assert one != other
    assert len(one) <= 128


@pytest.mark.parametrize(
    "branch",
    [
        'a"b',
        "$(id)",
        "`id`",
        "a;b",
        "a\nb",
        "::set-output name=x::y",
        "ünïcödé",
        "日本語",
        "x" * 250,
        "-x",
        ".x",
        "\ud800",
    ],
    ids=ascii,
)
@pytest.mark.parametrize(
    "rule", ["type=ref,event=branch", "type=raw,value={{branch}}", "type=sha,prefix={{branch}}-", "x-{{branch}}"]
)
def test_whatever_a_branch_is_called_its_tag_is_one_that_ecr_takes(branch, rule):
    (name,) = tags((rule,), f"refs/heads/{branch}").names
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", name)


@pytest.mark.parametrize(("one", "other"), [("日本", "日本語"), ("-x", ".x"), ("é/x", "ü/x")])
def test_branches_that_must_be_mended_stay_two_tags(one, other):
    assert tags(("type=ref,event=branch",), f"refs/heads/{one}").names != (
        tags(("type=ref,event=branch",), f"refs/heads/{other}").names
    )


@pytest.mark.parametrize(
    ("movement", "existing", "stays"),
    [
        (Floating("1.3.9", ""), ("1.4.0", "1.4.1"), True),
        (Floating("1.4.2", ""), ("1.4.0", "1.4.1"), False),
        (Floating("1.3.9", "1.3"), ("1.4.1", "1.3.8"), False),
        (Floating("1.3.8", "1.3"), ("1.3.9",), True),
        (Floating("1.4.0", "1"), ("2.0.0", "10.0.0"), False),
        (Floating("1.10.0", ""), ("1.9.0",), False),
        (Floating("1.9.0", ""), ("v1.10.0",), True),
        (Floating("1.4.0", ""), ("1.5.0-rc.1", "main", "latest"), False),
        (Floating("1.4.0", ""), ("1.4.0",), False),
        (Floating(None, ""), ("9.0.0",), False),
        (Fixed(), ("9.0.0",), False),
        (Floating("1.4", "", Scheme.PEP440), ("1.5",), True),
        (Floating("1.4", "1", Scheme.PEP440), ("1.4.1", "2.0"), True),
        (Floating("1.4.1", "1.4", Scheme.PEP440), ("1.4", "1.5"), False),
        (Floating("1.4", "", Scheme.PEP440), ("1.4.0", "1.5rc1", "1.4.post1", "20311231", "main"), False),
        (Floating("1.10", "", Scheme.PEP440), ("1.9",), False),
    ],
)
def test_a_floating_tag_never_goes_back(movement, existing, stays):
    assert (moves(Tag("latest", movement, "rule"), existing) is not None) is stays
