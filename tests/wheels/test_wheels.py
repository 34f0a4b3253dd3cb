"""What users install: distributions as they are published, in an environment without the repository."""

from __future__ import annotations

import json
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from wheels.installing import ROOT, Environment, build, run

PROJECTS = {"picofw": ROOT, **{folder.name: folder for folder in sorted(ROOT.glob("plugins/picofw-*"))}}
HEAVY = {"picofw-diffusers": "torch", "picofw-ray": "ray"}  # what these plugins need and `make test` does not install


def shipped(project: Path) -> set[str]:
    """The files of a project that its wheel has to hold, by their paths in it."""
    package = project.name.replace("-", "_") if project != ROOT else "picofw"
    found = {path.relative_to(project).as_posix() for path in (project / package).rglob("*") if path.is_file()}
    if project == ROOT:
        found |= {f"picofw/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "conf").rglob("*.yaml")}
    return {path for path in found if "__pycache__" not in path}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> dict[str, Path]:
    return {name: build("wheel", folder, tmp_path_factory.mktemp("wheels")) for name, folder in PROJECTS.items()}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_wheel_holds_all_files_of_its_package_and_nothing_else(name, wheels):
    files = {path for path in zipfile.ZipFile(wheels[name]).namelist() if ".dist-info/" not in path}
    assert files == shipped(PROJECTS[name])


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("picofw", ["conf/config.yaml", "conf/taxonomy/pico_banana.yaml", "sources/photos/cat.jpg", "py.typed"]),
        ("picofw", ["sources/photos/metadata.jsonl", "scaffold/templates/any/pyproject.toml.tmpl"]),
        ("picofw-offline", [".onnx", "conf/editor/offline.yaml"]),
        ("picofw-gemini", ["conf/judge/gemini.yaml"]),
        ("picofw-openai", ["conf/judge/gpt_4o.yaml"]),
        ("picofw-diffusers", ["conf/editor/flux_kontext.yaml"]),
        ("picofw-ray", ["conf/editor/ray.yaml"]),
    ],
)
def test_what_is_read_at_run_time_is_among_these_files(name, files, wheels):
    found = zipfile.ZipFile(wheels[name]).namelist()
    assert [end for end in files if not any(path.endswith(end) for path in found)] == []


@pytest.mark.parametrize("name", PROJECTS)
def test_an_sdist_makes_the_same_wheel(name, wheels, tmp_path):
    with tarfile.open(build("sdist", PROJECTS[name], tmp_path / "sdist")) as archive:
        if hasattr(tarfile, "data_filter"):  # from 3.11.4 on
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(tmp_path)
    (unpacked,) = tmp_path.glob("picofw*")
    again = build("wheel", unpacked, tmp_path / "again")
    assert set(zipfile.ZipFile(again).namelist()) == set(zipfile.ZipFile(wheels[name]).namelist())


def test_a_new_plugin_is_written_built_installed_and_run_outside_the_repository(wheels, tmp_path):
    environment, work = Environment(tmp_path / "venv"), tmp_path / "work"
    work.mkdir()
    environment.install(*wheels.values())
    run(environment.picofw, "new-plugin", "acme", "--kind", "editor", cwd=work)
    environment.install(build("wheel", work / "picofw-acme", tmp_path / "dist"))

    listing = json.loads(run(environment.picofw, "plugins", "--json", cwd=work))
    plugins = {plugin["distribution"]: plugin for plugin in listing["plugins"]}
    assert plugins.keys() == {"", "picofw-acme", *PROJECTS} - {"picofw"}
    assert [(p["error"], p["notes"]) for p in plugins.values()] == [(None, [])] * len(plugins)
    broken = {entry["plugin"]: entry["error"] for entry in listing["providers"] if entry["error"]}
    assert broken.keys() == {name for name, library in HEAVY.items() if find_spec(library) is None}
    assert all(f"needs {HEAVY[name]}" in error for name, error in broken.items())

    arguments = ["run", "editor=acme", "preset=fake", "samples=4", "--json"]
    status = json.loads(run(environment.picofw, *arguments, cwd=work))
    assert sum(status["singles"].values()) == 4
    edits = [entry for entry in status["spend"]["by"] if entry["role"] == "editor"]
    assert {(entry["model"], entry["edit_type"]) for entry in edits} == {("acme", "color_tone")}

    where = "import picofw, picofw_acme; print(picofw.__file__, picofw_acme.__file__)"
    assert str(ROOT) not in run(environment.python, "-c", where, cwd=work)


def test_without_plugins_the_bundled_photos_and_configs_are_enough(wheels, tmp_path):
    environment = Environment(tmp_path / "venv")
    environment.install(wheels["picofw"])
    (tmp_path / "work").mkdir()
    run(environment.picofw, "run", "preset=fake", "samples=2", cwd=tmp_path / "work")
    said = run(environment.picofw, "run", "samples=2", cwd=tmp_path / "work", code=2)
    assert "offline" in said
