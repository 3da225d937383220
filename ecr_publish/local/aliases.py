"""Aliases of public registries: every account has one that ECR Public made up, and perhaps one that it asked for."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from ecr_publish.local.store import Store


class Aliases:
    """Which account an alias belongs to, and the other way round. Those asked for are given at the start: no operation
    of the API makes one (ECR Public User Guide, "Registry aliases")."""

    def __init__(self, store: Store, given: Iterable[tuple[str, str]], account: str) -> None:
        """`given` are pairs of alias and account; `account` is one that is known even before it was asked for."""
        self._store, self._given, self._account = store, dict(given), account

    def give(self, alias: str, account: str) -> None:
        """From now on the account has this alias."""
        self._given[alias] = account

    def of(self, account: str) -> tuple[str, ...]:
        """All of an account, the primary one first."""
        asked = tuple(alias for alias, owner in self._given.items() if owner == account)
        return (*asked, made_up(account))

    def account(self, alias: str) -> str | None:
        """Whose alias it is."""
        if alias in self._given:
            return self._given[alias]
        known = {self._account, *(registry.account for registry in self._store.registries)}
        return next((account for account in known if made_up(account) == alias), None)


def made_up(account: str) -> str:
    """The alias that ECR Public chooses: a letter, then seven letters and digits; here always the same one."""
    return "e" + base64.b32encode(hashlib.sha256(account.encode()).digest()).decode()[:7].lower()
