"""Who takes part: how each does the jobs, in its own words.

Words in braces are filled in: `layout`, `source` and `target` (host/repository), `sourcehost`, `host`, `tag`, `new`,
and `file` (a folder with an ecr-publish.yaml for the job).
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which

_PUBLISH = str(Path(sys.executable).with_name("ecr-publish"))
_SKOPEO = "skopeo copy -q --all --insecure-policy --dest-tls-verify=false"
_REGCTL = "regctl --host reg={host},tls=disabled --host reg={sourcehost},tls=disabled image copy"


@dataclass(frozen=True)
class Contestant:
    """A client; an empty template means that it cannot. `peer` is False for ourselves."""

    program: str
    version: str
    push: str
    copy: str
    retag: str
    peer: bool = True

    @property
    def here(self) -> bool:
        """Whether this machine has it."""
        return which(self.program) is not None

    def told_version(self) -> str:
        """The first line that says something of a version."""
        done = subprocess.run(self.version.split(), capture_output=True, text=True, check=True)
        lines = (done.stdout or done.stderr).strip().splitlines()
        return next((line for line in lines if any(char.isdigit() for char in line)), lines[0]).strip()


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
        "regctl version",
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
    "ecr-publish": Contestant(
        _PUBLISH,
        f"{_PUBLISH} --version",
        f"{_PUBLISH} run -f {{file}}",
        f"{_PUBLISH} promote -f {{file}} --from a --to b --tag {{tag}}",
        f"{_PUBLISH} promote -f {{file}} --from a --to b --tag {{tag}}",
        peer=False,
    ),
}

_FILE = """\
version: 1
environments:
  a: {{ registry: "{sourcehost}", prefix: "{prefix_a}"{here} }}
{b}images:
  image:
    repository: image
    build: {{ builder: layout, layout: layout }}
    tags: ["type=raw,value={tag}"]
"""


def write_file(folder: Path, job: str, words: dict[str, str]) -> None:
    """The ecr-publish.yaml of a job."""
    folder.mkdir(parents=True)
    (folder / "layout").symlink_to(words["layout"])
    prefix_a = words["target" if job != "copy" else "source"].partition("/")[2].removesuffix("image")
    prefix_b = words["target"].partition("/")[2].removesuffix("image")
    place = f'registry: "{words["host"]}", prefix: "{prefix_b}"' + (", pointer: again" if job == "retag" else "")
    second = f"  b: {{ {place} }}\npromote:\n  - {{ from: a, to: b, gate: advisory }}\n" if job != "push" else ""
    here = ", pointer: here" if job == "retag" else ""
    (folder / "ecr-publish.yaml").write_text(
        _FILE.format(**words, prefix_a=prefix_a, b=second, here=here), encoding="utf-8"
    )


class Engine:
    """The transfer engine of ecr-publish in a process that is warm."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.transfer.engine"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def do(self, job: str, words: dict[str, str]) -> dict[str, float]:
        """One job; its cost."""
        host, _, repository = words["target"].partition("/")
        sourcehost, _, source = words["source"].partition("/")
        told = {
            "push": ["push", words["layout"], host, repository, words["tag"]],
            "copy": ["copy", words["layout"], sourcehost, source, host, repository, words["tag"]],
            "retag": ["retag", words["layout"], host, repository, words["new"]],
        }[job]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        cost: dict[str, float] = json.loads(self._process.stdout.readline())
        return cost

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
