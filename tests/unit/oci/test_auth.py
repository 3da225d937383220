"""Who asks: ECR's Basic token, the Bearer flow where a registry asks for it, and no token to anybody else."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecr_publish.errors import NotAuthorised, PublishError, RegistryRefused, Throttled, TokenExpired, Unavailable
from ecr_publish.http.transport import Transport
from ecr_publish.model.image import PublishedImage
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry, Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.auth import Authorizer
from ecr_publish.oci.images import RegistryImages
from ecr_publish.oci.limiter import Limiter
from ecr_publish.oci.wire import Line, Request, Wire
from ecr_publish.ports.access import Access
from ecr_publish.run.clock import SimulatedClock
from ecr_publish.run.retry import Retry
from ecr_publish.run.stop import StopRequest
from tests.unit.http.scripted import Asked, Scripted, serving
from tests.unit.oci.layouts import single

PLAIN = Target("plain", "plain", PlainRegistry("registry.example"))
PUBLIC = Target("public", "public", EcrPublicRegistry("acme"))
PRIVATE = Target("dev", "dev", EcrRegistry("111111111111", "us-east-2"))
BASIC = "Basic " + base64.b64encode(b"me:password").decode()
DIGEST = "sha256:" + "a" * 64
LIST = Request("GET", "tags/list", (200,))


@dataclass
class Given:
    """One access for every target, numbered by renewal."""

    url: str
    renewals: int = 0

    def access(self, target: Target) -> Access:
        return Access(self.url, BASIC if not self.renewals else f"{BASIC}{self.renewals}")

    def renew(self, target: Target) -> Access:
        self.renewals += 1
        return self.access(target)


@dataclass
class Odd(Given):
    """The same with this login."""

    authorization: str = BASIC

    def access(self, target: Target) -> Access:
        return Access(self.url, self.authorization)


@dataclass
class Slow(Given):
    """The same for whom a renewal takes a moment."""

    def renew(self, target: Target) -> Access:
        threading.Event().wait(0.2)
        return super().renew(target)


@dataclass
class BearerRegistry:
    """Issues Bearer tokens at /token; serves one manifest to whoever has the present one."""

    realm: str = "{url}/token"
    valid: int = 1
    issued: int = 0
    expired_status: int = 401
    server: Scripted | None = None
    beside: str = ""  # what else it offers
    tokens_asked: list[Asked] = field(default_factory=list)
    troubles: list[int] = field(default_factory=list)  # statuses that the token service answers first
    asks: dict[str, str] = field(default_factory=dict)  # headers that it answers them with
    silences: int = 0  # questions to the token service that get no answer before `over`
    over: threading.Event = field(default_factory=threading.Event)
    refuses: dict[str, int] = field(default_factory=dict)  # statuses of methods that it refuses whatever the token

    def __call__(self, asked: Asked) -> tuple[int, dict[str, str], bytes | None]:
        assert self.server is not None
        if asked.path.startswith("/token"):
            self.tokens_asked.append(asked)
            if len(self.tokens_asked) <= self.silences:
                self.over.wait()
                return 503, {}, None
            if self.troubles:
                return self.troubles.pop(0), self.asks, b""
            self.issued += 1
            return 200, {}, b'{"token":"t%d"}' % self.issued
        if asked.headers.get("authorization") == f"Bearer t{self.valid}":
            if asked.method in self.refuses:
                return self.refuses[asked.method], {}, b'{"errors":[{"code":"UNSUPPORTED","message":"not here"}]}'
            return 200, {"Docker-Content-Digest": DIGEST}, b""
        if "authorization" in asked.headers and self.expired_status == 400:
            return 400, {}, b'{"errors":[{"code":"DENIED","message":"Your Authorization Token is invalid."}]}'
        realm = self.realm.format(url=self.server.url)
        scope = "repository:web:pull,push"
        return 401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="registry",scope="{scope}"{self.beside}'}, b""


def engine(url: str, given: Given | None = None) -> RegistryImages:
    stop = StopRequest()
    clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC), stop)
    return RegistryImages(Transport(stop), given or Given(url), clock, lambda seconds: seconds)


@pytest.fixture
def registry() -> Iterator[BearerRegistry]:
    made = BearerRegistry()
    with serving(made) as server:
        made.server = server
        yield made
        made.over.set()


def url(registry: BearerRegistry) -> str:
    assert registry.server is not None
    return registry.server.url


def test_a_challenge_is_answered_once_and_its_token_kept(registry: BearerRegistry):
    images = engine(url(registry))
    for _ in range(3):
        assert str(images.digest(PLAIN, Repository(PLAIN.registry, "web"), "1.0")) == DIGEST
    assert registry.issued == 1
    assert registry.tokens_asked[0].headers["authorization"] == BASIC
    assert "scope=repository%3Aweb%3Apull%2Cpush" in registry.tokens_asked[0].path


@pytest.mark.parametrize(("target", "status"), [(PLAIN, 401), (PUBLIC, 400)])
def test_a_bearer_that_expires_is_fetched_anew(registry: BearerRegistry, target: Target, status: int):
    registry.expired_status = status
    images, repository = engine(url(registry)), Repository(target.registry, "web")
    assert images.digest(target, repository, "1.0") is not None
    registry.valid = 2
    assert images.digest(target, repository, "1.0") is not None
    assert registry.issued == 2


@dataclass(frozen=True)
class Run:
    """What the repositories of one run share."""

    given: Given
    target: Target = PUBLIC
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC)))
    attempts: int = 6
    stalled: float = 60.0  # seconds

    def wires(self, *names: str) -> list[Wire]:
        transport, registry = Transport(StopRequest(), stalled=self.stalled), self.target.registry
        line = Line(transport, Authorizer(self.given, transport), Limiter(self.clock))
        retry = Retry(self.clock, float, self.attempts)
        return [Wire(line, retry, self.target, Repository(registry, name)) for name in names]


def wire(url: str) -> Wire:
    return Run(Given(url)).wires("web")[0]


def side_by_side(wires: Sequence[Wire]) -> list[PublishError | None]:
    """How a question of each ended, all begun at once."""
    begun = threading.Barrier(len(wires))

    def ask(wire: Wire) -> PublishError | None:
        begun.wait()
        try:
            wire.ask(LIST)
        except PublishError as error:
            return error
        return None

    with ThreadPoolExecutor(len(wires)) as pool:
        return list(pool.map(ask, wires))


def test_an_expired_token_is_no_answer_where_400_is_one(registry: BearerRegistry):
    """ECR Public says 400 to both: what a registry does not know must not be mistaken for a stale token's refusal."""
    registry.expired_status, registry.valid = 400, 2
    assert wire(url(registry)).ask(Request("GET", f"referrers/{DIGEST}", (200, 400, 404))).status == 200
    with serving(lambda asked: (400, {}, b"no such address")) as server:
        answer = wire(server.url).ask(Request("GET", f"referrers/{DIGEST}", (200, 400, 404)))
        assert (answer.status, answer.body, len(server.asked)) == (400, b"no such address", 1)


def test_ecr_public_never_sees_basic_on_v2(registry: BearerRegistry):
    registry.expired_status = 400
    assert engine(url(registry)).digest(PUBLIC, Repository(PUBLIC.registry, "web"), "1.0") is not None
    assert registry.server is not None
    sent = [each.headers.get("authorization") for each in registry.server.asked if each.path.startswith("/v2")]
    assert sent == [None, "Bearer t1"]


def test_a_token_that_is_never_right_is_an_error_and_not_a_loop(registry: BearerRegistry):
    registry.valid = -1
    with pytest.raises(NotAuthorised):
        engine(url(registry)).digest(PLAIN, Repository(PLAIN.registry, "web"), "1.0")
    assert registry.issued <= 3


def test_a_token_service_in_trouble_is_asked_again(registry: BearerRegistry):
    registry.troubles = [429, 500, 503]
    assert engine(url(registry)).digest(PLAIN, Repository(PLAIN.registry, "web"), "1.0") is not None
    assert (registry.issued, len(registry.tokens_asked)) == (1, 4)


@pytest.mark.parametrize("status", [429, 503])
def test_a_token_service_is_given_the_seconds_that_it_asks_for(registry: BearerRegistry, status: int):
    registry.troubles, registry.asks = [status], {"Retry-After": "40"}
    clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
    Run(Given(url(registry)), clock=clock).wires("web")[0].ask(LIST)
    assert clock.monotonic() >= 40
    assert len(registry.tokens_asked) == 2


def test_a_token_service_that_asks_for_too_long_is_told_at_once_and_not_asked_by_others(registry: BearerRegistry):
    registry.troubles, registry.asks = [429], {"Retry-After": "600"}
    asking = wire(url(registry))
    for _ in range(2):
        with pytest.raises(Throttled, match="600 s"):
            asking.ask(LIST)
    assert len(registry.tokens_asked) == 1


@pytest.mark.parametrize(("status", "told"), [(405, RegistryRefused), (403, NotAuthorised)])
def test_a_refusal_that_wants_no_token_is_told_while_the_token_service_is_closed(
    registry: BearerRegistry, status: int, told: type[PublishError]
):
    first, second = Run(Given(url(registry))).wires("web", "worker")
    first.ask(LIST)
    registry.troubles, registry.asks = [429], {"Retry-After": "400"}
    with pytest.raises(Throttled, match="400 s"):
        second.ask(LIST)
    registry.refuses = {"PUT": status}
    with pytest.raises(told, match="not here"):
        first.ask(Request("PUT", "manifests/1.0", (201,)))


def test_a_token_that_somebody_has_renewed_meanwhile_is_taken_without_a_turn_at_the_token_service(
    registry: BearerRegistry,
):
    transport, scope = Transport(StopRequest()), "repository:web:pull,push"
    authorizer = Authorizer(Given(url(registry)), transport)
    refused = transport.ask("GET", f"{url(registry)}/v2/web/tags/list", {})
    turns: list[None] = []

    @contextmanager
    def turn() -> Iterator[None]:
        turns.append(None)
        yield

    assert authorizer.recovered(PLAIN, scope, refused, BASIC, turn)
    assert authorizer.recovered(PLAIN, scope, refused, BASIC, turn)
    assert (len(turns), registry.issued) == (1, 1)


def test_a_silent_token_service_is_asked_once_a_round_for_all_who_wait_for_it(registry: BearerRegistry):
    registry.silences = 1000
    ended = side_by_side(Run(Given(url(registry)), attempts=2, stalled=1).wires(*["web"] * 10))
    assert [type(each) for each in ended] == [Unavailable] * 10
    assert 2 <= len(registry.tokens_asked) < 10  # 2, and one for each who came when a round was over already


def test_what_the_token_service_failed_in_is_asked_anew_in_the_next_round(registry: BearerRegistry):
    registry.silences = 1
    assert side_by_side(Run(Given(url(registry)), stalled=1).wires(*["web"] * 10)) == [None] * 10
    assert (len(registry.tokens_asked), registry.issued) == (2, 1)


def test_tokens_for_several_repositories_are_asked_for_side_by_side():
    together = threading.Barrier(3)

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes | None]:
        if asked.path.startswith("/token"):
            together.wait(5)
            return 200, {}, b'{"token":"t"}'
        if "authorization" in asked.headers:
            return 200, {}, b""
        return 401, {"WWW-Authenticate": f'Bearer realm="{server.url}/token"'}, b""

    with serving(answer) as server:
        assert side_by_side(Run(Given(server.url)).wires("web", "worker", "job")) == [None] * 3


def test_ecr_s_token_is_renewed_once_for_all_repositories():
    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes | None]:
        if asked.headers["authorization"] == BASIC:
            return 403, {}, b'{"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]}'
        return 200, {}, b""

    with serving(answer) as server:
        given = Slow(server.url)
        assert side_by_side(Run(given, PRIVATE).wires("web", "worker", "job")) == [None] * 3
    assert given.renewals == 1


def test_a_registry_that_offers_basic_too_gets_a_token(registry: BearerRegistry):
    registry.beside = ',Basic realm="else"'
    assert engine(url(registry)).digest(PLAIN, Repository(PLAIN.registry, "web"), "1.0") is not None


@pytest.mark.parametrize("secret", ["c2Vj\ncmV0", "c2VjcmV0\r\nX-Evil: 1", "s\u00e9cret"])
def test_a_login_that_no_header_may_hold_is_refused_and_not_said(registry: BearerRegistry, secret: str):
    given = Odd(url(registry), authorization=f"Basic {secret}")
    with pytest.raises(NotAuthorised) as raised:
        engine(url(registry), given).digest(PLAIN, Repository(PLAIN.registry, "web"), "1.0")
    assert secret not in f"{raised.value}"
    assert "characters" in raised.value.what


@pytest.mark.parametrize(
    "realm",
    ["http://evil.example/token", "ftp://127.0.0.1/", "http://127.evil.example/t", "x", "https://[", "http://["],
)
def test_credentials_go_to_no_realm_that_is_not_https(registry: BearerRegistry, realm: str):
    registry.realm = realm
    with pytest.raises(NotAuthorised, match="not HTTPS"):
        engine(url(registry)).digest(PLAIN, Repository(PLAIN.registry, "web"), "1.0")


def test_a_private_ecr_token_is_never_taken_to_a_realm(registry: BearerRegistry):
    with pytest.raises(NotAuthorised):
        engine(url(registry)).digest(PRIVATE, Repository(PRIVATE.registry, "web"), "1.0")
    assert registry.issued == 0


def test_an_expired_basic_token_is_renewed_exactly_once():
    expired = b'{"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]}'
    with serving(lambda asked: (403, {}, expired)) as server:
        given = Given(server.url)
        with pytest.raises(TokenExpired):
            engine(server.url, given).find(PRIVATE, Repository(PRIVATE.registry, "web"), "1.0")
        assert given.renewals <= 2


def uploading(location: Callable[[Asked], str]) -> Callable[[Asked], tuple[int, dict[str, str], bytes]]:
    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if asked.method == "POST":
            return 202, {"Location": location(asked)}, b""
        return (404, {}, b"") if asked.method in ("HEAD", "GET") else (201, {}, b"")

    return answer


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:1/upload", "https://{host}/upload", "http://evil.example/upload", "//evil.example/u"]
)
def test_an_upload_location_elsewhere_is_refused(tmp_path: Path, location: str):
    with serving(uploading(lambda asked: location.format(host=asked.headers["host"]))) as server:
        repository = Repository(PRIVATE.registry, "web")
        with pytest.raises(RegistryRefused, match="not the registry"):
            engine(server.url).push(single(tmp_path), PRIVATE, repository, ("1.0",), lambda progress: None)
        assert [each.method for each in server.asked if each.method == "PUT"] == []


@pytest.mark.parametrize("location", ["https://[", "//[::1", "http://registry.example:port/"])
def test_an_upload_location_that_is_no_url_is_refused(tmp_path: Path, location: str):
    layout, repository = single(tmp_path), Repository(PRIVATE.registry, "web")
    with serving(uploading(lambda asked: location)) as server, pytest.raises(RegistryRefused, match=r"for a location"):
        engine(server.url).push(layout, PRIVATE, repository, ("1.0",), lambda progress: None)


def test_a_relative_upload_location_is_of_the_registry(tmp_path: Path):
    with serving(uploading(lambda asked: "/v2/web/blobs/uploads/1?state=a")) as server:

        def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
            if asked.method == "HEAD" and any(
                each.path.endswith("/1.0") and each.method == "PUT" for each in server.asked
            ):
                return 200, {"Docker-Content-Digest": str(layout.digest)}, b""
            return uploading(lambda _: "/v2/web/blobs/uploads/1?state=a")(asked)

        layout = single(tmp_path)
        server.answer = answer
        images, repository = engine(server.url), Repository(PRIVATE.registry, "web")
        images.push(layout, PRIVATE, repository, ("1.0",), lambda progress: None)
        puts = [each.path for each in server.asked if each.method == "PUT" and "uploads" in each.path]
        assert all("state=a&digest=sha256:" in path for path in puts)


def test_a_blob_s_storage_gets_no_authorization():
    with serving(lambda asked: (200, {}, b"{}")) as storage:
        blob = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        config = f'{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{blob}","size":2}}'
        manifest = b'{"schemaVersion":2,"config":%s,"layers":[]}' % config.encode()

        def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
            if "/blobs/" in asked.path:
                return 307, {"Location": f"{storage.url}/bucket?signature=1"}, b""
            return 200, {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}, manifest

        with serving(answer) as server:
            images, repository = engine(server.url), Repository(PRIVATE.registry, "web")
            found = images.find(PRIVATE, repository, "1.0")
            assert isinstance(found, PublishedImage)
            assert images.labels(PRIVATE, found) == {}
        assert [each.headers.get("authorization") for each in storage.asked] == [None]


@pytest.mark.parametrize("link", ["<http://[>; rel=next", "</v2/web/tags/list?n=1&last=a>; rel=next"])
def test_a_list_s_next_page_is_asked_of_this_registry_whatever_the_link_says(link: str):
    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        more = {} if "n=1000" not in asked.path else {"Link": link}
        return 200, more, b'{"name":"web","tags":["%d"]}' % len(server.asked)

    with serving(answer) as server:
        assert engine(server.url).tags(PRIVATE, Repository(PRIVATE.registry, "web")) == ("1", "2")
