"""Manifests of one repository: asked for, read, written; and its tags. Digests are of exact bytes, whatever is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from ecr_publish.errors import BadReference, DigestMismatch, ImageMissing
from ecr_publish.http.answer import Answer
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.model.registry import Repository
from ecr_publish.oci.failures import diagnosis, missing_repository
from ecr_publish.oci.manifest import ACCEPT, Document, parse
from ecr_publish.oci.wire import Request, Wire

NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
_ACCEPTING = {"Accept": ACCEPT}


class Manifests:
    """The manifests behind one `Wire`, asked for by its `ask`, or by its `once` where the caller repeats."""

    def __init__(self, wire: Wire, ask: Callable[[Request], Answer] | None = None) -> None:
        self._wire, self._ask = wire, ask or wire.ask

    @property
    def repository(self) -> Repository:
        """Where they are."""
        return self._wire.repository

    def head(self, reference: str) -> Digest | None:
        """The digest under a tag or digest, by one request; None if it (or the repository) is not there."""
        answer = self._ask(Request("HEAD", _path(reference), (200, 404), _ACCEPTING))
        if answer.status == 404:
            return None
        told = answer.header("docker-content-digest")
        if told is None:
            document = self.get(reference)
            return document.digest if document else None
        return self._asked_for(reference, self._digest(told))

    def get(self, reference: str) -> Document | None:
        """The exact bytes, parsed; None if absent. Raises RepositoryMissing; DigestMismatch for other bytes than the
        digest that was asked for, or that the registry says it sends."""
        answer = self._ask(Request("GET", _path(reference), (200, 404), _ACCEPTING))
        if answer.status == 404:
            if diagnosis(answer.body).code == "NAME_UNKNOWN":
                raise missing_repository(self._wire.repository, f"GET {self._wire.repository} (404)")
            return None
        digest = self._asked_for(reference, digest_of(answer.body))
        if (told := answer.header("docker-content-digest")) is not None:
            self._same(digest, self._digest(told))
        return parse(answer.body, answer.header("content-type"), f"{self._wire.repository}@{digest.short}")

    def expect(self, digest: Digest) -> Document:
        """The document with that digest. Raises ImageMissing: what was there a moment ago is gone."""
        document = self.get(str(digest))
        if document is None:
            raise ImageMissing(
                what=f"{digest} is not there",
                where=str(self._wire.repository),
                hint="it was deleted meanwhile: look for a lifecycle policy or a clean-up job",
            )
        return document

    def put(self, document: Document, reference: str, guard: Callable[[], None] | None = None) -> bool:
        """Write exact bytes under a tag or their digest, if the guard does not raise; what the registry says of them is
        compared.

        Whether the registry itself lists the document among its subject's referrers (distribution-spec, "Pushing
        Manifests with Subject": it says so by OCI-Subject)."""
        kind, size = {"Content-Type": document.media_type}, len(document.body)
        body = (document.body,)
        answer = self._ask(Request("PUT", _path(reference), (200, 201), kind, lambda: body, size, guard))
        told = answer.header("docker-content-digest")
        if told is not None:
            self._same(document.digest, self._digest(told))
        elif not reference.startswith("sha256:"):
            self.read_back(document.digest, reference)
        return answer.header("oci-subject") is not None

    def read_back(self, digest: Digest, reference: str) -> None:
        """Raise DigestMismatch unless the registry now has that digest there."""
        present = self.head(reference)
        if present != digest:
            raise DigestMismatch(
                what=f"written {digest}, read back {present or 'nothing'}",
                where=f"{self._wire.repository}:{reference}",
                hint="somebody else writes this tag at the same time: run one job at a time",
            )

    def tags(self) -> Iterator[str]:
        """All tag names, page by page, unsorted. Raises RepositoryMissing."""
        path = "tags/list?n=1000"  # ECR refuses more (InvalidParameter at 'maxResults')
        seen: set[str] = set()
        while path:
            if path in seen:
                raise self._wire.odd("its tag list goes round in circles")
            seen.add(path)
            answer = self._ask(Request("GET", path, (200,)))
            yield from self._names(answer)
            path = _next(answer)

    def _names(self, answer: Answer) -> list[str]:
        try:
            value = json.loads(answer.body)
            return [str(name) for name in value["tags"] or ()]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._wire.odd("its tag list is none") from error

    def _asked_for(self, reference: str, digest: Digest) -> Digest:
        if reference.startswith("sha256:") and reference != str(digest):
            raise DigestMismatch(
                what=f"asked for {reference}, the registry answers with {digest}",
                where=str(self._wire.repository),
                hint="nothing was written; look for a proxy that changes content",
            )
        return digest

    def _same(self, ours: Digest, theirs: Digest) -> None:
        if ours != theirs:
            raise DigestMismatch(
                what=f"the registry calls it {theirs}, its bytes are {ours}",
                where=str(self._wire.repository),
                hint="look for a proxy that changes content",
            )

    def _digest(self, told: str) -> Digest:
        try:
            return Digest(told)
        except BadReference as error:
            raise self._wire.odd(f"it gives {told[:100]!r} for a digest") from error


def _path(reference: str) -> str:
    return f"manifests/{quote(reference, safe=':')}"


def _next(answer: Answer) -> str:
    query = next_query(answer)
    return f"tags/list?{query}" if query is not None else ""


def next_query(answer: Answer) -> str | None:
    """The next page of a list: only the query of the link counts, the host and the path are ours."""
    match = NEXT.search(answer.header("link") or "")
    return match[1].partition("#")[0].partition("?")[2] if match else None
