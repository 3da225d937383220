"""What is raced: jobs, payloads, what is there before, and where."""

from dataclasses import dataclass, replace

from bench.transfer.contestants import OURS

LOOP, FOUR = "loop of ", "4 at a time: "
PLAIN, ECR = "docker-registry", "the embedded ECR"


@dataclass(frozen=True)
class Scenario:
    """A job (push, copy, retag, store) with a payload; `there` is what the target repository holds already.

    Of several `images` we do all by one command on one file; each peer is a shell loop of its commands, once one after
    another and once four at a time. `engine` is the version of the Docker engine whose store has the image (the job
    `store` pushes it).
    """

    payload: str
    job: str
    there: str = ""
    far: int = 0  # registries that it goes to, other than the one that it comes from; 0: it stays in its own
    images: int = 1
    engine: str = ""
    registry: str = PLAIN
    rtts: tuple[int, ...] = (0, 30)
    lasts: tuple[float, float] = (6, 10)  # seconds of a round near and far, about, on two cores
    rounds: int = 5  # at most
    loops: int = 5  # rounds at most of each peer
    only: tuple[str, ...] = ()  # clients, if not all that can do the job


ENGINES = ("20.10", "26.1")
PROMOTION = "fleet of 300 to two regions"
_ONE_BY_ONE = {
    "push S": Scenario("S", "push", lasts=(2, 3)),
    "push M": Scenario("M", "push", lasts=(5, 9)),
    "push MULTI": Scenario("MULTI", "push", lasts=(3, 9)),
    "push L": Scenario("L", "push", lasts=(11, 13)),
    "nothing changed M": Scenario("M", "push", there="M", lasts=(5, 6)),
    "one layer changed M": Scenario("M2", "push", there="M", lasts=(5, 8)),
    "copy within, M": Scenario("M", "copy", lasts=(6, 10)),
    "copy within, MULTI": Scenario("MULTI", "copy", lasts=(3, 8)),
    "copy between, M": Scenario("M", "copy", far=1, lasts=(8, 12)),
    "copy between, MULTI": Scenario("MULTI", "copy", far=1, lasts=(4, 10)),
    "retag M": Scenario("M", "retag", there="M", lasts=(6, 8)),
    "retag MULTI": Scenario("MULTI", "retag", there="MULTI", lasts=(3, 5)),
}
# 50 commands are a median of their own: each loop is run once
_FLEET = Scenario("FLEET", "push", images=50, rounds=3, loops=1)
_FLEETS = {
    "fleet push": replace(_FLEET, lasts=(40, 190)),
    "fleet nothing changed": replace(_FLEET, there="FLEET", lasts=(25, 80)),
    "fleet copied within": replace(_FLEET, job="copy", lasts=(45, 220)),
    "fleet copied between": replace(_FLEET, job="copy", far=1, lasts=(60, 270)),
}
_STORES = {
    f"{name}, engine {engine}": replace(scenario, engine=engine)
    for engine in ENGINES
    for name, scenario in {
        "push M": Scenario("M", "store", lasts=(7, 11)),
        "push L": Scenario("L", "store", rounds=1, lasts=(35, 35)),
        "nothing changed M": Scenario("M", "store", "M", lasts=(8, 11)),
        "one layer changed L": Scenario("L2", "store", "L1", rounds=2, lasts=(35, 35)),
    }.items()
}
_ON_ECR = {
    f"ECR: {name}": replace(scenario, registry=ECR, rounds=2)
    for name, scenario in (_ONE_BY_ONE | _STORES).items()
    if name
    in (
        "push M",
        "push MULTI",
        "nothing changed M",
        "copy within, M",
        "copy between, M",
        "copy between, MULTI",
        "retag M",
        *(f"push M, engine {engine}" for engine in ENGINES),
    )
}
_PROMOTED = {
    PROMOTION: replace(
        _FLEET,
        job="copy",
        far=2,
        images=300,
        registry=ECR,
        rtts=(30,),
        lasts=(60, 660),
        rounds=2,
        only=("ecr-publish", "crane"),
    )
}
SCENARIOS = _ONE_BY_ONE | _FLEETS | _STORES | _ON_ECR | _PROMOTED


def starters(scenario: Scenario, here: dict[str, frozenset[str]]) -> list[str]:
    """The contestants of a scenario among those who are here, by the jobs that each can do; of several images each peer
    takes part twice."""
    names = [who for who, jobs in here.items() if scenario.job in jobs and who in (scenario.only or here)]
    if scenario.job == "store":
        return [who for who in names if who in ("ecr-publish", f"docker {scenario.engine}")]
    if scenario.images == 1:
        return names
    peers = [who for who in names if who not in OURS]
    return [*(who for who in names if who in OURS), *(LOOP + who for who in peers), *(FOUR + who for who in peers)]


def turns(scenario: Scenario, names: list[str], rounds: int) -> list[str]:
    """Who runs, in which order: all take turns within a round, and another one begins each time."""
    found = []
    for number in range(min(rounds, scenario.rounds)):
        first = number % len(names)
        found += [who for who in names[first:] + names[:first] if who in OURS or number < scenario.loops]
    return found


def small(scenario: Scenario) -> Scenario:
    """The same with tiny images: what is checked is the race."""
    tiny = {"M": "P", "M2": "P2", "L": "P", "L1": "P", "L2": "P2", "MULTI": "PMULTI"}
    payload, there = (tiny.get(each, each) for each in (scenario.payload, scenario.there))
    images = min(scenario.images, 2)
    return replace(scenario, payload=payload, there=there, images=images, rtts=(0,), lasts=(4, 4), rounds=1, loops=1)
