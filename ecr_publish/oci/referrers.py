"""Referrers: manifests that point to an image (signatures, SBOMs, attestations), in all forms they are kept in.

Sources: distribution-spec 1.1, "Listing Referrers" and "Referrers Tag Schema" (the index under `sha256-<hex>`);
cosign's specification, SIGNATURE_SPEC (manifests under `sha256-<hex>.sig`, `.att` and `.sbom`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from ecr_publish.errors import NotAuthorised
from ecr_publish.model.digest import Digest
from ecr_publish.oci.allowance import MOST_BYTES, MOST_MANIFESTS
from ecr_publish.oci.attached import Attached, tag_of
from ecr_publish.oci.capabilities import Capabilities
from ecr_publish.oci.closure import DEEPEST
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.lanes import Lanes
from ecr_publish.oci.listing import endless, listed
from ecr_publish.oci.manifest import Index
from ecr_publish.oci.manifests import Manifests, next_query
from ecr_publish.oci.wire import Request, Wire

SUFFIXES = (".sig", ".att", ".sbom")


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions about a round of subjects that are under way: what lists each subject's referrers, and the tags."""

    subjects: tuple[Digest, ...]
    lists: tuple[Future[tuple[Descriptor, ...]], ...]
    tags: Future[frozenset[str] | None]


class Referrers:
    """The referrers in one repository."""

    def __init__(self, wire: Wire, lanes: Lanes, seen: Capabilities) -> None:
        self._wire, self._lanes, self._seen = wire, lanes, seen
        self._manifests = Manifests(wire)

    def ask(self, subjects: Iterable[Digest]) -> Asked:
        """Begin to ask, beside whatever else is under way."""
        found = tuple(subjects)
        lists = tuple(self._lanes.begin(partial(listed, self._wire, each, self._seen)) for each in found)
        return Asked(found, lists, self._lanes.begin(self._tags))

    def found(self, asked: Asked) -> tuple[tuple[Attached, ...], ...]:
        """Everything that points to the subjects, then everything that points to that, and so on. What claims to be a
        referrer and points elsewhere is left out. Raises BadImage if there is no end to them."""
        tags = asked.tags.result()
        rounds: list[tuple[Attached, ...]] = []
        met: set[Digest] = set(asked.subjects)
        subjects, lists = asked.subjects, [each.result() for each in asked.lists]
        while subjects:
            fresh = {each.document.digest: each for each in self._round(subjects, lists, tags)}
            fresh = {digest: each for digest, each in fresh.items() if digest not in met}
            met.update(fresh)
            if (fresh and len(rounds) > DEEPEST) or len(met) > MOST_MANIFESTS:
                raise endless(self._wire, "there is no end to what points to it")
            rounds += [tuple(fresh.values())] if fresh else []
            subjects = tuple(fresh)
            lists = self._lanes.do([partial(listed, self._wire, each, self._seen) for each in subjects])
        return tuple(rounds)

    def _round(
        self, subjects: tuple[Digest, ...], lists: list[tuple[Descriptor, ...]], tags: frozenset[str] | None
    ) -> list[Attached]:
        if sum(each.size for found in lists for each in found) > MOST_BYTES:
            raise endless(self._wire, f"what points to it has more than {MOST_BYTES >> 20} MiB of manifests")
        acts: list[Callable[[], tuple[Attached, ...]]] = []
        for subject, found in zip(subjects, lists, strict=True):
            acts += [partial(self._pointing, subject, each) for each in found]
            names = [(tag_of(subject) + suffix) for suffix in SUFFIXES]
            acts += [partial(self._tagged, subject, name) for name in names if tags is None or name in tags]
            if tags is None or tag_of(subject) in tags:
                acts.append(partial(self._by_scheme, subject, frozenset(each.digest for each in found)))
        return [each for pointing in self._lanes.do(acts) for each in pointing]

    def _tags(self) -> frozenset[str] | None:
        """All tags, if one request tells them; None where there are too many, or where that is not allowed: then the
        few names that matter are asked for one by one."""
        try:
            answer = self._wire.ask(Request("GET", "tags/list?n=1000", (200, 404)))
        except NotAuthorised:
            return None
        if answer.status == 404 or next_query(answer) is not None:
            return None
        try:
            return frozenset(str(name) for name in json.loads(answer.body)["tags"] or ())
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def _pointing(self, subject: Digest, listed: Descriptor) -> tuple[Attached, ...]:
        document = self._manifests.get(str(listed.digest))
        if document is None or document.subject != subject:
            return ()
        return (Attached(document, subject, listed=listed),)

    def _tagged(self, subject: Digest, tag: str) -> tuple[Attached, ...]:
        document = self._manifests.get(tag)
        return () if document is None else (Attached(document, subject, tag),)

    def _by_scheme(self, subject: Digest, known: frozenset[Digest]) -> tuple[Attached, ...]:
        document = self._manifests.get(tag_of(subject))
        if not isinstance(document, Index):
            return ()
        fresh = [each for each in document.children if each.digest not in known]
        return tuple(found for each in fresh for found in self._pointing(subject, each))
