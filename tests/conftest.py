"""What all tests share: no network, real photos, and a real browser."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import browsing as browsing  # fixtures, as the next ones
from browsing import chromium as chromium

import picofw
from picofw.testing.no_network import no_network as no_network  # an autouse fixture


@pytest.fixture(scope="session")
def bundled_photos() -> Path:
    """The folder of real photos that ships with picofw; not to be written to."""
    return Path(picofw.__file__).parent / "sources" / "photos"


@pytest.fixture
def photo_folder(bundled_photos: Path, tmp_path: Path) -> Path:
    """A folder of one's own with the bundled photos and their metadata.jsonl."""
    return Path(shutil.copytree(bundled_photos, tmp_path / "photos"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 600 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be mounted as root")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)
