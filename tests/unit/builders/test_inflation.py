"""Compressed layers: what they unpack to, whatever they are cut into, and no more than is reasonable."""

from __future__ import annotations

import gzip
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard

from ecr_publish.builders.blobs import LAYER_GZIP, LAYER_ZSTD
from ecr_publish.builders.inflation import LARGEST_WINDOW, USUAL_WINDOW, Damaged, inflated_digest
from tests.unit.builders.layouts import sha256

NOISE = random.Random(11).randbytes(150_000)
PLAIN = NOISE + bytes(3 << 20) + NOISE
GZIP, ZSTD = gzip.compress(PLAIN, mtime=0), zstandard.ZstdCompressor(write_checksum=True).compress(PLAIN)
HALVES = PLAIN[:1_000_000], PLAIN[1_000_000:]
SKIPPABLE = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"skip"  # RFC 8878, 3.1.2
FAR = 1 << 30


def cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize("size", [7_001, 1 << 16, 1 << 20, 1 << 30])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (LAYER_GZIP, GZIP),
        (LAYER_GZIP, b"".join(gzip.compress(half, 1) for half in HALVES)),
        (LAYER_GZIP, gzip.compress(b"") + bytes(512) + GZIP + bytes(5_000)),
        (LAYER_GZIP, b"".join(gzip.compress(piece) for piece in cut(PLAIN, 5_000))),
        (LAYER_ZSTD, ZSTD),
        (LAYER_ZSTD, b"".join(zstandard.ZstdCompressor().compress(half) for half in HALVES)),
        (LAYER_ZSTD, SKIPPABLE + ZSTD + SKIPPABLE),
    ],
    ids=["gzip", "members", "padded", "many members", "zstd", "frames", "skippable frames"],
)
def test_a_layer_has_the_digest_of_what_it_unpacks_to(kind, body, size):
    assert inflated_digest(cut(body, size), kind, FAR) == sha256(PLAIN)


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (LAYER_GZIP, GZIP[:-1], "cut off"),
        (LAYER_GZIP, GZIP[: len(GZIP) // 2], "cut off"),
        (LAYER_GZIP, b"", "cut off"),
        (LAYER_GZIP, GZIP[:-6] + b"xxxxxx", "damaged"),
        (LAYER_GZIP, GZIP + b"garbage", "damaged"),
        (LAYER_ZSTD, ZSTD[:100] + b"xxxxx" + ZSTD[105:], "damaged"),
        (LAYER_ZSTD, ZSTD + b"garbage", "damaged"),
    ],
)
def test_what_is_damaged_is_told(kind, body, words):
    with pytest.raises(Damaged, match=words):
        inflated_digest(cut(body, 1 << 20), kind, FAR)


def test_a_zstd_layer_that_is_cut_off_has_another_digest():
    assert inflated_digest(cut(ZSTD[: len(ZSTD) // 2], 1 << 20), LAYER_ZSTD, FAR) != sha256(PLAIN)


@pytest.mark.parametrize(("kind", "body"), [(LAYER_GZIP, GZIP), (LAYER_ZSTD, ZSTD)])
def test_what_unpacks_to_more_than_allowed_is_given_up(kind, body):
    assert inflated_digest([body], kind, len(PLAIN)) == sha256(PLAIN)
    with pytest.raises(Damaged, match="unpacks to more than"):
        inflated_digest([body], kind, len(PLAIN) - 1)


def wide(window: int) -> bytes:
    """As `zstd --ultra` makes it in a stream, whose size it does not know."""
    parameters = zstandard.ZstdCompressionParameters(window_log=window.bit_length() - 1)
    body = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return body.compress(PLAIN) + body.flush()


@pytest.mark.parametrize("window", [USUAL_WINDOW, 2 * USUAL_WINDOW, LARGEST_WINDOW])
def test_frames_of_every_level_are_unpacked(window):
    assert inflated_digest([wide(window)], LAYER_ZSTD, FAR) == sha256(PLAIN)


@pytest.mark.parametrize(
    ("body", "words"),
    [(wide(2 * LARGEST_WINDOW), "more than 128 MiB of memory"), (ZSTD + wide(LARGEST_WINDOW), "more than 8 MiB of")],
    ids=["at once", "after a usual one"],
)
def test_a_frame_that_asks_for_much_memory_is_refused(body, words):
    with pytest.raises(Damaged, match=words):
        inflated_digest([body], LAYER_ZSTD, FAR)


def test_of_frames_that_need_more_memory_than_usual_one_is_unpacked_at_a_time():
    """The others wait, also for one that is given up."""
    inside, most, lock = 0, 0, threading.Lock()

    def slowly(body: bytes) -> Iterator[bytes]:
        nonlocal inside, most
        yield body[:64]
        with lock:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.05)
        with lock:
            inside -= 1
        yield body[64:]

    def digest(body: bytes) -> str:
        try:
            return inflated_digest(slowly(body), LAYER_ZSTD, FAR)
        except Damaged:
            return "damaged"

    body = wide(LARGEST_WINDOW)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(digest, [body, body + b"garbage", body, body]))
    assert (most, found) == (1, [sha256(PLAIN), "damaged", sha256(PLAIN), sha256(PLAIN)])


@pytest.mark.parametrize(("kind", "body"), [(LAYER_GZIP, GZIP + bytes(3 << 20)), (LAYER_ZSTD, ZSTD + SKIPPABLE * 9)])
def test_every_block_is_taken_also_behind_the_last_frame(kind, body):
    """Whoever keeps the layer keeps what passes here."""
    passed = []
    inflated_digest((passed.append(block) or block for block in cut(body, 1 << 16)), kind, FAR)
    assert b"".join(passed) == body
