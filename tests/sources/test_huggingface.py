"""Datasets of the real library: from a folder, Parquet files and a saved table; at once and as a stream."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

import datasets
import huggingface_hub
import pyarrow.parquet as parquet
import pytest
from datasets import ClassLabel, Dataset, Features, Image, List, Value
from sources.serving import LOCAL, PHOTO, serving

from picofw.config import compose_settings
from picofw.errors import ConfigError, SourceError, Unreachable
from picofw.providers import Skipped
from picofw.sources.huggingface import HuggingFace
from picofw.testing.contract import SourceContract
from picofw.types import Photo


@pytest.fixture(scope="module")
def table(bundled_photos: Path) -> Dataset:
    paths = sorted(bundled_photos.glob("*.jpg"))[:9]
    rows = {
        "image": [{"bytes": path.read_bytes(), "path": path.name} for path in paths],
        "key": [f"photo-{number}" for number in range(9)],
        "title": [path.stem for path in paths],
        "by": ["Ann"] * 8 + [None],
        "shows": [["person"], [], ["text", "person"], *[None] * 6],
        "kind": [number % 2 for number in range(9)],
        "punsafe": [0.1, 0.9, *[None] * 7],
    }
    features = Features(
        {
            "image": Image(),
            "key": Value("string"),
            "title": Value("string"),
            "by": Value("string"),
            "shows": List(Value("string")),
            "kind": ClassLabel(names=["indoor", "outdoor"]),
            "punsafe": Value("float32"),
        }
    )
    return Dataset.from_dict(rows, features=features)


@pytest.fixture(scope="module")
def folder(table: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset's folder, of two files, each of several groups of rows."""
    made = tmp_path_factory.mktemp("hub") / "photos"
    (made / "data").mkdir(parents=True)
    for number in range(2):
        table.shard(2, number, contiguous=True).to_parquet(made / "data" / f"train-{number}.parquet", batch_size=2)
    return made


@pytest.fixture
def given(folder: Path, tmp_path: Path) -> dict[str, Any]:
    return {"path": str(folder), "cache": tmp_path / "cache"}


def made(options: dict[str, Any], **more: Any) -> HuggingFace:
    return HuggingFace(HuggingFace.Options(**options, **more))


def photos(source: HuggingFace) -> list[Photo]:
    return [found for found in source.photos() if isinstance(found, Photo)]


class TestAtOnce(SourceContract):
    source_class = HuggingFace
    bad_options: ClassVar[dict[str, Any]] = {"limit": 0, "path": "", "fields": {"titel": "x"}}

    @pytest.fixture
    def source_options(self, given: dict[str, Any]) -> dict[str, Any]:
        return given


class TestAsAStream(TestAtOnce):
    @pytest.fixture
    def source_options(self, given: dict[str, Any]) -> dict[str, Any]:
        return {**given, "streaming": True}


class TestByAddress(SourceContract):
    """Rows that only say where their pictures are; the server is this test's."""

    source_class = HuggingFace

    @pytest.fixture
    async def source_options(self, tmp_path: Path) -> Any:
        async with serving() as site:
            rows = Dataset.from_dict({"link": [f"{site.url}/photo/{number}" for number in range(3)]})
            rows.to_parquet(tmp_path / "links.parquet")
            yield {
                "path": str(tmp_path / "links.parquet"),
                "cache": tmp_path / "cache",
                "image_url": "link",
                "remote": LOCAL,
            }


FIELDS = {"id": "key", "author": "by", "tags": "shows", "labels": "kind", "unsafe": "punsafe"}


@pytest.mark.parametrize("streaming", [False, True])
async def test_columns_say_what_is_known_of_a_photo(given, table, streaming):
    source = made(given, fields=FIELDS, streaming=streaming)
    found = photos(source)
    first, second, third, *_, last = found
    assert [photo.id for photo in found] == [f"photo-{number}" for number in range(9)]
    assert (first.title, first.author, first.tags, first.labels) == ("astronaut", "Ann", {"person"}, ("indoor",))
    assert (second.tags, second.labels) == (frozenset(), ("outdoor", "unsafe"))
    assert third.tags == {"text", "person"}
    assert (last.author, last.tags) == ("", None)
    later = made(given, fields=FIELDS, streaming=streaming)
    undecoded = table.cast_column("image", Image(decode=False))
    for number in (8, 0, 5):
        assert await later.fetch(found[number]) == undecoded[number]["image"]["bytes"]


async def test_a_stream_reads_the_group_of_rows_that_a_photo_is_in_and_no_pictures_before(given, monkeypatch):
    """What is read is told by the library that reads: Parquet groups of two rows, and columns."""
    from datasets.packaged_modules.parquet.parquet import Parquet

    asked: list[Any] = []
    real = Parquet._generate_tables

    def watched(self, files, row_groups_list):
        for key, read in real(self, files, row_groups_list):
            asked.append((tuple(row_groups_list[0] or ()), read.num_rows, "image" in read.column_names))
            yield key, read

    monkeypatch.setattr(Parquet, "_generate_tables", watched)
    source = made(given, streaming=True)
    found = photos(source)
    assert len(found) == 9
    assert not any(pictures for *_, pictures in asked)
    asked.clear()
    await source.fetch(found[6])
    assert [(rows, pictures) for _, rows, pictures in asked] == [(2, True)]


@pytest.mark.parametrize("pattern", ["data/train-0.parquet", "data/*.parquet"])
def test_parquet_files_need_no_dataset_around_them(folder, tmp_path, pattern):
    found = photos(made({"path": f"{folder}/{pattern}", "cache": tmp_path}, split="anything"))
    assert len(found) == (9 if "*" in pattern else 5)


async def test_what_save_to_disk_wrote_is_read_as_it_is(table, tmp_path):
    table.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": table, "rest": table.select([3])}).save_to_disk(tmp_path / "two")
    [photo] = photos(made({"path": str(tmp_path / "two"), "split": "rest"}))
    assert await made({"path": str(tmp_path / "two"), "split": "rest"}).fetch(photo)
    assert len(photos(made({"path": str(tmp_path / "one")}))) == 9


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_folder_of_images_is_read_where_it_lies(photo_folder, tmp_path, streaming):
    (photo_folder / "metadata.jsonl").unlink()
    source = made({"path": str(photo_folder), "cache": tmp_path / "cache"}, streaming=streaming)
    found = photos(source)
    assert len(found) == 18
    assert await source.fetch(found[0]) == min(photo_folder.glob("*.jpg")).read_bytes()


async def test_a_row_leads_to_no_file_beside_the_dataset(tmp_path, photo_folder):
    column = [{"bytes": None, "path": str(photo_folder / "cat.jpg")}]
    rows = Dataset.from_dict({"image": column}, features=Features({"image": Image()}))
    parquet.write_table(rows.data.table, tmp_path / "rows.parquet")  # as it is, without the picture
    source = made({"path": str(tmp_path / "rows.parquet"), "cache": tmp_path / "cache"})
    with pytest.raises(SourceError, match="outside of the dataset"):
        await source.fetch(photos(source)[0])


async def test_a_row_without_a_picture_is_a_photo_that_is_gone(tmp_path):
    Dataset.from_dict({"image": [None]}, features=Features({"image": Image()})).save_to_disk(tmp_path / "rows")
    source = made({"path": str(tmp_path / "rows")})
    with pytest.raises(SourceError, match="the row has no picture"):
        await source.fetch(photos(source)[0])


async def test_where_the_hub_does_not_answer_that_says_nothing_of_the_photo(given, tmp_path, monkeypatch):
    source = made(given)
    photo = photos(source)[0]
    monkeypatch.setattr(source, "_read", lambda place: (_ for _ in ()).throw(ConnectionError("no route to host")))
    with pytest.raises(SourceError, match="no route to host") as local:
        await source.fetch(photo)
    assert not isinstance(local.value, Unreachable)
    source.options = source.options.model_copy(update={"path": "acme/photos"})
    with pytest.raises(Unreachable, match="no route to host"):
        await source.fetch(photo)


def test_rows_that_cannot_be_used_are_skipped_and_told(tmp_path):
    rows = {
        "link": ["https://x.org/1", "https://x.org/2", "https://x.org/3"],
        "n": ["a", "a", "b"],
        "width": [9, 9, -1],
    }
    Dataset.from_dict(rows).save_to_disk(tmp_path / "rows")
    found = list(made({"path": str(tmp_path / "rows"), "image_url": "link", "fields": {"id": "n"}}).photos())
    assert [photo.id for photo in found if isinstance(photo, Photo)] == ["a"]
    same, wide = (skipped for skipped in found if isinstance(skipped, Skipped))
    assert (same.uri, same.reason) == ("https://x.org/2", "has the id a, as https://x.org/1 has")
    assert wide.reason.startswith("width: Input should be greater than or equal to 0")


def test_the_limit_counts_photos(given):
    assert len(photos(made(given, limit=2))) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"path": "/nowhere/at/all"}, r"source.path=/nowhere/at/all: \w+Error: .*nowhere/at/all"),
        ({"path": "acme/photos"}, r"source.path=acme/photos: \w+: .*acme/photos"),
        ({"split": "val"}, r'Unknown split "val". Should be one of'),
        ({"split": "val", "streaming": True}, r"val"),
        ({"name": "large"}, r"BuilderConfig 'large' not found"),
        ({"image": "title"}, r"source.image: 'title' is no column of pictures; there is: image, key, title, by"),
        ({"image_url": "link"}, r"source.image_url: there is no column 'link'; there is: image"),
        ({"fields": {"author": "creator"}}, r"source.fields.author: there is no column 'creator'; there is: image"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(given, options, said, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ConfigError, match=said) as told:
        next(iter(made({**given, **options}).photos()))
    assert "\n" not in str(told.value)


def test_a_dataset_without_pictures_is_told(tmp_path):
    Dataset.from_dict({"text": ["a"]}).save_to_disk(tmp_path / "rows")
    with pytest.raises(ConfigError, match=r"no column has pictures; there is: text \(image_url names a column"):
        next(iter(made({"path": str(tmp_path / "rows")}).photos()))


def test_photos_are_fetched_at_once(given):
    async def all_of_them() -> list[bytes]:
        source = made(given)
        found = await asyncio.to_thread(photos, source)
        return await asyncio.gather(*map(source.fetch, found * 5))

    assert PHOTO in asyncio.run(all_of_them())


def test_the_config_file_has_every_option_with_its_default():
    composed = compose_settings(["preset=fake", "source=huggingface", "source.path=x"], []).source
    assert HuggingFace.Options(**composed.options) == HuggingFace.Options(path="x")
    assert composed.options.keys() == HuggingFace.Options.model_fields.keys()
