"""What an ask does to the scene, in words: it follows from the ask alone."""

from __future__ import annotations

from picofw.types import TurnState
from picofw_offline.ask import Ask
from picofw_offline.wording import FORMS, PLACES, TARGETS

_FRAMING = ("zoom_in", "outpainting")


def state_of(ask: Ask, refers_to: str = "") -> TurnState:
    """Return what will have been added, changed and removed once an ask is carried out.

    Args:
        ask: What is wanted.
        refers_to: What the words of its instruction point back to.
    """
    form, thing = FORMS[ask.edit_type], _thing(ask)
    wanted = form.values[ask.to][0] if form.values else ""
    old, text = (f'the words "{words}"' for words in (ask.old, ask.text))
    match ask.edit_type:
        case "add_object" | "accessories":
            return TurnState(added=(wanted,), refers_to=refers_to)
        case "remove_object":
            return TurnState(removed=(thing,), refers_to=refers_to)
        case "scene_context":
            return TurnState(added=(wanted,), removed=(thing,), refers_to=refers_to)
        case "add_text":
            return TurnState(added=(text,), refers_to=refers_to)
        case "replace_text":
            return TurnState(added=(text,), removed=(old,), refers_to=refers_to)
        case "change_font" | "translate_text":
            return TurnState(changed=(old,), refers_to=refers_to)
    changed = "the framing" if ask.edit_type in _FRAMING else thing or "the whole photo"
    return TurnState(changed=(changed,), refers_to=refers_to)


def _thing(ask: Ask) -> str:
    """Return the target in words; empty if there is none."""
    if not ask.target:
        return ""
    place = PLACES[ask.place] if ask.place else ""
    return " ".join(part for part in ("the", ask.colour, TARGETS[ask.target][0], place) if part)
