"""What a report says, section by section, in the order of the page.

A further section is a function from :class:`Facts` to a :class:`Section`, and a line in :func:`sections`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from picofw.export.content import CATEGORIES
from picofw.report import charts
from picofw.report.collect import STAGES, Tally, wilson
from picofw.report.trust import Check
from picofw.rubric import Rubric
from picofw.taxonomy import Taxonomy

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_STAGE_NAMES = {
    "instructed": "got an instruction",
    "edited": "were edited",
    "checked": "passed the checks",
    "judged": "were judged",
    "accepted": "were accepted",
}


@dataclass(frozen=True)
class Facts:
    """All that sections are made from.

    Attributes:
        templates: The report's templates.
        run: The run's name.
        settings: Its settings.
        status: What ``picofw status --json`` says of it.
        reused: By role: calls that other runs had paid for, and what they cost in USD (None: not known).
        tally: What was counted over its samples.
        checks: What was checked of its judge.
    """

    templates: Environment
    run: str
    settings: dict[str, Any]
    status: dict[str, Any]
    reused: dict[str, tuple[int, Decimal | None]]
    tally: Tally
    checks: Sequence[Check] = ()

    @property
    def taxonomy(self) -> Taxonomy:
        """The run's edit types."""
        return Taxonomy.model_validate(self.settings["taxonomy"])

    @property
    def rubric(self) -> Rubric:
        """The run's rubric."""
        return Rubric.model_validate(self.settings["rubric"])

    def fill(self, template: str, **values: object) -> Markup:
        """Return a template with these values in it; it sees the facts as ``facts``, and ``words`` and ``dollars``.

        Args:
            template: Its file.
            **values: By name.
        """
        from markupsafe import Markup

        return Markup(self.templates.get_template(template).render(facts=self, words=words, dollars=dollars, **values))  # noqa: S704  # escaped by it


class Section(NamedTuple):
    """A part of the page.

    Attributes:
        id: What links to it end with.
        title: Its heading, and its name in the menu.
        body: What stands under the heading.
    """

    id: str
    title: str
    body: Markup


def sections(facts: Facts) -> Iterator[Section]:
    """Yield the sections that come after the overview and the gallery.

    Args:
        facts: What is known of the run.
    """
    yield Section("funnel", "From plan to data", _funnel(facts))
    yield Section("success", "Success by edit type", _success(facts))
    yield Section("composition", "Composition", _composition(facts))
    yield Section("scores", "Scores", _scores(facts))
    yield Section("trust", "How far to trust this judge", facts.fill("trust.html", checks=facts.checks))
    yield Section("failures", "Failures", _failures(facts))
    yield Section("cost", "Cost", _cost(facts))


def _funnel(facts: Facts) -> Markup:
    kinds = []
    for kind, name in (("single", "single edits"), ("chain", "chains")):
        planned = sum(facts.status[f"{kind}s"].values())
        if not planned:
            continue
        stages = facts.tally.stages[kind]
        rows = [("planned", planned), *((_STAGE_NAMES[stage], stages[stage]) for stage in STAGES)]
        chart = charts.bars(
            [(label, count, f"{count:,} ({count / planned:.0%})") for label, count in rows],
            label=f"Of {planned:,} planned {name}: " + ", ".join(f"{count:,} {label}" for label, count in rows[1:]),
        )
        rest = {key: count for key, count in facts.status[f"{kind}s"].items() if key != "accepted"}
        kinds.append({"name": name, "chart": chart, "rest": rest})
    return facts.fill("funnel.html", kinds=kinds)


def _success(facts: Facts) -> Markup:
    taxonomy, types = facts.taxonomy, facts.tally.figures.types
    rows = []
    for slug in (slug for slug in taxonomy.types if slug in types):
        entry, found = taxonomy.types[slug], types[slug]
        interval = wilson(found.accepted, found.turns)
        rows.append(
            (slug, found, charts.Rate(words(slug), found.accepted / found.turns, *interval, entry.success_rate))
        )
    rows.sort(key=lambda row: -row[2].found)
    drawn = [rate for *_, rate in rows]
    chart = charts.rates(drawn, label="Success rates with 95 % intervals; the table has the numbers") if rows else None
    return facts.fill("success.html", rows=rows, chart=chart)


def _composition(facts: Facts) -> Markup:
    taxonomy, types = facts.taxonomy, facts.tally.figures.types
    accepted, asked = Counter[str](), Counter[str]()
    for slug, found in types.items():
        accepted[taxonomy.types[slug].category] += found.accepted
        asked[taxonomy.types[slug].category] += found.turns
    order = list(dict.fromkeys(entry.category for entry in taxonomy.types.values() if asked[entry.category]))
    by_category = [(category, accepted[category], asked[category]) for category in order]
    by_type = [
        (words(slug), types[slug].accepted, types[slug].turns)
        for category in order
        for slug, entry in taxonomy.types.items()
        if entry.category == category and slug in types
    ]
    return facts.fill(
        "composition.html",
        categories=charts.parts(by_category, label="Accepted edits by category") if order else None,
        types=charts.parts(by_type, label="Accepted edits by edit type") if order else None,
        content=_content(facts.tally.figures.content, accepted.total()),
    )


def _content(found: Mapping[str, int], accepted: int) -> Markup | None:
    if not accepted:
        return None
    rows = sorted(((name, found.get(name, 0)) for name in CATEGORIES), key=lambda row: -row[1])
    told = [(name, count, f"{count:,} ({count / accepted:.0%})") for name, count in rows]
    words = ", ".join(f"{name} {said}" for name, _, said in told)
    return charts.bars(told, label=f"Accepted edits by what they are about: {words}")


def _scores(facts: Facts) -> Markup:
    found, rubric = facts.tally.histograms, facts.rubric
    names = {"score": "score in all"} | {name: words(name) for name in rubric.criteria}
    drawn = {title: found[name] for name, title in names.items() if name in found}
    chart = charts.histograms(drawn, label="Number of judged edits by score, for each criterion") if drawn else None
    return facts.fill("scores.html", chart=chart, rubric=rubric)


def _failures(facts: Facts) -> Markup:
    attempts = {name: count for name, count in facts.tally.figures.outcomes.most_common() if name != "accepted"}
    samples = facts.tally.outcomes["single"] + facts.tally.outcomes["chain"]
    return facts.fill(
        "failures.html",
        attempts=attempts,
        samples={name: count for name, count in samples.most_common() if name != "accepted"},
        failed=facts.tally.failed.most_common(),
        rejected=facts.tally.figures.outcomes["rejected"],
        faults=facts.status["faults"],
    )


def _cost(facts: Facts) -> Markup:
    spend = facts.status["spend"]
    by: dict[str, defaultdict[str, Decimal]] = {key: defaultdict(Decimal) for key in ("role", "model", "edit type")}
    for row in spend["by"]:
        usd = Decimal(row["usd"] or 0)
        by["role"][row["role"]] += usd
        by["model"][row["model"]] += usd
        by["edit type"][words(row["edit_type"]) or "(none)"] += usd
    paid = {title: _spent_on(title, sums) for title, sums in by.items() if Decimal(spend["usd"])}
    return facts.fill("cost.html", spend=spend, charts=paid)


def _spent_on(title: str, sums: Mapping[str, Decimal]) -> Markup:
    rows = sorted(sums.items(), key=lambda row: -row[1])
    words = ", ".join(f"{name} {dollars(usd)}" for name, usd in rows)
    return charts.bars([(name, float(usd), dollars(usd)) for name, usd in rows], label=f"USD by {title}: {words}")


def words(name: str) -> str:
    """Return the name of an edit type, a criterion or an outcome as it is read.

    Args:
        name: Words joined by underscores.
    """
    return name.replace("_", " ")


def dollars(usd: Decimal | str | None) -> str:
    """Return an amount as it is read: cents where it is dollars, four digits where it is less; None is not known.

    Args:
        usd: USD.
    """
    if usd is None:
        return "not known"
    amount = Decimal(usd)
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.4f}"
