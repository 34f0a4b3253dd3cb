"""MLCommons' own reader takes the metadata without an error, and finds every record by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlcroissant
import pytest
from export.made import PIXELS, Made, image, photo, single, small

from picofw.export import write
from picofw.export.croissant import NAME
from picofw.export.hf import HuggingFace
from picofw.testing.dataset import HOSTILE

pytestmark = pytest.mark.filterwarnings("default")  # the reader's own
RECOMMENDED_ONLY = ("citeAs", "datePublished", "version")  # what whoever publishes the dataset adds


def export(folder: Path, dataset: Made | None = None, **options: Any) -> Path:
    write(dataset or small(), HuggingFace(HuggingFace.Options(**options)), folder / "out")
    return folder / "out"


def read(out: Path) -> mlcroissant.Dataset:
    return mlcroissant.Dataset(jsonld=str(out / NAME))


def records(out: Path, subset: str) -> list[dict[str, Any]]:
    found = read(out).records(subset)
    return [{key.removeprefix(f"{subset}/"): value for key, value in record.items()} for record in found]


@pytest.mark.parametrize("text", ["", HOSTILE])
def test_it_is_valid(tmp_path, text):
    issues = read(export(tmp_path, small(text), masks=True)).metadata.ctx.issues
    assert not issues.errors
    assert all(any(name in warning for name in RECOMMENDED_ONLY) for warning in issues.warnings), issues.report()


def test_every_subset_is_read_by_it_with_its_images(tmp_path):
    out = export(tmp_path, masks=True)
    first, second = records(out, "sft")
    assert (first["id"], first["split"], first["edit_type"]) == (b"aa", b"train", b"color_tone")
    assert first["photo"]["sft/photo/author"] == b"Ann"
    assert first["scores"]["sft/scores/seamlessness"] == 0.9
    assert second["edited_image"].tobytes() == _pixels("bb 4")
    assert second["mask_image"].size == (16, 12)
    (pair,) = records(out, "preference")
    assert [found.tobytes() for found in pair["rejected_images"]] == [_pixels("bb 1"), _pixels("bb 3")]
    (chain,) = records(out, "multi_turn")
    assert (chain["base"], len(chain["edited_images"]), len(chain["mask_images"])) == (b"aa", 3, 3)


def test_the_split_of_a_record_is_told_by_its_file(tmp_path):
    made = Made([single(f"s{n}", of=photo(f"p{n}")) for n in range(12)])
    found = records(export(tmp_path, made, test_share=0.5), "sft")
    assert len(found) == 12
    assert {record["split"] for record in found} == {b"train", b"test"}


def test_it_says_whose_judgement_it_is_by_which_rule_and_what_it_is_not_good_for(tmp_path):
    metadata = json.loads((export(tmp_path) / NAME).read_text())
    assert metadata["license"] == ["https://creativecommons.org/licenses/by/2.0/"]
    assert "acme: judge-1" in metadata["rai:machineAnnotationTools"]
    assert "the rubric gated accepted at 0.7 or more" in metadata["rai:dataAnnotationProtocol"][0]
    assert metadata["rai:dataAnnotationAnalysis"] == ["4 of 7 instructions ended with an accepted edit."]
    assert any("one judge's opinion" in limit for limit in metadata["rai:dataLimitations"])


def test_a_subset_without_records_is_left_out(tmp_path):
    metadata = json.loads((export(tmp_path, Made([single("aa")])) / NAME).read_text())
    assert [found["@id"] for found in metadata["recordSet"]] == ["sft"]


def _pixels(key: str) -> bytes:
    import io

    from PIL import Image

    return Image.open(io.BytesIO(PIXELS[image(key).sha256])).tobytes()
