"""What the tests of whole runs share: keys, the simulator, and a studio to run in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from simulator import Brain, Simulator
from vendors.studio import KEYS, Studio, serving


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Judges that accept everything, edits that are quickly made."""
    with serving(Simulator(Brain(score=0.9, image_format="JPEG"))) as running:
        yield running


@pytest.fixture
def studio(tmp_path: Path, simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> Studio:
    return Studio(tmp_path, simulator, capsys)
