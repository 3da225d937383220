"""A fleet is promoted from one account to two regions of another, against the embedded ECR with ECR's request rates.

    python -m bench.transfer.promotion [--images 300] [--rtt 30] [--only A,B] [--write]

One command (`promote`, one file) beside a loop of `crane copy`, and four of these at a time. The bound is what the
rates alone allow: the most, over account, region and action, of the requests that were made by their rate.
"""

import argparse
import base64
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3

from bench.transfer.contestants import CONTESTANTS
from bench.transfer.ecr import RATES
from bench.transfer.ground import CLOCK
from bench.transfer.payloads import TAG, layouts
from bench.transfer.projects import IMAGE
from bench.transfer.scenarios import FOUR, LOOP
from bench.transfer.table import replaced

SOURCE, TARGET = ("111111111111", "us-east-2"), ("222222222222", ("us-east-2", "eu-west-1"))
BEGIN, END = "<!-- promotion -->", "<!-- end of promotion -->"
HEAD = f"""\
version: 1
environments:
  a: {{ account: "{SOURCE[0]}", region: {SOURCE[1]} }}
  b:
    account: "{TARGET[0]}"
    regions: [{", ".join(TARGET[1])}]
    role: arn:aws:iam::{TARGET[0]}:role/publish
promote:
  - {{ from: a, to: b, gate: advisory }}
images:
"""


class Fleet:
    """The images in the source registry, and the places where they are to go."""

    def __init__(self, base: Path, images: int) -> None:
        self._base, self._layouts = base, layouts("FLEET", base, images)
        self.names = [f"image{number:03}" for number in range(images)]
        self._server = subprocess.Popen(
            [sys.executable, "-m", "bench.transfer.ecr"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._url = self._heard()
        self._source = self.ask("make", *SOURCE, *self.names)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(base),
            "DOCKER_CONFIG": str(base / "docker"),
            "AWS_ENDPOINT_URL_ECR": self._url,
            "AWS_ENDPOINT_URL_STS": self._url,
            "AWS_ACCESS_KEY_ID": SOURCE[0],
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_CONFIG_FILE": "/dev/null",
            "LC_ALL": "C.UTF-8",
        }
        self._write_file()
        self.run([*shlex.split(CONTESTANTS["ecr-publish"].version)[:1], "run", "-f", str(base), "--to", "a"])

    def ask(self, *words: str) -> str:
        """One command to the server, and its answer."""
        assert self._server.stdin is not None
        self._server.stdin.write(" ".join(words) + "\n")
        self._server.stdin.flush()
        return self._heard()

    def promoted(self, who: str, seconds: float) -> dict[str, Any]:
        """All images to both regions, which are empty before; what it cost and what was asked."""
        urls = [self.ask("make", TARGET[0], region, *self.names) for region in TARGET[1]]
        command = self._command(who, urls)
        self.ask("far", str(seconds))
        cost = self.run(command)
        counts = json.loads(self.ask("stats"))
        self.ask("far", "0")
        here = json.loads(self.ask("tags", *SOURCE))
        for region in TARGET[1]:
            if json.loads(self.ask("tags", TARGET[0], region)) != here:
                raise SystemExit(f"{who}: {region} does not hold what was promoted")
        return cost | counts

    def run(self, command: list[str]) -> dict[str, float]:
        """A command and its cost; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-I", "-S", CLOCK, *command],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        if cost["status"]:
            raise SystemExit(f"{shlex.join(command)}: {done.stderr[-3000:]}")
        return cost

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(10)

    def _command(self, who: str, urls: list[str]) -> list[str]:
        if who == "ecr-publish":
            return shlex.split(CONTESTANTS[who].copy.format(file=self._base, tag=TAG))
        self._log_in(urls)
        template = CONTESTANTS[who.removeprefix(LOOP).removeprefix(FOUR)].copy
        source = self._source.removeprefix("http://")
        goals = [url.removeprefix("http://") for url in urls]
        copies = [
            template.format(source=f"{source}/{name}", target=f"{goal}/{name}", tag=TAG)
            for name in self.names
            for goal in goals
        ]
        lines = self._base / "lines"
        lines.write_text("".join(f"{each}\n" for each in copies), encoding="utf-8")
        if who.startswith(LOOP):
            return ["sh", "-e", str(lines)]
        return ["xargs", "-a", str(lines), "-d", "\\n", "-P", "4", "-n", "1", "sh", "-c"]

    def _log_in(self, urls: list[str]) -> None:
        """docker's file of logins, with a token of each registry."""
        places = [(self._source, *SOURCE), *((url, TARGET[0], each) for url, each in zip(urls, TARGET[1], strict=True))]
        logins = {
            url.removeprefix("http://"): {"auth": self._token(account, region)} for url, account, region in places
        }
        file = self._base / "docker" / "config.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"auths": logins}), encoding="utf-8")

    def _token(self, account: str, region: str) -> str:
        client = boto3.client(
            "ecr", region, endpoint_url=self._url, aws_access_key_id=account, aws_secret_access_key="x"
        )
        (data,) = client.get_authorization_token()["authorizationData"]
        token: str = data["authorizationToken"]
        assert base64.b64decode(token).startswith(b"AWS:")
        return token

    def _write_file(self) -> None:
        text = HEAD
        for name, layout in zip(self.names, self._layouts, strict=True):
            (self._base / name).symlink_to(layout)
            (self._base / ".ecr-publish").mkdir(exist_ok=True)
            text += IMAGE.format(name=name, tag=TAG)
        (self._base / "ecr-publish.yaml").write_text(text, encoding="utf-8")

    def _heard(self) -> str:
        assert self._server.stdout is not None
        return self._server.stdout.readline().strip()


def bound(requests: dict[str, int]) -> tuple[float, str]:
    """The seconds that the rates allow no less than, and which of them says so."""
    found = [(count / RATES[key.split()[1]], key) for key, count in requests.items() if key.split()[1] in RATES]
    return max(found)


def table(images: int, rtt: int, costs: dict[str, dict[str, Any]]) -> str:
    """Markdown; the bound is that of our own requests."""
    limit, key = bound(costs["ecr-publish"]["requests"])
    loop = costs.get(LOOP + "crane", {}).get("wall")
    lines = [
        f"{images} images to {len(TARGET[1])} regions, {rtt} ms; the bound is {limit:.1f} s: "
        f"{costs['ecr-publish']['requests'][key]} x {key}.",
        "",
        "| contestant | wall s | / bound | / loop of crane | CPU s | peak MB | requests | of these refused (429) |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for who, cost in sorted(costs.items(), key=lambda each: float(each[1]["wall"])):
        ratio = f"{cost['wall'] / loop:.2f}" if loop else "-"
        lines.append(
            f"| {who} | {cost['wall']:.1f} | {cost['wall'] / limit:.2f} | {ratio} | {cost['cpu']:.1f} | "
            f"{cost['peak']:.0f} | {sum(cost['requests'].values())} | {sum(cost['refused'].values())} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Run, print, and write it where it was asked for; 1 if it took more than 1.3 x the bound or 0.3 x the loop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--rtt", type=int, default=30)
    parser.add_argument("--only", default=f"ecr-publish,{LOOP}crane,{FOUR}crane")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    costs: dict[str, dict[str, Any]] = {}
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="race-", dir=memory if memory.is_dir() else None) as base:
        fleet = Fleet(Path(base), asked.images)
        try:
            for who in asked.only.split(","):
                costs[who] = fleet.promoted(who, asked.rtt / 1000)
                print(who, costs[who], file=sys.stderr, flush=True)
        finally:
            fleet.close()
    text = table(asked.images, asked.rtt, costs)
    print(text)
    if asked.write:
        replaced(BEGIN, END, text)
    limit, _ = bound(costs["ecr-publish"]["requests"])
    ours, loop = costs["ecr-publish"]["wall"], costs.get(LOOP + "crane", {"wall": float("inf")})["wall"]
    return 1 if ours > 1.3 * limit or ours > 0.3 * loop else 0


if __name__ == "__main__":
    sys.exit(main())
