"""What the loaded plugins contribute, as typed tuples. Nobody outside this folder ever sees pluggy's manager."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

from ecr_publish.errors import PluginError
from ecr_publish.model.origin import GitFacts, Origin
from ecr_publish.plugins.gates import Gates
from ecr_publish.plugins.observers import Observers

if TYPE_CHECKING:
    from ecr_publish.plugins.listing import Plugin
    from ecr_publish.ports.building import Builder
    from ecr_publish.report.report import Reporter
    from ecr_publish.run.step import Step

GUARDED = ("gate", "step_started", "step_finished", "run_finished")  # hooks on which wrappers are refused


class Plugins:
    """Everything that plugins contribute. Nobody outside this folder ever sees pluggy's manager."""

    def __init__(self, manager: pluggy.PluginManager, sources: Mapping[str, tuple[str, str]]) -> None:
        """`sources` has the distribution and version of each plugin, the built-in one first. Raises PluginError."""
        self._manager, self._sources = manager, sources
        self.steps: tuple[Step, ...] = contributed(manager, "steps")
        self.builders: tuple[Builder, ...] = contributed(manager, "builders")
        self.reporters: tuple[Reporter, ...] = contributed(manager, "reporters")

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """Distribution and version of each plugin that is not built in."""
        return tuple(self._sources.values())[1:]

    @property
    def listed(self) -> tuple[Plugin, ...]:
        """All of them, with what each contributes; for this they are asked again."""
        from ecr_publish.plugins.listing import described

        return tuple(described(self._manager, name, *source) for name, source in self._sources.items())

    def origin(self, env: Mapping[str, str], git: GitFacts | None) -> Origin | None:
        """What the first plugin that recognises this CI says. Raises PluginError for one that raises."""
        for name, implementation in implementations(self._manager, "origins"):
            try:
                found = implementation(env=dict(env), git=git)
            except (Exception, SystemExit) as error:
                raise broken(name, "origins", error) from error
            if found is not None:
                return _typed(name, "origins", found, Origin)
        return None

    @property
    def gates(self) -> Gates:
        """All gates, built-in and of plugins."""
        return Gates(tuple(implementations(self._manager, "gate")))

    @property
    def observers(self) -> Observers:
        """All observing hooks."""
        hooks = {hook: tuple(implementations(self._manager, hook)) for hook in GUARDED[1:]}
        return Observers(hooks)


def implementations(manager: pluggy.PluginManager, hook: str) -> list[tuple[str, Callable[..., Any]]]:
    """Each plugin's own function, in the order of registration, with only the arguments that it names."""
    found = []
    for implementation in getattr(manager.hook, hook).get_hookimpls():
        found.append((implementation.plugin_name, _narrowed(implementation.function, implementation.argnames)))
    return found


def _narrowed(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    def call(**arguments: Any) -> Any:
        return function(**{name: arguments[name] for name in names})

    return call


def contributed(manager: pluggy.PluginManager, hook: str) -> tuple[Any, ...]:
    """The values of all plugins in a contribute hook, in order. Raises PluginError: a raise, no name, a name twice."""
    found: dict[str, Any] = {}
    for name, implementation in implementations(manager, hook):
        try:
            values = tuple(implementation() or ())
        except (Exception, SystemExit) as error:
            raise broken(name, hook, error) from error
        for value in values:
            if not isinstance(getattr(value, "name", None), str):
                raise PluginError(
                    what=f"the plugin {name} gives {value!r} in {hook}(), which has no name",
                    where="plugins",
                    hint="see docs/plugins.md",
                )
            if value.name in found:
                raise PluginError(
                    what=f"the plugin {name} gives {value.name!r} in {hook}(), and that name is taken",
                    where="plugins",
                    hint="one of the two plugins must go, or be renamed",
                )
            found[value.name] = value
    return tuple(found.values())


def _typed(name: str, hook: str, value: object, kind: type[Origin]) -> Origin:
    if not isinstance(value, kind):
        raise PluginError(
            what=f"the plugin {name} gives {value!r} in {hook}, expected {kind.__name__}",
            where="plugins",
            hint="see docs/plugins.md",
        )
    return value


def broken(name: str, where: str, error: Exception | SystemExit) -> PluginError:
    """The error for a plugin that raised."""
    return PluginError(
        what=f"the plugin {name} raised {type(error).__name__}: {error}",
        where=f"plugins: {where}",
        hint="update it or take it off",
    )
