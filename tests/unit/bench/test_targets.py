"""A race is judged by medians of one run, against the fastest peer; of a fleet the peers are the loops."""

from __future__ import annotations

from bench.transfer.scenarios import FOUR, LOOP
from bench.transfer.table import Run, table
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
    assert (verdict.met, verdict.said) == (False, "151 MB above 40 MB (push L)")


def test_the_table_has_the_targets_and_a_row_for_each_contestant_the_fastest_first():
    results = {("push M", 30): [run("oras", 1.0), run("engine", 0.5)]}
    lines = table(results, "today", judged(results)).splitlines()
    assert any("engine" in line and "0.50 × oras" in line and "met" in line for line in lines)
    assert [line.split("|")[3].strip() for line in lines if line.startswith("| push M | 30 |")][-2:] == [
        "**engine**",
        "oras",
    ]
