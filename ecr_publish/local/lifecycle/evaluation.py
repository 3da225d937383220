"""What a lifecycle policy does to images: a pure function of rules, images and the time.

Source: ECR User Guide, "Lifecycle policy evaluation rules" and "Examples of lifecycle policies". An image that a rule
of higher priority selects is out of reach of all lower ones, also where that rule keeps it; it still counts there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecr_publish.local.lifecycle.rules import DAY, Action, Newest, OlderThan, Rule, StorageClass


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image as the rules see it. Instants are epoch seconds, None where it did not happen."""

    digest: str
    tags: tuple[str, ...]
    pushed_at: float
    pulled_at: float | None = None
    archived_at: float | None = None
    activated_at: float | None = None  # since when it is back from the archive
    archived: bool = False
    children: tuple[str, ...] = ()
    subject: str | None = None
    orphaned: bool = False  # its subject was there, and was deleted

    def since(self, count: Newest | OlderThan) -> float:
        """The instant from which the rule counts this image's age."""
        match count:
            case Newest() | OlderThan(event="pushed"):
                return self.pushed_at if self.activated_at is None else self.activated_at
            case OlderThan(event="pulled"):
                pulled = self.pulled_at
                if self.activated_at is not None and (pulled is None or pulled < self.activated_at):
                    return self.activated_at
                return self.pushed_at if pulled is None else pulled
            case _:
                return self.archived_at or self.pushed_at


@dataclass(frozen=True, slots=True)
class Decision:
    """One image that a rule acts on."""

    digest: str
    priority: int
    action: Action


def decisions(
    rules: Sequence[Rule], images: Sequence[Candidate], now: float, *, referrers_follow: bool
) -> tuple[Decision, ...]:
    """What the rules do to these images (in the order of their pushes), by priority, the oldest first.

    An image that another one names as its child is left alone. With `referrers_follow`, no rule selects an image that
    has a subject: see `followers`.
    """
    held = {child for image in images for child in image.children}
    selectable = [image for image in images if not (referrers_follow and image.subject)]
    claimed: set[str] = set()
    found = []
    for rule in sorted(rules, key=lambda rule: rule.priority):
        selected = [image for image in selectable if _is_about(rule, image)]
        for image in _matching(rule, selected, now):
            if image.digest not in claimed and image.digest not in held:
                found.append(Decision(image.digest, rule.priority, rule.action))
        claimed.update(image.digest for image in selected)
    return tuple(found)


def _is_about(rule: Rule, image: Candidate) -> bool:
    return image.archived == (rule.storage is StorageClass.ARCHIVE) and rule.selects(image.tags)


def _matching(rule: Rule, selected: list[Candidate], now: float) -> list[Candidate]:
    """Those of the selected images that the rule's count is over, oldest first."""
    oldest_first = sorted(selected, key=lambda image: image.since(rule.count))
    match rule.count:
        case Newest(kept):
            return oldest_first[: max(0, len(oldest_first) - kept)]
        case OlderThan(days=days):
            return [image for image in oldest_first if now - image.since(rule.count) > days * DAY]


def followers(images: Sequence[Candidate]) -> tuple[tuple[str, Action], ...]:
    """Referrers whose subject is gone or archived, and what becomes of them with it.

    Source: ECR User Guide, "Lifecycle policies": reference artifacts are deleted or archived after their subject.
    """
    by_digest = {image.digest: image for image in images}
    held = {child for image in images for child in image.children}
    found = []
    for image in images:
        if image.subject is None or image.digest in held:
            continue
        subject = by_digest.get(image.subject)
        if subject is None and image.orphaned:
            found.append((image.digest, Action.EXPIRE))
        elif subject is not None and subject.archived and not image.archived:
            found.append((image.digest, Action.TRANSITION))
    return tuple(found)
