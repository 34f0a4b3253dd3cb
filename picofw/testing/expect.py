"""How a contract test fails: in one sentence to the plugin's author."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def expect(condition: object, message: str) -> None:
    """Fail the test unless ``condition`` holds.

    Args:
        condition: Anything with a truth value.
        message: What was found and what should be.
    """
    if not condition:
        pytest.fail(message, pytrace=False)


@contextmanager
def nothing_left(folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test if what is done inside prints, or leaves files in the working folder.

    Args:
        folder: Is made, and is the working folder meanwhile.
        capfd: Pytest's own.
        monkeypatch: Pytest's own.
    """
    folder.mkdir()
    with monkeypatch.context() as inside:
        inside.chdir(folder)
        capfd.readouterr()
        yield
        out, err = capfd.readouterr()
    expect(not out + err, f"it printed {(out + err)[:200]!r}")
    left = sorted(path.name for path in folder.iterdir())
    expect(not left, f"it left files in the working folder: {left}")
