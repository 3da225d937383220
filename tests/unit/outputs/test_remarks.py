"""Remarks: an error stands at its line, else at its image's, and a flood is cut with a count."""

from __future__ import annotations

from ecr_publish.errors import BuildFailed, ConfigError, Unavailable
from ecr_publish.outputs.remarks import MOST, Level, refusals, remarks
from ecr_publish.run.outcome import Failed
from tests.unit.report.test_console import hostile_run
from tests.unit.report.words import BUILD, entry, good_run, run_of, vulnerable_run

PLACES = {"web": "ecr-publish.yaml:7:3"}


def here(path: str) -> str | None:
    """A checkout that holds two files."""
    return f"app/{path}" if path in ("ecr-publish.yaml", "web/Dockerfile") else None


def test_a_failed_build_stands_at_the_dockerfiles_line():
    error = BuildFailed(what="exit 1", where="images.web.build (web/Dockerfile:4)", hint="see above")
    (found,) = remarks(run_of(entry(BUILD, Failed(error)), exit_code=4), PLACES, here)
    assert (found.level, found.file, found.line, found.column) == (Level.ERROR, "app/web/Dockerfile", 4, None)
    assert found.message == "exit 1\nhint: see above"


def test_an_error_without_a_place_stands_at_its_image():
    (found,) = remarks(vulnerable_run(), PLACES, here)
    assert (found.file, found.line, found.column) == ("app/ecr-publish.yaml", 7, 3)
    assert found.title == "ecr-publish: promote web@staging"


def test_a_host_and_port_is_no_place():
    error = Unavailable(what="cut", where="localhost:5000", hint="again")
    (found,) = remarks(run_of(entry(BUILD, Failed(error)), exit_code=9), {}, here)
    assert found.file is None
    assert found.message.startswith("localhost:5000: cut")


def test_errors_of_the_file_stand_where_they_are():
    found = refusals([ConfigError(what="x", where="ecr-publish.yaml:3:5", hint="y")], here)
    assert [(each.file, each.line, each.column) for each in found] == [("app/ecr-publish.yaml", 3, 5)]


def test_a_flood_is_cut_and_the_last_one_counts_the_rest():
    errors = [ConfigError(what=str(number), where=f"ecr-publish.yaml:{number}:1", hint="y") for number in range(1, 31)]
    found = refusals(errors, here)
    assert len(found) == MOST
    assert found[-1].message == f"{30 - MOST + 1} more: see the log"


def test_warnings_come_after_errors():
    levels = [each.level for each in remarks(hostile_run(), PLACES, here)]
    assert levels == sorted(levels, key=list(Level).index)
    assert Level.WARNING in levels


def test_a_good_run_has_nothing_to_remark():
    assert remarks(good_run(), PLACES, here) == ()
