"""The registry's scanner: the state of one manifest's scan, read with our own paging.

Botocore's waiter ends on two of eleven states, and its paginator keeps only the first page's counts: neither is used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ecr_publish.aws.coverage import InspectorCoverage
from ecr_publish.aws.kept import Kept
from ecr_publish.aws.reading import UNNAMED, UNPROVED, Enrolled, covered, reading
from ecr_publish.aws.repositories import account_of
from ecr_publish.aws.session import Sessions
from ecr_publish.errors import NotAuthorised, RegistryRefused
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.scan import Scan, Unscanned, Unsupported, Waiting
from ecr_publish.model.target import Target

NO_SCAN = "no scan yet"
MANUAL = "MANUAL"
_INSPECTED = {"BASIC": False, "ENHANCED": True}  # by scanType, which is BASIC where nothing was ever set
PAGE = 1000  # the most that DescribeImageScanFindings gives at once
MOST_PAGES = 1000
SIDE_BY_SIDE = 8


class EcrScans:
    """`ports.judging.ScanSource`. Safe from threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._coverage = InspectorCoverage(sessions)
        self._inspected: Kept[tuple[str, str | None, str | None], bool | None] = Kept()
        self._frequency: Kept[Repository, str | None] = Kept()
        self._asked: set[tuple[Repository, Digest]] = set()
        self._lock = threading.Lock()

    def scan(self, target: Target, repository: Repository, digest: Digest) -> Scan:
        """The present state; starts a basic scan by hand where none would come by itself.

        Raises NotAuthorised, ImageMissing, RepositoryMissing, Throttled, Unavailable; never for a state.
        """
        if not isinstance(repository.registry, EcrRegistry):
            return Unsupported("this registry has no scanner")
        client = self._sessions.client("ecr", target)
        return self._scan(client, target, repository, digest, lambda: self._is_inspected(client, target))

    def scans(self, target: Target, repository: Repository, digests: tuple[Digest, ...]) -> tuple[Scan, ...]:
        """The states of several, side by side, in their order. Who scans this registry is asked beside them: no scan
        can be read without it. Raises what the first of them meets."""
        if not digests or not isinstance(repository.registry, EcrRegistry):
            return tuple(self.scan(target, repository, each) for each in digests)
        client = self._sessions.client("ecr", target)
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="scans") as pool:
            inspected = pool.submit(self._is_inspected, client, target)  # first: the others wait for it
            begun = [pool.submit(self._scan, client, target, repository, each, inspected.result) for each in digests]
            return tuple(each.result() for each in begun)

    def _scan(
        self,
        client: Any,
        target: Target,
        repository: Repository,
        digest: Digest,
        is_inspected: Callable[[], bool | None],
    ) -> Scan:
        pages = self._pages(client, repository, digest)
        if pages is None:
            return self._none_yet(client, target, repository, digest)
        read = reading(pages, inspected=is_inspected())
        if isinstance(read, Enrolled):
            registry = repository.registry
            named = registry.account if isinstance(registry, EcrRegistry) else None
            account = named or str(pages[0].get("registryId", ""))
            return self._covered(target, repository, digest, account, read)
        return read

    def _pages(self, client: Any, repository: Repository, digest: Digest) -> list[Any] | None:
        """All pages; None if there is no scan of this image."""
        asked = {
            "repositoryName": repository.name,
            "imageId": {"imageDigest": str(digest)},
            "maxResults": PAGE,
            **account_of(repository),
        }
        where = f"describe-image-scan-findings {repository}@{digest.short}"

        def page() -> Any:
            try:
                return client.describe_image_scan_findings(**asked)
            except client.exceptions.ScanNotFoundException:
                return None

        pages: list[Any] = []
        while len(pages) < MOST_PAGES:
            got = self._sessions.ask(where, page)
            if got is None:
                return None
            pages.append(got)
            token = got.get("nextToken")
            if not token:
                return pages
            asked["nextToken"] = token
        raise RegistryRefused(
            what=f"more than {MOST_PAGES} pages of findings", where=where, hint="this is not Amazon ECR's answer"
        )

    def _covered(self, target: Target, repository: Repository, digest: Digest, account: str, read: Enrolled) -> Scan:
        try:
            coverage = self._coverage.of(target, repository, digest, account)
        except (NotAuthorised, RegistryRefused) as error:
            early = f"enhanced scanning says {read.status} before its first scan is over"
            return Unscanned(
                UNPROVED,
                f"{early if read.is_certain else UNNAMED}, and Inspector's coverage, which would prove it, cannot be "
                f"read (inspector2:ListCoverage): {error.what}",
            )
        return covered(read, coverage)

    def _none_yet(self, client: Any, target: Target, repository: Repository, digest: Digest) -> Scan:
        """No record: just pushed, or nobody will ever scan it unless it is asked for."""
        frequency = self._frequency.get(repository, lambda: self._read_frequency(client, repository))
        if frequency is None:
            return Waiting(NO_SCAN, "what is scanned here cannot be read (ecr:BatchGetRepositoryScanningConfiguration)")
        if frequency != MANUAL:
            return Waiting(NO_SCAN, f"scanned {frequency}")
        if self._is_inspected(client, target):
            return Unscanned("NEVER_SCANNED", "enhanced scanning is on, and no filter of it covers this repository")
        with self._lock:
            first = (repository, digest) not in self._asked
            self._asked.add((repository, digest))
        return self._start(client, repository, digest) if first else Waiting(NO_SCAN, "asked for by hand")

    def _start(self, client: Any, repository: Repository, digest: Digest) -> Scan:
        def start() -> Scan:
            errors = client.exceptions
            try:
                client.start_image_scan(
                    repositoryName=repository.name, imageId={"imageDigest": str(digest)}, **account_of(repository)
                )
            except errors.UnsupportedImageTypeException as error:
                return Unsupported(_message(error))
            except errors.LimitExceededException:
                # once a day per image: what the earlier scan found can still be read, so the next look may find it
                return Waiting(NO_SCAN, "today's scan of this image was used already")
            except errors.ImageArchivedException:
                return Unscanned("IMAGE_ARCHIVED", "restore it from the archive first")
            except errors.ValidationException as error:
                # what a registry with enhanced scanning answers ("This feature is disabled")
                return Unscanned("NEVER_SCANNED", f"no scan can be started by hand: {_message(error)}")
            return Waiting(NO_SCAN, "asked for by hand")

        return self._sessions.ask(f"start-image-scan {repository}@{digest.short}", start)

    def _read_frequency(self, client: Any, repository: Repository) -> str | None:
        """The effective frequency as AWS resolves it from its filters; None where we may not ask."""
        try:
            got = self._sessions.ask(
                f"batch-get-repository-scanning-configuration {repository}",
                lambda: client.batch_get_repository_scanning_configuration(repositoryNames=[repository.name]),
            )
        except NotAuthorised:
            return None
        found: dict[str, Any] = next(iter(got.get("scanningConfigurations", ())), {})
        return str(found.get("scanFrequency", MANUAL))

    def _is_inspected(self, client: Any, target: Target) -> bool | None:
        """Whether this registry is scanned by Amazon Inspector; None where we may not ask or AWS has a new word."""
        key = (str(target.registry), target.role, target.profile)
        return self._inspected.get(key, lambda: self._read_type(client, target))

    def _read_type(self, client: Any, target: Target) -> bool | None:
        try:
            got = self._sessions.ask(
                f"get-registry-scanning-configuration @{target.name}", client.get_registry_scanning_configuration
            )
        except NotAuthorised:
            return None
        return _INSPECTED.get(str(got.get("scanningConfiguration", {}).get("scanType", "BASIC")))


def _message(error: Any) -> str:
    return str(error.response["Error"].get("Message") or error.response["Error"].get("Code", "refused"))
