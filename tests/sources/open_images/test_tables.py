"""CSV files of Open Images: what is read, which rows are wrong and where, and what is no such file."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from open_images_files import BOXES as BOX_COLUMNS
from open_images_files import INDEX as INDEX_COLUMNS
from open_images_files import LABELS as LABEL_COLUMNS
from open_images_files import box, label, photo, photo_id, write

from picofw.errors import ConfigError
from picofw.sources.open_images import tables
from picofw.sources.open_images.reading import Reader
from picofw.sources.open_images.tables import BOXES, INDEX, LABELS, Bad, Table

A, B, C = (photo_id(name) for name in "abc")


def read(path: Path | str, table: Table = INDEX) -> tuple[list[dict[str, Any]], Bad]:
    bad = Bad()
    batches = list(tables.read(table, str(path), Reader({}), bad))
    return [row for batch in batches for row in batch.to_pylist()], bad


def problem(path: Path | str, table: Table = INDEX) -> str:
    with pytest.raises(ConfigError) as caught:
        read(path, table)
    return str(caught.value)


def test_a_row_of_the_index_is_read_with_all_that_is_used(tmp_path):
    title = 'He said "cheese",\nand we did: 写真'
    rows, bad = read(write(tmp_path / "i.csv", INDEX_COLUMNS, [photo(A, Title=title, Rotation="270.0")]))
    assert bad == Bad()
    assert rows == [
        {
            "id": int(A, 16),
            "subset": "train",
            "url": f"https://farm8.staticflickr.com/7404/{A}_o.jpg",
            "landing_url": f"https://www.flickr.com/photos/somebody/{A}",
            "license": "https://creativecommons.org/licenses/by/2.0/",
            "author": f"Author of {A}",
            "title": title,
            "size": 1_234_567,
            "md5": "0I1e+mPeJiiu27FBhFVDDA==",
            "rotation": 270,
        }
    ]


@pytest.mark.parametrize(
    ("given", "rotation"), [("", None), ("nan", None), ("0", 0), ("90", 90), ("180.0", 180), ("270.0", 270)]
)
def test_rotations_are_read_as_all_versions_write_them_and_may_be_unknown(tmp_path, given, rotation):
    rows, bad = read(write(tmp_path / "i.csv", INDEX_COLUMNS, [photo(A, Rotation=given, OriginalSize="")]))
    assert (rows[0]["rotation"], rows[0]["size"], bad.count) == (rotation, None, 0)


@pytest.mark.parametrize("name", ["i.csv", "i.csv.gz"])
def test_columns_come_in_any_order_among_others_and_files_may_be_compressed(tmp_path, name):
    path = write(tmp_path / name, [*reversed(INDEX_COLUMNS), "More"], [photo(A, More="x"), photo(B, More="y")])
    assert [row["id"] for row in read(path)[0]] == [int(A, 16), int(B, 16)]


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_the_names(tmp_path):
    path = tmp_path / "l.csv"
    lines = [",".join(LABEL_COLUMNS), f"{A},verification,/m/01g317,1"]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n")
    assert read(path, LABELS)[0] == [{"id": int(A, 16), "label": "/m/01g317", "confidence": 1.0}]


def test_text_that_is_not_utf8_stays_readable(tmp_path):
    path = Path(write(tmp_path / "i.csv", INDEX_COLUMNS, [photo(A, Author="Jose"), photo(B)]))
    path.write_bytes(path.read_bytes().replace(b"Jose", b"Jos\xe9"))
    rows, bad = read(path)
    assert (rows[0]["author"], len(rows), bad.count) == ("Jos\ufffd", 2, 0)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"ImageID": "xyz"}, "ImageID is 'xyz', not 16 hexadecimal digits"),
        ({"ImageID": "g" * 16}, "ImageID is 'gggggggggggggggg', not 16 hexadecimal digits"),
        ({"OriginalSize": "1 MB"}, "OriginalSize is '1 MB', not a number of bytes"),
        ({"OriginalSize": "-5"}, "OriginalSize is '-5', not a number of bytes"),
        ({"Rotation": "45"}, "Rotation is '45', not 0, 90, 180 or 270"),
        ({"Subset": ""}, "Subset is '', not the name of a split"),
        ({"ImageID": "1", "Rotation": "x"}, "ImageID is '1', not 16 hexadecimal digits; Rotation is 'x', not 0, 90"),
    ],
)
def test_a_wrong_row_of_the_index_is_listed_with_its_number_and_left_out(tmp_path, wrong, reason):
    rows, bad = read(write(tmp_path / "i.csv", INDEX_COLUMNS, [photo(A), photo(B, **wrong), photo(C)]))
    assert [row["id"] for row in rows] == [int(A, 16), int(C, 16)]
    ((number, said),) = bad.rows
    assert (bad.count, number) == (1, 3)
    assert said.startswith(reason)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (box(B, "Dog", 0.5, 0, 0.2, 1), "an empty box"),
        (box(B, "Dog", 0, 0, 1.2, 1), "XMax is '1.2', not a number from 0 to 1"),
        (box(B, "Dog", 0, 0, 1, 1) | {"YMax": "nan"}, "YMax is 'nan', not a number from 0 to 1"),
        (box(B, "Dog", 0, 0, 1, 1) | {"YMax": "much"}, "YMax is 'much', not a number from 0 to 1"),
        (box(B, "Dog", 0, 0, 1, 1) | {"LabelName": ""}, "LabelName is '', not the name of a class"),
        (box(B, "Dog", 0, 0, 1, 1, IsDepiction=2), "IsDepiction is '2', not 0, 1 or -1"),
    ],
)
def test_a_wrong_box_is_listed_and_left_out(tmp_path, wrong, reason):
    good = box(A, "Cat", 0, 0.25, 1, 1, IsGroupOf=-1)
    rows, bad = read(write(tmp_path / "b.csv", BOX_COLUMNS, [good, wrong, good]), BOXES)
    assert bad == Bad(1, [(3, reason)])
    named = {"x0": 0.0, "y0": 0.25, "x1": 1.0, "y1": 1.0, "group": False, "depiction": False}
    assert rows == [{"id": int(A, 16), "label": "/m/01yrx", **named}] * 2


def test_rows_of_wrong_length_and_wrong_values_are_numbered_as_they_stand_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_BLOCK_BYTES", 200)  # many batches
    lines = [",".join(LABEL_COLUMNS)]
    for number in range(2, 60):
        lines.append({0: "a,b", 3: f"{A},v,/m/0,2"}.get(number % 7, f"{photo_id(str(number))},v,/m/0,1"))
    path = tmp_path / "l.csv"
    path.write_text("\n".join(lines))
    rows, bad = read(path, LABELS)
    short = {number: "2 columns where the head has 4" for number in range(2, 60) if number % 7 == 0}
    high = {number: "Confidence is '2', not a number from 0 to 1" for number in range(2, 60) if number % 7 == 3}
    assert bad.rows == sorted((short | high).items())
    assert bad.count == len(short) + len(high)
    assert len(rows) == 58 - bad.count


def test_many_wrong_rows_are_counted_and_the_first_listed(tmp_path):
    path = write(tmp_path / "l.csv", LABEL_COLUMNS, [label(A, "Dog", 7) for _ in range(1000)])
    rows, bad = read(path, LABELS)
    assert (rows, bad.count, len(bad.rows), bad.rows[-1][0]) == ([], 1000, tables.MOST_LISTED, 101)


def test_a_file_without_a_column_says_which_and_what_it_has(tmp_path):
    path = write(tmp_path / "i.csv", ["ImageID", "OriginalURL", "Author"], [])
    assert problem(path) == (
        f"source.index: {path} has no column Subset, OriginalLandingURL, License, Title, OriginalSize, OriginalMD5, "
        "Rotation; its columns are: ImageID, OriginalURL, Author"
    )


def test_files_that_are_none_say_so(tmp_path):
    (tmp_path / "empty.csv").touch()
    assert problem(tmp_path / "empty.csv") == f"source.index: {tmp_path}/empty.csv is empty"
    assert problem(tmp_path / "no.csv") == f"source.index: {tmp_path}/no.csv does not exist"
    assert "source.index" in problem(tmp_path)
    assert "pip install 'picofw[open_images]'" not in problem("nowhere://index.csv")
    whole = gzip.compress(Path(write(tmp_path / "l.csv", LABEL_COLUMNS, [label(A, "Dog")] * 9000)).read_bytes())
    (tmp_path / "cut.csv.gz").write_bytes(whole[:-50])
    assert "cut.csv.gz is cut off or damaged" in problem(tmp_path / "cut.csv.gz", LABELS)
    (tmp_path / "no.csv.gz").write_text("not compressed")
    assert "cannot be read" in problem(tmp_path / "no.csv.gz")


def test_a_head_alone_is_a_file_without_rows(tmp_path):
    assert read(write(tmp_path / "l.csv", LABEL_COLUMNS, []), LABELS) == ([], Bad())
