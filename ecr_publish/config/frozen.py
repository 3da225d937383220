"""Frozen: the base of all models of the file."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of all models here: frozen, unknown keys refused, field names with dashes in the file.

    A model's validator is built when it is first used: `Config`'s holds those of all the others. A default that is a
    model is therefore made by `model_construct`, which needs none.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,
    )
