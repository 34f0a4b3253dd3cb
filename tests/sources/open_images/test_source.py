"""Which photos are taken, what is known of each, and what goes wrong in plain words."""

from __future__ import annotations

import random
import sys

import pytest
from open_images_files import LICENSE, box, label, photo, photo_id
from pydantic import ValidationError

from picofw.errors import ConfigError
from picofw.types import Region

IDS = [photo_id(str(number)) for number in range(300)]
A, B, C, D = IDS[:4]
PERSONS = ("Person", "Man", "Woman", "Boy", "Girl", "Human face")


def problem(archive, **options) -> str:
    with pytest.raises(ConfigError) as caught:
        archive.read(**options)
    return str(caught.value)


def wrong(archive, **options) -> str:
    with pytest.raises(ValidationError) as caught:
        archive.source(**options)
    return str(caught.value)


def test_a_photo_comes_with_licence_author_title_addresses_labels_and_regions(archive):
    archive.write(
        index=[photo(A, Title="On the pier", Author="Ann")],
        labels=[label(A, "Dog"), label(A, "Cat", 0), label(A, "Food", 0.8)],
        boxes=[box(A, "Man", 0.1, 0.2, 0.3, 0.4), box(A, "Dog", 0, 0, 1, 1, IsGroupOf=1)],
    )
    ((found,), skipped) = archive.read()
    assert skipped == []
    assert found.model_dump(exclude={"tags", "uri", "regions"}) == {
        "id": A,
        "width": 0,
        "height": 0,
        "tag_sources": {"person": "boxes"},
        "labels": ("Dog", "Man"),
        "title": "On the pier",
        "author": "Ann",
        "license": LICENSE,
        "url": f"https://farm8.staticflickr.com/7404/{A}_o.jpg",
        "landing_url": f"https://www.flickr.com/photos/somebody/{A}",
        "source": "Open Images V7",
    }
    assert found.tags == {"person"}
    assert found.regions == (Region("Man", 0.1, 0.2, 0.3, 0.4),)


@pytest.mark.parametrize(
    ("rotation", "turned"),
    [
        ("", (0.1, 0.2, 0.3, 0.6)),
        ("90.0", (0.2, 0.7, 0.6, 0.9)),
        ("180", (0.7, 0.4, 0.9, 0.8)),
        ("270", (0.4, 0.1, 0.8, 0.3)),
    ],
)
def test_regions_are_turned_with_the_photo(archive, rotation, turned):
    archive.write(index=[photo(A, Rotation=rotation)], boxes=[box(A, "Dog", 0.1, 0.2, 0.3, 0.6)])
    assert archive.read()[0][0].regions == (Region("Dog", *turned),)


def test_a_region_that_would_have_no_extent_after_rounding_is_none(archive):
    archive.write(index=[photo(A)], boxes=[box(A, "Dog", 0.1, 0.2, 0.10001, 0.6)])
    assert archive.read()[0][0].regions == ()


@pytest.mark.parametrize(
    ("labels", "boxes", "tags", "sources"),
    [
        ([label(A, "Woman")], [], {"person"}, {"person": "labels"}),
        ([], [box(A, "Human face", 0, 0, 1, 1)], {"person"}, {"person": "boxes"}),
        ([label(A, "Woman", 0)], [box(A, "Boy", 0, 0, 1, 1)], {"person"}, {"person": "boxes"}),
        ([label(A, name, 0) for name in PERSONS], [], set(), {"person": "labels"}),
        ([label(A, name, 0) for name in PERSONS[1:]], [], None, {}),
        ([label(A, "Person", 0)] * 6, [], None, {}),
        ([label(A, "Person", 0.9)], [], None, {}),
        ([], [box(A, "Person", 0, 0, 1, 1, IsDepiction=1)], None, {}),
        ([label(A, "Poster"), label(A, "Man")], [], {"text", "person"}, {"text": "labels", "person": "labels"}),
        ([label(A, "Dog"), label(B, "Man")], [], None, {}),
    ],
)
def test_tags_are_what_labels_and_boxes_say_and_nothing_where_they_say_nothing(archive, labels, boxes, tags, sources):
    archive.write(index=[photo(A)], labels=labels, boxes=boxes)
    ((found,), _) = archive.read()
    assert (found.tags, found.tag_sources) == (tags, sources)


def test_the_classes_of_a_tag_are_settings(archive):
    archive.write(index=[photo(A)], labels=[label(A, "Dog")])
    ((found,), _) = archive.read(tags={"animal": ["Dog", "Cat"]})
    assert (found.tags, found.tag_sources) == ({"animal"}, {"animal": "labels"})


def test_without_labels_and_boxes_nothing_is_known_and_no_class_is_looked_up(archive):
    archive.write(index=[photo(A)])
    ((found,), _) = archive.read(classes="nowhere.csv", tags={"person": ["No such class"]})
    assert (found.tags, found.labels, found.regions) == (None, (), ())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {A, B, C, D}),
        ({"any_of": ["Dog"]}, {A, B}),
        ({"any_of": ["Dog", "Cat"]}, {A, B, C}),
        ({"none_of": "Dog"}, {C, D}),
        ({"any_of": ["Dog", "Cat"], "none_of": ["Food"]}, {A, C}),
        ({"splits": "test"}, {D}),
        ({"splits": ["test", "validation"]}, {C, D}),
        ({"licenses": [LICENSE]}, {A, B, C}),
        ({"min_bytes": 1000}, {B, C, D}),
        ({"box_area": [0.3, 1]}, {B}),
        ({"box_area": [0, 0.1]}, {C}),
    ],
)
def test_photos_are_chosen_by_classes_split_licence_size_and_area_of_boxes(archive, options, expected):
    archive.write(
        index=[
            photo(A, OriginalSize=10),
            photo(B, OriginalSize=5000),
            photo(C, Subset="validation", OriginalSize=""),
            photo(D, Subset="test", License="other"),
        ],
        labels=[label(A, "Dog"), label(B, "Food"), label(C, "Dog", 0)],
        boxes=[box(B, "Dog", 0, 0, 1, 0.5), box(C, "Cat", 0, 0, 0.1, 0.1)],
    )
    assert set(archive.ids(**options)) == expected


def test_where_no_photo_fits_the_message_says_at_which_demand_they_were_lost(archive):
    archive.write(index=[photo(A), photo(B, Subset="test")], labels=[label(A, "Dog")])
    assert problem(archive, any_of="Cat", splits="train") == (
        "source: no photo fits; there are 2 in the index, 1 of such a split, licence and size, 0 that show any_of"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"any_of": "Dogs"}, "source.any_of: {classes} has no class 'Dogs'; the nearest are: Dog"),
        (
            {"none_of": ["Cat", "trafic sign"]},
            "source.none_of: {classes} has no class 'trafic sign'; the nearest are: Traf",
        ),
        (
            {"tags": {"text": ["Qwxyzkj"]}},
            "source.tags.text: {classes} has no class 'Qwxyzkj'; none has a name like that",
        ),
    ],
)
def test_a_class_that_is_not_there_is_refused_with_the_nearest_names(archive, options, message):
    archive.write(index=[photo(A)], labels=[label(A, "Dog")])
    assert problem(archive, **options).startswith(message.format(classes=archive.options["classes"]))


def test_class_descriptions_without_a_head_are_read_as_well(archive):
    archive.write(index=[photo(A)], labels=[label(A, "Dog")])
    path = archive.folder / "classes.csv"
    path.write_text("\n".join(path.read_text().splitlines()[1:]))
    assert archive.read()[0][0].labels == ("Dog",)
    path.write_text("Label,Name\n/m/1,Dog\n")
    assert "has no column LabelName, DisplayName; its columns are: Label, Name" in problem(archive)
    path.write_text("")
    assert problem(archive).endswith("classes.csv is empty")
    assert problem(archive, classes="no.csv") == "source.classes: no.csv does not exist"


def test_labels_of_classes_without_a_name_are_left_out(archive):
    archive.write(index=[photo(A)], labels=[label(A, "Dog"), label(A, "Dog") | {"LabelName": "/m/unknown"}])
    assert archive.read()[0][0].labels == ("Dog",)


def test_a_sample_is_the_same_whatever_the_order_of_files_and_rows_and_a_larger_one_begins_with_it(archive):
    archive.write(index=[photo(identity) for identity in IDS])
    drawn = archive.ids(sample=100)
    assert len(set(drawn)) == 100
    assert archive.ids(sample=150)[:100] == drawn
    assert archive.ids(sample=100, seed=1) != drawn
    rows = [photo(identity) for identity in IDS]
    random.Random(0).shuffle(rows)
    halves = [archive.folder / "one.csv", archive.folder / "two.csv"]
    for half, part in zip(halves, (rows[:120], rows[120:]), strict=True):
        archive.write(index=part)
        (archive.folder / "index.csv").rename(half)
    assert archive.ids(sample=100, index=list(map(str, halves))) == drawn


def test_a_photo_that_the_index_has_twice_is_drawn_once(archive):
    archive.write(index=[photo(A), photo(B), photo(A, Title="again")])
    photos, _ = archive.read()
    assert sorted(found.id for found in photos) == sorted([A, B])


def test_the_sample_has_each_share_and_a_photo_counts_for_the_first_that_it_fits(archive):
    people, texts = IDS[:150], IDS[140:170]
    archive.write(
        index=[photo(identity) for identity in IDS],
        labels=[label(identity, "Poster") for identity in texts],
        boxes=[box(identity, "Man", 0, 0, 1, 1) for identity in people],
    )
    found, _ = archive.read(sample=100, shares={"text": 0.2, "person": 0.3, "objects": "rest"})
    assert sum("text" in (each.tags or ()) for each in found) == 20
    assert sum("person" in (each.tags or ()) and "text" not in each.tags for each in found) == 30
    assert sum(each.tags is None for each in found) == 50
    found, _ = archive.read(sample=100, shares={"person": 1})
    assert {each.id for each in found} <= set(people)


def test_where_a_share_cannot_be_had_that_is_told_and_others_take_its_place(archive):
    archive.write(index=[photo(identity) for identity in IDS], labels=[label(A, "Poster")])
    found, skipped = archive.read(sample=100, shares={"text": 0.2, "objects": "rest"})
    assert len(found) == 100
    assert [(item.uri, item.reason) for item in skipped] == [
        ("source.shares.text", "1 photos of the 20 asked for; others take their place")
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shares": {"text": 0.5}}, "shares sum to 0.5: let them sum to 1, or one of them be `rest`"),
        ({"shares": {"text": 0.7, "person": 0.7}}, "shares sum to 1.4"),
        ({"shares": {"text": "rest", "objects": "rest"}}, "one of them be `rest`"),
        ({"shares": {"people": 1}}, "shares: 'people' is no tag; there is: person, text, objects"),
        ({"classes": None}, "labels and boxes need the class descriptions: classes=FILE"),
        ({"labels": (), "any_of": "Dog"}, "any_of needs labels=FILE or boxes=FILE"),
        ({"box_area": (0, 1)}, "box_area needs boxes=FILE"),
        ({"images": ("photos", "s3://bucket")}, "images is one URL, or `original`, or any number of folders"),
        ({"sample": None}, "sample"),
        ({"index": []}, "index"),
    ],
)
def test_options_that_make_no_sense_are_refused(archive, options, message):
    archive.write(index=[], labels=[])
    assert message in wrong(archive, **options)


def test_wrong_rows_are_told_with_file_and_number_and_the_rest_goes_on_also_the_second_time(archive):
    archive.write(
        index=[photo(A), photo(B, Rotation="7")], labels=[label("x", "Dog")], boxes=[box(A, "Dog", 0, 0, 9, 1)]
    )
    for _ in range(2):
        photos, skipped = archive.read()
        assert [found.id for found in photos] == [A]
        assert [(item.uri, item.reason.split(" is")[0]) for item in skipped] == [
            (f"{archive.folder}/index.csv, row 3", "Rotation"),
            (f"{archive.folder}/labels.csv, row 2", "ImageID"),
            (f"{archive.folder}/boxes.csv, row 2", "XMax"),
        ]


def test_without_pyarrow_the_message_says_what_to_install(archive, monkeypatch):
    archive.write(index=[photo(A)])
    monkeypatch.setitem(sys.modules, "picofw.sources.open_images.description", None)
    assert problem(archive).endswith("pip install 'picofw[open_images]'")
