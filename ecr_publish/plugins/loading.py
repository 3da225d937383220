"""Plugins are found among the installed distributions, registered and checked against the hooks' rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pluggy

from ecr_publish import __version__, hookspecs
from ecr_publish.builtins import NAME as BUILTIN_GATE
from ecr_publish.builtins import Builtins
from ecr_publish.errors import PluginError
from ecr_publish.plugins.contributions import GUARDED, Plugins, broken

if TYPE_CHECKING:
    from importlib.metadata import Distribution

GROUP = "ecr_publish"


def load(requirements: tuple[str, ...], *, trusted: bool, environment: Mapping[str, str]) -> Plugins:
    """The built-ins, and of the installed distributions those that `requirements` lists, if the origin is trusted.
    Code of an origin that is not trusted is built without Docker's logins.

    Raises PluginError: a listed distribution is not installed, too old, has no entry point here, cannot be imported,
    has a hook that does not exist or a wrapper on a guarded one, or a name that is taken.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(Builtins(environment, trusted=trusted), name=BUILTIN_GATE)
    sources = {BUILTIN_GATE: ("ecr-publish", __version__)}
    if requirements and trusted:
        for name, plugin, distribution in _listed(requirements):
            _register(manager, name, plugin)
            sources[name] = (distribution.name, distribution.version)
    return Plugins(manager, sources)


def _listed(requirements: tuple[str, ...]) -> list[tuple[str, object, Distribution]]:
    from importlib.metadata import distributions

    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    installed = {canonicalize_name(each.name): each for each in distributions() if each.name}
    found = []
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise PluginError(what=f"{text!r}: {error}", where="plugins", hint="write name or name>=1.2") from error
        distribution = installed.get(canonicalize_name(requirement.name))
        if distribution is None:
            raise PluginError(
                what=f"the plugin {requirement.name} is listed and not installed",
                where="plugins",
                hint=f"pip install '{text}' beside ecr-publish",
            )
        if not requirement.specifier.contains(distribution.version, prereleases=True):
            raise PluginError(
                what=f"the plugin {requirement.name} is {distribution.version}, the file wants {requirement.specifier}",
                where="plugins",
                hint=f"pip install --upgrade '{text}'",
            )
        points = [point for point in distribution.entry_points if point.group == GROUP]
        if not points:
            raise PluginError(
                what=f"{requirement.name} is installed and is no plugin: it has no entry point in the group {GROUP!r}",
                where="plugins",
                hint="take it off the list",
            )
        for point in points:
            try:
                found.append((point.name, point.load(), distribution))
            except (Exception, SystemExit) as error:
                raise broken(point.name, "import", error) from error
    return found


def _register(manager: pluggy.PluginManager, name: str, plugin: object) -> None:
    try:
        manager.register(plugin, name=name)
        manager.check_pending()
    except (ValueError, pluggy.PluginValidationError) as error:
        raise PluginError(
            what=f"the plugin {name} does not keep the rules for plugins: {error}",
            where="plugins",
            hint="see docs/plugins.md for the hooks and their arguments",
        ) from error
    for hook in GUARDED:
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            if implementation.plugin_name == name and (implementation.wrapper or implementation.hookwrapper):
                raise PluginError(
                    what=f"the plugin {name} wraps the hook {hook}: it could turn a refusal into an approval",
                    where="plugins",
                    hint="implement the hook itself; every gate's answer counts",
                )
