"""Tag rules and flavors of a file, read where they stand: what is wrong whatever is built need not wait for a run."""

from __future__ import annotations

from collections.abc import Iterator

from ecr_publish.config.complaints import Complaints
from ecr_publish.config.document import Map, Sequence, Text
from ecr_publish.errors import ConfigError


def check_tags(tree: Map, complaints: Complaints) -> None:
    """A complaint for each line of `tags:` and `flavor:` that cannot be read, checked on the tree: told even where
    something else is wrong."""
    images = tree.get("images", ())
    for image in images if isinstance(images, Sequence) else ():
        for key in ("tags", "flavor"):
            for line in _lines(image, key):
                _read(key, line, complaints)


def _lines(image: object, key: str) -> Iterator[Text]:
    """A single text is a list of one, as to the model."""
    value = image.get(key) if isinstance(image, Map) else None
    for each in value if isinstance(value, Sequence) else (value,):
        if isinstance(each, Text):
            yield each


def _read(key: str, line: Text, complaints: Complaints) -> None:
    from ecr_publish.tags.wellformed import READERS

    try:
        READERS[key](line)
    except ConfigError as error:
        complaints.add(line.at, f"{key}: {line}: {error.what}", error.hint)
