"""``python installer.py SITE install -e FOLDER`` stands in for pip, which would need a network to build a package."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def install(folder: Path, site: Path) -> None:
    """Link a project's package into a folder on the path, with the metadata that entry points are found by."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    package = project["name"].replace("-", "_")
    (site / package).symlink_to((folder / package).resolve(strict=True))
    metadata = site / f"{package}-{project['version']}.dist-info"
    metadata.mkdir()
    requirements = [f"Requires-Dist: {requirement}" for requirement in project.get("dependencies", [])]
    lines = [f"Name: {project['name']}", f"Version: {project['version']}", *requirements]
    (metadata / "METADATA").write_text("\n".join(lines))
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in points.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines))


if __name__ == "__main__":
    given, command, editable, path = sys.argv[1:]
    assert (command, editable) == ("install", "-e"), sys.argv
    install(Path(path), Path(given))
