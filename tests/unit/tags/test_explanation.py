"""Why each tag came about, why it may move or not, why a rule gave none, and what decided about `latest`."""

from __future__ import annotations

import pytest

from tests.unit.tags.table import explained


@pytest.mark.parametrize(
    ("rule", "run", "how"),
    [
        ("type=schedule", "schedule", "a schedule started this run"),
        ("type=semver,pattern={{major}}", "tag", "v2.7.1 (the git tag) is a release"),
        (
            "type=semver,pattern={{major}}",
            "candidate",
            "v3.0.0-rc.2 (the git tag) is no final release, which gives its full version whatever the pattern",
        ),
        ("type=semver,pattern={{major}},value=v1.2.3", "main", "v1.2.3 (value=) is a release"),
        (
            "type=semver,pattern={{version}},match=web/(.*)",
            "tag",
            "v2.7.1 (the git tag, not matched by web/(.*)) is a release",
        ),
        ("type=match,pattern=v(.*),group=1", "tag", "group 1 of v(.*) in v2.7.1 (the git tag)"),
        ("type=edge", "main", "the branch main is built"),
        ("type=ref,event=branch", "feature", "the branch; characters that a tag cannot have became -"),
        ("type=ref,event=pr", "pull request", "the pull request"),
        ("nightly", "main", "its value"),
        ("type=sha", "main", "the commit"),
    ],
)
def test_a_tag_says_what_it_was_made_of(rule: str, run: str, how: str):
    assert explained(run, rule).rules[0].how == how


@pytest.mark.parametrize(
    ("rule", "run", "reason"),
    [
        ("type=schedule", "main", "no schedule started this run"),
        ("type=semver,pattern={{version}}", "main", "this run is not for a git tag"),
        ("type=semver,pattern={{version}}", "two numbers", "'2.7' (the git tag) is not a semantic version"),
        ("type=pep440,pattern={{version}}", "word", "'summer' (the git tag) is not a Python version (PEP 440)"),
        ("type=match,pattern=v(.*)", "word", "v(.*) does not match 'summer' (the git tag)"),
        ("type=match,pattern=v(.*),group=2", "tag", "v(.*) has no group 2 in 'v2.7.1' (the git tag)"),
        ("type=edge", "tag", "this run is not for a branch"),
        ("type=edge,branch=trunk", "main", "this run is for the branch 'main', not for 'trunk'"),
        ("type=ref,event=branch", "tag", "this run is not for a branch"),
        ("type=ref,event=tag", "main", "this run is not for a git tag"),
        ("type=ref,event=pr", "main", "this run is not for a pull request"),
        ("type=raw,value={{tag}}", "main", "its value is empty here"),
        ("type=raw,value={{branch}}", "unknown", "the ref is not known: neither the CI nor git tells it"),
        ("type=raw,value={{sha}}", "unknown", "no commit is known"),
        ("type=raw,value={{commit_date 'YYYY'}}", "unknown", "{{commit_date}} is not known here"),
        ("type=sha", "unknown", "no commit is known"),
        ("type=sha", "dirty main", "the work tree has changes that are not committed"),
        ("a,enable=false", "main", "enable is false here"),
    ],
)
def test_a_rule_that_gives_nothing_says_why(rule: str, run: str, reason: str):
    found = explained(run, rule)
    assert (found.rules[0].tag, found.rules[0].how) == (None, reason)
    assert [each.reason for each in found.tags.without] == [reason]


@pytest.mark.parametrize(
    ("rule", "run", "moving"),
    [
        ("type=semver,pattern={{version}}", "tag", "it names the whole version"),
        ("type=semver,pattern={{major}}.{{minor}}", "tag", "its pattern lacks patch"),
        ("type=semver,pattern={{major}}", "tag", "its pattern lacks minor and patch"),
        ("type=ref,event=branch", "main", "the branch moves on"),
        ("type=sha", "main", "it names one commit"),
        ("nightly", "main", "floating does not list it"),
        ("weekly", "main", "floating: lists week*"),
        ("latest", "main", "latest is always meant to move"),
    ],
)
def test_a_tag_says_why_it_may_move_or_not(rule: str, run: str, moving: str):
    assert explained(run, rule, floating=("week*",)).rules[0].moving == moving


@pytest.mark.parametrize(
    ("rules", "run", "flavor", "latest"),
    [
        (
            ["type=semver,pattern={{version}}"],
            "tag",
            [],
            "added: latest=auto, and the first rule that gave a tag is type=semver,pattern={{version}}, a release",
        ),
        (
            ["type=sha"],
            "main",
            [],
            "not added: latest=auto, and the first rule that gave a tag is type=sha, which is for no release",
        ),
        (["type=sha"], "main", ["latest=true"], "added: flavor says latest=true"),
        (["type=sha"], "main", ["latest=false"], "not added: flavor says latest=false"),
        (["type=sha"], "unknown", [], "not added: no rule gave a tag"),
    ],
)
def test_latest_says_what_decided(rules: list[str], run: str, flavor: list[str], latest: str):
    assert explained(run, *rules, flavor=flavor).latest == latest
