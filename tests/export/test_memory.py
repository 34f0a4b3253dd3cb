"""Memory does not grow with the dataset."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from export.made import Made, single

from picofw.export import parquet, write
from picofw.plugins import Plugins
from picofw.records import Sample

FORMATS = ("pico", "hf", "webdataset", "diffsynth", "llamafactory")  # one of each way to write
OURS = tracemalloc.Filter(False, tracemalloc.__file__)


def peak_mb(format_: str, count: int, target: Path) -> float:
    script = Path(__file__).parent / "exporting.py"
    done = subprocess.run(
        [sys.executable, script, format_, str(count), target], capture_output=True, text=True, check=True, timeout=280
    )
    return float(done.stdout)


@pytest.mark.parametrize(("format_", "few", "many"), [("pico", 300, 1_500), ("hf", 1_000, 3_000)])
def test_many_more_samples_take_no_more_memory(tmp_path, format_, few, many):
    before = peak_mb(format_, few, tmp_path / "few")
    after = peak_mb(format_, many, tmp_path / "many")
    added = (many - few) * 0.06  # MB at least, of images that differ
    assert after - before < added / 4, f"{added:.0f} MB more data took {before:.0f} -> {after:.0f} MB"


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_is_kept_of_a_sample_that_is_written(tmp_path, format_, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP_ROWS", 20)
    made, held = single("s", ["rejected", "accepted"]), []

    def samples() -> Iterator[Sample]:
        for number in range(301):
            if number in (100, 300):
                gc.collect()
                found = tracemalloc.take_snapshot().filter_traces([OURS]).statistics("filename")
                held.append(sum(blocks.count for blocks in found))  # their bytes jump where a table grows
            yield made.model_copy(update={"id": f"s{number:03}"})

    exporter = Plugins([]).find("exporter", format_)
    tracemalloc.start()
    try:
        write(Made(samples()), exporter(exporter.Options()), tmp_path / "out")
    finally:
        tracemalloc.stop()
    kept = (held[1] - held[0]) / 200
    assert kept < 5, f"{kept:.1f} blocks of memory for each sample"
