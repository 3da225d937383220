# ruff: noqa: T201 - what it prints is what it is for
"""Sum up the JUnit files of a folder: exit 1 if a test was skipped or failed, or if none ran."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def main(folder: Path) -> int:
    """Print what was skipped, by name, and the sum; the exit code."""
    sums = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for file in sorted(folder.glob("*.xml")):
        for suite in ET.parse(file).getroot().iter("testsuite"):
            for name in sums:
                sums[name] += int(suite.get(name, "0"))
            for case in suite.iter("testcase"):
                if case.find("skipped") is not None:
                    print(f"skipped, so failed ({file.stem}): {case.get('classname')}::{case.get('name')}")
    failed = sums["failures"] + sums["errors"]
    print(f"{sums['tests'] - failed - sums['skipped']} passed, {failed} failed, {sums['skipped']} skipped")
    return 1 if failed or sums["skipped"] or not sums["tests"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
