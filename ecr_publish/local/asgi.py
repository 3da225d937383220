"""Exchanges over ASGI: a request as the embedded ECR takes it, its answer, and a connection cut where a fault wants it.

Source: the ASGI specification, "HTTP & WebSocket ASGI Message Format"; cutting is uvicorn's own, and is not in it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ecr_publish.local.api import failures
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.exchange import Answer, Cut, Exchange

Handler = Callable[[Exchange], Awaitable[Answer]]


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, which lets the application close the connection without an answer."""

    def on_message_begin(self) -> None:
        """Put the transport within reach of the application."""
        super().on_message_begin()
        self.scope["extensions"] = {"cut": {"protocol": self}}


def application(handler: Handler) -> Callable[..., Awaitable[None]]:
    """The handler as an ASGI application, which `Protocol` calls."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        protocol = scope["extensions"]["cut"]["protocol"]

        async def blocks() -> AsyncIterator[bytes]:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Cut
                if message["body"]:
                    exchange.received += len(message["body"])
                    yield message["body"]
                if not message.get("more_body"):
                    return

        async def cut() -> None:
            protocol.cycle.disconnected = True  # so that uvicorn does not complain of an answer that is not whole
            protocol.transport.abort()

        headers = _headers(scope["headers"])
        query = scope["query_string"].decode("latin-1")
        exchange = Exchange(scope["method"], scope["path"], query, headers, blocks, cut, scope["scheme"])
        try:
            answer = await handler(exchange)
        except Cut:
            await cut()
            return
        except Exception as error:
            # a fault of ours: told to the client too, for whoever tests against it sees no other place
            logging.getLogger(__name__).exception("%s %s failed", scope["method"], scope["path"])
            answer = failures.failed(ApiError("ServerException", f"{type(error).__name__}: {error}", 500), "ecr")
        if answer.cut_after is None:
            await _send(answer, scope["method"], send)
        elif answer.cut_after == 0:
            await cut()
        else:
            await _send_part(answer, answer.cut_after, send)
            protocol.cycle.disconnected = True
            protocol.transport.close()  # after what is on its way

    return served


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; several lines of one name are one list (RFC 9110, 5.2): Go sends an Accept line per type."""
    headers: dict[str, str] = {}
    for key, value in pairs:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


async def _send(answer: Answer, method: str, send: Any) -> None:
    await send(_start(answer))
    if answer.blocks is not None and method != "HEAD":
        for block in answer.blocks:
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})


def _start(answer: Answer) -> dict[str, Any]:
    headers = dict(answer.headers)
    if answer.blocks is None and "content-length" not in headers:
        headers["content-length"] = str(len(answer.body))
    pairs = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
    return {"type": "http.response.start", "status": answer.status, "headers": pairs}


async def _send_part(answer: Answer, most: int, send: Any) -> None:
    """The header, which promises everything, and the first bytes."""
    await send(_start(answer))
    left = most
    for block in answer.blocks if answer.blocks is not None else (answer.body,):
        await send({"type": "http.response.body", "body": block[:left], "more_body": True})
        left -= len(block)
        if left <= 0:
            return
