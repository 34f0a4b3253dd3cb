"""Photos while a run is planned."""

from __future__ import annotations

import pytest
from rehearsal import Drawn

from picofw.catalogue import Catalogue
from picofw.errors import ConfigError


def test_photos_are_kept_small_and_come_back_as_they_were():
    kept, shown = (
        Catalogue(),
        [photo.model_copy(update={"labels": ("Hill",)}) for photo in Drawn(Drawn.Options()).photos()],
    )
    for photo in shown:
        kept.add(photo)
    assert list(kept) == shown
    assert kept[shown[3].id] == shown[3]
    assert dict(kept.tags()) == {photo.id: photo.tags for photo in shown}
    kept.remove(shown[0].id)
    kept.replace(shown[1].model_copy(update={"tags": frozenset({"dog"})}))
    assert (len(kept), dict(kept.tags())[shown[1].id]) == (len(shown) - 1, {"dog"})


def test_a_photo_id_that_comes_twice_is_refused_before_anything_is_planned():
    kept = Catalogue()
    [photo, *_] = Drawn(Drawn.Options()).photos()
    kept.add(photo)
    with pytest.raises(ConfigError, match=r"gives the photo id 'photo0' twice; ids must be unique"):
        kept.add(photo)
