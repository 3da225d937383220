"""Fields: the names that models have in the file, and mappings of the file laid over each other."""

from __future__ import annotations

from pydantic import BaseModel

from ecr_publish.config.complaints import Complaints
from ecr_publish.config.document import Map, Tree


def keys(kind: type[BaseModel], *without: str) -> tuple[str, ...]:
    """The names that a model's fields have in the file."""
    return tuple(field.alias or name for name, field in kind.model_fields.items() if name not in without)


def known(value: Tree, complaints: Complaints, kind: type[BaseModel], what: str) -> None:
    """Complain of keys that the model does not have, if it is a mapping at all."""
    if isinstance(value, Map):
        complaints.unknown_keys(value, keys(kind), what)


def merged(low: Map, high: Map) -> Map:
    """Both mappings, `high` winning: mappings are merged all the way down, lists and scalars are replaced."""
    made = Map(high.at)
    for source in (low, high):
        for key, value in source.items():
            both = isinstance(made.get(key), Map) and isinstance(value, Map)
            made.put(key, merged(made[key], value) if both else value, source.keys_at[key])
    return made
