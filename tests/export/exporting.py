"""Exports as many samples as asked and prints the process's peak memory in MB; a script, to be measured alone."""

from __future__ import annotations

import random
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from export.made import Made, photo, single

from picofw.export import write
from picofw.export.hf import HuggingFace
from picofw.export.pico import Pico
from picofw.records import Sample
from picofw.types import ImageRef

IMAGE_BYTES = 20_000


class Many(Made):
    """Samples that are made when they are read."""

    def __init__(self, count: int) -> None:
        super().__init__([])
        self.count = count

    def samples(self) -> Iterator[Sample]:
        template = single("id", ["rejected", "accepted"], of=photo("p"))
        for number in range(self.count):
            of = template.photo.model_copy(update={"id": f"p{number}"})
            yield template.model_copy(update={"id": f"{number:020x}", "photo": of, "position": number})

    def read(self, image: ImageRef) -> bytes:
        return random.randbytes(IMAGE_BYTES)


format_, count, target = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
exporter = {"pico": Pico, "hf": HuggingFace}[format_]
summary = write(Many(count), exporter(exporter.Options()), target)
assert summary.bytes > count * 3 * IMAGE_BYTES
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
