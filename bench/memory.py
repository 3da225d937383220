"""Peak memory of a push above idle, for a layer of 50 MB and one of 500 MB: a layer is never held in memory.

    python -m bench.memory

Pushes OCI layouts with one incompressible layer to `ecr-publish local` in another process. Idle is the same command
with a layer of 1 kB. Wanted: the 500 MB layer takes at most 8 MB more than the 50 MB one.
"""

import hashlib
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = str(Path(sys.executable).with_name("ecr-publish"))
FILE = """\
version: 1
environments: { dev: { account: "111111111111", region: us-east-2, create: if-missing } }
images:
  big:
    repository: bench/layer-%d
    build: { builder: layout, layout: layout }
    tags: ["type=raw,value=1"]
"""


def blob(layout: Path, content: bytes) -> dict[str, object]:
    """Put a blob into the layout; digest and size of its descriptor."""
    digest = hashlib.sha256(content).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(content)
    return {"digest": f"sha256:{digest}", "size": len(content)}


def layer(layout: Path, size: int) -> dict[str, object]:
    """A layer of random bytes, written in pieces."""
    digest = hashlib.sha256()
    piece = os.urandom(1000)
    with (layout / "layer").open("wb") as out:
        for number in range(size // 1000):
            content = number.to_bytes(8, "big") + piece[8:]
            digest.update(content)
            out.write(content)
    (layout / "layer").rename(layout / "blobs/sha256" / digest.hexdigest())
    return {"digest": f"sha256:{digest.hexdigest()}", "size": size}


def write_layout(folder: Path, size: int) -> None:
    """An OCI layout of one image with one layer of `size` bytes, and the file that pushes it."""
    layout = folder / "layout"
    (layout / "blobs/sha256").mkdir(parents=True)
    described = layer(layout, size)
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [described["digest"]]}}
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json"} | blob(layout, json.dumps(config).encode()),
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar"} | described],
    }
    named = {"mediaType": manifest["mediaType"]} | blob(layout, json.dumps(manifest).encode())
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "ecr-publish.yaml").write_text(FILE % size)


def peak_kb(folder: Path, variables: dict[str, str]) -> int:
    """The greatest resident size of a push, in kB; it must succeed."""
    with (folder / "run.log").open("w") as log:
        process = subprocess.Popen(
            [SCRIPT, "run", "-f", str(folder)], env=os.environ | variables, stdout=log, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit((folder / "run.log").read_text())
    return usage.ru_maxrss


def served(folder: Path) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    """`ecr-publish local` on a directory, and the variables that it gives to its clients."""
    lines = folder.with_suffix(".env")
    process = subprocess.Popen(
        [SCRIPT, "local", "--port", "0", "--store", str(folder), "--env-file", str(lines)], stdout=subprocess.DEVNULL
    )
    while not lines.exists():
        if process.poll() is not None:
            raise SystemExit("ecr-publish local ended")
        time.sleep(0.1)
    words = (shlex.split(line) for line in lines.read_text().splitlines())
    return process, dict(pair.split("=", 1) for verb, *pairs in words if verb == "export" for pair in pairs)


def main() -> int:
    """Measure and print; 1 if memory grows with the layer."""
    with tempfile.TemporaryDirectory() as temporary:
        server, variables = served(Path(temporary, "store"))
        try:
            peaks = {}
            for size in (1_000, 50_000_000, 500_000_000):
                folder = Path(temporary, str(size))
                folder.mkdir()
                write_layout(folder, size)
                peaks[size] = peak_kb(folder, variables) / 1000
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    idle = peaks.pop(1_000)
    for size, peak in peaks.items():
        above = peak - idle
        print(f"{size // 1_000_000:4} MB layer  peak {peak:6.1f} MB  above idle {above:5.1f} MB")
    grown = peaks[500_000_000] - peaks[50_000_000]
    print(f"growth {grown:.1f} MB, wanted <= 8  (idle {idle:.1f} MB, Python {platform.python_version()})")
    return 1 if grown > 8 else 0


if __name__ == "__main__":
    sys.exit(main())
