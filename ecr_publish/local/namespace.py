"""A command in a mount namespace of its own, where AWS's names lead to this machine and its authority is trusted.

Nothing outside of the namespace changes, and nothing needs to be undone: it ends with its last process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

# What would lead a client elsewhere than the names do: these, and every AWS_ENDPOINT_URL.
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "ECR_PUBLISH_PUBLIC_ENDPOINT")
ENDPOINTS = "AWS_ENDPOINT_URL"  # alone, or with a service behind it (AWS SDKs reference, "Service-specific endpoints")
_DIRECT = ".amazonaws.com,.amazonaws.com.cn,public.ecr.aws,127.0.0.1,localhost"
# `$0` is a file with one `source target` pair a line: mount(8) takes one pair a call.
_SCRIPT = 'while read -r from to; do mount --bind "$from" "$to" || exit 125; done <"$0"; exec "$@"'


def hosts_file(names: Iterable[str], address: str, before: str) -> str:
    """`/etc/hosts` with these names on top, so that no line of the machine's own wins."""
    return "".join(f"{address} {name}\n" for name in names) + before


def argv(pairs: Mapping[Path, Path], list_file: Path, command: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that binds each value over its key in a private mount namespace and then becomes `command`.

    Writes `list_file`. unshare(1) and mount(8) are util-linux's; both need root.
    """
    list_file.write_text("".join(f"{source} {target}\n" for target, source in pairs.items()), encoding="utf-8")
    return ("unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, str(list_file), *command)


def environment(given: Mapping[str, str], account: str, region: str, bundle: Path) -> dict[str, str]:
    """The command's variables: credentials of `account`, the bundle for clients that bring their own, no detours."""
    kept = {key: value for key, value in given.items() if key not in UNSET and not key.startswith(ENDPOINTS)}
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (given.get(name), _DIRECT)))
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        **kept,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",  # those of ~/.aws/config
        # botocore, requests, Node and OpenSSL's users each look elsewhere than the system's bundle
        "AWS_CA_BUNDLE": str(bundle),
        "REQUESTS_CA_BUNDLE": str(bundle),
        "CURL_CA_BUNDLE": str(bundle),
        "SSL_CERT_FILE": str(bundle),
        "NODE_EXTRA_CA_CERTS": str(bundle),
    }
