"""`ecr-publish local`: the embedded ECR for any client."""

from __future__ import annotations

import re
from pathlib import Path

import click

from ecr_publish.cli import asaws
from ecr_publish.cli.options import fault_option
from ecr_publish.cli.readers import say, tell
from ecr_publish.cli.signals import stopping
from ecr_publish.errors import UsageError

REGION = "us-east-2"
LAST_PORT = 65_000  # some are left above it for the registries
ALIAS = "(?=.{2,50}$)[a-z][a-z0-9]+([._-][a-z0-9]+)*"
_BANDWIDTH = re.compile(r"(\d+(?:\.\d+)?)\s*([kMG]?)B(?:/s)?")
_UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}


@click.command(help="Serve the embedded ECR on this machine for any client: docker, aws, terraform, boto3, skopeo.")
@click.option(
    "--port",
    type=click.IntRange(0, LAST_PORT),
    default=4510,
    show_default=True,
    help="The API's port; registries take the next ones. 0: any.",
)
@click.option("--account", default="111111111111", show_default=True, help="The account of keys that name none.")
@click.option("--alias", metavar="NAME", help="The account's alias on ECR Public; it has a made-up one besides.")
@click.option("--store", type=click.Path(file_okay=False), help="Keep everything in this directory, across restarts.")
@click.option("--seed", type=click.Path(dir_okay=False), help="What exists already (YAML).")
@click.option("--findings", type=click.Path(dir_okay=False), help="What the scanner will find (YAML).")
@click.option("--faults", type=click.Path(dir_okay=False), help="Faults to happen (YAML).")
@fault_option
@click.option("--quotas", is_flag=True, help="Throttle what is beyond ECR's documented request rates.")
@click.option("--bandwidth", metavar="10MB/s", help="How fast each upload is taken.")
@click.option(
    "--scan-seconds", type=click.FloatRange(min=0), default=2.0, show_default=True, help="How long a scan takes."
)
@click.option("--oci", is_flag=True, help="A registry by the OCI specification, without ECR's own ways; no login.")
@click.option("--as-aws", is_flag=True, help="Run COMMAND where AWS's own host names lead here (Linux, root).")
@click.option("--accounts", default="", metavar="ID,ID", help="With --as-aws: accounts that have registries too.")
@click.option("--env-file", type=click.Path(dir_okay=False), help="Write the environment lines here once it is ready.")
@click.argument("command_line", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
def command(
    port: int,
    account: str,
    alias: str | None,
    store: str | None,
    seed: str | None,
    findings: str | None,
    faults: str | None,
    named: tuple[str, ...],
    quotas: bool,
    bandwidth: str | None,
    scan_seconds: float,
    oci: bool,
    as_aws: bool,
    accounts: str,
    env_file: str | None,
    command_line: tuple[str, ...],
) -> int:
    """Serve until a signal; print the environment lines first."""
    if not re.fullmatch(r"\d{12}", account):
        raise UsageError(what=f"{account!r} is no account id", where="--account", hint="it has exactly 12 digits")
    if alias is not None and not re.fullmatch(ALIAS, alias):
        raise UsageError(
            what=f"{alias!r} is no alias", where="--alias", hint="2 to 50 of a-z, 0-9, . _ -, a letter first"
        )
    if as_aws:
        asaws.possible(command_line)
    elif command_line or accounts:
        raise UsageError(
            what=f"{command_line[0] if command_line else '--accounts'} goes with --as-aws only",
            where="local",
            hint="ecr-publish local --as-aws -- COMMAND",
        )
    from ecr_publish.local.serving import local_server

    with (
        stopping() as stop,
        local_server(
            port=0 if as_aws else port,
            account=account,
            directory=Path(store) if store else None,
            told=(findings, seed, faults),
            bandwidth=_bandwidth(bandwidth),
            scan_seconds=scan_seconds,
            oci=oci,
            alias=alias,
            named=named,
            quotas=quotas,
        ) as server,
    ):
        if as_aws:
            return asaws.run(server, command_line, account=account, also=_accounts(accounts), region=REGION)
        url = server.url
        lines = environment_lines(url, account)
        if oci:
            lines += f"# registry: {server.ecr.registry_url(account, REGION)}\n"
        say(lines, nl=False)
        if env_file:
            spool = Path(f"{env_file}.new")
            spool.write_text(lines, encoding="utf-8")
            spool.replace(env_file)
        tell(f"# ready on {url}; Ctrl-C stops it")
        while not stop.wait(3600):
            pass
    return 0


def environment_lines(url: str, account: str) -> str:
    """What makes aws, boto3 and terraform talk to it; proxies and profiles would lead elsewhere."""
    from ecr_publish.local.surroundings import UNSET, variables

    exports = "".join(f"export {key}={value}\n" for key, value in variables(url, account, REGION).items())
    return exports + f"unset {' '.join(UNSET)}\n"


def _accounts(text: str) -> tuple[str, ...]:
    found = tuple(filter(None, text.split(",")))
    for each in found:
        if not re.fullmatch(r"\d{12}", each):
            raise UsageError(what=f"{each!r} is no account id", where="--accounts", hint="it has exactly 12 digits")
    return found


def _bandwidth(text: str | None) -> float | None:
    if text is None:
        return None
    match = _BANDWIDTH.fullmatch(text)
    speed = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not speed:
        raise UsageError(what=f"{text!r} is no bandwidth", where="--bandwidth", hint="write for example 10MB/s")
    return speed
