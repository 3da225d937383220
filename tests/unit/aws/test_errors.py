"""What AWS and its SDK say becomes one error that names what to do, with the exit code of its kind."""

from __future__ import annotations

import ssl

import pytest
import urllib3
from botocore import exceptions

from ecr_publish import errors
from ecr_publish.aws.errors import client_error, translated

ARN = "arn:aws:iam::123456789012:user/ci"
DENIED = f"User: {ARN} is not authorized to perform: ecr:CreateRepository on resource: *"
ASSUME = f"User: {ARN} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::210987654321:role/x"


def answer(code, message="words", status=400):
    return {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}


@pytest.mark.parametrize(
    ("code", "kind", "exit_code"),
    [
        ("ExpiredToken", errors.NotAuthorised, 3),
        ("ExpiredTokenException", errors.NotAuthorised, 3),
        ("RequestExpired", errors.NotAuthorised, 3),
        ("UnrecognizedClientException", errors.NotAuthorised, 3),
        ("InvalidClientTokenId", errors.NotAuthorised, 3),
        ("InvalidSignatureException", errors.NotAuthorised, 3),
        ("AccessDenied", errors.NotAuthorised, 3),
        ("AccessDeniedException", errors.NotAuthorised, 3),
        ("RepositoryNotFoundException", errors.RepositoryMissing, 5),
        ("ImageNotFoundException", errors.ImageMissing, 5),
        ("LimitExceededException", errors.QuotaExceeded, 5),
        ("InvalidParameterException", errors.RegistryRefused, 5),
        ("", errors.RegistryRefused, 5),
        ("ThrottlingException", errors.Throttled, 9),
        ("ServerException", errors.Unavailable, 9),
    ],
)
def test_codes_are_told_apart(code, kind, exit_code):
    error = client_error(answer(code), "here")
    assert (type(error), error.exit_code) == (kind, exit_code)


def test_a_server_error_without_a_known_code_may_heal():
    assert client_error(answer("Weird", status=502), "here").retryable


@pytest.mark.parametrize("response", [None, {}, {"Error": None}, {"Error": {}}, "text"])
def test_an_answer_without_any_words_is_still_an_error(response):
    assert isinstance(client_error(response, "here"), errors.RegistryRefused)


def test_a_denial_names_the_principal_and_the_action():
    error = client_error(answer("AccessDeniedException", DENIED), "create-repository web")
    assert ARN in error.what
    assert "ecr:CreateRepository" in error.hint


def test_a_role_that_may_not_be_assumed_points_to_its_trust_policy():
    assert "trust policy" in client_error(answer("AccessDenied", ASSUME), "here").hint


def test_a_signature_that_is_late_points_to_the_clock():
    error = client_error(answer("InvalidSignatureException", "Signature expired: 2026 is now earlier than"), "here")
    assert "clock" in error.hint


def test_the_words_of_a_bad_signature_are_not_repeated():
    words = "The Canonical String for this request should have been 'x-amz-security-token:IQoJb3JpZ2luX2VjE'"
    assert "IQoJb3" not in str(client_error(answer("SignatureDoesNotMatch", words), "here"))


@pytest.mark.parametrize(
    ("raised", "kind", "hint"),
    [
        (exceptions.NoCredentialsError(), errors.NotAuthorised, "AWS_PROFILE"),
        (exceptions.PartialCredentialsError(provider="env", cred_var="X"), errors.NotAuthorised, "AWS_PROFILE"),
        (exceptions.ProfileNotFound(profile="nope"), errors.NotAuthorised, "profile:"),
        (exceptions.UnauthorizedSSOTokenError(), errors.NotAuthorised, "aws sso login"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="x"), errors.NotAuthorised, "aws sso login"),
        (exceptions.EndpointConnectionError(endpoint_url="https://x.test"), errors.Unavailable, "AWS_ENDPOINT_URL"),
        (exceptions.ConnectTimeoutError(endpoint_url="https://x.test"), errors.Unavailable, "network"),
        (exceptions.ReadTimeoutError(endpoint_url="https://x.test"), errors.Unavailable, "network"),
        (exceptions.ConnectionClosedError(endpoint_url="https://x.test"), errors.Unavailable, "network"),
        (exceptions.NoRegionError(), errors.MachineFault, "~/.aws/config"),
        (RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."),
         errors.NotAuthorised, "clock"),
    ],
)  # fmt: skip
def test_the_sdks_own_troubles_name_a_command_or_a_setting(raised, kind, hint):
    with pytest.raises(kind) as caught, translated("here"):
        raise raised
    assert hint in caught.value.hint
    assert caught.value.__cause__ is raised


def tls(cause):
    """As botocore hands on what urllib3 makes of it."""
    return exceptions.SSLError(endpoint_url="https://x.test", error=urllib3.exceptions.SSLError(cause))


def test_a_certificate_that_is_not_trusted_does_not_heal():
    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.verify_message = "self-signed certificate"
    with pytest.raises(errors.Unavailable, match="self-signed") as caught, translated("here"):
        raise tls(refused)
    assert not caught.value.retryable
    assert "AWS_CA_BUNDLE" in caught.value.hint


def test_a_handshake_that_breaks_may_heal():
    with pytest.raises(errors.Unavailable) as caught, translated("here"):
        raise tls(ssl.SSLEOFError(8, "EOF occurred in violation of protocol"))
    assert caught.value.retryable


def test_the_output_of_a_credential_process_is_not_shown():
    with pytest.raises(errors.NotAuthorised) as caught, translated("here"):
        raise exceptions.CredentialRetrievalError(provider="custom-process", error_msg="SecretAccessKey=hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_fault_of_ours_stays_what_it_is():
    with pytest.raises(RuntimeError, match="ours"), translated("here"):
        raise RuntimeError("ours")
