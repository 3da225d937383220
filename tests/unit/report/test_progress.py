"""Progress says what moved, how fast, and what did not have to; the report says it of the whole run."""

from __future__ import annotations

import json
from dataclasses import replace

from ecr_publish.model.events import How, Transferred
from ecr_publish.model.traffic import Traffic
from ecr_publish.report.console import took
from ecr_publish.report.jsontext import JsonReporter
from ecr_publish.report.progress import Moving
from ecr_publish.run.outcome import Done
from tests.unit.report.words import good_run


def test_bytes_and_rate_are_of_what_is_sent_and_the_rest_is_counted():
    moving = Moving(began=10.0)
    moving.add(Transferred("a", 1_000_000, 4_000_000))
    moving.add(Transferred("a", 3_000_000, 4_000_000))
    moving.add(Transferred("b", 500, 500, How.MOUNTED))
    moving.add(Transferred("c", 900, 900, How.THERE))
    moving.add(Transferred("d", 900, 900, How.THERE))
    assert moving.line(12.0) == "3.0 MB of 4.0 MB sent (1.5 MB/s); blobs 1 mounted, 2 there already"


def test_what_went_ahead_of_its_image_is_not_called_there_already_by_the_push_that_finds_it():
    moving = Moving(began=0.0)
    moving.add(Transferred("a", 4_000_000, 4_000_000))
    moving.add(Transferred("b", 500, 500, How.MOUNTED))
    for what, size in (("a", 4_000_000), ("b", 500), ("c", 900)):
        moving.add(Transferred(what, size, size, How.THERE))
    assert moving.line(0.0) == "4.0 MB of 4.0 MB sent; blobs 1 mounted, 1 there already"


def test_a_blob_that_came_by_somebody_else_while_it_was_sent_is_there_already():
    moving = Moving(began=0.0)
    moving.add(Transferred("a", 1_000_000, 4_000_000))
    moving.add(Transferred("a", 4_000_000, 4_000_000, How.THERE))
    assert moving.line(0.0) == "0 B of 0 B sent; blobs 1 there already"


def test_in_the_first_second_there_is_no_rate():
    moving = Moving(began=0.0)
    assert moving.line(0.0) == "0 B of 0 B sent"
    moving.add(Transferred("a", 5_000_000, 5_000_000))
    assert moving.line(0.01) == "5.0 MB of 5.0 MB sent"


def moved_run():
    report = good_run()
    entries = [
        replace(each, outcome=replace(each.outcome, traffic=Traffic(2_000_000, 30_000_000, 3)))
        for each in report.entries
        if isinstance(each.outcome, Done)
    ]
    return replace(report, entries=tuple(entries[:2]))


def test_the_report_ends_with_what_was_sent_and_what_was_spared():
    assert took(moved_run()) == "took 1m22s; sent 4.0 MB, 60.0 MB were there already"
    assert took(good_run()) == "took 1m22s"


def test_the_json_report_has_the_totals():
    told = json.loads(JsonReporter().text(moved_run()))["transfer"]
    assert told == {"sent_bytes": 4_000_000, "saved_bytes": 60_000_000, "mounted_blobs": 6}
