"""Standing: how much of an image a repository has already, by the fewest questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from ecr_publish.model.digest import Digest
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.lanes import Lanes, Started
from ecr_publish.oci.looks import Look, Looks, moved_meanwhile
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.presence import Presence
from ecr_publish.oci.wire import Wire

Ask = Callable[[], frozenset[Digest] | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """`missing` are the tags that do not name the digest, in their order; `seen` is what they named. `there` is whether
    the digest is in the repository, None where nobody has asked yet."""

    missing: tuple[str, ...]
    there: bool | None = None
    seen: dict[str, Look] = field(default_factory=dict)

    def is_open(self, tags: tuple[str, ...]) -> bool:
        """Whether something may be left to do for these tags; without any, it is the digest that counts."""
        return bool(self.missing) if tags else self.there is not True


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions about an image's blobs that are under way, and the lanes' moment before they were asked."""

    moment: int
    answers: Started[frozenset[Digest] | None]

    def present(self, found: frozenset[Digest] = frozenset()) -> frozenset[Digest] | None:
        """Those of the blobs that the repository has, beside those `found` before; None if it has the whole image."""
        for answer in self.answers.results():
            if answer is None:
                return None
            found |= answer
        return found


class Standings:
    """Asks for the standing of images in repositories."""

    def __init__(self, lanes: Lanes, looks: Looks, presence: Presence) -> None:
        self._lanes, self.looks, self._presence = lanes, looks, presence

    def of(self, wire: Wire, digest: Digest, tags: tuple[str, ...]) -> Standing:
        """How the tags stand; one that was looked at long ago is looked at again. Raises TagTaken where somebody else
        wrote it since, for it is by that look that its write was decided.

        The last tag is the last that a finished run wrote, so it is asked for alone first: one request ends a push in
        which nothing has changed, however many blobs it has."""
        there = True if self.looks.names(wire.repository, digest) else None
        kept = self.looks.take(wire.repository, tags)
        seen = {tag: look for tag, look in kept.items() if self.looks.is_fresh(look)}
        manifests, unknown = Manifests(wire), tuple(tag for tag in tags if tag not in seen)
        if unknown and unknown[-1] == tags[-1]:
            *others, last = unknown
            unknown = tuple(others)
            seen[last] = self.looks.look(partial(manifests.head, last))
        if unknown:
            ask_digest = there is None and all(look.digest != digest for look in seen.values())
            asked = (*unknown, str(digest)) if ask_digest else unknown
            acts = [partial(self.looks.look, partial(manifests.head, each)) for each in asked]
            found = dict(zip(asked, self._lanes.do(acts), strict=True))
            seen.update({tag: found[tag] for tag in unknown})
            there = found[str(digest)].digest == digest if ask_digest else there
        for tag, before in kept.items():
            if (present := seen[tag].digest) not in (before.digest, digest):
                raise moved_meanwhile(wire.repository, tag, before.digest, present=present, wanted=digest)
        missing = tuple(tag for tag in tags if seen[tag].digest != digest)
        return Standing(missing, True if len(missing) < len(tags) else there, seen)

    def there(self, wire: Wire, digest: Digest, standing: Standing) -> bool:
        """Whether the digest is in the repository."""
        return Manifests(wire).head(str(digest)) is not None if standing.there is None else standing.there

    def blobs(
        self, wire: Wire, digest: Digest, standing: Standing, blobs: tuple[Descriptor, ...]
    ) -> frozenset[Digest] | None:
        """Those of the blobs that the repository has; None if it has the whole image."""
        if standing.there:
            return None
        return self.ask(wire, digest, blobs, there=standing.there).present()

    def ask(self, wire: Wire, digest: Digest, blobs: tuple[Descriptor, ...], *, there: bool | None = None) -> Asked:
        """Begin to ask for the blobs. Where nobody has asked for the digest (an image that seems to be new) all
        questions go out together."""

        def whole() -> frozenset[Digest] | None:
            return None if Manifests(wire).head(str(digest)) is not None else frozenset()

        asks: list[Ask] = [whole] if there is None else []
        moment = self._lanes.moment()
        return Asked(moment, self._lanes.start([*asks, *self._presence.asks(wire, blobs)]))

    def beside(self, wire: Wire, blobs: tuple[Descriptor, ...]) -> frozenset[Digest]:
        """Those of the blobs of referrers that the repository has."""
        answers = self._lanes.do(self._presence.asks(wire, blobs)) if blobs else []
        return frozenset[Digest]().union(*answers)
