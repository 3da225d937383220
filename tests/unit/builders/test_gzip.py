"""Streams of gzip: readable by everybody, and the same bytes however the data comes."""

from __future__ import annotations

import gzip as standard
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.builders import gzip

DATA = random.Random(7).randbytes(70_000) * 3


def stream(compressor: gzip.Compressor, parts: list[bytes]) -> bytes:
    return b"".join(compressor.compress(part) for part in parts) + compressor.flush()


@pytest.mark.parametrize("make", [gzip.portable, gzip.fast])
@pytest.mark.parametrize("size", [0, 1, 65_534, 65_535, 65_536, 131_070, 210_000])
def test_what_comes_out_is_what_went_in(make, size):
    assert standard.decompress(stream(make(), [DATA[:size]])) == DATA[:size]


@given(st.lists(st.integers(0, len(DATA)), max_size=8))
def test_how_the_data_is_cut_does_not_matter(cuts):
    at = [0, *sorted(cuts), len(DATA)]
    parts = [DATA[start:end] for start, end in itertools.pairwise(at)]
    assert stream(gzip.portable(), parts) == stream(gzip.portable(), [DATA])


def test_the_portable_stream_holds_the_data_as_it_is():
    content = b"x" * 100
    assert (
        stream(gzip.portable(), [content])
        == (
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, no time, no operating system
            + b"\x01\x64\x00\x9b\xff"  # the final block, stored, 100 bytes
            + content
            + stream(gzip.portable(), [content])[-8:]
        )
    )


@pytest.mark.parametrize("make", [gzip.portable, gzip.fast])
def test_nothing_of_the_machine_is_in_the_header(make):
    assert stream(make(), [b"x"])[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
