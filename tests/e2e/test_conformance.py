"""The OCI distribution-spec's own conformance suite: green with `--oci`, red as ECR is.

Which tests are red with ECR's ways, and for which of them, is the table of docs/conformance.md. The suite is a Go
module, pinned below; Go's own module download checks it. Building it takes a minute once.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import xml.etree.ElementTree as xml
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import boto3

from ecr_publish.local import embedded_ecr

SUITE = "github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111"
TABLE = Path(__file__).parents[2] / "docs" / "conformance.md"
REPOSITORIES = ("conformance/repo1", "conformance/repo2")


@cache
def suite() -> Path:
    """The suite's program: of `ECR_PUBLISH_CONFORMANCE` (a directory that outlives this run), else made here."""
    home = Path(os.environ.get("ECR_PUBLISH_CONFORMANCE") or Path.home() / ".cache" / "ecr-publish-conformance")
    program = home / "conformance"
    if not program.exists():
        home.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "GOBIN": str(home), "GOFLAGS": "-buildvcs=false"}
        subprocess.run(["go", "install", SUITE], env=environment, check=True, timeout=600)
    return program


def outcomes(registry: str, home: Path, login: Mapping[str, str]) -> dict[str, str]:
    """Test -> passed, skipped or failure, of all four workflows: pull, push, discovery and management are all on."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "OCI_RESULTS_DIR": str(home),
        "OCI_REGISTRY": registry.removeprefix("http://"),
        "OCI_TLS": "disabled",
        "OCI_VERSION": "1.1",
        **login,
    }
    subprocess.run([suite()], env=environment, cwd=home, capture_output=True, timeout=300, check=False)
    found: dict[str, str] = {}
    for case in xml.parse(home / "junit.xml").getroot().iter("testcase"):
        name, status = case.attrib["name"].removeprefix("OCI Conformance Test/"), case.attrib["status"]
        found[name] = "failure" if "failure" in (status, found.get(name)) else status
    assert len(found) > 300
    return found


def table() -> dict[str, str]:
    """Pattern of test names -> ECR's behaviour, as the docs have them."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {pattern: why for names, why in rows for pattern in re.findall("`([^`]+)`", names)}


def test_without_quirks_everything_is_green(tmp_path: Path):
    with embedded_ecr(oci=True) as server:
        found = outcomes(server.ecr.registry_url("1" * 12, "us-east-2"), tmp_path, {})
    # what the suite itself leaves out by default: cancelling an upload
    assert {name for name, status in found.items() if status != "passed"} == {
        f"{algorithm} blobs/post cancel/blob-post-cancel" for algorithm in ("sha256", "sha512")
    }


def test_with_ecrs_quirks_exactly_the_tests_of_the_table_are_red(tmp_path: Path):
    with embedded_ecr() as server:
        ecr = boto3.client(
            "ecr",
            region_name="us-east-2",
            endpoint_url=server.url,
            aws_access_key_id="1" * 12,
            aws_secret_access_key="local",
        )
        for name in REPOSITORIES:
            ecr.create_repository(repositoryName=name)
        data = ecr.get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        found = outcomes(data["proxyEndpoint"], tmp_path, {"OCI_USERNAME": user, "OCI_PASSWORD": password})
    red = {name for name, status in found.items() if status == "failure"}
    foretold = {name for name in found if any(fnmatchcase(name, pattern) for pattern in table())}
    assert red == foretold
    assert [each for each in table() if not any(fnmatchcase(name, each) for name in red)] == []
