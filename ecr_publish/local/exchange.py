"""One HTTP exchange, without saying which server carries it: the request's parts, its body in blocks, the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass
class Exchange:
    """A request. `headers` have lower-case names; `path` is decoded, `query` the last value of each name."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    blocks: Callable[[], AsyncIterator[bytes]]
    cut: Callable[[], Awaitable[None]]  # close the connection without an answer
    scheme: str = "http"
    received: int = 0  # bytes of the body so far

    @property
    def query(self) -> dict[str, str]:
        """The query's values."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    async def body(self, most: int) -> bytes:
        """The whole body, at most so many bytes (the rest is an error: None)."""
        content = bytearray()
        async for block in self.blocks():
            content += block
            if len(content) > most:
                raise TooLarge
        return bytes(content)


class TooLarge(Exception):
    """A body that is larger than this request may have."""


class Cut(Exception):
    """The connection is to be closed without an answer."""


@dataclass
class Answer:
    """A response: a body, or blocks that are read while they are sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    blocks: Iterator[bytes] | None = None
    cut_after: int | None = None  # bytes of the body; then the connection is closed
