"""Preservation: what the instruction does not touch is as it was.

A local edit must leave the pixels outside its region alone. An edit of the whole picture must leave the composition:
edges lie where they lay, also in the worst part of the frame.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from picofw_offline.signals.case import Case
from picofw_offline.signals.compliance import letters, people, scenes
from picofw_offline.signals.consistency import foreign
from picofw_offline.signals.measure import Area, Measure, correlation, gradient, measure, resized
from picofw_offline.signals.patches import cell, grown
from picofw_offline.signals.tracking import follow

_SOFT = 0.025  # reach of an edit's soft edge and contact shadow, as a share of the longer side


def _outside_target(case: Case) -> Area:
    return ~grown(case.target > 0.2, _SOFT)


def _outside_moved(case: Case) -> Area:
    track = follow(case, case.ask.factor)
    return ~grown((case.target > 0.2) | (track.mask > 0.2), 0.03)


def _front(case: Case) -> Area:
    return ~grown(case.target > 0.05, 0.01)


def _outside_line(case: Case) -> Area:
    line = letters.line_of(case.photo, case.ask.old)
    assert line is not None  # compliance was measured first, and refuses otherwise
    return ~letters.area_of(line.corners, case.new.shape, 0.6)


def _outside_added_line(case: Case) -> Area:
    line = letters.added_line(case)
    if line is None:
        return np.ones(case.new.shape[:2], dtype=bool)
    return ~letters.area_of(line.corners, case.new.shape, 0.8)


def _outside_added(case: Case) -> Area:
    return ~grown(scenes.added_region(case) & cell(case.new.shape, case.ask.place, 0.1), 0.02)


def _outside_glasses(case: Case) -> Area:
    kept = np.ones(case.new.shape[:2], dtype=bool)
    for face in case.photo.faces[:1]:
        mesh = face.mesh
        apart = float(np.linalg.norm(mesh[33] - mesh[263]))
        (left, top), (right, bottom) = mesh.min(axis=0) - 0.35 * apart, mesh.max(axis=0) + 0.35 * apart
        eyes = float(mesh[[33, 263], 1].mean())
        rows = slice(max(0, round(max(float(top), eyes - 0.9 * apart))), round(min(float(bottom), eyes + 0.9 * apart)))
        kept[rows, max(0, round(float(left))) : round(float(right))] = False
    return kept


_KEPT: dict[str, Callable[[Case], Area]] = {
    "add_object": _outside_added,
    "remove_object": _outside_target,
    "change_attribute": _outside_target,
    "clothing": _outside_target,
    "relocate_object": _outside_moved,
    "resize_object": _outside_moved,
    "scene_context": _front,
    "accessories": _outside_glasses,
    "replace_text": _outside_line,
    "translate_text": _outside_line,
    "change_font": _outside_line,
    "add_text": _outside_added_line,
}


def preservation(case: Case) -> list[Measure]:
    """Return how far what the instruction does not touch is as it was.

    Args:
        case: The edit.
    """
    kept = kept_area(case)
    return [*(_composition(case) if kept is None else _untouched(case, kept)), *foreign(case)]


def kept_area(case: Case) -> Area | None:
    """Return what the instruction does not touch; None for an edit of the whole picture.

    Args:
        case: The edit.
    """
    find = _KEPT.get(case.ask.edit_type)
    if find is None:
        return None
    if "kept" not in case.notes:
        case.notes["kept"] = find(case)
    return np.asarray(case.notes["kept"])


def _untouched(case: Case, kept: Area) -> list[Measure]:
    if kept.mean() < 0.003:
        return [Measure("share of the frame that must stay", float(kept.mean()), 1.0)]
    alike = float(case.alike[kept].mean())
    if case.ask.edit_type == "scene_context":  # what stands in front may be lit by the new backdrop
        edges = correlation(*(gradient(plane, 1.0)[kept] for plane in (case.old_luma, case.new_luma)))
        return [
            measure("similarity of what stands in front", alike, 0.55, 0.85),
            measure("share of it that was replaced", float((case.alike[kept] < 0.4).mean()), 0.03, 0.004),
            measure("correlation of its edges", edges, 0.4, 0.75),
            measure("mean change of what stands in front", float(case.change[kept].mean()), 30, 16),
        ]
    found = []
    if case.ask.edit_type in ("change_attribute", "clothing"):  # only hues may change, so that nothing is moved
        worst = float(np.percentile(case.structure, 2))
        found.append(measure("structure kept in the worst part of the frame", worst, 0.3, 0.7))
    return [
        *found,
        measure("share of the rest that changed", float((case.change[kept] > 10).mean()), 0.04, 0.004),
        measure("similarity of the rest", alike, 0.65, 0.92),
    ]


_FLOORS: dict[str, tuple[float, float]] = {
    "color_tone": (0.3, 0.65),
    "film_grain": (0.1, 0.32),
    "historical_style": (0.1, 0.35),
    "lighting": (0.3, 0.65),
    "night": (0.05, 0.3),
    "spotlight": (0.05, 0.3),
    "autumn": (0.2, 0.5),
    "winter": (0.05, 0.3),
    "rain": (0.05, 0.3),
    "fog": (0.05, 0.3),
    "snow": (0.0, 0.13),
    "artistic_style": (-0.06, 0.13),
    "cartoon_sketch": (0.08, 0.28),
    "zoom_in": (0.3, 0.65),
    "outpainting": (0.5, 0.85),
}
"""What the worst part of the frame keeps of its structure, by edit type or value: nil and full score."""


def _composition(case: Case) -> list[Measure]:
    ask = case.ask
    if ask.edit_type in ("line_art", "western_comic"):
        inside = grown(case.target > 0.5, 0.01)
        part = resized(inside.astype(np.float32), *case.structure.shape[::-1]) > 0.5
        bounds = (0.05, 0.3) if ask.edit_type == "line_art" else (0.35, 0.6)
        return [measure("structure of the person kept", float(case.structure[part].mean()), *bounds)]
    if ask.edit_type == "sticker":
        return [measure("likeness of the person", people.printed(case).likeness, 0.2, 0.6)]
    floor = _FLOORS.get(ask.to) or _FLOORS[ask.edit_type]
    return [
        measure("structure kept in the worst part of the frame", float(np.percentile(case.structure, 4)), *floor),
        measure("structure kept in all", float(case.structure.mean()), 0.25, 0.5),
    ]
