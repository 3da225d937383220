"""scan-wait: evidence for every scannable child of what is published, without a verdict.

How it is waited for is in `watched`; a plan that waits for no scan does not load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.image import Identity, PublishedImage
from ecr_publish.plan.intent import At, Give, Intent, Need, On
from ecr_publish.run.outcome import Done, Outcome

if TYPE_CHECKING:
    from ecr_publish.plan.step import Scene
    from ecr_publish.ports.bundle import Ports
    from ecr_publish.run.ledger import Facts
    from ecr_publish.steps.watched import ScanDetails


class ScanWait:
    """Runs per image and target where a promotion needs evidence."""

    name = "scan-wait"
    on = On.PUBLISHED
    wanted = False
    waits = True
    needs = (Need(PublishedImage, At.HERE), Need(Identity, At.TARGET))
    gives = (Give(ScanEvidence, At.HERE),)

    def details(self, scene: Scene) -> ScanDetails:
        """The repository at this target, and the file's timeout."""
        from ecr_publish.plan.targets import repository
        from ecr_publish.steps.watched import ScanDetails

        assert scene.image is not None
        assert scene.target is not None
        return ScanDetails(
            scene.target, repository(scene.image, scene.target), int(scene.config.scan.timeout.total_seconds())
        )

    def run(self, intent: Intent, facts: Facts, ports: Ports) -> Outcome:
        """Poll until each child's scan has an end, or the time is up. States are values; nothing raises for them."""
        from ecr_publish.steps.watched import summary, watched

        image = facts.get(PublishedImage, intent.place)
        evidence = watched(image, intent.details, ports)
        return Done(summary(evidence), (evidence,))
