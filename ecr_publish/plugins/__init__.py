"""Plugins: loaded, validated, listed; the fail-closed gate loop and the observers that cannot silence each other."""

from ecr_publish.plugins.contributions import Plugin, Plugins
from ecr_publish.plugins.loading import load

__all__ = ["Plugin", "Plugins", "load"]
