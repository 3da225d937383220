"""The registry's scanner: the state of one manifest's scan, read with our own paging."""

from __future__ import annotations

import threading
from typing import Any

from ecr_publish.aws.errors import translated
from ecr_publish.aws.findings import scan_of
from ecr_publish.aws.repositories import account_of
from ecr_publish.aws.session import Sessions
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.scan import Complete, Scan, Unscanned, Unsupported, Waiting
from ecr_publish.model.target import Target

MANUAL = "MANUAL"


class EcrScans:
    """`ports.ScanSource`. Botocore's waiter is not used: it ends on two of eleven states only."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._frequencies: dict[Repository, tuple[str, bool]] = {}
        self._asked: set[tuple[Repository, Digest]] = set()
        self._lock = threading.Lock()

    def scan(self, target: Target, repository: Repository, digest: Digest) -> Scan:
        """The present state; starts a basic scan by hand where none would come by itself."""
        if not isinstance(repository.registry, EcrRegistry):
            return Unsupported("this registry has no scanner")
        client = self._sessions.client("ecr", target)
        with translated(f"describe-image-scan-findings {repository}@{digest.short}"):
            pages = _pages(client, repository, digest)
        if pages is None:
            return self._none_yet(client, target, repository, digest)
        scan = scan_of(pages)
        if isinstance(scan, Complete) and scan.scanner == "enhanced":
            return self._covered(target, repository, digest, scan)
        return scan

    def _none_yet(self, client: Any, target: Target, repository: Repository, digest: Digest) -> Scan:
        """No record: just pushed, or nobody will ever scan it unless it is asked for."""
        frequency, enhanced = self._frequency(client, repository)
        if frequency != MANUAL:
            return Waiting("no scan yet", frequency)
        if enhanced:
            return Unscanned("NEVER_SCANNED", "enhanced scanning is on, and no rule covers this repository")
        with self._lock:
            first = (repository, digest) not in self._asked
            self._asked.add((repository, digest))
        if first:
            return self._started(client, repository, digest)
        return Waiting("no scan yet", "asked for")

    def _started(self, client: Any, repository: Repository, digest: Digest) -> Scan:
        with translated(f"start-image-scan {repository}@{digest.short}"):
            try:
                client.start_image_scan(
                    repositoryName=repository.name, imageId={"imageDigest": str(digest)}, **account_of(repository)
                )
            except client.exceptions.UnsupportedImageTypeException as error:
                return Unsupported(str(error.response["Error"].get("Message", "unsupported image type")))
            except client.exceptions.LimitExceededException:
                # once a day per image; what the earlier scan found can still be read
                return Waiting("no scan yet", "the daily scan of this image was used already")
            except client.exceptions.ImageArchivedException:
                return Unscanned("IMAGE_ARCHIVED", "restore it from the archive first")
        return Waiting("no scan yet", "asked for")

    def _frequency(self, client: Any, repository: Repository) -> tuple[str, bool]:
        """The effective frequency, and whether scanning is enhanced; asked once per repository."""
        with self._lock:
            if repository in self._frequencies:
                return self._frequencies[repository]
        with translated(f"batch-get-repository-scanning-configuration {repository}"):
            got = client.batch_get_repository_scanning_configuration(repositoryNames=[repository.name])
            registry = client.get_registry_scanning_configuration()
        found: dict[str, Any] = next(iter(got.get("scanningConfigurations", ())), {})
        kind = registry.get("scanningConfiguration", {}).get("scanType", "BASIC")
        frequency = (str(found.get("scanFrequency", MANUAL)), kind == "ENHANCED")
        with self._lock:
            self._frequencies[repository] = frequency
        return frequency

    def _covered(self, target: Target, repository: Repository, digest: Digest, scan: Complete) -> Scan:
        """Enhanced scanning says ACTIVE before the first scan is done: Inspector's coverage is the proof."""
        registry = repository.registry
        assert isinstance(registry, EcrRegistry)
        arn = f"arn:aws:ecr:{registry.region}:{registry.account}:repository/{repository.name}/{digest}"
        with translated(f"inspector2 list-coverage {repository}@{digest.short}"):
            got = self._sessions.client("inspector2", target).list_coverage(
                filterCriteria={"resourceId": [{"comparison": "EQUALS", "value": arn}]}
            )
        resources = got.get("coveredResources", ())
        reason = resources[0].get("scanStatus", {}).get("reason", "") if resources else "not covered"
        if reason == "SUCCESSFUL":
            return scan
        if not resources or reason in ("PENDING_INITIAL_SCAN", "SCAN_IN_PROGRESS", "PENDING_REVIVAL_SCAN"):
            return Waiting("ACTIVE", f"Inspector: {reason}")
        return Unscanned(reason, "Amazon Inspector says that this image's scan is not usable")


def _pages(client: Any, repository: Repository, digest: Digest) -> list[Any] | None:
    """All pages; None if there is no scan of this image."""
    asked = {
        "repositoryName": repository.name,
        "imageId": {"imageDigest": str(digest)},
        "maxResults": 1000,
        **account_of(repository),
    }
    pages: list[Any] = []
    while True:
        try:
            page = client.describe_image_scan_findings(**asked)
        except client.exceptions.ScanNotFoundException:
            return None
        pages.append(page)
        if not page.get("nextToken"):
            return pages
        asked["nextToken"] = page["nextToken"]
