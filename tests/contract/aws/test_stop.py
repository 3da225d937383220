"""A run that is to end does not wait for an API that says nothing."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from ecr_publish.aws.identity import StsIdentities
from ecr_publish.aws.isolated import Explicit
from ecr_publish.aws.session import Sessions
from ecr_publish.errors import Interrupted
from ecr_publish.http.live import Live
from ecr_publish.run.clock import SystemClock
from ecr_publish.run.retry import Retry
from ecr_publish.run.stop import StopRequest
from tests.contract.aws.conftest import DEV


def test_a_stop_ends_the_call_of_a_silent_api():
    stop = StopRequest(grace=0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        world = Explicit(f"http://127.0.0.1:{silent.getsockname()[1]}")
        sessions = Sessions(world, retry=Retry(SystemClock(stop), lambda seconds: seconds), live=Live(stop))
        sessions.client("sts", DEV)  # made ahead, for that takes a moment
        begin = time.monotonic()
        threading.Timer(0.3, stop.interrupt).start()
        with pytest.raises(Interrupted):
            StsIdentities(sessions).identity(DEV)
    assert time.monotonic() - begin < 10
