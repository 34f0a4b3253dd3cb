"""The dataset card: what it says, and that foreign text cannot break it."""

from __future__ import annotations

import io

import pytest
import yaml
from datasets.utils.metadata import MetadataConfigs
from export.made import Made, photo, single, small
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st

import picofw
from picofw.export.attribution import Attribution
from picofw.export.card import hub_licence, write_card
from picofw.export.fields import subsets_of
from picofw.export.markdown import plain
from picofw.export.options import Options
from picofw.export.selection import select
from picofw.export.stats import Figures


def card(dataset: Made) -> str:
    figures, attribution = Figures(), Attribution(io.StringIO())
    for sample in dataset.samples():
        figures.add(select(sample, Options()))
        if subsets_of(sample):
            attribution.add(sample.photo)
    return write_card(dataset.name, dataset.settings, figures, attribution)


def header(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_the_header_names_configs_licence_size_and_task():
    found = header(card(small()))
    assert [config["config_name"] for config in found["configs"]] == ["sft", "preference", "multi_turn"]
    assert found["license"] == ["cc-by-2.0"]
    assert found["size_categories"] == ["n<1K"]
    assert found["task_categories"] == ["image-to-image"]


def test_success_counts_the_turns_that_the_run_made():
    lines = card(small()).splitlines()
    assert (
        "| Change overall color tone (warm ↔ cool) | Pixel &amp; Photometric | 3 | 2 | 66.7% |  | 2.33 | 0.90 |"
        in lines
    )
    assert "| Zoom in | Scale | 4 | 2 | 50.0% |  | 1.25 | 0.90 |" in lines
    assert "| editor | acme | editor-1 | 12 |" in lines
    assert "Attempts by outcome: accepted 4, rejected 7, unchanged 1." in lines
    assert "Chains by turns: 1 of 3." in lines
    assert any(line.startswith("Of these, 100% of 2 follow-ups refer back by what") for line in lines)


def test_the_published_rate_stands_beside_the_runs_own():
    lines = card(Made([single("aa", edit_type="film_grain")])).splitlines()
    assert (
        "| Add film grain or vintage filter | Pixel &amp; Photometric | 1 | 1 | 100.0% | 90.7% | 1.00 | 0.90 |" in lines
    )


def test_what_accepted_edits_are_about_is_counted():
    made = [single("aa", instruction="Remove the dog beside the car"), single("bb", ["rejected"], instruction="A cat")]
    lines = card(Made([*made, single("cc", instruction="Warmer")])).splitlines()
    assert "| animals | 1 | 50.0% |" in lines
    assert "| vehicles | 1 | 50.0% |" in lines
    assert "| people | 0 | 0.0% |" in lines


def test_it_says_how_to_make_the_dataset_again_where_that_is_known():
    text = card(small())
    assert f"pip install picofw=={picofw.__version__}" in text
    assert "preset=exported" in text
    made = small()
    made.settings = {key: made.settings[key] for key in ("taxonomy", "rubric")}
    assert "How the edits came to be is not known" in card(made)


def test_the_hubs_own_reader_finds_the_header_and_datasets_the_configs():
    made = DatasetCard(card(small()))
    assert made.data.license == ["cc-by-2.0"]
    assert made.data.annotations_creators == ["machine-generated"]
    configs = MetadataConfigs.from_dataset_card_data(made.data)
    assert list(configs) == ["sft", "preference", "multi_turn"]
    assert configs["sft"]["data_files"] == [{"split": "train", "path": "sft/train-*.parquet"}]


def test_scores_are_averaged_over_accepted_and_rejected_edits_apart():
    line = next(line for line in card(small()).splitlines() if line.startswith("| `seamlessness`"))
    assert line.endswith("| 0.25 | 0.90 | 0.30 |")


def test_photos_are_credited_and_their_licences_counted():
    many = [single(f"s{n}", of=photo(f"p{n}", landing_url=f"https://x.org/{n}")) for n in range(230)]
    bare = [single("bare", of=photo("bare", license="", author="", title=""))]
    text = card(Made(bare + many))
    assert '- "A hill", by Ann, <https://creativecommons.org/licenses/by/2.0/>, <https://x.org/0>' in text
    assert '- "bare", author not stated, licence not stated' in text
    assert "| <https://creativecommons.org/licenses/by/2.0/> | 230 |" in text
    assert "and 31 more in `attribution.jsonl`" in text
    assert header(text)["license"] == ["cc-by-2.0", "other"]


@pytest.mark.parametrize(
    ("licence", "name"),
    [
        ("https://creativecommons.org/licenses/by/2.0/", "cc-by-2.0"),
        ("http://creativecommons.org/licenses/by-sa/4.0/deed.en", "cc-by-sa-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
        ("https://creativecommons.org/licenses/by/9.9/", "other"),
        ("mine]\nlicense: mit", "other"),
        ("", "other"),
    ],
)
def test_a_licence_is_named_as_the_hub_does_or_other(licence, name):
    assert hub_licence(licence) == name


@given(st.text(max_size=500))
def test_plain_text_is_one_line_without_markup(text):
    line = plain(text, 50)
    assert "\n" not in line
    assert "\r" not in line
    assert not set("<>") & set(line)
    unescaped = line.replace("\\\\", "").replace("\\|", "").replace("\\`", "").replace("\\[", "")
    assert not set("|`[") & set(unescaped)


def test_hostile_titles_neither_end_a_table_nor_make_a_link_or_a_tag():
    hostile = (
        "<script>x</script>\n| a | b |\n---\nlicense: mit\n[click](https://evil.org) ![](https://evil.org/x.png) \u202e"
    )
    base = card(Made([single("aa", of=photo("p1"))]))
    text = card(
        Made([single("aa", of=photo("p1", title=hostile, author=hostile, license=hostile, landing_url=hostile))])
    )
    assert header(text) == header(base) | {"license": ["other"]}
    assert len(text.splitlines()) == len(base.splitlines())
    assert "<script" not in text
    assert "https://evil" not in text
    assert "](" not in text.replace("\\]", "")
