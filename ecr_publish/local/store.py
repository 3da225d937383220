"""Store: all registries of the embedded ECR, in memory, and on disk if it has a directory."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path
from urllib.parse import quote

from ecr_publish.errors import UsageError
from ecr_publish.local.contents import Contents, flush_directory
from ecr_publish.local.digests import named
from ecr_publish.local.holding import held
from ecr_publish.local.records import Image, Registry, Repository


class Store:
    """Registries by (account, region). Every change is made under `lock` and saved before it is answered."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory
        self.lock = threading.RLock()
        self._held = None if directory is None else held(_made(directory))
        self.contents = Contents(directory)
        self._registries: dict[tuple[str, str], Registry] = {}
        self._named: dict[tuple[str, str, str], frozenset[str]] = {}  # what each repository names, as saved
        self._counts: Counter[str] = Counter()  # digest -> in how many of them
        self.key = self._key()
        if directory is not None:
            self._load(directory)
            self._collect(directory)

    def registry(self, account: str, region: str) -> Registry:
        """The registry, which always exists."""
        with self.lock:
            return self._registries.setdefault((account, region), Registry(account, region))

    @property
    def registries(self) -> tuple[Registry, ...]:
        """All that were ever asked for."""
        with self.lock:
            return tuple(self._registries.values())

    def save(self, registry: Registry, repository: Repository | None = None) -> None:
        """Make a change durable: the repository's record, or the registry's settings. Content that was named until now,
        and is not any more by any repository, is removed afterwards."""
        if self.directory is not None:
            self._save(self.directory, registry, repository)
        if repository is not None:
            self._forget(registry, repository)

    def _save(self, directory: Path, registry: Registry, repository: Repository | None) -> None:
        home = _made(directory / "registries" / registry.account / registry.region)
        if repository is None:
            settings = {key: value for key, value in asdict(registry).items() if key != "repositories"}
            _write(home / "registry.json", settings)
            return
        path = home / _file_name(repository.name)
        if repository.name in registry.repositories:
            _write(path, asdict(repository))
        else:
            path.unlink(missing_ok=True)
            flush_directory(home)

    def _forget(self, registry: Registry, repository: Repository) -> None:
        is_there = registry.repositories.get(repository.name) is repository
        gone = self._name(registry, repository, repository.named() if is_there else frozenset())
        for digest in gone:
            if not self._counts[digest]:
                del self._counts[digest]
                self.contents.remove(named(digest))

    def _name(self, registry: Registry, repository: Repository, digests: frozenset[str]) -> frozenset[str]:
        """Note what a repository names now; what it named before and does not any more."""
        key = (registry.account, registry.region, repository.name)
        before = self._named.pop(key, frozenset())
        if digests:
            self._named[key] = digests
        self._counts.update(digests - before)
        self._counts.subtract(before - digests)
        return before - digests

    def _collect(self, directory: Path) -> None:
        """Remove what a process that was killed had left: content that nothing names, and documents half written."""
        kept = {named(digest).hex for digest in self._counts}
        self.contents.collect(kept)
        for path in directory.rglob("*.new"):
            path.unlink()

    def ports(self) -> dict[str, int]:
        """The `/v2` ports given out so far, `account/region` -> port."""
        path = self.directory / "ports.json" if self.directory else None
        return json.loads(path.read_text()) if path and path.exists() else {}

    def save_ports(self, ports: dict[str, int]) -> None:
        """Keep them for the next start."""
        if self.directory is not None:
            _write(self.directory / "ports.json", ports)

    def close(self) -> None:
        """Let go of temporary files, and of the directory."""
        self.contents.close()
        if self._held is not None:
            self._held.close()

    def _key(self) -> bytes:
        """What tokens are signed with: kept with the store, so that they outlive a restart."""
        if self.directory is None:
            return secrets.token_bytes(32)
        path = self.directory / "token.key"
        if not path.exists():
            spool = path.with_suffix(".new")
            spool.touch(mode=0o600)
            with spool.open("wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            spool.replace(path)
            flush_directory(path.parent)
        return path.read_bytes()

    def _load(self, directory: Path) -> None:
        for path in sorted((directory / "registries").glob("*/*/*.json")):
            try:
                self._load_record(path)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise UsageError(
                    what=f"not a record of an embedded ECR, or of a newer one: {type(error).__name__}: {error}",
                    where=str(path),
                    hint="name another directory with --store, or the version of ecr-publish that wrote this one",
                ) from error

    def _load_record(self, path: Path) -> None:
        account, region = path.parts[-3], path.parts[-2]
        registry = self.registry(account, region)
        value = json.loads(path.read_text(encoding="utf-8"))
        if path.name == "registry.json":
            for key in {each.name for each in fields(Registry)} & set(value) - {"account", "region"}:
                setattr(registry, key, value[key])
            return
        images = {digest: Image(**image) for digest, image in value.pop("images").items()}
        repository = Repository(**value, images=images)
        registry.repositories[repository.name] = repository
        self._name(registry, repository, repository.named())


def _made(directory: Path) -> Path:
    if not directory.exists():
        _made(directory.parent)
        directory.mkdir(exist_ok=True)
        flush_directory(directory.parent)
    return directory


def _file_name(repository: str) -> str:
    """Of a repository's record: its name, or where that is too long for a file system, its hash."""
    name = quote(repository, safe="")
    return f"{name if len(name) <= 200 else hashlib.sha256(repository.encode()).hexdigest()}.repository.json"


def _write(path: Path, value: object) -> None:
    """Write a document so that a reader sees the old one or the new one, never a part."""
    spool = path.with_suffix(".new")
    with spool.open("w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    spool.replace(path)
    flush_directory(path.parent)
