"""A fitted rubric is a file that Hydra finds, that says where it comes from, and that takes nobody's place."""

from __future__ import annotations

import pytest
from calibrate.planted import CRITERIA, rubric

from picofw.calibrate.rubric_file import MARK, check_path, refitted, write
from picofw.config import compose_settings
from picofw.errors import ConfigError


def test_a_written_rubric_is_chosen_by_its_name(tmp_path):
    path = tmp_path / "conf" / "rubric" / "fitted.yaml"
    weights = {"following": 1 / 3, "seams": 1 / 3, "rest": 1 / 3}
    made = refitted(rubric(floor=0.25), "fitted", 0.61849, weights)
    check_path(path)
    write(path, made, ["to run 'r': " + "words " * 40, "- a list"])
    composed = compose_settings(["preset=fake", f"hydra.searchpath=[{path.parent.parent}]", "rubric=fitted"], [])
    assert composed.rubric == made
    assert composed.rubric.threshold == 0.618
    assert [entry.weight for entry in composed.rubric.criteria.values()] == [0.334, 0.333, 0.333]
    assert {entry.floor for entry in composed.rubric.criteria.values()} == {0.25}
    text = path.read_text()
    assert text.startswith(MARK)
    assert all(len(line) <= 120 for line in text.splitlines())
    check_path(path)  # it may be fitted again


def test_without_weights_only_the_threshold_is_another():
    made = refitted(rubric(), "fitted", 0.5, None)
    assert made.criteria == rubric().criteria
    assert (made.name, made.threshold) == ("fitted", 0.5)


@pytest.mark.parametrize("weights", [(0.9996, 0.0003, 0.0001), (0.3335, 0.3335, 0.333), (1.0, 0.0, 0.0)])
def test_rounded_weights_sum_to_one(weights):
    made = refitted(rubric(), "fitted", 0.5, dict(zip(CRITERIA, weights, strict=True)))
    assert sum(entry.weight for entry in made.criteria.values()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", ["fitted.yaml", "conf/fitted.yaml", "rubric/fitted.yml", "rubric/fitted"])
def test_a_place_where_hydra_would_not_find_it_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="in a folder `rubric`"):
        check_path(tmp_path / name)


def test_a_file_that_somebody_wrote_is_left_alone(tmp_path):
    path = tmp_path / "rubric" / "mine.yaml"
    path.parent.mkdir()
    path.write_text("name: mine\n")
    with pytest.raises(ConfigError, match="was not written by `picofw calibrate`"):
        check_path(path)
