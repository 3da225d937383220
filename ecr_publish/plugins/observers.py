"""The observer loop: each looks on by itself and cannot silence the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ecr_publish.report.report import Report


class Observers:
    """Calls observers in order, each by itself; what one raises is reported once and changes nothing."""

    def __init__(self, hooks: Mapping[str, tuple[tuple[str, Callable[..., Any]], ...]]) -> None:
        self._hooks = hooks
        self._warned: dict[str, str] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each plugin that raised."""
        return tuple(self._warned.values())

    def step_started(self, intent: Any) -> None:
        """An intent is about to run."""
        self._tell("step_started", intent=intent)

    def step_finished(self, intent: Any, outcome: Any) -> None:
        """An intent has ended."""
        self._tell("step_finished", intent=intent, outcome=outcome)

    def run_finished(self, report: Report) -> None:
        """The run is over."""
        self._tell("run_finished", report=report)

    def _tell(self, hook: str, **arguments: Any) -> None:
        for name, implementation in self._hooks[hook]:
            try:
                implementation(**arguments)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the observer loop is a border
                self._warned.setdefault(
                    f"{name}.{hook}", f"the plugin {name} raised in {hook}: {type(error).__name__}: {error}"
                )
