"""Families of referrers and the repository that they are to go to: which of them it has already."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import PlainRegistry
from ecr_publish.oci.attached import Attached, Family, Lacking, tag_of
from ecr_publish.oci.lanes import Lanes
from ecr_publish.oci.listing import without_api
from ecr_publish.oci.looks import Look
from ecr_publish.oci.manifest import OCI_INDEX, Index
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.wire import Request, Wire


def lacking(families: tuple[Family, ...], goal: Wire, lanes: Lanes) -> Lacking:
    """What the repository lacks of each family, and warnings: a tag of a referrer (cosign's older form) that names
    something else there stays. One HEAD for each referrer, side by side."""
    references = [each.tag or str(each.document.digest) for family in families for each in family.attached]
    manifests, moment = Manifests(goal), goal.retry.clock.monotonic()
    present = dict(zip(references, lanes.do([partial(manifests.head, each) for each in references]), strict=True))
    kept, there, warnings = [], [], []
    for family in families:
        members = []
        for each, closure in family.members:
            found, ours = present[each.tag or str(each.document.digest)], each.document.digest
            if found is None:
                members.append((replace(each, over=Look(None, moment)), closure))
            elif found != ours:
                name = f"{goal.repository}:{each.tag}"
                warnings.append(f"{name} names {found.short}, the source's {ours.short} was not copied")
            elif each.tag is None:
                there.append(each)
        kept.append(Family(tuple(members)))
    return Lacking(tuple(each for each in kept if each.members), _unlisted(there, goal, lanes), tuple(warnings))


def _unlisted(there: list[Attached], goal: Wire, lanes: Lanes) -> tuple[Attached, ...]:
    """Those that somebody wrote who died before they were listed. ECR lists them itself: it is not asked."""
    if not there or not isinstance(goal.repository.registry, PlainRegistry):
        return ()
    subjects = tuple(dict.fromkeys(each.subject for each in there))
    lists = dict(zip(subjects, lanes.do([partial(_kept, goal, each) for each in subjects]), strict=True))
    return tuple(
        each for each in there if (kept := lists[each.subject]) is not None and each.document.digest not in kept
    )


def _kept(goal: Wire, subject: Digest) -> frozenset[Digest] | None:
    """What clients have in their list of a subject's referrers; None where the registry has the API and needs none."""
    asked = Request("GET", f"referrers/{subject}", (200, *without_api(goal)), {"Accept": OCI_INDEX})
    if goal.ask(asked).status == 200:
        return None
    document = Manifests(goal).get(tag_of(subject))
    return frozenset(each.digest for each in document.children) if isinstance(document, Index) else frozenset()
