"""What is installed: plugins, providers, capabilities, and what is broken and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from picofw.errors import ConfigError
from picofw.hookspecs import KINDS, Kind, ProviderSpec
from picofw.loading import TooSlow, within
from picofw.plugins import Plugins
from picofw.providers import BatchMixin, Capabilities

PROVIDER_TIMEOUT_S = 60.0
_GROUPS: dict[str, Kind] = {"export" if kind == "exporter" else kind: kind for kind in KINDS}


def list_plugins(plugins: Plugins, *, import_timeout_s: float = PROVIDER_TIMEOUT_S) -> dict[str, Any]:
    """Return the plugins and their providers; every provider is imported to see whether it can be.

    Args:
        plugins: The loaded plugins.
        import_timeout_s: Seconds that the import of one provider may take, its libraries included.
    """
    return {
        "plugins": [
            {
                "name": plugin.name,
                "distribution": plugin.distribution,
                "version": plugin.version,
                "built_for": plugin.built_for,
                "error": f"{type(plugin.error).__name__}: {plugin.error}" if plugin.error else None,
                "notes": [note for folder in plugin.config_dirs for note in _odd_configs(plugins, folder)],
            }
            for plugin in plugins.installed
        ],
        "providers": [
            _provider(plugins, kind, owner, spec, import_timeout_s)
            for kind in KINDS
            for owner, spec in plugins.specs(kind)
        ],
    }


def _odd_configs(plugins: Plugins, folder: Path) -> Iterator[str]:
    """Yield what is odd about a plugin's config files; it harms nobody who does not choose them."""
    if not folder.is_dir():
        yield f"its folder of configs {folder} does not exist"
    for group, kind in _GROUPS.items():
        offered = {spec.name for _, spec in plugins.specs(kind)}
        for file in sorted((folder / group).glob("*.yaml")):
            try:
                tree = yaml.safe_load(file.read_text(encoding="utf-8"))
            except (OSError, ValueError, yaml.YAMLError) as error:
                yield f"{group}/{file.name} cannot be read: {' '.join(str(error).split())}"
                continue
            name = tree.get("provider") if isinstance(tree, dict) else None
            if name is not None and name not in offered:
                yield f"{group}/{file.name} names the {kind} {name!r}, which no installed plugin offers"


def _provider(plugins: Plugins, kind: Kind, owner: str, spec: ProviderSpec, timeout_s: float) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "kind": kind,
        "name": spec.name,
        "plugin": owner,
        "summary": spec.summary,
        "edit_types": None,
        "model": "",
        "batch": False,
        "regions": False,
        "error": None,
    }
    try:
        found = within(timeout_s, lambda: plugins.find(kind, spec.name))
    except ConfigError as error:
        return entry | {"error": str(error)}
    except TooSlow:
        return entry | {"error": f"importing {spec.target} was not done after {timeout_s:g} s"}
    capabilities = getattr(found, "capabilities", Capabilities())
    edit_types = capabilities.edit_types
    model = found.Options.model_fields.get("model")
    return entry | {
        "edit_types": sorted(edit_types) if edit_types is not None else None,
        "model": model.default if model is not None and isinstance(model.default, str) else "",
        "batch": issubclass(found, BatchMixin),
        "regions": capabilities.regions,
    }


def print_plugins(console: Console, listing: dict[str, Any]) -> None:
    """Print the listing as tables.

    Args:
        console: Where.
        listing: What :func:`list_plugins` returned.
    """
    for plugin in listing["plugins"]:
        name = f"{plugin['distribution'] or plugin['name']} {plugin['version']}".strip()
        built_for = f" (for picofw {plugin['built_for']})" if plugin["built_for"] else ""
        error = plugin["error"]
        console.print(f"[red]set aside[/] {name}: {escape(error)}" if error else name + built_for, highlight=False)
        for note in plugin["notes"]:
            console.print(f"  [yellow]note[/] {escape(note)}", highlight=False)
    for kind in KINDS:
        console.print(f"\n[bold]{kind}s[/]")
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        for entry in listing["providers"]:
            if entry["kind"] == kind:
                table.add_row(f"  [cyan]{escape(entry['name'])}[/]", "\n".join(_lines(entry)))
        console.print(table)


def _lines(entry: dict[str, Any]) -> Iterator[str]:
    """Yield what a provider is, in lines of markup: what it does, from where it comes, what it can do."""
    yield escape(entry["summary"])
    if entry["error"]:
        yield f"[red]{escape(entry['error'])}[/]"
    facts = [
        entry["model"] and f"model {entry['model']}",
        entry["batch"] and "batches",
        entry["regions"] and "edits of a given object (regions.share)",
        f"plugin {entry['plugin']}",
    ]
    yield f"[dim]{escape(', '.join(fact for fact in facts if fact))}[/]"
    if entry["edit_types"] is not None:
        yield f"[dim]{len(entry['edit_types'])} edit types: {escape(', '.join(entry['edit_types']))}[/]"
