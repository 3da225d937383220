"""Scripts as people write them in CI files, read for their commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_publish.adoption.shell import LITERAL, commands


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("docker push a", [("docker", "push", "a")]),
        ("docker build \\\n  -t a .", [("docker", "build", "-t", "a", ".")]),
        ('docker tag "a b" c # why', [("docker", "tag", "a b", "c")]),
        ("a && b || c; d | e & f", [("a",), ("b",), ("c",), ("d",), ("e",), ("f",)]),
        ("X=$(echo $SHA | cut -c 1-7)", [("X=$(echo $SHA | cut -c 1-7)",)]),
        ("X=`git rev-parse HEAD`", [("X=$(git rev-parse HEAD)",)]),
        ('docker push "a:`git rev-parse HEAD`"', [("docker", "push", "a:$(git rev-parse HEAD)")]),
        ("docker push ${{ env.X }}/a:1", [("docker", "push", "${{ env.X }}/a:1")]),
        ("echo '$HOME'", [("echo", f"{LITERAL}HOME")]),
        (r"echo \$HOME", [("echo", f"{LITERAL}HOME")]),
        ("printf x > file.json 2>/dev/null", [("printf", "x")]),
        ("cat > f <<END\ndocker push no\nEND\ndocker push yes", [("cat",), ("docker", "push", "yes")]),
        (
            "if [ -n x ]; then docker push a; fi",
            [("if", "[", "-n", "x", "]"), ("then", "docker", "push", "a"), ("fi",)],
        ),
        ("(docker push a)", [("docker", "push", "a")]),
        ("{ docker push a; }", [("docker", "push", "a")]),
        ("# only this", []),
        ("", []),
    ],
)
def test_words_of_each_command(script: str, words: list[tuple[str, ...]]):
    assert [each.words for each in commands(script)] == words


def test_lines_count_from_the_script_s_first():
    assert [each.line for each in commands("a\n\nb \\\n c\nd")] == [0, 2, 4]


@given(st.text(alphabet="ab $(){}'\"`\\\n;&|<>#=", max_size=60))
def test_any_text_ends(script: str):
    for each in commands(script):
        assert each.words
