"""Tags: the field's rule vocabulary, rendered from an Origin; and whether a floating tag may move."""

from ecr_publish.tags.render import Style, explanation

__all__ = ["Style", "explanation"]
