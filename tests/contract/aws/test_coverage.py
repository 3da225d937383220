"""Amazon Inspector's coverage by the real SDK, against a server that answers in its form."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ecr_publish.aws.coverage import InspectorCoverage, image_arn
from ecr_publish.aws.isolated import Explicit
from ecr_publish.aws.reading import Coverage
from ecr_publish.aws.session import Sessions
from ecr_publish.errors import NotAuthorised, RegistryRefused
from ecr_publish.model.digest import digest_of
from tests.contract.aws.conftest import DEV
from tests.running import running

WEB, DIGEST = DEV.repository("web"), digest_of(b"web")
ARN = image_arn(WEB, DIGEST, "222222222222")
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


class _Inspector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(json.loads(body))
        status, answer = self.server.answer
        if self.server.pages:
            answer = self.server.pages[int(self.server.asked[-1].get("nextToken", 0))]
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status >= 400:
            self.send_header("x-amzn-ErrorType", "AccessDeniedException")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass


@pytest.fixture
def inspector():
    with running(ThreadingHTTPServer(("127.0.0.1", 0), _Inspector)) as server:
        server.asked, server.pages, server.answer = [], [], (200, {"coveredResources": []})
        yield server


def coverage(inspector):
    sessions = Sessions(Explicit(f"http://127.0.0.1:{inspector.server_port}"))
    return InspectorCoverage(sessions).of(DEV, WEB, DIGEST, "222222222222")


def resource(arn, reason):
    return {
        "resourceId": arn,
        "resourceType": "AWS_ECR_CONTAINER_IMAGE",
        "accountId": "222222222222",
        "scanType": "PACKAGE",
        "scanStatus": {"statusCode": "ACTIVE", "reason": reason},
        "lastScannedAt": AT.timestamp(),
    }


def test_an_image_that_inspector_has_scanned(inspector):
    inspector.answer = (200, {"coveredResources": [resource(ARN, "SUCCESSFUL")]})
    assert coverage(inspector) == Coverage("SUCCESSFUL", AT)
    (asked,) = inspector.asked
    assert asked["filterCriteria"]["resourceId"] == [{"comparison": "EQUALS", "value": ARN}]


def test_another_images_coverage_is_not_this_ones(inspector):
    other = ARN.replace("repository/web", "repository/other")
    inspector.answer = (200, {"coveredResources": [resource(other, "SUCCESSFUL")]})
    assert coverage(inspector) is None


def test_an_image_on_a_later_page_is_found(inspector):
    inspector.pages = [
        {"coveredResources": [], "nextToken": "1"},
        {"coveredResources": [resource(ARN + "x", "SUCCESSFUL")], "nextToken": "2"},
        {"coveredResources": [resource(ARN, "SCAN_IN_PROGRESS")]},
    ]
    assert coverage(inspector) == Coverage("SCAN_IN_PROGRESS", AT)


def test_pages_without_end_are_refused(inspector):
    inspector.pages = [{"coveredResources": [], "nextToken": "0"}]
    with pytest.raises(RegistryRefused, match="pages"):
        coverage(inspector)


def test_an_image_that_inspector_does_not_know(inspector):
    assert coverage(inspector) is None


def test_who_may_not_ask_inspector_is_not_authorised(inspector):
    inspector.answer = (403, {"message": "User: x is not authorized to perform: inspector2:ListCoverage"})
    with pytest.raises(NotAuthorised, match="inspector2:ListCoverage"):
        coverage(inspector)
