"""The words of the grammar, as data: what can be asked for, and the sentences that ask for it.

Templates are lower case, without a full stop. Their slots are ``{target}`` (with its determiner), ``{bare}`` (without),
``{it}`` (a target that was spoken of before), ``{to}``, ``{place}``, ``{old}`` and ``{text}`` (quoted), ``{size}``,
``{zoom}`` and ``{extent}`` (the three readings of a factor). A value's phrases are unique within its type.
"""

from __future__ import annotations

from dataclasses import dataclass

COLOURS = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown", "grey", "black", "white")
"""Names that a palette or a target may use."""

PAINTS = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
"""Colours that an edit may give: those with a hue."""

LIGHTS = ("dark", "dim", "evenly lit", "bright")
"""How light a photo is, darkest first."""

PLACES: dict[str, str] = {
    "top_left": "in the upper left",
    "top": "at the top",
    "top_right": "in the upper right",
    "left": "on the left",
    "centre": "in the centre",
    "right": "on the right",
    "bottom_left": "in the lower left",
    "bottom": "at the bottom",
    "bottom_right": "in the lower right",
}
"""The nine places of a 3 x 3 grid over the photo."""

TARGETS: dict[str, tuple[str, ...]] = {
    "subject": ("subject", "main subject", "main object"),
    "person": ("person",),
    "area": ("area", "part"),
    "clothing": ("clothing", "outfit"),
    "background": ("background", "whole background"),
    "sky": ("sky", "whole sky"),
}
"""What an edit can be about, and its names. An area is the largest region of its colour at its place."""


@dataclass(frozen=True)
class Form:
    """How one edit type is worded.

    Attributes:
        long: Templates of grounded instructions.
        short: Templates as a person would type them.
        follow: Templates of later turns, which refer back.
        values: What ``Ask.to`` may be, with its phrases; empty if the type has no value.
        targets: What ``Ask.target`` may be; empty: the whole photo.
        slots: The slots of its templates beside ``to`` and ``target``.
        local: Whether the edit leaves most of the photo alone.
        recall: What a later turn calls the change.
    """

    long: tuple[str, ...]
    short: tuple[str, ...]
    follow: tuple[str, ...]
    recall: str
    values: dict[str, tuple[str, ...]]
    targets: tuple[str, ...] = ()
    slots: frozenset[str] = frozenset()
    local: bool = False


def _paints() -> dict[str, tuple[str, ...]]:
    return {name: (name,) for name in PAINTS}


FORMS: dict[str, Form] = {
    "color_tone": Form(
        long=(
            "shift the overall colour tone of the whole image to {to}",
            "regrade the picture so that every tone leans towards {to}",
            "change the white balance and grade of the scene to {to}, from the shadows to the highlights",
            "give the entire photo a colour grade of {to}",
        ),
        short=("give it {to}", "grade it to {to}", "shift the tone to {to}", "{to} please"),
        follow=("shift everything to {to}", "regrade the result to {to}", "give it a grade of {to}"),
        recall="the new colour tone",
        values={
            "warm": ("warm amber tones", "warmer, more golden tones"),
            "cool": ("cool blue tones", "colder, bluish tones"),
            "rosy": ("soft rosy tones", "pinkish magenta tones"),
            "teal_orange": ("cinematic teal and orange tones", "teal shadows with orange highlights"),
        },
    ),
    "film_grain": Form(
        long=(
            "make the photo look as if it had been shot on {to}, with visible grain and a gentle vignette",
            "apply the look of {to}: visible grain, softened contrast and slightly darker corners",
            "add film grain and the colours of {to} over the whole frame",
        ),
        short=("make it look like {to}", "add grain like {to}", "{to} look"),
        follow=("add the grain and colours of {to}", "make the result look like {to}"),
        recall="the film look",
        values={
            "faded": ("faded vintage film", "an old washed-out print"),
            "warm": ("warm consumer film", "sun-warmed colour negative film"),
            "black_and_white": ("black-and-white film", "grainy monochrome film"),
            "cross": ("cross-processed slide film", "expired film with shifted colours"),
        },
    ),
    "add_object": Form(
        long=(
            "add {to} to the sky {place} of the frame, sized to suit the distance and lit like the scene",
            "place {to} in the open sky {place}, blended naturally with the light of the photo",
            "put {to} into the sky {place}, small enough to look far away",
        ),
        short=("add {to} to the sky {place}", "put {to} {place}", "add {to} {place}"),
        follow=("add {to} to that sky {place}", "also put {to} in the sky {place}"),
        recall="what you added",
        values={
            "balloon": ("a hot-air balloon", "a striped hot-air balloon"),
            "birds": ("a flock of birds", "a few flying birds"),
            "moon": ("a full moon", "a pale full moon"),
        },
        slots=frozenset({"place"}),
        local=True,
    ),
    "remove_object": Form(
        long=(
            "remove {target} completely and continue the surroundings through the place where it was",
            "take {target} out of the picture and fill the gap with the background behind it",
            "erase {target} so that only the background remains, without a trace",
        ),
        short=("remove {target}", "get rid of {target}", "erase {target}", "take out {target}"),
        follow=("remove {it}", "take {it} out of the picture", "erase {it} completely"),
        recall="the cleared background",
        values={},
        targets=("subject", "area"),
        local=True,
    ),
    "change_attribute": Form(
        long=(
            "change the colour of {target} to {to}, keeping its shading, texture and highlights",
            "recolour {target} so that it becomes {to}, with its shape and shadows as they are",
            "turn {target} {to} while its texture and the light on it stay the same",
        ),
        short=("make {target} {to}", "recolour {target} {to}", "change {target} to {to}"),
        follow=("make {it} {to}", "change the colour of {it} to {to}", "recolour {it} {to}"),
        recall="the new colour",
        values=_paints(),
        targets=("subject", "area"),
        local=True,
    ),
    "relocate_object": Form(
        long=(
            "move {target} {to} within the scene, and restore the background where it used to be",
            "shift {target} {to}, filling the space it leaves with the surrounding background",
            "reposition {target} {to}, at the same size and with the same light",
        ),
        short=("move {target} {to}", "shift {target} {to}"),
        follow=("move {it} {to}", "shift {it} {to} as well"),
        recall="the new position",
        values={
            "left": ("to the left", "towards the left edge"),
            "right": ("to the right", "towards the right edge"),
            "up": ("upwards", "higher up"),
            "down": ("downwards", "lower down"),
        },
        targets=("subject",),
        local=True,
    ),
    "resize_object": Form(
        long=(
            "resize {target} to {size}, keeping it in the same place with natural proportions",
            "scale {target} to {size} and blend it cleanly with the unchanged background",
            "redraw the scene with {target} at {size}, everything around it unchanged",
        ),
        short=("resize {target} to {size}", "scale {target} to {size}"),
        follow=("resize {it} to {size}", "scale {it} to {size} as well"),
        recall="the new size",
        values={},
        targets=("subject",),
        slots=frozenset({"size"}),
        local=True,
    ),
    "scene_context": Form(
        long=(
            "replace {target} with {to}, keeping everything in front of it sharp and unchanged",
            "swap {target} for {to}, with clean edges and matching light",
            "exchange {target} for {to} while whatever stands before it stays as it is",
        ),
        short=("replace {target} with {to}", "change {target} to {to}", "swap {target} for {to}"),
        follow=("replace {it} with {to}", "swap {it} for {to}"),
        recall="the new background",
        values={
            "sunset": ("a glowing sunset sky", "an orange evening sky with streaks of cloud"),
            "night_sky": ("a starry night sky", "a deep blue sky full of stars"),
            "bokeh": ("out-of-focus city lights at night", "soft round bokeh lights"),
            "studio": ("a plain grey studio backdrop", "a softly lit neutral studio wall"),
            "clouds": ("a blue sky with white clouds", "a bright sky with fluffy clouds"),
        },
        targets=("background", "sky"),
        local=True,
    ),
    "season": Form(
        long=(
            "change the season of this landscape to {to}",
            "transform the scene so that it looks like {to}, with the vegetation changed to match",
            "turn the time of year into {to}, keeping the lie of the land",
        ),
        short=("make it {to}", "change the season to {to}", "turn it into {to}"),
        follow=("turn the whole scene into {to}", "change the season to {to}"),
        recall="the changed season",
        values={
            "autumn": ("autumn", "autumn with red and golden leaves"),
            "winter": ("winter", "winter with snow on the ground"),
        },
    ),
    "weather": Form(
        long=(
            "change the weather to {to} across the whole scene",
            "make it a day of {to}, with the light muted to match",
            "fill the air with {to}, stronger in the distance",
        ),
        short=("add {to}", "make the weather {to}", "I want {to}"),
        follow=("add {to} to the scene", "change the weather to {to}"),
        recall="the weather",
        values={
            "rain": ("steady rain", "falling rain"),
            "snow": ("falling snow", "drifting snowflakes"),
            "fog": ("thick fog", "hazy morning mist"),
        },
    ),
    "lighting": Form(
        long=(
            "relight the whole scene as {to}, with highlights and shadows to match",
            "change the global lighting to {to}",
            "make the light look like {to}, leaving every object where it is",
        ),
        short=("light it like {to}", "change the lighting to {to}", "make it look like {to}"),
        follow=("change the light to {to}", "relight the result as {to}"),
        recall="the new light",
        values={
            "golden_hour": ("golden hour", "low golden sunlight"),
            "night": ("night", "a moonlit night"),
            "fluorescent": ("cold fluorescent light", "greenish office tube light"),
            "spotlight": ("a single spotlight in the dark", "dramatic low-key lighting"),
        },
    ),
    "artistic_style": Form(
        long=(
            "repaint the whole picture as {to}, with its composition still recognisable",
            "transform the photo into {to}: brushwork, palette and texture throughout",
            "render the scene in the manner of {to}",
        ),
        short=("turn it into {to}", "paint it as {to}", "make it {to}"),
        follow=("repaint the result as {to}", "turn the whole thing into {to}"),
        recall="the painted style",
        values={
            "van_gogh": ("a Van Gogh starry-night painting", "a swirling blue and yellow post-impressionist painting"),
            "impressionist": ("a soft impressionist pastel", "a hazy impressionist painting"),
            "expressionist": ("a vivid expressionist painting", "a wild expressionist canvas"),
            "modernist": ("a flat modernist painting with bold outlines", "a bold early modernist composition"),
            "woodcut": ("a blue Japanese woodblock print", "an indigo woodcut print"),
            "ink_wash": ("a sepia ink drawing", "an ochre pen-and-ink illustration"),
            "pop_art": ("a pop-art screen print", "a loud four-colour pop-art poster"),
        },
    ),
    "cartoon_sketch": Form(
        long=(
            "redraw the photo as {to}, with clear outlines and the same composition",
            "convert the whole image into {to}",
            "turn this real photo into {to}, simplifying small details",
        ),
        short=("make it {to}", "turn it into {to}", "draw it as {to}"),
        follow=("turn the result into {to}", "redraw everything as {to}"),
        recall="the drawn look",
        values={
            "cartoon": ("a flat-coloured cartoon", "a clean cartoon illustration"),
            "pencil": ("a pencil sketch", "a graphite drawing on white paper"),
            "colour_pencil": ("a coloured-pencil drawing", "a soft crayon-coloured sketch"),
            "comic": ("a halftone comic panel", "a printed comic-book frame"),
        },
    ),
    "historical_style": Form(
        long=(
            "make the photo look like {to}, with the tones, softness and wear of its time",
            "age the whole picture into {to}",
            "give this modern photo the appearance of {to}",
        ),
        short=("make it look like {to}", "turn it into {to}", "age it into {to}"),
        follow=("make the result look like {to}", "age it into {to}"),
        recall="the aged look",
        values={
            "sepia": ("a sepia print of the 1900s", "an early twentieth-century sepia photograph"),
            "silver": ("a silver-gelatin photo of the 1940s", "a wartime black-and-white photograph"),
            "instant": ("an instant photo of the 1970s", "a faded seventies snapshot"),
            "daguerreotype": ("a daguerreotype of the 1850s", "a mid-nineteenth-century daguerreotype plate"),
        },
    ),
    "replace_text": Form(
        long=(
            "replace the words {old} with {text}, in the same lettering, size and colour",
            "change the text that reads {old} so that it reads {text}, matching the original letters",
            "rewrite {old} as {text} on the same surface, with the same perspective and colour",
        ),
        short=("change {old} to {text}", "replace {old} with {text}", "make {old} say {text}"),
        follow=("change those words {old} to {text}", "let {old} read {text}"),
        recall="the new words",
        values={},
        slots=frozenset({"old", "text"}),
        local=True,
    ),
    "add_text": Form(
        long=(
            "add the words {text} in {to} {place} of the picture, large enough to read",
            "write {text} in {to} {place}, where the picture is calm",
            "set the text {text} in {to} {place}, without covering the subject",
        ),
        short=("write {text} in {to} {place}", "add the text {text} in {to} {place}"),
        follow=("also write {text} in {to} {place}", "add {text} in {to} {place} as a caption"),
        recall="the added words",
        values={
            "white": ("white letters", "bold white type"),
            "black": ("black letters", "bold black type"),
            "yellow": ("yellow letters", "bold yellow type"),
            "red": ("red letters", "bold red type"),
        },
        slots=frozenset({"text", "place"}),
        local=True,
    ),
    "change_font": Form(
        long=(
            "change the colour of the lettering {old} to {to}, with its shape and size as they are",
            "recolour the words {old} in {to}, leaving the surface behind them alone",
            "make the visible text {old} {to} instead of its present colour",
        ),
        short=("make the text {old} {to}", "recolour the text {old} {to}"),
        follow=("turn the letters {old} {to}", "make those words {old} {to}"),
        recall="the recoloured words",
        values=_paints(),
        slots=frozenset({"old"}),
        local=True,
    ),
    "translate_text": Form(
        long=(
            "translate the words {old} into {to}, in the same lettering, size and colour",
            "replace the text {old} with its {to} translation on the same surface",
            "rewrite the words {old} in {to}, keeping the look of the letters",
        ),
        short=("translate {old} to {to}", "put {old} into {to}"),
        follow=("translate those words {old} into {to}", "let {old} be in {to}"),
        recall="the translated words",
        values={name: (name.capitalize(),) for name in ("spanish", "french", "german", "italian")},
        slots=frozenset({"old"}),
        local=True,
    ),
    "accessories": Form(
        long=(
            "put {to} on {target}, fitted to the face and its tilt",
            "add {to} to the face of {target}, with light and shadow to match",
            "let {target} wear {to}, keeping identity and expression",
        ),
        short=("put {to} on {target}", "add {to} to {target}", "give {target} {to}"),
        follow=("put {to} on {it}", "give {it} {to}"),
        recall="the accessory",
        values={
            "sunglasses": ("dark sunglasses", "a pair of black sunglasses"),
            "round_glasses": ("round sunglasses with thin metal frames", "small round tinted glasses"),
        },
        targets=("person",),
        local=True,
    ),
    "clothing": Form(
        long=(
            "change the colour of the person's {bare} to {to}, keeping folds and shading",
            "recolour the {bare} that the person wears to {to}, leaving the skin and background alone",
        ),
        short=("make the person's {bare} {to}", "recolour the person's {bare} {to}"),
        follow=("make the same person's {bare} {to}", "change that person's {bare} to {to}"),
        recall="the new clothing colour",
        values=_paints(),
        targets=("clothing",),
        local=True,
    ),
    "western_comic": Form(
        long=(
            "draw {target} as a cel-shaded hero of a Western comic, in {to}",
            "convert {target} to Western comic art with bold ink and flat shading, in {to}",
        ),
        short=("make {target} a comic hero in {to}", "comic-book version of {target} in {to}"),
        follow=("turn {it} into a Western comic hero in {to}",),
        recall="the comic look",
        values={
            "bright": ("bright primary colours", "saturated print colours"),
            "noir": ("stark black and white", "high-contrast noir ink"),
        },
        targets=("person",),
    ),
    "line_art": Form(
        long=(
            "draw {target} as line art in {to} on plain paper, without any shading",
            "reduce {target} to a clean outline drawing in {to}",
        ),
        short=("line art of {target} in {to}", "make {target} a line drawing in {to}"),
        follow=("turn {it} into line art in {to}",),
        recall="the line art",
        values={
            "black": ("black ink", "fine black pen"),
            "blue": ("blue ink", "blue ballpoint"),
            "sepia": ("brown ink", "sepia pen"),
        },
        targets=("person",),
    ),
    "sticker": Form(
        long=(
            "turn {target} into a sticker with a bold white border, on {to}",
            "cut out {target} as a die-cut sticker with a thick white outline, lying on {to}",
        ),
        short=("make a sticker of {target} on {to}", "sticker of {target}, white border, on {to}"),
        follow=("make a die-cut sticker of {it} on {to}",),
        recall="the sticker",
        values={
            "grey": ("a plain grey sheet", "light grey card"),
            "blue": ("a plain blue sheet", "sky-blue card"),
            "yellow": ("a plain yellow sheet", "warm yellow card"),
            "green": ("a plain green sheet", "mint-green card"),
        },
        targets=("person",),
    ),
    "zoom_in": Form(
        long=(
            "zoom in on {target} {zoom}, keeping it whole and sharp in the frame",
            "crop closer around {target} {zoom}, so that it fills more of the picture",
            "move the camera in on {target} {zoom}, without changing anything else",
        ),
        short=("zoom in on {target} {zoom}", "closer on {target} {zoom}"),
        follow=("zoom in on {it} {zoom}", "go closer to {it} {zoom}"),
        recall="the closer view",
        values={},
        targets=("subject", "person"),
        slots=frozenset({"zoom"}),
    ),
    "outpainting": Form(
        long=(
            "extend the canvas {to} by {extent} of its size, continuing the scene naturally beyond the edge",
            "widen the view {to} by {extent}, with matching texture and light in the new area",
        ),
        short=("extend it {to} by {extent}", "outpaint {to} by {extent}"),
        follow=("extend the result {to} by {extent}",),
        recall="the wider view",
        values={
            "left": ("on the left side", "past the left edge"),
            "right": ("on the right side", "past the right edge"),
            "sides": ("on both sides", "past the left and right edges"),
            "top": ("above", "past the upper edge"),
            "bottom": ("below", "past the lower edge"),
        },
        slots=frozenset({"extent"}),
    ),
}
"""Every edit type that the grammar can ask for. The editor offers fewer, if one does not look good enough."""
