# SPDX-License-Identifier: Apache-2.0
"""One tag, and waiting for it: for a digest, for many clients at once; on a standby: test_standby.py."""
import pytest

from harness import Waiting, query, wait_for
from images import Pusher
from watching import Crowd

TAG = "/api/v1/repositories/team/app/-/tags/1.0"
CLIENTS = 2000


@pytest.fixture
def pusher(stack):
    return Pusher(stack.registry.url)


def waits(reader, **params):
    return Waiting(reader, lambda: reader.get(TAG, params={"wait": "60s", **params}))


def test_one_tag(stack, pusher):
    reader = stack.reader
    assert reader.get(TAG).json()["detail"] == "no repository of this name is known"
    made = pusher.image("team/app", "1.0", "latest")
    other = pusher.image("team/app", "2.0", salt="other")
    stack.writer.wait_until_settled()
    wait_for(lambda: reader.get(TAG).status_code == 200, "the tag")
    told = reader.json(TAG)
    listed = reader.json("/api/v1/repositories/team/app/-/tags")
    assert told == {**listed["tags"][0], "repository": "team/app", "generation": told["generation"]}
    assert told["digest"] == made["digest"] and told["aliases"] == ["latest"]
    assert reader.get(TAG, params={"digest": made["digest"]}).json() == told
    assert reader.get(TAG, params={"digest": other["digest"]}).status_code == 404
    assert reader.get(TAG + "0").status_code == 404
    assert reader.get(TAG, headers={"If-None-Match": reader.get(TAG).headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("params, named", [({"digest": "sha256:x"}, "digest"), ({"wait": "61s"}, "wait"), ({"wait": "5"}, "wait"),
                                           ({"n": "1"}, "n")])
def test_bad_parameters(stack, params, named):
    answer = stack.reader.get(TAG, params=params)
    assert answer.status_code == 400 and answer.json()["parameter"] == named


def test_the_answer_comes_with_the_tag(stack, pusher):
    reader = stack.reader
    with waits(reader) as waiting:
        first = pusher.image("team/app", "1.0")
    assert waiting.answer.status_code == 200 and waiting.answer.json()["digest"] == first["digest"]
    pusher.image("team/other", "1.0", salt="other")  # no other repository's change is any news
    second = pusher.image("team/app", "0.9", salt="second")
    stack.writer.wait_until_settled()
    with waits(reader, digest=second["digest"]) as waiting:
        pusher.image("team/app", "1.0", salt="second")
    assert waiting.answer.status_code == 200 and waiting.answer.json()["digest"] == second["digest"]
    assert reader.get(TAG, params={"digest": first["digest"], "wait": "100ms"}).status_code == 404


def test_a_change_elsewhere_asks_nothing(stack, pusher):
    """Who waits for one repository costs nothing when others change."""
    reader = stack.reader
    asked = 'query_seconds_count{query="tag"}'
    with waits(reader) as waiting:
        before = reader.metric(asked)
        for number in range(5):
            pusher.image("team/other", f"{number}", salt=str(number))
        stack.writer.wait_until_settled()
        wait_for(lambda: reader.get("/api/v1/repositories/team/other/-/tags/4").status_code == 200, "the other tag")
        others = reader.metric(asked) - before
        parked = reader.metric("parked_requests")
        pusher.image("team/app", "1.0")
    assert waiting.answer.status_code == 200 and parked == 1
    assert reader.metric(asked) - before - others <= 2


def test_thousands_wait(stack, pusher):
    """They hold no connection to the database, and one query answers all of them."""
    reader = stack.reader
    with Crowd(reader, TAG + "?wait=60s", CLIENTS) as crowd:
        busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'metastore-reader%%' AND state <> 'idle'" \
               " AND datname = current_database()"
        assert query(stack.database, busy) == [(0,)]
        before = reader.metric('query_seconds_count{query="tag"}')
        pusher.image("team/app", "1.0")
        answers = crowd.answers()
        assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers), answers[0]
        assert reader.metric('query_seconds_count{query="tag"}') - before <= 3
    wait_for(lambda: reader.metric("parked_requests") == 0, "nobody to wait")
