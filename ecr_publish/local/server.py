"""The server: one event loop in one thread; a port for the API and one per registry."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from ecr_publish.errors import MachineFault
from ecr_publish.local import hosts
from ecr_publish.local.asgi import Handler, Protocol, application
from ecr_publish.local.embedded import Clock, EmbeddedEcr, Settings

NEAR = 50  # ports that are tried if the one that is due is taken
# For port 443: several servers may run at once, and 127.0.0.1's is often taken.
ADDRESSES = tuple(f"127.69.67.{last}" for last in range(82, 102))


class Server:
    """Starts with its API port open; opens a registry's port when it is first asked for."""

    def __init__(self, settings: Settings, clock: Clock, port: int = 0) -> None:
        self._loop = asyncio.new_event_loop()
        self._servers: list[uvicorn.Server] = []
        self._ports: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._first = port
        self.ecr = EmbeddedEcr(settings, clock, self._registry_port)
        self._kept = self.ecr.store.ports()
        self._thread = threading.Thread(target=self._run, name="embedded-ecr", daemon=True)
        self._thread.start()
        try:
            self.port = self._open(port, self.ecr.api)
            for home in tuple(self._kept):  # who has logged in before a restart comes back to the same port
                self._registry_port(*home.split("/"))
        except MachineFault:
            self.close()  # the store's directory is free again
            raise
        self.ecr.public_url = self.url

    @property
    def url(self) -> str:
        """The API endpoint for all accounts and regions."""
        return f"http://127.0.0.1:{self.port}"

    def _registry_port(self, account: str, region: str) -> int:
        """The `/v2` port of a registry: the next free one above the API's, or the one it had before."""
        with self._lock:
            key = (account, region)
            if key not in self._ports:
                wanted = self._kept.get(f"{account}/{region}") or self._next_port()
                self._ports[key] = self._open_near(
                    wanted, lambda exchange: self.ecr.registry(account, region, exchange)
                )
                self._kept[f"{account}/{region}"] = self._ports[key]
                self.ecr.store.save_ports(self._kept)
            return self._ports[key]

    def _open_near(self, wanted: int, handler: Handler) -> int:
        """That port, or the next one that nobody else has."""
        for port in range(wanted, min(wanted + NEAR, 65536)):
            try:
                return self._open(port, handler)
            except MachineFault:
                continue
        return self._open(wanted, handler)

    def _next_port(self) -> int:
        if not self._first:
            return 0
        return max([self._first, *self._ports.values(), *self._kept.values()]) + 1

    def take_real_names(self, certificate: ssl.SSLContext) -> str:
        """Answer for AWS's own host names from now on, and give the address on whose port 443 that is (root only)."""
        for address in ADDRESSES:
            try:
                self._open(443, self.ecr.named, address=address, certificate=certificate)
            except MachineFault as error:
                last = error
                continue
            self.ecr.real_names, self.ecr.public_url = True, f"https://{hosts.PUBLIC_REGISTRY}"
            return address
        raise last

    def _open(
        self,
        port: int,
        handler: Handler,
        *,
        address: str = "127.0.0.1",
        certificate: ssl.SSLContext | None = None,
    ) -> int:
        # asyncio sets TCP_NODELAY only where the protocol is named: else a body waits 40 ms for its header's ACK
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((address, port))
        except OSError as error:
            listening.close()
            raise MachineFault(
                what=f"port {port} of {address} cannot be used: {error.strerror}",
                where="local",
                hint="name another with --port, or end what uses it",
            ) from error
        listening.listen(1024)
        # asyncio.to_thread callers wait here while the loop goes on
        asyncio.run_coroutine_threadsafe(self._serve(listening, handler, certificate), self._loop).result(10)
        return int(listening.getsockname()[1])

    async def _serve(self, listening: socket.socket, handler: Handler, certificate: ssl.SSLContext | None) -> None:
        config = uvicorn.Config(
            application(handler),
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        config.load()
        config.ssl = certificate
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        self._servers.append(server)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def close(self) -> None:
        """Close all ports and end the thread."""

        async def stop() -> None:
            # uvicorn's own shutdown sleeps 0.1 s; a test suite that opens hundreds of servers would wait for nothing
            tasks = []
            for server in self._servers:
                for listener in server.servers:
                    listener.close()
                for connection in tuple(server.server_state.connections):
                    connection.transport.abort()
                tasks += [*server.server_state.tasks]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self.ecr.close()


@contextmanager
def serving(settings: Settings, clock: Clock, port: int = 0) -> Iterator[Server]:
    """A running server; closed at the end of the block."""
    server = Server(settings, clock, port)
    try:
        yield server
    finally:
        server.close()
