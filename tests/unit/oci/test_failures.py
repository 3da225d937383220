"""One refusal, one error: by status, code and words, with a hint that names a command or a setting."""

from __future__ import annotations

import json

import pytest

from ecr_publish import errors
from ecr_publish.http.answer import Answer
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry, Repository
from ecr_publish.oci.failures import diagnosis, has_expired, refusal

ECR = Repository(EcrRegistry("111111111111", "us-east-2"), "web")
IMMUTABLE = "The image tag 'T' already exists in the 'web' repository and cannot be overwritten because the "
NOT_ALLOWED = "User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:PutImage on resource: R because no policy"


def answer(status: int, code: str = "", message: str = "", **headers: str) -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode() if code else message.encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


CASES = [
    ("PUT", "manifests/1", answer(404, "NAME_UNKNOWN", "The repository with name 'web' …"), errors.RepositoryMissing),
    ("GET", "manifests/1", answer(404, "MANIFEST_UNKNOWN", "Requested image not found"), errors.ImageMissing),
    ("PUT", "manifests/1", answer(404, "BLOB_UPLOAD_UNKNOWN", "Layers with digests … do not exist"),
     errors.ImageMissing),
    ("PUT", "manifests/1", answer(400, "TAG_INVALID", IMMUTABLE + "repository is immutable."), errors.TagTaken),
    ("PUT", "manifests/1", answer(400, "TAG_INVALID", IMMUTABLE + "tag is immutable."), errors.TagTaken),
    ("PUT", "manifests/1", answer(405, "UNSUPPORTED", "Invalid parameter at 'ImageManifest' …"),
     errors.RegistryRefused),
    ("PUT", "manifests/1", answer(403, "DENIED", NOT_ALLOWED), errors.NotAuthorised),
    ("PUT", "manifests/1", answer(403, "DENIED", "The maximum limit of images per repository is exceeded"),
     errors.QuotaExceeded),
    ("PUT", "manifests/1", answer(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again."),
     errors.TokenExpired),
    ("GET", "blobs/x", answer(400, "DENIED", "Your Authorization Token is invalid."), errors.TokenExpired),
    ("GET", "blobs/x", answer(403, "", "Your authorization token has expired"), errors.TokenExpired),
    ("HEAD", "blobs/x", answer(403), errors.NotAuthorised),
    ("GET", "manifests/1", answer(401, "", "Not Authorized\n"), errors.NotAuthorised),
    ("PUT", "manifests/1", answer(429, "TOOMANYREQUESTS", "Rate exceeded"), errors.Throttled),
    ("PUT", "manifests/1", answer(503, "", "<html>"), errors.Unavailable),
    ("PUT", "blobs/uploads/x", answer(400, "BLOB_UPLOAD_INVALID",
     "None of the provided layer digests match the calculated layer digest"), errors.DigestMismatch),
    ("PUT", "manifests/1", answer(400, "MANIFEST_INVALID",
     "The image with digest 'D' … does not match the image digest that Amazon ECR has calculated."),
     errors.DigestMismatch),
    ("GET", "manifests/1", answer(302), errors.RegistryRefused),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "said", "kind"), CASES)
def test_a_refusal_is_one_error_that_helps(method: str, path: str, said: Answer, kind: type[errors.PublishError]):
    error = refusal(method, path, ECR, said)
    assert type(error) is kind
    assert error.what
    assert error.hint


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("HEAD", "blobs/sha256:0", "ecr:BatchCheckLayerAvailability"),
        ("POST", "blobs/uploads/", "ecr:InitiateLayerUpload"),
        ("PUT", "/v2/web/blobs/uploads/u", "ecr:CompleteLayerUpload"),
        ("PUT", "manifests/1", "ecr:PutImage"),
        ("GET", "tags/list", "ecr:ListImages"),
    ],
)
def test_a_refusal_without_words_names_the_action_behind_the_request(method: str, path: str, action: str):
    assert action in refusal(method, path, ECR, answer(403)).hint


@pytest.mark.parametrize(
    ("repository", "words"),
    [
        (ECR, "aws ecr create-repository --repository-name web --region us-east-2"),
        (Repository(EcrPublicRegistry("acme"), "web"), "aws ecr-public create-repository --repository-name web"),
        (Repository(PlainRegistry("registry.example"), "web"), "that registry's documentation"),
    ],
)
def test_a_missing_repository_comes_with_what_creates_it(repository: Repository, words: str):
    assert words in refusal("PUT", "manifests/1", repository, answer(404, "NAME_UNKNOWN", "gone")).hint


def test_retry_after_is_kept_in_seconds():
    error = refusal("PUT", "manifests/1", ECR, answer(429, "TOOMANYREQUESTS", "slow", retry_after="7"))
    assert isinstance(error, errors.Unavailable)
    assert error.retry_after == 7.0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("0", 0.0), ("86401", 86_400.0), ("9" * 5000, 86_400.0), ("²", None), ("-1", None), ("Thu, 01 Jan 2026", None)],
)
def test_a_pause_is_a_day_at_most_and_no_nonsense(said: str, seconds: float | None):
    error = refusal("PUT", "manifests/1", ECR, answer(429, "TOOMANYREQUESTS", "slow", retry_after=said))
    assert isinstance(error, errors.Throttled)
    assert error.retry_after == seconds


def test_a_pause_that_is_asked_for_is_told():
    error = refusal("PUT", "manifests/1", ECR, answer(429, "TOOMANYREQUESTS", "slow", retry_after="600"))
    assert error.what == "the registry asks to slow down (and to wait 600 s): slow"


def test_the_page_of_a_proxy_is_told_by_its_title_and_a_long_message_is_cut():
    page = b"<html><head><title>413 Request Entity Too Large</title></head><body><h1>nginx</h1></body></html>"
    assert diagnosis(page).message == "413 Request Entity Too Large"
    assert diagnosis(b"<html><body>no title").message == ""
    long = diagnosis(b'{"errors": [{"code": "DENIED", "message": "' + b"x" * 200_000 + b'"}]}').message
    assert (len(long), long[-1]) == (1002, "…")
    assert "words ()" not in refusal("PUT", "manifests/1", ECR, Answer(413, {}, page)).hint


def test_words_of_a_registry_come_on_one_printable_line():
    assert diagnosis(b"a\x1b[31m\n::set-output name=x::y").message == "a [31m ::set-output name=x::y"


@pytest.mark.parametrize("body", [b"[]", b'{"errors":[]}', b'{"errors":["x"]}', b"\xff\xff", b"[" * 100_000])
def test_an_odd_body_is_no_fault_of_ours(body: bytes):
    assert diagnosis(body).code == ""
    assert not has_expired(Answer(403, {}, body))
