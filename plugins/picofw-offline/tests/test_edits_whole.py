"""Edits of the whole photo: tone, film, light, style, old prints."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from picofw_offline import colours
from picofw_offline.edits import EDITS, FLAT
from picofw_offline.grammar import Ask
from picofw_offline.pixels import to_lab
from picofw_offline.wording import FORMS


def edited(picture, seed=1, **ask):
    """The Lab values of an edit."""
    return to_lab(EDITS[ask["edit_type"]](picture, Ask(**ask), np.random.default_rng(seed)))


def fine(lab):
    """Energy of the finest detail of lightness."""
    return float(np.abs(cv2.Laplacian(lab[..., 0], cv2.CV_32F)).mean())


def alike(first, second):
    """Correlation of two photos' edges, 0-1: whether the composition is the same."""
    slopes = [
        np.hypot(cv2.Sobel(g, cv2.CV_32F, 1, 0), cv2.Sobel(g, cv2.CV_32F, 0, 1))
        for g in (cv2.GaussianBlur(cv2.resize(x[..., 0], (160, 120)), (0, 0), 2) for x in (first, second))
    ]
    return float(np.corrcoef(slopes[0].ravel(), slopes[1].ravel())[0, 1])


def test_there_is_an_edit_for_every_form():
    assert set(EDITS) == set(FORMS)
    assert set(EDITS) >= FLAT


@pytest.mark.parametrize(("to", "channel", "sign"), [("warm", 2, 1), ("cool", 2, -1), ("rosy", 1, 1)])
def test_a_tone_shifts_colour_and_keeps_lightness(photo, to, channel, sign):
    before, after = photo("pagoda").lab, edited(photo("pagoda"), edit_type="color_tone", to=to)
    assert sign * (after - before)[..., channel].mean() > 5
    assert abs((after - before)[..., 0].mean()) < 4


def test_teal_and_orange_pulls_shadows_and_lights_apart(photo):
    before, after = photo("pagoda").lab, edited(photo("pagoda"), edit_type="color_tone", to="teal_orange")
    dark, light = before[..., 0] < 30, before[..., 0] > 70
    change = after - before
    assert change[dark][:, 2].mean() < -5 < 5 < change[light][:, 2].mean()


@pytest.mark.parametrize("to", FORMS["film_grain"].values)
def test_film_has_grain_and_darker_corners(photo, to):
    before, after = photo("flower").lab, edited(photo("flower"), edit_type="film_grain", to=to)
    assert fine(after) > 1.5 * fine(before)
    centre, corner = np.s_[180:240, 290:350, 0], np.s_[:40, :60, 0]
    assert (after[corner].mean() + 8) / (after[centre].mean() + 8) < (before[corner].mean() + 40) / (
        before[centre].mean() + 8
    )
    if to == "black_and_white":
        assert colours.chroma(after).mean() < 3


def test_night_is_dark_and_blue_with_stars_only_in_the_sky(photo):
    picture = photo("pagoda")
    after = edited(picture, edit_type="lighting", to="night")
    assert after[..., 0].mean() < 0.5 * picture.lab[..., 0].mean()
    assert after[..., 2].mean() < -3
    sky = after[..., 0][picture.sky > 0.99]
    assert sky.max() > sky.mean() + 25


def test_golden_hour_is_warmer_in_the_lights_than_in_the_shadows(photo):
    picture = photo("pagoda")
    change = edited(picture, edit_type="lighting", to="golden_hour") - picture.lab
    assert change[picture.lab[..., 0] > 80][:, 2].mean() > change[picture.lab[..., 0] < 25][:, 2].mean() + 5


def test_a_spotlight_leaves_the_subject_and_darkens_the_rest(photo):
    picture = photo("flower")
    after = edited(picture, edit_type="lighting", to="spotlight")
    inside = picture.subject > 0.9
    assert after[inside][:, 0].mean() > 0.75 * picture.lab[inside][:, 0].mean()
    corner = np.s_[:60, :60, 0]
    assert after[corner].mean() < 0.4 * picture.lab[corner].mean()


def test_fluorescent_light_is_greener(photo):
    change = edited(photo("coffee"), edit_type="lighting", to="fluorescent") - photo("coffee").lab
    assert change[..., 1].mean() < -8


@pytest.mark.parametrize("to", FORMS["artistic_style"].values)
def test_a_painting_changes_the_colours_and_keeps_the_composition(photo, to):
    before, after = photo("pagoda").lab, edited(photo("pagoda"), edit_type="artistic_style", to=to)
    assert after.shape == before.shape
    assert np.linalg.norm(after - before, axis=2).mean() > 15
    assert alike(before, after) > 0.3


def test_a_pencil_sketch_is_grey_on_white_and_a_coloured_one_is_not(photo):
    grey = edited(photo("pagoda"), edit_type="cartoon_sketch", to="pencil")
    coloured = edited(photo("pagoda"), edit_type="cartoon_sketch", to="colour_pencil")
    assert colours.chroma(grey).max() < 2
    assert np.median(grey[..., 0]) > 75
    assert colours.chroma(coloured).mean() > 5
    assert alike(photo("pagoda").lab, grey) > 0.5


@pytest.mark.parametrize("to", ["cartoon", "comic"])
def test_a_cartoon_is_flat_between_dark_outlines(photo, to):
    before, after = photo("flower").lab, edited(photo("flower"), edit_type="cartoon_sketch", to=to)
    outlines = after[..., 0] < 15
    assert (outlines & (before[..., 0] > 30)).mean() > 0.01
    flat = np.abs(cv2.Laplacian(after[..., 0], cv2.CV_32F)) < 1.5
    assert alike(before, after) > 0.4
    assert flat.mean() > (0.3 if to == "cartoon" else 0.2)  # a comic has its dots


@pytest.mark.parametrize("to", ["sepia", "silver", "daguerreotype"])
def test_an_old_print_has_one_hue_from_shadow_to_light(photo, to):
    after = edited(photo("brushes"), edit_type="historical_style", to=to)
    spread = np.std(after[..., 1]) + np.std(after[..., 2])
    assert spread < 0.35 * (np.std(photo("brushes").lab[..., 1]) + np.std(photo("brushes").lab[..., 2]))
    assert (after[..., 2].mean() > 8) == (to == "sepia")
    assert alike(photo("brushes").lab, after) > 0.5


def test_an_instant_photo_has_lifted_blacks_and_muted_colour(photo):
    before, after = photo("brushes").lab, edited(photo("brushes"), edit_type="historical_style", to="instant")
    assert np.percentile(after[..., 0], 2) > np.percentile(before[..., 0], 2) + 4
    assert 5 < colours.chroma(after).mean() < colours.chroma(before).mean()


@pytest.mark.parametrize("slug", ["color_tone", "film_grain", "lighting", "historical_style", "cartoon_sketch"])
def test_equal_seeds_give_equal_pixels_and_others_do_not(photo, slug):
    ask = Ask(slug, to=next(iter(FORMS[slug].values)))
    first, again, other = (EDITS[slug](photo("cat"), ask, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
