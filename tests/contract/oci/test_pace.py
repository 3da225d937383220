"""What waits for its pace is sure of what it does when its turn comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecr_publish.errors import TagTaken
from ecr_publish.http.transport import Transport
from ecr_publish.oci.auth import Authorizer
from ecr_publish.oci.lanes import Lanes
from ecr_publish.oci.layout import open_layout
from ecr_publish.oci.limiter import Limiter
from ecr_publish.oci.looks import Look
from ecr_publish.oci.perform import Performer
from ecr_publish.oci.plan import PutTag, tag_plan
from ecr_publish.oci.wire import Line, Wire
from ecr_publish.run.retry import Retry
from tests.contract.oci.registries import HERE, World
from tests.unit.oci.layouts import single


def test_a_tag_whose_write_waits_for_half_a_minute_is_looked_at_again(ecr: World, tmp_path: Path):
    """As of many images that are tagged at once: ECR takes ten a second."""
    repository, layout = ecr.create("web"), single(tmp_path / "ours")
    theirs = ecr.push(single(tmp_path / "theirs", b"theirs"), repository)
    ecr.push(layout, repository)
    limiter, transport = Limiter(ecr.clock), Transport(ecr.stop)
    line = Line(transport, Authorizer(ecr.tokens, transport), limiter)
    wire = Wire(line, Retry(ecr.clock, lambda seconds: seconds), HERE, repository)
    source, lanes = open_layout(Path(layout.path)), Lanes(2)
    document = source.manifest(layout.digest)
    over = Look(None, ecr.clock.monotonic())
    limiter.refused(repository.registry, "ecr:PutImage", 30)
    ecr.stored(repository).tags["1.0"] = str(theirs.image.digest)  # within that time

    with pytest.raises(TagTaken, match=r"the tag 1\.0 named nothing when this transfer began"):
        Performer(lanes, wire, source, ecr.told.append).perform(
            tag_plan((PutTag(repository, document, "1.0", over),)), lanes.moment()
        )
    lanes.close()
    assert ecr.tags(repository)["1.0"] == str(theirs.image.digest)
