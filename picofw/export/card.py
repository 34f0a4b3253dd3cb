"""The dataset card of the ``hf`` format: what a reader must know before training on the data. Needs huggingface_hub."""

from __future__ import annotations

import re
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

import picofw
from picofw.export import croissant
from picofw.export.attribution import NAME as ATTRIBUTION
from picofw.export.attribution import Attribution
from picofw.export.content import CATEGORIES
from picofw.export.fields import SUBSETS
from picofw.export.markdown import linked, plain, table
from picofw.export.recipe import FOLDER, recipe
from picofw.export.stats import Figures
from picofw.rubric import Rubric
from picofw.taxonomy import Taxonomy
from picofw.types import Photo

_CC = re.compile(r"https?://creativecommons\.org/(?:licenses/([a-z-]+)|publicdomain/(zero))/(\d\.\d)/?.*")
# The Creative Commons licences that the hub knows by a name of its own.
_HUB = {
    *("cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
    *("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"),
    *("cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"),
}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_RECORDS = {
    "sft": "one photo, one instruction, one accepted edit",
    "preference": "the same, with the edits that were rejected before it",
    "multi_turn": "one photo and 2 or more instructions in a row, each with its accepted edit",
}
SUMMARY = (
    "Photos edited as instructed, made by the run `{name}` with picofw {version}. Every record says what was asked, "
    "who wrote, edited and judged it, with which seed, how each attempt scored, and whose photo it started from."
)
LIMITS = (
    '"Accepted" is one judge\'s opinion. Scores, success rates and preferences repeat its blind spots; nothing here '
    "was held against people's ratings.",
    "A rejected edit was rejected for some reason of the rubric, which may be small; see `attempts` for how far the "
    "two are apart.",
    "An edit may differ from its input in size, and slightly in aspect ratio.",
    "The instructions describe what a model saw in a photo, and may be wrong about it.",
    "Photos can show people. They did not ask to be edited; what is shown never happened.",
)


def write_card(name: str, settings: dict[str, Any], figures: Figures, attribution: Attribution) -> str:
    """Return the card as Markdown with its YAML header.

    Args:
        name: The run's name.
        settings: The run's settings.
        figures: Figures of the dataset.
        attribution: The photos' authors and licences.
    """
    taxonomy, rubric = Taxonomy.model_validate(settings["taxonomy"]), Rubric.model_validate(settings["rubric"])
    parts = [
        f"# {plain(name)}",
        SUMMARY.format(name=name, version=picofw.__version__),
        _usage(figures),
        _method(settings, figures, rubric),
        _edit_types(figures, taxonomy),
        _content(figures),
        _scores(figures, rubric),
        _COLUMNS,
        _licences(attribution),
        "## Limits\n\n" + "\n".join(f"- {limit}" for limit in LIMITS),
        _reproduction(settings),
    ]
    body = "\n\n".join(parts)
    return str(DatasetCard(f"---\n{_header(name, figures, attribution).to_yaml()}\n---\n\n{body}\n"))


def _header(name: str, figures: Figures, attribution: Attribution) -> DatasetCardData:
    return DatasetCardData(
        pretty_name=name,
        license=sorted({hub_licence(licence) for licence in attribution.licences}),
        task_categories=["image-to-image"],
        size_categories=[_size(figures.records.total())],
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        tags=["image-editing", "instruction-following", "preference", "multi-turn", "picofw"],
        configs=[
            {
                "config_name": subset,
                "data_files": [
                    {"split": split, "path": f"{subset}/{split}-*.parquet"}
                    for split in sorted(figures.splits[subset], reverse=True)  # train first: a viewer shows the first
                ],
            }
            for subset in SUBSETS
            if figures.records[subset]  # an empty one would not load
        ],
    )


def _size(records: int) -> str:
    return next((label for limit, label in _SIZES if records < limit), "1M<n<10M")


def hub_licence(licence: str) -> str:
    """Return what the hub calls a licence, or ``other``.

    Args:
        licence: URL or name of the licence.
    """
    found = _CC.fullmatch(licence.strip().lower())
    if found is None:
        return "other"
    kind, zero, version = found.groups()
    name = f"cc0-{version}" if zero else f"cc-{kind}-{version}"
    return name if name in _HUB else "other"


def _usage(figures: Figures) -> str:
    rows = [(f"`{name}`", f"{figures.records[name]:,}", _RECORDS[name]) for name in SUBSETS]
    lengths = ", ".join(f"{count:,} of {length}" for length, count in sorted(figures.lengths.items()))
    turns = f"\n\nChains by turns: {lengths}." if lengths else ""
    turns += f"\nOf these, {said}." if (said := figures.coreference.sentence()) else ""
    return f"""{table(("config", "records", "a record is"), rows)}{turns}

```python
from datasets import load_dataset

sft = load_dataset("path/or/name", "sft", split="train")
sft[0]["source_image"], sft[0]["instruction"], sft[0]["edited_image"]
```"""


def _method(settings: dict[str, Any], figures: Figures, rubric: Rubric) -> str:
    attempts, chains = settings.get("attempts", {}), settings.get("chains", {})
    again = " and is given the judge's rationale on the attempt before" if attempts.get("feedback") else ""
    floors = ", ".join(f"{name} {entry.floor:g}" for name, entry in rubric.criteria.items() if entry.floor)
    aggregation = rubric.aggregation.replace("_", " ")
    floor = f", and not below {floors}" if floors else ""
    models = [
        (role, plain(provider), plain(model), f"{count:,}")
        for (role, provider, model), count in sorted(figures.models.items())
    ]
    outcomes = ", ".join(f"{name} {count:,}" for name, count in sorted(figures.outcomes.items()))
    return f"""## How it was made

An instructor looked at the photo and wrote a long instruction of a planned edit type; it was rewritten as a person
would type it. An editor made the edit, up to {attempts.get("max", "several")} times{again}.
Free checks set aside what is undecodable, unchanged, blank or of another frame; a judge scored the rest on each
criterion. The first edit that the rubric accepted is the record's; the edits that it rejected before are the
preference data; without an accepted edit there is no record. A share of {chains.get("share", 0):g} of the accepted
edits was continued with further instructions, which could refer back.

The rubric `{plain(rubric.name)}` accepts at {rubric.threshold:g} or more ({aggregation}){floor}.

{table(("role", "provider", "model", "calls"), models)}

Attempts by outcome: {outcomes}."""


def _edit_types(figures: Figures, taxonomy: Taxonomy) -> str:
    rows = []
    for slug, entry in taxonomy.types.items():
        if slug in figures.types:
            found = figures.types[slug]
            score = f"{found.score / found.scored:.2f}" if found.scored else ""
            rate, attempts = f"{found.accepted / found.turns:.1%}", f"{found.attempts / found.turns:.2f}"
            published = "" if entry.success_rate is None else f"{entry.success_rate:.1%}"
            names = plain(entry.label), plain(entry.category)
            rows.append((*names, f"{found.turns:,}", f"{found.accepted:,}", rate, published, attempts, score))
    head = ("edit type", "category", "asked", "accepted", "success rate", "published", "attempts each", "mean score")
    return f"""## Edit types

The success rate is the share of instructions that ended with an edit which the judge accepted; turns of chains are
counted, those that a chain took over are not. Beside it the rate that was published for the type, of
Pico-Banana-400K (<https://arxiv.org/abs/2510.19808>) unless the run's taxonomy has others: by other models, judged by
another judge.

{table(head, rows)}"""


def _content(figures: Figures) -> str:
    accepted = sum(found.accepted for found in figures.types.values()) or 1
    rows = [(name, f"{figures.content[name]:,}", f"{figures.content[name] / accepted:.1%}") for name in CATEGORIES]
    return f"""## What the edits are about

Accepted edits whose long instruction has a word of a category, by a list of English words; an instruction can be in
several, or in none.

{table(("content", "accepted edits", "share"), rows)}"""


def _scores(figures: Figures, rubric: Rubric) -> str:
    rows = []
    for name, entry in rubric.criteria.items():
        good, good_sum, bad, bad_sum = figures.scores[name]
        means = (f"{good_sum / good:.2f}" if good else "", f"{bad_sum / bad:.2f}" if bad else "")
        rows.append((f"`{name}`", plain(entry.question, 1000), f"{entry.weight:g}", *means))
    head = ("criterion", "question", "weight", "mean, accepted", "mean, rejected")
    return f"## Scores\n\nAll are in [0, 1].\n\n{table(head, rows)}"


def _licences(attribution: Attribution) -> str:
    licences = attribution.licences.most_common(20)
    rows = [(linked(licence) or "(not stated)", f"{count:,}") for licence, count in licences]
    photos = [
        "- " + ", ".join(part for part in (f'"{plain(photo.title or photo.id)}"', *_credit(photo)) if part)
        for photo in attribution.first
    ]
    more = attribution.count - len(attribution.first)
    rest = [f"- … and {more:,} more in `{ATTRIBUTION}`"] if more else []
    return f"""## Licences and attribution

Each photo keeps its own licence, and what is derived from it is bound by that licence: author, title, licence and
page are in the column `photo` of every record, and once for each photo in `{ATTRIBUTION}`. Edited images are
changed versions of these photos. The terms of the models that wrote, edited and judged may bind the use of their
output as well.

{table(("licence", "photos"), rows)}

{chr(10).join([*photos, *rest])}"""


def _credit(photo: Photo) -> tuple[str, str, str]:
    author = f"by {plain(photo.author)}" if photo.author else "author not stated"
    return author, linked(photo.license) or "licence not stated", linked(photo.landing_url or photo.url)


_COLUMNS = """## Columns

| column | what it holds |
| --- | --- |
| `id` | stable: the same photo, edit type and run settings give the same one |
| `source_image` | the photo, upright |
| `edited_image`, `chosen_image`, `edited_images` | the accepted edit; of a chain: one for each turn |
| `mask_image`, `mask_images` | if exported: where an edit differs from its input, 255 changed and 0 not |
| `rejected_images`, `rejected_attempts` | the judged and rejected edits, and which of `attempts` each of them is |
| `instruction`, `instruction_short` | what the editor was given, and the same as a person would type it |
| `edit_type`, `edit_type_label`, `edit_category` | the edit type |
| `content` | what the long instruction is about: `people`, `animals`, `buildings` ... |
| `score`, `scores`, `rationale` | the judge's verdict on the accepted edit: in all, by criterion, and why |
| `disagreement` | of a panel of judges: how far its members' scores lie apart at most, by criterion |
| `attempts` | every attempt in order, those before the judge too: outcome, scores, who edited and judged, what each \
member of a panel said |
| `instructor`, `shortener`, `editor`, `judge` | who did it: provider, model, digest of all options and prompts, seed, \
cost in USD (null: not known), digest of the call |
| `turns` | of a chain: the columns above for each turn, and what an instruction refers back to |
| `base` | of a chain: `id` of the single edit that is its first turn |
| `photo` | where the photo comes from: title, author, licence, address, page, collection |
| `cost_usd` | what its calls cost; a chain's taken-over first turn left out; null: not known |"""


def _reproduction(settings: dict[str, Any]) -> str:
    text = f"picofw {picofw.__version__} made this dataset. `{croissant.NAME}` describes it for programs."
    if recipe(settings, picofw.__version__) is None:
        return f"## How to reproduce\n\n{text} How the edits came to be is not known: they were imported."
    return f"""## How to reproduce

{text} `{FOLDER}/` holds all settings that determine the data. Where the photos are is not among them
(`source.path=...`, where the source has it), nor are keys, prices and limits of the services that were asked:

```bash
pip install picofw=={picofw.__version__}
picofw run 'hydra.searchpath=[path/to/{FOLDER}]' preset=exported
```

Plans are drawn by a hash of the seed, so the same photos are given the same edit types. Models that are asked again may
answer otherwise; what a workspace has paid for once, it does not ask again."""
