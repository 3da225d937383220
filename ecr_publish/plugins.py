"""Plugins: loaded, validated, listed; the fail-closed gate loop and the observers that cannot silence each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from typing import Any, TypeVar

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ecr_publish import __version__, hookspecs
from ecr_publish.builtins import NAME as BUILTIN_GATE
from ecr_publish.builtins import Builtins
from ecr_publish.errors import PluginError
from ecr_publish.model.origin import GitFacts, Origin
from ecr_publish.model.promotion import Promotion
from ecr_publish.model.scan import ScanEvidence
from ecr_publish.model.verdict import Allow, CannotJudge, GateAnswer, Refuse, Verdict
from ecr_publish.ports import Builder
from ecr_publish.report.report import Report, Reporter
from ecr_publish.run.step import Step

GROUP = "ecr_publish"
GUARDED = ("gate", "step_started", "step_finished", "run_finished")  # hooks on which wrappers are refused
Named = TypeVar("Named", Step, Builder, Reporter)


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
            except Exception as error:
                raise _broken(name, "origins", error) from error
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


class Gates:
    """Calls every gate by itself: none can turn another's verdict round, and silence is a refusal."""

    def __init__(self, gates: tuple[tuple[str, Callable[..., Any]], ...]) -> None:
        self._gates = gates

    def judge(self, promotion: Promotion, evidence: ScanEvidence, required: tuple[str, ...]) -> tuple[GateAnswer, ...]:
        """One answer per gate, and one for each required gate that is not there."""
        answers = tuple(GateAnswer(name, _verdict(gate, promotion, evidence)) for name, gate in self._gates)
        present = {name for name, _ in self._gates}
        absent = tuple(
            GateAnswer(name, CannotJudge("gate-absent", f"the edge requires the gate {name!r}, which is not loaded"))
            for name in required
            if name not in present
        )
        return answers + absent


def _verdict(gate: Callable[..., Any], promotion: Promotion, evidence: ScanEvidence) -> Verdict:
    try:
        answer = gate(promotion=promotion, evidence=evidence)
    except Exception as error:  # noqa: BLE001 - the gate loop is a border: a raise is a refusal
        return CannotJudge("gate-raised", f"it raised {type(error).__name__}: {error}")
    if isinstance(answer, Allow | Refuse | CannotJudge):
        return answer
    word = "nothing" if answer is None else f"{answer!r}, which is no verdict"
    return CannotJudge("gate-silent", f"it answered {word}")


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
            except Exception as error:  # noqa: BLE001 - the observer loop is a border
                self._warned.setdefault(
                    f"{name}.{hook}", f"the plugin {name} raised in {hook}: {type(error).__name__}: {error}"
                )


def load(requirements: tuple[str, ...], *, trusted: bool, environment: Mapping[str, str]) -> Plugins:
    """The built-ins, and of the installed distributions those that `requirements` lists, if the origin is trusted.

    Raises PluginError: a listed distribution is not installed, too old, has no entry point here, cannot be imported,
    has a hook that does not exist or a wrapper on a guarded one, or a name that is taken.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(Builtins(environment), name=BUILTIN_GATE)
    sources = {BUILTIN_GATE: ("ecr-publish", __version__)}
    if requirements and trusted:
        for name, plugin, distribution in _listed(requirements):
            _register(manager, name, plugin)
            sources[name] = (distribution.name, distribution.version)
    return Plugins(
        steps=_contributed(manager, "steps"),
        builders=_contributed(manager, "builders"),
        reporters=_contributed(manager, "reporters"),
        listed=tuple(_described(manager, name, *source) for name, source in sources.items()),
        _manager=manager,
    )


def _listed(requirements: tuple[str, ...]) -> list[tuple[str, object, Distribution]]:
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
            except Exception as error:
                raise _broken(point.name, "import", error) from error
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


def _contributed(manager: pluggy.PluginManager, hook: str) -> tuple[Any, ...]:
    found: dict[str, Any] = {}
    for name, implementation in _implementations(manager, hook):
        try:
            values = tuple(implementation() or ())
        except Exception as error:
            raise _broken(name, hook, error) from error
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


def _described(manager: pluggy.PluginManager, name: str, distribution: str, version: str) -> Plugin:
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


def _broken(name: str, where: str, error: Exception) -> PluginError:
    return PluginError(
        what=f"the plugin {name} raised {type(error).__name__}: {error}",
        where=f"plugins: {where}",
        hint="update it or take it off",
    )
