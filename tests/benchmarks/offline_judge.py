"""Does the offline judge tell good edits from botched ones?

    python tests/benchmarks/offline_judge.py                      # the 18 bundled photos
    python tests/benchmarks/offline_judge.py --photos FOLDER      # your own
    python tests/benchmarks/offline_judge.py --sheets /tmp/out    # also draws what was decided wrongly

For each photo and edit type the offline instructor words an instruction and the offline editor makes the edit; each
edit is then botched in ten ways. The judge sees images and the instruction's text, nothing else. A botch's AUC is the
chance that a criterion scores a good edit above a botched one (ties count half); its interval comes from
resamplings of the photos, since edits of one photo are not independent.

    no_op        the photo, recompressed               pasted_box  a rectangle of another photo on the edit
    wrong_edit   an edit of another family             soft_box    the same, its border feathered over 8 pixels
    wrong_value  the same type, another value          jpeg_8      JPEG at quality 8
    weak         30 % edit, 70 % photo                 blurred     shrunk to a third, enlarged, blurred
    destroyed    what had to stay is another photo's   shifted     moved by 5 % of the frame
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from picofw_offline.edits import EDITS, FLAT
from picofw_offline.grammar import Ask, render_long
from picofw_offline.instructor import scene_of
from picofw_offline.judge import CRITERIA, OfflineJudge
from picofw_offline.perception import Picture
from picofw_offline.pixels import decode, encode_jpeg, encode_png
from picofw_offline.proposals import PROPOSALS
from picofw_offline.regions import locate
from picofw_offline.wording import FORMS

from picofw.errors import Refused
from picofw.rubric import CriterionEntry, Rubric
from picofw.stress.figures import auc, mean
from picofw.types import Criterion, EditType, ImageRef, JudgeRequest

BUNDLED = Path(__file__).parents[2] / "picofw" / "sources" / "photos"
WEIGHTS = dict(zip(CRITERIA, (0.40, 0.25, 0.20, 0.15), strict=True))
FLOORS = {
    "compliance floor": dict.fromkeys(CRITERIA, 0.0) | {CRITERIA[0]: 0.5},
    "gated": dict.fromkeys(CRITERIA, 0.3) | {CRITERIA[0]: 0.5},
}
FAMILIES = (
    {"color_tone", "film_grain", "lighting", "historical_style"},
    {"artistic_style", "cartoon_sketch", "western_comic", "line_art", "sticker"},
    {"season", "weather", "scene_context"},
    {"add_object", "remove_object", "relocate_object", "resize_object", "zoom_in", "outpainting"},
    {"change_attribute", "clothing"},
    {"replace_text", "add_text", "change_font", "translate_text"},
    {"accessories"},
)
Pixels = Any


@dataclass(frozen=True)
class Trial:
    """One image to be judged: a good edit, or a botched one."""

    photo: str
    ask: Ask
    text: str
    botch: str  # empty: a good edit
    before: Pixels
    after: Pixels


def edited(picture: Picture, ask: Ask, seed: int) -> Pixels:
    """The edit as the editor delivers it, compression included."""
    pixels = EDITS[ask.edit_type](picture, ask, np.random.default_rng([seed, 1, 0]))
    return decode(encode_png(pixels) if ask.edit_type in FLAT else encode_jpeg(pixels, 95))


def tried(picture: Picture, ask: Ask, seed: int) -> Pixels | None:
    try:
        return edited(picture, ask, seed)
    except Refused:
        return None


def fitted(pixels: Pixels, like: Pixels) -> Pixels:
    return cv2.resize(pixels, like.shape[1::-1], interpolation=cv2.INTER_AREA)


def mixed(under: Pixels, over: Pixels, share: Any) -> Pixels:
    return (under * (1 - share) + over * share + 0.5).astype(np.uint8)


def boxed(edit: Pixels, other: Pixels, feather: float, rng: np.random.Generator) -> Pixels:
    height, width = edit.shape[:2]
    rows, columns = (int(side * rng.uniform(0.18, 0.35)) for side in (height, width))
    top, left = int(rng.integers(0, height - rows)), int(rng.integers(0, width - columns))
    mask = np.zeros((height, width), np.float32)
    mask[top : top + rows, left : left + columns] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), feather) if feather else mask
    return mixed(edit, fitted(other, edit), mask[..., None])


def blurred(edit: Pixels) -> Pixels:
    height, width = edit.shape[:2]
    small = cv2.resize(edit, (width // 3, height // 3), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), (0, 0), 1.0)


def shifted(edit: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = edit.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[1, 0, 0.05 * width * np.cos(angle)], [0, 1, 0.05 * height * np.sin(angle)]], np.float32)
    return cv2.warpAffine(edit, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def destroyed(picture: Picture, other: Picture, ask: Ask, edit: Pixels, seed: int) -> Pixels | None:
    """The edit made on another photo; for a local edit, another photo wherever this one was left alone."""
    if not FORMS[ask.edit_type].local:
        return tried(Picture(fitted(other.pixels, picture.pixels)), ask, seed)
    touched = np.linalg.norm(edit.astype(np.float32) - picture.pixels, axis=2) > 12
    behind = locate(picture, ask) if ask.edit_type == "scene_context" else None
    if behind is not None:  # the front is relit, and yet has to stay
        touched = behind > 0.5
    solid = cv2.morphologyEx(touched.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    mask = cv2.dilate(solid, np.ones((9, 9), np.uint8))
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 3)[..., None]
    return mixed(fitted(other.pixels, edit), edit, soft)


def wrong_edit(picture: Picture, ask: Ask, seed: int, rng: np.random.Generator) -> Pixels | None:
    """An edit of this photo that nobody would take for the asked one."""
    family = next(family for family in FAMILIES if ask.edit_type in family)
    for kind in rng.permutation(sorted(set(PROPOSALS) - family)):
        if (asks := proposed(picture, str(kind))) and (
            wrong := tried(picture, asks[rng.integers(len(asks))], seed)
        ) is not None:
            return wrong
    return None


def wrong_value(picture: Picture, ask: Ask, seed: int, rng: np.random.Generator) -> Pixels | None:
    """The same type of edit with another colour, style, direction or text."""
    asks = [a for a in proposed(picture, ask.edit_type) if differs(a, ask)]
    return tried(picture, asks[rng.integers(len(asks))], seed) if asks else None


def differs(one: Ask, two: Ask) -> bool:
    if one.to != two.to or one.text != two.text:
        return True
    return max(one.factor, two.factor) / min(one.factor, two.factor) > 1.3


def proposed(picture: Picture, kind: str) -> list[Ask]:
    try:
        return list(PROPOSALS[kind](picture))
    except Refused:
        return []


def botches(picture: Picture, other: Picture, ask: Ask, edit: Pixels, seed: int) -> Iterator[tuple[str, Pixels | None]]:
    """Yield every botch of one edit, by name; None where it cannot be made."""
    rng = np.random.default_rng(seed)
    same = edit.shape == picture.pixels.shape
    yield "no_op", decode(encode_jpeg(picture.pixels, 92))
    yield "wrong_edit", wrong_edit(picture, ask, seed, rng)
    yield "wrong_value", wrong_value(picture, ask, seed, rng)
    yield "weak", mixed(picture.pixels, edit, 0.3) if same and ask.edit_type != "zoom_in" else None
    yield "destroyed", destroyed(picture, other, ask, edit, seed) if same else None
    yield "pasted_box", boxed(edit, other.pixels, 0, rng)
    yield "soft_box", boxed(edit, other.pixels, 4, rng)
    yield "jpeg_8", decode(cv2.imencode(".jpg", edit, [cv2.IMWRITE_JPEG_QUALITY, 8])[1].tobytes())
    yield "blurred", blurred(edit)
    yield "shifted", shifted(edit, rng) if ask.edit_type not in ("zoom_in", "sticker") else None


def trials(photos: list[Path], at: int, kinds: list[str], asks_per_type: int) -> Iterator[Trial]:
    """Yield the good and botched edits of one photo."""
    path = photos[at]
    picture = Picture(decode(path.read_bytes()))
    other = Picture(decode(photos[(at + 5) % len(photos)].read_bytes()))
    for kind in kinds:
        seed = int.from_bytes(hashlib.sha256(f"{path.stem}/{kind}".encode()).digest()[:4], "big") // 2
        rng = np.random.default_rng(seed)
        asks = proposed(picture, kind)
        for ask in [asks[i] for i in rng.permutation(len(asks))[:asks_per_type]]:
            edit = tried(picture, ask, seed)
            if edit is None:
                continue
            text = render_long(ask, scene_of(picture), seed)
            yield Trial(path.stem, ask, text, "", picture.pixels, edit)
            for botch, spoilt in botches(picture, other, ask, edit, seed):
                if spoilt is not None:
                    yield Trial(path.stem, ask, text, botch, picture.pixels, spoilt)


def all_trials(photos: list[Path], at: int, kinds: list[str], asks_per_type: int) -> list[Trial]:
    return list(trials(photos, at, kinds, asks_per_type))


class Shelf:
    """Images by their hash, as a judge reads them."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, pixels: Pixels) -> ImageRef:
        data = encode_png(pixels)
        name = hashlib.sha256(data).hexdigest()
        self.kept[name] = data
        return ImageRef(sha256=name, media_type="image/png", width=pixels.shape[1], height=pixels.shape[0])

    async def read(self, image: ImageRef) -> bytes:
        return self.kept[image.sha256]


async def judged(trial: Trial) -> dict[str, Any]:
    """One trial's scores as a row; an edit that the judge refuses to judge scores nothing."""
    shelf, judge = Shelf(), OfflineJudge(OfflineJudge.Options())
    await judge.aopen(shelf)
    kind = EditType(slug=trial.ask.edit_type, label="", category="")
    criteria = tuple(Criterion(name=name, question="") for name in CRITERIA)
    before, after = shelf.put(trial.before), shelf.put(trial.after)
    request = JudgeRequest(
        seed=0, before=before, after=after, instruction=trial.text, edit_type=kind, criteria=criteria
    )
    row = {"photo": trial.photo, "botch": trial.botch, "text": trial.text, **dataclasses.asdict(trial.ask)}
    start = time.perf_counter()
    try:
        result = await judge.judge(request)
    except Refused as error:
        return row | {"refused": str(error)}
    return row | {"seconds": time.perf_counter() - start, "scores": result.scores, "why": result.rationale}


def rubric(rule: str) -> Rubric:
    entries = {name: CriterionEntry(question="?", weight=WEIGHTS[name], floor=FLOORS[rule][name]) for name in CRITERIA}
    return Rubric(name=rule, criteria=entries, threshold=0.7)


def report(rows: list[dict[str, Any]]) -> None:
    """Print the tables."""
    rows = [row for row in rows if "scores" in row]
    rules = {rule: rubric(rule) for rule in FLOORS}
    for row in rows:
        row["accepted"] = {rule: rules[rule].decide(row["scores"]).accepted for rule in rules}
    good = [row for row in rows if not row["botch"]]
    seconds = np.median([row["seconds"] for row in rows])
    photos = len({row["photo"] for row in good})
    print(f"{len(good)} good edits of {photos} photos, {len(rows)} judgements, {seconds:.2f} s each")
    print("\nAUC against good edits, and the share of botched edits accepted by each rule (95 % intervals over photos)")
    for botch in dict.fromkeys(row["botch"] for row in rows):
        mine = [row for row in rows if row["botch"] == botch]
        cells = [f"{botch or 'good':12s} n={len(mine):4d}"]
        for name in CRITERIA if botch else ():
            pair = ([(row["photo"], row["scores"][name]) for row in some] for some in (good, mine))
            cells.append(f"{name[:10]} {auc(*pair)}")
        for rule in rules:
            share = mean([(row["photo"], float(row["accepted"][rule])) for row in mine])
            cells.append(f"accepted ({rule}) {share}")
        print("  " + " | ".join(cells))
    print("\nGood edits accepted (compliance floor), and botched ones, by type")
    for kind in dict.fromkeys(row["edit_type"] for row in rows):
        ones = [r["accepted"]["compliance floor"] for r in rows if r["edit_type"] == kind and not r["botch"]]
        twos = [r["accepted"]["compliance floor"] for r in rows if r["edit_type"] == kind and r["botch"]]
        print(f"  {kind:18s} good {sum(ones):3d} of {len(ones):3d}   botched {sum(twos):3d} of {len(twos):3d}")


def draw(trial: Trial, row: dict[str, Any], folder: Path) -> None:
    """Draw photo and edit side by side, with the instruction and the rationale."""
    height = 300
    pair = [cv2.resize(p, (round(p.shape[1] * height / p.shape[0]), height)) for p in (trial.before, trial.after)]
    sheet = cv2.copyMakeBorder(np.hstack(pair), 0, 110, 0, 500, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    for line, start in enumerate(range(0, 700, 140)):
        words = f"{trial.botch or 'GOOD'}: {trial.text} {row['why']}"[start : start + 140]
        cv2.putText(
            sheet, words, (4, height + 18 + 20 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA
        )
    name = f"{trial.botch or 'good'}__{trial.ask.edit_type}_{trial.ask.to}__{trial.photo}.png"
    cv2.imwrite(str(folder / name), sheet)


async def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    photos = sorted(p for p in options.photos.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    kinds = options.types or list(PROPOSALS)
    limit = asyncio.Semaphore(options.jobs)
    decide, rows = rubric("compliance floor"), []

    async def one(trial: Trial) -> None:
        async with limit:
            row = await judged(trial)
        rows.append(row)
        if options.sheets and "scores" in row and decide.decide(row["scores"]).accepted == bool(trial.botch):
            draw(trial, row, options.sheets)

    for number in range(len(photos)):
        made = await asyncio.to_thread(all_trials, photos, number, kinds, options.asks)
        await asyncio.gather(*(one(trial) for trial in made))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=BUNDLED)
    parser.add_argument("--types", nargs="*", help="edit types; all, if left out")
    parser.add_argument("--asks", type=int, default=1, help="instructions per photo and type")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", type=Path, help="write every judgement here, as JSON lines")
    parser.add_argument("--sheets", type=Path, help="draw every wrong decision into this folder")
    options = parser.parse_args()
    if options.sheets:
        options.sheets.mkdir(parents=True, exist_ok=True)
    rows = asyncio.run(run(options))
    if options.rows:
        options.rows.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report(rows)


if __name__ == "__main__":
    main()
