"""What each error code means, what usually causes it, and what to do: `ecr-publish explain CODE`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ecr_publish.errors import PublishError


@dataclass(frozen=True, slots=True)
class Explanation:
    """One error code explained; `causes` are the usual ones, the commonest first."""

    meaning: str
    causes: tuple[str, ...]
    remedy: str


EXPLANATIONS: dict[str, Explanation] = {
    "internal": Explanation(
        "ecr-publish, or a plugin's step, failed in a way that it does not foresee.",
        ("a bug in ecr-publish", "a plugin's step or builder that raised"),
        "Report it with the log file that the error names. `ecr-publish plugins` tells whose step it was.",
    ),
    "machine": Explanation(
        "This machine, not the registry and not your file, stopped the run.",
        ("no space left for layers on the way", "a directory that cannot be written", "too many open files"),
        "Free some space or set TMPDIR to a larger disk; check who owns `.ecr-publish`. Then run again.",
    ),
    "usage": Explanation(
        "The command line asks for something that cannot be done as said.",
        ("a misspelt option, format or image name", "a file named on the command line that cannot be read"),
        "`ecr-publish COMMAND --help` lists what there is.",
    ),
    "config": Explanation(
        "ecr-publish.yaml, or a seed, findings or faults file, is wrong; each error has its line and column.",
        ("an unknown or misspelt key", "a value of the wrong kind", "a key that this version does not have yet"),
        "`ecr-publish check` names every error at once; `ecr-publish schema` lets your editor find them as you type.",
    ),
    "origin": Explanation(
        "What the CI or git says about this run contradicts itself or is cut short, and no guess is made.",
        (
            "variables of a CI that were set or emptied by hand, or passed on into another job or container",
            "an event payload that was cut when it was copied",
            "a CodeBuild build started by a name that is both a branch and a tag",
        ),
        "The error names the variables. Start the run anew from the CI itself, or with a full ref such as "
        "`refs/tags/v1.4.0`; `ecr-publish origin` shows what is then understood and from which variable.",
    ),
    "reference": Explanation(
        "A text that should name a digest, tag, repository, platform or registry does not have its form.",
        ("a digest that was cut", "a tag with characters that registries do not take", "an account without 12 digits"),
        "Correct the text; a digest is `sha256:` and 64 hex digits, a tag at most 128 letters, digits, `_ . -`.",
    ),
    "plan": Explanation(
        "The file is well formed, but no plan can be made of it.",
        (
            "no tag rule applies to this commit and event",
            "`pipeline:` has a step before the one that gives what it needs",
            "promotion edges form a cycle",
            "an image, environment or edge was asked for that the file does not have",
        ),
        "The error lists each rule with its reason. `ecr-publish plan` shows the plan without running it.",
    ),
    "plan-differs": Explanation(
        "`run --plan` planned again and came to something else than what was saved; nothing was done.",
        ("a newer commit", "an edited file or build context", "another version of ecr-publish or of a plugin"),
        "Look at the difference that is named, and save a new plan with `ecr-publish plan -o FILE` if it is right.",
    ),
    "result": Explanation(
        "A result file (`.ecr-publish/result.d/IMAGE.json`) is absent, malformed, or names what is not there.",
        (
            "the step before did not run in this job, or `.ecr-publish` was not carried over",
            "the file was edited, or written by another version",
            "it names an image in an engine of another machine",
        ),
        "Run the step before again, or carry the directory `.ecr-publish` between the jobs (`build --output layout`).",
    ),
    "plugin": Explanation(
        "A plugin that the file lists cannot be used.",
        (
            "it is not installed beside ecr-publish, or too old",
            "it implements a hook that does not exist",
            "it wraps a gate or an observer, which is refused",
        ),
        "Install it into the same environment (`pip install NAME`), or take it off `plugins:`.",
    ),
    "image": Explanation(
        "A layout, an archive or a list of files that was given as input is not a valid image.",
        ("a blob is missing or has another digest", "several images in it and no `reference:`", "a path outside"),
        "Write the layout or archive again with its own tool; the error names the blob or the path.",
    ),
    "not-authorised": Explanation(
        "AWS or the registry does not know who you are, or does not allow this call to you.",
        (
            "no credentials in this job (a pull request from a fork has none)",
            "the session has expired",
            "the role's policy lacks the action that the error names, or its trust policy lacks this repository",
        ),
        "Fix what the error names. `ecr-publish login` shows who you are at each target.",
    ),
    "wrong-account": Explanation(
        "The credentials work, but they belong to another account than `environments.*.account` says.",
        ("a profile or role of another environment", "a copied account id in the file"),
        "Set `role:` or `profile:` at the environment, or correct `account:`. Nothing was written.",
    ),
    "token-expired": Explanation(
        "The registry's authorization token has expired, and a new one was refused as well.",
        ("the session behind it has ended in a very long run", "a clock that is hours off"),
        "Run again: it goes on from what the registry already has. Check the machine's clock.",
    ),
    "build": Explanation(
        "The builder refused or failed.",
        ("an error in the Dockerfile or a command in it", "a file that is not in the context", "a base image to pull"),
        "The build's own output stands above the error.",
    ),
    "engine": Explanation(
        "No Docker engine answers where one is needed.",
        ("docker is not running", "DOCKER_HOST points elsewhere", "a CI job without privileged mode or service"),
        "Start the engine, or use a builder that needs none: `files`, `layout` or `archive`.",
    ),
    "registry": Explanation(
        "The registry understood the request and said no.",
        ("a rule of that registry", "a manifest that it does not take", "a repository policy"),
        "The registry's own words are in the error.",
    ),
    "repository-missing": Explanation(
        "The repository does not exist in that registry.",
        ("it was never created in this account or region", "a `prefix:` or `repository:` with a typing error"),
        "Create it with the command that the error names, or set `create: if-missing` at the environment.",
    ),
    "image-missing": Explanation(
        "The tag or digest is not in that repository.",
        ("it was never pushed or promoted there", "a lifecycle policy or a clean-up job has deleted it"),
        "Push or promote it there first. A promotion never skips an environment.",
    ),
    "tag-taken": Explanation(
        "A fixed tag already names another digest. Both digests are in the error; nothing was overwritten.",
        ("a release was built again from another commit", "two pipelines release the same version"),
        "Release under a new version; if the tag is meant to move, list it under `floating:`.",
    ),
    "digest-mismatch": Explanation(
        "Bytes do not have the digest that was promised for them: when sent, received, or read back.",
        ("a proxy or disk that changes bytes", "a damaged layout", "a registry that lies"),
        "Run again; if it stays, find what changes the bytes. Nothing was tagged.",
    ),
    "quota": Explanation(
        "A hard quota of the registry is used up.",
        ("images per repository", "tags per image", "layers per image"),
        "Remove what is not needed, or have the quota raised in Service Quotas.",
    ),
    "vulnerable": Explanation(
        "The scan of the edge's source has more findings than `fail-on` allows; the findings are named.",
        ("a new vulnerability in the base image", "a threshold that is stricter than the image"),
        "Update the packages (the fixed versions are named), or change `scan.fail-on` or the edge's `fail-on`.",
    ),
    "cannot-judge": Explanation(
        "Nothing proves the image clean, and what is not proved clean is not promoted.",
        (
            "UNSUPPORTED_IMAGE: no os-release in any layer (scratch, distroless static)",
            "scanning is off, failed, or did not finish within `scan.timeout`",
            "a gate gave no answer, raised, or is required and not installed",
        ),
        "Switch scanning on, wait and run again; for images that no scanner reads, say `unscannable: {allow: REASON}`.",
    ),
    "promotion-refused": Explanation(
        "A gate of a plugin refused, the source's targets hold different digests, or a condition does not hold.",
        ("a missing signature or approval that a plugin asks for", "regions that were not pushed together"),
        "The gate's own words are in the error.",
    ),
    "unavailable": Explanation(
        "A service did not answer, answered with a fault of its own, or cut the connection, until the time was up.",
        ("the network of this machine, or a proxy", "an outage in that region"),
        "Run the same command again: it goes on from what the registry already has.",
    ),
    "throttled": Explanation(
        "The service asked to slow down for longer than a run waits.",
        ("many jobs against one account and region at once", "a low quota on that action"),
        "Run fewer jobs at once (or `--parallel` lower), and have the rate quota raised if it stays.",
    ),
    "interrupted": Explanation(
        "You asked to stop (Ctrl-C). What was finished stays; nothing half done carries a tag.",
        ("SIGINT",),
        "Run the same command again: it goes on from what the registry already has.",
    ),
    "terminated": Explanation(
        "The machine or the CI asked to stop. What was finished stays; nothing half done carries a tag.",
        ("a cancelled job", "the job's time limit", "a machine that is taken away"),
        "Run the same command again, with a longer time limit if that was the cause.",
    ),
}


def codes() -> dict[str, int]:
    """Every error code with its exit code, in the order of errors.py."""
    found: dict[str, int] = {}
    for kind in _kinds(PublishError):
        found.setdefault(kind.code, kind.exit_code)
    return found


def _kinds(kind: type[PublishError]) -> Iterator[type[PublishError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)
