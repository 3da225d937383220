"""What the code has, the docs name: commands, options, keys of the file, hooks, exit codes, error codes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import get_args

import click
import pytest
from pydantic import BaseModel

from ecr_publish import hookspecs
from ecr_publish.cli.main import COMMANDS, cli
from ecr_publish.config.model import Config
from ecr_publish.report.exits import EXITS
from ecr_publish.report.explanations import EXPLANATIONS
from tests.docs.blocks import pages

TEXT = "\n".join(page.read_text(encoding="utf-8") for page in pages())
# Given by another key, or by the loader: nobody writes them.
NOT_WRITTEN = {"kind", "name", "environment", "builder-reason", "options"}


def keys() -> set[str]:
    """Every key that a file may have, as it is written there."""
    return {key for model in _models(Config, set()) for key in _keys(model)} - NOT_WRITTEN


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name.replace("_", "-")


def _models(kind: object, seen: set[type]) -> set[type]:
    if inspect.isclass(kind) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for field in kind.model_fields.values():
            _models(field.annotation, seen)
    for part in get_args(kind):
        _models(part, seen)
    return seen


def hooks() -> list[str]:
    return [name for name, each in vars(hookspecs).items() if hasattr(each, "ecr_publish_spec")]


def options() -> set[str]:
    found = set()
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        found |= {max(each.opts, key=len) for each in command.params if isinstance(each, click.Option)}
    return found - {"--help"}


def unnamed(words: set[str] | list[str], pattern: str = r"(?<![\w-]){}(?![\w-])") -> list[str]:
    return sorted(word for word in words if not re.search(pattern.format(re.escape(word)), TEXT))


def test_every_command_is_in_the_docs():
    assert unnamed(list(COMMANDS), r"`(?:ecr-publish )?{}(?![\w-])") == []


def test_every_option_is_in_the_docs():
    assert unnamed(options()) == []


def test_every_key_of_the_file_is_in_the_docs():
    assert unnamed(keys(), r"(?<![\w-]){}(?:`|:)") == []


def test_every_hook_is_in_the_docs():
    assert unnamed(hooks(), r"(?<![\w-]){}(?:\(|`)") == []


@pytest.mark.parametrize("word", ["--no-such-option"])
def test_a_word_that_is_in_no_page_is_seen(word: str):
    assert unnamed([word]) == [word]


def test_every_exit_code_is_in_the_docs():
    assert unnamed([str(each.number) for each in EXITS], r"\| {} \|") == []


def test_every_error_code_is_in_the_docs():
    assert unnamed(list(EXPLANATIONS), r"\| `{}` \|") == []


def test_there_is_something_to_look_for():
    assert {"version", "environments", "fail-on", "from", "to", "unscannable", "no-cache"} <= keys()
    assert set(hooks()) >= {"steps", "gate", "run_finished"}
    assert {"--format", "--findings", "--image"} <= options()
