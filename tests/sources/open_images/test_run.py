"""Whole runs, as a user makes them: planned, made, and exported with licences and authors in every format."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from open_images_files import write_bundled

from picofw import builtin
from picofw.cli import main
from picofw.subsets import RunData
from picofw.workspace import open_run

FORMATS = [spec.name for spec in builtin.picofw_providers() if spec.kind == "exporter"]


def picofw(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    return ended.value.code


@pytest.fixture(scope="module")
def files(tmp_path_factory, bundled_photos) -> dict[str, str]:
    """The bundled photos as an archive has them, by option."""
    lines = map(json.loads, (bundled_photos / "metadata.jsonl").read_text().splitlines())
    folder = tmp_path_factory.mktemp("made") / "archive"
    return write_bundled(folder, bundled_photos, {line["file_name"]: line for line in lines})


@pytest.fixture(scope="module")
def workspace(files, tmp_path_factory) -> str:
    """A workspace with a run."""
    folder = str(tmp_path_factory.mktemp("workspace"))
    given = [f"source.{name}={value}" for name, value in files.items()]
    assert (
        picofw("run", "preset=fake", "source=open_images", *given, "samples=60", "name=r", f"workspace={folder}") == 0
    )
    return folder


def test_a_plan_needs_index_labels_and_classes_alone(files, tmp_path, capsys):
    given = [f"source.{name}={files[name]}" for name in ("index", "labels", "classes")]
    plan = ["plan", "source=open_images", *given, "samples=1000", "mix=published", f"workspace={tmp_path}"]
    assert picofw(*plan, "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["photos"], figures["untagged"], figures["skipped"]) == (18, 18, 0)
    assert sum(figures["planned"].values()) == 18 * 4
    assert picofw(*plan, "source.tags={person: [Persons]}") == 2
    assert "has no class 'Persons'; the nearest are: Person" in capsys.readouterr().err


def test_without_a_number_of_samples_the_source_asks_for_its_own(files, tmp_path, capsys):
    given = [f"source.{name}={files[name]}" for name in ("index", "images")]
    assert picofw("plan", "source=open_images", *given, "samples=null", "accepted=5", f"workspace={tmp_path}") == 2
    assert "source.sample" in capsys.readouterr().err
    more = ["samples=null", "accepted=5", "source.sample=7", f"workspace={tmp_path}", "--json"]
    assert picofw("plan", "source=open_images", *given, *more) == 0
    assert json.loads(capsys.readouterr().out)["photos"] == 7


def texts(folder: Path) -> Iterator[str]:
    """All text of an export: its files, tables and archives."""
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            yield json.dumps(table.drop_columns([name for name in table.column_names if "image" in name]).to_pylist())
        elif path.suffix == ".tar":
            with tarfile.open(path) as archive:
                for member in archive:
                    if member.name.endswith((".json", ".txt")):
                        yield archive.extractfile(member).read().decode()
        elif path.suffix in (".json", ".jsonl", ".md", ".csv", ".txt"):
            yield path.read_text()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_whose_photos_it_holds_and_under_which_licence(workspace, name, tmp_path):
    assert picofw("export", "r", "--workspace", workspace, "--format", name, "--out", str(tmp_path / name)) == 0
    text = "\n".join(texts(tmp_path / name))
    told = 0
    for sample in RunData(*open_run(Path(workspace), "r")).samples():
        photo = sample.photo
        if json.dumps(photo.id) in text:
            told += 1
            known = [
                photo.license,
                photo.author,
                photo.title,
                photo.url,
                photo.landing_url,
                photo.source,
                *photo.labels,
            ]
            assert all(known)
            assert photo.labels
            assert not [value for value in known if json.dumps(value) not in text]
    assert told
    assert '"source": "boxes"' in text
    assert '"source": "tagger:fake"' in text
