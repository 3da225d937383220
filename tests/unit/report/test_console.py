"""The report for people: what was done, what exists where, what went wrong, and the exit code in words."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ecr_publish.errors import ConfigError, ConfigErrors, Unavailable
from ecr_publish.model.promotion import GateMode
from ecr_publish.model.scan import TimedOut, Unscanned, Unsupported
from ecr_publish.model.verdict import GateAnswer, Refuse
from ecr_publish.report.console import ConsoleReporter, render
from ecr_publish.report.report import Report
from ecr_publish.run.outcome import Done, Failed, NotYet, Skipped
from tests.unit.report.words import (
    CRITICAL,
    DIGEST,
    PROMOTE,
    PUSH,
    SCAN,
    SIGN,
    STAGING,
    START,
    Signature,
    complete,
    entry,
    evidence,
    first_half,
    good_run,
    interrupted_run,
    plan,
    promotion_record,
    published,
    run_of,
    vulnerable_run,
)


def text(report: Report) -> str:
    return ConsoleReporter().text(report)


def line_of(report: Report, *words: str) -> str:
    found = [line for line in text(report).splitlines() if all(word in line for word in words)]
    assert len(found) == 1, found
    return found[0]


def test_each_intent_has_one_line_with_its_outcome_and_duration():
    assert line_of(good_run(), "web", "push").split()[:5] == ["web", "push", "dev", "already", "done"]
    assert "1m05s" in line_of(good_run(), "scan-wait", "dev", "done")


def test_intents_that_were_left_out_are_listed_with_their_reason():
    assert "this run is not for a git tag" in line_of(good_run(), "promote", "prod", "left out")


def test_what_exists_where_has_the_whole_digest():
    assert text(good_run()).count(str(DIGEST)) == 2


def test_what_exists_where_names_the_canonical_repository_and_where_it_really_was():
    report = good_run(connections=(("222222222222.dkr.ecr.us-east-2.amazonaws.com", "http://127.0.0.1:4567/"),))
    assert "222222222222.dkr.ecr.us-east-2.amazonaws.com/team/web (at 127.0.0.1:4567)" in text(report)
    assert "111111111111.dkr.ecr.us-east-2.amazonaws.com/team/web\n" in text(report)


def test_what_failed_does_not_exist_anywhere():
    assert "web in staging" not in text(vulnerable_run())


@pytest.mark.parametrize(
    ("report", "last"),
    [
        (good_run(), "ecr-publish: ok (exit 0)"),
        (vulnerable_run(), "ecr-publish: failed: gate: vulnerable (exit 6)"),
        (interrupted_run(), "ecr-publish: failed: interrupted (exit 130)"),
        (run_of(exit_code=7), "ecr-publish: failed: gate: cannot judge (exit 7)"),
        (run_of(exit_code=77), "ecr-publish: failed (exit 77)"),
    ],
)
def test_the_last_line_is_the_exit_code_in_words(report: Report, last: str):
    assert text(report).splitlines()[-1] == last


@pytest.mark.parametrize(
    ("scans", "words"),
    [
        ((complete(), complete()), "scan: clean"),
        ((complete(CRITICAL), complete(CRITICAL)), "scan: 1 CRITICAL"),
        ((complete(), Unsupported("no os-release")), "scan: clean; UNSUPPORTED_IMAGE"),
        ((Unsupported("x"), Unsupported("x")), "scan: UNSUPPORTED_IMAGE"),
        ((complete(CRITICAL), Unscanned("FAILED")), "scan: 1 CRITICAL; FAILED"),
        ((TimedOut("PENDING", 900.0),), "scan: timed out (PENDING)"),
        ((), "scan: nothing to scan"),
    ],
)
def test_the_scan_is_told_without_making_it_better_than_it_is(scans, words: str):
    report = run_of(*first_half(evidence(*scans)))
    assert text(report).count(words + "\n") == 1


def test_an_image_that_was_not_scanned_here_is_told_where_it_was_judged():
    assert "scan: allowed (judged at dev)" in text(good_run())


def test_a_refusal_that_an_advisory_edge_let_pass_is_no_clean_verdict():
    record = promotion_record(GateMode.ADVISORY, GateAnswer("thresholds", Refuse(("1 CRITICAL",))))
    report = run_of(*first_half(), entry(PROMOTE, Done("there", (published(STAGING), record))))
    assert "scan: passed, advisory (judged at dev)" in text(report)


def test_an_error_has_its_place_its_hint_and_the_code_to_ask_for():
    lines = text(vulnerable_run()).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("error: promote web@staging"))
    assert "CVE-2026-1234" in lines[at]
    assert lines[at + 1 : at + 3] == ["  hint: fix the packages named here", "  more: ecr-publish explain vulnerable"]


def test_an_error_that_stopped_several_images_is_told_once():
    error = Unavailable(what="no answer", where="sts.us-east-2.amazonaws.com", hint="run again")
    report = run_of(entry(PUSH, Failed(error)), entry(PROMOTE, Failed(error)), exit_code=9, errors=(error,))
    assert text(report).count("error:") == 1


def test_all_errors_of_a_file_are_told():
    errors = ConfigErrors(tuple(ConfigError(what=f"wrong {n}", where=f"f:{n}:1", hint="fix") for n in (1, 2)))
    assert text(run_of(errors=(errors,), exit_code=2)).count("error: f:") == 2


def test_a_warning_is_told_once_with_the_intent_that_gave_it():
    pushed = entry(PUSH, Done("there", (published(),), ("latest stays where it is",)))
    report = run_of(pushed, warnings=("no account: 1", "no account: 1"), plan=plan(warnings=("no account: 1",)))
    lines = [line for line in text(report).splitlines() if line.startswith("warning:")]
    assert lines == ["warning: no account: 1", "warning: push web@dev: latest stays where it is"]


def test_an_interrupted_run_says_what_was_done_and_what_was_not():
    assert "done before the stop: login @dev, build web\n" in text(interrupted_run())
    assert "not done: push web@dev, scan-wait web@dev, promote web@staging\n" in text(interrupted_run())


def test_a_rehearsal_says_whose_clock_it_was():
    assert "took 1m22s on the rehearsal's own clock\n" in text(good_run(command="rehearse"))


def test_skipped_and_not_yet_carry_their_reasons():
    report = run_of(entry(PUSH, Skipped("untrusted")), entry(SCAN, NotYet("soak", START)))
    assert line_of(report, "push", "skipped").endswith("untrusted")
    assert line_of(report, "scan-wait", "not yet").endswith("soak (since 2026-11-24 12:00 UTC)")


def test_a_fact_that_only_a_plugin_knows_is_told_by_its_summary():
    assert line_of(run_of(entry(SIGN, Done("signed by key 1", (Signature("x"),)))), "sign").endswith("signed by key 1")


def test_a_run_of_nothing_has_a_report_all_the_same():
    assert text(run_of(plan=plan(unplanned=()))) == "\ntook 1m22s\necr-publish: ok (exit 0)\n"


EVIL = "\x1b[2J\x1b]0;x\x07::error::x\r\n::set-output name=a::b ##[error]c\u202e[red]"


def hostile_run() -> Report:
    error = Unavailable(what=EVIL, where=EVIL, hint=EVIL)
    return run_of(
        entry(PUSH, Done(EVIL, (published(tags=(EVIL,)),), (EVIL,))),
        entry(PROMOTE, Failed(error)),
        warnings=(EVIL,),
        errors=(error,),
        exit_code=9,
        connections=(("111111111111.dkr.ecr.us-east-2.amazonaws.com", EVIL),),
    )


def test_hostile_text_commands_nothing():
    lines = text(hostile_run()).split("\n")
    assert all(line.isprintable() for line in lines)
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in lines)


def on_terminal(report: Report) -> str:
    console = Console(file=io.StringIO(), force_terminal=True, width=200, record=True)
    render(report, console)
    return console.export_text()


@pytest.mark.parametrize("report", [good_run(), vulnerable_run(), interrupted_run()], ids=["good", "bad", "stopped"])
def test_the_terminal_gets_what_the_log_gets(report: Report):
    words = [word for word in text(report).split() if word not in ("What", "exists", "where:", "in")]
    shown = on_terminal(report)
    assert [word for word in words if word.rstrip(":") not in shown] == []


def test_markup_in_hostile_text_is_not_obeyed_on_a_terminal():
    assert "[red]" in on_terminal(hostile_run())
