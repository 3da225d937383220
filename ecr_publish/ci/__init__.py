"""Origins: what each CI says about a run, as pure functions of a mapping, a payload and git's facts."""

from ecr_publish.ci.detect import as_tag, origin, tagged

__all__ = ["as_tag", "origin", "tagged"]
