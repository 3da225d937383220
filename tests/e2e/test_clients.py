"""The embedded ECR under clients that know nothing of it: docker, skopeo, the AWS command line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.e2e.embedded import Account, Embedded
from tests.e2e.images import busybox_image, oci_layout


@pytest.fixture
def dev(embedded: Embedded) -> Account:
    return embedded.account("111111111111")


def test_docker_pushes_pulls_and_runs_an_image(dev: Account, tmp_path: Path):
    dev.create("team/app")
    host = dev.docker_login()
    with busybox_image(dev.shell, tmp_path / "app", says="hello from e2e", tag=f"{host}/team/app:1.0") as reference:
        dev.shell.run("docker", "push", reference)
    assert dev.shell.run("docker", "run", "--rm", f"{host}/team/app:1.0") == "hello from e2e\n"
    dev.shell.run("docker", "image", "rm", f"{host}/team/app:1.0")


def test_describe_images_and_the_bytes_that_skopeo_fetches_agree(dev: Account, tmp_path: Path):
    dev.create("team/app")
    host, password = dev.login()
    layout = oci_layout(tmp_path / "layout")
    dev.shell.run(
        *("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", f"AWS:{password}"),
        *(f"oci:{layout}", f"docker://{host}/team/app:1.0"),
    )
    (image,) = dev.shell.aws("ecr", "describe-images", "--repository-name", "team/app")["imageDetails"]
    assert image["imageTags"] == ["1.0"]
    assert image["imageDigest"] == dev.raw_digest(f"{host}/team/app:1.0")


def test_skopeo_copies_between_accounts_and_the_digest_stays(embedded: Embedded, tmp_path: Path):
    dev, prod = embedded.account("111111111111"), embedded.account("333333333333", "eu-west-1")
    dev.create("team/app")
    prod.create("team/app")
    (source, dev_password), (destination, prod_password) = dev.login(), prod.login()
    dev.shell.run(
        *("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", f"AWS:{dev_password}"),
        *(f"oci:{oci_layout(tmp_path / 'layout')}", f"docker://{source}/team/app:1.0"),
    )
    dev.shell.run(
        *("skopeo", "copy", "--src-tls-verify=false", "--src-creds", f"AWS:{dev_password}"),
        *("--dest-tls-verify=false", "--dest-creds", f"AWS:{prod_password}"),
        *(f"docker://{source}/team/app:1.0", f"docker://{destination}/team/app:1.0"),
    )
    assert dev.tags("team/app") == prod.tags("team/app") != {}


def test_a_push_to_a_repository_that_does_not_exist_is_refused_by_name(dev: Account, tmp_path: Path):
    host, password = dev.login()
    refused = dev.shell.attempt(
        *("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", f"AWS:{password}"),
        *(f"oci:{oci_layout(tmp_path / 'layout')}", f"docker://{host}/nowhere:1.0"),
    )
    assert refused.returncode != 0
    assert "does not exist in the registry" in refused.stderr


def test_an_immutable_tag_cannot_be_moved_by_docker(dev: Account, tmp_path: Path):
    dev.create("team/app", "--image-tag-mutability", "IMMUTABLE")
    host = dev.docker_login()
    reference = f"{host}/team/app:1.0"
    with busybox_image(dev.shell, tmp_path / "one", says="one", tag=reference):
        dev.shell.run("docker", "push", reference)
    with busybox_image(dev.shell, tmp_path / "two", says="two", tag=reference):
        refused = dev.shell.attempt("docker", "push", reference)
    assert refused.returncode != 0
    assert "immutable" in refused.stdout + refused.stderr


def test_a_wrong_password_is_refused(dev: Account):
    host, _ = dev.login()
    refused = dev.shell.attempt("docker", "login", "--username", "AWS", "--password-stdin", host, stdin="wrong")
    assert refused.returncode != 0


def test_the_token_of_one_account_opens_no_other(embedded: Embedded, tmp_path: Path):
    dev, prod = embedded.account("111111111111"), embedded.account("333333333333")
    prod.create("team/app")
    _, password = dev.login()
    host, _ = prod.login()
    refused = dev.shell.attempt(
        *("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", f"AWS:{password}"),
        *(f"oci:{oci_layout(tmp_path / 'layout')}", f"docker://{host}/team/app:1.0"),
    )
    assert refused.returncode != 0
    assert prod.tags("team/app") == {}


def test_the_aws_command_line_manages_repositories_and_images(dev: Account, tmp_path: Path):
    dev.create("team/app")
    host, password = dev.login()
    dev.shell.run(
        *("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", f"AWS:{password}"),
        *(f"oci:{oci_layout(tmp_path / 'layout')}", f"docker://{host}/team/app:1.0"),
    )
    got = dev.shell.aws("ecr", "batch-get-image", "--repository-name", "team/app", "--image-ids", "imageTag=1.0")
    manifest = got["images"][0]["imageManifest"]
    put = ("--repository-name", "team/app", "--image-tag", "stable", "--image-manifest", manifest)
    dev.shell.aws("ecr", "put-image", *put)
    digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    assert dev.tags("team/app") == {"1.0": digest, "stable": digest}
    names = [each["repositoryName"] for each in dev.shell.aws("ecr", "describe-repositories")["repositories"]]
    assert names == ["team/app"]
    dev.shell.aws("ecr", "batch-delete-image", "--repository-name", "team/app", "--image-ids", f"imageDigest={digest}")
    assert dev.tags("team/app") == {}


def test_roles_of_another_account_are_assumed_through_sts(dev: Account):
    role = "arn:aws:iam::222222222222:role/ecr-publish"
    taken = dev.shell.aws("sts", "assume-role", "--role-arn", role, "--role-session-name", "e2e")["Credentials"]
    staging = dev.shell.having(
        AWS_ACCESS_KEY_ID=taken["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=taken["SecretAccessKey"],
        AWS_SESSION_TOKEN=taken["SessionToken"],
    )
    assert staging.aws("sts", "get-caller-identity")["Account"] == "222222222222"


def test_docker_and_skopeo_push_to_ecr_public_and_anybody_pulls(dev: Account, tmp_path: Path):
    public = dev.shell.having(AWS_DEFAULT_REGION="us-east-1", AWS_REGION="us-east-1")
    made = public.aws("ecr-public", "create-repository", "--repository-name", "app")["repository"]["repositoryUri"]
    host = public.environment()["ECR_PUBLISH_PUBLIC_ENDPOINT"].partition("://")[2]
    name = made.replace("public.ecr.aws", host)
    password = public.run("aws", "ecr-public", "get-login-password")
    public.run("docker", "login", "--username", "AWS", "--password-stdin", host, stdin=password)
    with busybox_image(public, tmp_path / "app", says="hello, public", tag=f"{name}:1.0") as reference:
        public.run("docker", "push", reference)
    public.run(
        *("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", f"AWS:{password.strip()}"),
        *(f"oci:{oci_layout(tmp_path / 'layout')}", f"docker://{name}:2.0"),
    )
    public.run("docker", "logout", host)
    assert public.run("docker", "run", "--rm", f"{name}:1.0") == "hello, public\n"
    public.run("docker", "image", "rm", f"{name}:1.0")
    anonymous = ("skopeo", "inspect", "--tls-verify=false", "--no-creds", f"docker://{name}:2.0")
    tags = public.aws("ecr-public", "describe-image-tags", "--repository-name", "app")["imageTagDetails"]
    digests = {each["imageTag"]: each["imageDetail"]["imageDigest"] for each in tags}
    assert json.loads(public.run(*anonymous))["Digest"] == digests["2.0"]
    refused = public.attempt(
        *("skopeo", "copy", "--dest-tls-verify=false", f"oci:{tmp_path / 'layout'}", f"docker://{name}:3.0"),
    )
    assert refused.returncode != 0
    assert "unauthorized" in refused.stderr
