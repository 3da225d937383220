"""Rules between the parts of a file: names that exist, places that do not clash, credentials that differ."""

from __future__ import annotations

from ecr_publish.config.builds import ArchiveBuild, DockerBuild, FilesBuild
from ecr_publish.config.checking import Checking, known_environment
from ecr_publish.config.complaints import Complaints
from ecr_publish.config.document import Map, Sequence, Text
from ecr_publish.config.edges import check_edges
from ecr_publish.config.environments import EcrEnvironment
from ecr_publish.config.model import DEFAULT_PIPELINE, Config
from ecr_publish.config.places import check_places


def check_names(tree: Map, complaints: Complaints) -> None:
    """The environments that edges name, checked on the tree: told even where something else is wrong."""
    listed = tree.get("environments", ())
    known = listed if isinstance(listed, Sequence) else ()
    environments = [str(each["name"]) for each in known if isinstance(each, Map) and "name" in each]
    edges = tree.get("promote", ())
    for edge in edges if isinstance(edges, Sequence) else ():
        for key in ("from", "to"):
            if isinstance(edge, Map) and isinstance(edge.get(key), Text):
                known_environment(edge[key], environments, complaints)


def check(config: Config, tree: Map, complaints: Complaints) -> None:
    """Add a complaint for every rule that does not hold, each at the value that breaks it."""
    checking = Checking(config, tree, complaints)
    _pipeline(checking)
    check_edges(checking)
    check_places(checking)
    _unscanned(checking)
    _compression(checking)


def _pipeline(check: Checking) -> None:
    seen: set[str] = set()
    for index, name in enumerate(check.config.pipeline):
        if name in seen:
            check.error(("pipeline", index), f"the step {name!r} is here for the second time", "a step runs once")
        seen.add(name)
        if name not in DEFAULT_PIPELINE and not check.config.plugins:
            check.error(
                ("pipeline", index),
                f"there is no step {name!r}",
                f"known steps: {', '.join(DEFAULT_PIPELINE)}; others come from plugins:",
            )


def _compression(check: Checking) -> None:
    """A level that the method has; and who will not be able to read what was asked for."""
    for index, image in enumerate(check.config.images):
        build = image.build
        if not isinstance(build, DockerBuild | ArchiveBuild | FilesBuild):
            continue
        from ecr_publish.model.compression import BY_NAME, LARGEST_LEVEL

        most = LARGEST_LEVEL[build.compression]
        if build.compression_level is not None and build.compression_level > most:
            check.error(
                ("images", index, "build", "compression-level"),
                f"{build.compression} has no level {build.compression_level}",
                f"from 1 to {most}; without it, {BY_NAME[build.compression].level}",
            )
        if build.compression == "zstd":
            check.complaints.warn(
                check.at("images", index, "build", "compression"),
                "zstd layers are read by Docker from 23.0, containerd from 1.5, Podman; Docker 20.10 cannot read them",
            )


def _unscanned(check: Checking) -> None:
    for index, edge in enumerate(check.config.promote):
        source = next((each for each in check.config.environments if each.name == edge.source), None)
        if source is not None and not isinstance(source, EcrEnvironment) and edge.unscannable is None:
            check.complaints.warn(
                check.at("promote", index),
                f"{edge.source} has no scanner: nothing leaves it but over an edge with unscannable: {{ allow: ... }}",
            )
