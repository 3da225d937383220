"""What ECR's request rates alone allow: nobody can be faster."""

from dataclasses import dataclass

from ecr_publish.local.quotas import RATES


@dataclass(frozen=True)
class Bound:
    """The most, over account, region and action, of the requests that were made by their rate."""

    seconds: float
    count: int
    action: str  # account/region and action


def bound(actions: dict[str, int]) -> Bound:
    """Of the requests of one run, by account, region and action."""
    found = [(count / RATES[key.split()[1]], count, key) for key, count in actions.items() if key.split()[1] in RATES]
    return Bound(*max(found, default=(0.0, 0, "nothing")))
