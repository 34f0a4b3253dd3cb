"""What an exporter has to do, as tests that a plugin's author inherits."""

from __future__ import annotations

import hashlib
import json
import re
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from picofw.errors import DamagedImage
from picofw.export import write
from picofw.export.check import verify_export
from picofw.providers import Dataset, Exporter
from picofw.records import Sample
from picofw.testing.dataset import HOSTILE, MemoryDataset, single, small
from picofw.testing.expect import expect, nothing_left

_MANY, _MOST_ALIVE = 60, 8
_TEXT_FILES = (".csv", ".json", ".jsonl", ".md", ".txt", ".yaml")
_IMAGE_PATH = re.compile(r"(?<![\w:/.-])[\w.-]+(?:/[\w.-]+)*\.(?:png|jpe?g|webp)\b")
_PORTABLE = re.compile(r"[^\x00-\x1f<>:\"|?*\\]{1,200}(?<![. ])")


class ExporterContract:
    """What an exporter has to do.

    Attributes:
        exporter_class: The class under test.
        options: Valid options.
        bad_options: By option: a value that must be refused.
    """

    exporter_class: ClassVar[type[Exporter]]
    options: ClassVar[Mapping[str, Any]] = {}
    bad_options: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture
    def exporter_options(self) -> Mapping[str, Any]:
        """The options to test with; override it to add what only a fixture knows."""
        return self.options

    @pytest.fixture
    def exporter(self, exporter_options: Mapping[str, Any]) -> Exporter:
        """The exporter under test."""
        return self.exporter_class(self.exporter_class.Options(**exporter_options))

    def test_options_refuse_unknown_keys_and_bad_values(self, exporter_options: Mapping[str, Any]) -> None:
        """A misspelt option must be refused, or it is silently not applied."""
        for wrong in ({"misspelt_option": 1}, *({name: value} for name, value in self.bad_options.items())):
            with pytest.raises(ValidationError):
                self.exporter_class.Options(**{**exporter_options, **wrong})

    def test_equal_data_give_equal_bytes(self, exporter: Exporter, tmp_path: Path) -> None:
        """So that an export can be compared, and be made again."""
        first, second = [_written(exporter, small(), tmp_path / name) for name in ("one", "two")]
        expect(first == second, f"these differ: {sorted(name for name, _ in first.items() ^ second.items())}")

    def test_it_prints_nothing_and_writes_to_its_folder_only(
        self, exporter: Exporter, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The folder becomes visible when all of it is written; what lies elsewhere would stay when it fails."""
        with nothing_left(tmp_path / "working_folder", capfd, monkeypatch):
            _written(exporter, small(), tmp_path / "out")
        left = sorted(path.name for path in tmp_path.iterdir() if path.name not in ("working_folder", "out"))
        expect(not left, f"it left files beside its folder: {left}")

    def test_the_images_that_it_names_are_there(self, exporter: Exporter, tmp_path: Path) -> None:
        """A path in a text file leads to a file, seen from the export's folder or from the text file's own."""
        _written(exporter, small(), tmp_path / "out")
        for file, text in _texts(tmp_path / "out"):
            gone = [
                path
                for path in _IMAGE_PATH.findall(text)
                if not (tmp_path / "out" / path).is_file() and not (file.parent / path).is_file()
            ]
            expect(not gone, f"{file.name} names images that are not there: {gone[:3]}")

    @pytest.mark.parametrize("text", ["", HOSTILE], ids=["plain", "hostile"])
    def test_an_export_is_whole_whatever_is_written(self, text: str, exporter: Exporter, tmp_path: Path) -> None:
        """Models and photographers write what they like: it breaks no line and no path, and ``verify`` is content."""
        names = _written(exporter, small(text), tmp_path / "out")
        odd = [name for name in names if not all(_PORTABLE.fullmatch(part) for part in Path(name).parts)]
        expect(not odd, f"names that some file system refuses: {odd}")
        for file, content in _texts(tmp_path / "out"):
            lines = content.split("\n")[:-1] if file.suffix == ".jsonl" else [content] if file.suffix == ".json" else []
            for line in lines:
                try:
                    json.loads(line)
                except ValueError:
                    pytest.fail(f"{file.name} has a line that is no JSON: {line[:100]!r}", pytrace=False)
        problems = verify_export(tmp_path / "out")
        expect(not problems, f"picofw verify: {[str(problem) for problem in problems]}")

    def test_a_damaged_image_is_said_to_be_damaged(self, exporter: Exporter, tmp_path: Path) -> None:
        """An export that lacks what it should have must not come to be."""
        dataset = small()
        dataset.damaged = {
            attempt.image.sha256
            for sample in dataset.samples()
            for turn in sample.turns
            for attempt in turn.attempts
            if attempt.image
        }
        try:
            write(dataset, exporter, tmp_path / "out")
        except DamagedImage:
            return
        except Exception as error:
            pytest.fail(f"DamagedImage became {type(error).__name__}: let it pass", pytrace=False)
        expect(not dataset.reads, "it exports a dataset whose edits are damaged")

    def test_samples_are_read_as_a_stream(self, exporter: Exporter, tmp_path: Path) -> None:
        """A dataset may be larger than memory."""
        stream = _Stream(_MANY)
        _written(exporter, MemoryDataset(stream), tmp_path / "out")
        expect(stream.most <= _MOST_ALIVE, f"it keeps {stream.most} of {_MANY} samples in memory at once")


def _written(exporter: Exporter, dataset: Dataset, target: Path) -> dict[str, str]:
    """Export and return the hash of each file, but for the manifest, which is the core's."""
    write(dataset, exporter, target)
    files = [path for path in target.rglob("*") if path.is_file()]
    return {path.relative_to(target).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for file in sorted(folder.rglob("*")):
        if file.suffix in _TEXT_FILES and file.is_file():
            with file.open(encoding="utf-8", newline="") as text:
                yield file, text.read()


class _Stream:
    """Samples that are made when they are asked for, and counted while somebody keeps them."""

    def __init__(self, count: int) -> None:
        self._count, self.most = count, 0

    def __iter__(self) -> Iterator[Sample]:
        made: list[weakref.ref[Sample]] = []
        for number in range(self._count):
            sample = single(f"{number:04}", ["rejected", "accepted"])
            made.append(weakref.ref(sample))
            yield sample
            del sample
            self.most = max(self.most, sum(ref() is not None for ref in made))
