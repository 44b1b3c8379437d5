# SPDX-License-Identifier: Apache-2.0
"""/api/v1/changes: the feed, and clients that wait for it."""
import resource
import socket
import subprocess

import pytest

from harness import WAIT_SECONDS, Waiting, query, wait_for
from images import Pusher

MANY = 2000
KIB_PER_CLIENT_MAX = 64  # with sanitizers, whose allocator needs several times as much


def changes(reader, **params):
    return reader.json("/api/v1/changes", params=params, timeout=WAIT_SECONDS)


def now(reader):
    told = changes(reader)
    assert told["changes"] == []
    return told["next"]


def settle(stack):
    stack.writer.wait_until_settled()
    generation = query(stack.database, "SELECT generation FROM state")[0][0]
    wait_for(lambda: now(stack.reader) >= generation, "the reader to catch up")


TAGGED = "SELECT digest_text(m.digest) FROM tag t JOIN manifest m ON m.id = t.manifest_id"


def settle_with(stack, *digests):
    """An empty inbox may be one before the events: the registry sends them when it likes."""
    wait_for(lambda: query(stack.database, TAGGED) == [(digest,) for digest in digests], "the tags to be those")
    settle(stack)


def follow(reader, since):
    """Every change after a generation, as a client that polls sees them."""
    while True:
        told = changes(reader, since=since)
        yield from told["changes"]
        if not told["changes"]:
            assert told["next"] == since
            return
        assert told["next"] >= told["changes"][-1]["generation"]
        since = told["next"]


def test_what_happens_is_told(stack):
    pusher = Pusher(stack.registry.url)
    settle(stack)
    begin = now(stack.reader)
    first = pusher.image("team/app", "latest", salt="first")
    settle_with(stack, first["digest"])
    second = pusher.image("team/app", "latest", salt="second")
    settle_with(stack, second["digest"])
    pusher.delete("team/app", second["digest"])
    settle_with(stack)
    told = [c for c in follow(stack.reader, begin) if c["type"] != "manifest.pushed"]
    assert [c["type"] for c in told[:4]] == ["repository.created", "tag.created", "tag.moved", "tag.deleted"]
    created, moved, deleted = told[1:4]
    assert created["digest"] == first["digest"] and "previous" not in created
    assert moved["digest"] == second["digest"] and moved["previous"] == first["digest"]
    assert "digest" not in deleted and deleted["previous"] == second["digest"]
    assert all(c["repository"] == "team/app" and c["time"].endswith("Z") for c in told)
    generations = [c["generation"] for c in told]
    assert generations == sorted(generations) and generations[0] > begin


def test_pages_never_divide_a_generation(stack):
    settle(stack)
    begin = now(stack.reader)
    with_many = "INSERT INTO change (generation, type, repository, tag) SELECT %s + g, 'tag.created', 'a/b', t::text " \
                "FROM generate_series(1, 5) g, generate_series(1, 7) t"
    query(stack.database, with_many, begin)
    query(stack.database, "UPDATE state SET generation = generation + 5")
    wait_for(lambda: now(stack.reader) == begin + 5, "the generation")
    for n, of_page in ((3, [1]), (7, [1]), (8, [1]), (14, [1, 2]), (20, [1, 2]), (100, [1, 2, 3, 4, 5])):
        told = changes(stack.reader, since=begin, n=n)
        assert {c["generation"] - begin for c in told["changes"]} == set(of_page), n
        assert len(told["changes"]) == 7 * len(of_page)
        assert told["next"] == begin + of_page[-1]


def test_old_and_future_generations(stack):
    settle(stack)
    generation = now(stack.reader)
    query(stack.database, "UPDATE state SET changes_pruned = %s, generation = %s", generation + 5, generation + 9)
    wait_for(lambda: now(stack.reader) == generation + 9, "the generation")
    gone = stack.reader.get("/api/v1/changes", params={"since": generation, "wait": "10s"})
    assert gone.status_code == 410
    assert gone.headers["Content-Type"] == "application/problem+json"
    assert gone.json()["type"] == "changes-expired" and gone.json()["oldest"] == generation + 5
    assert changes(stack.reader, since=generation + 5)["changes"] == []
    future = stack.reader.get("/api/v1/changes", params={"since": generation + 10})
    assert future.status_code == 400


@pytest.mark.parametrize("params, named", [({"since": "x"}, "since"), ({"since": "-1"}, "since"), ({"since": ""}, "since"),
                                           ({"since": "9" * 30}, "since"), ({"wait": "30"}, "wait"),
                                           ({"wait": "61s"}, "wait"), ({"sincee": "1"}, "sincee"), ({"n": "0"}, "n"),
                                           ({"n": "1001"}, "n")])
def test_bad_parameters(module_stack, params, named):
    answer = module_stack.reader.get("/api/v1/changes", params=params)
    assert answer.status_code == 400 and answer.json()["parameter"] == named


def test_waiting_for_nothing(stack):
    settle(stack)
    since = now(stack.reader)
    with Waiting(stack.reader, lambda: changes(stack.reader, since=since, wait="3s")) as waiting:
        pass
    assert waiting.answer == {"changes": [], "next": since}


def test_a_change_wakes_who_waits(stack):
    pusher = Pusher(stack.registry.url)
    settle(stack)
    since = now(stack.reader)
    with Waiting(stack.reader, lambda: changes(stack.reader, since=since, wait="60s")) as waiting:
        pushed = pusher.image("team/app", "latest", salt="wake")
    assert pushed["digest"] in [c.get("digest") for c in waiting.answer["changes"]]
    assert waiting.answer["next"] > since


def test_a_generation_without_changes_wakes_nobody(stack):
    settle(stack)
    since = now(stack.reader)
    with Waiting(stack.reader, lambda: changes(stack.reader, since=since, wait="60s")) as waiting:
        query(stack.database, "UPDATE state SET generation = generation + 1")
        wait_for(lambda: now(stack.reader) == since + 1, "the generation")
        query(stack.database, "INSERT INTO change (generation, type, repository) VALUES (%s, 'repository.created', 'a/b')",
              since + 2)
        query(stack.database, "UPDATE state SET generation = generation + 1")
    assert [c["generation"] for c in waiting.answer["changes"]] == [since + 2]


class Client:
    """A connection that has asked and not read yet."""

    def __init__(self, reader, path):
        self.socket = socket.create_connection(("127.0.0.1", reader.port), timeout=WAIT_SECONDS)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    def answer(self):
        pieces = []
        while piece := self.socket.recv(65536):
            pieces.append(piece)
        self.socket.close()
        return b"".join(pieces)


def count_of_queries(reader):
    return reader.metric('query_seconds_count{query="changes"}')


def wait_until_parked(reader, number):
    wait_for(lambda: reader.metric("parked_requests") == number, f"{number} to wait")


def resident_kib(reader):
    """Of the reader's processes together."""
    family = subprocess.run(["ps", "-o", "rss=", "--pid", str(reader.child.pid), "--ppid", str(reader.child.pid)],
                            capture_output=True, text=True, check=True)
    return sum(int(kib) for kib in family.stdout.split())


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * MANY:
        pytest.skip("too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_many_wait_at_no_cost(many_files, stack):
    settle(stack)
    since = now(stack.reader)
    before = count_of_queries(stack.reader)
    assert before > 0
    idle_kib = resident_kib(stack.reader)
    clients = [Client(stack.reader, f"/api/v1/changes?since={since}&wait=60s") for _ in range(MANY)]
    wait_until_parked(stack.reader, MANY)
    assert count_of_queries(stack.reader) == before
    kib_per_client = (resident_kib(stack.reader) - idle_kib) / MANY
    print(f"{MANY} waiting clients: {kib_per_client:.1f} KiB each")
    assert kib_per_client < KIB_PER_CLIENT_MAX
    Pusher(stack.registry.url).image("team/app", "latest", salt="many")
    answers = [client.answer() for client in clients]
    assert all(a.startswith(b"HTTP/1.1 200") and b"tag.created" in a for a in answers)
    assert count_of_queries(stack.reader) - before < 10  # they share


def test_clients_that_leave_are_forgotten(stack):
    settle(stack)
    since = now(stack.reader)
    clients = [Client(stack.reader, f"/api/v1/changes?since={since}&wait=60s") for _ in range(50)]
    wait_until_parked(stack.reader, 50)
    for client in clients:
        client.socket.close()
    wait_until_parked(stack.reader, 0)
    Pusher(stack.registry.url).image("team/app", "latest", salt="left")
    wait_for(lambda: now(stack.reader) > since, "the change")


def test_the_end_of_a_reader_ends_waiting(stack):
    settle(stack)
    since = now(stack.reader)
    client = Client(stack.reader, f"/api/v1/changes?since={since}&wait=60s")
    wait_until_parked(stack.reader, 1)
    assert stack.reader.terminate() == 0
    assert b'{"changes":[],"next":' in client.answer()
