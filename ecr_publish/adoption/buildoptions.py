"""Options of `docker build` and of kaniko: those that are carried over, those that are left behind, and the others.

Sources: Docker's "docker buildx build" reference; kaniko's README, "Additional Flags".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

# Options with a value that are carried over, and those that are left behind with a remark.
_DOCKER: Mapping[str, str] = {
    "-t": "tag",
    "--tag": "tag",
    "-f": "file",
    "--file": "file",
    "--target": "target",
    "--build-arg": "arg",
    "--label": "label",
    "--platform": "platform",
}
_KANIKO: Mapping[str, str] = {
    "-c": "context",
    "--context": "context",
    "--context-sub-path": "below",
    "-d": "tag",
    "--destination": "tag",
    "-f": "file",
    "--dockerfile": "file",
    "--target": "target",
    "--build-arg": "arg",
    "--label": "label",
    "--custom-platform": "platform",
    "--customPlatform": "platform",
}
_DOCKER_LEFT = (
    "--cache-from",
    "--cache-to",
    "--secret",
    "--ssh",
    "--output",
    "-o",
    "--provenance",
    "--sbom",
    "--attest",
    "--build-context",
    "--annotation",
    "--network",
    "--add-host",
    "--memory",
    "--isolation",
    "--manifest",
)
_KANIKO_LEFT = ("--cache", "--cache-repo", "--registry-mirror", "--registry-map", "--tar-path", "--tarPath", "--git")
# Options with a value that say nothing of the image.
_DOCKER_QUIET = (
    "--progress",
    "--builder",
    "--iidfile",
    "--metadata-file",
    "--format",
    "--layers",
    "--storage-driver",
    "--shm-size",
    "--ulimit",
    "--cpuset-cpus",
    "--cgroup-parent",
    "--authfile",
)
_KANIKO_QUIET = (
    "--cache-dir",
    "--cache-ttl",
    "--digest-file",
    "--image-name-with-digest-file",
    "--image-name-tag-with-digest-file",
    "--oci-layout-path",
    "--snapshot-mode",
    "--snapshotMode",
    "--verbosity",
    "-v",
    "--log-format",
    "--push-retry",
    "--image-fs-extract-retry",
    "--image-download-retry",
    "--ignore-path",
    "--compression",
    "--compression-level",
    "--skip-tls-verify-registry",
    "--insecure-registry",
)
_FLAGS_ONLY = ("--cache",)  # kaniko takes its booleans with `=` or alone

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """Values by what they are, options that stand alone, and words that are no options."""

    got: dict[str, list[str]]
    alone: list[str]
    positional: list[str]


def docker_options(words: Iterable[str], say: Say) -> Options:
    """Those of `docker build`, and of what takes the same. `say` gets each one that is left behind."""
    return _options(words, _DOCKER, (_DOCKER_LEFT, _DOCKER_QUIET), say)


def kaniko_options(words: Iterable[str], say: Say) -> Options:
    """Those of kaniko's `executor`."""
    return _options(words, _KANIKO, (_KANIKO_LEFT, _KANIKO_QUIET), say)


def _options(
    words: Iterable[str], carried: Mapping[str, str], others: tuple[tuple[str, ...], tuple[str, ...]], say: Say
) -> Options:
    got: dict[str, list[str]] = {}
    alone: list[str] = []
    positional: list[str] = []
    rest = iter(words)
    left, quiet = others
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _FLAGS_ONLY:
            say(f"{word} is not carried over")
        elif name in carried or name in left or name in quiet:
            value = value if equals else next(rest, "")
            got.setdefault(carried.get(name, "left" if name in left else "quiet"), []).append(value)
            if name in left:
                say(f"{name} {value} is not carried over".replace("  ", " "))
        elif name in ("--squash", "--no-push", "--pull", "--no-cache"):
            alone += [name] * (value != "false")
            if name == "--squash":
                say("--squash is not carried over")
        elif word.startswith("-") and word != "-":
            alone.append(word)
        else:
            positional.append(word)
    return Options(got, alone, positional)
