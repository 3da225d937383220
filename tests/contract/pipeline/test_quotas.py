"""Under ECR's documented request rates: a run paces itself, so that nothing is refused; one that is refused waits."""

from __future__ import annotations

from pathlib import Path

from ecr_publish.local.quirks import Quirks
from tests.contract.pipeline.stage import ENVIRONMENTS, START, failures, staged

TAGS = "".join(f"      - type=raw,value=t{number}\n" for number in range(30))
FILE = f"""\
{ENVIRONMENTS}images:
  web:
    repository: team/web
    tags:
{TAGS}    build:
      files: [{{ from: system, to: / }}]
"""


def test_thirty_tags_are_put_at_the_documented_rate_and_none_is_refused(tmp_path: Path):
    with staged(tmp_path, quirks=Quirks(throttled=True)) as stage:
        stage.file(FILE)
        report = stage.run()
        assert failures(report) == []
        puts = [each for each in stage.server.ecr.script.requests if each.action == "ecr:PutImage"]
        assert {each.status for each in puts} == {201}
        assert len(puts) >= 30
        assert puts[-1].at - puts[0].at > 1.9  # seconds: ten a second, the first ten at once
        assert len(stage.tags()) == 30


def test_a_run_gets_over_a_neighbour_who_has_used_up_the_rate(tmp_path: Path):
    with staged(tmp_path, quirks=Quirks(throttled=True)) as stage:
        stage.file(FILE)
        stage.server.ecr.quotas.rates["ecr:PutImage"] = 2
        report = stage.run()
        assert failures(report) == []
        assert 429 in {each.status for each in stage.server.ecr.script.requests}
        assert len(stage.tags()) == 30
        assert report.finished > START
