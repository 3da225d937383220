"""Requests of any kind, as bytes on a socket: mostly shaped like real ones, with something wrong in some place."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from ecr_publish.local.api import wire

NAMES = (
    "team/web",
    "no/where",
    "../../etc",
    "Team",
    "a" * 300,
    "",
    "team//web",
    "team/../web",
    "\u00e9",
    "a/manifests/b",
)
DIGESTS = ("sha256:" + "0" * 64, "sha256:", "sha512:" + "f" * 128, "sha256:" + "Z" * 64, "md5:00", "sha256:../../x")
PUSHED = "sha256:" + hashlib.sha256(b"latest").hexdigest()
NUMBERS = (0, 1, -1, 100, 1001, 2**31, 2**63, 10**400, 1.5)
ODD = ("\x00", "\ud800", "%2e%2e%2f", "A" * 5000, "*", "null", "'\"<>", "\u00b2", "9" * 5000)

right_words = st.sampled_from(("team/web", "latest", PUSHED, "arn:aws:ecr:us-east-2:111111111111:repository/team/web"))


def often(strategy: st.SearchStrategy[Any], times: int, *others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One strategy `times` times as often as each of the others (hypothesis's one_of forgets repetitions)."""
    numbered = dict(enumerate((*others, *[strategy] * times)))
    return st.sampled_from(sorted(numbered)).flatmap(numbered.__getitem__)


words = often(right_words, 4, st.sampled_from((*NAMES, *DIGESTS, *ODD, "1.0")), st.text(max_size=12))
plain = st.none() | st.booleans() | st.sampled_from(NUMBERS) | words
anything = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3))


@dataclass(frozen=True)
class Wire:
    """One request as it goes over the socket."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def framed(self) -> bytes:
        """With a length that is right, and the wish to close."""
        head = b"%s %s HTTP/1.1\r\n" % (self.method, self.target)
        pairs = (*self.headers, (b"Content-Length", b"%d" % len(self.body)), (b"Connection", b"close"))
        return head + b"".join(b"%s: %s\r\n" % pair for pair in pairs) + b"\r\n" + self.body


def shaped(shape: Any, depth: int = 4) -> st.SearchStrategy[Any]:
    """Values of a member of botocore's model, right by type in most places."""
    match shape.type_name:
        case "structure" if depth:
            members = {name: shaped(each, depth - 1) for name, each in shape.members.items()}
            required = {name: each for name, each in members.items() if name in shape.required_members}
            right: st.SearchStrategy[Any] = st.fixed_dictionaries(
                required, optional={name: each for name, each in members.items() if name not in required}
            )
        case "list" if depth:
            right = st.lists(shaped(shape.member, depth - 1), max_size=3)
        case "string":
            enum = shape.metadata.get("enum")
            right = st.sampled_from(enum) if enum else words
        case "integer" | "long":
            right = st.sampled_from(NUMBERS)
        case "boolean":
            right = st.booleans()
        case "blob":
            right = st.binary(max_size=20).map(lambda data: base64.b64encode(data).decode()) | words
        case _:
            right = anything
    return often(right, 15, anything)


def _bodies(shape: Any) -> st.SearchStrategy[bytes]:
    odd = st.sampled_from((b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 20_000, b"NaN", b"1e999"))
    right = (shaped(shape) if shape is not None else anything).map(lambda value: json.dumps(value).encode())
    return often(right, 8, odd, st.binary(max_size=30))


_SIGNED = b"AWS4-HMAC-SHA256 Credential=%s/20260101/%s/ecr/aws4_request, SignedHeaders=host, Signature=0"
signatures = st.sampled_from(
    (
        *(_SIGNED % (b"1" * 12, b"us-east-1"),) * 20,
        _SIGNED % (b"2" * 12, b"us-east-2"),
        _SIGNED % (b"ASIA" + b"1" * 12 + b"A", b"us-east-2"),
        _SIGNED % (b"ASIA" + b"1" * 12 + b"MFRGG2LOOM", b"x" * 300),
        _SIGNED % (b"..", b"..-.."),
        b"Basic x",
        b"\xff",
    )
)


def api(service: str, prefix: str) -> st.SearchStrategy[Wire]:
    """Calls of a JSON service: every operation of its model, and names that are none."""

    def of(name: str) -> st.SearchStrategy[Wire]:
        model = wire.model(service)
        shape = model.operation_model(name).input_shape if name in model.operation_names else None
        target = (prefix + name).encode("latin-1", "replace").replace(b"\n", b"").replace(b"\r", b"")
        return st.builds(
            lambda signature, body: Wire(
                b"POST",
                b"/",
                (
                    (b"Host", b"127.0.0.1"),
                    (b"Content-Type", b"application/x-amz-json-1.1"),
                    (b"X-Amz-Target", target),
                    (b"Authorization", signature),
                ),
                body,
            ),
            signatures,
            _bodies(shape),
        )

    known = st.sampled_from(sorted(wire.model(service).operation_names))
    return often(known, 8, st.sampled_from(("Nothing", "", "A" * 5000, "x.y", "\xff"))).flatmap(of)


def sts() -> st.SearchStrategy[Wire]:
    """STS's forms."""
    action = st.sampled_from((b"AssumeRole", b"GetCallerIdentity", b"AssumeRoleWithWebIdentity", b"X", b"\xff"))
    value = st.sampled_from((b"arn:aws:iam::111111111111:role/x", b"", b"%ff", b"9" * 5000, b"run", b"900", b"a.b.c"))
    keys = (b"RoleArn", b"RoleSessionName", b"DurationSeconds", b"WebIdentityToken", b"Action")
    pairs = st.lists(st.tuples(st.sampled_from(keys), value), max_size=6)
    return st.builds(
        lambda name, more, signature: Wire(
            b"POST",
            b"/",
            ((b"Host", b"x"), (b"Authorization", signature), (b"Content-Type", b"application/x-www-form-urlencoded")),
            b"Action=" + name + b"".join(b"&%s=%s" % pair for pair in more),
        ),
        action,
        pairs,
        signatures,
    )


def registry(token: str, scheme: bytes = b"Basic", home: bytes = b"team/web") -> st.SearchStrategy[Wire]:
    """Requests to `/v2` and to what stands for S3."""
    segment = words.map(lambda word: quote_from_bytes(word.encode("utf-8", "surrogatepass"), safe="").encode())
    raw = st.sampled_from((b"..", b"%00", b"%ff", b"%2e%2e%2f", b"a" * 9000, b"%zz", b"team/web"))
    tails = st.sampled_from(
        (
            (b"POST", b"blobs/uploads/"),
            *((method, b"blobs/uploads/%s") for method in (b"PATCH", b"PUT", b"GET", b"DELETE")),
            *((method, b"blobs/%s") for method in (b"HEAD", b"GET", b"DELETE")),
            *((method, b"manifests/%s") for method in (b"HEAD", b"GET", b"DELETE", b"PUT", b"PUT", b"PUT")),
            (b"GET", b"tags/list"),
            (b"GET", b"referrers/%s"),
        )
    )
    piece = segment | raw
    routed = st.builds(
        lambda name, tail, last: (tail[0], b"/v2/" + name + b"/" + tail[1].replace(b"%s", last)),
        often(st.just(home), 5, piece),
        tails,
        piece,
    )
    anyhow = st.sampled_from((b"GET", b"HEAD", b"POST", b"PATCH", b"PUT", b"DELETE", b"OPTIONS"))
    paths = st.lists(piece, max_size=4).map(lambda parts: b"/" + b"/".join(parts))
    other = st.tuples(anyhow, paths | piece.map(lambda part: b"/_storage/" + part))
    key = st.sampled_from((b"n", b"last", b"digest", b"mount", b"from", b"artifactType"))
    query = st.lists(st.tuples(key, piece), max_size=3).map(lambda pairs: b"&".join(b"%s=%s" % each for each in pairs))
    odd = st.sampled_from(
        (b"bytes=0-0", b"bytes=-5", b"bytes=-", b"bytes=5-1", b"0-4", b"5-", b"9" * 6000, b"\xb2-\xb2")
    )
    kind = st.sampled_from((b"application/vnd.oci.image.manifest.v1+json", b"*/*", b"text/plain", b"", b"\xff;;,,"))
    access = st.sampled_from(
        (scheme + b" " + token.encode(),) * 8
        + (b"Basic " + token[:-9].encode(), b"Bearer x", b"Basic \xff", b"Basic QVdTOg==")
    )
    right = st.just(((b"Authorization", scheme + b" " + token.encode()), (b"Host", b"127.0.0.1")))
    wrong = st.tuples(
        st.tuples(st.just(b"Authorization"), access),
        st.tuples(st.just(b"Host"), st.sampled_from((b"127.0.0.1", b"", b"\xff", b"a b"))),
        st.tuples(st.sampled_from((b"Range", b"Content-Range", b"X-Nothing")), odd),
        st.tuples(st.sampled_from((b"Accept", b"Content-Type")), kind),
    )
    headers = often(right, 3, wrong)
    bodies = st.one_of(st.just(b""), st.binary(max_size=40), anything.map(lambda value: json.dumps(value).encode()))
    return st.builds(
        lambda route, tail, pairs, body: Wire(route[0], route[1] + (b"?" + tail if tail else b""), pairs, body),
        often(routed, 8, other),
        query,
        headers,
        bodies | _manifests(),
    )


def _manifests() -> st.SearchStrategy[bytes]:
    """Documents that are nearly manifests."""
    descriptor = st.fixed_dictionaries(
        {}, optional={"mediaType": plain, "digest": words, "size": plain, "urls": plain, "annotations": anything}
    )
    kinds = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json")
    document = st.fixed_dictionaries(
        {"mediaType": st.sampled_from(kinds) | plain},
        optional={
            "schemaVersion": plain,
            "config": descriptor | plain,
            "layers": st.lists(descriptor, max_size=2) | plain,
            "manifests": st.lists(descriptor, max_size=2) | plain,
            "subject": descriptor | plain,
            "annotations": anything,
            "artifactType": plain,
        },
    )
    return document.map(lambda value: json.dumps(value).encode())
