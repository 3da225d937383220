"""The planner works like make: wanted intents pull in exactly what they need."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from ecr_publish.config.model import Config
from ecr_publish.errors import PlanImpossible
from ecr_publish.model.image import PublishedImage
from ecr_publish.model.origin import Origin
from ecr_publish.model.target import Place
from ecr_publish.plan.ask import Ask, Found
from ecr_publish.plan.intent import At, Give, Need, On
from tests.unit.plan.words import (
    BUILD,
    LOGIN,
    PROMOTE,
    PUSH,
    SCAN,
    SIX,
    TAG,
    FakeStep,
    Said,
    config,
    edge,
    environment,
    planned,
    unplanned,
)


def test_one_image_goes_through_all_environments_in_order():
    assert planned(config()) == [
        "build web",
        "tag web",
        "login @dev",
        "push web@dev",
        "scan-wait web@dev",
        "login @staging",
        "promote web@staging",
        "scan-wait web@staging",
        "login @prod",
        "promote web@prod",
    ]


def test_one_login_serves_all_images_of_a_target():
    ids = planned(config("web", "worker"))
    assert ids.count("login @dev") == 1
    assert ids.count("promote worker@prod") == 1


def test_a_promotion_into_two_regions_is_two_intents_with_names_that_say_the_region():
    ids = planned(config(prod_regions=("us-east-2", "eu-west-1")))
    assert "promote web@prod/us-east-2" in ids
    assert "promote web@prod/eu-west-1" in ids


def test_an_edge_that_leaves_two_regions_needs_the_evidence_of_both():
    file = config(prod_regions=("us-east-2", "eu-west-1"))
    file = file.model_copy(
        update={
            "environments": (*file.environments, environment("dr")),
            "promote": (*file.promote, edge("prod", "dr")),
        }
    )
    ids = planned(file)
    assert {"scan-wait web@prod/us-east-2", "scan-wait web@prod/eu-west-1"} <= set(ids)
    assert ids.index("promote web@dr") > ids.index("scan-wait web@prod/eu-west-1")


def test_a_target_that_no_edge_leaves_is_not_scanned():
    assert "scan-wait web@prod" not in planned(config())


def test_scan_always_wants_evidence_where_no_edge_leaves():
    file = config()
    last = environment("prod", scan="always")
    file = file.model_copy(update={"environments": (*file.environments[:2], last)})
    assert "scan-wait web@prod" in planned(file)


def test_every_environment_without_an_incoming_edge_gets_a_push():
    assert [each for each in planned(config(edges=())) if each.startswith("push")] == [
        "push web@dev",
        "push web@staging",
        "push web@prod",
    ]


def test_what_a_left_out_promotion_would_give_leaves_out_what_needs_it():
    steps = (*SIX[:-1], replace(PROMOTE, leave_out={"web@staging": "when: tag 'v*'"}))
    assert "promote web@staging" not in planned(config(), steps)
    assert unplanned(config(), steps)["promote web@prod"] == ("needs PublishedImage web@staging: when: tag 'v*'")


def test_the_wanted_edge_alone_pulls_in_only_what_it_needs():
    ids = planned(config(), ask=Ask(edge=("dev", "staging"), steps=("promote",)))
    assert ids[-1] == "promote web@staging"
    assert "promote web@prod" not in ids


def test_upto_stops_at_that_environment():
    assert "promote web@prod" not in planned(config(), ask=Ask(upto="staging"))


def scanned_everywhere() -> Config:
    file = config()
    always = tuple(environment(each.name, scan="always") for each in file.environments)
    return file.model_copy(update={"environments": always})


def test_upto_holds_for_what_scans_further_along_would_need():
    ids = planned(scanned_everywhere(), ask=Ask(upto="dev"))
    assert ids == ["build web", "tag web", "login @dev", "push web@dev", "scan-wait web@dev"]


@pytest.mark.parametrize("steps", [("scan-wait",), ("push", "scan-wait")])
def test_a_step_further_along_promotes_nothing_that_was_not_asked_for(steps: tuple[str, ...]):
    ids = planned(scanned_everywhere(), ask=Ask(steps=steps))
    assert "scan-wait web@dev" in ids
    assert not any(each.startswith("promote") for each in ids)
    left = unplanned(scanned_everywhere(), ask=Ask(steps=steps))
    assert left["scan-wait web@staging"] == "needs PublishedImage web@staging: this run is not to promote"


def test_one_edge_is_not_reached_over_another():
    ids = planned(config(), ask=Ask(steps=("promote",), edge=("staging", "prod")))
    assert not any(each.startswith("promote") for each in ids)


def test_only_the_images_asked_for_are_planned():
    assert not any("worker" in each for each in planned(config("web", "worker"), ask=Ask(images=("web",))))


def test_a_found_fact_is_taken_up_instead_of_being_made():
    found = {(PublishedImage, Place("web", "staging")): Found(Said("1.4.0"), "1.4.0")}
    ids = planned(config(), ask=Ask(steps=("promote",), edge=("staging", "prod"), found=found))
    assert ids == [
        "login @staging",
        "resume web@staging",
        "scan-wait web@staging",
        "login @prod",
        "promote web@prod",
    ]


def test_an_untrusted_origin_only_builds():
    fork = Origin(ci="github", trusted=False)
    assert planned(config(), origin=fork) == ["build web", "tag web"]


def test_a_plugins_step_falls_into_its_place_by_what_it_needs():
    sign = FakeStep("sign", On.ENTRY, wanted=True, needs=(Need(PublishedImage, At.HERE),))
    ids = planned(config(), (BUILD, TAG, LOGIN, PUSH, sign, SCAN, PROMOTE))
    assert ids.index("sign web@dev") > ids.index("push web@dev")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((BUILD, TAG, LOGIN, PUSH, PROMOTE, SCAN), "promote needs ScanEvidence, which no earlier step gives"),
        ((TAG, LOGIN, PUSH), "push needs BuiltImage, which no earlier step gives"),
        ((PUSH, BUILD, TAG, LOGIN), "push needs BuiltImage, which no earlier step gives"),
    ],
)
def test_a_pipeline_in_an_impossible_order_is_refused_when_planned(steps, message):
    with pytest.raises(PlanImpossible, match=message) as caught:
        planned(config(), steps)
    assert caught.value.exit_code == 2


def test_a_cycle_of_edges_is_refused():
    file = config(edges=(edge("dev", "staging"), edge("staging", "dev")))
    with pytest.raises(PlanImpossible, match="form a cycle: dev -> staging"):
        planned(file)


def test_what_a_step_gives_stands_in_its_intent():
    step = FakeStep("mark", On.TARGET, wanted=True, gives=(Give(str, At.TARGET),))
    assert planned(config(), (step,)) == ["mark @dev", "mark @staging", "mark @prod"]


def test_planning_grows_with_the_number_of_intents_and_not_with_its_square():
    def seconds(count: int) -> float:
        file = config(*(f"image-{n}" for n in range(count)), prod_regions=("us-east-2", "eu-west-1"))
        begin = time.process_time()
        planned(file)
        return time.process_time() - begin

    seconds(20)
    few, many = min(seconds(50) for _ in range(3)), min(seconds(400) for _ in range(3))
    assert many < few * 8 * 4
