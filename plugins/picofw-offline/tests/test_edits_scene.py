"""Weather, season, backdrops and things in the sky."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from picofw_offline import colours
from picofw_offline.edits import EDITS
from picofw_offline.edits.backdrops import BACKDROPS
from picofw_offline.edits.props import open_sky
from picofw_offline.grammar import Ask
from picofw_offline.pixels import to_lab

from picofw.errors import Refused


def edit(picture, seed=1, **ask):
    return EDITS[ask["edit_type"]](picture, Ask(**ask), np.random.default_rng(seed))


def test_autumn_turns_leaves_from_green_to_gold_and_leaves_the_rest(photo):
    picture = photo("hills")
    after = to_lab(edit(picture, edit_type="season", to="autumn"))
    leaves, rest = picture.vegetation > 0.95, picture.vegetation < 0.02
    assert 40 < np.median(colours.hue(after[leaves])) < 95 < np.median(colours.hue(picture.lab[leaves]))
    assert np.linalg.norm(after - picture.lab, axis=2)[rest].mean() < 1.5


def test_winter_lays_white_on_the_meadow_and_not_on_the_sky(photo):
    picture = photo("hills")
    after = to_lab(edit(picture, edit_type="season", to="winter"))
    meadow, sky = picture.vegetation > 0.95, picture.sky > 0.99
    assert (after - picture.lab)[meadow][:, 0].mean() > 20
    assert colours.chroma(after)[meadow].mean() < 12
    assert np.abs((after - picture.lab)[sky][:, 0]).mean() < 4


@pytest.mark.parametrize("name", ["coffee", "motorcycle", "grace_hopper"])
def test_season_and_weather_need_the_outdoors(photo, name):
    with pytest.raises(Refused, match="too little"):
        edit(photo(name), edit_type="season", to="autumn")
    with pytest.raises(Refused, match="too little"):
        edit(photo(name), edit_type="weather", to="rain")


def test_fog_is_thicker_in_the_distance(photo):
    picture = photo("hills")
    after = to_lab(edit(picture, edit_type="weather", to="fog"))
    far, near = np.s_[100:200], np.s_[-80:]
    left = [np.std(after[band][..., 0]) / np.std(picture.lab[band][..., 0]) for band in (far, near)]
    assert left[0] < 0.6 * left[1]


def test_rain_falls_steeply_and_snow_lies_in_specks(photo):
    picture = photo("pagoda")
    sky = (cv2.erode((picture.sky > 0.99).astype(np.uint8), np.ones((15, 15), np.uint8)) > 0)[1:, 1:]

    def lines(to):
        light = to_lab(edit(picture, edit_type="weather", to=to))[..., 0]
        across, down = np.abs(np.diff(light, axis=1))[1:], np.abs(np.diff(light, axis=0))[:, 1:]
        return across[sky].mean() / down[sky].mean()

    assert lines("rain") > 1.5
    assert 0.8 < lines("snow") < 1.25


@pytest.mark.parametrize("to", ["sunset", "night_sky", "clouds"])
def test_a_new_sky_replaces_the_sky_alone(photo, to):
    picture = photo("peaks")
    after = edit(picture, edit_type="scene_context", target="sky", to=to)
    change = np.abs(after.astype(int) - picture.pixels).mean(axis=2)
    assert change[picture.sky > 0.99].mean() > 20
    ground = to_lab(after)[-200:]
    slopes = [np.abs(np.diff(light, axis=1)) for light in (ground[..., 0], picture.lab[-200:, :, 0])]
    assert np.corrcoef(slopes[0].ravel(), slopes[1].ravel())[0, 1] > 0.9, "the ground is the same ground, relit"


def test_a_sky_cannot_become_a_studio(photo):
    with pytest.raises(Refused, match="cannot become studio"):
        edit(photo("peaks"), edit_type="scene_context", target="sky", to="studio")


@pytest.mark.parametrize("to", BACKDROPS)
def test_a_new_background_keeps_who_is_before_it(photo, to):
    picture = photo("grace_hopper")
    after = edit(picture, edit_type="scene_context", target="background", to=to)
    change = np.abs(after.astype(int) - picture.pixels).mean(axis=2)
    inside = cv2.erode((picture.subject > 0.95).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert change[picture.subject < 0.02].mean() > 25
    assert change[inside].mean() < 14


@pytest.mark.parametrize("to", BACKDROPS)
def test_backdrops_fit_any_shape(to):
    for shape in ((32, 300), (300, 64)):
        assert BACKDROPS[to](shape, np.random.default_rng(0)).shape == (*shape, 3)


@pytest.mark.parametrize(("name", "to"), [("pagoda", "balloon"), ("pagoda", "birds"), ("rocket", "moon")])
def test_a_thing_appears_in_the_open_sky_and_nowhere_else(photo, name, to):
    picture = photo(name)
    after = edit(picture, edit_type="add_object", to=to, place="top_right")
    changed = np.abs(after.astype(int) - picture.pixels).max(axis=2) > 12
    assert 0.0005 < changed.mean() < 0.05
    assert picture.sky[changed].mean() > 0.9
    x, y, _ = open_sky(picture, "top_right")
    rows, columns = np.nonzero(changed)
    side = max(changed.shape)
    assert np.hypot(rows.mean() - y, columns.mean() - x) < 0.1 * side


def test_what_could_not_be_seen_is_not_added(photo):
    with pytest.raises(Refused, match="too bright for moon"):
        edit(photo("pagoda"), edit_type="add_object", to="moon", place="top_right")
    with pytest.raises(Refused, match="no open sky"):
        edit(photo("coffee"), edit_type="add_object", to="birds", place="top")
