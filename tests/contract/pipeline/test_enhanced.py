"""Enhanced scanning in a rehearsal: the seed says which registries have it, Inspector's coverage is the proof."""

from __future__ import annotations

import pytest

from tests.contract.pipeline.test_commands import offline

__all__ = ["offline"]  # a fixture

SEED = 'registries:\n  - { account: "111111111111", region: us-east-2, scanning: enhanced }\n'
FINDING = "findings:\n  - { id: CVE-2026-1, severity: CRITICAL, package: zlib, version: '1.2' }\n"


@pytest.mark.parametrize(("findings", "code"), [("", 0), (FINDING, 6)])
def test_a_rehearsal_under_enhanced_scanning_waits_for_inspector_and_judges(offline, findings, code):
    (offline.root / "seed.yaml").write_text(SEED + findings)
    found, said = offline.run("rehearse", "--seed", "seed.yaml", "--format", "json")
    assert found == code, said
    assert '"detail": "enhanced"' in said
    assert ("CVE-2026-1" in said) == bool(findings)


def test_an_image_that_inspector_cannot_read_ends_in_7(offline):
    (offline.root / "seed.yaml").write_text(SEED)
    (offline.root / "system" / "etc" / "os-release").rename(offline.root / "system" / "etc" / "motd")
    code, said = offline.run("rehearse", "--seed", "seed.yaml")
    assert code == 7, said
    assert "UNSUPPORTED_IMAGE" in said
