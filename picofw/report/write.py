"""Writing a report: beside the one that is there, which stays whole until the new page takes its place.

``index.html`` names the folder of its data. Both are new each time; pictures are kept. A process that is
killed leaves the old report, or none, and the same command goes on with the pictures that are made.
"""

from __future__ import annotations

import contextlib
import errno
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

import picofw
from picofw.cost import from_pico
from picofw.errors import ConfigError, DiskFull, StoreError
from picofw.export.parallel import in_parallel
from picofw.pages import FOLDER, environment
from picofw.records import Sample
from picofw.report import gallery
from picofw.report.collect import Tally
from picofw.report.sections import Facts, sections
from picofw.report.thumbnails import Thumbnails
from picofw.report.trust import checks
from picofw.status import status
from picofw.subsets import RunData
from picofw.types import ImageRef
from picofw.workspace import Workspace

if TYPE_CHECKING:
    from jinja2 import Environment

MARK = "picofw-report.json"
SCRIPTS = ("load.js", "cards.js", "gallery.js")


@dataclass(frozen=True)
class Summary:
    """What was written.

    Attributes:
        page: The page to open.
        samples: How many samples its gallery has.
        missing: Images that are damaged, and are not shown.
    """

    page: Path
    samples: int
    missing: int

    def __str__(self) -> str:
        damaged = f"; damaged images that are not shown: {self.missing} (see `picofw verify`)" if self.missing else ""
        return f"{self.page}: {self.samples:,} samples; open it in a browser{damaged}"


def write(workspace: Workspace, run: str, target: Path) -> Summary:
    """Write the report of a run, as far as it is, or write it anew.

    Args:
        workspace: Where the run is.
        run: Its name.
        target: The folder. It must not exist, be empty, or hold a report of this run.

    Raises:
        ConfigError: The folder cannot be used, or a library is missing.
        StoreError: The report cannot be written; DiskFull if there is no room.
    """
    target = target.resolve()
    templates = environment("picofw.report")
    with _explained(target), _held(target, run):
        fresh = f"data-{secrets.token_hex(4)}"
        try:
            summary = _write(workspace, run, templates, target, fresh)
        except BaseException:
            shutil.rmtree(target / fresh, ignore_errors=True)
            raise
        _clear(target, fresh)
    return summary


def _write(workspace: Workspace, run: str, templates: Environment, target: Path, fresh: str) -> Summary:
    data = RunData(workspace, run)
    labels = {slug: entry["label"] for slug, entry in data.settings["taxonomy"]["types"].items()}
    (target / fresh).mkdir()
    for name in SCRIPTS:
        (target / fresh / name).write_bytes(files("picofw.report").joinpath(FOLDER, name).read_bytes())
    pictures = Thumbnails(target / "images", data.read)
    tally = Tally(threshold=float(data.settings["rubric"]["threshold"]))
    pages = gallery.Pages(target / fresh, labels)

    def show(item: tuple[Sample, ImageRef | None]) -> tuple[Sample, dict[str, Any]]:
        sample, photo = item
        return sample, gallery.record(sample, labels, pictures.make, photo)

    for sample, shown in in_parallel(show, ((sample, data.photo_of(sample)) for sample in data.samples())):
        tally.add(sample)
        pages.add(sample, shown)
    pages.close()
    figures, reused, trust = status(workspace.store, run), _reused(workspace, run), checks(workspace, data, tally)
    facts = Facts(templates, run, data.settings, figures, reused, tally, trust)
    _replace(target / "index.html", _page(facts, pages, fresh))
    return Summary(target / "index.html", pages.count, len(pictures.missing))


def _reused(workspace: Workspace, run: str) -> dict[str, tuple[int, Decimal | None]]:
    rows = workspace.store.reused(run)
    return {role: (calls, None if unknown else from_pico(cost)) for role, calls, cost, unknown in rows}


def _page(facts: Facts, pages: gallery.Pages, folder: str) -> str:
    return facts.fill(
        "index.html",
        sections=list(sections(facts)),
        folder=folder,
        scripts=SCRIPTS,
        types=[(number, slug, entry) for number, (slug, entry) in enumerate(facts.taxonomy.types.items())],
        sample_outcomes=gallery.SAMPLE_OUTCOMES,
        attempt_outcomes=gallery.ATTEMPT_OUTCOMES,
        judges=list(pages.judges),
        count=pages.count,
        page=gallery.PAGE,
        piece=gallery.PIECE,
        picofw=picofw.__version__,
    )


def _replace(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}")
    aside.write_text(text, encoding="utf-8", errors="replace")  # a lone surrogate, from a file name
    aside.replace(path)


def _clear(target: Path, kept: str) -> None:
    """Remove the data of earlier reports, and of writers that were killed."""
    for folder in target.glob("data-*"):
        if folder.name != kept:
            shutil.rmtree(folder)


@contextlib.contextmanager
def _held(target: Path, run: str) -> Iterator[None]:
    """Make sure that the folder is this report's, and nobody else's meanwhile."""
    mark = target / MARK
    if target.exists() and not target.is_dir():
        raise ConfigError(f"{target} is a file: name a folder with --out")
    target.mkdir(parents=True, exist_ok=True)
    if not mark.exists() and next(target.iterdir(), None) is not None:
        raise ConfigError(f"{target} is not empty, and no report of picofw: name another folder with --out")
    if not mark.exists():
        _replace(mark, json.dumps({"run": run}))
    if (found := json.loads(mark.read_text(encoding="utf-8"))["run"]) != run:
        raise ConfigError(f"{target} holds the report of run {found!r}, not of {run!r}: name another folder with --out")
    lock = FileLock(target / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"another process is writing the report in {target}: wait for it") from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(
                f"the disk of {target} is full: free some room and run the same command again; "
                "the pictures that are made are kept"
            ) from error
        raise StoreError(f"the report in {target} cannot be written: {error}") from error
