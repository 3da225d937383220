"""The harness that carries out the docs is able to fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docs.blocks import Block, Command, agrees, blocks
from tests.docs.session import Mismatch, Session

PAGE = """
# Title

```console
$ one \\
>   --more
a
b …
$ two
```

Text.

<!-- needs: docker, network -->

```sh
three
four
```

<!-- tests -->
```sh
five
```

```yaml
six: 6
```

1. In a list:

   ```console
   $ seven
     indented
   ```
"""


def test_a_page_has_its_commands_with_what_they_print():
    one, three, five, seven = blocks(PAGE)
    assert one.commands == (Command(5, "one \\\n  --more", ("a", "b …")), Command(9, "two", ()))
    assert (three.needs, three.commands[0].text) == ({"docker", "network"}, "three\nfour")
    assert five.needs == {"tests"}
    assert seven.commands[0].printed == ("  indented",)


def test_a_console_block_without_a_command_is_an_error():
    with pytest.raises(ValueError, match="line 2"):
        blocks("```console\noutput only\n```")


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        (["a"], ("a",), True),
        (["a  "], ("a",), True),
        (["a"], ("b",), False),
        (["a", "b"], ("a",), False),
        (["a"], ("a", "b"), False),
        (["digest sha256:1234 pushed"], ("digest sha256:… pushed",), True),
        (["digest sha256:1234 failed"], ("digest sha256:… pushed",), False),
        (["a", "b", "c"], ("a", "…", "c"), True),
        (["a", "c"], ("a", "…", "c"), True),
        (["a", "b", "d"], ("a", "…", "c"), False),
        (["x", "c"], ("…", "c"), True),
        (["c", "x"], ("…", "c"), False),
        (["a.c"], ("a.c",), True),
        (["abc"], ("a.c",), False),
        (["one", "two"], ("on… two",), False),
    ],
)
def test_what_is_printed_is_compared_with_wildcards(printed: list[str], expected: tuple[str, ...], same: bool):
    assert agrees(printed, expected) is same


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    made = Session(tmp_path_factory.mktemp("reader"))
    yield made
    made.close()


def block(*commands: tuple[str, ...]) -> Block:
    made = (Command(1, text, tuple(printed)) for text, *printed in commands)
    return Block(1, frozenset(), tuple(made))


def test_a_page_that_is_wrong_about_what_is_printed_fails(session: Session):
    with pytest.raises(Mismatch, match="printed something else"):
        session.carry_out(block(("echo a", "b")))


def test_a_command_that_fails_fails_the_page(session: Session):
    with pytest.raises(Mismatch, match="ended with 3, not 0"):
        session.carry_out(block(("exit 3",)))


def test_an_exit_code_that_the_page_shows_is_expected(session: Session):
    session.carry_out(block(("echo 'failed (exit 6)'; exit 6", "failed (exit 6)")))
    with pytest.raises(Mismatch, match="ended with 0, not 6"):
        session.carry_out(block(("echo 'failed (exit 6)'", "failed (exit 6)")))


def test_an_exit_code_can_be_asked_for_as_in_any_shell(session: Session):
    session.carry_out(block(("(exit 7)",), ("echo $?", "7")))


def test_both_streams_are_what_is_printed(session: Session):
    session.carry_out(block(("echo a; echo b >&2", "a", "b")))


def test_the_working_directory_goes_on(session: Session):
    session.carry_out(block(("cd docs",), ("basename $PWD", "docs"), ("cd ..",)))


def test_the_copy_is_a_clean_checkout(session: Session):
    session.carry_out(block(("git status --porcelain && echo clean", "clean")))


def test_what_runs_on_does_not_hold_the_page_up(session: Session):
    session.carry_out(block(("sleep 60 &",), ("echo next", "next")))
