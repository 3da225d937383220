"""tag: the names that an image gets. Names only: nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_publish.errors import PlanImpossible
from ecr_publish.model.tags import TagSet
from ecr_publish.plan.intent import At, Give, Intent, Need, On
from ecr_publish.plan.step import Scene
from ecr_publish.ports.bundle import Ports
from ecr_publish.run.ledger import Facts
from ecr_publish.run.outcome import Done, Outcome


@dataclass(frozen=True, slots=True)
class TagDetails:
    """The tags as planned, and the rules that gave none with their reasons."""

    tags: TagSet

    @property
    def summary(self) -> str:
        """The names."""
        return ", ".join(self.tags.names) or "no tag"


class Tag:
    """Runs once per image; everything is decided when planned."""

    name = "tag"
    on = On.IMAGE
    wanted = False
    needs: tuple[Need, ...] = ()
    gives = (Give(TagSet, At.IMAGE),)

    def details(self, scene: Scene) -> TagDetails:
        """Raises PlanImpossible where no rule gives a tag and the image does not say `push: {untagged: true}`."""
        assert scene.image is not None
        tags = scene.tags or TagSet()
        if not tags.tags and not scene.image.push.untagged:
            reasons = "\n".join(f"    {each.rule}: {each.reason}" for each in tags.without)
            raise PlanImpossible(
                what="no rule gives a tag here" + (f":\n{reasons}" if reasons else ""),
                where=f"images.{scene.image.name}.tags",
                hint="commit what is to be built, add a rule that applies here (--as-tag v1.0.0 tries a release), or "
                "say push: {untagged: true}",
            )
        return TagDetails(tags)

    def run(self, intent: Intent, facts: Facts, ports: Ports) -> Outcome:
        """Give the planned names."""
        details: TagDetails = intent.details
        return Done(details.summary, (details.tags,))
