"""The scheduler runs what has its facts, records everything, and lets no failure hide another."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecr_publish.errors import MachineFault, TagTaken
from ecr_publish.model.target import Place
from ecr_publish.plan.intent import FactKey, Intent
from ecr_publish.ports.bundle import Ports
from ecr_publish.run.clock import SimulatedClock
from ecr_publish.run.exitcode import exit_code
from ecr_publish.run.outcome import AlreadyDone, Done, Failed, NotStarted
from ecr_publish.run.scheduler import MOST_WAITING, Scheduler
from ecr_publish.run.stop import StopRequest

START = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass
class Acting:
    """A step whose act is given per place; gives the place's name as a fact."""

    acts: dict[str, object] = field(default_factory=dict)
    outcomes: dict[str, object] = field(default_factory=dict)

    def run(self, intent, facts, ports):
        act = self.acts.get(str(intent.place))
        done = Done(str(intent.place), tuple(str(intent.place) for _ in intent.gives))
        return (act(ports) or done) if callable(act) else self.outcomes.get(str(intent.place), done)


@dataclass
class Seen:
    words: list[str] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def started(self, intent):
        self._saw(f"started {intent.place}")

    def progress(self, intent, progress):
        self._saw(f"progress {intent.place}")

    def finished(self, intent, outcome):
        self._saw(f"finished {intent.place} {type(outcome).__name__}")

    def _saw(self, word):
        self.words.append(word)
        self.threads.add(threading.get_ident())


@dataclass
class Raising(Seen):
    error: BaseException = field(default_factory=BaseException)
    moment: str = ""
    until: threading.Event = field(default_factory=threading.Event)

    def _saw(self, word):
        if word == self.moment:
            self.until.wait(5)
            raise self.error


def intent(image, *needs):
    keys = tuple(FactKey(str, Place(image=need)) for need in needs)
    return Intent("act", Place(image=image), (), keys, (FactKey(str, Place(image=image)),), None)


class Watching(Acting):
    """A step whose time is somebody else's."""

    waits = True


def watch(image, *needs):
    return replace(intent(image, *needs), step="watch")


def execute(intents, acts=None, stop=None, width=8, outcomes=None, seen=None):
    stop, seen = stop or StopRequest(), seen or Seen()
    clock = SimulatedClock(START, stop)
    absent = object()
    ports = Ports(
        clock=clock, stop=stop, identities=absent, repositories=absent, images=absent, scans=absent, builders=(),
        engine=absent, archives=absent, gates=absent, root=Path(), workspace=Path(), layouts=absent,
        notify=lambda progress: None, spool=lambda name: nullcontext(Path()),
    )  # fmt: skip
    steps = {"act": Acting(acts or {}, outcomes or {}), "watch": Watching(acts or {})}
    ledger = Scheduler(steps, ports, stop, seen, width=width).execute(tuple(intents))
    return {str(entry.intent.place): entry.outcome for entry in ledger.entries}, seen, ledger


def taken(ports):
    raise TagTaken(what="taken", where="web:1", hint="-")


def test_what_needs_a_fact_runs_after_what_gives_it():
    _, seen, _ = execute([intent("b", "a"), intent("a")])
    assert seen.words.index("started b") > seen.words.index("finished a Done")


def test_what_is_furthest_on_its_way_goes_first_so_that_an_image_ends_before_the_next_begins():
    parts = [intent(name) for name in "ab"] + [intent(name + name, name) for name in "ab"]
    _, seen, _ = execute(parts, width=1)
    assert [word for word in seen.words if "started" in word] == [f"started {name}" for name in ("a", "aa", "b", "bb")]


def test_no_more_is_started_than_may_run_side_by_side_and_the_rest_is_named_after_a_stop():
    stop = StopRequest()
    outcomes, seen, _ = execute([intent(name) for name in "abc"], {"a": lambda ports: stop.interrupt()}, stop, width=1)
    assert "started b" not in seen.words
    assert outcomes["b"] == outcomes["c"] == NotStarted("the run was stopped")


def test_what_only_waits_holds_up_nothing_that_works():
    worked = threading.Event()

    def until_worked(ports):
        assert worked.wait(5), "nothing else ran meanwhile"

    outcomes, _, _ = execute(
        [watch("a"), watch("b"), intent("c"), intent("d", "c")],
        {"a": until_worked, "b": until_worked, "d": lambda ports: worked.set()},
        width=2,
    )
    assert [type(each) for each in outcomes.values()] == [Done] * 4


def test_what_works_side_by_side_is_bounded_beside_what_waits():
    at_once, most, lock = [0], [0], threading.Lock()

    def works(ports):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        threading.Event().wait(0.01)
        with lock:
            at_once[0] -= 1

    execute([watch("x"), watch("y"), *(intent(name) for name in "abcdef")], dict.fromkeys("abcdef", works), width=2)
    assert most[0] <= 2


def test_a_great_many_are_waited_for_in_turn():
    places = [f"scan{number}" for number in range(3 * MOST_WAITING)]
    at_once, most, lock = [0], [0], threading.Lock()

    def waits(ports):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        threading.Event().wait(0.005)
        with lock:
            at_once[0] -= 1

    outcomes, _, _ = execute([watch(each) for each in places], dict.fromkeys(places, waits), width=1)
    assert 1 < most[0] <= MOST_WAITING
    assert all(isinstance(each, Done) for each in outcomes.values())


def test_one_failure_does_not_hide_another_image():
    outcomes, _, ledger = execute([intent("a"), intent("b"), intent("c", "a")], {"a": taken})
    assert isinstance(outcomes["a"], Failed)
    assert isinstance(outcomes["b"], Done)
    assert outcomes["c"] == NotStarted("act a failed")
    assert exit_code(ledger.entries) == 5


def test_what_hangs_on_a_hopeless_intent_is_hopeless_too():
    outcomes, _, _ = execute([intent("a"), intent("b", "a"), intent("c", "b")], {"a": taken})
    assert isinstance(outcomes["c"], NotStarted)


def test_a_fault_in_a_step_is_recorded_and_is_exit_code_1():
    def broken(ports):
        raise ZeroDivisionError("division by zero")

    outcomes, _, ledger = execute([intent("a"), intent("b")], {"a": broken})
    assert "ZeroDivisionError" in outcomes["a"].error.what
    assert isinstance(outcomes["b"], Done)
    assert exit_code(ledger.entries) == 1


@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt(), GeneratorExit()])
def test_whatever_a_step_raises_ends_the_step_and_not_the_waiting_for_it(error):
    def leaving(ports):
        raise error

    outcomes, _, ledger = execute([intent("a"), intent("b")], {"a": leaving})
    assert type(error).__name__ in outcomes["a"].error.what
    assert isinstance(outcomes["b"], Done)
    assert exit_code(ledger.entries) == 1


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (None, "ended with None, which is no outcome"),
        (Done("well"), "gives str and gave ()"),
        (Done("well", (1,)), "gives str and gave (1,)"),
    ],
)
def test_a_step_that_does_not_give_what_it_promised_has_failed(outcome, words):
    outcomes, _, _ = execute([intent("a"), intent("b", "a")], outcomes={"a": outcome})
    assert words in outcomes["a"].error.what
    assert isinstance(outcomes["b"], NotStarted)


def test_a_full_disk_is_a_machine_fault_that_says_so():
    def full(ports):
        raise OSError(28, "No space left on device", "/spool/layer")

    outcomes, _, _ = execute([intent("a")], {"a": full})
    assert isinstance(outcomes["a"].error, MachineFault)
    assert "no space left" in outcomes["a"].error.what
    assert "/spool/layer" in outcomes["a"].error.where


def test_a_stop_lets_nothing_new_start_and_names_what_was_not_done():
    stop = StopRequest()

    def asks(ports):
        stop.terminate()
        ports.stop.check()

    outcomes, _, ledger = execute([intent("a"), intent("b", "a")], {"a": asks}, stop)
    assert outcomes["a"].error.exit_code == 143
    assert isinstance(outcomes["b"], NotStarted)
    assert exit_code(ledger.entries) == 143


def test_a_sleeping_step_wakes_up_for_a_stop():
    stop = StopRequest()

    def sleeps(ports):
        stop.interrupt()
        from datetime import timedelta

        ports.clock.sleep(timedelta(hours=1))

    outcomes, _, _ = execute([intent("a")], {"a": sleeps}, stop)
    assert outcomes["a"].error.exit_code == 130


def test_observers_are_called_in_order_from_one_thread():
    def tells(ports):
        for _ in range(50):
            ports.notify("x")

    _, seen, _ = execute([intent(name) for name in "abcdef"], dict.fromkeys("abcdef", tells))
    assert len(seen.threads) == 1
    assert seen.words.count("progress a") == 50
    assert seen.words.index("started a") < seen.words.index("progress a") < seen.words.index("finished a Done")


@pytest.mark.parametrize("error", [BrokenPipeError(), KeyboardInterrupt()])
@pytest.mark.parametrize("moment", ["started b", "progress a", "finished b Done"])
def test_an_observer_that_raises_stops_what_runs_and_what_it_raised_is_told_when_nothing_runs_any_more(error, moment):
    stop, begun, ended = StopRequest(), threading.Event(), []

    def works(ports):
        ports.notify("x")
        begun.set()
        ended.append(stop.wait(30))

    with pytest.raises(type(error)):
        execute(
            [intent("a"), intent("b")],
            {"a": works, "b": lambda ports: begun.wait(5) and None},
            stop,
            seen=Raising(error=error, moment=moment, until=begun),
        )
    assert ended == [True]


def test_already_done_gives_its_facts_too():
    outcomes, _, _ = execute([intent("a"), intent("b", "a")], {"a": lambda ports: AlreadyDone("there", ("a",))})
    assert isinstance(outcomes["b"], Done)


def test_independent_intents_run_side_by_side():
    meeting = threading.Barrier(3, timeout=5)

    def meets(ports):
        meeting.wait()

    outcomes, _, _ = execute([intent(name) for name in "abc"], dict.fromkeys("abc", meets))
    assert all(isinstance(outcome, Done) for outcome in outcomes.values())
