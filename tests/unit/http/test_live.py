"""A run that is to end waits for nobody: not for a connection that is being made, nor is a cut taken for an end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from ecr_publish.errors import Interrupted
from ecr_publish.http.live import Live
from ecr_publish.http.route import Proxy, Route
from ecr_publish.http.transport import Transport
from ecr_publish.run.stop import StopRequest
from tests.unit.http.test_transport import halting

ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"  # and a body that ends where the connection does (RFC 9112, section 6.3)


@contextmanager
def silent() -> Iterator[int]:
    """The port of a server that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@contextmanager
def full() -> Iterator[int]:
    """The port of a server that takes no more connections: they are neither made nor refused."""
    with ExitStack() as held:
        listening = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        with suppress(TimeoutError):
            while True:
                one = held.enter_context(socket.socket())
                one.settimeout(0.3)
                one.connect(listening.getsockname())
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("server", "url", "route"),
    [
        (full, "http://127.0.0.1:{}/", Route()),
        (silent, "https://127.0.0.1:{}/", Route()),
        (silent, "https://registry.test/", Route(https=Proxy("http://127.0.0.1:{}"))),
    ],
    ids=["nobody takes it", "TLS", "a proxy"],
)
def test_a_stop_does_not_wait_for_a_connection_that_is_being_made(server, url: str, route: Route):
    stop = StopRequest(grace=0.1)
    with server() as port:
        if route.https:
            route = Route(https=Proxy(route.https.url.format(port)))
        transport, begin = Transport(stop, route=route), time.monotonic()
        threading.Timer(0.2, stop.interrupt).start()
        with pytest.raises(Interrupted):
            transport.ask("GET", url.format(port), {})
    assert time.monotonic() - begin < 5


def test_a_connection_that_is_nearly_made_when_a_stop_is_asked_for_is_made():
    stop, made = StopRequest(grace=30), threading.Event()
    stop.interrupt()
    Live(stop).connect(made.set)
    assert made.is_set()


def test_what_cannot_be_connected_says_why():
    def refused() -> None:
        raise ConnectionRefusedError("nobody is there")

    with pytest.raises(ConnectionRefusedError, match="nobody"):
        Live(StopRequest()).connect(refused)


@contextmanager
def no_more_threads() -> Iterator[None]:
    """A thread cannot be started, as under a limit of processes: here for its stack, which no machine has room for."""
    before = threading.stack_size(1 << 47)
    try:
        yield
    finally:
        threading.stack_size(before)


def test_where_no_thread_can_be_started_it_is_connected_all_the_same():
    connected: list[threading.Thread] = []
    live = Live(StopRequest())
    with no_more_threads():
        with pytest.raises(RuntimeError, match="thread"):
            threading.Thread(target=print).start()
        live.connect(lambda: connected.append(threading.current_thread()))
    assert connected == [threading.current_thread()]


def test_where_no_thread_can_be_started_what_cannot_be_connected_says_why():
    def refused() -> None:
        raise ConnectionRefusedError("nobody is there")

    with no_more_threads(), pytest.raises(ConnectionRefusedError, match="nobody"):
        Live(StopRequest()).connect(refused)


def test_after_the_cut_nothing_is_connected_any_more():
    stop, began = StopRequest(grace=0), threading.Event()
    cut = threading.Event()
    live = Live(stop)
    stop.soon_after(cut.set)
    stop.interrupt()
    assert cut.wait(10)
    with pytest.raises(ConnectionAbortedError):
        live.connect(began.set)
    assert not began.is_set()


def test_a_body_of_no_length_that_was_cut_is_no_whole_one():
    stop = StopRequest(grace=0.1)
    with halting(ENDLESS) as url:
        threading.Timer(0.2, stop.interrupt).start()
        with pytest.raises(Interrupted):
            Transport(stop).ask("GET", url, {})
