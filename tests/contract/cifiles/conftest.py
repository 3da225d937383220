"""The three CI files as text and as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]


@pytest.fixture
def action() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


@pytest.fixture
def buildspec() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "buildspec.yml").read_text(encoding="utf-8"))


@pytest.fixture
def component() -> tuple[dict[str, Any], dict[str, Any]]:
    """The two documents of the component: its inputs and its jobs."""
    header, jobs = yaml.safe_load_all((ROOT / "templates" / "ecr-publish.yml").read_text(encoding="utf-8"))
    return header, jobs
