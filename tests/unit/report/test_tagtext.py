"""Explained tags as text and JSON."""

from __future__ import annotations

import json

from ecr_publish.report.tagtext import explanations_json, explanations_text
from tests.unit.tags.table import explained, origin

RULES = ("type=semver,pattern={{version}}", "type=semver,pattern={{major}}", "type=ref,event=branch", "2.7.1")


def test_every_rule_is_told_with_what_it_gave_and_why():
    made = explanations_text(origin("tag"), {"web": explained("tag", *RULES)})
    assert made.splitlines()[1:] == [
        "",
        "web:",
        "  type=semver,pattern={{version}}",
        "    tag 2.7.1: v2.7.1 (the git tag) is a release",
        "    fixed: it names the whole version",
        "  type=semver,pattern={{major}}",
        "    tag 2: v2.7.1 (the git tag) is a release",
        "    floating, forward only from 2.7.1: its pattern lacks minor and patch",
        "  type=ref,event=branch",
        "    no tag: this run is not for a branch",
        "  2.7.1",
        "    tag 2.7.1: its value (an earlier rule gives it already: that one counts)",
        "    fixed: floating does not list it",
        f"  latest: added: latest=auto, and the first rule that gave a tag is {RULES[0]}, a release",
    ]


def test_as_json_every_rule_and_every_tag_is_a_record():
    made = json.loads(explanations_json(origin("tag"), {"web": explained("tag", *RULES)}))
    web = made["images"]["web"]
    assert [each["name"] for each in web["tags"]] == ["2.7.1", "2", "latest"]
    assert web["tags"][1] == {
        "name": "2",
        "rule": RULES[1],
        "floating": True,
        "forward_from": "2.7.1",
        "within": "2",
    }
    assert [(each["tag"], each["counts"]) for each in web["rules"]] == [
        ("2.7.1", True),
        ("2", True),
        (None, False),
        ("2.7.1", False),
    ]
    assert web["latest"].startswith("added: latest=auto")


def test_what_others_wrote_commands_no_terminal_and_no_runner():
    nasty = "type=ref,event=branch,prefix=\x1b[31m::set-output name=x::"
    found = explained("main", nasty, "type=edge,branch=##[error]x")
    made = explanations_text(origin("main"), {"::add-mask::x": found})
    assert "\x1b" not in made
    assert "##[" not in made
    assert not any(line.strip().startswith("::") for line in made.splitlines())
