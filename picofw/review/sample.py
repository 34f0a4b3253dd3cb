"""Which edits people are asked about: those where an answer tells most, of every edit type. Pure."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Literal, TypeVar, get_args

from picofw.review.cards import Card, ordered
from picofw.rubric import Rubric

__all__ = ["NEAR", "Pair", "Stratum", "all_pairs", "disputes", "draw", "draw_pairs", "stratum"]

NEAR = 0.1
"""An edit is near the threshold if its score is closer to it than this."""

Stratum = Literal["disagreement", "near", "accepted", "rejected", "unjudged"]
"""Judges disagree; the score is near the threshold; clearly accepted; clearly rejected; no verdict."""

Pair = tuple[Card, Card]
"""Two edits of one photo by one instruction, the left one first."""

_TURNS: tuple[Stratum, ...] = ("near", "disagreement", "accepted", "near", "unjudged", "rejected")
_T = TypeVar("_T")


def stratum(card: Card, threshold: float, disputed: Collection[str] = frozenset()) -> Stratum:
    """Return the stratum that an edit belongs to.

    Args:
        card: The edit.
        threshold: The rubric's.
        disputed: Names of the edits that some judges accept and others do not.
    """
    if card.edit in disputed:
        return "disagreement"
    if card.score is None:
        return "unjudged"
    if abs(card.score - threshold) < NEAR:
        return "near"
    return "accepted" if card.accepted else "rejected"


def disputes(
    cards: Iterable[Card], rubric: Rubric, verdicts: Iterable[tuple[str, str, dict[str, float], int | None]]
) -> set[str]:
    """Return the names of the edits that the rubric accepts by the scores of one judge and rejects by another's.

    The members of a panel count as judges.

    Args:
        cards: All edits, with what the run's own judge made of them.
        rubric: The run's.
        verdicts: (edit, judge, scores, cost) of further judges; one that was asked other questions decides nothing.
    """
    decisions: dict[str, set[bool]] = {}
    for card in cards:
        decisions[card.edit] = {rubric.decide(scores).accepted for scores in card.members}
        if card.accepted is not None:
            decisions[card.edit].add(card.accepted)
    for edit, _, scores, _ in verdicts:
        if edit in decisions and scores.keys() == rubric.criteria.keys():
            decisions[edit].add(rubric.decide(scores).accepted)
    return {edit for edit, made in decisions.items() if len(made) > 1}


def draw(
    cards: Sequence[Card], size: int, seed: int, threshold: float, disputed: Collection[str] = frozenset()
) -> list[Card]:
    """Return a sample in the order in which everyone is asked, which tells nothing of the strata.

    The strata take turns, those near the threshold twice as often, and within each the edit types take turns. A
    larger sample of the same seed holds the smaller one.

    Args:
        cards: All edits.
        size: How many are wanted; where there are fewer, all are taken.
        seed: Determines the draw.
        threshold: The rubric's.
        disputed: Names of the edits that some judges accept and others do not.
    """
    of: dict[Stratum, list[Card]] = {name: [] for name in get_args(Stratum)}
    for card in cards:
        of[stratum(card, threshold, disputed)].append(card)
    queues = {name: _by_type(members, lambda card: card.edit_type, f"{seed} {name}") for name, members in of.items()}
    drawn = list(itertools.islice(_take_turns([queues[name] for name in _TURNS]), size))
    _shuffler(seed).shuffle(drawn)
    return drawn


def all_pairs(cards: Iterable[Card]) -> list[Pair]:
    """Return every pair of different attempts at one turn; which one stands left is settled by their names.

    Args:
        cards: All edits; attempts at one turn stand together.
    """
    turns = (list(members) for _, members in itertools.groupby(cards, key=lambda card: card.turn))
    return [
        (one, other) if ordered(one.edit, other.edit)[0] == one.edit else (other, one)
        for members in turns
        for one, other in itertools.combinations(members, 2)
        if one.after.sha256 != other.after.sha256
    ]


def draw_pairs(pairs: Iterable[Pair], size: int, seed: int) -> list[Pair]:
    """Return a sample of pairs in the order in which everyone is asked; edit types take turns.

    Args:
        pairs: What :func:`all_pairs` returned.
        size: How many are wanted; where there are fewer, all are taken.
        seed: Determines the draw.
    """
    drawn = list(itertools.islice(_by_type(pairs, lambda pair: pair[0].edit_type, f"{seed} pairs"), size))
    _shuffler(seed).shuffle(drawn)
    return drawn


def _by_type(items: Iterable[_T], edit_type: Callable[[_T], str], seed: object) -> Iterator[_T]:
    """Yield all items in a random order in which the edit types take turns."""
    queues: dict[str, list[_T]] = {}
    for item in items:
        queues.setdefault(edit_type(item), []).append(item)
    shuffled = [queues[slug] for slug in sorted(queues)]
    shuffler = _shuffler(seed)
    shuffler.shuffle(shuffled)
    for queue in shuffled:
        shuffler.shuffle(queue)
    return _take_turns([iter(queue) for queue in shuffled])


def _take_turns(queues: Sequence[Iterator[_T]]) -> Iterator[_T]:
    """Yield the next item of each queue in turn, until all are empty; a queue may stand in several places."""
    while taken := [item for queue in queues for item in itertools.islice(queue, 1)]:
        yield from taken


def _shuffler(seed: object) -> random.Random:
    return random.Random(str(seed))  # noqa: S311  # a reproducible draw, no secret
