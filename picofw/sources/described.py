"""What a dataset's columns or keys say of a photo, whatever they are called there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from picofw.types import Photo, Record

UNSAFE = "unsafe"
"""The label of photos that their source flags as not safe to show."""

_TEXTS = ("title", "author", "license", "url", "landing_url", "source")
_FLAGS = frozenset({"1", "true", "yes", "y", "nsfw", "unsafe"})


class Fields(Record):
    """The names under which a dataset keeps what is known of a photo; it need not have them.

    Attributes:
        id: A word or number that no other photo has, and that stays; empty: the photo's place in the dataset.
        title: What its author calls it.
        author: Who made it.
        license: URL or name of the licence.
        url: The image's original address.
        landing_url: The page that shows the photo.
        source: Name of the collection.
        tags: What the photo shows, of ``person`` and ``text``: a list of words, or words with commas between.
        labels: What its collection says that it shows: likewise.
        width: Pixels, of the photo held upright.
        height: Likewise.
        unsafe: Whether it is not safe to show: true, a probability of at least 0.5, or ``NSFW``; empty: no such field.
    """

    id: str = ""
    title: str = "title"
    author: str = "author"
    license: str = "license"
    url: str = "url"
    landing_url: str = "landing_url"
    source: str = "source"
    tags: str = "tags"
    labels: str = "labels"
    width: str = "width"
    height: str = "height"
    unsafe: str = ""

    def named(self) -> dict[str, str]:
        """Return the names that somebody chose, by what they are for; there may be no field of the other names."""
        usual = {name: field.default for name, field in type(self).model_fields.items()}
        return {name: given for name, given in self if given and given != usual[name]}

    def describe(self, values: Mapping[str, Any], identity: str, uri: str) -> Photo:
        """Return the photo.

        Args:
            values: What the dataset says of it.
            identity: Its id, if no field has one.
            uri: Where it is.

        Raises:
            ValueError: A value cannot be used; the message says which.
        """
        known: dict[str, Any] = {name: self._value(name, values) for name in (*_TEXTS, "id", "width", "height")}
        known = {name: value for name, value in known.items() if value not in (None, "")}
        known |= {name: str(known[name]) for name in (*_TEXTS, "id") if name in known}
        labels = self._words("labels", values) or ()
        if _flagged(self._value("unsafe", values)):
            labels = (*labels, UNSAFE)
        try:
            return Photo.model_validate(
                {"id": identity, **known, "uri": uri, "tags": self._words("tags", values), "labels": labels}
            )
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            raise ValueError(f"{getattr(self, name, name)}: {first['msg']} (found {first['input']!r})") from error

    def _value(self, name: str, values: Mapping[str, Any]) -> Any:
        return values.get(getattr(self, name))

    def _words(self, name: str, values: Mapping[str, Any]) -> tuple[str, ...] | None:
        value = self._value(name, values)
        if value is None:
            return None
        words = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
        if not all(isinstance(word, str | int | float) for word in words):
            raise ValueError(f"{getattr(self, name)}: words were expected (found {value!r})")
        return tuple(text for word in words if (text := str(word).strip()))


def _flagged(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in _FLAGS
    return value >= 0.5 if isinstance(value, float) else bool(value)
