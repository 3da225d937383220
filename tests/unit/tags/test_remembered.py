"""How tags may move that are met in a registry, by the file's rules alone."""

from __future__ import annotations

import pytest

from ecr_publish.model.tags import Fixed, Floating, Scheme
from ecr_publish.tags.remembered import Naming, remembered

RELEASE = ("type=semver,pattern={{version}}", "type=semver,pattern={{major}}.{{minor}}")


@pytest.mark.parametrize(
    ("naming", "names", "movements"),
    [
        (
            Naming(RELEASE),
            ("1.4.0", "1.4", "latest"),
            {"1.4.0": Fixed(), "1.4": Floating("1.4.0", "1.4"), "latest": Floating("1.4.0", "")},
        ),
        (
            Naming(RELEASE, ("suffix=-alpine,onlatest=true",)),
            ("1.4.0-alpine", "1.4-alpine", "latest-alpine"),
            {
                "1.4.0-alpine": Fixed(),
                "1.4-alpine": Floating("1.4.0", "1.4"),
                "latest-alpine": Floating("1.4.0", ""),
            },
        ),
        (Naming(RELEASE), ("1.5.0-rc.1",), {"1.5.0-rc.1": Fixed()}),
        (
            Naming(("type=pep440,pattern={{version}}", "type=pep440,pattern={{major}}"), ("latest=false",)),
            ("2026.11", "2026"),
            {"2026.11": Fixed(), "2026": Floating("2026.11", "2026", Scheme.PEP440)},
        ),
        (Naming(("type=edge", "type=ref,event=branch")), ("edge", "main"), {"edge": Floating(), "main": Floating()}),
        (Naming(("type=ref,event=branch",), default_branch="trunk"), ("trunk", "main"), {"trunk": Floating()}),
        (Naming((), ()), ("nightly",), {"nightly": Floating()}),
        (Naming(("type=ref,event=pr",)), ("pr-31",), {"pr-31": Floating()}),
        (Naming(("weekly",), (), ("week*",)), ("weekly",), {"weekly": Floating()}),
        (Naming(("type=sha",), (), ("build-*",)), ("build-7", "x"), {"build-7": Floating()}),
        (Naming(("stable",)), ("stable",), {"stable": Fixed()}),
        (Naming(("type=sha",)), ("sha-b0bd943",), {}),
        (Naming(("type=nothing",)), ("x",), {}),
    ],
)
def test_a_name_moves_as_the_rule_says_that_would_give_it(naming: Naming, names: tuple[str, ...], movements: dict):
    assert remembered(naming, names) == movements
