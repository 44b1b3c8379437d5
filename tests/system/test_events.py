# SPDX-License-Identifier: Apache-2.0
"""What POST /events answers, and what becomes of an event: envelopes are written by hand, the
registry is real and tells nobody anything. The registry's word stands, whatever an event says."""
import json
import shutil
import subprocess

import pytest
import requests

from fake import FakeRegistry
from harness import BUILD, SUPPORT, WAIT_SECONDS, Registry, Writer, query, wait_for
from images import OCI_MANIFEST, Pusher, digest_of

V1 = "application/vnd.docker.distribution.events.v1+json"
V2 = "application/vnd.docker.distribution.events.v2+json"
NOWHERE = "sha256:" + "0" * 64


class World:
    """A registry that sends no events, and a writer that scans only when asked."""

    def __init__(self, directory, database, storage=None):
        self.database = database
        self.registry = Registry(directory / "registry", storage=storage).start()
        self.writer = Writer(directory, database, self.registry.url, events={"max_body": "64KiB"},
                             interval={"fetch_all": 0})
        self.writer.start()
        self.pusher = Pusher(self.registry.url)
        self.n_events = 0

    def stop(self):
        status = self.writer.terminate()
        self.registry.kill()
        assert status == 0, self.writer.log()[-3000:]
        assert "ERROR: AddressSanitizer" not in self.writer.log() and "runtime error" not in self.writer.log()

    def event(self, action, repository, digest=None, tag=None, **members):
        self.n_events += 1
        target = {"mediaType": OCI_MANIFEST, "repository": repository, "size": 500, "length": 500}
        if digest:
            target.update(digest=digest)
            if action != "delete":
                target.update(url=f"{self.registry.url}/v2/{repository}/manifests/{digest}")
        if tag:
            target["tag"] = tag
        event = {"id": f"event-{self.n_events}", "timestamp": "2026-05-04T10:00:00.5Z", "action": action,
                 "target": target, "request": {"method": "PUT", "useragent": "docker/27", "id": "r"},
                 "actor": {"name": "ci-bot"}, "source": {"addr": "registry", "instanceID": "one"}}
        target.update(members.pop("target", {}))
        event.update(members)
        return event

    def send(self, *events, status=202, type=V1):
        self.send_body(json.dumps({"events": events}), status, type)

    def send_body(self, body, status=202, type=V1, token=None):
        answer = self.writer.deliver(body, type, token)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer

    def tag(self, repository, tag):
        """Its digest, or None; False when it is not known."""
        rows = query(self.database, "SELECT digest_text(m.digest) FROM tag t JOIN repository r ON r.id = t.repository_id "
                     "LEFT JOIN manifest m ON m.id = t.manifest_id WHERE r.name = %s AND t.name = %s", repository, tag)
        return rows[0][0] if rows else False

    def holds(self, repository):
        return {row[0] for row in query(
            self.database, "SELECT digest_text(m.digest) FROM repository_manifest h JOIN repository r ON "
            "r.id = h.repository_id JOIN manifest m ON m.id = h.manifest_id WHERE r.name = %s", repository)}

    def settle(self, repository):
        wait_for(lambda: not query(self.database, "SELECT 1 FROM inbox WHERE repository = %s LIMIT 1", repository),
                 "its events to be done")

    def dead_letters(self, *options):
        done = subprocess.run([str(BUILD / "writer/metastore-writer"), "--config", str(self.writer.config_path),
                               "--dead-letters", *options], capture_output=True, text=True, timeout=WAIT_SECONDS)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def scans(self):
        return query(self.database, "SELECT count(*) FROM scan WHERE complete")[0][0]


@pytest.fixture(scope="module")
def world(postgres, tmp_path_factory):
    made = World(tmp_path_factory.mktemp("events"), postgres.new_database())
    tell_lies(made)
    wait_for(made.scans, "the scan that a new instance asks for")
    yield made
    made.stop()


def tell_lies(world):
    """Looked at again for some 20 s, until test_events_that_lied."""
    world.truth = world.pusher.image("lies/app", "1", salt="truth")["digest"]
    world.send(world.event("push", "lies/app", NOWHERE, "1"), world.event("push", "lies/other", NOWHERE, "1"),
               world.event("delete", "lies/app", world.truth), world.event("push", "lies/app", NOWHERE))


@pytest.fixture
def fresh_world(postgres, tmp_path):
    made = World(tmp_path, postgres.new_database())
    yield made
    made.stop()


# ---- What is answered ----

@pytest.mark.parametrize("type", [V1, V2, "application/json"])
def test_envelopes_of_every_version(world, type):
    name = "types/" + digest_of(type.encode())[7:19]
    pushed = world.pusher.image(name, "1", salt=type)["digest"]
    empty = {"fromRepository": "", "references": None, "length": 0} if type == V2 else {}
    world.send(world.event("push", name, pushed, "1", target=empty), type=type)
    wait_for(lambda: world.tag(name, "1") == pushed, "the tag")


def test_many_events_in_an_envelope(world):
    pushed = {f"many/app{n}": world.pusher.image(f"many/app{n}", "1", "2", salt=str(n))["digest"] for n in range(10)}
    world.send(*(world.event("push", name, digest, tag) for name, digest in pushed.items() for tag in "12"))
    for name, digest in pushed.items():
        wait_for(lambda: world.tag(name, "1") == world.tag(name, "2") == digest, "the tags of " + name)


def test_an_event_counts_once(world):
    pushed = world.pusher.image("twice/app", "1", salt="twice")["digest"]
    event = world.event("push", "twice/app", pushed, "1")
    before = world.writer.status()["inbox"]
    world.send(event, event)
    world.send(event)
    wait_for(lambda: world.tag("twice/app", "1") == pushed, "the tag")
    after = world.writer.status()["inbox"]
    assert after["accepted"] - before["accepted"] == 1 and after["duplicates"] - before["duplicates"] == 2


def test_what_is_unknown_is_accepted_and_does_nothing(world):
    before = query(world.database, "SELECT generation FROM state")
    world.send(world.event("replicate", "unknown/app", NOWHERE, "1"), world.event("mount", "unknown/app", NOWHERE))
    world.send_body('{"events": []}')
    world.send_body('{"events": null}')
    world.settle("unknown/app")
    assert query(world.database, "SELECT generation FROM state") == before


def test_a_flood_of_repositories_that_do_not_exist_raises_no_alarm(postgres, tmp_path):
    """Each is looked at twice and forgotten; only when the registry is away its events are late."""
    n = 150
    world = World(tmp_path, postgres.new_database())
    try:
        world.send(*(world.event("push", f"nobody/app{i}", NOWHERE, "1") for i in range(n)))

        ages = []

        def drained():
            status = world.writer.status()
            if not status["database"]["connected"]:
                return None
            ages.append(status["inbox"]["oldest_seconds"])
            return status if status["inbox"]["waiting"] == 0 else None
        status = wait_for(drained, "the inbox to be empty")
        assert set(ages) == {0}
        assert status["registry"]["requests"] <= 3 * n + 2, "and two whether it is there"
        assert query(world.database, "SELECT count(*) FROM repository") == [(0,)]
        world.registry.kill()
        world.send(world.event("push", "nobody/app", NOWHERE, "1"))
        wait_for(lambda: world.writer.status()["inbox"]["oldest_seconds"] > 0, "the age that alarms")
        world.registry.start()
        world.writer.wait_until_settled()
    finally:
        world.stop()


def test_odd_events_become_dead_letters_and_leave_their_neighbours(world):
    before = world.writer.status()["inbox"]["dead"]
    pushed = world.pusher.image("odd/neighbour", "1", salt="odd")["digest"]
    deep = 7
    for _ in range(100):
        deep = [deep]
    odd = [world.event("push", "NO SUCH NAME", NOWHERE, "1"), world.event("push", "odd/app", "sha256:xyz", "v1"),
           world.event("delete", "odd/app", tag="x", target={"tag": 7}), {"action": ["push"]}, 7]
    world.send(*odd, world.event("push", "odd/neighbour", pushed, "1", deep=deep))
    wait_for(lambda: world.tag("odd/neighbour", "1") == pushed, "the neighbour")
    assert world.writer.status()["inbox"]["dead"] == before + len(odd)
    lines = world.dead_letters().splitlines()
    assert lines[0].split() == ["ID", "DIED", "REPOSITORY", "ACTION", "REASON"]
    for subject, action, reason in (("NO?SUCH?NAME:1", "push", "names an impossible repository"),
                                    ("odd/app:v1", "push", "names an impossible digest"),
                                    ("odd/app", "delete", "its target.tag is no string"),
                                    ("-", "other", "its action is no string"), ("-", "other", "is no JSON object")):
        assert [line for line in lines if line.split(None, 4)[2:] == [subject, action, reason]], lines
    assert "lead nowhere, and stay" in world.dead_letters("retry")
    assert world.writer.status()["inbox"]["dead"] == before + len(odd)


def test_dead_letters_put_back_are_applied_by_the_running_leader(world):
    pushed = world.pusher.image("dead/app", "1", salt="dead")["digest"]
    query(world.database, "INSERT INTO dead_letter (id, event_id, received, reason, leads_somewhere, action, repository, "
          "tag, is_blob, body) VALUES (nextval('inbox_id_seq'), 'dead-1', now(), 'refused', true, 'push', 'dead/app', "
          "'1', false, '{}')")
    assert "1 put back" in world.dead_letters("retry")
    wait_for(lambda: world.tag("dead/app", "1") == pushed, "the event")


@pytest.mark.parametrize("attempts", [0, 1, 8])
def test_a_backlog_does_not_delay_a_push(attempts, world):
    """Nor the look again at one whose event came early: judged by what still waits when it is seen."""
    repository = f"pushed/beside-{attempts}"
    first = world.pusher.image(repository, "0", salt=repository)["digest"]
    world.send(world.event("push", repository, first, "0"))
    wait_for(lambda: world.tag(repository, "0") == first, "the repository: in one that is unknown an event is soon ignored")
    query(world.database, "INSERT INTO inbox (event_id, action, repository, tag, is_blob, attempts, body) SELECT "
          "'backlog-' || n, 'push', 'backlog/app' || n, 'latest', false, %s, '' FROM generate_series(1, 6000) AS n", attempts)
    waiting = "SELECT count(*) FROM inbox WHERE repository LIKE 'backlog/%%' AND attempts = %s"
    wait_for(lambda: query(world.database, waiting, attempts)[0][0] < 6000, "the backlog to be worked on")
    early = manifest_of(repository, "early", world)
    world.send(world.event("push", repository, digest_of(early), "1"))
    looks = "SELECT 1 FROM inbox WHERE repository = %s AND attempts > 0"
    wait_for(lambda: query(world.database, looks, repository), "a look")
    world.pusher.manifest(repository, early, OCI_MANIFEST, "1")
    wait_for(lambda: world.tag(repository, "1") == digest_of(early), "the push")
    left = query(world.database, waiting, attempts)[0][0]
    query(world.database, "DELETE FROM inbox WHERE repository LIKE 'backlog/%%'")
    assert left > 3000, "the push waited for the backlog"


def test_the_token(world):
    body = json.dumps({"events": [world.event("push", "token/app", NOWHERE, "1")]})
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic secret-token"},
                    {"Authorization": "Bearer " + world.writer.token + "x"}):
        answer = requests.post(world.writer.events_url, data=body, headers=headers, timeout=WAIT_SECONDS)
        assert answer.status_code == 401 and "WWW-Authenticate" in answer.headers
    assert requests.get(world.writer.events_url, timeout=WAIT_SECONDS).status_code == 405
    world.send_body("x" * 100_000, status=401, token="wrong")
    assert world.writer.status()["inbox"]["oversized"] == 0, "read before it was authorized"


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"events"', "{}", '{"events": 7}',
                                  '{"events": "x"}', "\x00"])
def test_what_is_no_envelope_is_refused(world, body):
    world.send_body(body, status=400)


# ---- What becomes of it ----

def test_deleted_by_digest(world):
    kept = world.pusher.image("deleted/digest", "1", salt="kept")["digest"]
    gone = world.pusher.image("deleted/digest", "2", "3", salt="gone")["digest"]
    world.send(*(world.event("push", "deleted/digest", d, t) for d, t in ((kept, "1"), (gone, "2"), (gone, "3"))))
    wait_for(lambda: world.holds("deleted/digest") == {kept, gone}, "both images")
    world.pusher.delete("deleted/digest", gone)
    world.send(world.event("delete", "deleted/digest", gone))
    wait_for(lambda: world.holds("deleted/digest") == {kept}, "the deletion")
    assert world.tag("deleted/digest", "2") is False and world.tag("deleted/digest", "3") is False
    assert world.tag("deleted/digest", "1") == kept
    world.settle("deleted/digest")


def test_deleted_by_tag(world):
    """The registry deletes by digest only (2.8): the tag is still there, and the registry's word stands."""
    pushed = world.pusher.image("deleted/tag", "1", "2", salt="tag")["digest"]
    world.send(*(world.event("push", "deleted/tag", pushed, tag) for tag in "12"))
    wait_for(lambda: world.tag("deleted/tag", "2") == pushed, "the tags")
    remove_tag(world.registry, "deleted/tag", "2")
    world.send(world.event("delete", "deleted/tag", tag="2"))
    wait_for(lambda: world.tag("deleted/tag", "2") is False, "the deletion")
    assert world.tag("deleted/tag", "1") == pushed
    world.settle("deleted/tag")


def remove_tag(registry, repository, tag):
    """What distribution 3 does for DELETE by tag."""
    folder = registry.storage / "docker/registry/v2/repositories" / repository / "_manifests/tags" / tag
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def test_a_deleted_blob_is_no_manifest(world):
    pushed = world.pusher.image("deleted/blob", "1", salt="blob")["digest"]
    world.send(world.event("push", "deleted/blob", pushed, "1"))
    wait_for(lambda: world.tag("deleted/blob", "1") == pushed, "the tag")
    blob = digest_of(b"layer blob")
    assert requests.delete(f"{world.registry.url}/v2/deleted/blob/blobs/{blob}", timeout=WAIT_SECONDS).status_code == 202
    world.send(world.event("delete", "deleted/blob", blob, target={"mediaType": "application/octet-stream"}))
    world.send(world.event("delete", "deleted/blob", blob))  # as 2.8 sends it: nothing tells it from a manifest
    world.settle("deleted/blob")
    assert world.tag("deleted/blob", "1") == pushed and world.holds("deleted/blob") == {pushed}


def test_pushed_by_digest_is_kept_untagged(world):
    pushed = world.pusher.image("digest/only", salt="digest")["digest"]
    world.send(world.event("push", "digest/only", pushed))
    wait_for(lambda: world.holds("digest/only") == {pushed}, "the manifest")
    world.pusher.image("digest/only", "1", salt="tagged")
    assert world.writer.scan()["complete"]
    assert pushed in world.holds("digest/only"), "a scan sees no untagged manifests"


def test_events_that_come_before_what_they_tell(world):
    """A push before its tag, a delete before its deletion: looked at again."""
    doomed = world.pusher.image("early/app", "old", salt="doomed")["digest"]
    world.send(world.event("push", "early/app", doomed, "old"))
    wait_for(lambda: world.tag("early/app", "old") == doomed, "the tag")
    coming = digest_of(manifest_of("early/app", "coming", world))
    world.send(world.event("push", "early/app", coming, "new"), world.event("delete", "early/app", doomed))
    wait_for(lambda: query(world.database, "SELECT min(attempts) FROM inbox WHERE repository = 'early/app'")[0][0] > 3,
             "several looks")
    assert world.tag("early/app", "new") is False and world.tag("early/app", "old") == doomed
    world.pusher.manifest("early/app", manifest_of("early/app", "coming", world), OCI_MANIFEST, "new")
    world.pusher.delete("early/app", doomed)
    wait_for(lambda: world.tag("early/app", "new") == coming and world.tag("early/app", "old") is False, "both")
    world.settle("early/app")


def manifest_of(repository, salt, world):
    """The bytes of an image's manifest whose blobs are there, and which itself is not yet."""
    config = world.pusher.blob(repository, {"os": "linux", "architecture": "amd64", "salt": salt},
                               "application/vnd.oci.image.config.v1+json")
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}).encode()


def test_a_tag_that_moves_fast(world):
    """Events that all come late, as after an outage: the last one explains those before it."""
    digests = [world.pusher.image("order/app", "1", salt=str(n))["digest"] for n in range(5)]
    for number in (1, 0, 3, 2, 4):
        world.send(world.event("push", "order/app", digests[number], "1"))
    wait_for(lambda: world.tag("order/app", "1") == digests[4], "the tag")
    world.settle("order/app")
    assert world.tag("order/app", "1") == digests[4]
    actor, source = query(world.database, "SELECT t.updated_by, t.updated_source FROM tag t JOIN repository r "
                          "ON r.id = t.repository_id WHERE r.name = 'order/app'")[0]
    assert (actor, source) == ("ci-bot", "event")


def test_events_that_overtake_each_other(world):
    """The last push is told of first: the others are superseded by what was applied for it already."""
    digests = [world.pusher.image("overtaken/app", "1", salt=str(n))["digest"] for n in range(3)]
    for number in (2, 0, 1):
        world.send(world.event("push", "overtaken/app", digests[number], "1", timestamp=f"2026-05-04T10:00:0{number}Z"))
        wait_for(lambda: world.tag("overtaken/app", "1") == digests[2], "the tag")
    world.settle("overtaken/app")
    assert world.tag("overtaken/app", "1") == digests[2]


def test_pulls(world):
    """Counted every 15 s: once an id, GETs of manifests only, not our own, not children of an index."""
    one = world.pusher.image("pulled/app", "1", "also", salt="one")["digest"]
    child = world.pusher.image("pulled/app", salt="child")
    index = world.pusher.index("pulled/app", "multi", children=[{**child, "platform": {"os": "linux", "architecture": "amd64"}}])
    tagged = ((one, "1"), (one, "also"), (index["digest"], "multi"))
    world.send(*(world.event("push", "pulled/app", digest, tag) for digest, tag in tagged))
    wait_for(lambda: len(world.holds("pulled/app")) == 3, "the images")
    get, head = {"method": "GET", "useragent": "docker/27"}, {"method": "HEAD", "useragent": "docker/27"}
    own = {"method": "GET", "useragent": "metastore-writer/1.0.0"}
    twice = world.event("pull", "pulled/app", one, "1", request=get)
    generation = query(world.database, "SELECT generation FROM state")
    world.send(twice, twice, world.event("pull", "pulled/app", one, request=get),
               world.event("pull", "pulled/app", one, "1", request=head),
               world.event("pull", "pulled/app", one, "1", request=own),
               world.event("pull", "pulled/app", index["digest"], "multi", request=get),
               world.event("pull", "pulled/app", child["digest"], request=get),
               world.event("pull", "pulled/app", digest_of(b"layer one"), request=get, target={
                   "mediaType": "application/octet-stream", "url": "http://x/v2/pulled/app/blobs/sha256:00"}))
    counts = "SELECT t.name, t.pulls FROM tag t JOIN repository r ON r.id = t.repository_id WHERE r.name = 'pulled/app'"
    wait_for(lambda: any(pulls for _, pulls in query(world.database, counts)), "the pulls to be counted")
    assert dict(query(world.database, counts)) == {"1": 2, "also": 1, "multi": 1}
    assert query(world.database, "SELECT generation FROM state") == generation
    assert query(world.database, "SELECT pulls FROM repository WHERE name = 'pulled/app'")[0][0] == 3


def test_events_that_lied(world):
    """What the registry says stands: nothing was recorded for them, nothing deleted."""
    world.settle("lies/app")
    world.settle("lies/other")
    assert world.tag("lies/app", "1") == world.truth and world.holds("lies/app") == {world.truth}
    assert query(world.database, "SELECT count(*) FROM repository WHERE name = 'lies/other'")[0][0] == 0


# ---- Scans that events ask for ----

def test_an_oversized_envelope_becomes_a_scan(fresh_world):
    world = fresh_world
    pushed = world.pusher.image("large/app", "1", salt="large")["digest"]
    world.send(world.event("push", "large/app", pushed, "1", padding="x" * 70_000))
    assert world.writer.status()["inbox"]["oversized"] == 1
    wait_for(lambda: world.tag("large/app", "1") == pushed and world.scans(), "the scan")


def test_new_instances_schedule_one_scan(fresh_world):
    world = fresh_world
    pushed = world.pusher.image("unheard/app", "1", salt="unheard")["digest"]
    other = world.pusher.image("heard/app", "1", salt="heard")["digest"]
    for number in range(3):
        world.send(world.event("push", "heard/app", other, "1", source={"instanceID": f"instance-{number}"}))
    wait_for(lambda: world.tag("unheard/app", "1") == pushed and world.scans(), "the scan")
    assert query(world.database, "SELECT count(*) FROM scan")[0][0] == 1, "more than one a minute"


def test_a_crash_forgets_no_unread_envelope(fresh_world):
    """The wish for a scan is committed before the answer; the writer dies before it can scan."""
    world = fresh_world
    assert world.writer.scan()["complete"]
    world.registry.kill()  # no scan can end now
    world.send_body("x" * 70_000)
    world.writer.kill()
    world.registry.start()
    pushed = world.pusher.image("large/app", "1", salt="large")["digest"]
    world.writer.start()
    wait_for(lambda: world.tag("large/app", "1") == pushed, "the scan")
    wait_for(lambda: not query(world.database, "SELECT 1 FROM state WHERE scan_running"), "its end")


def test_a_crash_forgets_no_new_instance(fresh_world):
    world = fresh_world
    world.writer.kill()
    query(world.database, "INSERT INTO registry_instance (id) VALUES ('committed, and then the crash')")
    pushed = world.pusher.image("unheard/app", "1", salt="unheard")["digest"]
    world.writer.start()
    wait_for(lambda: world.tag("unheard/app", "1") == pushed, "the scan")


def test_a_crash_forgets_no_tags_that_were_too_many(fresh_world):
    """A deleted digest has more tags than one pass may ask about: the wish for a scan comes before the events leave."""
    world = fresh_world
    doomed = world.pusher.image("many/app", "1", salt="many")["digest"]
    world.send(world.event("push", "many/app", doomed, "1"))
    wait_for(lambda: world.tag("many/app", "1") == doomed, "the push")
    wait_for(world.scans, "the scan for a new instance")
    query(world.database, "SELECT apply((SELECT term FROM state), 'many/app', false, false, array_agg('t' || n), "
          "array_agg(digest_bytes(%s)), array_agg(NULL::text), array_agg(NULL::bigint), array_agg(NULL::text), "
          "'{}', '{}', '{}', '{}', 0, '{}') FROM generate_series(1, 4001) AS n", doomed)
    world.registry.kill()
    world.send(world.event("delete", "many/app", doomed))
    wait_for(lambda: query(world.database, "SELECT scan_wanted > (SELECT max(started) FROM scan) FROM state")[0][0],
             "the wish for a scan")
    world.writer.kill()
    world.registry.start()
    world.pusher.delete("many/app", doomed)
    world.writer.start()
    wait_for(lambda: world.scans() > 1, "the scan")


# ---- A push into a repository that is being scanned ----

def test_a_push_goes_before_the_scan(postgres, tmp_path):
    """A repository of 2,000 tags takes a while to scan; what is pushed meanwhile is seen before its end."""
    storage = tmp_path / "storage"
    subprocess.run([SUPPORT / "generate_registry", storage, "--repositories", "1", "--tags", "1", "--largest", "2000"],
                   check=True, capture_output=True)
    world = World(tmp_path, postgres.new_database(), storage)
    try:
        begin_scan(world)
        wait_for(lambda: query(world.database, "SELECT count(*) > 100 FROM manifest")[0][0], "the scan to be busy")
        for n in range(5):
            push_before_the_scan_ends(world, "large/one", f"urgent-{n}")
        world.writer.wait_for_scan_after(None)
    finally:
        world.stop()
        shutil.rmtree(storage)


def push_before_the_scan_ends(world, repository, tag):
    pushed = world.pusher.image(repository, tag, salt=tag)["digest"]
    world.send(world.event("push", repository, pushed, tag))
    wait_for(lambda: world.tag(repository, tag) == pushed, "the pushed tag", pause=0.005)
    assert world.writer.status()["scan"]["running"], "seen at the end of the scan"


@pytest.fixture
def slow_world(postgres, tmp_path):
    """A registry whose tag lists take as long as a test wants; the writer has scanned it once."""
    made = World.__new__(World)
    made.database, made.n_events = postgres.new_database(), 0
    made.registry = FakeRegistry(tmp_path / "fake").start()
    made.fake = made.registry
    for n in range(3):
        made.fake.put("slow/app", f"v{n}", labels={"n": str(n)})
    made.writer = Writer(tmp_path, made.database, made.fake.url, interval={"fetch_all": 0})
    made.writer.start()
    assert made.writer.scan()["complete"]
    yield made
    assert made.writer.terminate() == 0, made.writer.log()[-3000:]
    made.fake.stop()


def test_a_push_does_not_wait_for_what_others_ask(postgres, tmp_path):
    """The few tags of its repository that the scan has begun with are asked for before those of all others."""
    world = World.__new__(World)
    world.database, world.n_events = postgres.new_database(), 0
    world.registry = world.fake = FakeRegistry(tmp_path / "fake").start()
    for n in range(12):
        for tag in range(16):
            world.fake.put("slow/app" if n == 0 else f"tardy/app-{n}", f"v{tag}", labels={"n": f"{n} {tag}"})
    world.fake.fault("manifests", "slow", seconds=0.4)
    world.writer = Writer(tmp_path, world.database, world.fake.url, interval={"fetch_all": 0},
                          registry={"concurrency": 8})
    world.writer.start()
    begin_scan(world)
    wait_for(lambda: sum(world.fake.hits()) > 16, "manifests to be asked for")
    push_while_scanned(world, "new")
    assert world.writer.terminate() == 0, world.writer.log()[-3000:]
    world.fake.stop()


def begin_scan(world):
    wait_for(lambda: world.writer.begin_scan({}), "the scan to be accepted")


def push_while_scanned(world, tag):
    """The tag is seen although the step of the scan that is under way has not come to its end."""
    pushed = world.fake.put("slow/app", tag, labels={"pushed": tag})
    world.send(world.event("push", "slow/app", pushed, tag))
    wait_for(lambda: world.tag("slow/app", tag) == pushed, "the pushed tag")
    assert world.writer.status()["scan"]["running"]


def test_a_push_does_not_wait_for_a_slow_tag_list(slow_world):
    world = slow_world
    world.fake.fault("slow/app/tags/list", "hold")
    begin_scan(world)
    wait_for(lambda: sum(world.fake.hits()), "the tag list to be asked for")
    push_while_scanned(world, "new")
    push_while_scanned(world, "newer")
    before = world.writer.status()["last_scan"]["id"]
    world.fake.do(clear_faults=True)
    last = world.writer.wait_for_scan_after(before)
    assert last["complete"] and last["removed"] == 0
    assert all(world.tag("slow/app", tag) for tag in ("v0", "v1", "v2", "new", "newer"))


def test_a_push_does_not_wait_while_a_tag_dangles(slow_world):
    """A tag that answers 404 makes the scan read the list once more, and that may be slow as well."""
    world = slow_world
    digest = world.tag("slow/app", "v1")
    world.fake.do(delete_manifest={"repository": "slow/app", "digest": digest})
    query(world.database, "UPDATE tag SET unreadable = 'x', manifest_id = NULL WHERE name = 'v0'")  # asked unconditionally
    query(world.database, "DELETE FROM tag WHERE name = 'v1'")
    world.fake.fault("slow/app/tags/list", "slow", seconds=0, times=1)
    world.fake.fault("slow/app/tags/list", "hold")
    begin_scan(world)
    wait_for(lambda: sum(world.fake.hits()) == 2, "the second tag list to be asked for")
    push_while_scanned(world, "new")
    before = world.writer.status()["last_scan"]["id"]
    world.fake.do(clear_faults=True)
    assert world.writer.wait_for_scan_after(before)["complete"]
    assert world.tag("slow/app", "v1") is None, "it dangles"


def test_a_push_does_not_wait_while_removals_are_asked_for(slow_world):
    world = slow_world
    for n in range(40):
        world.fake.put("slow/app", f"doomed-{n}")
    assert world.writer.scan()["complete"]
    for n in range(40):
        world.fake.do(delete_tag={"repository": "slow/app", "tag": f"doomed-{n}"})
    world.fake.fault("slow/app/manifests/doomed", "hold")
    begin_scan(world)
    wait_for(lambda: sum(world.fake.hits()) > 0, "the missing tags to be asked for")
    push_while_scanned(world, "new")
    before = world.writer.status()["last_scan"]["id"]
    world.fake.do(clear_faults=True)
    world.writer.wait_for_scan_after(before)
    assert world.tag("slow/app", "new")
