"""What-is, as one YAML: repositories and images that exist, findings that the scanner has, faults that happen."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ecr_publish.config.complaints import Complaints
from ecr_publish.config.document import Map, Nothing, read, walk
from ecr_publish.config.kinds import Account, Region, RepositoryName, TagName, Words
from ecr_publish.errors import UsageError
from ecr_publish.local.faults import Fault, Kind
from ecr_publish.local.federation import AUDIENCE, Issuer, Trust, issuer, trust_policy
from ecr_publish.local.images import Images
from ecr_publish.local.records import Image, Registry, Repository
from ecr_publish.local.scanner import ScriptedFinding
from ecr_publish.oci.layout import open_layout
from ecr_publish.oci.manifest import OCI_MANIFEST


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


def plant(seed: Seed, ecr: Any, root: Path) -> None:
    """Make the repositories and images exist, and the roles trust whom they say; files are named from `root`.

    Raises BadImage for a layout that is none, UsageError for keys and policies that are none.
    """
    ecr.federation.issuers += [issuer(each.url, _text(root / each.keys), each.audiences) for each in seed.issuers]
    ecr.federation.roles += [_trust(role, ecr.federation.issuers, root) for role in seed.roles]
    for one in seed.registries:
        found: Registry = ecr.store.registry(one.account, one.region)
        found.scanning = {"scanType": one.scanning.upper(), "rules": []}
        ecr.store.save(found)
    for each in seed.repositories:
        registry: Registry = ecr.store.registry(each.account, each.region)
        repository = registry.repositories.get(each.name) or Repository(each.name, ecr.clock.now().timestamp())
        repository.scan_on_push = True
        match each.immutable:
            case Exceptions(excepted=patterns):
                repository.mutability, repository.exclusions = "IMMUTABLE_WITH_EXCLUSION", list(patterns)
            case True:
                repository.mutability = "IMMUTABLE"
        registry.repositories[each.name] = repository
        for image in each.images:
            _plant_image(image, ecr, registry, repository, root)
        ecr.store.save(registry, repository)


def _trust(role: SeededRole, issuers: list[Issuer], root: Path) -> Trust:
    if role.trust is not None:
        try:
            policy = json.loads(_text(root / role.trust))
        except ValueError as error:
            raise UsageError(
                what=f"this is no trust policy: {error}", where=role.trust, hint="it is a JSON document, as IAM has it"
            ) from error
        return Trust(role.arn, policy if isinstance(policy, dict) else {})
    trusted = next((each for each in issuers if each.url == role.issuer), None)
    if trusted is None:
        raise UsageError(
            what=f"role {role.arn} trusts {role.issuer or 'nobody'}, which is not among the issuers",
            where="roles",
            hint="give it `trust:`, or an `issuer:` that is listed under `issuers:`",
        )
    return Trust(role.arn, trust_policy(trusted, role.arn.split(":")[4], role.audience, role.subject))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(what=f"cannot be read: {error}", where=str(path), hint="check the path") from error


def _plant_image(seeded: SeededImage, ecr: Any, registry: Registry, repository: Repository, root: Path) -> None:
    if seeded.digest is not None and seeded.layout is None:
        moment = (seeded.pushed or ecr.clock.now()).timestamp()
        repository.images[seeded.digest] = Image(seeded.digest, OCI_MANIFEST, moment, has_content=False)
        digest = seeded.digest
    elif seeded.layout is not None:
        digest = _plant_layout(root / seeded.layout, ecr, registry, repository)
    else:
        digest = _plant_small(seeded, ecr, registry, repository)
    for tag in seeded.tags:
        repository.tags[tag] = digest
    if seeded.pushed is not None:
        repository.images[digest].pushed_at = seeded.pushed.timestamp()


def _plant_layout(path: Path, ecr: Any, registry: Registry, repository: Repository) -> str:
    layout, images = open_layout(path), ecr.images
    assert isinstance(images, Images)
    image = layout.closure(layout.root().digest)
    for blob in image.blobs:
        upload = ecr.store.contents.upload()
        for block in layout.blocks(blob):
            upload.write(bytes(block))
        repository.layers[str(ecr.store.contents.keep(upload))] = blob.size
    for document in (each for wave in image.waves for each in wave):
        images.put(registry, repository, document.body, document.media_type, None)
    return str(image.root.digest)


def _plant_small(seeded: SeededImage, ecr: Any, registry: Registry, repository: Repository) -> str:
    """An image that differs by its tags, so that each seeded one has a digest of its own."""
    layer, config = (", ".join(seeded.tags)).encode(), json.dumps({"os": "linux", "rootfs": {"diff_ids": []}}).encode()
    parts = []
    for body, kind in (
        (config, "application/vnd.oci.image.config.v1+json"),
        (layer, "application/vnd.oci.image.layer.v1.tar"),
    ):
        digest = str(ecr.store.contents.put(body))
        repository.layers[digest] = len(body)
        parts.append({"mediaType": kind, "digest": digest, "size": len(body)})
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts[0], "layers": [parts[1]]}
    image, _ = ecr.images.put(registry, repository, json.dumps(manifest).encode(), None, None)
    return str(image.digest)
