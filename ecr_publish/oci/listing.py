"""Listing: what a registry's referrers API says points to a manifest, and what its other answers mean.

Source: distribution-spec 1.1, "Listing Referrers": a registry without the API answers 404. ECR has it since June 2024;
what it answers at an address that it does not know is 404 in plain text (containers/image#1010).
"""

from __future__ import annotations

from ecr_publish.errors import BadImage, RegistryRefused
from ecr_publish.http.answer import Answer
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrRegistry, PlainRegistry
from ecr_publish.oci.allowance import MOST_BYTES, MOST_MANIFESTS
from ecr_publish.oci.capabilities import Capabilities
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.failures import Diagnosis, diagnosis
from ecr_publish.oci.manifest import OCI_INDEX, Index, parse
from ecr_publish.oci.manifests import next_query
from ecr_publish.oci.wire import Request, Wire

MOST_PAGES = 50
_NO_LIST = (400, 404, 405)  # answers of registries without the API; ECR's are looked at more closely
_NO_ROUTE = Diagnosis("", "404 page not found")


def listed(wire: Wire, subject: Digest, seen: Capabilities) -> tuple[Descriptor, ...]:
    """What the API lists, all pages; nothing where the registry has none. Raises BadImage if there is no end to them or
    they are more than is kept of one image; RegistryRefused for an answer that may hide some."""
    if seen.lacks_referrers(wire.repository):
        return ()
    found: list[Descriptor] = []
    size = 0  # bytes of all pages: descriptors may carry annotations
    path, ok = f"referrers/{subject}", (200, *without_api(wire))
    for _ in range(MOST_PAGES):
        answer = wire.ask(Request("GET", path, ok, {"Accept": OCI_INDEX}))
        if answer.status != 200:
            _judge(answer, wire, subject, seen)
            return ()
        size += len(answer.body)
        found += _children(answer, f"{wire.repository} referrers of {subject.short}")
        if size > MOST_BYTES or len(found) > MOST_MANIFESTS:
            raise endless(wire, f"its list of referrers of {subject.short} is longer than any that can be copied")
        if (query := next_query(answer)) is None:
            return tuple(found)
        path, ok = f"referrers/{subject}?{query}", (200,)
    raise endless(wire, "its list of referrers has no end")


def without_api(wire: Wire) -> tuple[int, ...]:
    """The statuses by which a registry may say that it does not list referrers. ECR's 501 is trouble, and may heal."""
    return _NO_LIST if isinstance(wire.repository.registry, EcrRegistry) else (*_NO_LIST, 501)


def endless(wire: Wire, what: str) -> BadImage:
    """The error for referrers without an end."""
    return BadImage(what=what, where=str(wire.repository), hint="delete what points to it and is not needed")


def _judge(answer: Answer, wire: Wire, subject: Digest, seen: Capabilities) -> None:
    """An answer without a list: nothing points to the subject, or the registry has no such address. Of ECR, which has
    it, anything else is refused: a signature that is not seen would stay behind. Elsewhere what is not the
    specification's 404 is told, and the list under the tag asked for in its place."""
    said, registry = diagnosis(answer.body), wire.repository.registry
    if answer.status == 404 and said.code.startswith(("MANIFEST", "NAME")):
        return
    words = " ".join(each for each in (str(answer.status), said.code, said.message) if each)
    if isinstance(registry, EcrRegistry) and (answer.status != 404 or said != _NO_ROUTE):
        raise RegistryRefused(
            what=f"it answers {words!r} when it is asked what points to {subject.short}",
            where=f"GET {wire.repository}",
            hint="signatures might stay behind, so nothing is tagged: run again; look at what stands before ECR",
        )
    expected = isinstance(registry, PlainRegistry) and answer.status == 404
    warning = f"{wire.repository} answers {words!r} when it is asked for referrers: only what tags name was looked for"
    seen.saw_no_referrers(wire.repository, "" if expected else warning)


def _children(answer: Answer, where: str) -> tuple[Descriptor, ...]:
    document = parse(answer.body, OCI_INDEX, where)
    return document.children if isinstance(document, Index) else ()
