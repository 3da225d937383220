"""Environments of the file: where images go."""

# Annotations are not postponed here: pydantic would compile each of the hundred texts again, in every command.

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from ecr_publish.config.frozen import Frozen
from ecr_publish.config.kinds import Account, Name, Region, Role, TagName
from ecr_publish.model.target import Create


class EcrEnvironment(Frozen):
    """Amazon ECR private: an account and one or more regions."""

    kind: Literal["ecr"] = "ecr"
    name: Name
    account: Account | None = None
    regions: tuple[Region, ...] = Field(min_length=1)
    role: Role | None = None
    profile: str | None = None
    prefix: str = ""
    pointer: TagName | None = None
    create: Create = Create.NEVER
    scan: Literal["edges", "always"] = "edges"

    @property
    def known_account(self) -> str | None:
        """The account that the file names: by `account:`, else in the ARN of `role:`. None where only the credentials
        know it."""
        return self.account or (self.role.split(":")[4] if self.role else None)


class PublicEnvironment(Frozen):
    """Amazon ECR Public (`registry: public`)."""

    kind: Literal["public"] = "public"
    name: Name
    alias: str
    role: Role | None = None
    profile: str | None = None
    prefix: str = ""
    pointer: TagName | None = None
    create: Create = Create.NEVER


class PlainEnvironment(Frozen):
    """Any OCI registry (`registry: host[:port]`): no AWS login, no scan."""

    kind: Literal["plain"] = "plain"
    name: Name
    registry: str
    prefix: str = ""
    pointer: TagName | None = None


Environment: TypeAlias = Annotated[EcrEnvironment | PublicEnvironment | PlainEnvironment, Field(discriminator="kind")]
