"""docs/walkthrough.md, carried out from top to bottom as one session of a shell."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.embedded import Embedded
from tests.e2e.programs import ROOT

PAGE = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def session(embedded: Embedded) -> str:
    """All that the page's commands print."""
    return embedded.shell.run("bash", "-euo", "pipefail", "-c", "exec 2>&1\n" + "\n".join(BLOCKS))


def test_every_line_of_the_walk_through_works(embedded: Embedded, session: str):
    folder = embedded.shell.home / "walkthrough"
    dev = embedded.account("111111111111")
    (image,) = json.loads((folder / "task-definition.json").read_text())["containerDefinitions"]
    canonical = r"111111111111\.dkr\.ecr\.us-east-2\.amazonaws\.com/twtechwebapp-repo@sha256:[0-9a-f]{64}"
    assert re.fullmatch(canonical, image["image"])
    assert image["image"] in (folder / "deployment.yaml").read_text()
    assert session.count("hello from twtechwebapp\n") == 2
    # `latest` was taken away by the page's last section; what ecr-publish pushed is still there
    assert list(dev.tags("twtechwebapp-repo")) == ["1.0.0"]
