"""Plugins: loaded, validated, listed; the fail-closed gate loop and the observers that cannot silence each other."""

from ecr_publish.plugins.contributions import Plugins
from ecr_publish.plugins.loading import load

__all__ = ["Plugins", "load"]
