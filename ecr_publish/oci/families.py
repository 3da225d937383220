"""Families of referrers and the repository that they are to go to: which of them it has already."""

from __future__ import annotations

from functools import partial

from ecr_publish.oci.attached import Family
from ecr_publish.oci.lanes import Lanes
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.wire import Wire


def lacking(families: tuple[Family, ...], goal: Wire, lanes: Lanes) -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """What the repository lacks of each family, and warnings: a tag of a referrer (cosign's older form) that names
    something else there stays. One HEAD for each referrer, side by side."""
    references = [each.tag or str(each.document.digest) for family in families for each in family.attached]
    manifests = Manifests(goal)
    present = dict(zip(references, lanes.do([partial(manifests.head, each) for each in references]), strict=True))
    kept, warnings = [], []
    for family in families:
        members = []
        for each, closure in family.members:
            there = present[each.tag or str(each.document.digest)]
            if there is None:
                members.append((each, closure))
            elif there != each.document.digest:
                name, ours = f"{goal.repository}:{each.tag}", each.document.digest
                warnings.append(f"{name} names {there.short}, the source's {ours.short} was not copied")
        kept.append(Family(tuple(members)))
    return tuple(each for each in kept if each.members), tuple(warnings)
