"""How long near-duplicates take to find, beside comparing every photo with every other.

    python tests/benchmarks/near_duplicates.py --photos 10000 100000

Hashes are those of random cuts of the bundled photos, a tenth of them encoded twice; their number is filled up with
random hashes. Printed for each number of photos and distance: how many are found, seconds, and bytes of memory a photo;
beside it the seconds that all pairs would take, from a part of them.
"""

from __future__ import annotations

import argparse
import io
import itertools
import random
import time
import tracemalloc
from pathlib import Path

from PIL import Image

import picofw
from picofw.screening import Neighbours, PhotoSettings, look

PHOTOS = Path(picofw.__file__).parent / "sources" / "photos"
SETTINGS = PhotoSettings(near_duplicates=4)


def cuts(count: int, numbers: random.Random) -> tuple[list[int], float]:
    """Hashes of random cuts of real photos, and the seconds that one look takes."""
    originals = [Image.open(path).convert("RGB") for path in sorted(PHOTOS.glob("*.jpg"))]
    hashes: list[int] = []
    seconds = 0.0
    while len(hashes) < count:
        original = numbers.choice(originals)
        side = numbers.randint(min(original.size) // 3, min(original.size))
        left, top = (numbers.randint(0, size - side) for size in original.size)
        cut = original.crop((left, top, left + side, top + side)).resize((1024, 1024))
        for quality in (90, 40) if numbers.random() < 0.1 else (90,):
            out = io.BytesIO()
            cut.save(out, "JPEG", quality=quality)
            started = time.perf_counter()
            hashes.append(look(out.getvalue(), SETTINGS).hash)
            seconds += time.perf_counter() - started
    return hashes, seconds / len(hashes)


def measured(hashes: list[int], distance: int) -> tuple[int, float, float]:
    started = time.perf_counter()
    neighbours = Neighbours(distance)
    found = sum(neighbours.meet(value, "x") is not None for value in hashes)
    seconds = time.perf_counter() - started
    tracemalloc.start()
    again = Neighbours(distance)
    for value in hashes[:10_000]:
        again.meet(value, "x")
    memory = tracemalloc.get_traced_memory()[0] / min(len(hashes), 10_000)
    tracemalloc.stop()
    return found, seconds, memory


def all_pairs(hashes: list[int], distance: int) -> float:
    part = hashes[:2000]
    started = time.perf_counter()
    sum((one ^ other).bit_count() <= distance for one, other in itertools.combinations(part, 2))
    return (time.perf_counter() - started) * (len(hashes) / len(part)) ** 2


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--cuts", type=int, default=2000)
    arguments = parser.parse_args()
    numbers = random.Random(0)
    real, look_s = cuts(arguments.cuts, numbers)
    print(f"a look at a JPEG of 1024 x 1024: {1000 * look_s:.1f} ms")
    print("| photos | distance | found | s | bytes a photo | s for all pairs |")
    for count in arguments.photos:
        hashes = real[:count] + [numbers.getrandbits(64) for _ in range(count - len(real))]
        for distance in (0, 4, 6):
            found, seconds, memory = measured(hashes, distance)
            print(
                f"| {count} | {distance} | {found} | {seconds:.1f} | {memory:.0f} | {all_pairs(hashes, distance):.0f} |"
            )


if __name__ == "__main__":
    main()
