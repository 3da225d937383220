"""Permissions: what can be asked without changing anything, asked before the build takes its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ecr_publish.errors import ImageMissing, NotAuthorised, PublishError, RepositoryMissing
from ecr_publish.model.digest import Digest
from ecr_publish.model.target import Target
from ecr_publish.ports.bundle import Ports
from ecr_publish.ports.repositories import RepositoryState
from ecr_publish.preflight.said import Said, side_by_side
from ecr_publish.preflight.subjects import Spot, Subjects

MOST_ASKED = 16  # repositories of a target: InitiateLayerUpload has a rate, and what follows needs it
NOBODY = Digest("sha256:" + "0" * 64)  # names no image: authorization is decided before existence


def may_push(touched: Subjects, states: Mapping[Spot, RepositoryState], ports: Ports) -> Said:
    """Open an upload where bytes will go; nothing is sent. ecr:PutImage cannot be asked: it is known when used."""
    spots = _sample(each.spot for each in touched.writes if each.sends_bytes and each.spot in states)
    problems: list[PublishError] = []
    notes: list[str] = []
    for spot, answer in side_by_side(lambda spot: ports.repositories.writable(spot.target, spot.repository), spots):
        match answer:
            case True:
                continue
            case NotAuthorised() | RepositoryMissing():
                problems.append(answer)
            case PublishError():
                notes.append(f"{spot.repository}: whether it may be pushed to cannot be asked ({answer.what})")
            case False:
                notes.append(f"{spot.repository}: whether it may be pushed to is known when it is pushed to")
    return Said(tuple(problems), tuple(notes))


def may_read_scans(touched: Subjects, states: Mapping[Spot, RepositoryState], ports: Ports) -> Said:
    """Ask for the scan of an image that cannot exist: refused for want of a permission, or not found."""
    spots = _sample(spot for spot in touched.scans if spot in states and spot.target.scannable)
    answers = side_by_side(lambda spot: ports.scans.scan(spot.target, spot.repository, NOBODY), spots)
    return Said(
        tuple(
            answer for _, answer in answers if isinstance(answer, PublishError) and not isinstance(answer, ImageMissing)
        )
    )


def _sample(spots: Iterable[Spot]) -> tuple[Spot, ...]:
    """Of each target the first ones, each once: one principal writes them all, and mostly one policy says so."""
    counts: Counter[Target] = Counter()
    chosen = []
    for spot in dict.fromkeys(spots):
        counts[spot.target] += 1
        if counts[spot.target] <= MOST_ASKED:
            chosen.append(spot)
    return tuple(chosen)
