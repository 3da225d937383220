"""What is raced: jobs, payloads, and what is there before."""

from dataclasses import dataclass

LOOP, FOUR = "loop of ", "4 at a time: "


@dataclass(frozen=True)
class Scenario:
    """A job (push, copy, retag, store) with a payload; `there` is what the target repository holds already.

    With several `images` we do them all by one command on one file; each peer is a shell loop of its commands, once
    one after another and once four at a time. `engine` is the version of the Docker engine whose store has the image.
    """

    payload: str
    job: str
    there: str = ""
    far: bool = False  # the source is in another registry
    rtts: tuple[int, ...] = (0, 30)
    images: int = 1
    engine: str = ""
    rounds: int = 5  # at most


FLEET_IMAGES = 50

SCENARIOS = {
    "push S": Scenario("S", "push"),
    "push M": Scenario("M", "push"),
    "push MULTI": Scenario("MULTI", "push"),
    "push L": Scenario("L", "push", rtts=(0,)),
    "nothing changed M": Scenario("M", "push", there="M"),
    "one layer changed M": Scenario("M2", "push", there="M"),
    "copy within, M": Scenario("M", "copy"),
    "copy within, MULTI": Scenario("MULTI", "copy"),
    "copy between, M": Scenario("M", "copy", far=True),
    "retag M": Scenario("M", "retag", there="M"),
    "retag MULTI": Scenario("MULTI", "retag", there="MULTI"),
    "fleet push": Scenario("FLEET", "push", rtts=(30,), images=FLEET_IMAGES, rounds=3),
    "fleet nothing changed": Scenario("FLEET", "push", there="FLEET", rtts=(30,), images=FLEET_IMAGES, rounds=3),
    "fleet copied within": Scenario("FLEET", "copy", rtts=(30,), images=FLEET_IMAGES, rounds=3),
    "fleet copied between": Scenario("FLEET", "copy", far=True, rtts=(30,), images=FLEET_IMAGES, rounds=3),
} | {
    f"{name}, engine {engine}": Scenario(payload, "store", there, rtts=(0,), engine=engine, rounds=rounds)
    for engine in ("20.10", "26.1")
    for name, payload, there, rounds in (
        ("push M", "M", "", 3),
        ("push L", "L", "", 2),
        ("one layer changed L", "L2", "L1", 2),
    )
}


def takes_part(who: str, jobs: frozenset[str], scenario: Scenario) -> bool:
    """Whether a contestant that can do these jobs has a place in the scenario."""
    if scenario.job == "store":
        return "store" in jobs and who in ("ecr-publish", f"docker {scenario.engine}")
    return scenario.job in jobs
