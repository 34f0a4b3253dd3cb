"""Batches as files."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picofw.hosted.batching import Label, handle_of, read_lines, write_parts


async def lines(data: list[bytes]) -> AsyncIterator[bytes]:
    for line in data:
        yield line


@given(st.lists(st.integers(min_value=0, max_value=40), max_size=30), st.integers(min_value=1, max_value=100))
async def test_parts_hold_every_line_once_in_order_and_keep_to_the_limit(sizes: list[int], limit: int) -> None:
    data = [str(number).encode() + b"x" * size for number, size in enumerate(sizes)]
    with tempfile.TemporaryDirectory() as folder:
        parts = [path.read_bytes() for path in await write_parts(lines(data), Path(folder), limit)]

    assert b"".join(parts).splitlines() == data
    assert all(len(part) <= limit or part.count(b"\n") == 1 for part in parts)


@given(st.text(min_size=1), st.integers(min_value=0))
def test_a_label_is_read_back(batch_id: str, number: int) -> None:
    label = Label(batch_id, number)

    assert Label.read(str(label)) == label


@pytest.mark.parametrize("text", [None, "", "my own batch", "a:b", "a:1/2", ":0", "a:-1", "a:"])
def test_another_batchs_name_is_no_label(text: str | None) -> None:
    assert Label.read(text) is None


def test_a_handle_names_the_parts_that_are_there_in_order() -> None:
    found = {Label("a", 10): "last", Label("a", 2): "second", Label("a", 0): "first", Label("b", 0): "other"}

    assert handle_of(found, "a") == "first,second,last"
    assert handle_of(found, "c") is None


def test_lines_are_read_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'{"key": "0"}\n\n{"key": "1"}')

    assert [line["key"] for line in read_lines(file)] == ["0", "1"]
