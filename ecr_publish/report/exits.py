"""Exit codes in words: the last line of a run, `explain`, and docs/exit-codes.md say the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exit:
    """One exit code: a word for the last line, what it means, and what to do."""

    number: int
    word: str
    meaning: str
    remedy: str


EXITS = (
    Exit(
        0,
        "ok",
        "Everything that was asked for is done, was there already, or is left out for a reason that the report gives.",
        "Nothing to do.",
    ),
    Exit(
        1,
        "a fault of ours, or of this machine",
        "The disk is full, a file cannot be written, or ecr-publish has a bug.",
        "Look at the error: free space or fix permissions; otherwise report it with the log file that is named.",
    ),
    Exit(
        2,
        "usage, configuration, or a plan that no longer fits",
        "The command line, ecr-publish.yaml, a plugin, a saved plan or a result file is wrong, and nothing was done; "
        "or a layout or an archive is, and its image was not published.",
        "Run `ecr-publish check`: it names every error of the file with its position.",
    ),
    Exit(
        3,
        "not authorised",
        "Credentials are missing, expired, of another account than the file says, or lack a permission.",
        "The error names the identity and the call; fix the role, the profile or the policy.",
    ),
    Exit(
        4,
        "build failed",
        "The builder refused or failed, or no Docker engine answers.",
        "Read the build output above the error; `builder: files` and `builder: layout` need no engine.",
    ),
    Exit(
        5,
        "registry refused",
        "The registry said no: a missing repository, a taken tag, a quota, bytes with the wrong digest.",
        "The error names the repository and both digests where a tag is taken; release under a new version.",
    ),
    Exit(
        6,
        "gate: vulnerable",
        "The scan has more findings than `fail-on` allows. The image was not promoted over that edge.",
        "Fix the packages that the error names, or change the thresholds in the file.",
    ),
    Exit(
        7,
        "gate: cannot judge",
        "Nothing proves the image clean: the scan is missing, failed, unsupported or too late, or a gate was silent.",
        "Run again later, raise `scan.timeout`, or say `unscannable: {allow: reason}` on the edge for such images.",
    ),
    Exit(
        8,
        "promotion refused",
        "A plugin's gate refused, the source's targets hold different digests, or no tag of the digest matches the "
        "edge's `when:`.",
        "The reason names the gate or the condition.",
    ),
    Exit(
        9,
        "service unavailable after retries",
        "AWS or the registry did not answer, cut the connection or asked to slow down, until the time was up.",
        "Run the same command again: it goes on from what the registry already has.",
    ),
    Exit(
        10,
        "drift found",
        "What is in AWS differs from what the file declares. Kept for commands that compare; no command of this "
        "version ends with it.",
        "Apply the file, or change the file to what is meant.",
    ),
    Exit(
        130,
        "interrupted",
        "SIGINT (Ctrl-C). Nothing is half published: a tag is the last thing that is written.",
        "Run the same command again: it goes on from what the registry already has.",
    ),
    Exit(
        143,
        "terminated",
        "SIGTERM: the machine or the CI asked to stop (a cancelled job, a time limit); SIGHUP: the terminal is gone.",
        "Run the same command again, with a longer time limit if that was the cause.",
    ),
)
_BY_NUMBER = {each.number: each for each in EXITS}


def exit_of(number: int) -> Exit | None:
    """The entry of that number; None for a number that ecr-publish never ends with."""
    return _BY_NUMBER.get(number)


def verdict(number: int) -> str:
    """`ok`, or `failed: gate: vulnerable`."""
    known = _BY_NUMBER.get(number)
    if number == 0:
        return "ok"
    return f"failed: {known.word}" if known else "failed"


def last_line(number: int) -> str:
    """The last line of every run: some CIs lose the exit code itself (without a line break)."""
    return f"ecr-publish: {verdict(number)} (exit {number})"
