"""A certificate authority of one run: its key never leaves memory, and only one command's processes trust it."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ecr_publish.errors import UsageError

# Where the systems keep the bundle that Go, OpenSSL and curl read: Debian, Fedora and RHEL, Alpine, SUSE.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A server's TLS context and, as PEM, the authority that vouches for it."""

    context: ssl.SSLContext
    authority: bytes


def issue(names: Iterable[str]) -> Issued:
    """A certificate for these host names (wildcards allowed). Raises UsageError if `trustme` is not installed."""
    try:
        import trustme
    except ImportError as error:
        raise UsageError(
            what="real host names need certificates, and the package that makes them is not installed",
            where="--as-aws",
            hint="pip install 'ecr-publish[as-aws]'",
        ) from error
    authority = trustme.CA(organization_name="ecr-publish local", organization_unit_name="embedded ECR")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return Issued(context, authority.cert_pem.bytes())


def bundles(authority: bytes, directory: Path) -> dict[Path, Path]:
    """The system's bundles that exist -> a copy of each with the authority added, in `directory`."""
    found = {}
    for number, each in enumerate(map(Path, BUNDLES)):
        if each.is_file():
            copy = directory / f"bundle-{number}.pem"
            copy.write_bytes(each.read_bytes() + b"\n" + authority)
            found[each.resolve()] = copy
    return found
