"""Tokens and account settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecr_publish.local import tokens
from ecr_publish.local.api.named import allow, registry_of
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import invalid

# name -> values, the default first (ECR API Reference, PutAccountSetting)
SETTINGS = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE", "CLAIR"),
    "REGISTRY_POLICY_SCOPE": ("V2", "V1"),
    "BLOB_MOUNTING": ("DISABLED", "ENABLED"),
}


def get_authorization_token(call: Call) -> Mapping[str, Any]:
    """GetAuthorizationToken: one element per registry asked for; the token is the caller's, for one region."""
    home = call.store.registry(call.principal.account, call.region)
    allow(call, "GetAuthorizationToken", home, None)
    expires = call.now + tokens.LIFE_SECONDS
    token = tokens.issue(call.store.key, call.principal, call.region, expires, call.ecr.next_serial())
    accounts = call.input.get("registryIds") or [call.principal.account]
    return {
        "authorizationData": [
            {
                "authorizationToken": token,
                "expiresAt": expires,
                "proxyEndpoint": call.ecr.registry_url(account, call.region),
            }
            for account in accounts
        ]
    }


def get_account_setting(call: Call) -> Mapping[str, Any]:
    """GetAccountSetting."""
    registry, name = registry_of(call), call.input["name"]
    allow(call, "GetAccountSetting", registry, None)
    if name not in SETTINGS:
        raise invalid("name", f"Member must satisfy enum value set: [{', '.join(SETTINGS)}]")
    return {"name": name, "value": registry.settings.get(name, SETTINGS[name][0])}


def put_account_setting(call: Call) -> Mapping[str, Any]:
    """PutAccountSetting."""
    registry, name = registry_of(call), call.input["name"]
    allow(call, "PutAccountSetting", registry, None)
    if name not in SETTINGS:
        raise invalid("name", f"Member must satisfy enum value set: [{', '.join(SETTINGS)}]")
    if call.input["value"] not in SETTINGS[name]:
        raise invalid("value", f"Member must satisfy enum value set: [{', '.join(SETTINGS[name])}]")
    registry.settings[name] = call.input["value"]
    call.store.save(registry)
    return {"name": name, "value": registry.settings[name]}
