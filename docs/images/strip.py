"""Draw accepted edits of a run, before above after, as one picture: ``python strip.py WORKSPACE RUN OUT.jpg``."""

from __future__ import annotations

import io
import sys
import textwrap
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from picofw.records import Turn
from picofw.subsets import RunData, singles
from picofw.workspace import open_run

SIDE, TEXT = 300, 54


def tile(data: RunData, turn: Turn) -> Image.Image:
    """Return one edit: the photo, the edit, and what was asked."""
    assert turn.accepted is not None
    assert turn.accepted.image is not None
    sheet = Image.new("RGB", (SIDE, 2 * SIDE + TEXT), "white")
    for row, ref in enumerate((turn.input, turn.accepted.image)):
        picture = Image.open(io.BytesIO(data.read(ref))).convert("RGB")
        picture.thumbnail((SIDE - 8, SIDE - 8))
        sheet.paste(picture, ((SIDE - picture.width) // 2, row * SIDE + (SIDE - picture.height) // 2))
    text = "\n".join(textwrap.wrap(turn.short, 44)[:3])
    ImageDraw.Draw(sheet).multiline_text((6, 2 * SIDE), text, "black", font=ImageFont.load_default(13))
    return sheet


def main(workspace: str, run: str, out: str, *slugs: str) -> None:
    """Write the picture; the given edit types in their order, or one edit of each."""
    data = RunData(*open_run(Path(workspace), run))
    by_type = {sample.turns[0].edit_type: sample.turns[0] for sample in singles(data.samples())}
    tiles = [tile(data, by_type[slug]) for slug in (slugs or by_type)]
    columns = min(len(tiles), 6)
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * SIDE, rows * (2 * SIDE + TEXT)), "white")
    for number, one in enumerate(tiles):
        sheet.paste(one, (number % columns * SIDE, number // columns * (2 * SIDE + TEXT)))
    sheet.save(out, quality=88)


if __name__ == "__main__":
    main(*sys.argv[1:])
