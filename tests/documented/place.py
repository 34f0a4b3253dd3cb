"""Where a page's commands are run: a folder like a user's, with a few photos, and vendors that are simulated.

Commands are never changed. Runs are short because the photos are few, and a plugin that comes before the
vendors' own says where their services are.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from documented import installer
from documented.pages import ROOT
from open_images_files import write_bundled

PHOTOS = ("cat.jpg", "coffee.jpg")
_KEY = "a-key-that-nobody-takes"
_HOOK = """from pathlib import Path

from picofw.hookspecs import hookimpl


@hookimpl
def picofw_config_dirs():
    return [Path(__file__).parent / "conf"]
"""


class Place:
    """A working folder with the workspace and the photos in it, and an environment for what is run there."""

    def __init__(self, root: Path, bundled: Path, workspace: Path) -> None:
        self.folder, self.site = root / "work", root / "site"
        for folder in (self.folder / "photos", self.site, root / "bin"):
            folder.mkdir(parents=True)
        for name in PHOTOS:
            shutil.copy(bundled / name, self.folder / "photos")
        known = (bundled / "metadata.jsonl").read_text().splitlines()
        lines = [line for line in known if json.loads(line)["file_name"] in PHOTOS]
        (self.folder / "photos" / "metadata.jsonl").write_text("\n".join(lines))
        described = {line["file_name"]: line for line in map(json.loads, known)}
        write_bundled(self.folder / "open-images", bundled, described)
        (self.folder / "tests").symlink_to(ROOT / "tests")  # as in a checkout
        (self.folder / "picofw-data").symlink_to(workspace)
        pip = root / "bin" / "pip"
        pip.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{installer.__file__}" "{self.site}" "$@"\n')
        pip.chmod(0o755)
        self.environment = {
            "PATH": os.pathsep.join([str(pip.parent), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(self.site),
            "HOME": str(root),
            "HF_HUB_OFFLINE": "1",
            "GEMINI_API_KEY": _KEY,
            "OPENAI_API_KEY": _KEY,
        }

    def run(self, script: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", script],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def simulate(self, urls: Mapping[str, str]) -> None:
        """Let the vendors' configs, wherever they are chosen, name these addresses."""
        project = self.folder.parent / "simulated"
        package = project / "simulated_vendors"
        for vendor, url in urls.items():
            (source,) = (ROOT / "plugins").glob(f"picofw-{vendor}/*/conf")
            for file in source.glob("*/*.yaml"):
                text = file.read_text().replace("base_url: null", f"base_url: {url}")
                target = package / "conf" / file.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text.replace("http://127.0.0.1:8000/v1", url))
        (package / "__init__.py").write_text(_HOOK)
        points = '[project.entry-points.picofw]\naa-first = "simulated_vendors"\n'
        (project / "pyproject.toml").write_text(f'[project]\nname = "simulated-vendors"\nversion = "0"\n{points}')
        installer.install(project, self.site)


@contextmanager
def simulator() -> Iterator[dict[str, str]]:
    """Give the addresses of simulated vendors, whose batches are done at once."""
    command = [sys.executable, "-m", "simulator", "--port", "0", "--batch-polls", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(2)]
        try:
            yield {line.split(":")[0].lower(): line.partition("base_url=")[2] for line in lines}
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()
