"""What was seen under tags a moment ago, and for how long it may be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.oci.looks import Looks
from ecr_publish.run.clock import SimulatedClock

WEB = Repository(EcrRegistry("111111111111", "us-east-2"), "web")
OURS = digest_of(b"ours")


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def looks(clock: SimulatedClock) -> Looks:
    return Looks(clock)


def test_an_answer_is_as_old_as_its_question(looks: Looks, clock: SimulatedClock):
    question = looks.question(WEB, "1.0")
    clock.advance(timedelta(seconds=30))  # the registry took its time
    looks.keep(question, OURS)
    assert looks.fresh(WEB, ["1.0"]) == {}
    assert looks.take(WEB, ("1.0",))["1.0"].digest == OURS


def test_an_answer_to_what_was_asked_before_the_tag_was_written_is_forgotten(looks: Looks):
    question = looks.question(WEB, "1.0")
    looks.take(WEB, ("1.0",))
    looks.keep(question, None)
    assert looks.fresh(WEB, ["1.0"]) == {}
    assert not looks.lacked(WEB, ["1.0"])


def test_what_is_asked_after_that_is_kept(looks: Looks):
    looks.take(WEB, ("1.0",))
    looks.keep(looks.question(WEB, "1.0"), OURS)
    assert looks.fresh(WEB, ["1.0"])["1.0"].digest == OURS


def test_a_look_is_of_the_moment_before_its_answer(looks: Looks, clock: SimulatedClock):
    def answer() -> Digest:
        clock.advance(timedelta(seconds=30))
        return OURS

    assert not looks.is_fresh(looks.look(answer))
