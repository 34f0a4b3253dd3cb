"""All figures of a calibration: who was asked, how far people agree, and what that makes of each judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from picofw.ablate.estimate import Estimate, Floats
from picofw.ablate.rules import aggregate, decide, floors_held, weights_of
from picofw.ablate.table import OWN, Table, load
from picofw.calibrate import fit
from picofw.calibrate.compare import agreement, curve, preferences, rates, reliability
from picofw.calibrate.people import People, majority, mean, one_and_others, people, rated_pairs
from picofw.calibrate.rules import (
    Decided,
    compared,
    fitted_by_type,
    fitted_pair_weights,
    fitted_threshold,
    fitted_weights,
    too_few,
)
from picofw.errors import ConfigError
from picofw.rubric import Rubric
from picofw.subsets import RunData
from picofw.workspace import Workspace

SCORE = "score"
"""Name of the score in all, beside the criteria."""

_GRID = [round(step / 50, 2) for step in range(51)]
Found = dict[str, Any]


def calibrate(workspace: Workspace, run: str, only: str | None = None) -> Found:
    """Hold every judge of a run against people.

    Args:
        workspace: Where the run is.
        run: Its name.
        only: Label of the one judge to hold; None: every judge.

    Returns:
        All figures, as JSON can hold them; what is not defined says why.

    Raises:
        ConfigError: Nobody has rated an edit of the run, or no judge has scored one.
    """
    store, data = workspace.store, RunData(workspace, run)
    rubric = Rubric.model_validate(data.settings["rubric"])
    ratings, choices = store.ratings(run), store.choices(run)
    if not ratings and not choices:
        raise ConfigError(
            f"nobody has rated an edit of run {run!r}: `picofw review {run}` asks people, "
            f"`picofw labels {run} --import FILE` brings what they said elsewhere"
        )
    table = load(workspace, [run])
    found = Calibration(table, people(table, ratings, choices), rubric)
    found.judges = [name for name in found.judges if only in (None, name)]
    if not found.judges:
        if silent := [name for name in found.silent if only in (None, name)]:
            raise ConfigError(
                f"no judge has scored an edit of run {run!r}: {'; '.join(silent)} was asked, and gave none a score; "
                f"`picofw rejudge {run} judge=NAME` asks another one"
            )
        raise ConfigError(f"no judge has scored an edit of run {run!r}: `picofw rejudge {run} judge=NAME` asks one")
    return {"run": run, "family_warning": data.family_warning, **found.figures()}


def chosen(found: Found, label: str | None) -> Found:
    """Return the figures of one judge.

    Args:
        found: What :func:`calibrate` returned.
        label: The judge's; None: the run's own, or the only one.

    Raises:
        ConfigError: There is no such judge, or it is not clear which one is meant.
    """
    by_label: dict[str, Found] = {judge["judge"]: judge for judge in found["judges"]}
    meant = label or (OWN if OWN in by_label else next(iter(by_label)) if len(by_label) == 1 else None)
    if meant not in by_label:
        problem = "which judge?" if meant is None else f"run {found['run']!r} has no judge {meant!r}:"
        raise ConfigError(f"{problem} --judge takes one of: {', '.join(by_label)}")
    return by_label[meant]


class Calibration:
    """A table of edits, what people said of them, and the rubric.

    Args:
        table: The edits with the scores of judges.
        said: What people said.
        rubric: The run's.

    Attributes:
        judges: Labels of the judges that scored an edit.
        silent: Labels of those that were asked and scored none.
    """

    def __init__(self, table: Table, said: People, rubric: Rubric) -> None:
        self.table, self.said, self.rubric = table, said, rubric
        self.columns = [number for number, name in enumerate(table.criteria) if name in rubric.criteria]
        self.criteria = tuple(table.criteria[number] for number in self.columns)
        self.quantities = (SCORE, *self.criteria)
        self.silent = [name for name in table.judges.names if np.isnan(table.judges.of(name)).all()]
        self.judges = [name for name in table.judges.names if name not in self.silent]
        self.truth, self.share = majority(said.decisions), mean(said.decisions)

    def figures(self) -> Found:
        """Return everything, as JSON can hold it."""
        with threadpool_limits(1):  # threads of BLAS would wait for each other longer than these small sums take
            return self._figures()

    def _figures(self) -> Found:
        found = {
            "rubric": {
                "name": self.rubric.name,
                "threshold": self.rubric.threshold,
                "aggregation": self.rubric.aggregation,
                "weights": {name: entry.weight for name, entry in self.rubric.criteria.items()},
            },
            "people": self._people(),
            "silent": self.silent,
            "judges": [self._judge(name) for name in self.judges],
        }
        plain: Found = _plain(found)
        return plain

    def _quantities(self, scores: Floats) -> Iterator[tuple[str, Floats]]:
        """Yield the score in all and each criterion, of scores of shape (edits, criteria)."""
        weights = weights_of(self.rubric, self.table.criteria)
        yield SCORE, aggregate(scores, weights, self.rubric.aggregation)
        yield from ((self.table.criteria[number], scores[:, number]) for number in self.columns)

    # --- people ---------------------------------------------------------------------------------------

    def _people(self) -> Found:
        said, photos = self.said, self.table.photos
        decided = ~np.isnan(self.truth)
        rated = ~np.isnan(said.scores).all(axis=(1, 2)) if said.raters else np.zeros(len(photos), dtype=bool)
        one, others, rows = one_and_others(said.decisions)
        return {
            "raters": {
                name: {
                    "rated": int((~np.isnan(said.scores[:, column])).any(axis=1).sum()),
                    "decided": int((~np.isnan(said.decisions[:, column])).sum()),
                    "accepted": int(np.nansum(said.decisions[:, column])),
                }
                for column, name in enumerate(said.raters)
            },
            "rated": int(rated.sum()),
            "decided": int(decided.sum()),
            "accepted": int(self.truth[decided].sum()),
            "split": int((~decided & ~np.isnan(said.decisions).all(axis=1)).sum()) if said.raters else 0,
            "photos": len(np.unique(photos[rated | decided])),
            "skipped": said.skipped,
            "pairs": {"asked": len(said.chosen.left), "raters": list(said.chosen.raters)},
            "agreement": self._among_people(),
            "decisions": rates(majority(others), one, photos[rows]),
            "choices": self._choices_among_people(),
        }

    def _among_people(self) -> dict[str, dict[str, Estimate]]:
        """Return how far one person agrees with the mean of the others: no judge can be asked for more."""
        one, others, rows = one_and_others(self.said.scores)
        found = {}
        rest = dict(self._quantities(mean(others)))
        for name, scores in self._quantities(one):
            found[name] = agreement(scores, rest[name], self.table.photos[rows])
        return found

    def _choices_among_people(self) -> Found:
        chosen = self.said.chosen
        one, others, rows = one_and_others(chosen.preferred)
        return preferences(mean(others), one, self.table.photos[chosen.left[rows]])

    # --- judges ---------------------------------------------------------------------------------------

    def _judge(self, name: str) -> Found:
        scores = self.table.judges.of(name)
        decided = self._decided(scores)
        clear = decided.part(~np.isnan(decided.truth))
        return {
            "judge": name,
            "scored": int((~np.isnan(scores).any(axis=1)).sum()),
            "decided": len(decided.share),
            "agreement": self._with_people(scores),
            "preferences": list(self._preferences(scores)),
            "threshold": fitted_threshold(decided),
            "line": fit.line(decided.open.scores, decided.open.share) if not too_few(decided) else None,
            "by_type": fitted_by_type(decided),
            "weights": fitted_weights(decided, self.criteria, self.rubric.aggregation),
            "pair_weights": self._pair_weights(scores),
            "rules": compared(decided, self.rubric.threshold, self.rubric.aggregation),
            "curve": curve(clear.truth, clear.scores, clear.held, _GRID) if len(clear.truth) else [],
            "reliability": reliability(decided.share, decided.scores) if len(decided.share) else [],
        }

    def _decided(self, scores: Floats) -> Decided:
        found, _ = decide(self.rubric, self.table.criteria, scores)
        rows = ~(np.isnan(self.share) | np.isnan(found))
        names, types = np.unique(self.table.types[rows], return_inverse=True)
        return Decided(
            truth=self.truth[rows],
            share=self.share[rows],
            criteria=scores[rows][:, self.columns],
            scores=found[rows],
            held=floors_held(self.rubric, self.table.criteria, scores)[rows],
            types=types.astype(np.intp),
            names=tuple(str(name) for name in names),
            photos=self.table.photos[rows],
        )

    def _with_people(self, scores: Floats) -> dict[str, dict[str, Estimate]]:
        rated = dict(self._quantities(mean(self.said.scores)))
        return {name: agreement(found, rated[name], self.table.photos) for name, found in self._quantities(scores)}

    def _preferences(self, scores: Floats) -> Iterator[Found]:
        """Yield how often the judge prefers what people prefer: by all of them, by each, and by their ratings."""
        chosen = self.said.chosen
        quantities = list(self._quantities(scores))
        asked = [("all", mean(chosen.preferred))]
        if len(chosen.raters) > 1:
            asked += [(name, chosen.preferred[:, column]) for column, name in enumerate(chosen.raters)]
        photos = self.table.photos[chosen.left]
        for who, reference in asked:
            for name, found in quantities:
                judged = found[chosen.left] - found[chosen.right]
                yield {"people": who, "quantity": name, **preferences(reference, judged, photos)}
        rated = dict(self._quantities(mean(self.said.scores)))
        for name, found in quantities:
            left, right = rated_pairs(self.table.turns, rated[name])
            reference, judged = (values[left] - values[right] for values in (rated[name], found))
            yield {"people": "ratings", "quantity": name, **preferences(reference, judged, self.table.photos[left])}

    def _pair_weights(self, scores: Floats) -> dict[str, Estimate]:
        """Return weights fitted to choices, where there are enough."""
        chosen = self.said.chosen
        preferred = mean(chosen.preferred)
        differences = (scores[chosen.left] - scores[chosen.right])[:, self.columns]
        rows = ~(np.isnan(preferred) | np.isnan(differences).any(axis=1))
        return fitted_pair_weights(
            differences[rows], (preferred[rows] + 1) / 2, self.table.photos[chosen.left[rows]], self.criteria
        )


def _plain(value: Any) -> Any:
    """Return figures as JSON can hold them."""
    if isinstance(value, Estimate):
        return asdict(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
