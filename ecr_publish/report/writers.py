"""The writers of ours, by name. Each is loaded only when it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_publish.report.report import Report, Reporter


class Loaded:
    """A reporter that is loaded when it first writes: most runs want one of them."""

    def __init__(self, name: str, load: Callable[[], Reporter]) -> None:
        self.name, self._load = name, load

    def text(self, report: Report) -> str:
        """As the reporter of that name writes it."""
        return self._load().text(report)


def builtin_reporters() -> tuple[Reporter, ...]:
    """console, markdown, json, junit."""
    return (
        Loaded("console", _console),
        Loaded("markdown", _markdown),
        Loaded("json", _json),
        Loaded("junit", _junit),
    )


def _console() -> Reporter:
    from ecr_publish.report.console import ConsoleReporter

    return ConsoleReporter()


def _markdown() -> Reporter:
    from ecr_publish.report.markdown import MarkdownReporter

    return MarkdownReporter()


def _json() -> Reporter:
    from ecr_publish.report.jsontext import JsonReporter

    return JsonReporter()


def _junit() -> Reporter:
    from ecr_publish.report.junit import JunitReporter

    return JunitReporter()
