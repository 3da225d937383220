"""References to images as scripts write them, taken apart; and what a tag of a script is as a rule."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ecr_publish.adoption.found import Destination

_ECR = re.compile(
    r"(?P<account>\d{12}|<[^>]*>)\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+|<[^>]*>)\."
    r"(?:amazonaws\.com(?:\.cn)?|on\.aws)"
)
REGISTRY = "<registry>"  # what amazon-ecr-login and variables such as ECR_REGISTRY stand for


@dataclass(frozen=True, slots=True)
class Reference:
    """Where it is, the repository in it and the tag. A registry of None is docker's own hub, or a local name."""

    destination: Destination | None
    repository: str
    tag: str | None


def reference(text: str) -> Reference:
    """`HOST/REPOSITORY:TAG` taken apart. A first part is a host if it looks like one, as docker reads it."""
    text = re.sub(r"^https?://", "", text.strip())
    name, tag = _tag(text)
    host, slash, rest = name.partition("/")
    if not slash:
        return Reference(None, name, tag)
    if match := _ECR.fullmatch(host):
        return Reference(Destination(known(match["account"]), known(match["region"])), rest, tag)
    if host in ("public.ecr.aws", "ecr-public.aws.com"):
        alias, _, repository = rest.partition("/")
        return Reference(Destination(public_alias=known(alias)), repository, tag)
    if _stands_for_registry(host):
        return Reference(Destination(), rest, tag)
    if host in ("docker.io", "index.docker.io", "registry-1.docker.io"):
        return Reference(None, rest, tag)
    if "." in host or ":" in host or host == "localhost":
        return Reference(Destination(plain=host), rest, tag)
    return Reference(None, name, tag)


def known(text: str) -> str | None:
    """The text if no unknown value is in it."""
    return text if text and "<" not in text else None


def _tag(text: str) -> tuple[str, str | None]:
    name, at, _ = text.partition("@")
    if at:
        return name, None
    head, colon, tail = text.rpartition(":")
    if not colon or "/" in tail:
        return text, None
    return head, tail


def _stands_for_registry(host: str) -> bool:
    """`<registry>`, or an unknown variable alone before the first slash, but GitLab's own (`$CI_REGISTRY_IMAGE`)."""
    return host == REGISTRY or re.fullmatch(r"<\?(?!CI_REGISTRY)[^>]*>", host) is not None


@dataclass(frozen=True, slots=True)
class Ruled:
    """The rules that give what a script's tag gives, and what is different about them (None: nothing)."""

    rules: tuple[str, ...]
    remark: str | None = None


_WHOLE: dict[str, Ruled] = {
    "<sha>": Ruled(("type=sha,format=long,prefix=",)),
    "<short-sha>": Ruled(("type=sha,prefix=",)),
    "<branch>": Ruled(("type=ref,event=branch",)),
    "<git-tag>": Ruled(("type=ref,event=tag",)),
    "<full-ref>": Ruled((), "GITHUB_REF holds slashes, which no tag holds"),
    "<ref>": Ruled(("type=ref,event=branch", "type=ref,event=tag")),
    "<slug>": Ruled(
        ("type=ref,event=branch", "type=ref,event=tag"),
        "a slug is in lower case and cut at 63 characters; these rules keep the case and allow 128",
    ),
}
_EXPRESSIONS = {
    "<short-sha>": "{{sha}}",
    "<branch>": "{{branch}}",
    "<git-tag>": "{{tag}}",
    "<date>": "{{date 'YYYYMMDD'}}",
}


def rules(tag: str) -> Ruled:
    """The rules for one tag of a script; no rule where it has no counterpart that is the same on a second run."""
    held = re.findall(r"<[^>]*>", tag)
    if not held:
        literal = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", tag)
        return Ruled((f"type=raw,value={tag}",)) if literal else Ruled((), f"{tag!r} is no tag")
    unknown = [name for name in held if name.startswith("<?")]
    if unknown:
        return Ruled((), f"what {unknown[0][2:-1]} is cannot be told from the file")
    if "<run>" in held:
        return Ruled((), "a run number names another tag on each run; a commit or a version names the image")
    if len(held) == 1:
        return _one(tag, held[0])
    text = tag
    for name in held:
        if name not in _EXPRESSIONS:
            return Ruled((), f"{tag!r} joins values that no rule joins")
        text = text.replace(name, _EXPRESSIONS[name])
    return Ruled((f"type=raw,value={text}",))


def _either(tag: str, name: str) -> Ruled:
    """The rules of a value that has another one where it is not set: both, for a rule without a value gives no tag."""
    first, _, second = name[1:-1].partition("|")
    found = _one(tag.replace(name, f"<{first}>"), f"<{first}>")
    if second.startswith("="):
        return Ruled(found.rules, f"{second[1:]} where there is no {first} is left out")
    other = _one(tag.replace(name, f"<{second}>"), f"<{second}>")
    return Ruled(tuple(dict.fromkeys(found.rules + other.rules)), found.remark or other.remark)


def _one(tag: str, name: str) -> Ruled:
    if "|" in name:
        return _either(tag, name)
    before, _, after = tag.partition(name)
    if name == "<date>":
        return Ruled(
            (f"type=raw,value={before}{_EXPRESSIONS[name]}{after}",),
            "a date was found: this rule writes it as YYYYMMDD",
        )
    whole = _WHOLE.get(name)
    if whole is None:
        return Ruled((), f"what {name[1:-1]} is cannot be a tag")
    if not before and not after:
        return whole
    made = []
    for rule in whole.rules:
        base = rule.removesuffix(",prefix=")
        made.append(
            base + (f",prefix={before}" if before else ",prefix=" * (base != rule)) + f",suffix={after}" * bool(after)
        )
    return Ruled(tuple(made), whole.remark)
