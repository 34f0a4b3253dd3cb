"""What could sensibly be asked of a photo, one function for each edit type.

Each looks at the picture and returns every ask of its type that fits; where none does it raises ``Refused`` and says
what the photo lacks. The instructor chooses among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from picofw_offline.grammar import Ask
from picofw_offline.perception import Picture
from picofw_offline.proposals import objects, person, text, whole

Propose = Callable[[Picture], Sequence[Ask]]

PROPOSALS: dict[str, Propose] = {
    "color_tone": whole.color_tone,
    "film_grain": whole.film_grain,
    "lighting": whole.lighting,
    "historical_style": whole.historical_style,
    "artistic_style": whole.artistic_style,
    "cartoon_sketch": whole.cartoon_sketch,
    "season": whole.season,
    "weather": whole.weather,
    "scene_context": whole.scene_context,
    "outpainting": whole.outpainting,
    "add_object": objects.add_object,
    "remove_object": objects.remove_object,
    "change_attribute": objects.change_attribute,
    "relocate_object": objects.relocate_object,
    "resize_object": objects.resize_object,
    "zoom_in": objects.zoom_in,
    "replace_text": text.replace_text,
    "add_text": text.add_text,
    "change_font": text.change_font,
    "translate_text": text.translate_text,
    "accessories": person.accessories,
    "clothing": person.clothing,
    "western_comic": person.western_comic,
    "line_art": person.line_art,
    "sticker": person.sticker,
}
"""By slug."""
