"""Memory does not grow with the dataset."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


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
