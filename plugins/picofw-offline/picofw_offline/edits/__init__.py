"""The edits, one function for each edit type: a picture, an ask and a source of randomness in, pixels out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from picofw_offline.edits import history, layout, objects, person, photometric, props, scene, style, text
from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.pixels import Bgr

Edit = Callable[[Picture, Ask, np.random.Generator], Bgr]

EDITS: dict[str, Edit] = {
    "color_tone": photometric.color_tone,
    "film_grain": photometric.film_grain,
    "lighting": photometric.lighting,
    "historical_style": history.historical_style,
    "artistic_style": style.artistic_style,
    "cartoon_sketch": style.cartoon_sketch,
    "season": scene.season,
    "weather": scene.weather,
    "scene_context": scene.scene_context,
    "add_object": props.add_object,
    "remove_object": objects.remove_object,
    "change_attribute": objects.change_attribute,
    "relocate_object": objects.relocate_object,
    "resize_object": objects.resize_object,
    "clothing": objects.change_attribute,
    "replace_text": text.replace_text,
    "add_text": text.add_text,
    "change_font": text.change_font,
    "translate_text": text.translate_text,
    "accessories": person.accessories,
    "western_comic": person.western_comic,
    "line_art": person.line_art,
    "sticker": person.sticker,
    "zoom_in": layout.zoom_in,
    "outpainting": layout.outpainting,
}
"""By slug; an edit raises ``Refused`` where the photo lacks what it needs."""

FLAT = frozenset({"cartoon_sketch", "line_art", "western_comic"})
"""Types whose flat colours and hard lines JPEG would smear; they are written as PNG."""
