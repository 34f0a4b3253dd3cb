"""The base of formats for trainers that read image files and a table; what is known of each record lies beside it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from picofw.export.fields import file_stem, sample_fields
from picofw.export.folder import PROVENANCE, Folder
from picofw.export.options import TextOptions
from picofw.export.selection import Example, edited, examples, taxonomy_of
from picofw.providers import Dataset, Exporter
from picofw.records import Sample
from picofw.taxonomy import Taxonomy


class Trainer(Exporter):
    """A format of single edits, or of pairs of an accepted and a rejected one; chains are left out.

    A follow-up's instruction may refer to what an earlier one said, so that no turn but the first stands alone.
    """

    format: ClassVar[str]
    subset: ClassVar[str] = "sft"
    """``sft`` for edits, ``preference`` for pairs."""

    Options: ClassVar[type[TextOptions]] = TextOptions

    @abstractmethod
    def write(self, example: Example, out: Folder) -> None:
        """Write one record.

        Args:
            example: What it says.
            out: Where to write it.

        Raises:
            DamagedImage: A stored image is missing or damaged.
        """

    def export(self, dataset: Dataset, folder: Path) -> dict[str, int]:
        """Write a dataset, and ``provenance.jsonl``.

        Args:
            dataset: What to write.
            folder: An empty folder.

        Returns:
            The number of records.

        Raises:
            ConfigError: The options name an edit type that the run does not have.
            DamagedImage: A stored image is missing or damaged.
        """
        taxonomy = taxonomy_of(dataset, self.options)
        count, noted = 0, ""
        with Folder(dataset, self.options, folder) as out:
            for example in examples(dataset, self.options, self.subset):
                self.write(example, out)
                count += 1
                if example.sample.id != noted:  # a sample's examples follow each other
                    noted = example.sample.id
                    note(out, example.sample, example.split, [self.subset], taxonomy)
        return {self.subset: count}


def note(out: Folder, sample: Sample, split: str, subsets: Iterable[str], taxonomy: Taxonomy) -> None:
    """Write all that is known of a sample to ``provenance.jsonl``.

    Args:
        out: Where to write it.
        sample: A sample that has records.
        split: Where they are: ``train`` or ``test``.
        subsets: What they are.
        taxonomy: The run's edit types.
    """
    out.record(PROVENANCE, {"split": split, **sample_fields(sample, subsets, taxonomy)})


def save_source(example: Example, out: Folder) -> str:
    """Write the photo that an example starts from, once for all its examples, and return its path.

    Args:
        example: The example.
        out: Where to write it.
    """
    return out.save(f"images/source/{file_stem(example.sample.photo.id)}", example.turn.input)


def save_accepted(example: Example, out: Folder) -> str:
    """Write the accepted edit, once for all examples of its sample, and return its path.

    Args:
        example: The example.
        out: Where to write it.
    """
    return out.save(f"images/accepted/{file_stem(example.sample.id)}", edited(example.accepted))


def save_rejected(example: Example, out: Folder) -> str:
    """Write the rejected edit of a pair, once for all examples of its sample, and return its path.

    Args:
        example: A preference pair.
        out: Where to write it.
    """
    name = f"images/rejected/{file_stem(example.sample.id)}_attempt{example.loser.number}"
    return out.save(name, edited(example.loser))
