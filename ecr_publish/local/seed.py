"""What-is, as one YAML: repositories and images that exist, findings that the scanner has, faults that happen.

What exists is made by `planting`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ecr_publish.config.complaints import Complaints
from ecr_publish.config.document import Map, Nothing, read, walk
from ecr_publish.config.kinds import Account, Region, RepositoryName, TagName, Words
from ecr_publish.errors import UsageError
from ecr_publish.local.faults import Fault, Kind
from ecr_publish.local.federation import AUDIENCE
from ecr_publish.local.scanner import ScriptedFinding


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"))


def _flag_or_exceptions(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


class Exceptions(_Frozen):
    """`immutable: {except: [latest]}`."""

    excepted: Words = Field(alias="except")


class SeededImage(_Frozen):
    """An image that exists: its tags, and a layout, or only a digest, or a small image of our own making."""

    tags: Annotated[tuple[TagName, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]
    digest: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")
    layout: str | None = None
    pushed: datetime | None = None


class SeededRepository(_Frozen):
    """A repository that exists."""

    account: Account
    region: Region
    name: RepositoryName
    immutable: Annotated[bool | Exceptions, BeforeValidator(_flag_or_exceptions)] = False
    images: tuple[SeededImage, ...] = ()


class SeededRegistry(_Frozen):
    """A registry that is set up otherwise than a new one."""

    account: Account
    region: Region
    scanning: Literal["basic", "enhanced"] = "basic"


class SeededFinding(_Frozen):
    """What the scanner finds in images of the repositories that match."""

    repository: str = "*"
    platform: str | None = None
    digest: str | None = None
    id: str
    severity: Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED", "UNTRIAGED"]
    package: str = ""
    version: str = ""
    fixed: str | None = None


class SeededFault(_Frozen):
    """What goes wrong: at the `index`-th request of `action`, `times` times."""

    kind: Kind
    index: int = 0
    action: str = "*"
    times: int = 1
    status: int = 500
    after: int = 0
    seconds: float = 0.0


class SeededIssuer(_Frozen):
    """An OpenID Connect issuer whose tokens AssumeRoleWithWebIdentity takes; `keys` is a file: a JWK set, or PEM."""

    url: str = Field(pattern=r"^https?://[^\s/]+(/\S*)?$")
    keys: str
    audiences: Words = (AUDIENCE,)


class SeededRole(_Frozen):
    """A role that trusts issuers: by its trust policy (a file), or one issuer, audience and pattern of subjects."""

    arn: str = Field(pattern=r"^arn:[\w-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+$")
    trust: str | None = None
    issuer: str | None = None
    audience: str = AUDIENCE
    subject: str = "*"


class SeededDenial(_Frozen):
    """What nobody, or nobody whose ARN matches, may do, as if no identity policy allowed it."""

    action: Annotated[str, Field(pattern=r"^(\*|[a-z][a-z-]*:[A-Za-z*?]+)$")]
    principal: str = "*"


class Seed(_Frozen):
    """The whole file; every part may be left out."""

    registries: tuple[SeededRegistry, ...] = ()
    repositories: tuple[SeededRepository, ...] = ()
    findings: tuple[SeededFinding, ...] = ()
    faults: tuple[SeededFault, ...] = ()
    issuers: tuple[SeededIssuer, ...] = ()
    roles: tuple[SeededRole, ...] = ()
    denials: tuple[SeededDenial, ...] = ()


def text_of(path: str) -> str:
    """The text of such a file, or of one that it names. Raises UsageError."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(what=f"cannot be read: {error}", where=path, hint="check the path") from error


def load_seed(content: str, file: str) -> Seed:
    """Read a seed, findings or faults file. Raises ConfigErrors with positions."""
    complaints = Complaints(file)
    tree = read(content, file)
    try:
        return Seed.model_validate(tree)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            _complain(each, tree, complaints)
    complaints.raise_if_any()
    raise AssertionError("unreachable: a validation error is a complaint")


def _complain(error: Any, tree: Map, complaints: Complaints) -> None:
    *_, value = walk(tree, error["loc"])
    name = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        *_, parent = walk(tree, error["loc"][:-1])
        at = parent.keys_at.get(error["loc"][-1], parent.at) if isinstance(parent, Map) else value.at
        complaints.add(at, f"there is no key {error['loc'][-1]!r} here", "`ecr-publish schema seed` shows all keys")
    elif isinstance(value, Nothing):
        complaints.add(value.at, f"{name} has no value", "give it one, or remove the key")
    else:
        said = error.get("ctx", {}).get("error") or error["msg"].lower()
        complaints.add(value.at, f"{name}: {said}", "`ecr-publish schema seed` shows what belongs here")


def schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    made = Seed.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ecr-publish seed", **made}


def findings(seed: Seed) -> tuple[ScriptedFinding, ...]:
    """The scanner's findings."""
    return tuple(ScriptedFinding(**each.model_dump()) for each in seed.findings)


def faults(seed: Seed) -> tuple[Fault, ...]:
    """The scripted faults."""
    return tuple(map(fault, seed.faults))


def fault(seeded: SeededFault) -> Fault:
    """One of them."""
    return Fault(**seeded.model_dump())


def denials(seed: Seed) -> tuple[tuple[str, str], ...]:
    """What is denied: globs of the principal's ARN and of the action."""
    return tuple((each.principal, each.action) for each in seed.denials)
