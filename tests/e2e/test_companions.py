"""A signed image comes into a layout by the tool that keeps it there, and out of our push the tools find it signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.embedded import Account, Embedded
from tests.e2e.programs import ECR_PUBLISH
from tests.e2e.test_transfer import CLIENTS, HERE, Layout

COSIGN, ORAS, REGCTL = (str(CLIENTS / "bin" / name) for name in ("cosign", "oras", "regctl"))
FILE = f"""\
version: 1
environments:
  a: {{ account: "{HERE}", region: us-east-2, create: if-missing }}
images:
  web:
    repository: TOOL/out
    build: {{ builder: layout, layout: signed }}
    tags: ["type=raw,value=2.0"]
"""


def by_cosign(account: Account, image: str, layout: Path) -> None:
    account.shell.run(COSIGN, "save", "--allow-insecure-registry", "--dir", str(layout), image)


def by_oras(account: Account, image: str, layout: Path) -> None:
    account.shell.run(ORAS, "cp", "--recursive", "--from-plain-http", "--to-oci-layout", image, f"{layout}:1.0")


def by_regctl(account: Account, image: str, layout: Path) -> None:
    host = image.partition("/")[0]
    account.shell.run(REGCTL, "registry", "set", "--tls", "disabled", host)
    account.shell.run(REGCTL, "image", "copy", "--referrers", "--digest-tags", image, f"ocidir://{layout}:1.0")


@pytest.mark.parametrize(
    ("tool", "kept", "signed", "listed"),
    [("cosign", by_cosign, True, False), ("oras", by_oras, False, True), ("regctl", by_regctl, True, True)],
)
def test_signatures_and_sboms_in_a_layout_are_found_in_the_registry(
    embedded: Embedded,
    tmp_path: Path,
    tool: str,
    kept: Callable[[Account, str, Path], None],
    signed: bool,
    listed: bool,
):
    account = embedded.account(HERE)
    shell, host = account.shell, account.docker_login()
    account.create(f"{tool}/in")
    made = Layout(tmp_path / "layout", seed=7)
    image = f"{host}/{tool}/in:1.0"
    shell.run(ORAS, "cp", "--from-oci-layout", f"{tmp_path / 'layout'}@{made.digest}", "--to-plain-http", image)
    with_key = shell.having(COSIGN_PASSWORD="x")
    with_key.run(COSIGN, "generate-key-pair", "--output-key-prefix", str(tmp_path / "key"))
    key = ("--key", str(tmp_path / "key.key"), "--tlog-upload=false", "--allow-insecure-registry", "--yes")
    with_key.run(COSIGN, "sign", *key, image)
    (tmp_path / "sbom.json").write_text('{"packages": []}')
    sbom = (f"{tmp_path / 'sbom.json'}:application/json", "--disable-path-validation")
    shell.run(ORAS, "attach", "--plain-http", "--artifact-type", "application/vnd.example.sbom", image, *sbom)

    kept(account, image, tmp_path / "signed")
    (tmp_path / "ecr-publish.yaml").write_text(FILE.replace("TOOL", tool))
    shell.run(*ECR_PUBLISH, "run", "-f", str(tmp_path))

    pushed = f"{host}/{tool}/out:2.0"
    assert account.raw_digest(pushed) == account.raw_digest(image)
    if signed:
        public = ("--key", str(tmp_path / "key.pub"), "--insecure-ignore-tlog", "--allow-insecure-registry")
        shell.run(COSIGN, "verify", *public, pushed)
    if listed:
        found = json.loads(shell.run(ORAS, "discover", "--plain-http", "--format", "json", pushed))
        assert "application/vnd.example.sbom" in json.dumps(found)
