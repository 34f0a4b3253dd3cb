"""Compliance: one verifier for each edit type, which measures whether what was asked for was done.

A verifier reads what is asked from the :class:`~picofw_offline.grammar.Ask` alone, and returns measures that must all
hold: the weakest decides.
"""

from __future__ import annotations

from collections.abc import Callable

from picofw_offline.signals.case import Case
from picofw_offline.signals.compliance import drawn, frames, letters, objects, people, scenes, tone
from picofw_offline.signals.measure import Measure

Verifier = Callable[[Case], list[Measure]]

VERIFIERS: dict[str, Verifier] = {
    "color_tone": tone.color_tone,
    "film_grain": tone.film_grain,
    "lighting": tone.lighting,
    "historical_style": tone.historical_style,
    "artistic_style": drawn.artistic_style,
    "cartoon_sketch": drawn.cartoon_sketch,
    "season": scenes.season,
    "weather": scenes.weather,
    "scene_context": scenes.scene_context,
    "add_object": scenes.add_object,
    "remove_object": objects.remove_object,
    "change_attribute": objects.recolour,
    "clothing": objects.recolour,
    "relocate_object": objects.relocate_object,
    "resize_object": objects.resize_object,
    "replace_text": letters.replace_text,
    "add_text": letters.add_text,
    "change_font": letters.change_font,
    "translate_text": letters.translate_text,
    "accessories": people.accessories,
    "western_comic": people.western_comic,
    "line_art": people.line_art,
    "sticker": people.sticker,
    "zoom_in": frames.zoom_in,
    "outpainting": frames.outpainting,
}
"""By slug of the edit type."""
