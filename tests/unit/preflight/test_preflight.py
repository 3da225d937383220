"""Everything that would make a run fail late is found before its first byte, all at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from ecr_publish.config.model import Config
from ecr_publish.errors import (
    Interrupted,
    NotAuthorised,
    RegistryRefused,
    RepositoryMissing,
    TagTaken,
    TokenExpired,
    Unavailable,
    WrongAccount,
)
from ecr_publish.model.digest import digest_of
from ecr_publish.model.image import InRegistry
from ecr_publish.model.promotion import Topology
from ecr_publish.model.registry import EcrRegistry
from ecr_publish.preflight import Preflight, preflight
from ecr_publish.steps.build import REVISION_LABEL
from tests.unit.preflight.world import (
    DEV,
    EU,
    LAB,
    PROD,
    World,
    build,
    creating,
    fixed,
    floating,
    login,
    plan,
    promote,
    push,
    scan,
)

ONE, OTHER = digest_of(b"one"), digest_of(b"other")
DENIED = NotAuthorised(what="denied", where="here", hint="allow it")


@pytest.fixture
def world():
    return World()


def found(world, *intents) -> Preflight:
    return preflight(plan(*intents), world.ports(), Config(environments=(), images=()))


def kinds(result):
    return [type(problem) for problem in result.problems]


# --- nothing to say


def test_a_plan_that_can_be_carried_out_has_no_problem(world):
    world.has(DEV)
    world.has(PROD)
    intents = (login(DEV), login(PROD), build(), push(fixed("1.0"), floating("latest")), scan(), promote(fixed("1.0")))
    assert found(world, *intents) == Preflight()


def test_a_build_only_plan_asks_nobody(world):
    assert found(world, build()) == Preflight()
    assert world.asked == []


# --- identity


def test_a_wrong_account_is_a_problem_and_nothing_more_is_asked_there(world):
    world.refused["identity", "prod"] = WrongAccount(what="222 is not 333", where="prod", hint="role:")
    world.has(DEV)
    result = found(world, login(DEV), login(PROD), push(fixed("1.0")), promote(fixed("1.0")))
    assert kinds(result) == [WrongAccount]
    assert [method for method, target in world.asked if target == "prod"] == ["identity"]


def test_problems_of_all_environments_come_at_once(world):
    world.refused["identity", "prod"] = WrongAccount(what="222 is not 333", where="prod", hint="role:")
    result = found(world, login(DEV), login(PROD), push(fixed("1.0")), promote(fixed("1.0")))
    assert set(kinds(result)) == {WrongAccount, RepositoryMissing}


def test_an_environment_that_names_no_account_is_said(world):
    anywhere = replace(DEV, registry=EcrRegistry(None, "us-east-2"))
    world.has(anywhere)
    result = found(world, login(anywhere), push(fixed("1.0"), to=anywhere))
    assert result.problems == ()
    assert "999999999999" in result.notes[0]


def test_a_request_to_stop_is_not_a_problem_of_the_plan(world):
    world.refused["identity", "dev"] = Interrupted(what="stop", where="", hint="")
    with pytest.raises(Interrupted):
        found(world, login(DEV), push(fixed("1.0")))


# --- repositories


def test_a_missing_repository_names_the_command_and_the_setting(world):
    (problem,) = found(world, login(DEV), push(fixed("1.0"))).problems
    assert isinstance(problem, RepositoryMissing)
    assert "aws ecr create-repository --repository-name web --region us-east-2" in problem.hint
    assert "create: if-missing" in problem.hint


def test_a_missing_repository_that_may_be_created_is_only_said(world):
    result = found(world, login(creating(DEV)), push(fixed("1.0"), to=creating(DEV)))
    assert result.problems == ()
    assert "will be created" in result.notes[0]


def test_a_missing_source_of_a_promotion_cannot_be_created(world):
    world.has(PROD)
    result = found(world, login(creating(DEV)), login(PROD), promote(fixed("1.0"), source=creating(DEV)))
    assert kinds(result) == [RepositoryMissing]


def test_the_repository_that_a_promotion_reads_is_the_one_that_the_push_creates(world):
    world.has(PROD)
    dev = creating(DEV)
    result = found(world, login(dev), push(fixed("1.0"), to=dev), scan(dev), promote(fixed("1.0"), source=dev))
    assert result.problems == ()


def test_settings_that_may_not_be_read_are_said_and_do_not_stop_a_push(world):
    world.has(DEV)
    world.refused["describe", "dev"] = DENIED
    result = found(world, login(DEV), push(fixed("1.0")))
    assert result.problems == ()
    assert "cannot be read" in result.notes[0]


def test_settings_that_may_not_be_read_do_stop_a_creation(world):
    world.refused["describe", "dev"] = DENIED
    assert kinds(found(world, login(creating(DEV)), push(fixed("1.0"), to=creating(DEV)))) == [NotAuthorised]


def test_a_service_that_does_not_answer_is_a_problem(world):
    world.refused["describe", "dev"] = Unavailable(what="down", where="", hint="")
    assert kinds(found(world, login(DEV), push(fixed("1.0")))) == [Unavailable]


# --- tags that are meant to move


@pytest.mark.parametrize(
    ("immutable", "filters", "stuck"),
    [
        (False, (), False),
        (None, (), False),
        (True, (), True),
        (True, ("latest",), False),
        (True, ("la*",), False),
        (True, ("LATEST",), True),
        (False, ("latest",), True),
    ],
)
def test_a_floating_tag_needs_a_repository_that_lets_it_move(world, immutable, filters, stuck):
    world.has(DEV, immutable=immutable, except_tags=filters)
    result = found(world, login(DEV), push(fixed("1.0"), floating("latest")))
    assert kinds(result) == ([RegistryRefused] if stuck else [])


def test_a_tag_that_cannot_move_names_the_setting(world):
    world.has(DEV, immutable=True)
    (problem,) = found(world, login(DEV), push(floating("1"), floating("latest"))).problems
    assert problem.what.startswith("1, latest ")
    assert "IMMUTABLE_WITH_EXCLUSION" in problem.hint
    assert "filterType=WILDCARD,filter=latest" in problem.hint


def test_an_environments_pointer_moves_too(world):
    world.has(DEV)
    world.has(PROD, immutable=True)
    result = found(world, login(DEV), login(PROD), promote(fixed("1.0"), pointer="live"))
    assert "live" in result.problems[0].what


# --- fixed tags that are taken


def test_a_rerun_of_the_same_commit_and_inputs_uses_what_is_there(world):
    world.holds(world.has(DEV), "1.0", ONE, revision="c0ffee", inputs="hash")
    result = found(world, login(DEV), build(), push(fixed("1.0"), fixed("sha-c0ffee"), floating("latest")))
    assert result == Preflight(reuse={"web": InRegistry(DEV, DEV.repository("web"), ONE)})


@pytest.mark.parametrize(
    ("mine", "theirs", "words"),
    [
        ({}, {"revision": "bad", "inputs": "hash"}, "this run is commit c0ffee"),
        ({}, {"revision": None, "inputs": "hash"}, "a commit that it does not name"),
        ({}, {"revision": "c0ffee", "inputs": "other"}, "other inputs"),
        ({}, {"revision": "c0ffee", "inputs": None}, "other inputs"),
        ({"inputs": None}, {"revision": "c0ffee", "inputs": "hash"}, "other inputs"),
        ({"clean": False}, {"revision": "c0ffee", "inputs": "hash"}, "uncommitted changes"),
        ({"revision": None}, {"revision": "c0ffee", "inputs": "hash"}, "no commit to compare"),
        ({"revision": None}, {"revision": None, "inputs": "hash"}, "no commit to compare"),
    ],
)
def test_anything_else_under_a_fixed_tag_is_refused_before_the_build(world, mine, theirs, words):
    world.holds(world.has(DEV), "1.0", ONE, **theirs)
    result = found(world, login(DEV), build(**mine), push(fixed("1.0")))
    (problem,) = result.problems
    assert isinstance(problem, TagTaken)
    assert problem.exit_code == 5
    assert str(ONE) in problem.what
    assert words in problem.what
    assert result.reuse == {}


def test_an_image_whose_labels_may_not_be_read_is_built_and_compared_by_its_push(world):
    world.holds(world.has(DEV), "1.0", ONE, revision="c0ffee", inputs="hash")
    world.refused["labels", "dev"] = NotAuthorised(what="403", where="", hint="")
    result = found(world, login(DEV), build(), push(fixed("1.0")))
    assert (result.problems, result.reuse) == ((), {})
    (note,) = result.notes
    assert "ecr:GetDownloadUrlForLayer" in note


def test_labels_that_are_refused_to_an_expired_token_are_no_unknown_labels(world):
    world.holds(world.has(DEV), "1.0", ONE, revision="c0ffee", inputs="hash")
    world.refused["labels", "dev"] = TokenExpired(what="403", where="", hint="")
    assert kinds(found(world, login(DEV), build(), push(fixed("1.0")))) == [TokenExpired]


def test_of_an_image_that_may_not_be_read_the_digest_still_counts(world):
    world.holds(world.has(DEV), "1.0", ONE, revision="c0ffee", inputs="hash")
    world.holds(world.has(PROD), "1.0", OTHER)
    world.refused["labels", "prod"] = NotAuthorised(what="403", where="", hint="")
    result = found(world, login(DEV), login(PROD), build(), push(fixed("1.0")), promote(fixed("1.0")))
    assert kinds(result) == [TagTaken]


def test_a_build_without_known_inputs_is_the_same_where_the_image_has_none_either(world):
    world.holds(world.has(DEV), "1.0", ONE, revision="c0ffee")
    assert found(world, login(DEV), build(inputs=None), push(fixed("1.0"))).reuse["web"].digest == ONE


def test_a_revision_that_the_file_sets_itself_is_the_one_that_counts(world):
    world.holds(world.has(DEV), "1.0", ONE, revision="own", inputs="hash")
    own = build(labels=((REVISION_LABEL, "own"),))
    assert found(world, login(DEV), own, push(fixed("1.0"))).reuse["web"].digest == ONE


@pytest.mark.parametrize("builder", ["layout", "archive", "files"])
def test_what_is_built_in_a_moment_is_compared_by_digest_when_pushed(world, builder):
    world.holds(world.has(DEV), "1.0", ONE, revision="bad")
    assert found(world, login(DEV), build(builder=builder), push(fixed("1.0"))) == Preflight()


@pytest.mark.parametrize("builder", ["layout", "archive"])
def test_of_what_is_ready_made_no_tag_is_asked_for_there_is_no_build_to_be_saved(world, builder):
    world.holds(world.has(DEV), "1.0", ONE, revision="c0ffee", inputs="hash")
    assert found(world, login(DEV), build(builder=builder), push(fixed("1.0"))) == Preflight()
    assert "digest" not in {method for method, _ in world.asked}


def test_a_rerun_of_what_is_built_in_a_moment_uses_what_is_there_too(world):
    world.holds(world.has(DEV), "1.0", ONE, revision="c0ffee", inputs="hash")
    assert found(world, login(DEV), build(builder="files"), push(fixed("1.0"))).reuse["web"].digest == ONE


def fleet(world, *, lacking=()):
    names = [f"image{number}" for number in range(40)]
    for name in names:
        if name not in lacking:
            world.has(DEV, name)
    steps = [step for name in names for step in (build(name, builder="layout"), push(fixed("1.0"), image=name))]
    return found(world, login(DEV), *steps)


def test_many_repositories_of_a_target_are_described_by_one_question(world):
    assert fleet(world) == Preflight()
    assert Counter(method for method, _ in world.asked)["described"] == 1
    assert "describe" not in {method for method, _ in world.asked}


def test_one_that_is_missing_among_many_is_named_and_only_that_one(world):
    (problem,) = fleet(world, lacking=("image7",)).problems
    assert "image7" in problem.what


@pytest.mark.parametrize("kind", [Unavailable, RegistryRefused])
def test_an_error_that_says_nothing_of_one_repository_is_not_asked_for_again_for_each(world, kind):
    world.refused["described", "dev"] = kind(what="AWS is in trouble", where="", hint="")
    assert kinds(fleet(world)) == [kind]
    assert "describe" not in {method for method, _ in world.asked}


def test_who_may_not_describe_all_of_them_may_describe_some(world):
    world.refused["described", "dev"] = NotAuthorised(what="403", where="", hint="")
    assert fleet(world) == Preflight()
    assert Counter(method for method, _ in world.asked)["describe"] == 40


def test_of_many_repositories_the_first_are_asked_whether_they_may_be_pushed_to(world):
    fleet(world)
    assert Counter(method for method, _ in world.asked)["writable"] == 16


def test_a_floating_tag_is_never_taken(world):
    world.holds(world.has(DEV), "latest", ONE, revision="bad")
    assert found(world, login(DEV), build(), push(floating("latest"))) == Preflight()


def test_two_fixed_tags_that_name_two_images_are_refused_with_the_good_one_named(world):
    repository = world.has(DEV)
    world.holds(repository, "1.0", ONE, revision="c0ffee", inputs="hash")
    world.holds(repository, "1.0.0", OTHER, revision="bad")
    (problem,) = found(world, login(DEV), build(), push(fixed("1.0"), fixed("1.0.0"))).problems
    assert str(OTHER) in problem.what
    assert str(ONE) in problem.what


def test_what_one_entry_has_is_used_for_the_other_too(world):
    world.has(DEV)
    world.holds(world.has(EU), "1.0", ONE, revision="c0ffee", inputs="hash")
    result = found(world, login(DEV), login(EU), build(), push(fixed("1.0")), push(fixed("1.0"), to=EU))
    assert result.reuse == {"web": InRegistry(EU, EU.repository("web"), ONE)}


def test_a_tag_taken_further_on_by_another_commit_is_refused_before_the_build(world):
    world.has(DEV)
    world.holds(world.has(PROD), "1.0", ONE, revision="bad")
    result = found(world, login(DEV), login(PROD), build(), push(fixed("1.0")), promote(fixed("1.0")))
    assert kinds(result) == [TagTaken]


def test_a_tag_taken_further_on_by_the_same_commit_is_left_to_the_promotion(world):
    world.has(DEV)
    world.holds(world.has(PROD), "1.0", ONE, revision="c0ffee", inputs="hash")
    result = found(world, login(DEV), login(PROD), build(), push(fixed("1.0")), promote(fixed("1.0")))
    assert result == Preflight()


def test_a_reused_image_and_another_one_further_on_cannot_both_have_the_tag(world):
    world.holds(world.has(DEV), "1.0", ONE, revision="c0ffee", inputs="hash")
    world.holds(world.has(PROD), "1.0", OTHER, revision="c0ffee", inputs="hash")
    result = found(world, login(DEV), login(PROD), build(), push(fixed("1.0")), promote(fixed("1.0")))
    assert kinds(result) == [TagTaken]


def test_each_image_is_judged_by_its_own_tags(world):
    world.holds(world.has(DEV, "web"), "1.0", ONE, revision="c0ffee", inputs="hash")
    world.holds(world.has(DEV, "api"), "1.0", OTHER, revision="bad")
    intents = (build("web"), build("api"), push(fixed("1.0"), image="web"), push(fixed("1.0"), image="api"))
    result = found(world, login(DEV), *intents)
    assert [problem.where.split()[0] for problem in result.problems] == ["api"]
    assert set(result.reuse) == {"web"}


def test_a_registry_that_may_not_be_read_is_a_problem_once_per_repository(world):
    world.has(DEV)
    world.refused["digest", "dev"] = DENIED
    assert kinds(found(world, login(DEV), build(), push(fixed("1"), fixed("2"), fixed("3")))) == [NotAuthorised]


# --- permissions


def test_who_may_not_push_learns_it_before_the_build(world):
    world.has(DEV)
    world.refused["writable", "dev"] = DENIED
    assert kinds(found(world, login(DEV), build(), push(fixed("1.0")))) == [NotAuthorised]


def test_who_may_not_read_scans_learns_it_before_the_build(world):
    world.has(DEV)
    world.has(PROD)
    world.refused["scan", "dev"] = DENIED
    result = found(world, login(DEV), login(PROD), build(), push(fixed("1.0")), scan(), promote(fixed("1.0")))
    assert kinds(result) == [NotAuthorised]


def test_a_promotion_within_a_repository_opens_no_upload(world):
    world.has(DEV)
    found(world, login(DEV), promote(fixed("1.0"), to=DEV, topology=Topology.RETAG, pointer="live"))
    assert ("writable", "dev") not in world.asked


def test_a_plain_registry_cannot_be_asked_and_that_is_said(world):
    world.has(LAB)
    result = found(world, login(LAB), build(), push(fixed("1.0"), to=LAB))
    assert result.problems == ()
    assert "known when it is pushed" in result.notes[0]


def test_a_question_that_the_service_does_not_know_is_said_not_failed(world):
    world.has(DEV)
    world.refused["writable", "dev"] = RegistryRefused(what="unknown operation", where="", hint="")
    result = found(world, login(DEV), build(), push(fixed("1.0")))
    assert result.problems == ()
    assert "unknown operation" in result.notes[0]
