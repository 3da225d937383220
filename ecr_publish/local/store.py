"""Store: all registries of the embedded ECR, in memory, and on disk if it has a directory."""

from __future__ import annotations

import json
import os
import secrets
import threading
from dataclasses import asdict, fields
from pathlib import Path
from urllib.parse import quote, unquote

from ecr_publish.local.contents import DirectoryContents, MemoryContents, flush_directory
from ecr_publish.local.records import Image, Registry, Repository


class Store:
    """Registries by (account, region). Every change is made under `lock` and saved before it is answered."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory
        self.lock = threading.RLock()
        self.contents: MemoryContents | DirectoryContents
        self.contents = MemoryContents() if directory is None else DirectoryContents(_made(directory))
        self._registries: dict[tuple[str, str], Registry] = {}
        self.key = self._key()
        if directory is not None:
            self._load(directory)

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
        """Make a change durable: the repository's record, or the registry's settings."""
        if self.directory is None:
            return
        home = _made(self.directory / "registries" / registry.account / registry.region)
        if repository is None:
            settings = {key: value for key, value in asdict(registry).items() if key != "repositories"}
            _write(home / "registry.json", settings)
            return
        path = home / f"{quote(repository.name, safe='')}.repository.json"
        if repository.name in registry.repositories:
            _write(path, asdict(repository))
        else:
            path.unlink(missing_ok=True)
            flush_directory(home)

    def ports(self) -> dict[str, int]:
        """The `/v2` ports given out so far, `account/region` -> port."""
        path = self.directory / "ports.json" if self.directory else None
        return json.loads(path.read_text()) if path and path.exists() else {}

    def save_ports(self, ports: dict[str, int]) -> None:
        """Keep them for the next start."""
        if self.directory is not None:
            _write(self.directory / "ports.json", ports)

    def close(self) -> None:
        """Let go of temporary files."""
        self.contents.close()

    def _key(self) -> bytes:
        """What tokens are signed with: kept with the store, so that they outlive a restart."""
        if self.directory is None:
            return secrets.token_bytes(32)
        path = self.directory / "token.key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(secrets.token_bytes(32))
        return path.read_bytes()

    def _load(self, directory: Path) -> None:
        for path in sorted((directory / "registries").glob("*/*/*.json")):
            account, region = path.parts[-3], path.parts[-2]
            registry = self.registry(account, region)
            value = json.loads(path.read_text(encoding="utf-8"))
            if path.name == "registry.json":
                for key in {each.name for each in fields(Registry)} & set(value) - {"account", "region"}:
                    setattr(registry, key, value[key])
                continue
            images = {digest: Image(**image) for digest, image in value.pop("images").items()}
            name = unquote(path.name.removesuffix(".repository.json"))
            registry.repositories[name] = Repository(**value, images=images)


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _write(path: Path, value: object) -> None:
    """Write a document so that a reader sees the old one or the new one, never a part."""
    spool = path.with_suffix(".new")
    with spool.open("w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    spool.replace(path)
    flush_directory(path.parent)
