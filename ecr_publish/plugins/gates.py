"""The gate loop: every gate is asked by itself, and what is no Allow is no pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecr_publish.model.evidence import ScanEvidence
    from ecr_publish.model.verdict import GateAnswer, Promotion, Verdict


class Gates:
    """Calls every gate by itself: none can turn another's verdict round, and silence is a refusal."""

    def __init__(self, gates: tuple[tuple[str, Callable[..., Any]], ...]) -> None:
        self._gates = gates

    def judge(self, promotion: Promotion, evidence: ScanEvidence, required: tuple[str, ...]) -> tuple[GateAnswer, ...]:
        """One answer per gate, and one for each required gate that is not there."""
        from ecr_publish.model.verdict import CannotJudge, GateAnswer

        answers = tuple(GateAnswer(name, _verdict(gate, promotion, evidence)) for name, gate in self._gates)
        present = {name for name, _ in self._gates}
        absent = tuple(
            GateAnswer(name, CannotJudge("gate-absent", f"the edge requires the gate {name!r}, which is not loaded"))
            for name in required
            if name not in present
        )
        return answers + absent


def _verdict(gate: Callable[..., Any], promotion: Promotion, evidence: ScanEvidence) -> Verdict:
    from ecr_publish.model.verdict import Allow, CannotJudge, Refuse

    try:
        answer = gate(promotion=promotion, evidence=evidence)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a border: a raise is a refusal, sys.exit(0) as well
        return CannotJudge("gate-raised", f"it raised {type(error).__name__}: {error}")
    if isinstance(answer, Allow | Refuse | CannotJudge):
        return answer
    word = "nothing" if answer is None else f"{answer!r}, which is no verdict"
    return CannotJudge("gate-silent", f"it answered {word}")
