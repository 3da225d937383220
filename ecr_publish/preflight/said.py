"""Said: what one check has to say, and how many are run side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from ecr_publish.errors import Interrupted, PublishError, Terminated
from ecr_publish.model.image import InRegistry

WIDTH = 16

Subject = TypeVar("Subject")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Said:
    """Problems stop a run before its first byte; notes are what cannot be known, or is worth knowing."""

    problems: tuple[PublishError, ...] = ()
    notes: tuple[str, ...] = ()
    reuse: tuple[tuple[str, InRegistry], ...] = ()  # image -> what a taken fixed tag already holds


def together(parts: Iterable[Said]) -> Said:
    """All of them in order; the same sentence is said once."""
    kept = tuple(parts)
    problems = {str(problem): problem for part in kept for problem in part.problems}
    return Said(
        tuple(problems.values()),
        tuple(dict.fromkeys(note for part in kept for note in part.notes)),
        tuple(pair for part in kept for pair in part.reuse),
    )


def both(one: Callable[[], Subject], other: Callable[[], Result]) -> tuple[Subject, Result]:
    """Two checks at once. Raises what the first of them raised."""
    with ThreadPoolExecutor(1, thread_name_prefix="preflight") as pool:
        begun = pool.submit(other)
        return one(), begun.result()


def beside(*checks: Callable[[], Said]) -> tuple[Said, ...]:
    """Several checks at once, each in a thread of its own; in their order. Raises what the first of them raised."""
    with ThreadPoolExecutor(len(checks), thread_name_prefix="preflight") as pool:
        return tuple(future.result() for future in [pool.submit(check) for check in checks])


def side_by_side(
    ask: Callable[[Subject], Result], subjects: Sequence[Subject]
) -> tuple[tuple[Subject, Result | PublishError], ...]:
    """`ask` for each subject, in threads; in the order of `subjects`. An error of ours is a result like any, so that
    one environment's trouble does not hide another's. Raises Interrupted and Terminated."""

    def attempt(subject: Subject) -> Result | PublishError:
        try:
            return ask(subject)
        except (Interrupted, Terminated):
            raise
        except PublishError as error:
            return error

    if len(subjects) < 2:
        return tuple((subject, attempt(subject)) for subject in subjects)
    with ThreadPoolExecutor(min(WIDTH, len(subjects)), thread_name_prefix="preflight") as pool:
        return tuple(zip(subjects, pool.map(attempt, subjects), strict=True))
