"""The fakes and the core's sources keep the contracts, and who breaks one is found out."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from testing import broken

from picofw.export.ai_toolkit import AiToolkit
from picofw.export.diffsynth import DiffSynth
from picofw.export.editreward import EditReward
from picofw.export.hf import HuggingFace
from picofw.export.instruct_pix2pix import InstructPix2Pix
from picofw.export.llamafactory import LlamaFactory
from picofw.export.longcat_dpo import LongCatDPO
from picofw.export.musubi import Musubi
from picofw.export.pico import Pico
from picofw.export.trl import TRL
from picofw.export.webdataset import WebDataset
from picofw.sources.demo import Demo
from picofw.sources.folder import Folder
from picofw.testing import contract
from picofw.testing.contract import (
    EditorContract,
    ExporterContract,
    InstructorContract,
    JudgeContract,
    SourceContract,
    TaggerContract,
)
from picofw.testing.fakes import FakeEditor, FakeInstructor, FakeJudge, FakeTagger

pytest_plugins = ["pytester"]

SHARED = {
    "model": "another",
    "seed": 3,
    "usage": {"images": 1},
    "refused": 0.1,
    "invalid": 0.5,
    "latency_s": 0.1,
    "faults": {"transient": {"rate": 0.5}},
    "call_log": "x",
}


class TestFakeInstructor(InstructorContract):
    provider_class = FakeInstructor
    other_options: ClassVar[dict[str, Any]] = SHARED
    failing_options: ClassVar[dict[str, Any]] = {"refused": 1.0}


class TestFakeEditor(EditorContract):
    provider_class = FakeEditor
    other_options: ClassVar[dict[str, Any]] = {**SHARED, "width": 65, "image_bytes": 5000, "botched": {"blank": 1.0}}
    failing_options: ClassVar[dict[str, Any]] = {"faults": {"fatal": {"rate": 1.0}}}


class TestFakeJudge(JudgeContract):
    provider_class = FakeJudge
    other_options: ClassVar[dict[str, Any]] = {**SHARED, "success": 0.1}
    failing_options: ClassVar[dict[str, Any]] = {"invalid": 1.0}
    bad_options: ClassVar[dict[str, Any]] = {"success": 1.1, "latency_s": -1}


class TestFakeTagger(TaggerContract):
    provider_class = FakeTagger
    other_options: ClassVar[dict[str, Any]] = {**SHARED, "share": 0.1}
    failing_options: ClassVar[dict[str, Any]] = {"faults": {"transient": {"rate": 1.0}}}


class TestDemo(SourceContract):
    source_class = Demo


class TestFolder(SourceContract):
    source_class = Folder
    bad_options: ClassVar[dict[str, Any]] = {"limit": 0, "path": None}

    @pytest.fixture
    def source_options(self, photo_folder: Path) -> dict[str, Any]:
        (photo_folder / "cut.jpg").write_bytes((photo_folder / "cat.jpg").read_bytes()[:-100])
        return {"path": photo_folder}


class TestPico(ExporterContract):
    exporter_class = Pico
    bad_options: ClassVar[dict[str, Any]] = {"include_source_images": "perhaps"}


class TestHuggingFace(ExporterContract):
    exporter_class = HuggingFace
    bad_options: ClassVar[dict[str, Any]] = {"shard_mb": 0, "min_score": 1.1}


class TestDiffSynth(ExporterContract):
    exporter_class = DiffSynth
    bad_options: ClassVar[dict[str, Any]] = {"test_share": 1, "max_side": 8, "instruction": "none"}


class TestMusubi(ExporterContract):
    exporter_class = Musubi


class TestAiToolkit(ExporterContract):
    exporter_class = AiToolkit


class TestLongCatDPO(ExporterContract):
    exporter_class = LongCatDPO


class TestEditReward(ExporterContract):
    exporter_class = EditReward


class TestWebDataset(ExporterContract):
    exporter_class = WebDataset
    bad_options: ClassVar[dict[str, Any]] = {"shard_mb": 0}


class TestInstructPix2Pix(ExporterContract):
    exporter_class = InstructPix2Pix


class TestTRL(ExporterContract):
    exporter_class = TRL


class TestLlamaFactory(ExporterContract):
    exporter_class = LlamaFactory


def test_a_provider_that_breaks_a_promise_fails_the_test_that_is_about_it(pytester: pytest.Pytester) -> None:
    """Each class of broken.py names the test that it has to fail; no other may."""
    code = Path(__file__).with_name("broken.py").read_text()
    pytester.makepyfile(test_broken=code)
    options = ["-o", "asyncio_default_fixture_loop_scope=function", "-p", "no:cacheprovider"]
    _, _, failed = pytester.inline_run("-q", *options).listoutcomes()
    found: dict[str, set[str]] = {}
    for report in failed:
        _, broken, test = report.nodeid.split("::")
        found.setdefault(broken, set()).add(test.split("[")[0])
    expected = {name: breaks for name, breaks in promises().items() if breaks}
    assert len(expected) > 40
    assert found == expected


def test_of_every_test_of_the_contracts_it_is_shown_that_it_can_fail() -> None:
    contracts = [getattr(contract, name) for name in contract.__all__]
    tests = {name for found in contracts for name in dir(found) if name.startswith("test_")}
    assert tests == set().union(*promises().values())


def promises() -> dict[str, set[str]]:
    """The tests that each class of broken.py has to fail."""
    kinds = {name: kind for name, kind in vars(broken).items() if name.startswith("Test")}
    named = {name: getattr(kind, "breaks", ()) for name, kind in kinds.items()}
    return {name: {breaks} if isinstance(breaks, str) else set(breaks) for name, breaks in named.items()}
