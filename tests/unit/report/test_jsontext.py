"""The JSON report: what scripts read, as its schema says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from ecr_publish.model.promotion import GateMode
from ecr_publish.model.scan import TimedOut, Unscanned, Unsupported
from ecr_publish.model.verdict import CannotJudge, GateAnswer, Refuse
from ecr_publish.report.jsontext import JsonReporter
from ecr_publish.report.report import Report
from ecr_publish.report.schema import schema
from ecr_publish.run.outcome import Done, NotYet, Skipped
from tests.unit.report.test_console import hostile_run
from tests.unit.report.words import (
    CRITICAL,
    DIGEST,
    PROMOTE,
    PUSH,
    SCAN,
    STAGING,
    START,
    complete,
    entry,
    evidence,
    first_half,
    good_run,
    interrupted_run,
    promotion_record,
    published,
    run_of,
    vulnerable_run,
)


def document(report: Report) -> dict[str, Any]:
    return json.loads(JsonReporter().text(report))


def advisory_run() -> Report:
    answers = (GateAnswer("thresholds", Refuse(("1 CRITICAL",))), GateAnswer("sign", CannotJudge("gate-silent", "x")))
    record = promotion_record(GateMode.ADVISORY, *answers)
    return run_of(*first_half(), entry(PROMOTE, Done("there", (published(STAGING), record))))


RUNS = {
    "good": good_run(),
    "vulnerable": vulnerable_run(),
    "interrupted": interrupted_run(),
    "advisory": advisory_run(),
    "hostile": hostile_run(),
    "nothing": run_of(),
    "skipped": run_of(entry(PUSH, Skipped("untrusted")), entry(SCAN, NotYet("soak", START))),
    "unproved": run_of(*first_half(evidence(Unsupported("no os-release"), Unscanned("FAILED", "why")))),
    "late": run_of(*first_half(evidence(TimedOut("PENDING", 900.0)))),
}


@pytest.mark.parametrize("report", RUNS.values(), ids=RUNS)
def test_every_kind_of_run_keeps_the_schema(report: Report):
    jsonschema.validate(document(report), schema(), cls=jsonschema.Draft202012Validator)


def test_the_schema_itself_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_exit_code_is_in_it_as_number_and_words():
    made = document(vulnerable_run())
    assert (made["exit_code"], made["result"]) == (6, "failed: gate: vulnerable")


def test_each_publication_has_what_a_later_job_needs():
    there = document(good_run())["published"][1]
    assert (there["environment"], there["region"], there["digest"], there["tags"]) == (
        "staging",
        "us-east-2",
        str(DIGEST),
        ["1.4.0", "latest"],
    )
    assert there["repository"] == "222222222222.dkr.ecr.us-east-2.amazonaws.com/team/web"


def test_a_rehearsal_has_the_connection_beside_the_canonical_name():
    report = good_run(connections=(("222222222222.dkr.ecr.us-east-2.amazonaws.com", "http://127.0.0.1:4567"),))
    assert [each["connection"] for each in document(report)["published"]] == [None, "127.0.0.1:4567"]


def test_findings_are_there_child_by_child():
    report = run_of(*first_half(evidence(complete(CRITICAL), complete())))
    children = document(report)["published"][0]["scan"]["children"]
    assert [[finding["id"] for finding in child["findings"]] for child in children] == [["CVE-2026-1234"], []]


def test_a_promotion_tells_every_gates_answer():
    promotion = document(advisory_run())["published"][1]["promotion"]
    assert [(each["gate"], each["verdict"]) for each in promotion["answers"]] == [
        ("thresholds", "refuse"),
        ("sign", "cannot-judge"),
    ]


def test_an_error_has_its_code():
    assert document(vulnerable_run())["errors"][0]["code"] == "vulnerable"
    assert [each["error"] for each in document(vulnerable_run())["steps"]][-1] == "vulnerable"


def test_the_text_is_ascii_and_has_no_control_characters():
    text = JsonReporter().text(hostile_run())
    assert text.isascii()
    assert "\\u001b" not in text
