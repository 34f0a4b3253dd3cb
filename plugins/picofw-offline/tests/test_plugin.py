"""The hook module: what is offered, without importing anything heavy."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from decimal import Decimal

import pytest
import yaml
from picofw_offline.glossary import WORDS

from picofw.plugins import Plugins
from picofw.types import Usage

MODELS = {
    "u2netp.onnx": "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
    "face_detection_short_range.tflite": "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
    "face_landmark.tflite": "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
}


def test_it_is_discovered_and_offers_four_providers():
    plugins = Plugins()
    for kind in ("instructor", "editor", "judge", "tagger"):
        assert "picofw-offline" in [owner for owner, spec in plugins.specs(kind) if spec.name == "offline"]


def test_discovery_imports_nothing_heavy():
    code = (
        "import sys; from picofw.plugins import Plugins; Plugins().specs('editor');"
        "print([m for m in ('cv2', 'numpy', 'onnxruntime', 'PIL', 'rapidocr') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_it_costs_nothing():
    price = Plugins().prices()["offline"]
    assert price.cost(Usage(input_tokens=5, images=3)) == Decimal(0)


@pytest.mark.parametrize("kind", ["instructor", "editor", "judge", "tagger"])
def test_a_config_file_states_every_option(package, kind):
    folder = next(folder for folder in Plugins().config_dirs() if folder == package / "conf")
    values = yaml.safe_load((folder / kind / "offline.yaml").read_text())
    assert values.pop("provider") == "offline"
    options = Plugins().find(kind, "offline").Options
    assert values == options().model_dump(), "the file must name every option with its default"


@pytest.mark.parametrize("name", MODELS)
def test_models_are_the_ones_named_in_the_notice(package, name):
    data = (package / "models" / name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == MODELS[name]
    notice = (package / "models" / "NOTICE.md").read_text()
    assert MODELS[name] in notice
    assert str(len(data)) in notice


def test_the_readme_names_every_edit_type_it_offers(package):
    readme = package.parent / "README.md"
    if not readme.exists():
        pytest.skip("the README is not part of an installed wheel")
    rows = [line.split("`")[1] for line in readme.read_text().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(Plugins().find("editor", "offline").capabilities.edit_types)


def test_the_readme_counts_its_glossary(package):
    readme = package.parent / "README.md"
    if not readme.exists():
        pytest.skip("the README is not part of an installed wheel")
    assert f"glossary of {len(WORDS)}" in readme.read_text()
