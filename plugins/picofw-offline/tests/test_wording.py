"""The words of the grammar are data; these tests keep them unambiguous."""

from __future__ import annotations

import re

import pytest
from picofw_offline.wording import COLOURS, FORMS, PAINTS, TARGETS

SLOTS = {"target", "bare", "it", "to", "place", "old", "text", "size", "zoom", "extent"}


@pytest.mark.parametrize("slug", FORMS)
def test_phrases_of_a_type_stand_for_one_value_each(slug):
    phrases = [phrase.lower() for values in FORMS[slug].values.values() for phrase in values]
    assert len(phrases) == len(set(phrases))


@pytest.mark.parametrize("slug", FORMS)
def test_every_template_says_all_that_its_type_needs(slug):
    form = FORMS[slug]
    for template in (*form.long, *form.short, *form.follow):
        used = re.findall(r"\{(\w+)\}", template)
        assert set(used) <= SLOTS
        assert len(used) == len(set(used)), "a slot that occurs twice cannot be parsed"
        assert ("to" in used) == bool(form.values)
        assert bool(set(used) & {"target", "bare", "it"}) == bool(form.targets)
        assert form.slots <= set(used)


@pytest.mark.parametrize("slug", FORMS)
def test_a_type_is_worded_in_several_ways(slug):
    form = FORMS[slug]
    assert len(form.long) >= 2
    assert len(form.short) >= 2
    assert form.recall


def test_nouns_name_one_target_each():
    nouns = [noun for names in TARGETS.values() for noun in names]
    assert len(nouns) == len(set(nouns))


def test_paints_are_colours():
    assert set(PAINTS) <= set(COLOURS)
