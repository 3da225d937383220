"""Tools and actions that make or move images in a way that is not carried over: what is said about each.

Nothing about images goes unsaid: a command that is not understood is a line for a person to look at.
"""

from __future__ import annotations

import posixpath
import re

_BUILDERS = {
    "docker-compose": "it names its images in a compose file, which is not read",
    "ko": "ko builds from Go's source; let it write an OCI layout (`build: { layout: PATH }`)",
    "pack": "buildpacks build without a Dockerfile; let pack write an OCI layout (`build: { layout: PATH }`)",
    "skopeo": "an image that another tool made is `build: { layout: PATH }` or `build: { archive: FILE }`",
    "crane": "an image that another tool made is `build: { layout: PATH }` or `build: { archive: FILE }`",
    "regctl": "an image that another tool made is `build: { layout: PATH }` or `build: { archive: FILE }`",
    "oras": "what is no image stays as it is",
    "earthly": "its Earthfile is not read",
    "dagger": "its pipeline is not read",
    "werf": "its werf.yaml is not read",
    "skaffold": "its skaffold.yaml is not read",
    "depot": "depot builds elsewhere; let it write an OCI layout (`build: { layout: PATH }`)",
    "kaniko": "kaniko is read where it is called as /kaniko/executor",
    "copilot": "it builds and deploys by its own manifest, which is not read",
    "sam": "it builds and deploys by its own template, which is not read",
    "cdk": "it builds images as assets of its own, which are not read",
}
_MOVES = ("skopeo", "crane", "regctl", "oras")
_MOVING = ("copy", "cp", "push", "tag", "append", "image", "index", "sync")
_ABOUT_IMAGES = re.compile(r"docker|image|container|ecr\b|push|publish", re.IGNORECASE)
_PLUGINS = re.compile(r"\bjib\b|jib:|jibDockerBuild|spring-boot:build-image|bootBuildImage|sbt docker:|docker:publish")
_SHELLS = ("bash", "sh", "zsh", ".", "source")
_ACTION = re.compile(
    r"docker|buildah|kaniko|podman|[-/]ecr\b|\becr-|\bko\b|jib|buildpack|container|image", re.IGNORECASE
)
_QUIET_ACTIONS = re.compile(
    r"docker/(setup-|login-action|metadata-action)|[^/]+/(setup-|ecr-publish)|.*(login|cache|scan|trivy|cleanup|prune|free-disk|"
    r"layer-caching|hadolint|scout|upload-artifact)",
    re.IGNORECASE,
)


def said_of_command(words: list[str], source: str) -> str | None:
    """The remark for a command of another tool; None for one that has nothing to do with images."""
    name = posixpath.basename(words[0])
    if name in ("make", "gmake", "just", "task", "npm", "yarn", "pnpm", "rake", "invoke"):
        return f"{source}: what it runs is not read" if any(map(_ABOUT_IMAGES.search, words[1:])) else None
    if name in _MOVES and not set(words[1:3]) & set(_MOVING):
        return None
    if name in ("copilot", "sam", "cdk") and not set(words[1:3]) & {"deploy", "build", "package", "publish"}:
        return None
    if name in _BUILDERS:
        return f"not carried over: {source}: {_BUILDERS[name]}"
    if _PLUGINS.search(source):
        return f"not carried over: {source}: it builds without a Dockerfile; `build: {{ archive: FILE }}` takes its tar"
    script = words[1] if name in _SHELLS and len(words) > 1 else words[0]
    named = script.replace("ecr-publish", "")  # its own outputs are no script of the project's
    if (script.endswith((".sh", ".bash")) or script.startswith("./")) and _ABOUT_IMAGES.search(named):
        return f"{script} is not read: write the images that it builds by hand"
    return None


def said_of_action(action: str) -> str | None:
    """The remark for an action by its `OWNER/NAME`; None for one that has nothing to do with images."""
    if not _ACTION.search(action) or _QUIET_ACTIONS.match(action):
        return None
    return f"{action} is not carried over: write the images that it builds by hand"
