# SPDX-License-Identifier: Apache-2.0
"""POST /assert: what an index has, now or soon."""

import pytest
import requests

from harness import WAIT_SECONDS, Waiting, wait_for
from images import Pusher


@pytest.fixture(scope="module")
def asserting(postgres, tmp_path_factory):
    import harness
    stack = harness.Stack(tmp_path_factory.mktemp("assert"), postgres,
                          reader_config={"components": {"assert_endpoint": True}}).start()
    Pusher(stack.registry.url).image("team/app", "1.0", labels={"vendor": "Acme"}, salt="assert")
    stack.writer.wait_until_settled()
    wait_for(lambda: stack.reader.json("/index/static")["Results"], "the reader")
    yield stack
    assert all(status == 0 for status in stack.stop().values())


def post(stack, body, **params):
    return requests.post(stack.reader.url + "/assert", json=body, params=params, timeout=WAIT_SECONDS)


APP = {"Type": "contains", "Test": [{"Name": "team/app", "Images": [{"Tags": ["1.0"], "Labels": {"vendor": "Acme"}}]}]}
NONE = {"Type": "not-contains", "Test": [{"Name": "team/none"}]}


def test_what_holds(asserting):
    answer = post(asserting, {"Query": {"label:vendor": ["Acme", "Other"]}, "Assertions": [APP, NONE]})
    assert answer.status_code == 200
    told = answer.json()
    assert told["Success"] is True and told["Failures"] == []
    assert told["Results"] == asserting.reader.json("/index/static?label:vendor=Acme")["Results"]
    assert int(answer.headers["X-Metastore-Generation"]) > 0


def test_what_does_not(asserting):
    wrong = {"Type": "not-contains", "Test": [{"Name": "team/app"}]}
    answer = post(asserting, {"Query": {}, "Assertions": [APP, wrong, NONE]})
    assert answer.status_code == 400
    assert answer.json()["Success"] is False and answer.json()["Failures"] == [wrong]
    nothing = post(asserting, {"Query": {"repository": ["team/app"], "os": ["plan9"]}, "Assertions": [APP]})
    assert nothing.json()["Results"] == [] and nothing.json()["Failures"] == [APP]


@pytest.mark.parametrize("body, named", [
    ({"Query": {"repositry": ["x"]}}, "repositry"), ({"Query": {"label:": ["x"]}}, "label:"),
    ({"Query": {"repository": "x"}}, None), ({"Query": {"repository": [1]}}, None), ({"Query": []}, None), ([], None),
    ({"Assertions": {}}, None), ({"Assertions": [{"Type": "is", "Test": 1}]}, None),
    ({"Assertions": [{"Type": "contains"}]}, None), ({"Assertion": []}, None)])
def test_bad_requests(asserting, body, named):
    answer = post(asserting, body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json().get("parameter") == named


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"nul \x00", b'{"Query": {"tag": ["\\u0000"]}}'])
def test_what_is_no_json(asserting, data):
    answer = requests.post(asserting.reader.url + "/assert", data=data, timeout=WAIT_SECONDS)
    assert answer.status_code == 400 and answer.json()["detail"] == "the body is no JSON"


def test_bad_parameters(asserting):
    assert post(asserting, {}, timeout="soon").json()["parameter"] == "timeout"
    assert post(asserting, {}, time="1").json()["parameter"] == "time"


def test_it_waits(asserting):
    wanted = {"Query": {"repository": ["team/later"]},
              "Assertions": [{"Type": "contains", "Test": [{"Images": [{"Tags": ["2.0"]}]}]}]}
    pusher = Pusher(asserting.registry.url)
    with Waiting(asserting.reader, lambda: post(asserting, wanted, timeout=WAIT_SECONDS)) as waiting:
        pusher.image("team/later", "1.0", salt="1")
        pusher.image("team/later", "2.0", salt="2")
    assert waiting.answer.status_code == 200
    images = waiting.answer.json()["Results"][0]["Images"]
    assert [tag for image in images for tag in image["Tags"]].count("2.0") == 1


def test_of_a_repository_of_many_tags(asserting):
    Pusher(asserting.registry.url).image("team/many", *map(str, range(150)), salt="many")
    wanted = {"Type": "contains", "Test": [{"Name": "team/many", "Images": [{"Tags": ["149"]}]}]}
    body = {"Query": {"repository": ["team/many"]}, "Assertions": [wanted]}
    assert post(asserting, body, timeout=WAIT_SECONDS).status_code == 200
    told = post(asserting, {**body, "Assertions": [{**wanted, "Type": "not-contains"}]})
    assert told.status_code == 400 and len(told.json()["Failures"]) == 1


def test_it_gives_up(asserting):
    answer = post(asserting, {"Assertions": [{"Type": "contains", "Test": [{"Name": "team/never"}]}]}, timeout=1)
    assert answer.status_code == 400 and len(answer.json()["Failures"]) == 1


def test_off_by_default(module_stack):
    assert requests.post(module_stack.reader.url + "/assert", json={}, timeout=WAIT_SECONDS).status_code == 404
