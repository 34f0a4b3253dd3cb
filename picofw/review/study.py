"""One review: what is asked, in which order, and where the answers go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import ValidationError

from picofw.errors import ConfigError
from picofw.pixels import plain
from picofw.review.answers import Answer, PairAnswer, choice, rating
from picofw.review.cards import cards, public_id
from picofw.review.sample import Pair, all_pairs, disputes, draw, draw_pairs
from picofw.rubric import Rubric
from picofw.settings import explain
from picofw.store import Choice, Rating
from picofw.subsets import RunData, edits
from picofw.workspace import Workspace

__all__ = ["Mode", "Study"]


Mode = Literal["rate", "pairs"]


class Study:
    """A sample of a run's edits, or of pairs of them, that people are asked about.

    Nothing that leaves it tells of the judge, the editor, a score or an outcome.

    Args:
        workspace: Where the run is, and where answers go.
        run: The run's name.
        mode: Rate single edits, or choose the better one of pairs.
        size: How many to ask about.
        seed: Determines which.

    Raises:
        ConfigError: There is nothing to ask about.
    """

    def __init__(self, workspace: Workspace, run: str, mode: Mode, size: int, seed: int) -> None:
        self._workspace, self._run, self.mode = workspace, run, mode
        data = RunData(workspace, run)
        rubric = Rubric.model_validate(data.settings["rubric"])
        self._questions = rubric.questions()
        found = cards(edits(data.samples()))
        # Answers to whatever was asked before are welcome, be it by an earlier review with another sample.
        self._edits = {public_id(run, card.edit): card for card in found}
        self._pairs = {_pair_id(run, pair): pair for pair in all_pairs(found)}
        self._images = {image.sha256: image for card in found for image in (card.before, card.after)}
        if mode == "rate":
            disputed = disputes(found, rubric, workspace.store.verdicts(run))
            self.order = [public_id(run, card.edit) for card in draw(found, size, seed, rubric.threshold, disputed)]
        else:
            self.order = [_pair_id(run, pair) for pair in draw_pairs(self._pairs.values(), size, seed)]
        if not self.order:
            what = "edit that came to the judge" if mode == "rate" else "instruction with two different judged edits"
            raise ConfigError(f"run {run!r} has no {what} yet: there is nothing to review")

    def asked(self, rater: str) -> dict[str, Any]:
        """Return all that the browser needs: questions, tasks in order, and what this person answered before.

        Args:
            rater: Who asks.
        """
        show = self._show_edit if self.mode == "rate" else self._show_pair
        return {
            "study": public_id(self._run, self.mode),
            "mode": self.mode,
            "questions": [question.model_dump() for question in self._questions],
            "tasks": [show(task) for task in self.order],
            "answered": self._answered(rater),
        }

    def _show_edit(self, task: str) -> dict[str, str]:
        card = self._edits[task]
        return {
            "id": task,
            "instruction": card.instruction,
            "before": card.before.sha256,
            "after": card.after.sha256,
        }

    def _show_pair(self, task: str) -> dict[str, str]:
        left, right = self._pairs[task]
        return {
            "id": task,
            "instruction": left.instruction,
            "before": left.before.sha256,
            "left": left.after.sha256,
            "right": right.after.sha256,
        }

    def _answered(self, rater: str) -> dict[str, Any]:
        store = self._workspace.store
        if self.mode == "pairs":
            by_names = {(left.edit, right.edit): task for task, (left, right) in self._pairs.items()}
            rows = store.choices(self._run, rater)
            return {by_names[row.left, row.right]: {"choice": row.choice} for row in rows if row[:2] in by_names}
        return {
            public_id(self._run, row.edit): {"scores": row.scores, "accepted": row.accepted}
            for row in store.ratings(self._run, rater)
        }

    async def keep(self, sent: Any) -> None:
        """Commit an answer; returns when it is on disk.

        Args:
            sent: The browser's JSON.

        Raises:
            ConfigError: It is no answer to anything that is asked here.
            StoreError: It cannot be written now.
        """
        await self._workspace.store.add_answers(self._run, self._row(sent))

    def _row(self, sent: Any) -> Rating | Choice:
        model = Answer if self.mode == "rate" else PairAnswer
        try:
            answer = model.model_validate(sent)
        except ValidationError as error:
            raise ConfigError(explain(error, model)) from error
        now = datetime.now(UTC)
        if isinstance(answer, PairAnswer):
            return choice(answer, self._pairs, now)
        return rating(answer, self._edits, [question.name for question in self._questions], now)

    def picture(self, name: str) -> bytes | None:
        """Return the pixels of an image of this run as a PNG without metadata, or None if it has no such image.

        Args:
            name: The image's hash.

        Raises:
            DamagedImage: The stored bytes are missing or damaged.
        """
        image = self._images.get(name)
        return None if image is None else plain(self._workspace.blobs.read_now(image))


def _pair_id(run: str, pair: Pair) -> str:
    return public_id(run, *(card.edit for card in pair))
