"""A role assumed by a token: fresh each time, hidden before it is used, and a refusal says what the role must trust."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecr_publish.aws.webidentity import assumed_by_token, audience, claims
from ecr_publish.errors import NotAuthorised

ROLE = "arn:aws:iam::111111111111:role/ecr-publish"


def token(**said: str) -> str:
    parts = (json.dumps(each).encode() for each in ({"alg": "none"}, said))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "signature"])


JOB = token(iss="https://issuer.example", sub="repo:team/web:environment:prod", aud="sts.amazonaws.com")


class Sts:
    """An STS that takes tokens, or refuses them with one error."""

    def __init__(self, refusal: str | None = None) -> None:
        self.taken: list[str] = []
        self._refusal = refusal

    def assume_role_with_web_identity(self, **request: str) -> dict[str, Any]:
        if self._refusal is not None:
            error = {"Error": {"Code": self._refusal, "Message": "Not authorized to perform it"}}
            raise ClientError(error, "AssumeRoleWithWebIdentity")  # type: ignore[arg-type]
        self.taken.append(request["WebIdentityToken"])
        return {"Credentials": {}}


def test_each_time_a_fresh_token_is_used_and_hidden_first():
    sts, hidden, made = Sts(), list[str](), iter(("one-token", "two-token"))

    def conceal(secret: str) -> None:
        assert secret not in sts.taken
        hidden.append(secret)

    for _ in range(2):
        assumed_by_token(sts, {"RoleArn": ROLE}, lambda audience: next(made), conceal)
    assert sts.taken == hidden == ["one-token", "two-token"]


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidIdentityToken", "IDPRejectedClaim", "ExpiredTokenException"])
def test_a_refusal_names_what_the_trust_policy_must_match(code: str):
    with pytest.raises(NotAuthorised) as caught:
        assumed_by_token(Sts(code), {"RoleArn": ROLE}, lambda audience: JOB, lambda secret: None)
    assert ROLE in caught.value.what
    assert "sub=repo:team/web:environment:prod" in caught.value.hint
    assert "aud=sts.amazonaws.com" in caught.value.hint
    assert JOB not in str(caught.value)


def test_another_fault_is_not_taken_for_a_refusal():
    with pytest.raises(ClientError):
        assumed_by_token(Sts("Throttling"), {"RoleArn": ROLE}, lambda audience: JOB, lambda secret: None)


def test_china_has_an_audience_of_its_own():
    assert audience(ROLE) == "sts.amazonaws.com"
    assert audience(ROLE.replace("arn:aws:", "arn:aws-cn:")) == "sts.amazonaws.com.cn"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "a.e30.c", f"a.{base64.b64encode(b'[]').decode()}.c"])
def test_what_is_no_token_is_said_and_breaks_nothing(text: str):
    assert claims(text)
