"""A step of docker/metadata-action: names of images, and tag rules in the grammar that we read too (its README)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ecr_publish.adoption.jobcontext import JobContext
from ecr_publish.adoption.reading import lines
from ecr_publish.config.document import Map, Text

# Without `tags` (its README, "tags input").
_USUAL_TAGS = ("type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")
_INSIDE = r"(?:(?!\}\}).)*?"  # the text of one `${{ … }}`
_ON_DEFAULT_BRANCH = re.compile(
    rf"\$\{{\{{{_INSIDE}(?:default_branch|'(?:refs/heads/)?(?:main|master)'){_INSIDE}\}}\}}"
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the step gives to others."""

    images: tuple[str, ...]
    tags: tuple[str, ...]
    flavor: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]


def metadata(given: Map, context: JobContext) -> Metadata:
    """The step's inputs as images, rules and labels; what only GitHub knows is said."""
    images = []
    for line in lines(given.get("images")):
        fields = [each.strip() for each in context.value(line).split(",")]
        if "enable=false" not in fields:
            images.append(next((each.partition("=")[2] for each in fields if each.startswith("name=")), fields[0]))
    tags = tuple(rule for line in lines(given.get("tags")) if (rule := _rule(line, context)))
    flavor = tuple(context.value(line) for line in lines(given.get("flavor")) if not line.startswith("#"))
    if "annotations" in given:
        context.say(given["annotations"], "annotations of docker/metadata-action: write them under build.annotations")
    return Metadata(
        tuple(images),
        tags if "tags" in given else _USUAL_TAGS,
        tuple(each for each in flavor if "<?" not in each),
        context.pairs(given.get("labels")),
    )


def _rule(line: Text, context: JobContext) -> str | None:
    """One tag rule as it stands; conditions that only a workflow knows become what the grammar has for them."""
    if line.startswith("#"):
        return None
    rule = _ON_DEFAULT_BRANCH.sub("{{is_default_branch}}", line)
    rule = re.sub(r"\$\{\{\s*github\.ref_name\s*\}\}", "{{branch}}", rule)
    rule = re.sub(r"\$\{\{\s*github\.sha\s*\}\}", "{{sha}}", rule)
    rule = context.value(rule)
    if "<" in rule:
        context.say(line, f"the tag rule {str(line)!r} is left out: it asks for what only GitHub knows")
        return None
    return rule
