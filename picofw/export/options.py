"""The options that the formats share: what is exported, how its images are written, which instruction stands in it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from picofw.types import Record

ImageFormat = Literal["stored", "jpeg", "png", "webp"]


class Options(Record):
    """What every format takes.

    Attributes:
        edit_types: Slugs of the edit types that are exported, a chain only if all its turns are of them; none: all.
        licenses: Licences of the photos that are exported, as the photos state them; none: all.
        min_score: Least score, in [0, 1], of each accepted edit of a record.
        min_gap: How far, in [0, 1], the score of a rejected edit is at least below the accepted one's; None: any
            rejected edit makes a pair, also one that scores higher and falls below a floor.
        max_side: Larger images are made smaller, until the longer side has so many pixels; None: none is.
        image_format: What images are encoded as. ``stored``: the bytes are as they came, unless ``max_side`` makes the
            image smaller.
    """

    edit_types: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    min_score: float = Field(default=0, ge=0, le=1)
    min_gap: float | None = Field(default=None, ge=0, le=1)
    max_side: int | None = Field(default=None, ge=16)
    image_format: ImageFormat = "stored"


class SplitOptions(Options):
    """What formats with a train and a test split take too.

    Attributes:
        test_share: Share of the photos, in [0, 1), whose records are the test split.
        seed: Another seed draws other photos, and other instructions where these are drawn.
    """

    test_share: float = Field(default=0, ge=0, lt=1)
    seed: int = Field(default=0, ge=0)


class TextOptions(SplitOptions):
    """What formats with one instruction in a record take too.

    Attributes:
        instruction: ``long``: what the editor was given. ``short``: as a person would type it. ``both``: a record for
            each. ``random``: one of them, drawn for each record from ``seed`` and the record's id.
    """

    instruction: Literal["long", "short", "both", "random"] = "long"


class PathOptions(TextOptions):
    """What formats take too whose readers look for images from where they are started.

    Attributes:
        root: Put before each path: where the export will lie, seen from there, with a slash at its end.
    """

    root: str = ""


class ShardOptions(TextOptions):
    """What formats with files of many records and one instruction in each take too.

    Attributes:
        shard_mb: A file that has grown to so many MB is followed by another one.
    """

    shard_mb: int = Field(default=500, ge=1)
