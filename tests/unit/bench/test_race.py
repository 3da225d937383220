"""A race can be had in pieces, and says how far it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.transfer.heats import chosen, heats, present, trial
from bench.transfer.kept import Kept
from bench.transfer.progress import Progress, Stage
from bench.transfer.run import Run
from bench.transfer.scenarios import FOUR, LOOP, SCENARIOS, starters, turns

HERE = {
    "skopeo": frozenset(("push", "copy", "retag")),
    "docker 20.10": frozenset(("store",)),
    "ecr-publish": frozenset(("push", "copy", "retag", "store")),
    "engine": frozenset(("push", "copy", "retag")),
}
ABOUT = {"crane": "v0.22.1", "rounds": "3"}


def test_all_take_turns_and_another_one_begins_each_round():
    assert turns(SCENARIOS["push M"], ["a", "b", "c"], 3) == ["a", "b", "c", "b", "c", "a", "c", "a", "b"]


def test_of_a_fleet_each_peer_is_a_loop_and_four_at_a_time_and_runs_once():
    names = starters(SCENARIOS["fleet push"], HERE)
    assert names == ["ecr-publish", "engine", LOOP + "skopeo", FOUR + "skopeo"]
    ran = turns(SCENARIOS["fleet push"], names, 3)
    assert [ran.count(name) for name in names] == [3, 3, 1, 1]


def test_from_an_engine_its_own_docker_pushes_and_we():
    assert starters(SCENARIOS["push M, engine 20.10"], HERE) == ["docker 20.10", "ecr-publish"]


def test_every_scenario_is_raced_at_both_distances_but_the_promoted_fleet():
    here = HERE | {"docker 26.1": frozenset(("store",))}
    found = {(heat.name, heat.rtt) for heat in heats(SCENARIOS, (0, 30), 3, here)}
    assert {name for name, _ in found} == set(SCENARIOS)
    assert [name for name in SCENARIOS if (name, 0) not in found] == ["fleet of 300 to two regions"]
    assert all((name, 30) in found for name in SCENARIOS)


def test_a_trial_is_near_and_once_and_tiny():
    tiny = {name: trial(SCENARIOS[name], 0, tiny=True) for name in ("push L", "fleet of 300 to two regions")}
    found = heats(tiny, (0, 30), 3, HERE)
    assert [(heat.rtt, heat.scenario.payload, heat.scenario.images) for heat in found] == [(0, "P", 1), (0, "FLEET", 2)]
    assert all(len(set(heat.turns)) == len(heat.turns) for heat in found)


def test_a_trial_of_a_fleet_has_fewer_images():
    assert trial(SCENARIOS["fleet push"], 12, tiny=False).images == 12
    assert trial(SCENARIOS["push M"], 12, tiny=False) == SCENARIOS["push M"]


def test_a_pattern_that_no_scenario_matches_is_an_error_that_lists_them():
    assert chosen(["retag *"]) == ["retag M", "retag MULTI"]
    with pytest.raises(SystemExit, match="no scenario 'push X'\n  hint: there are push S; push M;"):
        chosen(["push X"])


def test_a_contestant_whom_nobody_knows_is_an_error_that_lists_them():
    with pytest.raises(SystemExit, match=r"no contestant 'podman'\n  hint: there are crane, docker 20\.10,"):
        present(["engine", "podman"])


def test_what_was_kept_is_there_again(tmp_path: Path):
    run = Run("crane", 1.0, 0.1, 14.0, {"ping": 1}, 1, 1, failed="exit 1")
    kept = Kept(tmp_path / "race.json", ABOUT)
    kept.keep("push M", 30, 59.0, [run])
    kept.keep("push M", 30, 61.0, [run])
    kept.keep("push S", 0, 60.0, [run])
    again = Kept(tmp_path / "race.json", ABOUT)
    assert (again.results, again.minutes) == ({("push M", 30): [run], ("push S", 0): [run]}, 2)


def test_runs_of_other_contestants_are_not_mixed_with_these(tmp_path: Path):
    Kept(tmp_path / "race.json", ABOUT).keep("push M", 30, 1.0, [])
    with pytest.raises(SystemExit, match="is of another race: crane, oras differ\n  hint: name another with --kept"):
        Kept(tmp_path / "race.json", {"crane": "v0.23.0", "oras": "1.2.0", "rounds": "3"})


def test_a_file_of_something_else_is_an_error_and_stays(tmp_path: Path):
    file = tmp_path / "race.json"
    file.write_text("[]")
    with pytest.raises(SystemExit, match="is not a file of a race"):
        Kept(file, ABOUT)
    assert file.read_text() == "[]"


def test_what_is_left_is_scaled_by_what_the_stages_before_took():
    lines: list[str] = []
    times = iter((0.0, 0.0, 20.0, 60.0))
    progress = Progress([Stage("a", 0, 10), Stage("b", 30, 20), Stage("c", 0, 300)], lines.append, lambda: next(times))
    for _ in range(3):
        progress.begin()
    assert lines == [
        "1/3 a, 0 ms; 0 s so far, about 6 min left",
        "2/3 b, 30 ms; 20 s so far, about 11 min left",
        "3/3 c, 0 ms; 60 s so far, about 10 min left",
    ]
