"""``make test-pythons``: what users install, on every Python from 3.11 to 3.14 that this machine has.

In an environment of its own each gets the wheels with all that they need from the package index, lists the plugins,
writes a plugin, installs it, runs its tests and makes a dataset with it. For a Python that is not here it is looked up
whether all that the wheels need exists for it. picofw-diffusers and picofw-ray are installed without torch and Ray.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from wheels.installing import ROOT, build, run

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
HEAVY = {"picofw-diffusers", "picofw-ray"}
KINDS = {
    "editor": ["editor=acme-editor", "source=demo"],
    "exporter": ["preset=fake"],
}
PIP = ["--quiet", "--disable-pip-version-check"]


def interpreter(version: str) -> str | None:
    """A Python of a version: on the path, or one of pyenv's."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(root.glob(f"versions/{version}.*/bin/python"))
    return str(found[-1]) if found else shutil.which(f"python{version}")


def install_and_use(python: str, wheels: dict[str, Path], folder: Path) -> None:
    """Do what a user does, in an environment of a Python of their own."""
    run(python, "-m", "venv", folder / "venv", cwd=folder)
    bin_, work = folder / "venv" / "bin", folder / "work"
    work.mkdir()
    environment = {"PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "HOME": str(Path.home())}  # pip's cache is there

    def do(*command: str | Path, cwd: Path = work) -> str:
        return run(*command, cwd=cwd, env=environment)

    do(bin_ / "pip", "install", *PIP, *(wheel for name, wheel in wheels.items() if name not in HEAVY))
    do(bin_ / "pip", "install", *PIP, "--no-deps", *(wheels[name] for name in HEAVY))
    listing = json.loads(do(bin_ / "picofw", "plugins", "--json"))
    assert not [plugin for plugin in listing["plugins"] if plugin["error"] or plugin["notes"]], listing["plugins"]
    assert {entry["plugin"] for entry in listing["providers"] if entry["error"]} == HEAVY, listing["providers"]
    for kind, overrides in KINDS.items():
        name = f"acme-{kind}"
        do(bin_ / "picofw", "new-plugin", name, "--kind", kind)
        do(bin_ / "pip", "install", *PIP, "-e", ".[test]", cwd=work / f"picofw-{name}")
        do(bin_ / "python", "-m", "pytest", "-q", "-W", "error", cwd=work / f"picofw-{name}")
        arguments = ["run", *overrides, "samples=4", f"name={kind}", "--json"]
        status = json.loads(do(bin_ / "picofw", *arguments))
        assert sum(status["singles"].values()) == 4, status
        assert status["singles"]["accepted"], status
    do(bin_ / "picofw", "export", "exporter", "--format", "acme-exporter", "--out", "pairs")
    do(bin_ / "picofw", "verify", "pairs")


def look_up(version: str, wheels: dict[str, Path], folder: Path) -> None:
    """See that what the wheels need has a release that is ready for a Python."""
    pip = [sys.executable, "-m", "pip"]
    run(
        *pip, "wheel", *PIP, "--no-deps", "-w", folder, "antlr4-python3-runtime==4.9.3", cwd=folder
    )  # Hydra's, no wheel
    only = ["--only-binary=:all:", "--python-version", version, "--target", folder / "nowhere", "--find-links", folder]
    needed = (wheel for name, wheel in wheels.items() if name not in HEAVY)
    at_home = {"HOME": str(Path.home())}
    run(*pip, "install", *PIP, "--dry-run", "--ignore-installed", *only, *needed, cwd=folder, env=at_home)


def main() -> None:
    """Go through the versions; the first that fails ends it."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        projects = {"picofw": ROOT, **{folder.name: folder for folder in sorted(ROOT.glob("plugins/picofw-*"))}}
        wheels = {name: build("wheel", folder, root / "dist" / name) for name, folder in projects.items()}
        for version in VERSIONS:
            folder = root / version
            folder.mkdir()
            if python := interpreter(version):
                install_and_use(python, wheels, folder)
                print(f"{version}: installed and used", flush=True)
            else:
                look_up(version, wheels, folder)
                print(f"{version}: not on this machine, nothing was run; all that is needed exists for it", flush=True)


if __name__ == "__main__":
    main()
