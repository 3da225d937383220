"""ECR Public's `/v2` and its token service: one host for all accounts, told apart by the alias that a name begins with.

Bearer tokens only; anybody may pull (facts: distribution/distribution#4383, containers-roadmap#2835, oras-go#1227).
"""

from __future__ import annotations

import json
from typing import Any

from ecr_publish.local import tokens
from ecr_publish.local.apierror import no_repository
from ecr_publish.local.exchange import Answer, Exchange
from ecr_publish.local.records import PUBLIC
from ecr_publish.local.registry import answers, routes
from ecr_publish.local.registry.visit import Visit
from ecr_publish.local.tokens import ANYBODY, Principal

TOKENS = "/token"


async def serve(ecr: Any, exchange: Exchange) -> Answer:
    """Answer one request to `/v2` of ECR Public, or to its token service."""
    if exchange.path.rstrip("/") == TOKENS:
        return _token(ecr, exchange)
    route = routes.action_of(exchange.method, exchange.path)
    principal = _principal(ecr, exchange)
    if isinstance(principal, Answer):
        return principal
    if route is None or exchange.path == "/v2/_catalog":
        return answers.no_route()
    action, parts = route
    if "name" not in parts:
        return Answer(200, b"{}", {"content-type": "application/json"})
    alias, _, name = parts["name"].partition("/")
    account = ecr.aliases.account(alias)
    is_owner = principal.account == account
    if exchange.method == "HEAD" and "digest" in parts and ecr.quirks.public_head_refused and not is_owner:
        return answers.bearer_wanted(ecr.base_url(exchange))
    if account is None or not name:
        raise no_repository(name, alias)
    registry = ecr.store.registry(account, PUBLIC)
    return await routes.perform(Visit(ecr, registry, principal, exchange, action, parts, f"{alias}/"))


def _principal(ecr: Any, exchange: Exchange) -> Principal | Answer:
    """Whose Bearer token it is. Any other credential is 400 and has no challenge, so that few clients recover."""
    if "authorization" not in exchange.headers:
        if not ecr.quirks.token_required:
            return Principal(ecr.settings.account, f"arn:aws:iam::{ecr.settings.account}:root")
        return answers.bearer_wanted(ecr.base_url(exchange))
    scheme, _, value = exchange.headers["authorization"].partition(" ")
    if scheme.lower() != "bearer":
        return answers.unknown_token()
    try:
        token = tokens.read_bearer(ecr.store.key, value.strip())
    except tokens.BadToken:
        return answers.unknown_token()
    return token.principal if ecr.is_valid(token) else answers.unknown_token()


def _token(ecr: Any, exchange: Exchange) -> Answer:
    """A Bearer token for an hour: the caller's with ECR Public's Basic token, anybody's without."""
    if exchange.method != "GET":
        return answers.no_route()
    principal, given = ANYBODY, exchange.headers.get("authorization")
    if given is not None:
        try:
            token = tokens.read(ecr.store.key, given.partition(" ")[2].strip())
        except tokens.BadToken:
            return answers.unknown_token()
        if token.region != PUBLIC:
            return answers.unknown_token()
        if not ecr.is_valid(token):
            return answers.expired()
        principal = token.principal
    made = tokens.bearer(
        ecr.store.key, principal, ecr.clock.now().timestamp() + tokens.BEARER_SECONDS, ecr.next_serial()
    )
    return Answer(200, json.dumps({"token": made}).encode(), {"content-type": "application/json"})
