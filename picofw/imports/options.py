"""What the user says of an import, and the collection that is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from picofw import config
from picofw.errors import ConfigError
from picofw.export import manifest
from picofw.export.folder import PROVENANCE
from picofw.export.pico import RECORDS
from picofw.imports.benchmarks import BENCHMARKS
from picofw.imports.items import Collection
from picofw.imports.originals import Originals
from picofw.imports.pairs import Pairs
from picofw.imports.pico import PicoExport
from picofw.imports.published import UNLABELLED, UNLABELLED_TYPE, Published
from picofw.rubric import Rubric
from picofw.settings import AttemptSettings, ChainSettings, RunName, flatten, tree_of
from picofw.taxonomy import Taxonomy
from picofw.types import Record

FORMATS = ("pico", "hf", *BENCHMARKS)
"""Names of the formats that can be imported."""


class ImportOptions(Record):
    """Options of the import of a dataset.

    Attributes:
        name: What to call the run.
        photos: Folder of the original photos, where the dataset does not have them; None: its own folder.
        index: Open Images' CSV of the photos, where files are named by their ids; it has licences and authors too.
    """

    name: RunName
    photos: Path | None = None
    index: Path | None = None


class PairsOptions(Record):
    """Options of the import of a set of pairs.

    Attributes:
        name: What to call the run.
        split: The split to take, where there are several.
        dimension: What people were asked about, where rows differ in that; empty: the edit in all.
    """

    name: RunName
    split: str = ""
    dimension: str = ""


def options_of(format_: str) -> type[ImportOptions | PairsOptions]:
    """Return the options that the import of a format takes.

    Args:
        format_: One of :data:`FORMATS`.
    """
    return PairsOptions if format_ in BENCHMARKS else ImportOptions


def open_collection(
    format_: str, folder: Path, options: ImportOptions | PairsOptions
) -> tuple[Collection, dict[str, Any]]:
    """Return a dataset, and where it comes from, as the run's settings keep it.

    Args:
        format_: One of :data:`FORMATS`.
        folder: Its folder; of a set of pairs also a file.
        options: The user's, of the class that :func:`options_of` returns.

    Raises:
        ConfigError: The folder holds no such dataset, or a package is missing.
    """
    if isinstance(options, PairsOptions):
        pairs = Pairs(folder, format_, options.split, options.dimension, _known)
        said = {"split": options.split, "dimension": pairs.dimension}
        return pairs, {"format": format_, "folder": str(folder.resolve()), **said}
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder: name the folder of a dataset")
    imported = {"format": format_, "folder": str(folder.resolve())}
    originals = Originals(options.photos or folder, options.index)
    if format_ == "pico" and not (folder / manifest.NAME).exists():
        if not any((folder / name).is_file() for name in RECORDS.values()):
            raise ConfigError(f"{folder} has neither {manifest.NAME} nor one of {', '.join(RECORDS.values())}")
        return Published(folder, _published(), originals), imported
    found = manifest.load(folder)
    if found.format != format_:
        raise ConfigError(f"{folder} is an export in the format {found.format}, not {format_}")
    settings = {**tree_of(found.settings), "data": found.settings}
    if not settings.keys() >= {"taxonomy", "rubric"}:
        raise ConfigError(f"{folder / manifest.NAME} does not say by which taxonomy and rubric the run was made")
    imported |= {"run": found.run, "picofw": found.picofw}
    if format_ == "pico":
        if not (folder / PROVENANCE).is_file():
            raise ConfigError(
                f"{folder / PROVENANCE} is missing, which says how the edits were made: restore it, or take "
                f"{manifest.NAME} away to read the rest as the published files"
            )
        return PicoExport(folder, settings, found.files, originals), imported
    try:
        from picofw.imports.hf import HfExport  # pyarrow is optional, and heavy
    except ImportError as error:
        raise ConfigError("importing the hf format needs pyarrow: pip install 'picofw[hf]'") from error
    return HfExport(folder, settings), imported


def _published() -> dict[str, Any]:
    """Return what is known of how the published dataset was made."""
    taxonomy = Taxonomy.model_validate(config.compose_tree("taxonomy/pico_banana", [], [])["taxonomy"])
    return _known(taxonomy.model_copy(update={"types": {**taxonomy.types, UNLABELLED: UNLABELLED_TYPE}}))


def _known(taxonomy: Taxonomy) -> dict[str, Any]:
    """Return a run's settings as far as they are known: taxonomy, the published rubric and numbers."""
    rubric = Rubric.model_validate(config.compose_tree("rubric/pico_banana", [], [])["rubric"])
    parts = {"taxonomy": taxonomy, "rubric": rubric, "attempts": AttemptSettings(), "chains": ChainSettings()}
    known = {name: part.model_dump(mode="json") for name, part in parts.items()}
    return {**known, "data": flatten(known)}
