"""A race is judged by medians of one run, against the fastest peer; of a fleet the peers are the loops."""

from __future__ import annotations

from bench.transfer.run import Run
from bench.transfer.scenarios import FOUR, LOOP, PROMOTION
from bench.transfer.table import text_of
from bench.transfer.targets import judged


def run(who: str, wall: float, *, cpu: float = 0.1, peak: float = 40, requests: int = 1) -> Run:
    return Run(who, wall, cpu, peak, {"HEAD manifest": requests}, 1, 1)


def said(*runs: Run, scenario: str, rtt: int = 30) -> dict[str, bool]:
    verdicts = judged({(scenario, rtt): list(runs)})
    return {each.target.who: each.met for each in verdicts if each.target.scenario == scenario}


def test_the_engine_is_held_to_a_part_of_the_fastest_peer_and_the_command_to_some_time_more():
    peers = (run("oras", 1.0), run("skopeo", 9.0))
    met = said(*peers, run("engine", 0.74), run("ecr-publish", 1.59), scenario="push M")
    missed = said(*peers, run("engine", 0.76), run("ecr-publish", 1.61), scenario="push M")
    assert met == {"engine": True, "ecr-publish": True}
    assert missed == {"engine": False, "ecr-publish": False}


def test_a_median_counts_and_not_the_best_run():
    runs = [run("engine", wall) for wall in (0.1, 0.9, 0.9)]
    assert said(run("oras", 1.0), *runs, scenario="push M") == {"engine": False}


def test_one_request_too_many_misses_the_target_however_fast_it_was():
    assert said(run("oras", 1.0), run("engine", 0.1, requests=2), scenario="nothing changed M") == {"engine": False}


def test_of_a_fleet_four_at_a_time_is_no_peer():
    runs = (run(FOUR + "crane", 0.1), run(LOOP + "crane", 10), run("ecr-publish", 2.4))
    assert said(*runs, scenario="fleet nothing changed") == {"ecr-publish": True}


def test_twice_the_cpu_is_allowed_and_not_more():
    peer = run("oras", 1.0, cpu=0.3)
    assert said(peer, run("engine", 1.0, cpu=0.6), scenario="push L", rtt=0)["engine"]
    assert not said(peer, run("engine", 1.0, cpu=0.7), scenario="push L", rtt=0)["engine"]


def test_the_highest_peak_of_all_scenarios_is_compared_with_the_lowest():
    results = {("push S", 0): [run("engine", 1, peak=40)], ("push L", 0): [run("engine", 1, peak=191)]}
    (verdict,) = judged(results)
    assert (verdict.met, verdict.said) == (False, "151 MB above 40 MB (push L); 0 push S, 151 push L")


def test_a_run_that_failed_is_no_peer_and_no_success_of_ours():
    failed = Run("oras", 0.1, 0.1, 40, {}, 1, 1, failed="oras: exit 1")
    assert said(failed, run("crane", 1.0), run("engine", 0.7), scenario="push M") == {"engine": True}
    ours = Run("engine", 0.1, 0.1, 40, {}, 1, 1, failed="exit 9")
    assert said(run("crane", 1.0), ours, scenario="push M") == {"engine": False}


def test_a_retag_is_judged_by_its_requests_and_not_by_its_time():
    runs = (run("oras", 0.1), run("engine", 9.0, requests=2))
    assert said(*runs, scenario="retag M") == {"engine": True}


def promoted(wall: float, crane: float) -> bool:
    actions = {"222222222222/us-east-2 ecr:PutImage": 300, "111111111111/us-east-2 ecr:GetDownloadUrlForLayer": 600}
    ours = Run("ecr-publish", wall, 9.0, 90, {"PUT manifest": 300}, 1, 1, actions=actions)
    return said(ours, run(LOOP + "crane", crane), scenario=PROMOTION)["ecr-publish"]


def test_a_promoted_fleet_is_held_to_what_the_rates_allow_and_to_a_loop_of_crane():
    assert promoted(wall=38.9, crane=400)
    assert not promoted(wall=39.1, crane=400)  # 300 PutImage at 10 a second are 30 s
    assert not promoted(wall=38.9, crane=120)


def test_the_table_has_the_targets_and_a_row_for_each_contestant_the_fastest_first():
    results = {("push M", 30): [run("oras", 1.0), run("engine", 0.5), run("engine", 0.7)]}
    lines = text_of(results, "today", judged(results)).splitlines()
    assert any("engine" in line and "0.60 × oras" in line and "met" in line for line in lines)
    rows = [line.split("|")[3:5] for line in lines if line.startswith("| push M | 30 |")][-2:]
    assert rows == [[" **engine** ", " 0.600 (0.500 – 0.700) "], [" oras ", " 1.000 "]]


def test_what_was_missed_has_its_reason_and_what_failed_its_last_words():
    name = "one layer changed L, engine 20.10"
    failed = Run("docker 20.10", 0, 0, 0, {}, 0, 0, failed="docker push: exit 1\nno basic auth | credentials")
    results = {(name, 0): [run("docker 20.10", 0.1), run("ecr-publish", 0.5)], ("push S", 0): [failed]}
    text = text_of(results, "today", judged(results))
    assert f"- missed: {name} (ecr-publish, 0 ms): Python starts" in text
    assert "| push S | 0 | docker 20.10 | failed | - | - | - | - | no basic auth / credentials |" in text


def test_what_runs_on_ecr_and_the_promoted_fleet_have_tables_of_their_own():
    fleet = Run("ecr-publish", 36.0, 9.0, 90, {}, 1, 1, actions={"222222222222/us-east-2 ecr:PutImage": 300})
    results = {("push S", 0): [run("oras", 1)], ("ECR: push M", 0): [run("oras", 1)], (PROMOTION, 30): [fleet]}
    text = text_of(results, "today", ())
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "### Against docker-registry",
        "### Against the embedded ECR",
        "### A fleet to two regions",
    ]
    assert "the bound is 30.0 s: 300 x 222222222222/us-east-2 ecr:PutImage." in text
    assert "| **ecr-publish** | 36.000 | 1.20 | - |" in text
