"""Verdicts of further judges on edits that a run has made, and what stress tests found of judges."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic_core import from_json

from picofw.cost import to_pico
from picofw.database import Database
from picofw.records import Opinion, by_label
from picofw.store.schema import JudgeRow, StressRow, VerdictRow


class Verdicts(Database):
    """The further judges of a workspace's runs; a run's own judge is in its samples."""

    async def add_judge(self, run: str, judge: JudgeRow) -> None:
        """Commit who a label stands for.

        Args:
            run: The run's name.
            judge: The label, and what it stands for; an earlier meaning is replaced.
        """
        await self.write(("INSERT OR REPLACE INTO judges VALUES(?,?,?,?,?,?)", (run, *judge)))

    def judges(self, run: str) -> list[JudgeRow]:
        """Return the further judges of a run, by label.

        Args:
            run: The run's name.
        """
        rows = self.reader.execute(
            "SELECT judge, provider, model, options, families FROM judges WHERE run=? ORDER BY judge", (run,)
        )
        return [JudgeRow(*row) for row in rows]

    async def add_stress(self, stress: StressRow) -> None:
        """Commit what a stress test found.

        Args:
            stress: The judge, the edits, and the figures.
        """
        options, run, rubric, judge, found, at = stress
        values = (options, run, rubric, judge, json.dumps(found), at)
        await self.write(("INSERT OR REPLACE INTO stresses VALUES(?,?,?,?,?,?)", values))

    def stresses(self, options: str) -> list[StressRow]:
        """Return what stress tests of this workspace found of a judge, the latest first.

        Args:
            options: Digest of the judge's options.
        """
        rows = self.reader.execute(
            "SELECT options, run, rubric, judge, found, at FROM stresses WHERE options=? ORDER BY at DESC", (options,)
        )
        return [StressRow(*row)._replace(found=json.loads(row[4])) for row in rows]

    async def add_verdict(self, run: str, verdict: VerdictRow) -> None:
        """Commit a verdict; a later one of the same judge on the same edit replaces it.

        Args:
            run: The run's name.
            verdict: The verdict.
        """
        edit, judge, digest, status, scores, rationale, at, cost, members = verdict
        said = json.dumps({name: opinion.model_dump(mode="json") for name, opinion in members.items()})
        values = (run, edit, judge, digest, status, json.dumps(scores), rationale, at, cost, said)
        await self.write(("INSERT OR REPLACE INTO verdicts VALUES(?,?,?,?,?,?,?,?,?,?)", values))

    def judged(self, run: str, judge: str) -> set[str]:
        """Return the ids of the edits that a further judge has answered for.

        Args:
            run: The run's name.
            judge: The judge's label.
        """
        return {
            row[0] for row in self.reader.execute("SELECT edit FROM verdicts WHERE run=? AND judge=?", (run, judge))
        }

    def verdicts(self, run: str) -> Iterator[tuple[str, str, dict[str, float], int | None]]:
        """Yield (edit, judge, scores, pico-dollars) of what further judges answered, and the members of panels.

        Who gave no usable answer has no scores. A panel's cost is that of its members, who go by ``PANEL/MEMBER``.

        Args:
            run: The run's name.
        """
        for edit, judge, scores, cost, members in self.reader.execute(
            "SELECT edit, judge, scores, COALESCE(cost, (SELECT cost FROM calls WHERE digest=v.digest)), members "
            "FROM verdicts AS v WHERE run=?",
            (run,),
        ):
            yield edit, judge, from_json(scores), cost
            if members == "{}":
                continue
            for label, opinion in by_label(judge, _opinions(members)):
                yield edit, label, opinion.scores, to_pico(opinion.call.cost_usd)


def _opinions(text: str) -> dict[str, Opinion]:
    return {name: Opinion.model_validate(value) for name, value in from_json(text).items()}
