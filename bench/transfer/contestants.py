"""Who takes part: how each does the jobs, in its own words.

Words in braces are filled in: `layout`, `source` and `target` (host/repository), `sourcehost`, `host`, `tag`, `new`,
`image` (a name in an engine's store), and `file` (a folder with an ecr-publish.yaml for the job).
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which

JOBS = ("push", "copy", "retag", "store")
OURS = ("engine", "ecr-publish")
_PUBLISH = str(Path(sys.executable).with_name("ecr-publish"))
_SKOPEO = "skopeo copy -q --all --insecure-policy --dest-tls-verify=false"
_REGCTL = "regctl --host reg={host},tls=disabled --host reg={sourcehost},tls=disabled image copy"
_TOOLS = "docker-buildx imagetools create --progress plain -t"


def find_clients() -> None:
    """Have what `.ci/clients.sh` brought on PATH; raise SystemExit if there is no registry to race at."""
    kept = os.environ.get("ECR_PUBLISH_CLIENTS") or Path.home() / ".cache" / "ecr-publish-clients"
    os.environ["PATH"] = f"{Path(kept) / 'bin'}:{os.environ['PATH']}"
    if which("docker-registry") is None:
        raise SystemExit(f"docker-registry is not on PATH\n  hint: bash .ci/clients.sh {kept}")


@dataclass(frozen=True)
class Contestant:
    """A client; an empty template means that it cannot. `engine` is the age that its Docker engine must have."""

    program: str
    version: str
    push: str = ""
    copy: str = ""
    retag: str = ""
    store: str = ""  # pushing from an engine's own store
    engine: str = ""

    @property
    def here(self) -> bool:
        """Whether this machine has it."""
        return which(self.program) is not None and f" {self.engine}" in f" {self.told_version()}"

    @property
    def jobs(self) -> frozenset[str]:
        """What it can do."""
        return frozenset(job for job in JOBS if getattr(self, job))

    def told_version(self) -> str:
        """The first line that says something of a version; empty if it says nothing."""
        done = subprocess.run(self.version.split(), capture_output=True, text=True, check=False)
        lines = (done.stdout or done.stderr).strip().splitlines()
        return " ".join(next((line for line in lines if any(char.isdigit() for char in line)), "").split())


CONTESTANTS = {
    "skopeo": Contestant(
        "skopeo",
        "skopeo --version",
        _SKOPEO + " oci:{layout}:{tag} docker://{target}:{tag}",
        _SKOPEO + " --src-tls-verify=false docker://{source}:{tag} docker://{target}:{tag}",
        _SKOPEO + " --src-tls-verify=false docker://{target}:{tag} docker://{target}:{new}",
    ),
    "crane": Contestant(
        "crane",
        "crane version",
        "crane push --insecure {layout} {target}:{tag}",
        "crane copy --insecure {source}:{tag} {target}:{tag}",
        "crane tag --insecure {target}:{tag} {new}",
    ),
    "regctl": Contestant(
        "regctl",
        "regctl version --format {{.VCSTag}}",
        _REGCTL + " ocidir://{layout}:{tag} {target}:{tag}",
        _REGCTL + " {source}:{tag} {target}:{tag}",
        _REGCTL + " {target}:{tag} {target}:{new}",
    ),
    "oras": Contestant(
        "oras",
        "oras version",
        "oras cp --no-tty --from-oci-layout --to-plain-http {layout}:{tag} {target}:{tag}",
        "oras cp --no-tty --from-plain-http --to-plain-http {source}:{tag} {target}:{tag}",
        "oras tag --plain-http {target}:{tag} {new}",
    ),
    "imagetools": Contestant(
        "docker-buildx",
        "docker-buildx version",
        copy=_TOOLS + " {target}:{tag} {source}:{tag}",
        retag=_TOOLS + " {target}:{new} {target}:{tag}",
    ),
    "docker 20.10": Contestant(
        "docker", "docker version --format {{.Server.Version}}", store="docker push -q {image}", engine="20.10."
    ),
    "docker 26.1": Contestant("docker-26", "dockerd-26 --version", store="docker-26 push -q {image}", engine="26.1."),
    "ecr-publish": Contestant(
        _PUBLISH,
        f"{_PUBLISH} --version",
        f"{_PUBLISH} run -f {{file}}",
        f"{_PUBLISH} promote -f {{file}} --from a --to b --tag {{tag}}",
        f"{_PUBLISH} promote -f {{file}} --from a --to b --tag {{tag}}",
        f"{_PUBLISH} push -f {{file}}",
    ),
}
