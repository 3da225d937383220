"""promote: the same digest in the next environment, if every gate allows.

What is planned is in `promotion`, how it is done in `promoted`; a plan without promotions loads neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.image import Identity, PublishedImage
from ecr_publish.model.promotion import PromotionRecord
from ecr_publish.plan.intent import At, Give, Intent, Need, On

if TYPE_CHECKING:
    from ecr_publish.plan.step import LeaveOut, Scene
    from ecr_publish.ports.bundle import Ports
    from ecr_publish.run.ledger import Facts
    from ecr_publish.run.outcome import Outcome
    from ecr_publish.steps.promotion import PromoteDetails


class Promote:
    """Runs once per image, edge and target of the edge's destination."""

    name = "promote"
    on = On.EDGE
    wanted = True
    needs = (Need(PublishedImage, At.SOURCE), Need(ScanEvidence, At.SOURCE), Need(Identity, At.TARGET))
    gives = (Give(PublishedImage, At.HERE), Give(PromotionRecord, At.HERE))

    def details(self, scene: Scene) -> PromoteDetails | LeaveOut:
        """Left out where the edge's `when` does not hold for the git tag (or for --tag)."""
        from ecr_publish.steps.promotion import promotion

        return promotion(scene)

    def run(self, intent: Intent, facts: Facts, ports: Ports) -> Outcome:
        """Ask every gate on the evidence of every source, then write the digest and its tags, the pointer last."""
        from ecr_publish.steps.promoted import promoted

        return promoted(intent, facts, ports)
