"""The engine is asked what it is before anything else: one that says nothing is none."""

from __future__ import annotations

import pytest

from ecr_publish.engine.connection import engine
from ecr_publish.errors import EngineUnavailable
from tests.unit.http.test_unixsocket import falling_silent


def test_an_engine_that_says_nothing_is_given_up(tmp_path):
    environment = {"DOCKER_HOST": f"unix://{tmp_path / 'socket'}", "DOCKER_CONFIG": str(tmp_path)}
    with falling_silent(tmp_path / "socket") as outwaited:
        with (
            pytest.raises(EngineUnavailable, match=r"no Docker engine answers.*timed out"),
            engine(environment, "here", check=lambda: None, asked=0.2),
        ):
            pass
        assert outwaited == []
