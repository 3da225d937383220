"""Variables of scripts and workflows, replaced by their values or by what they mean.

A meaning is a name in angle brackets, which no reference to an image can hold: `<short-sha>`, `<branch>`, `<account>`.
`<?NAME>` is a variable whose value the files do not tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ecr_publish.adoption.shell import LITERAL

Lookup = Callable[[str], str | None]

# Names with a value in every job (GitHub Docs, "Variables reference"; CodeBuild User Guide, "Environment variables in
# build environments"; GitLab Docs, "Predefined CI/CD variables reference").
MEANINGS: Mapping[str, str] = {
    "GITHUB_SHA": "<sha>",
    "GITHUB_REF": "<full-ref>",
    "GITHUB_REF_NAME": "<ref>",
    "GITHUB_HEAD_REF": "<branch>",
    "GITHUB_RUN_NUMBER": "<run>",
    "GITHUB_RUN_ID": "<run>",
    "GITHUB_RUN_ATTEMPT": "<run>",
    "CODEBUILD_RESOLVED_SOURCE_VERSION": "<sha>",
    "CODEBUILD_SOURCE_VERSION": "<sha>",
    "CODEBUILD_BUILD_NUMBER": "<run>",
    "CODEBUILD_BUILD_ID": "<run>",
    "CI_COMMIT_SHA": "<sha>",
    "CI_COMMIT_SHORT_SHA": "<short-sha>",
    "CI_COMMIT_TAG": "<git-tag>",
    "CI_COMMIT_BRANCH": "<branch>",
    "CI_COMMIT_REF_NAME": "<ref>",
    "CI_COMMIT_REF_SLUG": "<slug>",
    "CI_PIPELINE_ID": "<run>",
    "CI_PIPELINE_IID": "<run>",
    "CI_JOB_ID": "<run>",
    "AWS_ACCOUNT_ID": "<account>",
    "AWS_ACCOUNT": "<account>",
    "AWS_REGION": "<region>",
    "AWS_DEFAULT_REGION": "<region>",
    "PWD": ".",
    "CODEBUILD_SRC_DIR": ".",
    "CI_PROJECT_DIR": ".",
    "GITHUB_WORKSPACE": ".",
}
CONTEXTS: Mapping[str, str] = {
    "github.sha": "<sha>",
    "github.ref": "<full-ref>",
    "github.ref_name": "<ref>",
    "github.event.release.tag_name": "<git-tag>",
    "github.event.pull_request.head.sha": "<sha>",
    "github.head_ref": "<branch>",
    "github.run_number": "<run>",
    "github.run_id": "<run>",
    "github.run_attempt": "<run>",
    "github.workspace": ".",
}
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_PARAMETER = re.compile(
    r"\$\{(\w+)(?:(:?[-=+?])([^{}]*)|(::\d+|:0:\d+)|(#{1,2}|%{1,2})([^{}]*)|(\[[^{}]*|[:,^/@][^{}]*))?\}|\$(\w+|[@*#?])"
)


def replaced(text: str, lookup: Lookup) -> str:
    """The text with each `${{ … }}`, `$NAME`, `${NAME…}` and `$(…)` replaced. `lookup` gives None for the unknown."""
    text = _EXPRESSION.sub(lambda match: _known(match[1], lookup), text)
    text = _substitutions(text, lookup)
    for _ in range(3):  # a default may itself hold a variable
        text = _PARAMETER.sub(lambda match: _parameter(match, lookup), text)
    return text.replace(LITERAL, "$")


def _known(name: str, lookup: Lookup) -> str:
    if match := re.fullmatch(r"format\('([^']*)'((?:\s*,[^,()]+)*)\)", name):
        values = [_known(each.strip(), lookup) for each in match[2].split(",")[1:]]
        return re.sub(r"\{(\d)\}", lambda found: "".join(values[int(found[1]) : int(found[1]) + 1]), match[1])
    for part in (each.strip() for each in name.split("||")):  # GitHub's `a || b`: the first that is not empty
        if literal := re.fullmatch(r"'([^']*)'", part):
            return literal[1]
        if found := (lookup(part) or MEANINGS.get(part) or CONTEXTS.get(part)):
            return found
        if not re.fullmatch(r"[\w.-]+", part):
            break  # a comparison or a function: what it gives only GitHub knows
    return f"<?{re.sub(r'[^A-Za-z0-9_.-]+', '-', name).strip('-')}>"  # no blank and no slash: a reference is cut there


def _parameter(match: re.Match[str], lookup: Lookup) -> str:
    name = match[1] or match[8]
    found = lookup(name) or MEANINGS.get(name)
    if match[7]:
        return f"<?{name}>"
    if match[2] is not None and match[2].lstrip(":") in "-=":
        default = replaced(match[3], lookup)
        if found in ("<git-tag>", "<branch>") and default:  # set in some runs only
            return f"{found[:-1]}|{default.strip('<>')}>" if known_meaning(default) else f"{found[:-1]}|={default}>"
        return found or default
    if found is None:
        return f"<?{name}>"
    if match[4]:
        return "<short-sha>" if found == "<sha>" else found
    if match[5]:
        return _trimmed(found, match[5], match[6])
    return found


def known_meaning(text: str) -> bool:
    """Whether the text is one meaning and no more."""
    return re.fullmatch(r"<[a-z-]+>", text) is not None


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """A value without what `${NAME#pattern}` and its like take off: fixed text, or all up to or from a character."""
    if value == "<full-ref>":
        return {"refs/heads/": "<branch>", "refs/tags/": "<git-tag>", "*/": "<ref>"}.get(pattern, value)
    if not re.search(r"[*?\[<]", pattern):
        return value.removeprefix(pattern) if operator[0] == "#" else value.removesuffix(pattern)
    literal = pattern.strip("*")
    if "<" in value or re.search(r"[*?\[<]", literal) or not literal:
        return value if "<" in value and literal not in value else f"<?{pattern}>"
    match operator:
        case "##":
            return value.rpartition(literal)[2]
        case "#":
            return value.partition(literal)[2] if literal in value else value
        case "%%":
            return value.partition(literal)[0]
        case _:
            return value.rpartition(literal)[0] if literal in value else value


def _substitutions(text: str, lookup: Lookup) -> str:
    """`$(command)` by what it gives: a commit, a version, an account."""
    while (begin := text.find("$(")) >= 0:
        depth, end = 0, begin + 1
        while end < len(text):
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
            if depth == 0:
                break
        inner = text[begin + 2 : end - 1]
        text = text[:begin] + _given(inner, lookup) + text[end:]
    return text


def _given(command: str, lookup: Lookup) -> str:
    plain = " ".join(command.split())
    if re.search(r"git rev-parse .*--short", plain) or re.search(r"git (log|show) .*%h", plain):
        return "<short-sha>"
    if re.search(r"git rev-parse .*HEAD", plain) or re.search(r"git (log|show) .*%H", plain):
        return "<sha>" if "cut" not in plain else "<short-sha>"
    if "git describe" in plain:
        return "<git-tag>"
    if re.search(r"git (branch --show-current|symbolic-ref|rev-parse --abbrev-ref)", plain):
        return "<branch>"
    if "sts get-caller-identity" in plain:
        return "<account>"
    if re.match(r"(date|/bin/date)\b", plain):
        return "<date>"
    if plain in ("pwd", "dirname $0"):
        return "."
    inner = replaced(plain, lookup)
    if "<sha>" in inner:
        return "<short-sha>" if re.search(r"\bcut\b|\bhead -c|:0:\d", inner) else "<sha>"
    known = re.search(r"<(short-sha|git-tag|branch|ref|slug|run)>", inner)
    if known:
        return known[0]
    return f"<?{plain.split()[0] if plain else 'command'}>"
