"""What the loaded plugins contribute, as typed tuples. Nobody outside this folder ever sees pluggy's manager."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pluggy

from ecr_publish.errors import PluginError
from ecr_publish.model.origin import GitFacts, Origin
from ecr_publish.plugins.gates import Gates
from ecr_publish.plugins.observers import Observers
from ecr_publish.ports import Builder
from ecr_publish.report.report import Reporter
from ecr_publish.run.step import Step

GUARDED = ("gate", "step_started", "step_finished", "run_finished")  # hooks on which wrappers are refused


@dataclass(frozen=True, slots=True)
class Plugin:
    """One loaded plugin: its name (of the entry point), its distribution, and what it contributes."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...]
    contributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plugins:
    """Everything that plugins contribute. Nobody but this module ever sees pluggy's manager."""

    steps: tuple[Step, ...]
    builders: tuple[Builder, ...]
    reporters: tuple[Reporter, ...]
    listed: tuple[Plugin, ...]
    _manager: pluggy.PluginManager = field(repr=False)

    def origin(self, env: Mapping[str, str], git: GitFacts | None) -> Origin | None:
        """What the first plugin that recognises this CI says. Raises PluginError for one that raises."""
        for name, implementation in _implementations(self._manager, "origins"):
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
        return Gates(tuple(_implementations(self._manager, "gate")))

    @property
    def observers(self) -> Observers:
        """All observing hooks."""
        hooks = {hook: tuple(_implementations(self._manager, hook)) for hook in GUARDED[1:]}
        return Observers(hooks)


def _implementations(manager: pluggy.PluginManager, hook: str) -> list[tuple[str, Callable[..., Any]]]:
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
    for name, implementation in _implementations(manager, hook):
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


def described(manager: pluggy.PluginManager, name: str, distribution: str, version: str) -> Plugin:
    """A loaded plugin for the list: the hooks that it implements and the names of what it gives."""
    hooks, names = [], []
    for hook in ("steps", "builders", "origins", "reporters", *GUARDED):
        for owner, implementation in _implementations(manager, hook):
            if owner == name:
                hooks.append(hook)
                if hook in ("steps", "builders", "reporters"):
                    names += [f"{hook.removesuffix('s')} {each.name}" for each in implementation() or ()]
                if hook == "gate":
                    names.append(f"gate {name}")
    return Plugin(name, distribution, version, tuple(hooks), tuple(names))


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
