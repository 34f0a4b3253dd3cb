"""The published files of Pico-Banana-400K, with unique file names, and what is known of each record beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from picofw.errors import ConfigError
from picofw.export import options
from picofw.export.fields import SUBSETS, Fields, file_stem, sample_fields
from picofw.export.folder import PROVENANCE, Folder
from picofw.export.selection import Selected, edited, selected, taxonomy_of
from picofw.providers import Dataset, Exporter
from picofw.records import Attempt, Sample, Turn
from picofw.taxonomy import Taxonomy

RECORDS = {"sft": "sft.jsonl", "preference": "preference.jsonl", "multi_turn": "multi-turn.jsonl"}
MANIFESTS = {name: f"{name}_manifest.txt" for name in RECORDS}

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\x00-\x20\x7f]+")


class Pico(Exporter):
    """Writes the files, folders and keys of the published dataset, and ``provenance.jsonl``."""

    format: ClassVar[str] = "pico"

    class Options(options.Options):
        """Options of the format.

        Attributes:
            include_source_images: Whether the photos are exported too, to ``images/source``.
            base_url: Put before each path in the three manifests: where the images will be hosted.
            masks: Whether each accepted edit gets a file in ``images/mask``: where it differs from its input. It is
                named in ``provenance.jsonl``.
        """

        include_source_images: bool = True
        base_url: str = ""
        masks: bool = False

    def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
        """Write a dataset.

        Args:
            dataset: What to write.
            folder: An empty folder.

        Returns:
            The number of records in each subset.

        Raises:
            ConfigError: Photos are left out, and one has no address; or the options name an unknown edit type.
            DamagedImage: A stored image is missing or damaged.
        """
        taxonomy = taxonomy_of(dataset, self.options)
        with Folder(dataset, self.options, folder) as out:
            for name in (*RECORDS.values(), *MANIFESTS.values(), PROVENANCE):
                out.text(name, "")  # also those that get no record
            writer = _Writer(out, self.options, taxonomy)
            for found in selected(dataset, self.options):
                if "sft" in found.subsets:
                    writer.single(found)
                else:
                    writer.chain(found)
        return writer.counts


class _Writer:
    """Writes one sample after the other."""

    def __init__(self, out: Folder, options: Pico.Options, taxonomy: Taxonomy) -> None:
        self.out, self.options, self.taxonomy = out, options, taxonomy
        self.counts = dict.fromkeys(SUBSETS, 0)

    def single(self, found: Selected) -> None:
        sample = found.sample
        turn, stem = sample.turns[0], file_stem(sample.id)
        assert turn.accepted is not None
        masks = self._masks([turn], f"images/mask/{stem}")
        written = {turn.accepted.number: self.out.save(f"images/positive-edit/{stem}", edited(turn.accepted))}
        source = self._source(sample)
        record = {
            "open_image_input_url": source["open_image_input_url"],
            "text": turn.instruction,
            "output_image": written[turn.accepted.number],
            "edit_type": self.taxonomy.types[turn.edit_type].label,
            "summarized_text": turn.short,
        }
        self._record("sft", record, [record["output_image"]])
        if "preference" in found.subsets:
            stem = f"images/negative-edit/{stem}"
            rejected = {a.number: self.out.save(f"{stem}_attempt{a.number}", edited(a)) for a in found.rejected}
            images = list(rejected.values())
            self._record("preference", {**record, "rejected_images": images}, [record["output_image"], *images])
            written |= rejected
        self._provenance(found, source, [written], masks)

    def chain(self, found: Selected) -> None:
        sample = found.sample
        turns, stem = sample.accepted_turns, file_stem(sample.id)
        written = []
        for number, turn in enumerate(turns, 1):
            assert turn.accepted is not None
            path = self.out.save(f"images/multi-turn/{stem}_turn{number}", edited(turn.accepted))
            written.append({turn.accepted.number: path})
        masks = self._masks(turns, *(f"images/mask/{stem}_turn{number}" for number in range(1, len(turns) + 1)))
        source = self._source(sample)
        images = [path for paths in written for path in paths.values()]
        ids = [f"edit_turn{number}" for number in range(1, len(images))] + ["final_image", "original_input_image"]
        urls = [*images, source["open_image_input_url"]]
        record = {
            "files": [{"id": id_, "url": url} for id_, url in zip(ids, urls, strict=True)],
            "metadata_edit_turn_prompts": [turn.instruction for turn in turns],
        }
        self._record("multi_turn", record, images)
        failed = len(sample.turns) - len(turns)  # the last turn may have no accepted edit
        self._provenance(found, source, [*written, *[{}] * failed], [*masks, *[None] * failed])

    def _masks(self, turns: Sequence[Turn], *stems: str) -> list[str | None]:
        """Write the mask of each turn's accepted edit, if they are asked for, and return the paths."""
        return [self.out.save_mask(*pair) if self.options.masks else None for pair in zip(stems, turns, strict=True)]

    def _source(self, sample: Sample) -> Fields:
        """Write the photo, once, and return where it is found."""
        photo, name = sample.photo, None
        if self.options.include_source_images:
            name = self.out.save(f"images/source/{file_stem(photo.id)}", sample.turns[0].input)
        url = photo.url if URL.fullmatch(photo.url) else name
        if url is None:
            raise ConfigError(
                f"photo {photo.id!r} has no address of its own, so its records would have no input: "
                "export with include_source_images=true"
            )
        return {"open_image_input_url": url, "source_image": name}

    def _record(self, subset: str, record: Fields, images: list[str]) -> None:
        self.counts[subset] += 1
        self.out.record(RECORDS[subset], record)
        for image in images:
            self.out.line(MANIFESTS[subset], self.options.base_url + image)

    def _provenance(
        self, found: Selected, source: Fields, written: list[dict[int, str]], masks: list[str | None]
    ) -> None:
        """Write all that is known of a sample; ``written`` has each turn's image files by attempt."""
        record = {**sample_fields(found.sample, found.subsets, self.taxonomy), **source}
        for turn, fields, paths, mask in zip(found.sample.turns, record["turns"], written, masks, strict=True):
            for attempt, entry in zip(turn.attempts, fields["attempts"], strict=True):
                entry["image"] = _image_fields(attempt, paths.get(attempt.number))
            accepted = turn.accepted.number if turn.accepted else 0
            fields |= {"output_image": paths.get(accepted), "input_sha256": turn.input.sha256, "mask": mask}
        self.out.record(PROVENANCE, record)


def _image_fields(attempt: Attempt, path: str | None) -> Fields | None:
    return None if attempt.image is None else {"file": path, **attempt.image.model_dump()}
