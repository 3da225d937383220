"""An account id that a CI has masked."""

from __future__ import annotations

import pytest

from ecr_publish.config.loader import load
from ecr_publish.errors import ConfigErrors


def test_a_masked_account_id_says_that_it_was_masked():
    text = (
        b"environments: { dev: { account: '***', region: us-east-2 } }\nimages: { web: { repository: a, build: . } }\n"
    )
    with pytest.raises(ConfigErrors) as caught:
        load(text, "ecr-publish.yaml")
    (error,) = caught.value.errors
    assert "masked by a CI" in error.what
    assert error.where.startswith("ecr-publish.yaml:1:")
