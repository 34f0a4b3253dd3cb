"""Open Images at its true size: how long its files take to load, first and later, and in how much memory.

    python tests/benchmarks/open_images.py                    # 1.74 M photos, 8.9 M labels, 14.6 M boxes
    python tests/benchmarks/open_images.py --images 100000    # a small one, to look at
    python tests/benchmarks/open_images.py --folder DIR       # keep the drawn files, 2.5 GB, for another time

The files are drawn in the official formats, with as many labels and boxes for each photo as the training set has. The
source reads them into an empty cache, then again, and draws a sample with shares each time; both samples must be the
same. The baselines read the same files: pyarrow whole tables, Python's csv module rows that it drops. Every figure is
that of a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

TRAIN = 1_743_042
"""Photos of the training set that have boxes."""

LABELS, BOXES = 5.1, 8.4
"""Of a photo, on average."""

WAYS = ("draw", "first load", "later load", "later load", "pyarrow, whole tables", "csv module, rows dropped")
SHARES = {"text": 0.2, "person": 0.3, "objects": "rest"}
FILES = {"index": "train-images-boxable-with-rotation.csv", "labels": "labels.csv", "boxes": "boxes.csv"}
CLASSES = "classes.csv"


def draw(folder: Path, images: int) -> None:
    """Write the files."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    sys.path.insert(0, str(Path(__file__).parents[1]))
    import open_images_files as official

    random = np.random.default_rng(0)
    official.write_classes(folder / CLASSES)
    classes = pa.array([*official.CLASSES, *(f"/m/{number:06x}" for number in range(601 - len(official.CLASSES)))])
    numbers = random.permutation(
        np.unique(random.integers(0, 2**63, images + images // 1000, dtype=np.uint64))[:images]
    )
    ids = pa.array([f"{number * 2:016x}" for number in numbers.tolist()])
    kinds = [(0, 6, 0.45), (6, 11, 0.06)]  # of people, of text: first and last class, and the photos that have some
    having = {start: random.random(images) < share for start, _, share in kinds}

    def constant(value: object, count: int) -> pa.Array:
        return pa.repeat(pa.scalar(str(value)), count)

    def index() -> Iterator[pa.Table]:
        for start in range(0, images, 50_000):
            part = ids.slice(start, 50_000)
            texts = part.to_pylist()
            rows = [official.photo(identity) for identity in texts]
            yield pa.table({name: [str(row[name]) for row in rows] for name in official.INDEX})

    def described(mean: float) -> Iterator[tuple[pa.Array, pa.Array, int]]:
        for start in range(0, images, 100_000):
            part = ids.slice(start, 100_000)
            of = np.repeat(np.arange(len(part)), random.poisson(mean, len(part)))
            named = random.integers(11, 601, len(of))
            for first, last, _ in kinds:
                chosen = having[first][start + of] & (random.random(len(of)) < 0.6)
                named[chosen] = random.integers(first, last, int(chosen.sum()))
            yield part.take(pa.array(of)), classes.take(pa.array(named)), len(of)

    def labels() -> Iterator[pa.Table]:
        for photos, named, count in described(LABELS):
            right = pa.array(random.integers(0, 2, count)).cast(pa.string())
            values = [photos, constant("verification", count), named, right]
            yield pa.table(dict(zip(official.LABELS, values, strict=True)))

    def boxes() -> Iterator[pa.Table]:
        for photos, named, count in described(BOXES):
            low, extent = random.uniform(0, 0.6, (2, count)), random.uniform(0.05, 0.39, (2, count))
            corners = [pa.array(np.round(side, 6)) for side in (low[0], low[0] + extent[0], low[1], low[1] + extent[1])]
            flags = [pa.array((random.random(count) < 0.05).astype(int)) for _ in range(5)]
            values = [photos, constant("xclick", count), named, constant(1, count), *corners, *flags]
            yield pa.table(dict(zip(official.BOXES, values, strict=True)))

    for kind, tables in {"index": index(), "labels": labels(), "boxes": boxes()}.items():
        quoting = arrow_csv.WriteOptions(quoting_style="needed" if kind == "index" else "none")
        writer = None
        for table in tables:
            writer = writer or arrow_csv.CSVWriter(folder / FILES[kind], table.schema, write_options=quoting)
            writer.write_table(table)
        writer.close()


def load(folder: Path, sample: int) -> str:
    """Read the files, or what was kept of them; return what tells one sample from another."""
    from picofw.sources.open_images.source import OpenImages
    from picofw.types import Photo

    options = OpenImages.Options(
        **{kind: str(folder / name) for kind, name in FILES.items()},
        classes=str(folder / CLASSES),
        tags={
            "person": ["Person", "Man", "Woman", "Boy", "Girl", "Human face"],
            "text": ["Billboard", "Poster", "Book"],
        },
        shares=SHARES,
        sample=sample,
        cache=folder / "cache",
    )
    digest = hashlib.sha256()
    for item in OpenImages(options).photos():
        assert isinstance(item, Photo), item
        digest.update(item.model_dump_json().encode())
    return digest.hexdigest()


def whole(folder: Path, _: int) -> str:
    """Read each file into one table."""
    from pyarrow import csv as arrow_csv

    tables = [arrow_csv.read_csv(folder / name) for name in FILES.values()]
    return str(sum(len(table) for table in tables))


def rows(folder: Path, _: int) -> str:
    """Read each file row by row, and keep nothing."""
    count = 0
    for name in FILES.values():
        with (folder / name).open(encoding="utf-8", newline="") as file:
            count += sum(1 for _ in csv.reader(file))
    return str(count)


def one(way: str, folder: Path, number: int) -> dict[str, float | str]:
    """Go one way in a process of its own; return seconds, MB and what it found."""
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder), "--sample", str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def go(way: str, folder: Path, number: int) -> None:
    """Print what one way takes."""
    began, cpu = time.perf_counter(), time.process_time()
    ways = {"draw": draw, "pyarrow, whole tables": whole, "csv module, rows dropped": rows}
    found = ways.get(way, load)(folder, number)
    took = {"s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}
    print(json.dumps({**took, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "found": found}))


def main() -> None:
    """Parse the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=TRAIN)
    parser.add_argument("--sample", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        go(options.way, options.folder, options.sample)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / FILES["boxes"]).exists():
            one("draw", folder, options.images)
        for kept in (folder / "cache").glob("*"):
            kept.unlink()
        size = sum((folder / name).stat().st_size for name in FILES.values()) / 1e6
        print(f"{options.images:,} photos, files of {size:,.0f} MB; a sample of {options.sample:,}")
        print(f"{'':<28}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}")
        samples = set()
        for way in WAYS[1:]:
            figures = one(way, folder, options.sample)
            print(f"{way:<28}" + "".join(f"{figures[key]:>10.1f}" for key in ("s", "cpu_s", "mb")), flush=True)
            samples |= {figures["found"]} if "load" in way else set()
        print("the samples are the same" if len(samples) == 1 else "THE SAMPLES DIFFER")


if __name__ == "__main__":
    main()
