"""The runs of a race in a file, so that it can be had in pieces."""

import json
from dataclasses import asdict
from pathlib import Path

from bench.transfer.run import Results, Run


class Kept:
    """What was raced already by these very contestants (`about`), a scenario and a distance at a time; without a file
    nothing is kept. Raises SystemExit if the file is of other contestants, or no such file."""

    def __init__(self, file: Path | None, about: dict[str, str]) -> None:
        self._file, self._about = file, about
        self.results: Results = {}
        self._seconds: dict[tuple[str, int], float] = {}
        if file is None or not file.exists():
            return
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            before = found["about"]
            for name, rtt, seconds, runs in found["runs"]:
                self._seconds[name, rtt] = seconds
                self.results[name, rtt] = [Run(**run) for run in runs]
        except (ValueError, KeyError, TypeError) as error:
            raise SystemExit(f"{file} is not a file of a race: {error}\n  hint: name another with --kept") from error
        if before != about:
            others = sorted(key for key in before.keys() | about.keys() if before.get(key) != about.get(key))
            raise SystemExit(
                f"{file} is of another race: {', '.join(others)} differ\n  hint: name another with --kept, or remove it"
            )

    @property
    def minutes(self) -> int:
        """How long all of it took, with what was prepared and looked at."""
        return round(sum(self._seconds.values()) / 60)

    def keep(self, name: str, rtt: int, seconds: float, runs: list[Run]) -> None:
        """Add what was raced in that time, and write everything."""
        self.results[name, rtt], self._seconds[name, rtt] = runs, seconds
        if self._file is not None:
            every = [[*key, self._seconds[key], [asdict(run) for run in runs]] for key, runs in self.results.items()]
            spool = self._file.with_name(self._file.name + ".new")
            spool.write_text(json.dumps({"about": self._about, "runs": every}), encoding="utf-8")
            spool.replace(self._file)
