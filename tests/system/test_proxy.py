# SPDX-License-Identifier: Apache-2.0
"""The sample configuration of nginx, before a reader."""
import shutil
import tempfile
from types import SimpleNamespace

import pytest
import requests

from harness import WAIT_SECONDS, free_port, wait_for
from load import Nginx
from watching import make_schema, push


@pytest.fixture
def database(postgres):
    uri = postgres.new_database()
    make_schema(uri)
    push(uri, "1")
    return uri


@pytest.fixture
def start(database, make_reader):
    """start(…) → a reader and the address of an nginx before it, whose workers are another user's."""
    proxies = []
    place = tempfile.mkdtemp(prefix="ms-nginx-", dir="/tmp")

    def begin(**options):
        reader = make_reader(database, reader={"trusted_proxies": ["127.0.0.1"]}, cache={"max_age_index": "1h"})
        reader.wait_until_ready()
        nginx = Nginx(place, SimpleNamespace(port=free_port()), [reader], **options).start()
        proxies.append(nginx)
        url = f"http://127.0.0.1:{nginx.port}"
        wait_for(lambda: requests.get(url + "/healthz", timeout=WAIT_SECONDS).status_code == 200, "nginx")
        return reader, url
    yield begin
    for nginx in proxies:
        nginx.kill()
    shutil.rmtree(place, ignore_errors=True)


def get(url, **headers):
    return requests.get(url, headers=headers, timeout=WAIT_SECONDS)


def test_only_what_may_be_kept_is(start):
    reader, url = start(caches=True)

    def asked(route):
        return reader.metric(f'http_requests_total{{route="{route}",code="200"}}')
    for _ in range(3):
        answer = get(url + "/index/static")
        assert answer.status_code == 200, answer.text
    assert asked("index") == 1
    tag = get(url + "/index/static").headers["ETag"]
    assert get(url + "/index/static", **{"If-None-Match": tag}).status_code == 304
    assert asked("index") == 1
    get(url + "/index/static", Authorization="Basic eDp5")
    assert asked("index") == 2
    answers = [get(url + "/api/v1/stats") for _ in range(3)]
    assert asked("stats") == 3
    again = get(url + "/api/v1/stats", **{"If-None-Match": answers[0].headers["ETag"]})
    assert again.status_code == 304 and asked("stats") == 3


def test_a_client_in_a_hurry_is_slowed_down(start):
    _, url = start(rate=1)
    statuses = set()
    with requests.Session() as session:
        def is_slowed_down():
            statuses.add(session.get(url + "/api/v1/openapi.json", timeout=WAIT_SECONDS).status_code)
            return 429 in statuses
        wait_for(is_slowed_down, "a client in a hurry to be slowed down", pause=0)
    assert statuses == {200, 429}
