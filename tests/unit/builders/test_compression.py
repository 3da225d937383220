"""Compressed layers: readable by everybody, the same bytes however the data comes and however many work at it."""

from __future__ import annotations

import gzip as standard
import hashlib
import itertools
import random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.builders import compression
from ecr_publish.builders.compression import compressor, gzip_member, identity, zstd_frame
from ecr_publish.builders.workers import BLOCK, SideBySide, Workers
from ecr_publish.model.compression import GZIP, ZSTD, Compression

NOISE = random.Random(7).randbytes(1_200_000)
TEXT = b"".join(b"line %d of a file that shrinks\n" % number for number in range(60_000))
DATA = NOISE + TEXT
WORDS = b" ".join(random.Random(3).choices([NOISE[at : at + 9] for at in range(0, 90_000, 9)], k=100_000))
GOLDEN_ZSTD = "76e25227ae0ba8d55323d0bec9d08ba6496b1511139443478e900e672bfbb3c9"
GOLDEN = "269178f5dc34e909952714be08bf41760471aa3cd72a4166c397877b88956aa1"


def member(block: bytes) -> bytes:
    return gzip_member(block, 1)


def stream(compressor: compression.Compressor, parts: list[bytes]) -> bytes:
    return b"".join(compressor.compress(part) for part in parts) + compressor.flush()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, len(DATA)])
def test_what_comes_out_is_what_went_in(size):
    assert standard.decompress(stream(compressor(GZIP), [DATA[:size]])) == DATA[:size]


@given(st.lists(st.integers(0, len(DATA)), max_size=8), st.integers(1, 5))
def test_neither_how_the_data_is_cut_nor_how_many_work_changes_the_bytes(cuts, workers):
    at = [0, *sorted(cuts), len(DATA)]
    parts = [DATA[start:end] for start, end in itertools.pairwise(at)]
    several, one = SideBySide(member, Workers(workers, 2 * workers)), SideBySide(member, Workers(1, 1))
    assert stream(several, parts) == stream(one, [DATA])


def test_the_bytes_are_those_of_every_other_machine():
    """If this fails after an update of a library, digests of images change: then its name has to, and the changelog."""
    assert hashlib.sha256(stream(compressor(GZIP), [DATA])).hexdigest() == GOLDEN


def test_nothing_of_the_machine_is_in_the_header():
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"  # no name, no time, fastest, no operating system
    assert stream(compressor(GZIP), [b"x"])[:10] == header


def test_text_shrinks_and_noise_is_stored():
    assert len(member(TEXT[:BLOCK])) < BLOCK / 4
    stored = member(NOISE[:BLOCK])
    assert BLOCK < len(stored) < BLOCK + 200
    assert NOISE[100_000:110_000] in stored


def test_a_block_of_which_a_part_shrinks_is_compressed():
    assert len(member(NOISE[: BLOCK // 2] + TEXT[: BLOCK // 2])) < 0.8 * BLOCK


@pytest.mark.parametrize("size", [0, 1, BLOCK, len(DATA)])
def test_zstd_gives_back_what_went_in(size):
    packed = stream(compressor(ZSTD), [DATA[:size]])
    with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as plain:
        assert plain.read() == DATA[:size]


def test_zstd_has_one_result_too():
    assert hashlib.sha256(stream(compressor(ZSTD), [DATA])).hexdigest() == GOLDEN_ZSTD
    assert stream(SideBySide(lambda block: zstd_frame(block, 3), Workers(3, 6)), [DATA]) == stream(
        compressor(ZSTD), [DATA]
    )


def test_the_libraries_are_those_that_the_names_say():
    """A cache of another version must not be believed."""
    assert "zstd " + ".".join(map(str, zstandard.ZSTD_VERSION)) in identity(ZSTD)
    assert len({identity(each) for each in (GZIP, ZSTD, Compression("gzip", 6), Compression("zstd", 1))}) == 4


@pytest.mark.parametrize("method", ["gzip", "zstd"])
def test_a_higher_level_takes_fewer_bytes(method):
    low, high = (stream(compressor(Compression(method, level)), [WORDS]) for level in (1, 9))
    assert len(high) < len(low)
