"""A plan for people."""

from __future__ import annotations

from ecr_publish.config.model import Config
from ecr_publish.model.tags import Fixed, Floating
from ecr_publish.plan.plan import Plan
from ecr_publish.report.console import table
from ecr_publish.report.text import clean


def plan_text(plan: Plan, config: Config) -> str:
    """Origin, tags with the rules that gave them, edges, intents, and what was left out."""
    origin = plan.origin
    lines = [
        f"origin: {origin.ci}, ref {origin.ref or 'unknown'}, commit {(origin.sha or 'unknown')[:12]}"
        + (", with changes that are not committed" if origin.dirty else "")
        + ("" if origin.trusted else ", NOT TRUSTED: it only builds"),
        "",
    ]
    for image, tags in plan.tags:
        lines.append(f"tags of {image}:")
        lines += [f"  {tag.name:<24} {_movement(tag.movement):<9} {clean(tag.rule)}" for tag in tags.tags]
        lines += [f"  {'-':<24} {'none':<9} {clean(each.rule)}: {clean(each.reason)}" for each in tags.without]
    if plan.edges:
        lines += ["", "promotions:"]
        for edge in plan.edges:
            kinds = ", ".join(dict.fromkeys(f"{kind} ({name})" for name, kind in edge.topologies))
            lines.append(f"  {edge.source} -> {edge.destination}: {kinds}")
    lines += ["", f"{len(plan.intents)} intents:"]
    text = "\n".join(lines) + "\n"
    text += table(
        ("step", "where", "what"), [(each.step, str(each.place), each.details.summary) for each in plan.intents]
    )
    if plan.unplanned:
        text += "\nleft out:\n"
        text += table(("step", "where", "why"), [(each.step, str(each.place), each.reason) for each in plan.unplanned])
    return text + "".join(f"warning: {clean(each)}\n" for each in plan.warnings)


def _movement(movement: Fixed | Floating) -> str:
    return "fixed" if isinstance(movement, Fixed) else "floating"
