"""How many tasks of each type each group of like photos carries: a small transport problem, exactly solved."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import accumulate, pairwise

_ROUNDS = 16  # quotas are filled in this many, so that types that compete for the same photos run short alike


def allocate(
    quotas: list[int], eligible: list[list[int]], sizes: list[int], per_photo: int, offsets: list[int]
) -> list[list[int]]:
    """Return how many tasks of each type (first index) each group of like photos (second index) carries."""
    trial = _Allocation(eligible, sizes, per_photo, offsets)  # finds how many of each type there can be
    for done in range(1, _ROUNDS + 1):
        for t, quota in enumerate(quotas):
            trial.add(t, -(-quota * done // _ROUNDS) - sum(trial.used[t]))
    final = _Allocation(eligible, sizes, per_photo, offsets)  # spreads them, those with least choice first
    for t in sorted(range(len(quotas)), key=lambda t: sum(sizes[g] for g in eligible[t])):
        final.add(t, sum(trial.used[t]))
    return final.used


def apportion(total: int, shares: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion to ``shares`` by largest remainder; ties go to the earlier share."""
    whole = sum(shares)
    parts = [divmod(total * share, whole) for share in shares]
    counts = [count for count, _ in parts]
    by_remainder = sorted(range(len(shares)), key=lambda i: -parts[i][1])
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    return counts


def _spread(total: int, shares: Sequence[int], offset: int) -> list[int]:
    """Split ``total`` in proportion to ``shares``, each part rounded down or up as the offset falls.

    Unlike largest remainder, over many offsets the parts are proportional on average, however small the total.
    """
    whole = sum(shares) or 1  # nothing can be split over nothing
    reached = [(total * before + offset % whole) // whole for before in accumulate(shares, initial=0)]
    return [after - before for before, after in pairwise(reached)]


class _Allocation:
    """A transport problem, solved type by type.

    A type goes at most once on a photo, so at most ``sizes[g]`` times into group g; a group carries at most
    ``per_photo`` tasks for each of its photos. Any numbers within these bounds can be handed out in the group.
    """

    def __init__(self, eligible: list[list[int]], sizes: list[int], per_photo: int, offsets: list[int]) -> None:
        self.used = [[0] * len(sizes) for _ in eligible]
        self._eligible = eligible
        self._sizes = sizes
        self._room = [size * per_photo for size in sizes]
        self._offsets = offsets

    def add(self, t: int, amount: int) -> None:
        """Add tasks of a type in proportion to the room that groups have.

        Where none is left, tasks of other types move to groups that only they can use (augmenting paths:
        what does not fit then fits in no allocation that keeps what the others have).
        """
        groups = self._eligible[t]
        rooms = [min(self._sizes[g] - self.used[t][g], self._room[g]) for g in groups]
        direct = min(amount, sum(rooms))
        for g, count in zip(groups, _spread(direct, rooms, self._offsets[t]), strict=True):
            self.used[t][g] += count
            self._room[g] -= count
        amount -= direct
        while amount and (path := self._path(t)):
            amount -= self._push(path, amount)

    def _path(self, start: int) -> list[tuple[int, int]]:
        """Find the shortest way to make room for a type, breadth first.

        Returns:
            Pairs (type, group), the last of which is a group with room: each type gains in its group and,
            but for the first, loses in the group of the pair before. Empty if there is no way.
        """
        seen_types, seen_groups = {start}, set[int]()
        queue: deque[tuple[int, list[tuple[int, int]]]] = deque([(start, [])])
        while queue:
            t, path = queue.popleft()
            for g in self._eligible[t]:
                if g in seen_groups or self.used[t][g] == self._sizes[g]:
                    continue
                seen_groups.add(g)
                longer = [*path, (t, g)]
                if self._room[g]:
                    return longer
                leaving = [o for o, used in enumerate(self.used) if used[g] and o not in seen_types]
                seen_types.update(leaving)
                queue.extend((other, longer) for other in leaving)
        return []

    def _push(self, path: list[tuple[int, int]], amount: int) -> int:
        """Move as many tasks as the path allows, at most ``amount``; return how many."""
        moves = [(t, before) for (_, before), (t, _) in pairwise(path)]
        last = path[-1][1]
        moved = min(
            amount,
            self._room[last],
            *(self._sizes[g] - self.used[t][g] for t, g in path),
            *(self.used[t][before] for t, before in moves),
        )
        for t, g in path:
            self.used[t][g] += moved
        for t, before in moves:
            self.used[t][before] -= moved
        self._room[last] -= moved
        return moved
