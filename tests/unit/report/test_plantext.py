"""A plan for people."""

from __future__ import annotations

from ecr_publish.config.builds import DockerBuild
from ecr_publish.config.environments import EcrEnvironment
from ecr_publish.config.model import Config, Edge, Image, When
from ecr_publish.model.origin import Origin
from ecr_publish.report.plantext import plan_text
from tests.unit.report.words import plan


def config(**more: object) -> Config:
    environments = tuple(
        EcrEnvironment(name=name, account=account * 12, regions=("us-east-2",))
        for name, account in (("dev", "1"), ("staging", "2"))
    )
    return Config(
        environments=environments,
        images=(Image(name="web", repository="team/web", build=DockerBuild()),),
        promote=(Edge(source="dev", destination="staging", **more),),
    )


def words(*, line: str, made: str) -> str:
    return " ".join(next(each for each in made.splitlines() if line in each).split())


def test_each_tag_is_told_with_the_rule_that_gave_it_and_how_it_moves():
    made = plan_text(plan(), config())
    assert words(line="tag 1.4.0", made=made) == "tag 1.4.0 fixed from type=semver,pattern={{version}}"
    assert (
        words(line="tag latest", made=made) == "tag latest floating, forward only from 1.4.0 from flavor: latest=auto"
    )


def test_a_rule_that_gave_no_tag_is_told_with_its_reason():
    assert (
        words(line="no tag", made=plan_text(plan(), config())) == "no tag from type=ref,event=branch: the ref is a tag"
    )


def test_each_intent_is_told_by_its_summary():
    assert words(line="push", made=plan_text(plan(), config())) == "push @dev as planned"


def test_a_login_stands_before_the_images_that_share_it():
    made = plan_text(plan(), config())
    assert made.index("login") < made.index("web:")


def test_what_is_left_out_is_told_with_its_reason():
    assert "left out: when: tag 'v*'" in words(line="@prod", made=plan_text(plan(), config()))


def test_each_edge_is_told_with_its_topology_and_conditions():
    made = plan_text(plan(), config(when=When(tag="v*"), gate="advisory", unscannable="static"))
    assert words(line="dev -> staging", made=made) == (
        "dev -> staging copy (another account or region); when: tag v*; gate: advisory; unscannable allowed: static"
    )


def test_an_origin_that_is_not_trusted_is_said_loudly():
    assert "NOT TRUSTED" in plan_text(plan(origin=Origin(ci="github")), config())


def test_hostile_text_in_a_plan_commands_nothing():
    origin = Origin(ci="github", ref="refs/heads/\x1b[2J\n::error::x", trusted=True)
    made = plan_text(plan(origin=origin, warnings=("\x1b[0m\n##[error]x",)), config())
    assert all(line.isprintable() and "##[" not in line for line in made.split("\n"))
    assert not any(line.lstrip().startswith("::") for line in made.split("\n"))


def test_equal_plans_give_equal_text():
    assert plan_text(plan(), config()) == plan_text(plan(), config())
