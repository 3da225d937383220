"""What holds for all tests: a busy machine is no reason to fail, and the same code gives the same result twice.

`ECR_PUBLISH_EXPLORE=1` lets properties try other examples on each run, to find what nobody has thought of; what they
find becomes an `@example`.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# How long an example takes says nothing here; pytest's own --durations does.
settings.register_profile(
    "unhurried",
    deadline=None,
    derandomize=not os.environ.get("ECR_PUBLISH_EXPLORE"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")
