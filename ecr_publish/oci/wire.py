"""Wire: authorised requests to one repository of a registry's `/v2` API (OCI distribution-spec 1.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from ecr_publish.errors import PublishError, RegistryRefused, Throttled
from ecr_publish.http.answer import Answer, Streamed
from ecr_publish.http.origin import origin
from ecr_publish.http.slice import Slice
from ecr_publish.http.transport import Transport, whole
from ecr_publish.model.registry import Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.auth import Authorizer, header
from ecr_publish.oci.failures import action_of, has_expired, refusal
from ecr_publish.oci.limiter import Limiter
from ecr_publish.run.retry import Retry

TOKENS = "the token service"  # an action like those of IAM, to the limiter
Body = Callable[[], Iterable[bytes | memoryview | Slice]]  # makes the body anew for each attempt


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is below the repository, or a whole URL of the same registry (an upload session).

    `ok` are the statuses that are answers; all others become the errors of `failures.refusal`. `guard` is called before
    each time that it is sent, when it need not wait any more, and may raise: then it is not sent.
    """

    method: str
    path: str
    ok: tuple[int, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    length: int | None = None  # bytes of the body; 0 for a POST without one
    guard: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What all repositories of a run share: connections, tokens, and the pace of requests."""

    transport: Transport
    authorizer: Authorizer
    limiter: Limiter


class Wire:
    """Safe from threads. Raises NotAuthorised, TokenExpired (after one renewal), Throttled, Unavailable, and what
    `failures.refusal` tells apart."""

    def __init__(self, line: Line, retry: Retry, target: Target, repository: Repository) -> None:
        self._line, self.retry = line, retry
        self.target, self.repository = target, repository
        self._scope = f"repository:{repository.path}:pull,push"

    @property
    def is_open(self) -> bool:
        """Whether several requests may go side by side: no challenge is to be expected. Raises as a request does."""
        return self._line.authorizer.is_open(self.target, self._scope)

    def ask(self, request: Request) -> Answer:
        """The answer, after retries of what can heal. For requests that are safe to repeat."""
        return self.retry(lambda: self.once(request))

    def once(self, request: Request) -> Answer:
        """The answer to one attempt."""
        with self.stream(request) as response:
            return whole(response, self._where(request))

    @contextmanager
    def stream(self, request: Request) -> Iterator[Streamed]:
        """One attempt, its body still to be read. A challenge is answered and an expired token renewed on the way."""
        for left in (2, 1, 0):
            self._line.limiter.wait(self.repository.registry, _action(request))
            if request.guard is not None:
                request.guard()
            sent = self._line.authorizer.authorization(self.target, self._scope)
            with self._sent(request, sent) as response:
                if response.status in request.ok and response.status != 400:  # ECR Public says 400 of an expired token
                    self._line.authorizer.passed(self.target, self._scope)
                    yield response
                    return
                refused = whole(response, self._where(request))
            if left and self._recovered(refused, sent):
                continue
            if refused.status in request.ok and not has_expired(refused):
                yield Streamed(refused.status, refused.headers, iter((refused.body,)))
                return
            if request.method == "HEAD" and refused.status in (400, 401, 403):
                words = self._words(request, sent)
                if left and (words is None or self._recovered(words, sent)):
                    continue
                refused = words or refused
            break
        raise self._told(request, refused)

    def elsewhere(self, url: str, headers: Mapping[str, str]) -> AbstractContextManager[Streamed]:
        """A GET of another host's URL, without Authorization: pre-signed storage refuses two kinds of it."""
        return self._line.transport.stream("GET", url, headers)

    def url(self, path: str) -> str:
        """The whole URL of a path below the repository; one that is whole already stays."""
        if path.startswith(("https://", "http://")):
            return path
        base = self._line.authorizer.access(self.target).base_url
        return f"{base}/v2/{quote(self.repository.path, safe='/')}/{path}"

    def same_registry(self, location: str | None, for_what: str) -> str:
        """A Location of this registry, absolute. Raises RegistryRefused for another host or scheme: tokens stay."""
        here, there = self.url(""), self.joined(location)
        if not location:
            raise self.odd(f"it does not say where {for_what} go")
        if origin(here) != origin(there):
            parts = urlsplit(there)
            raise self.odd(f"it sends {for_what} to {parts.scheme}://{parts.netloc}, which is not the registry")
        return there

    def joined(self, location: str | None) -> str:
        """A Location, absolute. Raises RegistryRefused for what is no URL."""
        try:
            there = urldefrag(urljoin(self.url(""), location or "")).url
            urlsplit(there).port  # noqa: B018  # parsed when it is looked at
        except ValueError as error:
            raise self.odd(f"it gives {(location or '')[:100]!r} for a location") from error
        return there

    def refusal(self, request: Request, answer: Answer) -> PublishError:
        """The error for an answer that was not expected."""
        return refusal(request.method, urlsplit(request.path).path, self.repository, answer)

    def odd(self, what: str) -> RegistryRefused:
        """The error for an answer that no registry should give."""
        return RegistryRefused(
            what=what,
            where=str(self.repository),
            hint="this registry does not keep to the protocol, or something stands between",
        )

    def _told(self, request: Request, answer: Answer) -> PublishError:
        error = self.refusal(request, answer)
        if isinstance(error, Throttled):
            self._line.limiter.refused(self.repository.registry, _action(request), error.retry_after)
        return error

    @contextmanager
    def _sent(self, request: Request, authorization: str | None) -> Iterator[Streamed]:
        length = {} if request.length is None else {"Content-Length": str(request.length)}
        headers = {**request.headers, **length, **header(authorization)}
        body = None if request.body is None else request.body()
        with self._line.transport.stream(request.method, self.url(request.path), headers, body) as response:
            yield response

    def _recovered(self, refused: Answer, sent: str | None) -> bool:
        return self._line.authorizer.recovered(self.target, self._scope, refused, sent, self._turn)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The token service has a pace of its own, beside those of the registry's actions."""
        self._line.limiter.wait(self.repository.registry, TOKENS)
        try:
            yield
        except Throttled as error:
            self._line.limiter.refused(self.repository.registry, TOKENS, error.retry_after)
            raise

    def _words(self, request: Request, authorization: str | None) -> Answer | None:
        """A refused HEAD has no body to say why: the words that GET has. None if GET is not refused: the token is good
        after all, another thread has renewed it meanwhile."""
        with self._sent(Request("GET", request.path, (), request.headers), authorization) as response:
            if response.status not in (400, 401, 403):
                return None
            return whole(response, self._where(request))

    def _where(self, request: Request) -> str:
        return f"{request.method} {self.repository}"


def _action(request: Request) -> str:
    return action_of(request.method, urlsplit(request.path).path)
