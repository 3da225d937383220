"""References taken apart, variables by what they mean, tags of scripts as rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.adoption.found import Destination
from ecr_publish.adoption.references import Reference, reference, rules
from ecr_publish.adoption.variables import replaced
from ecr_publish.tags.rule import parse

HOST = "111111111111.dkr.ecr.us-east-2.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HOST}/team/web:1.0", Reference(Destination("111111111111", "us-east-2"), "team/web", "1.0")),
        (f"https://{HOST}/web", Reference(Destination("111111111111", "us-east-2"), "web", None)),
        ("<account>.dkr.ecr.<region>.amazonaws.com/web:a", Reference(Destination(), "web", "a")),
        ("<registry>/web:<sha>", Reference(Destination(), "web", "<sha>")),
        ("public.ecr.aws/tw/cli:1", Reference(Destination(public_alias="tw"), "cli", "1")),
        ("localhost:5000/web:1", Reference(Destination(plain="localhost:5000"), "web", "1")),
        ("ghcr.io/tw/web", Reference(Destination(plain="ghcr.io"), "tw/web", None)),
        ("<?CI_REGISTRY_IMAGE>/web:1", Reference(None, "<?CI_REGISTRY_IMAGE>/web", "1")),
        ("docker.io/tw/web:1", Reference(None, "tw/web", "1")),
        ("tw/web:1", Reference(None, "tw/web", "1")),
        ("web", Reference(None, "web", None)),
        (f"{HOST}/web@sha256:{'a' * 64}", Reference(Destination("111111111111", "us-east-2"), "web", None)),
    ],
)
def test_a_reference_taken_apart(text: str, expected: Reference):
    assert reference(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$NAME/$OTHER", "value/<?OTHER>"),
        ("${NAME}-${OTHER:-else}", "value-else"),
        ("${{ env.NAME }}:${{ github.sha }}", "value:<sha>"),
        ("${{ matrix.file || 'Dockerfile' }}", "Dockerfile"),
        ("${CI_COMMIT_SHA:0:8}", "<short-sha>"),
        ("$(git rev-parse --short=8 HEAD)", "<short-sha>"),
        ("$(git rev-parse HEAD)", "<sha>"),
        ("$(echo $CODEBUILD_RESOLVED_SOURCE_VERSION | cut -c 1-7)", "<short-sha>"),
        ("${GITHUB_SHA::7}", "<short-sha>"),
        ("${GITHUB_REF##*/}", "<ref>"),
        ("${GITHUB_REF#refs/heads/}", "<branch>"),
        ("${GITHUB_REF/refs/x}", "<?GITHUB_REF>"),
        ("${NAME%lue}-${NAME##v}-${NAME%%a*}-${NAME#*l}", "va-alue-v-ue"),
        ("${NAME[@]}", "<?NAME>"),
        ("${{ github.event.release.tag_name }}", "<git-tag>"),
        ("${{ format('{0}/{1}', env.NAME, github.sha) }}", "value/<sha>"),
        ("${{ github.ref == 'refs/heads/main' && 'a' || 'b' }}", "<?github.ref-refs-heads-main-a-b>"),
        ("$(date +%Y%m%d)", "<date>"),
        ("$(aws sts get-caller-identity --query Account --output text).dkr", "<account>.dkr"),
        ("$(cat VERSION)", "<?cat>"),
        ("$(unclosed", "<?unclose>"),
    ],
)
def test_variables_become_values_or_what_they_mean(text: str, expected: str):
    assert replaced(text, {"NAME": "value", "env.NAME": "value"}.get) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("latest", ("type=raw,value=latest",)),
        ("<sha>", ("type=sha,format=long,prefix=",)),
        ("<short-sha>", ("type=sha,prefix=",)),
        ("v-<short-sha>", ("type=sha,prefix=v-",)),
        ("<git-tag>", ("type=ref,event=tag",)),
        ("<ref>-slim", ("type=ref,event=branch,suffix=-slim", "type=ref,event=tag,suffix=-slim")),
        ("<branch>-<short-sha>", ("type=raw,value={{branch}}-{{sha}}",)),
        ("<date>", ("type=raw,value={{date 'YYYYMMDD'}}",)),
        ("<run>", ()),
        ("b<run>", ()),
        ("<?VERSION>", ()),
        ("<account>", ()),
        ("<full-ref>", ()),
        ("no tag", ()),
    ],
)
def test_a_tag_of_a_script_as_rules(tag: str, expected: tuple[str, ...]):
    ruled = rules(tag)
    assert ruled.rules == expected
    assert ruled.rules or ruled.remark


@given(st.lists(st.sampled_from(["<sha>", "<short-sha>", "<ref>", "<date>", "<run>", "<?X>", "a", "-", "1."])))
def test_every_rule_is_one_that_the_grammar_reads(parts: list[str]):
    for rule in rules("".join(parts)).rules:
        parse(rule)
