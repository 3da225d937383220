"""The warm process of the engine, from outside."""

import json
import subprocess
import sys
from collections.abc import Sequence


class Warm:
    """The transfer engine of ecr-publish in a process that is warm."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.transfer.engine"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def do(self, job: str, images: Sequence[dict[str, str]]) -> dict[str, float]:
        """One job for all images; its cost."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([job, [_told(job, words) for words in images]]) + "\n")
        self._process.stdin.flush()
        cost: dict[str, float] = json.loads(self._process.stdout.readline())
        return cost

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _told(job: str, words: dict[str, str]) -> list[str]:
    host, _, repository = words["target"].partition("/")
    sourcehost, _, source = words["source"].partition("/")
    match job:
        case "push":
            return [words["layout"], host, repository, words["tag"]]
        case "copy":
            return [words["layout"], sourcehost, source, host, repository, words["tag"]]
        case _:
            return [words["layout"], host, repository, words["new"]]
