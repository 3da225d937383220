"""The world of each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.oci.registries import World, world


@pytest.fixture
def ecr() -> Iterator[World]:
    with world() as made:
        yield made
