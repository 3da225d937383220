"""The rows: what is prepared, what the client is asked to do, and what must then be true, as boto3 sees it."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from tests.e2e.clients.client import Client
from tests.e2e.clients.ground import Ground, Repository
from tests.e2e.clients.samples import Layout

Operation = Callable[[Any, Ground], None]


def whole(repository: Repository, digest: str) -> None:
    """Everything below a manifest is there, and its bytes are right."""
    manifest = repository.manifest(imageDigest=digest)
    for child in manifest.get("manifests", ()):
        whole(repository, child["digest"])
    for each in [manifest[key] for key in ("config",) if key in manifest] + manifest.get("layers", []):
        repository.blob(each["digest"])


def pushed(client: Client, repository: Repository, layout: Layout, tag: str) -> None:
    """A push of that layout has come in whole; of a client that builds or compresses itself, under another digest."""
    digest = repository.tags()[tag]
    whole(repository, digest)
    if digest != layout.digest:
        config = repository.manifest(imageDigest=digest).get("config", {}).get("digest")
        assert getattr(client, "makes_its_own", False) or config == layout.root["config"]["digest"]


def login(client: Any, ground: Ground) -> None:
    client.login(ground.registry())


def push(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    client.push(ground.image, f"{here.path}:1.0")
    pushed(client, here, ground.image, "1.0")


def push_index(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    client.push_index(ground.index, f"{here.path}:1.0")
    digest = here.tags()["1.0"]
    whole(here, digest)
    platforms = {each["platform"]["architecture"] for each in here.manifest(imageDigest=digest)["manifests"]}
    assert platforms - {"unknown"} == {"amd64", "arm64"}


def push_again(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    client.push(ground.image, f"{here.path}:1.0")
    before = here.tags()
    client.push(ground.image, f"{here.path}:1.0")
    assert here.tags() == before or getattr(client, "makes_its_own", False)


def pull(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    assert client.pull(f"{here.path}:1.0") == digest


def pull_digest(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    assert client.pull(f"{here.path}@{digest}") == digest


def inspect(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    told = client.inspect(f"{here.path}:1.0")
    assert told == (here.as_docker("1.0") if "the digest behind a tag" in client.remarks else digest)


def tags(client: Any, ground: Ground) -> None:
    """Over more than one page."""
    here = ground.registry().repository(ground.name())
    names = {f"1.{number}" for number in range(150)}
    here.put(ground.image, "1.0")
    manifest = ground.image.blob(ground.image.digest).decode()
    for name in names - {"1.0"}:
        here.registry.ecr.put_image(repositoryName=here.name, imageManifest=manifest, imageTag=name)
    assert client.tags(here.path) == names


def repositories(client: Any, ground: Ground) -> None:
    """Over more than one page."""
    here = ground.registry()
    for number in range(150 - len(here.repositories())):
        here.repository(f"{ground.name()}-{number}")
    assert client.repositories(here) == here.repositories()


def retag(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    client.retag(f"{here.path}:1.0", "stable")
    assert here.tags()["1.0"] == digest
    same_image(client, here, here.tags()["stable"], here, digest)


def same_image(client: Any, here: Repository, digest: str, there: Repository, original: str) -> None:
    """The same digest; of a client that makes manifests anew, one that names the same config or images."""
    whole(here, digest)
    if digest == original:
        return
    one, other = here.manifest(imageDigest=digest), there.manifest(imageDigest=original)
    if "manifests" in one:
        assert [each["digest"] for each in one["manifests"]] == [original]
    else:
        assert one["config"]["digest"] == other["config"]["digest"]


def copy(client: Any, ground: Ground) -> None:
    one, other = (ground.registry().repository(ground.name()) for _ in range(2))
    digest = one.put(ground.image, "1.0")
    client.copy(f"{one.path}:1.0", f"{other.path}:1.0")
    same_image(client, other, other.tags()["1.0"], one, digest)


def copy_index(client: Any, ground: Ground) -> None:
    here, there = (each.repository(ground.name()) for each in (ground.registry(), ground.other()))
    digest = here.put(ground.index, "1.0")
    client.copy(f"{here.path}:1.0", f"{there.path}:1.0")
    assert there.tags()["1.0"] == digest
    whole(there, digest)


def attach(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    client.attach(f"{here.path}:1.0")
    if hasattr(client, "referrers"):
        (found,) = here.referrers(digest)
        whole(here, found["digest"])
    else:
        assert len(here.digests()) == 2


def referrers(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    attached = here.attach(digest)
    assert client.referrers(f"{here.path}@{digest}") == {attached}


def sign(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    client.sign(f"{here.path}@{digest}")
    assert here.tags().keys() == {"1.0", f"{digest.replace(':', '-')}.sig"}


def sign_referrer(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    client.sign_referrer(f"{here.path}@{digest}")
    assert here.tags().keys() == {"1.0"}
    (found,) = here.referrers(digest)
    whole(here, found["digest"])


def clean(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    client.sign(f"{here.path}@{digest}")
    client.clean(f"{here.path}@{digest}")
    assert here.tags() == {"1.0": digest}


def untag(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    manifest = ground.image.blob(digest).decode()
    here.registry.ecr.put_image(repositoryName=here.name, imageManifest=manifest, imageTag="stable")
    client.untag(f"{here.path}:1.0")
    assert here.tags() == {"stable": digest}


def delete(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    digest = here.put(ground.image, "1.0")
    client.delete(f"{here.path}@{digest}")
    assert here.digests() == set()


def delete_child(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    here.put(ground.index, "1.0")
    before = here.digests()
    try:
        client.delete(f"{here.path}@{ground.index.root['manifests'][0]['digest']}")
    finally:
        assert here.digests() == before


def create(client: Any, ground: Ground) -> None:
    name = ground.name()
    client.create(name)
    assert name in ground.registry().repositories()


def drop(client: Any, ground: Ground) -> None:
    name = ground.name()
    client.create(name)
    client.drop(name)
    assert name not in ground.registry().repositories()


def push_nowhere(client: Any, ground: Ground) -> None:
    client.push(ground.image, f"{ground.registry().host}/{ground.name()}:1.0")


def push_immutable(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name(), imageTagMutability="IMMUTABLE")
    here.put(ground.index, "1.0")
    before = here.tags()
    try:
        client.push(ground.image, f"{here.path}:1.0")
    finally:
        assert here.tags() == before


def push_template(client: Any, ground: Ground) -> None:
    """A creation template makes the repository that is pushed to."""
    here, name = ground.registry(), ground.name()
    here.ecr.create_repository_creation_template(prefix=name, appliedFor=["CREATE_ON_PUSH"])
    client.push(ground.image, f"{here.host}/{name}/made:1.0")
    pushed(client, Repository(here, f"{name}/made"), ground.image, "1.0")


def push_excluded(client: Any, ground: Ground) -> None:
    excluded = [{"filterType": "WILDCARD", "filter": "latest"}]
    settings = {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": excluded}
    here = ground.registry().repository(ground.name(), **settings)
    here.put(ground.index, "latest")
    client.push(ground.image, f"{here.path}:latest")
    pushed(client, here, ground.image, "latest")


def mount(client: Any, ground: Ground) -> None:
    """The account setting allows for mounts: the layer is not sent again. (skopeo mounts from the second copy on.)"""
    one, first, second = (ground.registry().repository(ground.name()) for _ in range(3))
    one.put(ground.image, "1.0")
    requests = ground.server.ecr.script.requests
    one.registry.ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    try:
        client.copy(f"{one.path}:1.0", f"{first.path}:1.0")
        before = len(requests)
        client.copy(f"{one.path}:1.0", f"{second.path}:1.0")
    finally:
        one.registry.ecr.put_account_setting(name="BLOB_MOUNTING", value="DISABLED")
    whole(second, second.tags()["1.0"])
    sent = {each.received for each in requests[before:] if each.action.startswith(("ecr:Upload", "ecr:Complete"))}
    assert ground.image.root["layers"][0]["size"] not in sent


def push_expired(client: Any, ground: Ground) -> None:
    here = ground.registry().repository(ground.name())
    ground.server.ecr.expire_tokens()
    try:
        client.push(ground.image, f"{here.path}:1.0")
    finally:
        assert here.digests() == set()


# row -> (the client's method that it needs, what is done)
OPERATIONS = MappingProxyType[str, tuple[str, Operation]](
    {
        "sign in": ("login", login),
        "push an image": ("push", push),
        "push it again": ("push", push_again),
        "push an index of two platforms": ("push_index", push_index),
        "pull by tag": ("pull", pull),
        "pull by digest": ("pull", pull_digest),
        "the digest behind a tag": ("inspect", inspect),
        "list 150 tags": ("tags", tags),
        "list 150 repositories": ("repositories", repositories),
        "give an image another tag": ("retag", retag),
        "copy to another repository": ("copy", copy),
        "copy to another repository by mounting": ("copy", mount),
        "copy an index to another account and region": ("copy", copy_index),
        "attach an artifact": ("attach", attach),
        "list referrers": ("referrers", referrers),
        "sign and verify, as a tag": ("sign", sign),
        "sign and verify, as a referrer": ("sign_referrer", sign_referrer),
        "remove signatures": ("clean", clean),
        "delete one of two tags": ("untag", untag),
        "delete an image": ("delete", delete),
        "delete an image that an index names": ("delete", delete_child),
        "create a repository": ("create", create),
        "delete a repository": ("drop", drop),
        "push to a repository that a template makes": ("push", push_template),
        "move a tag that is excluded from immutability": ("push", push_excluded),
        "push to a repository that is missing": ("push", push_nowhere),
        "move an immutable tag": ("push", push_immutable),
        "push with an expired token": ("push", push_expired),
    }
)
