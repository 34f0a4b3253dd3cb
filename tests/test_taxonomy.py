from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from pydantic import ValidationError

from picofw.errors import ConfigError
from picofw.taxonomy import Taxonomy
from picofw.types import EditType

CONF = Path(__file__).parents[1] / "conf"


def entry(label: str, **values: Any) -> dict[str, Any]:
    return {"label": label, "category": "Things", **values}


def small(**types: dict[str, Any]) -> Taxonomy:
    return Taxonomy.model_validate({"name": "small", "types": types})


@pytest.fixture(scope="module")
def published() -> Taxonomy:
    with initialize_config_dir(str(CONF), version_base=None):
        config = compose(overrides=["+taxonomy=pico_banana"])
    return Taxonomy.model_validate(OmegaConf.to_container(config.taxonomy))


@pytest.fixture
def menu() -> Taxonomy:
    return small(
        remove_object=entry("Remove", count=3),
        replace_object=entry("Replace", count=1),
        expression=entry("Smile", needs=["person"], count=0),
    )


class TestPublished:
    def test_has_35_types_in_8_categories(self, published: Taxonomy) -> None:
        assert len(published.types) == 35
        assert Counter(entry.category for entry in published.types.values()) == {
            "Pixel & Photometric": 2,
            "Object-Level Semantic": 6,
            "Scene Composition & Multi-Subject": 4,
            "Stylistic": 3,
            "Text & Symbol": 4,
            "Human-Centric": 14,
            "Scale": 1,
            "Spatial/Layout": 1,
        }

    def test_has_the_released_labels_to_the_letter(self, published: Taxonomy) -> None:
        labels = {slug: entry.label for slug, entry in published.types.items()}
        assert labels["color_tone"] == "Change overall color tone (warm ↔ cool)"
        assert labels["funko_pop"] == "Funko-Pop\N{EN DASH}style toy figure of the person"
        assert labels["change_attribute"] == "Change an object's attribute (e.g., color/material)"
        assert labels["artistic_style"] == "Strong artistic style transfer (e.g., Van Gogh/anime/etc.)"

    def test_has_the_published_counts_and_success_rates(self, published: Taxonomy) -> None:
        assert sum(entry.count for entry in published.types.values()) == 257_746
        assert published.types["film_grain"].count == 15_443
        rates = {slug: entry.success_rate for slug, entry in published.types.items() if entry.success_rate}
        assert len(rates) == 13
        assert (min(rates, key=rates.__getitem__), rates["artistic_style"]) == ("change_font", 0.934)

    def test_plans_people_and_text_only_where_there_are_some(self, published: Taxonomy) -> None:
        for slug, entry in published.types.items():
            needs = {"person"} if entry.category == "Human-Centric" else set()
            if slug in {"replace_text", "change_font", "translate_text"}:
                needs = {"text"}
            assert entry.needs == needs, slug

    def test_only_outpainting_changes_the_frame(self, published: Taxonomy) -> None:
        assert [t.slug for t in published.edit_types() if not t.keeps_frame] == ["outpainting"]

    def test_guides_each_type_in_its_own_words(self, published: Taxonomy) -> None:
        guidance = {t.guidance for t in published.edit_types()}
        assert len(guidance) == 35
        assert min(map(len, guidance)) > 80


class TestValidation:
    def test_names_a_slug_that_is_none(self) -> None:
        with pytest.raises(ValidationError, match="'Add-Object' cannot be the slug of an edit type: use lower-case"):
            small(**{"Add-Object": entry("Add")})

    def test_refuses_an_empty_taxonomy(self) -> None:
        with pytest.raises(ValidationError, match="at least one edit type"):
            small()

    def test_names_the_types_that_share_a_label(self) -> None:
        with pytest.raises(ValidationError, match="one, three share the label 'Same'"):
            small(one=entry("Same"), two=entry("Other"), three=entry("Same"))

    @pytest.mark.parametrize("wrong", [{"keep_frame": False}, {"count": -1}, {"success_rate": 93.4}, {"label": ""}])
    def test_refuses_unknown_keys_and_values_out_of_range(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError, match=f"types.one.{next(iter(wrong))}"):
            small(one=entry("One") | wrong)


class TestWeights:
    def test_published_mix_follows_the_counts(self, menu: Taxonomy) -> None:
        assert menu.weights("published") == {"remove_object": 3, "replace_object": 1, "expression": 0}

    def test_uniform_mix_treats_all_alike(self, menu: Taxonomy) -> None:
        assert menu.weights("uniform") == {"remove_object": 1, "replace_object": 1, "expression": 1}

    def test_custom_mix_leaves_out_what_it_does_not_name(self, menu: Taxonomy) -> None:
        weights = menu.weights({"expression": 0.5})
        assert weights == {"remove_object": 0, "replace_object": 0, "expression": 0.5}
        assert list(weights) == list(menu.types)

    def test_names_the_nearest_types_for_an_unknown_one(self, menu: Taxonomy) -> None:
        with pytest.raises(ConfigError, match=r"mix: .*'small' has no type 'remove_objet'; did you mean remove_object"):
            menu.weights({"remove_objet": 1})

    def test_lists_all_types_if_none_is_near(self, menu: Taxonomy) -> None:
        with pytest.raises(ConfigError, match="it has remove_object, replace_object, expression"):
            menu.weights({"zzz": 1})

    @pytest.mark.parametrize("weight", [-0.5, float("nan"), float("inf")])
    def test_refuses_a_weight_that_is_none(self, menu: Taxonomy, weight: float) -> None:
        with pytest.raises(ConfigError, match=f"the weight of 'expression' is {weight}"):
            menu.weights({"remove_object": 1, "expression": weight})

    def test_refuses_a_mix_of_nothing(self, menu: Taxonomy) -> None:
        with pytest.raises(ConfigError, match=r"every type .* has weight 0; set one above 0"):
            menu.weights({"remove_object": 0})
        with pytest.raises(ConfigError, match=r"set a count, or use mix=uniform"):
            menu.restrict(["expression"]).weights("published")

    def test_refuses_a_mix_by_another_name(self, menu: Taxonomy) -> None:
        with pytest.raises(ConfigError, match="mix is 'even'; it must be 'published', 'uniform' or a weight"):
            menu.weights("even")  # type: ignore[arg-type]


class TestRestrict:
    def test_keeps_the_given_types_in_the_taxonomy_s_order(self, menu: Taxonomy) -> None:
        kept = menu.restrict(["expression", "remove_object"])
        assert [t.slug for t in kept.edit_types()] == ["remove_object", "expression"]
        assert kept.types["expression"] == menu.types["expression"]

    def test_names_the_nearest_types_for_an_unknown_one(self, menu: Taxonomy) -> None:
        with pytest.raises(ConfigError, match=r"edit_types: .* no type 'expresion'; did you mean expression\?"):
            menu.restrict(["remove_object", "expresion"])

    def test_refuses_to_leave_nothing(self, menu: Taxonomy) -> None:
        with pytest.raises(ConfigError, match="none is left"):
            menu.restrict([])


def test_edit_types_carry_all_that_a_request_needs() -> None:
    taxonomy = small(hat=entry("Hat", needs=["person"], keeps_frame=False, guidance="Name the hat.", count=7))
    (hat,) = taxonomy.edit_types()
    assert hat == EditType(
        slug="hat",
        label="Hat",
        category="Things",
        needs=frozenset({"person"}),
        keeps_frame=False,
        guidance="Name the hat.",
    )


def test_survives_a_round_trip_through_json(published: Taxonomy) -> None:
    assert Taxonomy.model_validate_json(published.model_dump_json()) == published
