"""check-jsonschema, as its users call it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def complaints(schema: str, file: Path, *options: str) -> str:
    """What check-jsonschema says against `file` under one of its built-in schemas; empty if nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--verbose", "--builtin-schema", schema, *options, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr
