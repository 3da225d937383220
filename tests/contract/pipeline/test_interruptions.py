"""At any point: a stop, a fault, a broken link. No tag ever points to something incomplete, and a second run heals."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecr_publish.local.faults import Fault
from tests.contract.pipeline.stage import ENVIRONMENTS, STAGING, WEB, Quiet, failures, outcomes, staged

SHORT = ENVIRONMENTS.splitlines(keepends=True)[:3]
FILE = (
    "".join(SHORT)
    + WEB.replace("PLATFORMS", "[linux/amd64, linux/arm64]")
    + "promote:\n  - { from: dev, to: staging }\n"
)


# Every request index with every kind of fault takes minutes: a sample here, all of them with ECR_PUBLISH_SWEEP=all.
# The two signals share the requests in the sample, for what they do differs in the code only.
SWEEP = os.environ.get("ECR_PUBLISH_SWEEP") == "all"
APART, SIGNALS_APART = (1, 1) if SWEEP else (8, 2)


def requests_of_a_run(root: Path) -> int:
    """How many requests one undisturbed run makes."""
    with staged(root) as stage:
        stage.file(FILE)
        assert stage.run().exit_code == 0
        return len(stage.server.ecr.script.requests)


@pytest.mark.parametrize(("signal", "first"), [("interrupt", 0), ("terminate", 1)])
def test_a_stop_at_every_request_leaves_nothing_half_tagged_and_a_second_run_finishes(tmp_path, signal, first):
    total = requests_of_a_run(_made(tmp_path, "first"))
    codes = set()
    for index in range(first % SIGNALS_APART, total, SIGNALS_APART):
        with staged(_made(tmp_path, f"{signal}-{index}")) as stage:
            stage.file(FILE)
            script = stage.server.ecr.script
            script.on_request = lambda request, at=index, one=stage: (
                getattr(one.stop, signal)() if request.number == at else None
            )
            report = stage.run()
            codes.add(report.exit_code)
            assert stage.everything_resolves(), f"request {index}: {script.requests[index]}"
            if report.exit_code == 0:  # it came after the last thing there was to do
                assert set(outcomes(report).values()) <= {"done", "already"}
                continue
            assert all(word in ("done", "already", "failed", "not started") for word in outcomes(report).values())
            script.on_request = None
            stage.resumed()
            assert stage.run().exit_code == 0
    assert codes <= {0, {"interrupt": 130, "terminate": 143}[signal]}


class StopsIn(Quiet):
    """Asks to stop when the step of that name begins its own work, or reports its first progress."""

    def __init__(self, stop: Callable[[], None], step: str, moment: str) -> None:
        self._stop, self._step, self._moment = stop, step, moment

    def started(self, intent: Any) -> None:
        if self._moment == "begin" and intent.step == self._step:
            self._stop()

    def finished(self, intent: Any, outcome: Any) -> None:
        if self._moment == "end" and intent.step == self._step:
            self._stop()


@pytest.mark.parametrize("step", ["build", "tag", "login", "push", "scan-wait", "promote"])
@pytest.mark.parametrize(("signal", "moment"), [("interrupt", "begin"), ("terminate", "end")])
def test_a_stop_in_the_work_of_any_step_itself_ends_the_run_there_and_a_second_one_finishes(
    tmp_path, step, signal, moment
):
    with staged(tmp_path) as stage:
        stage.file(FILE)
        report = stage.run(observer=StopsIn(getattr(stage.stop, signal), step, moment))
        after_the_last = (step, moment) == ("promote", "end")
        assert report.exit_code == (0 if after_the_last else {"interrupt": 130, "terminate": 143}[signal])
        assert stage.everything_resolves()
        if step in ("build", "tag", "login", "push") and moment == "begin":
            assert stage.tags() == {}
        assert stage.tags(account=STAGING) == {} or after_the_last
        stage.resumed()
        assert stage.run().exit_code == 0


@pytest.mark.parametrize(
    ("fault", "first"),
    [
        (Fault("status", status=500), 0),
        (Fault("status", status=429), 1),
        (Fault("status", status=503, times=2), 3),
        (Fault("cut"), 4),
        (Fault("expired"), 6),
    ],
    ids=lambda value: f"{value.kind}-{value.status}-{value.times}" if isinstance(value, Fault) else f"from-{value}",
)
def test_a_passing_fault_at_any_request_heals_by_itself(tmp_path, fault, first):
    total = requests_of_a_run(_made(tmp_path, "first"))
    for index in range(first % APART, total, APART):
        with staged(_made(tmp_path, f"{index}")) as stage:
            stage.file(FILE)
            stage.server.ecr.script.add(replace(fault, index=index))
            report = stage.run()
            request = stage.server.ecr.script.requests[index]
            assert stage.everything_resolves(), request
            assert report.exit_code == 0, (request, [str(error) for error in failures(report)])


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault("status", action="ecr:PutImage", status=500, times=99), 9, "in trouble"),
        (Fault("status", action="ecr:PutImage", status=429, times=99), 9, "slow down"),
        (Fault("cut", action="ecr:CompleteLayerUpload", times=99), 9, "connection"),
        (Fault("digest", action="ecr:PutImage", times=99), 5, "sha256:0000"),
        (Fault("expired", action="ecr:InitiateLayerUpload", times=99), 3, "expired"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else str(value),
)
def test_a_fault_that_stays_is_told_in_words_with_its_exit_code(tmp_path, fault, code, words):
    with staged(tmp_path) as stage:
        stage.file(FILE)
        stage.server.ecr.script.add(fault)
        report = stage.run()
        assert report.exit_code == code, [str(error) for error in failures(report)]
        assert any(words in str(error) for error in failures(report))
        assert stage.tags() == {}


def _made(root: Path, name: str) -> Path:
    directory = root / name
    directory.mkdir()
    return directory
