"""``croissant.json`` of the ``hf`` format: the dataset for programs, in MLCommons' Croissant 1.0 and its RAI 1.0.

https://docs.mlcommons.org/croissant/docs/croissant-spec.html, croissant-rai-spec.html. The parquet files are named by
patterns relative to this file, so that it holds wherever the folder is copied to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from picofw.export.attribution import Attribution
from picofw.export.columns import IMAGE, Kind
from picofw.export.fields import SUBSETS, Fields
from picofw.export.stats import Figures
from picofw.rubric import Rubric

NAME = "croissant.json"
_TYPES = {"string": "sc:Text", "int64": "sc:Integer", "float64": "sc:Float", IMAGE: "sc:ImageObject"}
_MOST_LICENCES = 20
# As the specification gives it; keys are sorted.
_CONTEXT: Fields = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe(
    name: str,
    description: str,
    rubric: Rubric,
    figures: Figures,
    attribution: Attribution,
    columns: Mapping[str, Mapping[str, Kind]],
    limits: Sequence[str],
) -> Fields:
    """Return the metadata as JSON-LD.

    Args:
        name: The run's name.
        description: What the dataset is, in a sentence or two.
        rubric: What the judge was asked, and what its scores decided.
        figures: Figures of the dataset.
        attribution: The photos' licences.
        columns: What a row holds, by subset.
        limits: What the data is not good for.
    """
    subsets = [subset for subset in SUBSETS if figures.records[subset]]
    models = sorted({f"{provider}: {model}" for _, provider, model in figures.models})
    licences = [licence for licence, _ in attribution.licences.most_common(_MOST_LICENCES) if licence]
    accepted = sum(found.accepted for found in figures.types.values())
    asked = sum(found.turns for found in figures.types.values())
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": description,
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        **({"license": licences} if licences else {}),
        "keywords": ["image editing", "instruction following", "preference data", "multi-turn"],
        "isAccessibleForFree": True,
        "rai:dataCollection": "Photos were edited by models as other models instructed, and judged by a model.",
        "rai:machineAnnotationTools": models,
        "rai:dataAnnotationProtocol": [
            f"A judge scored each edit in [0, 1] on {', '.join(rubric.criteria)}; the rubric {rubric.name} accepted at "
            f"{rubric.threshold:g} or more ({rubric.aggregation.replace('_', ' ')})."
        ],
        "rai:dataAnnotationAnalysis": [f"{accepted} of {asked} instructions ended with an accepted edit."],
        "rai:dataLimitations": list(limits),
        "distribution": [_file_set(subset) for subset in subsets],
        "recordSet": [_record_set(subset, columns[subset], figures.records[subset]) for subset in subsets],
    }


def _file_set(subset: str) -> Fields:
    return {
        "@type": "cr:FileSet",
        "@id": f"{subset}-files",
        "name": f"{subset}-files",
        "encodingFormat": "application/x-parquet",
        "includes": f"{subset}/*.parquet",
    }


def _record_set(subset: str, columns: Mapping[str, Kind], records: int) -> Fields:
    return {
        "@type": "cr:RecordSet",
        "@id": subset,
        "name": subset,
        "description": f"{records} records.",
        "key": {"@id": f"{subset}/id"},
        "field": [
            _split(subset),
            *(field for name, kind in columns.items() for field in _fields(subset, name, kind)),
        ],
    }


def _split(subset: str) -> Fields:
    """Return the field that says whether a record is for training or a test; its file's name does."""
    source = {
        "fileSet": {"@id": f"{subset}-files"},
        "extract": {"fileProperty": "filename"},
        "transform": {"regex": "^(train|test)-.*$"},
    }
    full = f"{subset}/split"
    return {"@type": "cr:Field", "@id": full, "name": full, "dataType": "sc:Text", "source": source}


def _fields(subset: str, name: str, kind: Kind) -> Iterator[Fields]:
    """Yield the field of a column; none for a list of structs, which Croissant 1.0 has no words for."""
    one = kind[0] if isinstance(kind, list) else kind
    if isinstance(kind, Mapping):
        parts = {part: child for part, child in kind.items() if isinstance(child, str)}
        children = [_field(subset, f"{name}/{part}", child, name, part) for part, child in parts.items()]
        yield {"@type": "cr:Field", "@id": f"{subset}/{name}", "name": f"{subset}/{name}", "subField": children}
    elif isinstance(one, str):
        field = _field(subset, name, one, name, "bytes" if one == IMAGE else None)
        yield {**field, "repeated": True} if isinstance(kind, list) else field


def _field(subset: str, name: str, kind: str, column: str, part: str | None) -> Fields:
    source: dict[str, Any] = {"fileSet": {"@id": f"{subset}-files"}, "extract": {"column": column}}
    if part is not None:
        source["transform"] = {"jsonPath": part}
    full = f"{subset}/{name}"
    return {"@type": "cr:Field", "@id": full, "name": full, "dataType": _TYPES[kind], "source": source}
