"""Ahead: what the steps will ask in any case, asked while preflight waits for other answers.

Nothing is said of it: whoever needs an answer that did not come asks for it again, and tells what is wrong then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ecr_publish.ports.bundle import Ports
from ecr_publish.ports.repositories import RepositoryState
from ecr_publish.preflight.said import Said, both, side_by_side
from ecr_publish.preflight.subjects import Spot, Subjects

if TYPE_CHECKING:
    from ecr_publish.steps.resume import PublishedDetails


def open_registries(spots: tuple[Spot, ...], ports: Ports) -> Said:
    """Fetch the token of every registry that will be spoken to."""
    side_by_side(ports.images.open, tuple(dict.fromkeys(spot.target for spot in spots)))
    return Said()


def read_again(touched: Subjects, states: Mapping[Spot, RepositoryState], ports: Ports) -> Said:
    """Read the images of earlier jobs, and which tags they have, and begin to look where they go: the first steps do so
    within a moment."""

    def read(details: PublishedDetails) -> None:
        ports.images.find(details.target, details.repository, details.reference)

    def listed(details: PublishedDetails) -> None:
        ports.repositories.tags_of(details.target, details.repository, details.reference)

    soon = tuple(each for each in touched.soon if each[0] in states)
    side_by_side(lambda each: ports.images.look(each[0].target, each[0].repository, each[1]), soon)
    resumed = tuple(each for each in touched.resumed if Spot(each.target, each.repository) in states)
    both(lambda: side_by_side(read, resumed), lambda: side_by_side(listed, resumed))
    return Said()
