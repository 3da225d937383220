"""Referrers: manifests that point to an image (signatures, SBOMs, attestations), in all forms they are kept in.

Sources: distribution-spec 1.1, "Listing Referrers" and "Referrers Tag Schema" (the index under `sha256-<hex>`);
cosign's specification, SIGNATURE_SPEC (manifests under `sha256-<hex>.sig`, `.att` and `.sbom`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from ecr_publish.errors import BadImage, NotAuthorised
from ecr_publish.model.digest import Digest
from ecr_publish.oci.allowance import Allowance
from ecr_publish.oci.attached import Attached, tag_of
from ecr_publish.oci.capabilities import Capabilities
from ecr_publish.oci.closure import DEEPEST
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.lanes import Lanes
from ecr_publish.oci.listing import endless, listed
from ecr_publish.oci.manifest import Document, Index
from ecr_publish.oci.manifests import Manifests, next_query
from ecr_publish.oci.wire import Request, Wire

SUFFIXES = (".sig", ".att", ".sbom")

Lists: TypeAlias = Mapping[Digest, tuple[Descriptor, ...]]  # what is said to point to each subject


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

    def ask(self, subjects: Iterable[Digest]) -> Asked:
        """Begin to ask, beside whatever else is under way."""
        found = tuple(subjects)
        lists = tuple(self._lanes.begin(partial(listed, self._wire, each, self._seen)) for each in found)
        return Asked(found, lists, self._lanes.begin(self._tags))

    def found(self, asked: Asked, allowance: Allowance) -> tuple[tuple[Attached, ...], ...]:
        """Everything that points to the subjects, then everything that points to that, and so on; all of it is taken of
        one allowance. What claims to be a referrer and points elsewhere is left out. Raises BadImage if there is no end
        to them, or too much of them, or one has another size than its list says."""
        tags = asked.tags.result()
        search = _Search(Manifests(self._wire), self._lanes, allowance, asked.subjects)
        rounds: list[tuple[Attached, ...]] = []
        subjects, lists = asked.subjects, [each.result() for each in asked.lists]
        while subjects:
            fresh = search.round(dict(zip(subjects, lists, strict=True)), tags)
            if fresh and len(rounds) > DEEPEST:
                raise endless(self._wire, "there is no end to what points to it")
            rounds += [fresh] if fresh else []
            subjects = tuple(each.document.digest for each in fresh)
            lists = self._lanes.do([partial(listed, self._wire, each, self._seen) for each in subjects])
        return tuple(rounds)

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


class _Search:
    """What was met and read on the way from an image to all that points to it; no digest is read twice."""

    def __init__(self, manifests: Manifests, lanes: Lanes, allowance: Allowance, met: Iterable[Digest]) -> None:
        self._manifests, self._lanes, self._allowance = manifests, lanes, allowance
        self._met = set(met)
        self._read: dict[Digest, Document | None] = {}

    def round(self, lists: Lists, tags: frozenset[str] | None) -> tuple[Attached, ...]:
        """What points to the subjects and was not met before: as the API lists it, under tags, and as the lists that
        are kept under tags have it. What these list is asked for when they are read."""
        names = [tag_of(subject) + suffix for subject in lists for suffix in (*SUFFIXES, "")]
        tagged = self._ask(lists, [each for each in names if tags is None or each in tags])
        kept = {subject: _children(tagged.get(tag_of(subject))) for subject in lists}
        self._ask(kept)
        found: list[Attached] = []
        for subject in lists:
            found += self._pointing(subject, lists[subject])
            found += _suffixed(subject, tagged)
            found += self._pointing(subject, kept[subject])
        fresh = {each.document.digest: each for each in found if each.document.digest not in self._met}
        self._met.update(fresh)
        return tuple(fresh.values())

    def _ask(self, lists: Lists, names: Iterable[str] = ()) -> dict[str, Document | None]:
        """Read what is listed, as far as it is allowed, and give what is under the names, all side by side."""
        passed = self._met | self._read.keys()
        wanted = {each.digest: each for found in lists.values() for each in found if each.digest not in passed}
        for each in wanted.values():
            self._allowance.take(each.size)
        by_digest = [partial(self._listed, each) for each in wanted.values()]
        by_name = {name: partial(self._tagged, name) for name in names}
        read = self._lanes.do([*by_digest, *by_name.values()])
        self._read.update(zip(wanted, read, strict=False))
        return dict(zip(by_name, read[len(wanted) :], strict=True))

    def _listed(self, entry: Descriptor) -> Document | None:
        """In its lane, so that the rest of a list is not read behind one that is larger than what was allowed."""
        document = self._manifests.get(str(entry.digest))
        if document is not None and len(document.body) != entry.size:
            raise BadImage(
                what=f"a list of referrers gives {entry.digest} {entry.size} bytes, it has {len(document.body)}",
                where=str(self._manifests.repository),
                hint="delete what points to it and is not needed; no tool is known to make such a list",
            )
        return document

    def _tagged(self, name: str) -> Document | None:
        """Nobody tells its size before: no more than one for each lane is read beyond what is allowed."""
        document = self._manifests.get(name)
        if document is not None:
            self._allowance.take(len(document.body))
        return document

    def _pointing(self, subject: Digest, entries: tuple[Descriptor, ...]) -> Iterator[Attached]:
        for each in entries:
            document = self._read.get(each.digest)
            if document is not None and document.subject == subject:
                yield Attached(document, subject, listed=each)


def _children(document: Document | None) -> tuple[Descriptor, ...]:
    return document.children if isinstance(document, Index) else ()


def _suffixed(subject: Digest, tagged: Mapping[str, Document | None]) -> Iterator[Attached]:
    for name in (tag_of(subject) + suffix for suffix in SUFFIXES):
        document = tagged.get(name)
        if document is not None:
            yield Attached(document, subject, name)
