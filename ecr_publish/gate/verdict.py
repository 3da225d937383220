"""From the answers of all gates to one decision."""

from __future__ import annotations

from ecr_publish.errors import GateCannotJudge, GateVulnerable, PromotionRefused
from ecr_publish.gate.thresholds import NAME as THRESHOLDS
from ecr_publish.model.promotion import GateMode
from ecr_publish.model.verdict import Allow, CannotJudge, GateAnswer, Refuse


def decide(answers: tuple[GateAnswer, ...], mode: GateMode, *, where: str) -> tuple[str, ...]:
    """The notes worth telling if the promotion may go on (with the refusals that an advisory edge lets pass).

    Raises GateCannotJudge (7) before GateVulnerable (6) before PromotionRefused (8). No answer at all is CannotJudge.
    """
    notes = tuple(
        f"{each.gate}: {note}" for each in answers if isinstance(each.verdict, Allow) for note in each.verdict.notes
    )
    objections = tuple(each for each in answers if not isinstance(each.verdict, Allow))
    if not answers:
        raise GateCannotJudge(what="no gate answered", where=where, hint="see `ecr-publish plugins`")
    if mode is GateMode.ADVISORY:
        return (*notes, *(f"advisory, goes on all the same: {each.gate}: {words(each)}" for each in objections))
    if not objections:
        return notes
    text = "; ".join(f"{each.gate}: {words(each)}" for each in objections)
    if any(isinstance(each.verdict, CannotJudge) for each in objections):
        raise GateCannotJudge(
            what=text,
            where=where,
            hint="what cannot be proved clean is not promoted; `unscannable: {allow: reason}` on the edge is for "
            "images that no scanner can read",
        )
    if any(each.gate == THRESHOLDS for each in objections):
        raise GateVulnerable(
            what=text, where=where, hint="fix the packages named here, or raise scan.fail-on in the file"
        )
    raise PromotionRefused(what=text, where=where, hint="see the gate's own words above")


def words(answer: GateAnswer) -> str:
    """The objection in words."""
    match answer.verdict:
        case Refuse(reasons=reasons):
            return "; ".join(reasons)
        case CannotJudge(code=code, reason=reason):
            return f"{reason} ({code})"
        case Allow():
            return ""
