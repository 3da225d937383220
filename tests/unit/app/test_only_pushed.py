"""What may stay in a tar: an image that this run's push takes up, and nobody else."""

from __future__ import annotations

import pytest

from ecr_publish.app.performing import only_pushed
from ecr_publish.model.image import BuiltImage
from ecr_publish.model.target import Place
from ecr_publish.plan.intent import FactKey, Intent


class Planned:
    """As much of a plan as is looked at."""

    def __init__(self, *steps: str) -> None:
        needs = (FactKey(BuiltImage, Place("web")),)
        built = Intent("build", Place("web"), (), (), needs, None)
        takers = [Intent(each, Place("web", f"t{n}"), (), needs, (), None) for n, each in enumerate(steps)]
        self.intents = (built, *takers)


@pytest.mark.parametrize(
    ("steps", "stays"),
    [(("push",), True), (("push", "push"), True), ((), False), (("push", "sbom"), False), (("sbom",), False)],
    ids=["pushed", "pushed twice", "built only", "pushed and read by a plugin", "read by a plugin"],
)
def test_an_image_stays_in_its_tar_where_only_this_runs_push_reads_it(steps, stays):
    assert ("web" in only_pushed(Planned(*steps))) is stays
