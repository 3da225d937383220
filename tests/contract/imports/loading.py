"""What a command has loaded when it is over, told by a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

PROBE = """
import json, sys
from ecr_publish.cli.main import run
code = run(sys.argv[1:])
print(json.dumps({"code": code, "loaded": sorted(sys.modules)}))
"""
# Of a CI that runs these tests, and of a user's own settings, nothing is to be seen.
SURROUNDINGS = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": os.devnull}


@dataclass(frozen=True)
class Names:
    """Modules of ours by their dotted names below the package, and all others by the package they are of."""

    ours: frozenset[str]
    packages: frozenset[str]

    @property
    def folders(self) -> set[str]:
        """The folders (and single modules) of ours that something was loaded of."""
        return {name.partition(".")[0] for name in self.ours}


def loaded(*arguments: str, **variables: str) -> Names:
    """What is loaded when the command has ended well, with these environment variables besides."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=SURROUNDINGS | variables,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["code"] == 0, done.stdout + done.stderr
    modules = [name for name in told["loaded"] if name != "ecr_publish"]
    ours = frozenset(name.removeprefix("ecr_publish.") for name in modules if name.startswith("ecr_publish."))
    return Names(ours, frozenset(name.partition(".")[0] for name in modules) - {"ecr_publish"})
