"""From settings to a checked run: every provider found, every option valid, every plan possible.

All that can be told before anything is paid, opened or written, is told here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from picofw.cost import Price
from picofw.errors import ConfigError
from picofw.hookspecs import SCREENS
from picofw.plugins import Plugins
from picofw.providers import Panel, Provider, Source
from picofw.screening import check_packages
from picofw.secrets import missing
from picofw.settings import Choice, Flat, RunSettings, auto_name, data_settings, validate_options
from picofw.slots import operational_options
from picofw.types import EditType, Role

Providers = Mapping[str, tuple[Role, str, Provider]]


@dataclass(frozen=True)
class Part:
    """Slots that can be opened.

    Attributes:
        name: Of the account that pays.
        settings: Say what it may pay, and how calls are made.
        providers: By slot; not opened yet.
        prices: By model: the user's own first, then the plugins'.
    """

    name: str
    settings: RunSettings
    providers: Providers
    prices: dict[str, Price]

    def families(self) -> dict[str, list[str]]:
        """Return the families of the models behind ``editor`` and ``judge``, as far as these slots are there."""
        slots = (slot for slot in ("editor", "judge") if slot in self.providers)
        return {slot: sorted(self.providers[slot][2].families) for slot in slots}


def limit_key(name: str, provider: Provider) -> str:
    """Return what a provider's rate limit goes by: its limit key, or its name.

    Args:
        name: Its registered name.
        provider: The provider.
    """
    return provider.limit_key or name


def asked(providers: Providers) -> Providers:
    """Return the providers that are asked: in the place of a panel its members, as ``judge.members.NAME``.

    Args:
        providers: By slot.
    """
    found: dict[str, tuple[Role, str, Provider]] = {}
    for slot, (role, name, provider) in providers.items():
        if isinstance(provider, Panel):
            members = {
                f"{slot}.{key}": (role, str(provider.inner[key]["provider"]), part)
                for key, part in provider.parts.items()
            }
            found |= asked(members)
        else:
            found[slot] = (role, name, provider)
    return found


@dataclass(frozen=True)
class Prepared(Part):
    """A run that can start; its name is the account's.

    Attributes:
        data: The settings that determine its data, by dotted key, and the plugins with a check or a filter.
        source: Where photos come from.
        edit_types: Those that can be done, by slug.
        weights: How often each is planned.
        left_out: Slugs of the taxonomy that some provider cannot do, with that provider's slot.
    """

    data: Flat
    source: Source
    edit_types: Mapping[str, EditType]
    weights: Mapping[str, float]
    left_out: Mapping[str, str]


def prepare(settings: RunSettings, plugins: Plugins) -> Prepared:
    """Find and check all that a run needs.

    Args:
        settings: The run's settings.
        plugins: The installed plugins.

    Raises:
        ConfigError: Something is wrong; the message names the key, what was found and what is allowed.
    """
    providers = _providers(settings, settings.choices(), plugins)
    prices = _prices(settings, providers, plugins)
    edit_types, left_out = _possible_types(settings, {slot: entry[2] for slot, entry in providers.items()})
    source = _source(settings.source, plugins)
    operational = [_operational(slot, provider) for slot, (_, _, provider) in providers.items()]
    data = data_settings(
        settings, {"source": operational_options(source.Options), **dict(itertools.chain(*operational))}
    )
    data |= {f"plugins.{hook}": names for hook in SCREENS if (names := plugins.implementing(hook))}
    prepared = Prepared(
        name=auto_name(settings, data),
        settings=settings,
        data=data,
        source=source,
        providers=providers,
        edit_types=edit_types,
        weights=_weights(settings, edit_types, left_out),
        left_out=left_out,
        prices=prices,
    )
    _check_limit_keys(prepared)
    _check_regions(prepared)
    check_packages(settings.photos)
    return prepared


def prepare_slot(settings: RunSettings, slot: str, name: str, plugins: Plugins) -> Part:
    """Find and check what one slot needs, whatever the other slots would.

    Args:
        settings: The settings of a run.
        slot: A config key, such as ``judge``.
        name: Of the account that pays.
        plugins: The installed plugins.

    Raises:
        ConfigError: Something is wrong; the message names the key, what was found and what is allowed.
    """
    providers = _providers(settings, [slot], plugins)
    return Part(name=name, settings=settings, providers=providers, prices=_prices(settings, providers, plugins))


def check_keys(prepared: Part) -> None:
    """See that every key that a run needs is there; planning needs none.

    Args:
        prepared: What is about to start.

    Raises:
        ConfigError: Some are not set; the message names all of them.
    """
    needed: dict[str, list[str]] = {}
    for slot, (_, _, provider) in prepared.providers.items():
        for variable in missing(*provider.every_options()):
            needed.setdefault(variable, []).append(slot)
    if needed:
        lines = [f"{variable}, which holds the key of {', '.join(slots)}" for variable, slots in needed.items()]
        raise ConfigError(
            "the environment lacks "
            + " and ".join(lines)
            + ": set it (export NAME=...), or name another variable in the option that ends in _env"
        )


def _providers(settings: RunSettings, slots: Iterable[str], plugins: Plugins) -> Providers:
    providers = {}
    for slot in slots:
        kind, choice = settings.choices()[slot]
        providers[slot] = (kind, choice.provider, make_provider(plugins, kind, choice, slot))
    return providers


def make_provider(plugins: Plugins, kind: Role, choice: Choice, where: str) -> Provider:
    """Return a provider, and those that it is made of; none is opened.

    Args:
        plugins: The installed plugins.
        kind: What it does.
        choice: Which one, and its options.
        where: The config key it stands under, for messages.

    Raises:
        ConfigError: It is not offered, or an option is wrong.
    """
    found = plugins.find(kind, choice.provider)
    provider: Provider = found(validate_options(found.Options, choice.options, where))
    if isinstance(provider, Panel) and not provider.inner:
        raise ConfigError(f"{where}: name its members, e.g. {where}.members.a=NAME {where}.members.b=NAME")
    if provider.inner:
        provider.compose(make_parts(plugins, kind, provider, where))
    return provider


def make_parts(plugins: Plugins, kind: Role, provider: Provider, where: str) -> dict[str, Provider]:
    """Return the providers that a provider is made of, by their keys in its options.

    Args:
        plugins: The installed plugins.
        kind: What it does.
        provider: The provider.
        where: The config key it stands under, for messages.

    Raises:
        ConfigError: One is not offered, or an option is wrong.
    """
    parts = {}
    for key, inner in provider.inner.items():
        if not inner.get("provider"):
            raise ConfigError(f"{where}.{key}: choose a provider, e.g. {where}.{key}=fake; see `picofw plugins`")
        parts[key] = make_provider(plugins, kind, Choice.model_validate(inner), f"{where}.{key}")
    return parts


def operational_keys(prepared: Part) -> set[str]:
    """Return the keys of options that change only how calls are made, those of parts included: ``judge.timeout_s``.

    Args:
        prepared: Says who fills the slots.
    """
    told = (each for slot, (*_, provider) in prepared.providers.items() for each in _operational(slot, provider))
    return {f"{where}.{name}" for where, names in told for name in names}


def _operational(where: str, provider: Provider) -> Iterator[tuple[str, set[str]]]:
    """Yield the operational options of a provider, and of those it is made of, by config key."""
    yield where, operational_options(type(provider.options))
    for key, part in provider.parts.items():
        yield from _operational(f"{where}.{key}", part)


def _prices(settings: RunSettings, providers: Providers, plugins: Plugins) -> dict[str, Price]:
    """Return all prices; a budget needs those of the providers' models."""
    prices = {**plugins.prices(), **settings.prices}
    if settings.budget.usd is not None:
        _check_prices({slot: provider for slot, (_, _, provider) in asked(providers).items()}, prices)
    return prices


def _source(choice: Choice, plugins: Plugins) -> Source:
    found = plugins.find("source", choice.provider)
    source = found(validate_options(found.Options, choice.options, "source"))
    assert isinstance(source, Source)
    return source


def _possible_types(
    settings: RunSettings, providers: Mapping[str, Provider]
) -> tuple[dict[str, EditType], dict[str, str]]:
    taxonomy = settings.taxonomy if settings.edit_types is None else settings.taxonomy.restrict(settings.edit_types)
    possible: dict[str, EditType] = {}
    left_out: dict[str, str] = {}
    for edit_type in taxonomy.edit_types():
        unable = [
            slot
            for slot, provider in providers.items()
            if (able := provider.capabilities.edit_types) is not None and edit_type.slug not in able
        ]
        if unable:
            left_out[edit_type.slug] = unable[0]
        else:
            possible[edit_type.slug] = edit_type
    if settings.edit_types and left_out:
        slug, slot = next(iter(left_out.items()))
        raise ConfigError(_unable(settings, slug, slot, possible, "edit_types"))
    if not possible:
        raise ConfigError("no edit type of the taxonomy can be done by all providers chosen: see `picofw plugins`")
    return possible, left_out


def _weights(
    settings: RunSettings, possible: Mapping[str, EditType], left_out: Mapping[str, str]
) -> Mapping[str, float]:
    if not isinstance(settings.mix, str):
        settings.taxonomy.weights(settings.mix)  # tells unknown types from those that cannot be done
        for slug, weight in settings.mix.items():
            if weight > 0 and settings.edit_types is not None and slug not in settings.edit_types:
                raise ConfigError(
                    f"mix gives {slug!r} a weight, and edit_types leaves it out: name it in both or neither"
                )
            if weight > 0 and slug in left_out:
                raise ConfigError(_unable(settings, slug, left_out[slug], possible, "mix"))
        return settings.taxonomy.restrict(possible).weights({s: w for s, w in settings.mix.items() if s in possible})
    return settings.taxonomy.restrict(possible).weights(settings.mix)


def _unable(settings: RunSettings, slug: str, slot: str, possible: Mapping[str, EditType], key: str) -> str:
    provider = settings.choices()[slot][1].provider
    return (
        f"{key}: {slug!r} cannot be done by {slot}={provider}; all providers chosen can do: "
        f"{', '.join(possible) or 'none of those named'}"
    )


def _check_prices(providers: Mapping[str, Provider], prices: Mapping[str, Price]) -> None:
    unknown = {f"{slot} ({provider.model!r})" for slot, provider in providers.items() if provider.model not in prices}
    if unknown:
        raise ConfigError(
            f"budget.usd cannot be held: no price is known for the model of {', '.join(sorted(unknown))}; "
            "give one, prices={MODEL: {input_tokens: 0.3, output_tokens: 2.5}} (USD per million), or budget.usd=null"
        )


def _check_regions(prepared: Prepared) -> None:
    _, name, instructor = prepared.providers["instructors.long"]
    share = prepared.settings.regions.share
    if share and not instructor.capabilities.regions:
        raise ConfigError(
            f"regions.share={share}: instructors.long={name} cannot write about a given object of the photo: "
            "use regions.share=0, or an instructor that can (`picofw plugins` shows which)"
        )


def _check_limit_keys(prepared: Prepared) -> None:
    keys = sorted({limit_key(name, provider) for _, name, provider in asked(prepared.providers).values()})
    for key in prepared.settings.limits.by_key:
        if key not in keys:
            known = ", ".join(keys)
            raise ConfigError(f"limits.by_key: no provider of this run has the limit key {key!r}; there are: {known}")
