"""The small language that instructor, editor and judge share; the instruction's text is all that passes between them.

An :class:`Ask` says what is wanted. The instructor renders it to one of many sentences; editor and judge parse
the sentence back. A sentence that the grammar does not know parses to None, never to a guess::

    ask = Ask("change_attribute", target="subject", colour="red", to="blue")
    text = render_short(ask, seed=0)  # "Recolour the red main object blue."
    assert parse(text) == ask
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache

from picofw_offline.ask import FACTORS, Ask, Scene
from picofw_offline.wording import COLOURS, FORMS, LIGHTS, PLACES, TARGETS, Form

__all__ = ["Ask", "Scene", "parse", "render_followup", "render_long", "render_short"]

# --- wording ------------------------------------------------------------------------------------------------

_OPENINGS = (
    "in this {light} photo of mostly {tones} tones, ",
    "in this {light} picture, where {tones} dominate, ",
    "looking at this {light} photo with {seen}, ",
    "the photo shows {seen} among {tones} tones: ",
    "starting from this {light} view with {seen}, ",
    "",
)
_CLOSINGS_LOCAL = (
    "; keep everything else exactly as it is",
    ". leave the rest of the photo untouched",
    ". nothing else in the picture should change",
    "; the surroundings and the light stay the same",
    "",
)
_CLOSINGS_GLOBAL = (
    "; keep the composition and every object in place",
    ". the layout of the scene should stay recognisable",
    ". every object should keep its place and shape",
    "; apply it to the whole picture, not to a part of it",
    "",
)
_CLOSINGS_NONE = ("",)
_WHOLE = frozenset({"scene_context", "zoom_in", "outpainting", "sticker", "line_art", "western_comic"})
_TURNS = ("now ", "next, ", "then ", "now that you have made that change, ", "keeping {past}, ", "on top of {past}, ")
_DETERMINERS = ("the", "that", "that same", "the same")
_LAST_CHANGE = "the last change"


def _pick(options: Sequence[str], seed: int, salt: str) -> str:
    # A hash rather than random.Random: the choice is the same on every Python version, for ever.
    digest = hashlib.blake2b(f"{seed}:{salt}".encode(), digest_size=8).digest()
    return options[int.from_bytes(digest) % len(options)]


def _amount(reading: str, factor: float) -> str:
    if reading == "zoom":
        return f"by a factor of {factor:g}"
    percent = round(factor * 100)
    if reading == "extent":
        return f"{percent}%"
    return {50: "half its size", 200: "twice its size"}.get(percent, f"{percent}% of its size")


def _target(ask: Ask, determiner: str, seed: int) -> str:
    noun = _pick(TARGETS[ask.target], seed, "noun")
    place = PLACES[ask.place] if ask.place and "place" not in FORMS[ask.edit_type].slots else ""
    return " ".join(part for part in (determiner, ask.colour, noun, place) if part)


def _again(ask: Ask, seed: int) -> str:
    if ask.target == "subject" and not ask.colour and not ask.place and _pick(("it", ""), seed, "pronoun"):
        return "it"
    return _target(ask, _pick(_DETERMINERS[1:], seed, "determiner"), seed)


def _core(ask: Ask, templates: Sequence[str], seed: int) -> str:
    form = FORMS[ask.edit_type]
    template = _pick(templates, seed, "template")
    slots = {"old": f'"{ask.old}"', "text": f'"{ask.text}"', "place": PLACES.get(ask.place, "")}
    for reading in FACTORS:
        slots[reading] = _amount(reading, ask.factor)
    if form.values:
        slots["to"] = _pick(form.values[ask.to], seed, "value")
    if form.targets:
        slots |= {
            "target": _target(ask, "the", seed),
            "bare": _target(ask, "", seed),
            "it": _again(ask, seed),
        }
    return template.format_map(slots)


def _sentence(core: str, closing: str = "") -> str:
    if closing.startswith(". "):
        closing = ". " + closing[2].upper() + closing[3:]
    return core[:1].upper() + core[1:] + closing + "."


def _seen(scene: Scene) -> str:
    if not scene.people and not scene.subject:
        return ""
    article = "an" if scene.subject == "orange" else "a"
    thing = "a person" if scene.people else f"{article} {scene.subject} subject"
    return f"{thing} {PLACES[scene.place]}" if scene.place else thing


def render_long(ask: Ask, scene: Scene, seed: int) -> str:
    """Word an ask at length, grounded in what is visible.

    Args:
        ask: What is wanted.
        scene: What the photo shows.
        seed: Chooses among the wordings.
    """
    tones = " and ".join(scene.tones[:2])
    seen = _seen(scene)
    openings = [opening for opening in _OPENINGS if seen or "{seen}" not in opening]
    opening = _pick(openings, seed, "opening").format(light=scene.light, tones=tones, seen=seen)
    closing = _pick(_closings(ask.edit_type), seed, "closing")
    return _sentence(opening + _core(ask, FORMS[ask.edit_type].long, seed), closing)


def render_short(ask: Ask, seed: int) -> str:
    """Word an ask the way a person types it.

    Args:
        ask: What is wanted.
        seed: Chooses among the wordings; some are in lower case without a full stop.
    """
    core = _core(ask, FORMS[ask.edit_type].short, seed)
    return core if _pick(("casual", "plain", "plain"), seed, "manner") == "casual" else _sentence(core)


def render_followup(ask: Ask, history: Sequence[str], seed: int) -> tuple[str, str]:
    """Word an ask as a later turn of a chain.

    Args:
        ask: What is wanted; what the text calls "it" or "that same subject" is still named well enough to parse.
        history: The edit types of the turns so far, first turn first.
        seed: Chooses among the wordings.

    Returns:
        The text, and the earlier change or object that it refers back to (empty if it does not).
    """
    past = FORMS[history[-1]].recall if history and history[-1] in FORMS else _LAST_CHANGE
    turn = _pick(_TURNS, seed, "turn")
    core = _core(ask, FORMS[ask.edit_type].follow, seed)
    text = _sentence(turn.format(past=past) + core)
    if "{past}" in turn or "that change" in turn:
        return text, past
    return text, TARGETS[ask.target][0] if ask.target else ""


def _closings(edit_type: str) -> tuple[str, ...]:
    if edit_type in _WHOLE:
        return _CLOSINGS_NONE
    return _CLOSINGS_LOCAL if FORMS[edit_type].local else _CLOSINGS_GLOBAL


# --- parsing ------------------------------------------------------------------------------------------------


def _either(options: Sequence[str]) -> str:
    return "(?:" + "|".join(re.escape(option) for option in sorted(options, key=len, reverse=True)) + ")"


def _template(template: str, slots: dict[str, str]) -> str:
    pieces = re.split(r"\{(\w+)\}", template)
    return "".join(slots[piece] if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))


def _slots(form: Form) -> dict[str, str]:
    nouns = [noun for target in form.targets for noun in TARGETS[target]]
    place = f"(?P<place>{_either(list(PLACES.values()))})"
    bare = f"(?:(?P<colour>{_either(COLOURS)}) )?(?P<target>{_either(nouns)})"
    if "place" not in form.slots:
        bare += f"(?: {place})?"
    target = f"{_either(_DETERMINERS)} {bare}"
    return {
        "target": target,
        "bare": bare,
        "it": f"(?:it|{target})",
        "to": f"(?P<to>{_either([p for phrases in form.values.values() for p in phrases])})",
        "place": place,
        "old": '"(?P<old>[^"]+)"',
        "text": '"(?P<text>[^"]+)"',
        "size": r"(?P<size>half its size|twice its size|\d+% of its size)",
        "zoom": r"by a factor of (?P<zoom>\d+(?:\.\d+)?)",
        "extent": r"(?P<extent>\d+)%",
    }


@cache
def _opening() -> str:
    colour, light, place = _either(COLOURS), _either(LIGHTS), _either(list(PLACES.values()))
    seen = f"(?:a person|an? {colour} subject)(?: {place})?"
    recalls = _either([form.recall for form in FORMS.values()] + [_LAST_CHANGE])
    slots = {"light": light, "tones": f"{colour}(?: and {colour})?", "seen": seen, "past": recalls}
    return "(?:" + "|".join(_template(opening, slots) for opening in (*_OPENINGS, *_TURNS)) + ")"


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = []
    for edit_type, form in FORMS.items():
        slots = _slots(form)
        closing = _either(_closings(edit_type))
        for template in (*form.long, *form.short, *form.follow):
            pattern = f"{_opening()}{_template(template, slots)}{closing}[.!]?"
            found.append((edit_type, re.compile(pattern, re.IGNORECASE)))
    return tuple(found)


def _factor(groups: dict[str, str | None]) -> float:
    size, zoom, extent = groups.get("size"), groups.get("zoom"), groups.get("extent")
    if zoom:
        return float(zoom)
    if extent:
        return int(extent) / 100
    if size:
        return {"half": 0.5, "twice": 2.0}.get(size.split()[0].lower()) or int(size.split("%")[0]) / 100
    return 1.0


def _ask(edit_type: str, groups: dict[str, str | None]) -> Ask:
    form = FORMS[edit_type]

    def key(group: str, table: Mapping[str, tuple[str, ...]]) -> str:
        phrase = (groups.get(group) or "").lower()
        return next((name for name, phrases in table.items() if phrase in map(str.lower, phrases)), "")

    places = {name: (phrase,) for name, phrase in PLACES.items()}
    return Ask(
        edit_type,
        # "it" names no noun: a pronoun stands for the main subject, where the type has one
        target=key("target", {name: TARGETS[name] for name in form.targets}) or (form.targets or ("",))[0],
        colour=(groups.get("colour") or "").lower(),
        place=key("place", places),
        to=key("to", form.values),
        old=groups.get("old") or "",
        text=groups.get("text") or "",
        factor=_factor(groups),
    )


def parse(text: str) -> Ask | None:
    """Return what an instruction asks for, or None if it is not of this grammar.

    Args:
        text: One instruction, long, short or follow-up; letter case, spacing and the last full stop do not matter.
    """
    flat = " ".join(text.split())
    for edit_type, pattern in _patterns():
        match = pattern.fullmatch(flat)
        if match is None:
            continue
        try:
            return _ask(edit_type, match.groupdict())
        except ValueError:  # well formed, but asks for what the type does not allow, e.g. a zoom of 90
            return None
    return None
