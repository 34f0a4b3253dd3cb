"""One run for all tests of the review; each writes to a copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from review import reviewed


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """The workspace of the run that is reviewed; not to be written to."""
    return reviewed.make(tmp_path_factory.mktemp("reviewed"))
