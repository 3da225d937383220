"""A process that writes an archive with large layers, or with many: hexadecimal digits, of which half are noise."""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
import tarfile

import zstandard

from tests.unit.builders.layouts import sha256


def main(path: str, squeeze: str, size: str, count: str) -> None:
    squeezed = {"plain": bytes, "gzip": lambda body: gzip.compress(body, 1), "zstd": zstandard.compress}[squeeze]
    diff_ids, names = [], []
    with tarfile.open(path, "w") as tar:

        def add(name: str, body: bytes) -> None:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))

        for number in range(int(count)):
            plain = random.Random(number).randbytes(int(size) // 2).hex().encode()
            diff_ids.append(sha256(plain))
            names.append(f"{number}/layer.tar")
            add(names[-1], squeezed(plain))
        rootfs = {"type": "layers", "diff_ids": diff_ids}
        add("config.json", json.dumps({"os": "linux", "architecture": "amd64", "rootfs": rootfs}).encode())
        listed = [{"Config": "config.json", "RepoTags": None, "Layers": names}]
        add("manifest.json", json.dumps(listed).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
