"""Discovery of plugins and look-up of providers by (kind, name).

Plugins are loaded one by one; a broken one, or one built for another version of picofw, is set aside with
its error and harms nothing unless it is chosen. Loading a plugin imports its hook module only; a provider's
own module is imported when chosen.
"""

from __future__ import annotations

import difflib
import importlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pluggy

from picofw import hookspecs, loading
from picofw.cost import Price
from picofw.errors import ConfigError, PluginError
from picofw.hookspecs import KINDS, Kind, ProviderSpec
from picofw.providers import Editor, Exporter, Instructor, Judge, Source, Tagger

GROUP = "picofw"
IMPORT_TIMEOUT_S = 10.0
SCREEN_TIMEOUT_S = 300.0
INTERFACES: dict[Kind, type[Any]] = {
    "instructor": Instructor,
    "editor": Editor,
    "judge": Judge,
    "tagger": Tagger,
    "source": Source,
    "exporter": Exporter,
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Installed:
    """One discovered plugin.

    Attributes:
        name: The entry point's name.
        distribution: Name of the distribution that ships it; empty for the core's own.
        version: The distribution's version.
        built_for: The versions of picofw that the distribution requires, as ``<0.2,>=0.1``; empty: any.
        config_dirs: The folders of config groups that it brings.
        error: Why it was set aside; None if it loaded.
    """

    name: str
    distribution: str = ""
    version: str = ""
    built_for: str = ""
    config_dirs: tuple[Path, ...] = ()
    error: Exception | None = None

    @property
    def label(self) -> str:
        """Which plugin of which distribution, for messages."""
        return f"{self.name} of {self.distribution or self.name}"


class Plugins:
    """The loaded plugins.

    Attributes:
        installed: Every discovered plugin, the broken ones too.
        hook: Calls a hook on all plugins that loaded.
    """

    def __init__(
        self,
        points: Iterable[EntryPoint] | None = None,
        *,
        import_timeout_s: float = IMPORT_TIMEOUT_S,
        screen_timeout_s: float = SCREEN_TIMEOUT_S,
    ) -> None:
        """Load the core's own plugin, then each entry point in order of name.

        Args:
            points: Entry points to load; those of the group ``picofw`` that are installed, if None.
            import_timeout_s: Seconds that the import of one plugin's module of hooks may take.
            screen_timeout_s: Seconds that one plugin's check of one edit, or its look at one photo, may take.
        """
        self._manager = pluggy.PluginManager("picofw")
        self._manager.add_hookspecs(hookspecs)
        self._screen_timeout_s = screen_timeout_s
        self._hung: dict[str, loading.TooSlow] = {}
        self.installed: list[Installed] = []
        self._owners: dict[tuple[Kind, str], list[tuple[str, ProviderSpec]]] = {}
        self._prices: dict[str, Price] = {}
        self._load(Installed("picofw"), lambda: importlib.import_module("picofw.builtin"))
        for point in sorted(entry_points(group=GROUP) if points is None else points, key=lambda p: p.name):
            self._load(_found(point), partial(loading.load, point, import_timeout_s))

    @property
    def hook(self) -> Any:
        """Pluggy's hook caller."""
        return self._manager.hook

    def _load(self, plugin: Installed, load: Callable[[], Any]) -> None:
        try:
            plugin = replace(plugin, config_dirs=self._register(load(), plugin))
        except Exception as error:  # whatever a foreign module raises, it is only set aside
            plugin = replace(plugin, error=error)
        self.installed.append(plugin)

    def _register(self, module: Any, plugin: Installed) -> tuple[Path, ...]:
        """Take over what a plugin offers, all or nothing; return its folders of config groups."""
        self._manager.register(module, plugin.label)
        try:
            self._manager.check_pending()
            specs = [_checked(spec) for offered in self._ask(module, "picofw_providers") for spec in offered]
            folders = tuple(Path(folder) for offered in self._ask(module, "picofw_config_dirs") for folder in offered)
            tables = self._ask(module, "picofw_prices")
            prices = {model: Price.model_validate(price) for table in tables for model, price in table.items()}
        except Exception:
            self._manager.unregister(module)
            raise
        for spec in specs:
            self._owners.setdefault((spec.kind, spec.name), []).append((plugin.distribution or plugin.name, spec))
        self._prices = prices | self._prices
        return folders

    def _ask(self, module: Any, hook: str) -> list[Any]:
        others = [plugin for plugin in self._manager.get_plugins() if plugin is not module]
        answers: list[Any] = self._manager.subset_hook_caller(hook, others)()
        return answers

    def specs(self, kind: Kind) -> list[tuple[str, ProviderSpec]]:
        """Return (owner, spec) of every provider of a kind, by name; a name offered twice appears twice.

        Args:
            kind: The interface.
        """
        found = [entry for (k, _), owners in self._owners.items() if k == kind for entry in owners]
        return sorted(found, key=lambda entry: (entry[1].name, entry[0]))

    def find(self, kind: Kind, name: str) -> type[Any]:
        """Import and return the class of a provider.

        Args:
            kind: The interface.
            name: The registered name.

        Raises:
            ConfigError: No plugin, or more than one, offers it, its module does not import, or its class does not
                implement the interface.
        """
        owners = self._owners.get((kind, name), [])
        if not owners:
            raise ConfigError(self._unknown(kind, name))
        if len(owners) > 1:
            names = " and ".join(owner for owner, _ in owners)
            raise ConfigError(f"{kind} {name!r} is offered by {names}: uninstall one of them")
        owner, spec = owners[0]
        module, _, attribute = spec.target.partition(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except Exception as error:
            raise ConfigError(f"{kind} {name!r} of {owner} does not load: {type(error).__name__}: {error}") from error
        base = INTERFACES[kind]
        if not isinstance(found, type) or not issubclass(found, base):
            raise ConfigError(f"{kind} {name!r} of {owner}: {spec.target} is no subclass of {base.__name__}")
        if missing := sorted(getattr(found, "__abstractmethods__", ())):
            raise ConfigError(f"{kind} {name!r} of {owner}: {spec.target} does not define {', '.join(missing)}")
        return found

    def _unknown(self, kind: Kind, name: str) -> str:
        names = sorted({spec.name for _, spec in self.specs(kind)})
        near = difflib.get_close_matches(name, names, n=1)
        message = f"no installed plugin offers the {kind} {name!r}; there is: {', '.join(names) or 'none'}"
        if near:
            message += f" (did you mean {near[0]!r}?)"
        broken = [f"{p.name} ({type(p.error).__name__}: {p.error})" for p in self.installed if p.error]
        return message + (f"; set aside as broken: {'; '.join(broken)}" if broken else "")

    def config_dirs(self) -> list[Path]:
        """Return the folders of config groups that plugins bring, in order of plugin."""
        return [folder for plugin in self.installed for folder in plugin.config_dirs]

    def prices(self) -> dict[str, Price]:
        """Return the prices that plugins bring, by model name; of two for a model, that of the first plugin."""
        return dict(self._prices)

    def notify(self, hook: str, **arguments: Any) -> None:
        """Call an observers' hook on each plugin; what one raises is logged and harms nobody else.

        Args:
            hook: Name of the hook.
            **arguments: Its arguments.
        """
        for impl in getattr(self.hook, hook).get_hookimpls():
            try:
                impl.function(**{name: arguments[name] for name in impl.argnames})
            except (Exception, SystemExit):
                _log.exception("plugin %s failed in %s", impl.plugin_name, hook)

    def implementing(self, hook: str) -> list[str]:
        """Return the plugins that implement a hook, each with its version, in the order they are asked.

        Args:
            hook: Name of the hook.
        """
        versions = {plugin.label: plugin.version for plugin in self.installed}
        impls = getattr(self.hook, hook).get_hookimpls()
        return [f"{impl.plugin_name} {versions[impl.plugin_name]}".strip() for impl in impls]

    def objection(self, hook: str, **arguments: Any) -> str | None:
        """Call a hook that may object on each plugin; return the first reason, with its plugin, or None.

        Args:
            hook: Name of the hook.
            **arguments: Its arguments.

        Raises:
            PluginError: A plugin raised, answered neither a reason nor None, or did not answer in time.
        """
        for impl in getattr(self.hook, hook).get_hookimpls():
            try:
                given = {name: arguments[name] for name in impl.argnames}
                answer = self._answer(impl.plugin_name, partial(impl.function, **given))
                if answer is not None and not (isinstance(answer, str) and answer):
                    raise TypeError(f"it answered {answer!r}, neither a reason nor None")
            except (Exception, SystemExit) as error:
                _log.exception("plugin %s failed in %s", impl.plugin_name, hook)
                raise PluginError(
                    f"plugin {impl.plugin_name} failed in {hook}: {type(error).__name__}: {error}; nothing paid is "
                    "lost: mend it and run the same command again, or go on without it under another name"
                ) from error
            if answer is not None:
                return f"{impl.plugin_name}: {answer}"
        return None

    def _answer(self, plugin: str, ask: Callable[[], Any]) -> Any:
        """Return what a plugin answers in time; one that hung once is not waited for again."""
        if plugin in self._hung:
            raise self._hung[plugin]
        try:
            return loading.within(self._screen_timeout_s, ask)
        except loading.TooSlow as error:
            self._hung[plugin] = error
            raise


def _found(point: EntryPoint) -> Installed:
    dist = point.dist
    return Installed(point.name, dist.name, dist.version, loading.built_for(point)) if dist else Installed(point.name)


def _checked(spec: Any) -> ProviderSpec:
    if not isinstance(spec, ProviderSpec) or spec.kind not in KINDS:
        kinds = ", ".join(KINDS)
        raise TypeError(f"picofw_providers returned {spec!r}, no ProviderSpec whose kind is one of {kinds}")
    return spec
