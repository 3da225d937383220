"""Ports: what the inside needs of the outside, as small Protocols. Adapters satisfy them without importing this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ecr_publish.model.compression import Compression
    from ecr_publish.model.digest import Digest
    from ecr_publish.model.events import Notify
    from ecr_publish.model.evidence import ScanEvidence
    from ecr_publish.model.image import BuiltImage, Identity, InArchive, InEngine, InLayout, InRegistry, PublishedImage
    from ecr_publish.model.layer import StoredBlob
    from ecr_publish.model.registry import Repository
    from ecr_publish.model.scan import Scan
    from ecr_publish.model.target import Target
    from ecr_publish.model.verdict import GateAnswer, Promotion


class Clock(Protocol):
    """Time. `now` is aware UTC; `monotonic` is in seconds from an arbitrary point and never goes back."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds for measuring durations."""

    def sleep(self, wait: timedelta) -> None:
        """Return after `wait`; raises Interrupted or Terminated at once when the run is asked to stop."""


class Stop(Protocol):
    """Whether this run has been asked to stop."""

    def check(self) -> None:
        """Raise Interrupted or Terminated if so. Called before each request and between chunks of long work."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one registry now. `authorization` is a whole header value, None for anonymous; never printed."""

    base_url: str  # https://host, or http://127.0.0.1:port on loopback only; no path
    authorization: str | None = field(default=None, repr=False)
    expires: datetime | None = None


class CredentialSource(Protocol):
    """The only place that ever holds a registry token."""

    def access(self, target: Target) -> Access:
        """Where the target's registry is and a token with at least some minutes left. Cached; safe from threads."""

    def renew(self, target: Target) -> Access:
        """The same with a new token: called once after the registry said that the token has expired."""


class Identities(Protocol):
    """Who we are at a target."""

    def identity(self, target: Target) -> Identity:
        """STS GetCallerIdentity under the target's role or profile. Raises NotAuthorised, WrongAccount, Unavailable."""


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """What the registry says of one repository. `immutable` None: no setting known (a plain registry)."""

    repository: Repository
    immutable: bool | None = None
    except_tags: tuple[str, ...] = ()  # wildcard filters that are exempt from the setting
    scan_on_push: bool | None = None
    enhanced: bool = False


class Repositories(Protocol):
    """Repositories as settings (the JSON API)."""

    def describe(self, target: Target, repository: Repository) -> RepositoryState | None:
        """Its settings, or None if it does not exist. For a plain registry: a state with nothing known."""

    def described(self, target: Target, repositories: tuple[Repository, ...]) -> Mapping[Repository, RepositoryState]:
        """The settings of up to 100 at once. Raises RepositoryMissing if any of them does not exist, NotAuthorised if
        any may not be described: then each has to be asked for by itself."""

    def tags_of(self, target: Target, repository: Repository, reference: Digest | str) -> tuple[str, ...]:
        """All tags on that digest, or on the one that a tag names, sorted (DescribeImages); for registries without that
        API: empty."""

    def create(self, target: Target, repository: Repository) -> RepositoryState:
        """Create it with the safe defaults; one that exists meanwhile is success. Raises NotAuthorised."""

    def ensure(self, target: Target, repository: Repository) -> None:
        """Create it unless it is there. One that was seen in this run is not asked for again."""

    def writable(self, target: Target, repository: Repository) -> bool:
        """True if this principal may push there, False where that cannot be asked (a plain registry). Changes nothing.
        Raises NotAuthorised, RepositoryMissing."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push or copy did. `moved_bytes` were sent; `reused_bytes` were there already or mounted."""

    image: PublishedImage
    already_there: bool  # not one request changed anything
    moved_bytes: int = 0
    reused_bytes: int = 0
    mounted_blobs: int = 0
    warnings: tuple[str, ...] = ()  # sentences about what was left as it is


class LayerAvailability(Protocol):
    """Which blobs a repository has, by the registry's API: an alternative to asking for each over `/v2`."""

    def ready(self, target: Target) -> bool:
        """Whether asking costs no more than the call itself: its client is loaded."""

    def available(self, target: Target, repository: Repository, digests: tuple[Digest, ...]) -> frozenset[Digest]:
        """Those of at most 100 digests that are there. Raises NotAuthorised, RepositoryMissing, Throttled,
        Unavailable."""


class Receiver(Protocol):
    """A repository, while the image that goes there is still being read. Safe from threads."""

    def has(self, blobs: tuple[StoredBlob, ...]) -> frozenset[Digest]:
        """Those that are there: they need not be read."""

    def take(self, blob: StoredBlob) -> None:
        """Begin to send a blob of the layout; returns at once. A failure is raised by a later call, or at the end."""


@dataclass(slots=True)
class Sending:
    """An image on its way: `receiver` takes blobs, `sent_bytes` is what it sent, known when the block has ended."""

    receiver: Receiver
    sent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Arriving:
    """An image that is to be written under the tags that are looked at. `source` is where a published one lies;
    `listed` is whether all tags of the repository will be asked for, should the image be new there."""

    image: InLayout | PublishedImage
    source: Target | None = None
    listed: bool = False


class Looked(Protocol):
    """Tags of a repository that are looked at side by side."""

    def digest(self, tag: str) -> Digest | None:
        """What the tag names; None if nothing. Raises what its own question met, and no other's."""

    def listed(self) -> tuple[str, ...]:
        """All tag names of the repository, every page; unsorted."""


class Images(Protocol):
    """Image content in registries (the `/v2` API): the transfer engine.

    Every method checks the digest of what it receives. Raises RepositoryMissing, NotAuthorised, TokenExpired (only
    after one renewal), TagTaken (the registry's own refusal of an immutable tag), DigestMismatch, Throttled and
    Unavailable (after retries), RegistryRefused.
    """

    def digest(self, target: Target, repository: Repository, reference: str) -> Digest | None:
        """The digest under a tag (or the digest itself if it is there), by one HEAD; None if absent."""

    def open(self, target: Target) -> None:
        """Fetch what the first request to the target's registry needs: a token. Raises what that request would."""

    def look(
        self, target: Target, repository: Repository, tags: tuple[str, ...], arriving: Arriving | None = None
    ) -> Looked:
        """Look at several tags, side by side; what was seen under one a moment ago is not asked again. Where it seems
        that the image is new in the repository, what its `push` or `copy` has to ask is asked beside the looks."""

    def find(self, target: Target, repository: Repository, reference: str) -> PublishedImage | None:
        """The image under a tag or digest (`tags` holds the tag asked for), with its children; None if absent."""

    def labels(self, target: Target, image: PublishedImage) -> dict[str, str]:
        """Annotations of the manifest or index, over the labels of the (first scannable child's) config."""

    def tags(self, target: Target, repository: Repository) -> tuple[str, ...]:
        """All tag names of the repository, every page; unsorted."""

    def push(
        self, layout: InLayout, target: Target, repository: Repository, tags: tuple[str, ...], notify: Notify
    ) -> Pushed:
        """Blobs, manifests by digest (children first), then `tags` in order: the last one is the last write.

        The root with one tag is one PUT by tag. Raises BadImage if the layout's bytes are not what it says.
        """

    def receiving(
        self, layout: Path, target: Target, repository: Repository, tags: tuple[str, ...], notify: Notify
    ) -> AbstractContextManager[Sending]:
        """Blobs of a layout that is being written, sent to the repository while the block runs, and removed from the
        layout; all have arrived at its end. Manifest and tags are left to `push`, which follows at once; the tags are
        looked at already."""

    def copy(
        self,
        image: PublishedImage,
        source: Target,
        target: Target,
        repository: Repository,
        tags: tuple[str, ...],
        notify: Notify,
    ) -> Pushed:
        """The same digest with exact manifest bytes in another repository (or only `tags` in the same one).

        The registry's digest is compared after each write. Nothing is tagged unless everything below the tag is there.
        """


class ScanSource(Protocol):
    """The registry's own scanner."""

    def scan(self, target: Target, repository: Repository, digest: Digest) -> Scan:
        """The present state of one manifest's scan, all pages read; starts a manual basic scan where none will come
        by itself. Never raises for a state: states are values."""

    def scans(self, target: Target, repository: Repository, digests: tuple[Digest, ...]) -> tuple[Scan, ...]:
        """Those of several manifests, side by side, in their order."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What a builder is asked for. Paths are absolute; `build` is the file's own `build:` section."""

    image: str
    build: Any  # config.model.Build
    root: Path  # the directory of ecr-publish.yaml; contexts may not leave it
    output: Path  # an empty directory of our own for a layout
    labels: tuple[tuple[str, str], ...]  # labels and OCI annotations, computed when planned
    created: datetime  # the time stamped into reproducible images
    as_layout: bool = False  # the result must be a layout (another job goes on with it)
    only_pushed: bool = False  # nobody but this run's own push goes on with it: what lies in a tar may stay there
    check: Callable[[], None] = lambda: None  # raises when the run is to stop: call it while waiting for somebody else


class Builder(Protocol):
    """One way to make an image."""

    @property
    def name(self) -> str:
        """The word behind `builder:`."""

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """Build it. Raises BuildFailed, EngineUnavailable, BadImage, MachineFault."""


class EngineImages(Protocol):
    """Images that lie in a container engine's own store."""

    def layout(self, image: InEngine, output: Path, notify: Notify, receiver: Receiver, how: Compression) -> InLayout:
        """Write the image as an OCI layout into `output`, streaming, without the blobs that the receiver has; it is
        given each other one as soon as that is whole. `how` is for layers that are not compressed yet. Raises
        EngineUnavailable, ResultUnusable, MachineFault."""


class ArchivedImages(Protocol):
    """Images in docker-archives."""

    def layout(self, image: InArchive, output: Path, notify: Notify, receiver: Receiver, how: Compression) -> InLayout:
        """As of `EngineImages`; raises BadImage, MachineFault."""

    def foretold(self, image: InArchive, output: Path, how: Compression) -> InLayout | None:
        """The same layout with none of its layers, which are all known from earlier pushes: a repository may have them.
        None where they are not known, or cannot be without reading everything. Raises as `layout`."""


class Gates(Protocol):
    """All gates, built-in and of plugins; every one must allow."""

    def judge(self, promotion: Promotion, evidence: ScanEvidence, required: tuple[str, ...]) -> tuple[GateAnswer, ...]:
        """One answer per gate; one that raises, is silent, or is required and absent has answered CannotJudge."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a step may touch while it runs; built in `app/` only."""

    clock: Clock
    stop: Stop
    identities: Identities
    repositories: Repositories
    images: Images
    scans: ScanSource
    builders: tuple[Builder, ...]
    engine: EngineImages
    archives: ArchivedImages
    gates: Gates
    root: Path  # the directory of ecr-publish.yaml
    workspace: Path  # .ecr-publish: ours to write, never part of a context
    notify: Notify  # progress of the intent that is running
    spool: Callable[[str], AbstractContextManager[Path]]  # a temporary directory for one image, removed afterwards
    as_layout: bool = False  # builds end in layouts, so that a job on another machine can go on with them
    only_pushed: frozenset[str] = frozenset()  # images that no other job or step goes on with than this run's push
    reuse: Mapping[str, InRegistry] = field(default_factory=dict)  # image -> what a taken fixed tag already holds
