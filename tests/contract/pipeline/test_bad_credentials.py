"""Credentials that are missing, expired or somebody else's: exit code 3, and what to do about each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.contract.pipeline.test_commands import Job, job, offline, server
from tests.running import running

__all__ = ["Job", "job", "offline", "server"]  # fixtures

SAID = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{}</Code>'
    "<Message>The security token included in the request is {}</Message></Error>"
    "<RequestId>x</RequestId></ErrorResponse>"
)


class _Sts(BaseHTTPRequestHandler):
    """AWS STS as it answers to keys that it does not take."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        content = SAID.format(*self.server.answer).encode()
        self.send_response(403)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def sts() -> Iterator[ThreadingHTTPServer]:
    with running(ThreadingHTTPServer(("127.0.0.1", 0), _Sts)) as found:
        yield found


@pytest.mark.parametrize(
    ("answer", "words", "hint"),
    [
        (("ExpiredToken", "expired"), "the AWS credentials have expired", "log in again"),
        (("InvalidClientTokenId", "invalid"), "AWS does not know these credentials", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_credentials_that_aws_does_not_take_are_exit_code_3(offline, sts, answer, words, hint):
    sts.answer = answer
    offline.env["AWS_ENDPOINT_URL_STS"] = f"http://127.0.0.1:{sts.server_port}"
    code, said = offline.run("run")
    assert code == 3, said
    assert words in said
    assert hint in said
    assert not list(offline.root.rglob("layouts/web/index.json")), "nothing is built for nobody"


def test_without_credentials_a_run_builds_nothing_and_says_where_to_get_them(offline):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del offline.env[name]
    code, said = offline.run("run", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    assert code == 3, said
    assert "no AWS credentials are found" in said
    assert not list(offline.root.rglob("layouts/web/index.json"))


def test_credentials_for_another_account_are_exit_code_3_with_both_accounts(job):
    code, said = job.run("run", AWS_ACCESS_KEY_ID="999999999999")
    assert code == 3, said
    assert "the credentials are for account 999999999999" in said
    assert "the file says 111111111111" in said
