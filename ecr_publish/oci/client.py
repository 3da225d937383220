"""One repository's requests on the registry's `/v2` API (OCI distribution-spec 1.1, with ECR's differences)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, urljoin, urlsplit

from ecr_publish.errors import DigestMismatch, PublishError, RegistryRefused, RepositoryMissing, Unavailable
from ecr_publish.http.transport import Answer, Streamed, Transport
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.model.registry import Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.auth import Authorizer
from ecr_publish.oci.failures import diagnosis, has_expired, missing_repository, refusal
from ecr_publish.oci.manifest import ACCEPT, Descriptor, Document, parse
from ecr_publish.run.retry import Retry

Body = Callable[[], Iterable[bytes]]  # makes the body anew for each attempt
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')


class Client:
    """Stateless but for its connections. Errors are those of `failures.refusal`, after retries of what can heal."""

    def __init__(
        self, transport: Transport, authorizer: Authorizer, retry: Retry, target: Target, repository: Repository
    ) -> None:
        self._transport, self._authorizer, self._retry = transport, authorizer, retry
        self.target, self.repository = target, repository
        self._scope = f"repository:{repository.path}:pull,push"

    # --- manifests

    def head_manifest(self, reference: str) -> Digest | None:
        """The digest under a tag or digest, by one request; None if it is not there."""
        answer = self._ask("HEAD", f"manifests/{reference}", {"Accept": ACCEPT}, ok=(200, 404))
        if answer.status == 404:
            return None
        told = answer.header("docker-content-digest")
        if told is None:
            document = self.manifest(reference)
            return document.digest if document else None
        return self._matching(reference, Digest(told))

    def manifest(self, reference: str) -> Document | None:
        """The exact bytes, parsed; None if absent. A digest asked for is verified, whatever the headers say."""
        answer = self._ask("GET", f"manifests/{reference}", {"Accept": ACCEPT}, ok=(200, 404))
        if answer.status == 404:
            if diagnosis(answer.body).code == "NAME_UNKNOWN":
                raise missing_repository(self.repository, f"GET {self.repository}")
            return None
        self._matching(reference, digest_of(answer.body))
        return parse(answer.body, answer.header("content-type"), f"{self.repository}@{digest_of(answer.body).short}")

    def put_manifest(self, document: Document, reference: str) -> None:
        """Write exact bytes under a tag or their digest; the registry's own digest of them is compared."""
        answer = self._ask(
            "PUT", f"manifests/{reference}", {"Content-Type": document.media_type}, lambda: (document.body,),
            ok=(200, 201), length=len(document.body),
        )  # fmt: skip
        told = answer.header("docker-content-digest")
        if told is not None and told != str(document.digest):
            raise DigestMismatch(
                what=f"the registry calls it {told}, it is {document.digest}",
                where=f"PUT {self.repository}:{reference}",
                hint="nothing was tagged by us after this; look for a proxy that changes content",
            )

    def tags(self) -> Iterator[str]:
        """All tag names, page by page, unsorted."""
        path = "tags/list?n=1000"
        while path:
            answer = self._ask("GET", path, {}, ok=(200,))
            try:
                value = json.loads(answer.body)
            except ValueError as error:
                raise self._odd("the tag list is not JSON") from error
            yield from (str(name) for name in (value.get("tags") or ()))
            path = self._next(answer)

    def _next(self, answer: Answer) -> str:
        match = _NEXT.search(answer.header("link") or "")
        return f"tags/list?{urlsplit(match[1]).query}" if match else ""

    # --- blobs

    def has_blob(self, digest: Digest) -> bool:
        """Whether the repository has the blob."""
        return self._ask("HEAD", f"blobs/{digest}", {}, ok=(200, 404)).status == 200

    def blob(self, descriptor: Descriptor) -> bytes:
        """A small blob such as a config, verified."""
        return b"".join(self.blocks(descriptor))

    def blocks(self, descriptor: Descriptor) -> Iterator[bytes]:
        """A blob in blocks; the last one is only given if all bytes have the digest."""
        digest, size, held = hashlib.sha256(), 0, b""
        with self._download(descriptor.digest) as response:
            for block in response.blocks:
                if held:
                    yield held
                digest.update(block)
                size += len(block)
                held = block
        if digest.hexdigest() != descriptor.digest.hex:
            if size < descriptor.size:
                raise Unavailable(
                    what=f"the download broke off after {size} of {descriptor.size} bytes",
                    where=f"GET {self.repository}@{descriptor.digest.short}",
                    hint="run again",
                )
            raise DigestMismatch(
                what=f"the registry sent other bytes than {descriptor.digest}",
                where=f"GET {self.repository}",
                hint="nothing was written; look for a proxy that changes content",
            )
        if held:
            yield held

    @contextmanager
    def _download(self, digest: Digest) -> Iterator[Streamed]:
        """GET a blob; ECR redirects to S3, which gets no Authorization (it refuses two kinds of it)."""
        url, headers = self._url(f"blobs/{digest}"), self._authorizer.headers(self.target, self._scope)
        with self._transport.stream("GET", url, headers) as response:
            if response.status == 200:
                yield response
                return
            if response.status not in (301, 302, 303, 307, 308):
                body = b"".join(response.blocks)
                raise refusal("GET", url, self.repository, Answer(response.status, response.headers, body))
            location = urljoin(url, response.header("location") or "")
            for _ in response.blocks:
                pass
        if not location.startswith(("https://", "http://")) or (
            url.startswith("https:") and location.startswith("http:")
        ):
            raise self._odd("a blob redirects to where it must not")
        with self._transport.stream("GET", location, {}) as response:
            if response.status != 200:
                raise Unavailable(
                    what=f"the blob's storage answers {response.status}",
                    where=f"GET {self.repository}@{digest.short}",
                    hint="try again later; without internet access the VPC needs an S3 endpoint",
                )
            yield response

    def mount(self, digest: Digest, source: Repository) -> str | None:
        """Mount a blob of another repository of this registry; None if it is there now, else where to upload it."""
        query = f"mount={quote(str(digest), safe=':')}&from={quote(source.path, safe='/')}"
        answer = self._ask("POST", f"blobs/uploads/?{query}", {}, ok=(201, 202), length=0)
        return None if answer.status == 201 else self._location(answer)

    def upload(self, descriptor: Descriptor, body: Body, session: str | None = None) -> None:
        """Send a blob as one PUT, in blocks; the registry verifies the digest. A broken link starts a new session."""
        sessions = [session] if session else []

        def attempt() -> None:
            location = sessions.pop() if sessions else self._start()
            joint = "&" if "?" in location else "?"
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(descriptor.size)}
            answer = self._send("PUT", f"{location}{joint}digest={descriptor.digest}", headers, body)
            if answer.status not in (200, 201, 204):
                raise refusal("PUT", "/blobs/uploads/", self.repository, answer)
            told = answer.header("docker-content-digest")
            if told is not None and told != str(descriptor.digest):
                raise DigestMismatch(
                    what=f"the registry calls it {told}, it is {descriptor.digest}",
                    where=f"PUT {self.repository}",
                    hint="nothing was tagged; look for a proxy that changes content",
                )

        self._retry(attempt)

    def _start(self) -> str:
        try:
            return self._location(self._once("POST", "blobs/uploads/", {}, None, (202,), 0))
        except Unavailable as error:
            raise self._looked_at(error) from error

    def _looked_at(self, error: Unavailable) -> PublishError:
        """ECR cuts the connection where the repository or the permission is missing: look before speaking."""
        try:
            self._once("GET", "tags/list?n=1", {}, None, (200,), None)
        except RepositoryMissing as missing:
            return missing
        except PublishError as other:
            return other if not isinstance(other, Unavailable) else error
        return error

    def _location(self, answer: Answer) -> str:
        """The upload session, absolute; another host or scheme than the registry's is refused."""
        url = self._url("")
        location = urljoin(url, answer.header("location") or "")
        here, there = urlsplit(url), urlsplit(location)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc) or not answer.header("location"):
            raise self._odd(f"it sends uploads to {there.scheme}://{there.netloc}, which is not the registry")
        return location

    # --- requests

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: Body | None = None, *, ok: tuple[int, ...],
        length: int | None = None,
    ) -> Answer:  # fmt: skip
        return self._retry(lambda: self._once(method, path, headers, body, ok, length))

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], body: Body | None, ok: tuple[int, ...],
        length: int | None,
    ) -> Answer:  # fmt: skip
        sized = {"Content-Length": str(length)} if length is not None else {}
        answer = self._send(method, self._url(path), {**headers, **sized}, body)
        if answer.status in ok:
            return answer
        raise refusal(method, f"/{path}", self.repository, answer)

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: Body | None) -> Answer:
        """Send; a challenge is answered, an expired token renewed, each once."""
        answer = self._transmit(method, url, headers, body)
        if self._authorizer.challenged(self.target, self._scope, answer):
            answer = self._transmit(method, url, headers, body)
        # A HEAD has no body to say why: a token that seems fresh is renewed only where the words ask for it.
        if has_expired(answer) or (method == "HEAD" and answer.status in (401, 403) and self._expired_by_words(url)):
            self._authorizer.renew(self.target, self._scope)
            answer = self._transmit(method, url, headers, body)
        return answer

    def _expired_by_words(self, url: str) -> bool:
        return has_expired(self._transmit("GET", url, {"Accept": ACCEPT}, None))

    def _transmit(self, method: str, url: str, headers: Mapping[str, str], body: Body | None) -> Answer:
        authorized = {**headers, **self._authorizer.headers(self.target, self._scope)}
        return self._transport.ask(method, url, authorized, None if body is None else body())

    def _url(self, path: str) -> str:
        base = self._authorizer.access(self.target).base_url
        return f"{base}/v2/{quote(self.repository.path, safe='/')}/{path}"

    def _matching(self, reference: str, digest: Digest) -> Digest:
        if reference.startswith("sha256:") and reference != str(digest):
            raise DigestMismatch(
                what=f"asked for {reference}, the registry answers with {digest}",
                where=str(self.repository),
                hint="nothing was written; look for a proxy that changes content",
            )
        return digest

    def _odd(self, what: str) -> RegistryRefused:
        return RegistryRefused(
            what=what, where=str(self.repository), hint="this registry does not keep to the protocol"
        )
