"""AssumeRoleWithWebIdentity, embedded: tokens of an issuer whose key is known, and trust policies as IAM has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import jwt
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from ecr_publish.errors import UsageError
from ecr_publish.local import embedded_ecr
from ecr_publish.local.planting import plant
from ecr_publish.local.seed import load_seed
from tests.contract.local.test_embedded import client

ISSUER = "https://token.actions.githubusercontent.com"
ROLE = "arn:aws:iam::222222222222:role/publish"
SUBJECT = "repo:twtech/web:ref:refs/heads/main"
SEED = f"""\
issuers:
  - {{ url: "{ISSUER}", keys: keys.json }}
roles:
  - {{ arn: "{ROLE}", issuer: "{ISSUER}", subject: "repo:twtech/web:*" }}
  - {{ arn: "arn:aws:iam::333333333333:role/other", trust: trust.json }}
"""
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
Signed = Callable[..., str]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    keys = {"keys": [{**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "one"}]}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::333333333333:oidc-provider/token.actions.githubusercontent.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"token.actions.githubusercontent.com:environment": ["staging", "prod"]}},
    }
    (tmp_path / "trust.json").write_text(json.dumps({"Statement": trust}))
    with embedded_ecr() as found:
        plant(load_seed(SEED, "seed.yaml"), found.ecr, tmp_path)
        yield found


@pytest.fixture
def signed(server) -> Signed:
    """Makes tokens that are right but for what is said."""

    def make(*, key: Any = KEY, kid: str = "one", algorithm: str = "RS256", **claims: Any) -> str:
        now = server.ecr.clock.now()
        right = {"iss": ISSUER, "sub": SUBJECT, "aud": "sts.amazonaws.com", "exp": now + timedelta(minutes=5)}
        body = {name: value for name, value in (right | claims).items() if value is not None}
        return jwt.encode(body, key, algorithm, {"kid": kid})

    return make


def sts(url: str):
    """A client without any credentials, as a CI job has it."""
    return boto3.client("sts", region_name="us-east-2", endpoint_url=url, config=Config(signature_version=UNSIGNED))


def assumed(server, token: str, role: str = ROLE) -> Any:
    return sts(server.url).assume_role_with_web_identity(RoleArn=role, RoleSessionName="run-1", WebIdentityToken=token)


def refused(server, token: str, role: str = ROLE) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        assumed(server, token, role)
    said = caught.value.response
    return said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]


def test_a_job_gets_the_roles_credentials_for_its_token(server, signed):
    got = assumed(server, signed())
    assert got["AssumedRoleUser"]["Arn"] == "arn:aws:sts::222222222222:assumed-role/publish/run-1"
    assert (got["SubjectFromWebIdentityToken"], got["Provider"]) == (SUBJECT, ISSUER)
    caller = client(server.url, "sts", got["Credentials"]["AccessKeyId"]).get_caller_identity()
    assert caller["Account"] == "222222222222"


def test_an_elliptic_key_as_pem_is_one_too(server, signed, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    issuer, role = "{ url: 'https://ci.test', keys: key.pem }", f"{{ arn: '{ROLE}', issuer: 'https://ci.test' }}"
    plant(load_seed(f"issuers: [{issuer}]\nroles: [{role}]\n", "seed.yaml"), server.ecr, tmp_path)
    assert assumed(server, signed(key=key, algorithm="ES256", iss="https://ci.test", sub="anything"))


@pytest.mark.parametrize(
    ("wrong", "code", "status"),
    [
        ({"key": STRANGER}, "InvalidIdentityToken", 400),
        ({"kid": "two"}, "InvalidIdentityToken", 400),
        ({"key": "x" * 32, "algorithm": "HS256"}, "InvalidIdentityToken", 400),
        ({"iss": "https://gitlab.com"}, "InvalidIdentityToken", 400),
        ({"iss": None}, "InvalidIdentityToken", 400),
        ({"aud": "https://github.com/twtech"}, "InvalidIdentityToken", 400),
        ({"exp": None}, "InvalidIdentityToken", 400),
        ({"exp": 1}, "ExpiredTokenException", 400),
        ({"nbf": 1 << 40}, "InvalidIdentityToken", 400),
        ({"sub": "repo:stranger/web:ref:refs/heads/main"}, "AccessDenied", 403),
        ({"sub": None}, "AccessDenied", 403),
    ],
)
def test_a_wrong_token_is_refused_by_stss_own_names(server, signed, wrong, code, status):
    assert refused(server, signed(**wrong)) == (code, status)


@pytest.mark.parametrize("text", ["none", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "\u00e9" * 10])
def test_what_is_no_token_is_refused(server, text):
    assert refused(server, text) == ("InvalidIdentityToken", 400)


def test_a_token_expires_on_the_embedded_clock(server, signed):
    token = signed()
    assert assumed(server, token)
    server.ecr.clock.advance(timedelta(minutes=6))
    assert refused(server, token) == ("ExpiredTokenException", 400)


def test_a_trust_policy_decides_by_its_conditions(server, signed):
    role = "arn:aws:iam::333333333333:role/other"
    assert assumed(server, signed(environment="prod"), role)
    assert refused(server, signed(environment="dev"), role) == ("AccessDenied", 403)
    assert refused(server, signed(), role) == ("AccessDenied", 403)


def test_a_role_that_is_not_listed_trusts_nobody(server, signed):
    assert refused(server, signed(), "arn:aws:iam::222222222222:role/another") == ("AccessDenied", 403)


def test_other_actions_must_be_signed(server):
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        sts(server.url).get_caller_identity()


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ("issuers: [{ url: 'https://ci.test', keys: no.json }]", "cannot be read"),
        ("issuers: [{ url: 'https://ci.test', keys: bad.json }]", "no public keys"),
        (f"roles: [{{ arn: '{ROLE}', issuer: 'https://ci.test' }}]", "not among the issuers"),
        (f"roles: [{{ arn: '{ROLE}', trust: bad.json }}]", "no trust policy"),
    ],
)
def test_a_seed_that_makes_no_sense_is_told(server, tmp_path, seed, said):
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(UsageError, match=said):
        plant(load_seed(seed, "seed.yaml"), server.ecr, tmp_path)
