"""Plugins are loaded if listed, and hostile ones cannot turn a refusal round, vanish, or silence others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ecr_publish.errors import GateCannotJudge, PluginError, PromotionRefused
from ecr_publish.gate.verdict import decide
from ecr_publish.model.digest import digest_of
from ecr_publish.model.evidence import ScanEvidence
from ecr_publish.model.promotion import GateMode
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.scan import ChildScan, Complete, Finding, Severity
from ecr_publish.model.verdict import Allow, CannotJudge, Promotion, Refuse
from ecr_publish.plugins import load
from tests.unit.plugins.installed import installed

DIGEST = digest_of(b"image")
HERE = Repository(EcrRegistry("1" * 12, "us-east-2"), "web")
PROMOTION = Promotion("web", "dev", "staging", HERE, HERE, DIGEST, ("1.0",), (("critical", 0),))
CLEAN = ScanEvidence(HERE, DIGEST, (ChildScan(DIGEST, None, Complete((), datetime(2026, 1, 1, tzinfo=UTC), "basic")),))
CRITICAL = Finding("CVE-1", Severity.CRITICAL, "openssl", "3.0")
VULNERABLE = ScanEvidence(
    HERE, DIGEST, (ChildScan(DIGEST, None, Complete((CRITICAL,), datetime(2026, 1, 1, tzinfo=UTC), "basic")),)
)
HEAD = "from ecr_publish.api import *\n"


def answers(plugins, evidence=CLEAN, required=()):
    return {each.gate: each.verdict for each in plugins.gates.judge(PROMOTION, evidence, required)}


def loaded(*names):
    return load(names, trusted=True, environment={})


def test_without_a_list_only_the_built_ins_are_there(tmp_path):
    with installed(tmp_path, "silent-gate", HEAD + "@hookimpl\ndef gate(promotion, evidence): return None\n"):
        plugins = loaded()
    assert [each.name for each in plugins.listed] == ["thresholds"]
    assert [step.name for step in plugins.steps] == ["build", "tag", "login", "push", "scan-wait", "promote"]


def test_an_untrusted_origin_gets_no_plugin(tmp_path):
    with installed(tmp_path, "raises-at-import", "raise RuntimeError('loaded')\n"):
        plugins = load(("raises-at-import",), trusted=False, environment={})
    assert [each.name for each in plugins.listed] == ["thresholds"]


def test_a_gate_that_answers_nothing_has_refused(tmp_path):
    with installed(tmp_path, "silent-gate", HEAD + "@hookimpl\ndef gate(promotion, evidence): return None\n"):
        verdict = answers(loaded("silent-gate"))["silent-gate"]
    assert verdict == CannotJudge("gate-silent", "it answered nothing")


def test_a_gate_that_raises_has_refused(tmp_path):
    with installed(tmp_path, "raising-gate", HEAD + "@hookimpl\ndef gate(promotion): raise OSError('no network')\n"):
        verdict = answers(loaded("raising-gate"))["raising-gate"]
    assert verdict == CannotJudge("gate-raised", "it raised OSError: no network")


def test_a_gate_that_leaves_with_success_has_refused(tmp_path):
    with installed(tmp_path, "leaving-gate", HEAD + "import sys\n@hookimpl\ndef gate(promotion): sys.exit(0)\n"):
        verdict = answers(loaded("leaving-gate"))["leaving-gate"]
    assert verdict == CannotJudge("gate-raised", "it raised SystemExit: 0")


def test_an_observer_that_leaves_ends_nothing(tmp_path):
    source = HEAD + "import sys\n@hookimpl\ndef step_started(intent): sys.exit(0)\n"
    with installed(tmp_path, "leaving-observer", source):
        observers = loaded("leaving-observer").observers
        observers.step_started("build web")
    assert observers.warnings == ("the plugin leaving-observer raised in step_started: SystemExit: 0",)


def test_a_gate_that_says_true_has_not_allowed(tmp_path):
    with installed(tmp_path, "true-gate", HEAD + "@hookimpl\ndef gate(evidence): return True\n"):
        verdict = answers(loaded("true-gate"))["true-gate"]
    assert isinstance(verdict, CannotJudge)


def test_a_required_gate_that_is_absent_has_refused():
    verdict = answers(loaded(), required=("two-reviewers",))["two-reviewers"]
    assert verdict.code == "gate-absent"


def test_a_gate_that_allows_does_not_hide_one_that_refuses(tmp_path):
    with installed(tmp_path, "allowing-gate", HEAD + "@hookimpl\ndef gate(promotion): return Allow()\n"):
        found = answers(loaded("allowing-gate"), VULNERABLE)
    assert found["allowing-gate"] == Allow()
    assert isinstance(found["thresholds"], Refuse)


@pytest.mark.parametrize("mark", ["@hookimpl(wrapper=True)", "@hookimpl(hookwrapper=True)"])
@pytest.mark.parametrize("hook", ["gate(promotion, evidence)", "step_finished(intent)"])
def test_a_wrapper_that_could_turn_a_refusal_round_is_refused_when_loaded(tmp_path, mark, hook):
    source = f"{HEAD}{mark}\ndef {hook}:\n    yield\n    return Allow()\n"
    with (
        installed(tmp_path, "wrapping-gate", source),
        pytest.raises(PluginError, match="it could turn a refusal into an approval"),
    ):
        loaded("wrapping-gate")


def test_an_observer_that_raises_is_told_of_once_and_silences_nobody(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    seen = "SEEN = []\n@hookimpl\ndef step_started(intent): SEEN.append(intent)\n"
    with (
        installed(first, "raising-observer", HEAD + "@hookimpl\ndef step_started(intent): raise ValueError('no')\n"),
        installed(second, "seeing-observer", HEAD + seen),
    ):
        observers = loaded("raising-observer", "seeing-observer").observers
        observers.step_started("build web")
        observers.step_started("push web")
        import seeing_observer

        assert seeing_observer.SEEN == ["build web", "push web"]
    assert observers.warnings == ("the plugin raising-observer raised in step_started: ValueError: no",)


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("not-there", "is listed and not installed"),
        ("old-plugin>=2", "is 1.0, the file wants >=2"),
    ],
)
def test_a_listed_plugin_that_is_absent_or_too_old_is_exit_code_2(tmp_path, listed, message):
    with installed(tmp_path, "old-plugin", HEAD), pytest.raises(PluginError, match=message) as caught:
        loaded(listed)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("@hookimpl\ndef gates(promotion): pass\n", "does not keep the rules"),
        ("@hookimpl\ndef gate(promotion, everything): pass\n", "does not keep the rules"),
        ("raise RuntimeError('broken')\n", "raised RuntimeError: broken"),
        ("raise SystemExit(0)\n", "raised SystemExit: 0"),
        ("@hookimpl\ndef steps(): raise SystemExit(0)\n", "raised SystemExit: 0"),
        ("@hookimpl\ndef steps(): return (object(),)\n", "which has no name"),
        ("class P:\n  name='push'\n@hookimpl\ndef steps(): return (P(),)\n", "that name is taken"),
    ],
)
def test_a_plugin_that_does_not_keep_the_rules_is_named(tmp_path, source, message):
    with installed(tmp_path, "wrong-plugin", HEAD + source), pytest.raises(PluginError, match=message) as caught:
        loaded("wrong-plugin")
    assert "wrong-plugin" in caught.value.what


def test_what_is_loaded_is_listed_with_what_it_contributes(tmp_path):
    with installed(tmp_path, "two-reviewers", HEAD + "@hookimpl\ndef gate(promotion): return Allow()\n"):
        listed = {each.name: each for each in loaded("two-reviewers").listed}
    assert listed["two-reviewers"].contributes == ("gate two-reviewers",)
    assert "step push" in listed["thresholds"].contributes


def test_a_refusal_of_a_plugins_gate_is_exit_code_8_and_silence_is_7(tmp_path):
    source = HEAD + "@hookimpl\ndef gate(promotion): return Refuse(('freeze until Monday',))\n"
    with installed(tmp_path, "freeze", source):
        found = loaded("freeze").gates.judge(PROMOTION, CLEAN, ())
    with pytest.raises(PromotionRefused, match="freeze until Monday"):
        decide(found, GateMode.ENFORCE, where="promote")
    absent = loaded().gates.judge(PROMOTION, CLEAN, ("freeze",))
    with pytest.raises(GateCannotJudge):
        decide(absent, GateMode.ENFORCE, where="promote")


def test_an_advisory_edge_goes_on_and_says_so(tmp_path):
    found = loaded().gates.judge(PROMOTION, VULNERABLE, ())
    notes = decide(found, GateMode.ADVISORY, where="promote")
    assert "advisory" in notes[0]
    assert "CVE-1" in notes[0]
