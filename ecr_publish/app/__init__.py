"""The composition root: a file becomes a project, a project a plan, a plan in a world a report."""

from ecr_publish.app.performing import perform
from ecr_publish.app.planning import insist, make, saved_now
from ecr_publish.app.project import Project, contexts, open_project
from ecr_publish.app.world import Told, World, ports_of, real_world, rehearsal_world

__all__ = [
    "Project",
    "Told",
    "World",
    "contexts",
    "insist",
    "make",
    "open_project",
    "perform",
    "ports_of",
    "real_world",
    "rehearsal_world",
    "saved_now",
]
