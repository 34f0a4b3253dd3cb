"""Files in the official formats of Open Images: small ones around the bundled photos, and large ones that are drawn."""

from __future__ import annotations

import csv
import gzip
import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

INDEX = (
    "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,OriginalSize,OriginalMD5,"
    "Thumbnail300KURL,Rotation"
).split(",")
LABELS = "ImageID,Source,LabelName,Confidence".split(",")
BOXES = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
).split(",")
CLASSES = {
    "/m/01g317": "Person",
    "/m/04yx4": "Man",
    "/m/03bt1vf": "Woman",
    "/m/01bl7v": "Boy",
    "/m/05r655": "Girl",
    "/m/0dzct": "Human face",
    "/m/01knjb": "Billboard",
    "/m/01mqdt": "Traffic sign",
    "/m/02pv19": "Stop sign",
    "/m/01n5jq": "Poster",
    "/m/0bt_c3": "Book",
    "/m/0bt9lr": "Dog",
    "/m/01yrx": "Cat",
    "/m/02wbm": "Food",
}
LABEL = {name: label for label, name in CLASSES.items()}
LICENSE = "https://creativecommons.org/licenses/by/2.0/"


def photo_id(name: str) -> str:
    """An id as Open Images has them, from any text."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def photo(identity: str, **more: Any) -> dict[str, Any]:
    """A row of an index."""
    return {
        "ImageID": identity,
        "Subset": "train",
        "OriginalURL": f"https://farm8.staticflickr.com/7404/{identity}_o.jpg",
        "OriginalLandingURL": f"https://www.flickr.com/photos/somebody/{identity}",
        "License": LICENSE,
        "AuthorProfileURL": "https://www.flickr.com/people/somebody/",
        "Author": f"Author of {identity}",
        "Title": f'A "title", of {identity}',
        "OriginalSize": 1_234_567,
        "OriginalMD5": "0I1e+mPeJiiu27FBhFVDDA==",
        "Thumbnail300KURL": f"https://c4.staticflickr.com/8/{identity}_z.jpg",
        "Rotation": "0.0",
        **more,
    }


def label(identity: str, name: str, confidence: float = 1) -> dict[str, Any]:
    """A row of labels."""
    return {"ImageID": identity, "Source": "verification", "LabelName": LABEL[name], "Confidence": confidence}


def box(identity: str, name: str, x0: float, y0: float, x1: float, y1: float, **flags: int) -> dict[str, Any]:
    """A row of boxes."""
    corners = {"XMin": x0, "XMax": x1, "YMin": y0, "YMax": y1}
    unset = dict.fromkeys(("IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside"), 0)
    return {
        "ImageID": identity,
        "Source": "xclick",
        "LabelName": LABEL[name],
        "Confidence": 1,
        **corners,
        **unset,
    } | flags


def write(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write a CSV file, with gzip where its name ends so, and return its path."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def write_classes(path: Path) -> str:
    """Write the class descriptions, and return their path."""
    rows = ({"LabelName": label, "DisplayName": name} for label, name in CLASSES.items())
    return write(path, ("LabelName", "DisplayName"), rows)


def write_bundled(folder: Path, photos: Path, known: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Write the bundled photos as files named by ids, with index, labels, boxes and classes; return the options.

    Args:
        folder: Where to.
        photos: The bundled photos.
        known: What their ``metadata.jsonl`` says, by the names of the files.
    """
    (folder / "images").mkdir(parents=True)
    index, labels, boxes = [], [], []
    for name, line in sorted(known.items()):
        identity = photo_id(name)
        shutil.copy(photos / name, folder / "images" / f"{identity}.jpg")
        told = {"Author": line["author"], "Title": line["title"], "License": line["license"]}
        index.append(photo(identity, **told))
        if "person" in line["tags"]:
            boxes.append(box(identity, "Person", 0.25, 0.1, 0.75, 0.9))
        else:
            labels += [label(identity, each, 0) for each in ("Person", "Man", "Woman", "Boy", "Girl", "Human face")]
        if "text" in line["tags"]:
            labels.append(label(identity, "Poster"))
        labels.append(label(identity, "Food" if len(name) % 2 else "Dog"))
    return {
        "index": write(folder / "train-images-boxable-with-rotation.csv", INDEX, index),
        "labels": write(folder / "oidv7-train-annotations-human-imagelabels.csv.gz", LABELS, labels),
        "boxes": write(folder / "oidv6-train-annotations-bbox.csv", BOXES, boxes),
        "classes": write_classes(folder / "oidv7-class-descriptions-boxable.csv"),
        "images": str(folder / "images"),
    }
