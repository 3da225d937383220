"""`--report FORMAT=FILE`: several reports of one run, and a file that cannot be written never costs the result."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.contract.pipeline.test_commands import Job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_one_run_writes_several_reports_that_agree(job: Job):
    code, said = job.run("rehearse", "--report", "json=a.json", "--report", "junit=b.xml", "--report", "markdown=c.md")
    assert code == 0, said
    (place, *_) = json.loads((job.root / "a.json").read_text())["published"]
    assert ET.parse(job.root / "b.xml").getroot().get("failures") == "0"
    assert place["digest"] in (job.root / "c.md").read_text()
    assert place["digest"] in said


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("junit", "write FORMAT=FILE"),
        ("nothing=x.txt", "choose from console, markdown, json, junit"),
        ("json=absent/x.json", "absent/x.json cannot be written"),
        ("json=system", "system cannot be written"),
    ],
)
def test_a_report_that_cannot_come_about_is_refused_before_anything_is_done(job: Job, asked: str, told: str):
    code, said = job.run("rehearse", "--report", asked)
    assert code == 2
    assert told in said
    assert not (job.root / ".ecr-publish").exists()


def test_a_file_that_fails_while_it_is_written_leaves_the_other_and_the_result(job: Job):
    # /dev/full takes no byte: the disk that fills up during the run
    code, said = job.run("rehearse", "--report", "json=/dev/full", "--report", "junit=b.xml")
    assert code == 1
    assert "/dev/full was not written: No space left on device" in said
    assert "ecr-publish: ok (exit 0)" in said
    assert (job.root / "b.xml").exists()
