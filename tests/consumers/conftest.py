"""Trainers' packages that cannot be installed beside the others: `make test-torch` puts each in its own folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PACKAGES = Path(sys.prefix) / "consumers"
Read = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def read_by() -> Read:
    """What a trainer's own code makes of an export: each record as a dict."""

    def read(trainer: str, *arguments: object) -> list[dict[str, Any]]:
        package = PACKAGES / trainer
        if not (package / trainer).is_dir():
            assert not os.environ.get("CI"), f"{package} is missing: make test-torch"
            pytest.skip(f"{trainer} is not installed; `make test-torch` does that")
        script = Path(__file__).parent / f"read_{trainer}.py"
        words = [sys.executable, "-W", "ignore", script, package, *map(str, arguments)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return read
