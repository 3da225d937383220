"""Kept: values that are expensive to get, got once per key however many threads ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """One fetch at a time per key; other keys do not wait. A fetch that raises keeps nothing."""

    def __init__(self) -> None:
        self._values: dict[Key, Value] = {}
        self._locks: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def held(self, key: Key) -> Value | None:
        """The value as it is, without a fetch."""
        return self._values.get(key)

    def get(
        self, key: Key, fetch: Callable[[], Value], *, is_good: Callable[[Value], bool] = lambda value: True
    ) -> Value:
        """The held value while it `is_good`, else a new one from `fetch`."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key in self._values and is_good(self._values[key]):
                return self._values[key]
            value = self._values[key] = fetch()
            return value
