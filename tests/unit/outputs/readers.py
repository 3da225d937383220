"""What the CIs' own readers make of our files, by their grammars: a text that breaks them fails here."""

from __future__ import annotations

import re


def github_output(text: str) -> dict[str, str]:
    """Records of $GITHUB_OUTPUT as actions/runner reads them (src/Runner.Worker/FileCommandManager.cs)."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, _, value = line.partition("=")
            found[name] = value
            continue
        assert heredoc > 0, f"neither NAME=VALUE nor NAME<<DELIMITER: {line!r}"
        name, _, delimiter = line.partition("<<")
        assert name, "a record without a name"
        assert delimiter, "a record without a delimiter"
        body: list[str] = []
        for each in lines:
            if each == delimiter:
                break
            body.append(each)
        else:
            raise AssertionError(f"no end of {name}")
        found[name] = "\n".join(body)
    return found


def github_commands(log: str) -> list[tuple[str, dict[str, str], str]]:
    """Commands that the runner would obey in these lines, in order (src/Runner.Common/ActionCommand.cs); between
    `::stop-commands::TOKEN` and `::TOKEN::` there are none."""
    found, stopped = [], None
    for line in re.split(r"\r\n|\n|\r", log):
        match = re.match(r"\s*::([^\s:]+)(?: ([^:]*))?::(.*)$", line)
        if stopped is not None:
            if match and match[1] == stopped:
                stopped = None
            continue
        if match:
            if match[1].lower() == "stop-commands":
                stopped = match[3]
            properties = dict(each.split("=", 1) for each in (match[2] or "").split(",") if "=" in each)
            found.append(
                (match[1].lower(), {key: _plain(value) for key, value in properties.items()}, _plain(match[3]))
            )
        elif old := re.search(r"##\[([\w-]+)([^\]]*)\](.*)$", line):
            found.append((old[1].lower(), {}, old[3]))
    assert stopped is None, "commands are still stopped at the end"
    return found


def _plain(text: str) -> str:
    for escape, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, meant)
    return text


def dotenv(text: str) -> dict[str, str]:
    """A dotenv report as GitLab reads it (docs: artifacts:reports:dotenv): no blanks, quotes, comments, empty lines."""
    assert len(text.encode()) <= 5 * 1024
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([A-Za-z0-9_]+)=(\S*)", line)
        assert match, f"not KEY=VALUE: {line!r}"
        found[match[1]] = match[2]
    assert len(found) <= 20
    return found
