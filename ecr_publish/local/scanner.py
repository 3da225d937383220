"""The scanner: takes its (simulated) time, reads layers for an operating system, and finds what the script says."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import Any

from ecr_publish.local.records import Image, Registry, Repository
from ecr_publish.local.store import Store
from ecr_publish.model.digest import Digest
from ecr_publish.oci.manifest import DOCKER_INDEX, OCI_INDEX

ENHANCED = "ENHANCED"
OS_FILES = ("etc/os-release", "usr/lib/os-release")
IMAGE_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")


class Phase(Enum):
    """How far a scan is."""

    QUEUED = auto()
    RUNNING = auto()
    UNSUPPORTED = auto()
    FINISHED = auto()


@dataclass(frozen=True, slots=True)
class ScriptedFinding:
    """One finding of the findings file: which repositories (glob), platform and digest it is for."""

    repository: str
    id: str
    severity: str
    package: str = ""
    version: str = ""
    fixed: str | None = None
    platform: str | None = None
    digest: str | None = None


@dataclass
class Scanner:
    """Basic scanning as ECR does it (User Guide, "Scan images for OS vulnerabilities")."""

    store: Store
    clock: Any
    findings: list[ScriptedFinding] = field(default_factory=list)
    takes: timedelta = timedelta(seconds=20)
    never_ends: bool = False
    slower: dict[str, float] = field(default_factory=dict)  # digest -> seconds that its scan takes more
    _systems: dict[str, bool] = field(default_factory=dict)

    def pushed(self, registry: Registry, repository: Repository, image: Image) -> None:
        """A new image: scanned if the repository or a rule of the registry says so."""
        if self.frequency(registry, repository) != "MANUAL" and image.media_type not in (OCI_INDEX, DOCKER_INDEX):
            image.scan_at = self.clock.now().timestamp()

    def configured(self, registry: Registry) -> None:
        """The registry's scanning was set: what enhanced scanning covers from now on gets its initial scan."""
        if registry.scanning.get("scanType") == ENHANCED:
            for repository in registry.repositories.values():
                for image in repository.images.values():
                    self.pushed(registry, repository, image)

    def frequency(self, registry: Registry, repository: Repository) -> str:
        """The effective frequency: the registry's rules, else the repository's own (deprecated) setting; enhanced
        scanning without a rule covers everything."""
        rules: Any = registry.scanning.get("rules", [])
        if registry.scanning.get("scanType") == ENHANCED and not rules:
            return "CONTINUOUS_SCAN"
        found = [frequency for frequency, _ in self.applied(registry, repository)]
        if "CONTINUOUS_SCAN" in found:
            return "CONTINUOUS_SCAN"
        if found:
            return found[0]
        return "SCAN_ON_PUSH" if repository.scan_on_push and registry.scanning.get("scanType") == "BASIC" else "MANUAL"

    def applied(self, registry: Registry, repository: Repository) -> list[tuple[str, str]]:
        """Frequency and filter of what in the registry's rules covers the repository."""
        rules: Any = registry.scanning.get("rules", [])
        return [
            (rule["scanFrequency"], each["filter"])
            for rule in rules
            for each in rule.get("repositoryFilters", ())
            if _covers(each["filter"], repository.name)
        ]

    def phase(self, image: Image) -> Phase:
        """How far the scan is that was asked for; the second half of its time it runs."""
        assert image.scan_at is not None
        waited, takes = self.clock.now().timestamp() - image.scan_at, self._takes(image)
        if waited < takes / 2:
            return Phase.QUEUED
        if self.never_ends or waited < takes:
            return Phase.RUNNING
        return Phase.FINISHED if self._has_system(image) else Phase.UNSUPPORTED

    def _takes(self, image: Image) -> float:
        return self.takes.total_seconds() + self.slower.get(image.digest, 0.0)

    def finished_at(self, image: Image) -> float:
        """When the scan that was asked for is over, in epoch seconds."""
        assert image.scan_at is not None
        return image.scan_at + self._takes(image)

    def state(self, image: Image) -> tuple[str, str]:
        """Status and description of a basic scan that was asked for."""
        match self.phase(image):
            case Phase.QUEUED | Phase.RUNNING:
                return "IN_PROGRESS", "The scan is in progress."
            case Phase.UNSUPPORTED:
                return "UNSUPPORTED_IMAGE", "The operating system and version could not be determined."
            case Phase.FINISHED:
                return "COMPLETE", "The scan was completed successfully."

    def enrolled(self, image: Image, frequency: str) -> tuple[str, str]:
        """Status and description under enhanced scanning: ACTIVE says that the image is enrolled, not that it was
        scanned (aws/aws-sdk#289)."""
        match self.phase(image):
            case Phase.QUEUED:
                return "PENDING", "Pending start of the initial scan."
            case Phase.UNSUPPORTED:
                return "UNSUPPORTED_IMAGE", "The operating system and version could not be determined."
            case Phase.RUNNING | Phase.FINISHED if frequency == "CONTINUOUS_SCAN":
                return "ACTIVE", "Continuous scan is selected for image."
            case Phase.RUNNING:
                return "PENDING", "The initial scan is in progress."
            case Phase.FINISHED:
                return "COMPLETE", "The scan was completed successfully."

    def found(self, repository: Repository, image: Image) -> list[dict[str, Any]]:
        """The findings of a completed scan (ECR API Reference, ImageScanFinding)."""
        platform = self._platform(image)
        return [
            {
                "name": each.id,
                "severity": each.severity,
                "uri": f"https://security-tracker.debian.org/tracker/{each.id}",
                "attributes": [
                    {"key": "package_name", "value": each.package},
                    {"key": "package_version", "value": each.version},
                    *([{"key": "fixed_in_versions", "value": each.fixed}] if each.fixed else []),
                ],
            }
            for each in self.findings
            if fnmatchcase(repository.name, each.repository)
            and each.digest in (None, image.digest)
            and each.platform in (None, platform)
        ]

    def counts(self, findings: list[dict[str, Any]]) -> dict[str, int]:
        """Findings per severity."""
        return dict(Counter(str(each["severity"]) for each in findings))

    def _platform(self, image: Image) -> str | None:
        import json

        try:
            with self.store.contents.open(Digest(image.layers[0])) as file:
                config = json.load(file)
        except (KeyError, IndexError, ValueError):
            return None
        return f"{config.get('os')}/{config.get('architecture')}"

    def _has_system(self, image: Image) -> bool:
        """Whether any layer holds an os-release: without one no scanner knows which packages to look for."""
        if image.digest not in self._systems:
            is_image = image.config_type in IMAGE_CONFIGS and bool(image.layers)
            self._systems[image.digest] = is_image and any(self._names_system(layer) for layer in image.layers[1:])
        return self._systems[image.digest]

    def _names_system(self, layer: str) -> bool:
        try:
            with self.store.contents.open(Digest(layer)) as file, tarfile.open(fileobj=file, mode="r|*") as tar:
                return any(name in OS_FILES for name in _names(tar))
        except (KeyError, tarfile.TarError, EOFError, OSError):
            return False


def _names(tar: tarfile.TarFile) -> Iterator[str]:
    for member in tar:
        yield member.name.removeprefix("./").lstrip("/")


def _covers(pattern: str, name: str) -> bool:
    """A filter without `*` covers names that contain it (User Guide, "Enhanced scanning", filters)."""
    return fnmatchcase(name, pattern) if "*" in pattern else pattern in name
