"""Hydra to RunSettings; the only room that knows Hydra. No DictConfig leaves it.

A plain run composes once. A sweep (``-m``) goes through ``hydra.main``, so that launchers and sweepers
work; every job that a grid sweep names is composed and validated before the first one starts.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import hydra
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Sweep
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError
from yaml import YAMLError

from picofw.errors import ConfigError
from picofw.settings import RunSettings, explain, near

CONFIG_NAME = "config"
_SEARCH_PATH = "hydra.searchpath"
_LONGEST_SUFFIX = 60
_NESTED = re.compile(r"((?P<group>editor|judge|tagger)|instructors\.\w+)(\.inner|\.members\.\w+)+")
_NOISE = re.compile(
    r"\n+Config search path:.*|\nSee https://hydra\.cc[^\n]*|\nSet the environment variable HYDRA.*", re.S
)


def conf_dir() -> Path:
    """Return the folder of config groups: a checkout's own, else the packaged one."""
    package = Path(__file__).resolve().parent
    for folder in (package.parent / "conf", package / "conf"):
        if (folder / "config.yaml").is_file():
            return folder
    raise ConfigError(f"the folder conf/ is missing beside {package}: install picofw again")


def compose_settings(overrides: Sequence[str], folders: Sequence[Path]) -> RunSettings:
    """Compose and validate the settings of one run.

    Args:
        overrides: Hydra overrides, as on the command line.
        folders: Config folders of plugins.

    Raises:
        ConfigError: An override, a group or a value is wrong.
    """
    return validate(compose_tree(CONFIG_NAME, overrides, folders))


def compose_tree(name: str, overrides: Sequence[str], folders: Sequence[Path]) -> dict[str, Any]:
    """Compose a config into plain values.

    Args:
        name: Name of the primary config.
        overrides: Hydra overrides.
        folders: Config folders of plugins.

    Raises:
        ConfigError: An override or a group is wrong, or a mandatory value is missing.
    """
    arguments = hydra_arguments(overrides, folders)
    own = conf_dir()  # Hydra looks for the primary config here only, and a plugin's format has its own
    root = next((folder for folder in (own, *folders) if (folder / f"{name}.yaml").is_file()), own)
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(root.resolve()), version_base="1.3"):
            return to_tree(compose(name, arguments))
    except (HydraException, OmegaConfBaseException, YAMLError, ValueError) as error:
        raise ConfigError(_readable(error)) from error


def hydra_arguments(overrides: Sequence[str], folders: Sequence[Path]) -> list[str]:
    """Return what Hydra is given: the overrides, and one search path for plugins' folders and the user's own.

    A provider within a provider is chosen as any other is: ``editor.inner=NAME``, ``judge.members.a=NAME``.

    A plain override may name any key (``++key=value``), so that pydantic, which knows all keys, judges it.
    Hydra would refuse what no file spells out, such as the name of a model under ``prices``.

    Args:
        overrides: Hydra overrides, as on the command line.
        folders: Config folders of plugins.

    Raises:
        ConfigError: An override cannot be parsed.
    """
    paths = [f"file://{folder}" for folder in folders]
    arguments = []
    for override in _parse(overrides):
        line, key = cast("str", override.input_line), override.key_or_group
        if key == _SEARCH_PATH:
            paths += [str(path) for path in cast("list[Any]", override.value())]
        elif line[0] in "+~" or key.startswith("hydra"):
            arguments.append(line)
        elif (nested := _NESTED.fullmatch(key)) and isinstance(override.value(), str | Sweep):
            arguments.append(f"+{nested['group'] or 'instructor'}@{line}")
        elif _is_group_choice(override, folders):
            arguments.append(line if override.value() is not None else f"~{line.partition('=')[0]}")
        else:
            arguments.append(f"++{line}")
    quoted = ",".join("'{}'".format(path.replace("'", r"\'")) for path in paths)
    return [*arguments, f"{_SEARCH_PATH}=[{quoted}]"]


def _parse(overrides: Sequence[str]) -> list[Override]:
    try:
        return OverridesParser.create().parse_overrides(list(overrides))
    except HydraException as error:
        raise ConfigError(_readable(error)) from error


def _is_group_choice(override: Override, folders: Sequence[Path]) -> bool:
    group, value = override.key_or_group, override.value()
    if override.package is None and not any((folder / group).is_dir() for folder in (conf_dir(), *folders)):
        return False
    if isinstance(value, bool | int | float):
        raise ConfigError(f"{override.input_line!r}: a choice is a name, such as editor=fake")
    return not isinstance(value, dict)


def to_tree(config: DictConfig) -> dict[str, Any]:
    """Return a composed config as plain values.

    Args:
        config: What Hydra composed.

    Raises:
        ConfigError: A mandatory value is missing, an interpolation fails, or a key is no string.
    """
    try:
        tree = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(_readable(error)) from error
    _refuse_odd_keys(tree, "")
    return cast("dict[str, Any]", tree)


def _refuse_odd_keys(value: Any, where: str) -> None:
    if not isinstance(value, dict):
        return
    for key, child in value.items():
        if not isinstance(key, str):
            raise ConfigError(f"{where}: the key {key!r} is no string; write it in quotes")
        _refuse_odd_keys(child, f"{where}.{key}" if where else key)


def validate(tree: dict[str, Any]) -> RunSettings:
    """Validate composed values.

    Args:
        tree: What :func:`compose_tree` returned.

    Raises:
        ConfigError: A key is unknown, or a value is of the wrong type or out of range.
    """
    tree.pop("hydra", None)
    try:
        return RunSettings.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(explain(error, RunSettings)) from error


def _readable(error: Exception) -> str:
    """Return what is wrong in the user's terms, without Hydra's search path, links and hints at its own flags."""
    text = _NOISE.sub("", str(error)).strip()
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, name = cast("str", error.missing_cfg_file).rpartition("/")
        return f"{group}={name}: there is no such choice; {near(name, error.options)}"
    if isinstance(error, OverrideParseException):
        return f"{error.override!r} is no override of the form key=value: {text.splitlines()[-1]}"
    if isinstance(error, OmegaConfBaseException) and error.full_key:
        return f"{error.full_key}: {text.splitlines()[0]}"
    return text.replace("'++", "'")


def expand_sweep(overrides: Sequence[str]) -> list[list[str]]:
    """Return the overrides of each job of a grid sweep, as Hydra's basic sweeper makes them.

    Args:
        overrides: Overrides, some with several values (``rubric.threshold=0.6,0.8``). Where they choose
            another sweeper, its jobs are not known before they start, and none is returned.

    Raises:
        ConfigError: An override cannot be parsed, or its values cannot be listed.
    """
    parsed = _parse(overrides)
    if any(override.key_or_group == "hydra/sweeper" for override in parsed):
        return []
    if ranges := [override.input_line for override in parsed if override.is_interval_sweep()]:
        raise ConfigError(f"{ranges[0]!r} names no single values; list them, or choose another hydra/sweeper")
    choices = [
        [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
        if override.is_sweep_override()
        else [cast("str", override.input_line)]
        for override in parsed
    ]
    return [list(job) for job in itertools.product(*choices)]


def sweep(overrides: Sequence[str], folders: Sequence[Path], job: Callable[[RunSettings], int]) -> int:
    """Run ``hydra.main`` over a sweep; return the largest exit code of its jobs.

    Args:
        overrides: Overrides, some with several values.
        folders: Config folders of plugins.
        job: Runs one job; only a KeyboardInterrupt may leave it, and ends the sweep.

    Raises:
        ConfigError: A job that another sweeper made up has wrong settings.
    """
    codes: list[int] = []
    errors: list[ConfigError] = []
    fixed = {_key(cast("str", o.input_line)) for o in _parse(overrides) if not o.is_sweep_override()}

    @hydra.main(config_path=str(conf_dir()), config_name=CONFIG_NAME, version_base="1.3")
    def main(config: DictConfig) -> int:
        try:
            settings = validate(to_tree(config))
        except ConfigError as error:  # only where the sweeper makes up jobs as it goes; Hydra would print a traceback
            errors.append(error)
            return 0
        if settings.name:  # jobs of one sweep are runs of their own
            settings = settings.model_copy(update={"name": _job_name(settings.name, fixed)})
        codes.append(job(settings))
        return codes[-1]

    before = sys.argv
    sys.argv = [before[0], "-m", *hydra_arguments(overrides, folders)]
    try:
        main()
    finally:
        sys.argv = before
    if errors:
        raise errors[0]
    return max(codes, default=0)


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]


def _job_name(name: str, fixed: set[str]) -> str:
    """Return a name for the running job: the one given, and the values that tell it from its sweep's other jobs."""
    text = ",".join(line.lstrip("+") for line in HydraConfig.get().overrides.task if _key(line) not in fixed)
    return f"{name}-{short_name(text)}"


def short_name(text: str) -> str:
    """Return a text as a part of a name: of letters, digits and ``._=,-``, not too long, another for each text.

    Args:
        text: The overrides that the name stands for.
    """
    plain = re.sub(r"[^A-Za-z0-9._=,-]", "-", text)
    if plain == text and len(plain) <= _LONGEST_SUFFIX:
        return plain
    return f"{plain[:_LONGEST_SUFFIX]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def split_overrides(overrides: Sequence[str]) -> list[tuple[str, str]]:
    """Return (key, value as it is written) of each override.

    Args:
        overrides: Hydra overrides, as on the command line.

    Raises:
        ConfigError: One cannot be parsed.
    """
    lines = [cast("str", override.input_line) for override in _parse(overrides)]
    return [(_key(line), line.partition("=")[2]) for line in lines]


def override_values(overrides: Sequence[str]) -> list[tuple[str, Any]]:
    """Return (key, value) of each override, as Hydra understands it.

    Args:
        overrides: Hydra overrides, each with one value.

    Raises:
        ConfigError: One cannot be parsed.
    """
    return [(override.key_or_group, override.value()) for override in _parse(overrides)]
