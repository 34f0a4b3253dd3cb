"""Small datasets in memory, as a run would leave them: what tests of exporters write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from picofw.config import compose_settings
from picofw.errors import DamagedImage
from picofw.records import Attempt, AttemptOutcome, CallRef, Opinion, Sample, Turn, Verdict
from picofw.settings import data_settings
from picofw.testing.png import mosaic
from picofw.types import ImageRef, Photo, Region, TurnState

__all__ = ["HOSTILE", "MemoryDataset", "chain", "photo", "single", "small"]

HOSTILE = (
    "\nnext line\r\n\ttab \"double\" 'single' back\\slash {brace} %s $x a|b,c;d <b>bold</b> ../../up 🦊 é\u2028\u202e."
)
"""Words that break whoever builds a line, a path or a page of them."""

CRITERIA = ("instruction_compliance", "seamlessness", "preservation_balance", "technical_quality")
PIXELS: dict[str, bytes] = {}


@cache
def settings() -> dict[str, Any]:
    """Return the settings of a run of the scripted providers, as a run keeps them."""
    made = compose_settings(["preset=fake", "source=demo"], [])
    data = {**data_settings(made, {}), "source.path": "/home/somebody/photos"}
    return {**made.model_dump(mode="json"), "name": "r", "data": data}


class MemoryDataset:
    """A dataset in memory.

    Args:
        samples: What it holds; an iterator can be read once.
        name: The run's name.

    Attributes:
        damaged: Hashes of images that cannot be read.
        reads: How many images were read.
    """

    def __init__(self, samples: Iterable[Sample], name: str = "r") -> None:
        self.name, self.settings = name, settings()
        self._samples = samples
        self.damaged: set[str] = set()
        self.reads = 0

    def samples(self) -> Iterator[Sample]:
        """Yield every sample."""
        return iter(self._samples)

    def read(self, image: ImageRef) -> bytes:
        """Return an image's bytes.

        Args:
            image: One of a sample of this dataset.

        Raises:
            DamagedImage: It is said to be damaged.
        """
        self.reads += 1
        if image.sha256 in self.damaged:
            raise DamagedImage(f"the image {image.sha256} is missing")
        return PIXELS[image.sha256]


def image(key: str, media_type: str = "image/png") -> ImageRef:
    """Return a stored image that its key determines.

    Args:
        key: Any words.
        media_type: What it is said to be.
    """
    data = mosaic(16, 12, key)
    sha256 = hashlib.sha256(data).hexdigest()
    PIXELS[sha256] = data
    return ImageRef(sha256=sha256, media_type=media_type, width=16, height=12)


def _call(key: str, role: str) -> CallRef:
    return CallRef(
        digest=hashlib.sha256(f"{role} {key}".encode()).hexdigest(),
        provider="acme",
        model=f"{role}-1",
        options="0" * 64,
        seed=7,
        cost_usd=Decimal("0.01"),
    )


def _attempt(key: str, number: int, outcome: AttemptOutcome, rationale: str, panel: bool) -> Attempt:
    """Return an attempt; one that is neither accepted nor rejected never came to the judge."""
    verdict = None
    if outcome in ("accepted", "rejected"):
        score = 0.9 if outcome == "accepted" else 0.3
        verdict = Verdict(
            call=_call(f"{key} {number}", "judge"),
            scores=dict.fromkeys(CRITERIA, score),
            rationale=rationale,
            score=score,
            accepted=outcome == "accepted",
            failed=() if outcome == "accepted" else ("threshold",),
            **(_panel(f"{key} {number}", score, rationale) if panel else {}),
        )
    edit = _call(f"{key} {number}", "editor")
    return Attempt(number=number, outcome=outcome, edit=edit, image=image(f"{key} {number}"), verdict=verdict)


def _panel(key: str, score: float, rationale: str) -> dict[str, Any]:
    said = {"strict": score - 0.2, "kind": score + 0.1, "silent": None}
    members = {
        name: Opinion(
            call=_call(f"{key} {name}", "judge"),
            scores={} if given is None else dict.fromkeys(CRITERIA, given),
            rationale=rationale,
        )
        for name, given in said.items()
    }
    return {"members": members, "disagreement": dict.fromkeys(CRITERIA, 0.3)}


def turn(
    key: str,
    before: ImageRef,
    outcomes: Iterable[AttemptOutcome] = ("accepted",),
    *,
    edit_type: str = "color_tone",
    rationale: str = "Fine.",
    panel: bool = False,
    **more: Any,
) -> Turn:
    """Return a turn whose attempts had these outcomes.

    Args:
        key: Tells it from other turns.
        before: The image that was edited.
        outcomes: Of its attempts, in order.
        edit_type: Slug of the edit type.
        rationale: What the judge says of every attempt.
        panel: Whether the judge is a panel of three, one of whom gave no scores.
        **more: Other values for its fields, such as ``instruction`` and ``short``.
    """
    texts = {"instruction": f"Change {key} as told.", "short": f"change {key}"} | more
    return Turn(
        edit_type=edit_type,
        input=before,
        attempts=tuple(_attempt(key, number, outcome, rationale, panel) for number, outcome in enumerate(outcomes, 1)),
        instruct=(_call(key, "long"), _call(key, "short")),
        **texts,
    )


def photo(id_: str = "p1", **more: Any) -> Photo:
    """Return a photo.

    Args:
        id_: Its id.
        **more: Other values for its fields.
    """
    values: dict[str, Any] = {
        "title": "A hill",
        "author": "Ann",
        "license": "https://creativecommons.org/licenses/by/2.0/",
    }
    values |= {
        "labels": ("Hill", "Man"),
        "tags": {"person"},
        "tag_sources": {"person": "boxes", "text": "tagger:tag-1"},
    }
    return Photo(id=id_, uri=f"/home/somebody/photos/{id_}.jpg", width=16, height=12, **(values | more))


def single(
    id_: str, outcomes: Iterable[AttemptOutcome] = ("accepted",), *, of: Photo | None = None, **more: Any
) -> Sample:
    """Return a single edit; accepted if its last attempt is.

    Args:
        id_: Its id.
        outcomes: Of its attempts, in order.
        of: The photo that was edited.
        **more: As in :func:`turn`.
    """
    of = of or photo()
    made = turn(id_, image(f"photo {of.id}"), outcomes, **more)
    outcome = "accepted" if made.accepted else "discarded"
    return Sample.model_validate(
        {"id": id_, "kind": "single", "position": 0, "photo": of, "outcome": outcome, "turns": (made,)}
    )


def chain(id_: str, base: Sample, *turns: Iterable[AttemptOutcome], **more: Any) -> Sample:
    """Return a chain that goes on from a single.

    Args:
        id_: Its id.
        base: The single.
        *turns: For each further turn: the outcomes of its attempts.
        **more: As in :func:`turn`.
    """
    made = [base.turns[0]]
    for number, outcomes in enumerate(turns, 2):
        last = made[-1].accepted
        assert last is not None
        assert last.image is not None
        state = TurnState(changed=("the view",), refers_to="the hill")
        texts: dict[str, Any] = {"edit_type": "zoom_in", "state": state} | more
        made.append(turn(f"{id_} {number}", last.image, outcomes, **texts))
    outcome = "accepted" if sum(t.accepted is not None for t in made) > 1 else "discarded"
    facts = {"id": id_, "kind": "chain", "position": 0, "outcome": outcome, "base": base.id}
    return Sample.model_validate({**facts, "photo": base.photo, "turns": tuple(made)})


def small(text: str = "") -> MemoryDataset:
    """Return three photos, one of them discarded; two singles, one with rejected edits; chains that failed on the way.

    The single with rejected edits was judged by a panel.

    Args:
        text: Added to all that is written in words: instructions, rationales, names, and the photos' ids.
    """
    about = {"title": f"A hill{text}", "author": f"Ann{text}"} if text else {}
    other = f"P1{text}" if text else "p2"  # photos of one name, were it not for their case
    photos = [photo(f"p1{text}", **about), photo(other, url="https://x.org/2.jpg", **about), photo("p3", **about)]
    said: dict[str, Any] = (
        {"instruction": f"Warmer.{text}", "short": f"warm{text}", "rationale": f"Good.{text}"} if text else {}
    )
    plain = single("aa", of=photos[0], **said)
    tree = Region("Tree", 0.1, 0.2, 0.4, 0.9)
    hard = single(
        "bb", ["rejected", "unchanged", "rejected", "accepted"], of=photos[1], region=tree, panel=True, **said
    )
    failed = single("cc", ["rejected", "rejected"], of=photos[2], **said)
    long = chain("dd", plain, ["accepted"], ["rejected", "accepted"], ["rejected"], **said)
    short = chain("ee", plain, ["rejected"], **said)
    return MemoryDataset([plain, hard, failed, long, short])
