"""The list of plugins, for people who ask what is loaded."""

from __future__ import annotations

from dataclasses import dataclass

import pluggy

from ecr_publish.plugins.contributions import GUARDED, implementations


@dataclass(frozen=True, slots=True)
class Plugin:
    """One loaded plugin: its name (of the entry point), its distribution, and what it contributes."""

    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...]
    contributes: tuple[str, ...]


def described(manager: pluggy.PluginManager, name: str, distribution: str, version: str) -> Plugin:
    """A loaded plugin for the list: the hooks that it implements and the names of what it gives."""
    hooks, names = [], []
    for hook in ("steps", "builders", "origins", "reporters", *GUARDED):
        for owner, implementation in implementations(manager, hook):
            if owner == name:
                hooks.append(hook)
                if hook in ("steps", "builders", "reporters"):
                    names += [f"{hook.removesuffix('s')} {each.name}" for each in implementation() or ()]
                if hook == "gate":
                    names.append(f"gate {name}")
    return Plugin(name, distribution, version, tuple(hooks), tuple(names))
