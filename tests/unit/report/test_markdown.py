"""The job summary: complete, bounded, and deaf to what its data says."""

from __future__ import annotations

import pytest

from ecr_publish.errors import BuildFailed
from ecr_publish.report.markdown import LARGEST_BYTES, MarkdownReporter, code, escaped
from ecr_publish.report.report import Report
from ecr_publish.run.outcome import Done, Failed
from tests.unit.report.words import DIGEST, PUSH, entry, good_run, intent, published, run_of, vulnerable_run


def text(report: Report) -> str:
    return MarkdownReporter().text(report)


def test_the_heading_is_the_verdict():
    assert text(vulnerable_run()).startswith("## ecr-publish run: failed: gate: vulnerable\n")


def test_each_published_digest_is_a_row():
    assert text(good_run()).count(f"`{DIGEST}`") == 2


def test_the_steps_are_folded_away():
    body = text(good_run())
    assert body.count("<details>") == body.count("</details>") == 1


def test_a_failure_ends_with_what_to_do():
    assert "Fix the packages that the error names" in text(vulnerable_run())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain words, 1.4.0", "plain words, 1.4.0"),
        ("a|b", "a\\|b"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("&lt;", "&amp;lt;"),
        ("*x* _y_ `z`", "\\*x\\* \\_y\\_ \\`z\\`"),
        ("[t](http://e)", "\\[t\\](http\\://e)"),
        ("![t](e)", "\\!\\[t\\](e)"),
        ("www.example.org", "www\\.example.org"),
        ("a@example.org", "a\\@example.org"),
        ("line\nbreak", "line break"),
        ("\\|", "\\\\\\|"),
        ("$x$", "\\$x\\$"),
    ],
)
def test_nothing_in_a_text_is_markup(given: str, shown: str):
    assert escaped(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"), [("v1", "`v1`"), ("a`b", "`` a`b ``"), ("a|b", "`a\\|b`"), ("", ""), ("`", "`` ` ``")]
)
def test_code_cannot_be_left_from_inside(given: str, shown: str):
    assert code(given) == shown


def test_a_hostile_tag_stays_in_its_cell():
    report = run_of(entry(PUSH, Done("x", (published(tags=("a|b</td>\n| c",)),))))
    row = next(line for line in text(report).splitlines() if "team/web`" in line)
    assert row.replace("\\|", "").count("|") == 7


def test_an_error_of_many_lines_is_one_item():
    error = BuildFailed(what="\n".join(["first", "# second", "| third |"]), where="build web", hint="look")
    assert "first<br>\\# second<br>\\| third \\|" in text(run_of(entry(PUSH, Failed(error)), exit_code=4))


def test_a_summary_of_a_huge_run_is_cut_by_whole_rows_and_says_so():
    many = [entry(intent("push", f"image-{n}", "dev"), Done("x" * 300)) for n in range(2000)]
    made = text(run_of(*many))
    assert len(made.encode()) <= LARGEST_BYTES
    assert "more lines do not fit" in made
    assert made.count("<details>") == made.count("</details>") == 1
    assert made.rstrip().splitlines()[-1].startswith("`ecr-publish: ok (exit 0)`")
