"""Lifecycle policies: their grammar, what they do to a repository's images, and when it is done."""
