"""Building distributions as they are published, and environments in which nothing else of picofw is."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import picofw

ROOT = Path(picofw.__file__).parents[1]


def run(*command: str | Path, cwd: Path, code: int = 0, env: Mapping[str, str] = MappingProxyType({})) -> str:
    """Run a command that must end with ``code``; return what it printed, and its errors too where it is not 0."""
    environment = {"HOME": str(cwd), "PATH": os.environ["PATH"], **env}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr * bool(code)


def build(target: str, project: Path, out: Path) -> Path:
    """Build a project's wheel or sdist with its own backend, which needs no network; return the file."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", out, cwd=project)
    (made,) = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


class Environment:
    """A virtual environment with all that the tests' own has, but for picofw and its plugins.

    Args:
        folder: Where it is made.
    """

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        self.python, self.picofw = folder / "bin" / "python", folder / "bin" / "picofw"
        paths = {"base": str(folder), "platbase": str(folder)}
        self.site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.startswith("picofw") and entry.suffix != ".pth":
                (self.site / entry.name).symlink_to(entry)

    def install(self, *wheels: Path) -> None:
        """Install wheels, and nothing that they need."""
        options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check"]
        pip = [sys.executable, "-m", "pip", "--python", self.python, "install"]
        run(*pip, *options, *wheels, cwd=self.site.parent)
