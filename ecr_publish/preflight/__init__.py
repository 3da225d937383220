"""Preflight: what would make a run fail late, found before the first byte is built."""

from ecr_publish.preflight.check import Preflight, preflight

__all__ = ["Preflight", "preflight"]
