"""The transport keeps connections, follows nothing, tells what broke, and stops when asked."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ecr_publish.errors import Interrupted, RegistryRefused, Unavailable
from ecr_publish.http.failures import Cut
from ecr_publish.http.loopback import is_loopback
from ecr_publish.http.route import Proxy, Route
from ecr_publish.http.transport import LARGEST_ANSWER, Transport
from ecr_publish.run.stop import StopRequest
from tests.unit.http.scripted import Asked, serving

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"


def fine(_):
    return 200, {"X-Said": "yes"}, b"body"


def test_requests_of_one_host_share_a_connection():
    with serving(fine) as server:
        transport = Transport(StopRequest())
        for _ in range(5):
            assert transport.ask("GET", f"{server.url}/v2/", {}).body == b"body"
        transport.ask("HEAD", f"{server.url}/v2/", {})
        transport.ask("PUT", f"{server.url}/v2/", {"Content-Length": "4"}, iter([b"ab", b"cd"]))
        assert len({each.client for each in server.asked}) == 1
        assert server.asked[-1].body == b"abcd"


def test_a_body_that_is_left_unread_costs_the_connection_and_nothing_else():
    with serving(lambda _: (200, {}, b"x" * (1 << 20))) as server:
        transport = Transport(StopRequest())
        for _ in range(2):
            with transport.stream("GET", f"{server.url}/", {}) as response:
                assert response.status == 200
        assert len(transport.ask("GET", f"{server.url}/", {}).body) == 1 << 20


def test_header_names_have_no_case():
    with serving(fine) as server:
        assert Transport(StopRequest()).ask("GET", server.url, {}).header("x-sAID") == "yes"


def test_a_redirect_is_an_answer():
    with serving(lambda _: (307, {"Location": "http://127.0.0.1:1/"}, b"")) as server:
        answer = Transport(StopRequest()).ask("GET", server.url, {"Authorization": "Basic c2VjcmV0"})
        assert (answer.status, len(server.asked)) == (307, 1)


def test_bytes_are_given_as_they_come_whatever_encoding_is_claimed():
    with serving(lambda _: (200, {"Content-Encoding": "gzip"}, b"\x1f\x8bnot gzip at all")) as server:
        assert Transport(StopRequest()).ask("GET", server.url, {}).body == b"\x1f\x8bnot gzip at all"


def test_a_connection_that_is_closed_without_an_answer_is_cut():
    with serving(lambda _: (0, {}, None)) as server, pytest.raises(Cut):
        Transport(StopRequest()).ask("POST", server.url, {})


def test_a_body_that_ends_early_is_unavailable():
    with serving(lambda _: (200, {"Content-Length": "100"}, b"ten bytes.")) as server, pytest.raises(Unavailable):
        Transport(StopRequest()).ask("GET", server.url, {})


def test_a_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="nothing was heard"):
            Transport(StopRequest(), stalled=0.2).ask("GET", f"http://127.0.0.1:{silent.getsockname()[1]}/", {})
        assert time.monotonic() - began < 5


def test_a_server_that_stops_taking_a_body_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        begin = time.monotonic()
        with pytest.raises(Unavailable):
            Transport(StopRequest(), stalled=0.2).ask(
                "PUT", f"http://127.0.0.1:{deaf.getsockname()[1]}/", {"Content-Length": str(64 << 20)}, blocks(64)
            )
        assert time.monotonic() - begin < 5


def test_a_server_that_stops_in_the_middle_of_its_answer_is_given_up():
    with halting(HALF) as url, pytest.raises(Unavailable, match="too long"):
        Transport(StopRequest(), stalled=0.2).ask("GET", url, {})


@contextmanager
def halting(answer: bytes) -> Iterator[str]:
    """The URL of a server that takes a little, begins an answer and is silent."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            taken, _ = listening.accept()
            taken.recv(65536)
            taken.sendall(answer)
            ended.wait(30)
            taken.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        ended.set()
        thread.join()


@pytest.mark.parametrize("answer", [b"", HALF], ids=["none", "half"])
@pytest.mark.parametrize("size", [0, 64], ids=["nothing sent", "64 MiB sent"])
def test_a_stop_does_not_wait_for_a_silent_server(answer: bytes, size: int):
    stop, begin = StopRequest(grace=0.1), time.monotonic()
    with halting(answer) as url:
        threading.Timer(0.2, stop.interrupt).start()
        with pytest.raises(Interrupted):
            Transport(stop).ask("PUT", url, {"Content-Length": str(size << 20)}, blocks(size))
    assert time.monotonic() - begin < 10


def test_a_server_that_takes_its_time_with_a_body_is_given_more_than_it_takes_to_connect():
    """On a connection that was used before: urllib3 has two timeouts, and forgets which is which."""
    size = 32 << 20

    def serve(listening: socket.socket) -> None:
        taken, _ = listening.accept()
        with taken:
            taken.recv(65536)
            taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            time.sleep(1.5)
            left = size
            while left > 0 and (got := taken.recv(1 << 20)):
                left -= len(got)
            taken.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        transport, url = Transport(StopRequest(), connecting=0.3), f"http://127.0.0.1:{listening.getsockname()[1]}/"
        assert transport.ask("GET", url, {}).status == 200
        assert transport.ask("PUT", url, {"Content-Length": str(size)}, blocks(32)).status == 201
        thread.join()


def test_a_header_that_comes_twice_is_not_lost():
    with serving(lambda _: (401, {"WWW-Authenticate": "Bearer x", "www-authenticate": "Basic y"}, b"")) as server:
        answer = Transport(StopRequest()).ask("GET", server.url, {})
    assert answer.header("www-authenticate") == "Bearer x, Basic y"


def test_what_is_nearly_over_comes_to_its_end_after_a_stop():
    stop = StopRequest(grace=30)

    def late(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        stop.interrupt()
        time.sleep(0.2)
        return 201, {}, b""

    with serving(late) as server:
        assert Transport(stop).ask("PUT", server.url, {}, b"manifest").status == 201


def blocks(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield bytes(1 << 20)


def test_nobody_listening_is_unavailable_and_the_query_stays_secret():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable) as raised:
        Transport(StopRequest()).ask("GET", f"http://127.0.0.1:{port}/blob?X-Amz-Signature=secret", {})
    assert "secret" not in str(raised.value)
    assert raised.value.retryable


def test_an_endless_document_is_refused():
    with serving(lambda _: (200, {}, b"x" * (LARGEST_ANSWER + 1))) as server, pytest.raises(RegistryRefused):
        Transport(StopRequest()).ask("GET", server.url, {})


def test_a_stop_comes_before_the_next_request_and_between_blocks():
    stop = StopRequest()

    def body():
        yield b"a" * 1024
        stop.interrupt()
        yield b"b" * 1024

    with serving(fine) as server:
        transport = Transport(stop)
        with pytest.raises(Interrupted):
            transport.ask("PUT", server.url, {"Content-Length": "2048"}, body())
        with pytest.raises(Interrupted):
            transport.ask("GET", server.url, {})
        assert [each for each in server.asked if each.method == "GET"] == []


def test_what_the_body_raises_comes_through():
    def body():
        yield b"a"
        raise RegistryRefused(what="the source says no", where="here", hint="-")

    with serving(fine) as server, pytest.raises(RegistryRefused, match="the source says no"):
        Transport(StopRequest()).ask("PUT", server.url, {"Content-Length": "10"}, body())


def test_credentials_do_not_travel_over_plain_http():
    with pytest.raises(RegistryRefused, match="plain HTTP"):
        Transport(StopRequest()).ask("GET", "http://registry.example/v2/", {"Authorization": "Basic x"})


def test_loopback_is_never_proxied_and_others_are():
    with serving(fine) as server, serving(lambda _: (200, {}, b"proxied")) as proxy:
        transport = Transport(StopRequest(), route=Route(http=Proxy(proxy.url), without=("near.invalid",)))
        assert transport.ask("GET", server.url, {}).body == b"body"
        assert transport.ask("GET", "http://registry.invalid/v2/", {}).body == b"proxied"
        with pytest.raises(Unavailable, match="no connection"):
            transport.ask("GET", "http://near.invalid/v2/", {})


def test_a_proxy_is_told_its_user_and_the_registry_is_not():
    with serving(fine) as server, serving(fine) as proxy:
        transport = Transport(StopRequest(), route=Route(http=Proxy(proxy.url, "jo:s3cret")))
        transport.ask("GET", "http://registry.invalid/v2/", {})
        transport.ask("GET", server.url, {})
    assert proxy.asked[0].headers["proxy-authorization"] == "Basic am86czNjcmV0"
    assert "proxy-authorization" not in server.asked[0].headers


def test_the_environment_s_proxies_are_not_looked_at():
    asking = (
        "import sys; from ecr_publish.http.transport import Transport; from ecr_publish.run.stop import StopRequest\n"
        "print(Transport(StopRequest()).ask('GET', sys.argv[1], {}).status)"
    )
    nowhere = "http://127.0.0.1:1"
    with serving(fine) as server:
        command = [sys.executable, "-c", asking, server.url]
        env = {"HTTP_PROXY": nowhere, "http_proxy": nowhere, "ALL_PROXY": nowhere}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "200\n", done.stderr


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:5000", True),
        ("127.9.9.9", True),
        ("localhost:5000", True),
        ("registry.localhost", True),
        ("[::1]:5000", True),
        ("127.evil.example", False),
        ("127.0.0.1.example", False),
        ("127.0.0.1@evil.example", False),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback_is_an_address_and_not_a_prefix(host: str, here: bool):
    assert is_loopback(host) is here
