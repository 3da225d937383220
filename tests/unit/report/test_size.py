"""Sizes and durations in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ecr_publish.report.size import human, lasted


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_951, "1.0 MB"),
        (23_000_000, "23.0 MB"),
        (5 * 10**9, "5.0 GB"),
        (5 * 10**12, "5.0 TB"),
    ],
)
def test_sizes_are_read_at_a_glance(count: int, words: str):
    assert human(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0.0s"), (0.42, "0.4s"), (9.96, "10s"), (59.4, "59s"), (59.6, "1m00s"), (185, "3m05s"), (93_600, "26h00m")],
)
def test_durations_are_read_at_a_glance(seconds: float, words: str):
    assert lasted(timedelta(seconds=seconds)) == words
