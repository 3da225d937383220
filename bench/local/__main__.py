"""The embedded ECR beside Debian's docker-registry on the same disk, in one run.

    python -m bench.local [--write]

Asks: how long until the first answer after a cold start (wanted: under 700 ms, imports included); a blob of 600 MB up
and down (wanted: within 1.5 times of docker-registry's); small requests by 8 connections (wanted: 800 a second, each
with a token that is checked or input that is validated); how much memory the blob costs. `docker-registry` must be on
PATH. `--write` puts the table into bench/README.md.
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import page
from bench.local.blobs import blob_file, down, put_image, up
from bench.local.contestants import Maker, cold, docker_registry, embedded
from bench.local.rates import rates
from bench.local.table import Figures, table
from bench.processes import stoppable

BLOB, SMALL = 600_000_000, 1_000_000  # bytes
ROUNDS = 4


def measured(folder: Path) -> list[Figures]:
    """Of ours and of docker-registry, side by side: they take turns with the blob."""
    makers: tuple[Maker, ...] = (embedded, docker_registry)
    colds = [cold(make, folder) for make in makers]
    with ExitStack() as begun:
        both = [make(folder / make.__name__, begun) for make in makers]
        with blob_file(folder, SMALL) as (path, digest):
            for each in both:
                up(each, path, digest)
                put_image(each, (digest, SMALL))
                down(each, digest, SMALL)
        peaks = [each.peak_mb for each in both]
        ups: list[list[float]] = [[] for _ in both]
        downs: list[list[float]] = [[] for _ in both]
        for _ in range(ROUNDS):
            with blob_file(folder, BLOB) as (path, digest):
                for number, each in enumerate(both):
                    ups[number].append(up(each, path, digest))
                    put_image(each, (digest, BLOB))
                for number, each in enumerate(both):
                    downs[number].append(down(each, digest, BLOB))
        return [
            Figures(colds[number], min(ups[number]), min(downs[number]), each.peak_mb - peaks[number], rates(each))
            for number, each in enumerate(both)
        ]


def main() -> int:
    """Measure and print; 1 if something wanted is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.local")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if shutil.which("docker-registry") is None:
        raise SystemExit("docker-registry is not on PATH: apt-get install docker-registry, or bash .ci/clients.sh DIR")
    with stoppable(), tempfile.TemporaryDirectory() as temporary:
        ours, theirs = measured(Path(temporary))
    text, good = table(ours, theirs)
    print(text)
    if asked.write:
        page.replaced(page.README, "local", text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
