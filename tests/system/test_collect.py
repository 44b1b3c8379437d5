# SPDX-License-Identifier: Apache-2.0
"""Garbage collection of the database and of the registry with a real registry that
tells nobody anything: the test posts the events that it wants known."""
import json
import re

import pytest
import requests

from fake import FakeRegistry
from harness import WAIT_SECONDS, Registry, Writer, assert_as_scanned, query, wait_for
from images import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Pusher

KNOWN = "SELECT digest_text(m.digest) FROM manifest m"
HELD = "SELECT digest_text(m.digest) FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id"


class Yard:
    """A registry, a writer that collects every second, and what was pushed, by name."""

    def __init__(self, directory, postgres, **collect):
        self.directory, self.postgres = directory, postgres
        self.registry = Registry(directory / "registry").start()
        self.pusher = Pusher(self.registry.url)
        self.database = postgres.new_database()
        self.writer = Writer(directory, self.database, self.registry.url, garbage_collect=collect,
                             interval={"fetch_all": 0, "garbage_collect": "1s"})
        self.writer.start()
        self.digests = {}
        self.n_sent = 0

    def stop(self):
        status = self.writer.terminate()
        assert status == 0, self.writer.log()[-3000:]
        assert "ERROR: AddressSanitizer" not in self.writer.log() and "runtime error" not in self.writer.log()

    # ---- the registry ----

    def tell(self, descriptor, *tags):
        """Posts a push event for each tag, or one by digest."""
        self.n_sent += 1
        target = {"mediaType": descriptor["mediaType"], "digest": descriptor["digest"], "repository": "team/app",
                  "url": f"{self.registry.url}/v2/team/app/manifests/{descriptor['digest']}"}
        events = [{"id": f"event-{self.n_sent}-{tag}", "action": "push", "target": {**target, "tag": tag} if tag else target}
                  for tag in tags or ("",)]
        done = self.writer.deliver(json.dumps({"events": events}))
        assert done.status_code == 202, done.text

    def image(self, name, *tags, subject=None):
        """Pushed and told; kept under `name`."""
        if subject:
            value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "subject": subject,
                     "config": self.pusher.blob("team/app", {"of": name}, OCI_CONFIG),
                     "layers": [self.pusher.blob("team/app", b"layer of " + name.encode(), OCI_LAYER)]}
            pushed = self.pusher.manifest("team/app", value, OCI_MANIFEST, *tags)
        else:
            pushed = self.pusher.image("team/app", *tags, salt=name)
        self.digests[name] = pushed["digest"]
        self.tell(pushed, *tags)
        return pushed

    def index(self, name, *tags, children):
        pushed = self.pusher.index("team/app", *tags, children=children, annotations={"name": name})
        self.digests[name] = pushed["digest"]
        self.tell(pushed, *tags)
        return pushed

    def served(self):
        """The names of what the registry still serves."""
        accept = {"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}"}
        return {name for name, digest in self.digests.items() if requests.get(
            f"{self.registry.url}/v2/team/app/manifests/{digest}", headers=accept, timeout=WAIT_SECONDS).status_code == 200}

    # ---- the database ----

    def names(self, sql):
        by_digest = {digest: name for name, digest in self.digests.items()}
        return {by_digest[row[0]] for row in query(self.database, sql) if row[0] in by_digest}

    def wait_until_known(self):
        self.writer.wait_until_settled()
        assert self.names(HELD) == set(self.digests)

    def age(self):
        """Everything that is there now was there long ago."""
        query(self.database, "UPDATE manifest SET first_seen = first_seen - interval '2 days'")
        query(self.database, "UPDATE repository_manifest SET first_seen = first_seen - interval '2 days'")
        query(self.database, "UPDATE tag_history SET from_time = from_time - interval '2 days', "
              "until_time = until_time - interval '2 days'")

    def runs(self):
        return query(self.database, "SELECT id, manifests, registry_manifests, dry_run FROM collection ORDER BY id")

    def collect(self, since=None):
        """The sums of the runs behind the first `since`, else of those that end from now on; the last two began after
        this, and the very last found nothing."""
        before = len(self.runs()) + 1  # one may be under way
        first = before - 1 if since is None else since
        def is_quiet():
            runs = self.runs()[before:]
            return len(runs) > 1 and runs[-1][1:3] == (0, 0)
        wait_for(is_quiet, "the collections")
        return [sum(run[n] for run in self.runs()[first:]) for n in (1, 2)]

    def compare(self):
        assert_as_scanned(self.database, self.postgres, self.registry.url, self.directory)


@pytest.fixture
def make_yard(postgres, tmp_path):
    yards = []

    def make(**options):
        yards.append(Yard(tmp_path, postgres, **options))
        return yards[-1]
    yield make
    for yard in yards:
        yard.stop()
        yard.registry.kill()


def fill(yard):
    """Every kind of manifest; the names say what becomes of them. Returns those that nothing needs."""
    yard.image("tagged", "1")
    yard.image("moved away", "2")
    yard.wait_until_known()
    yard.image("moved to", "2")
    child = yard.image("child of a tagged index")
    yard.index("tagged index", "multi", children=[child])
    orphan = yard.image("child of an untagged index")
    yard.index("untagged index", children=[orphan])
    subject = yard.image("subject", "subject")
    yard.image("referrer of a tagged image", subject=subject)
    yard.image("referrer of what never was", subject={**subject, "digest": "sha256:" + "5" * 64})
    lonely = yard.image("untagged subject")
    yard.image("referrer of the untagged subject", subject=lonely)
    yard.image("never tagged")
    yard.wait_until_known()
    return {"moved away", "child of an untagged index", "untagged index", "referrer of what never was",
            "untagged subject", "referrer of the untagged subject", "never tagged"}


def test_off_keeps_what_the_registry_serves(make_yard):
    yard = make_yard(grace="1h")
    fill(yard)
    yard.age()
    assert yard.collect() == [0, 0]
    assert yard.served() == yard.names(HELD) == set(yard.digests)


def test_what_the_registry_serves_no_more_leaves_the_database(make_yard):
    """With all that only it used; a layer that another image uses stays."""
    yard = make_yard(grace="1h")
    unneeded = fill(yard)
    for name in unneeded:
        yard.pusher.delete("team/app", yard.digests[name])  # nobody is told
    yard.age()
    assert yard.collect()[1] == 0
    assert yard.names(KNOWN) == set(yard.digests) - unneeded
    assert query(yard.database, "SELECT count(*) FROM config c WHERE NOT EXISTS "
                 "(SELECT FROM manifest m WHERE m.config_id = c.id)") == [(0,)]
    assert query(yard.database, "SELECT count(*) FROM blob b WHERE NOT EXISTS (SELECT FROM manifest_layer l "
                 "WHERE l.blob_id = b.id) AND NOT EXISTS (SELECT FROM config c WHERE c.id = b.id)") == [(0,)]
    assert yard.writer.scan()["complete"]
    yard.compare()


def test_a_dry_run_tells_and_deletes_nothing(make_yard):
    yard = make_yard(registry="dry-run", grace="1h")
    unneeded = fill(yard)
    yard.age()
    assert yard.collect() == [0, 0]
    later = {"child of an untagged index", "referrer of the untagged subject"}  # when what needs them has gone
    told = set(re.findall(r'would be deleted from the registry" repository=team/app digest=(\S+)', yard.writer.log()))
    assert told == {yard.digests[name] for name in unneeded - later}
    assert yard.writer.status()["last_collection"]["dry_run"] == len(told)
    assert yard.served() == yard.names(HELD) == set(yard.digests)


def test_on_deletes_what_nothing_needs(make_yard):
    yard = make_yard(registry="on", grace="1h")
    unneeded = fill(yard)
    assert yard.collect() == [0, 0] and yard.served() == set(yard.digests), "younger than the grace"
    n_runs = len(yard.runs())  # one may take some before the event that makes all wait
    yard.age()
    young = yard.image("young")
    assert young["digest"] in yard.digests.values()
    yard.writer.wait_until_settled()  # an event that waits keeps everything in its repository
    assert yard.collect(n_runs)[1] == len(unneeded)
    assert yard.served() == yard.names(KNOWN) == set(yard.digests) - unneeded
    assert yard.writer.scan()["complete"]
    yard.compare()


def test_nothing_is_deleted_that_was_tagged_meanwhile(make_yard):
    """The event was lost: the registry's own list is looked at right before."""
    yard = make_yard(registry="dry-run", grace="1h")
    saved = yard.image("saved")
    yard.image("tagged", "1")
    yard.wait_until_known()
    value = requests.get(f"{yard.registry.url}/v2/team/app/manifests/{saved['digest']}", timeout=WAIT_SECONDS,
                         headers={"Accept": OCI_MANIFEST}).content
    yard.pusher.manifest("team/app", value, OCI_MANIFEST, "rescue")
    yard.age()
    yard.writer.config_values["garbage_collect"]["registry"] = "on"
    yard.writer.terminate()
    yard.writer.start()
    assert yard.collect() == [0, 0]
    assert yard.served() == {"saved", "tagged"}
    assert "registry's tags are not those known" in yard.writer.log()


def test_each_is_asked_for_right_before(postgres, tmp_path):
    """And a registry that does not allow deletion is asked once a run."""
    fake = FakeRegistry(tmp_path).start()
    digests = [fake.put("team/app", "tag", labels={"n": str(number)}) for number in range(4)]
    fake.do(settings={"delete_enabled": False})
    database = postgres.new_database()
    writer = Writer(tmp_path, database, fake.url, garbage_collect={"registry": "on", "grace": 0},
                    interval={"fetch_all": 0, "garbage_collect": "1s"}).start()
    try:
        assert writer.scan()["complete"]
        events = [{"id": digest, "action": "push", "target": {
            "mediaType": OCI_MANIFEST, "digest": digest, "repository": "team/app",
            "url": f"http://x/v2/team/app/manifests/{digest}"}} for digest in digests]
        assert writer.deliver(json.dumps({"events": events})).status_code == 202
        wait_for(lambda: len(query(database, HELD)) == 4, "the untagged manifests")
        wait_for(lambda: "refuses to delete" in writer.log(), "the refusal")
        fake.do(settings={"delete_enabled": True}, forget_requests=True)
        wait_for(lambda: len(query(database, HELD)) == 1, "the deletions")
        log = fake.asked()
        for digest in digests[:-1]:
            asked = [entry["method"] for entry in log if entry["path"].endswith("/manifests/" + digest)]
            assert "DELETE" in asked and set(asked[:asked.index("DELETE")]) & {"GET", "HEAD"}, asked
        assert not any(entry["method"] == "DELETE" and entry["path"].endswith(digests[-1]) for entry in log)
    finally:
        assert writer.terminate() == 0, writer.log()[-3000:]
        fake.stop()


ORPHANS = 60_000


def add_orphans(database, lap):
    """And waits until a first batch of them has been collected."""
    query(database, f"""
        WITH made AS (INSERT INTO manifest (digest, media_type, kind, size, raw, first_seen)
            SELECT '\\x01'::bytea || sha256((n + {lap * ORPHANS})::text::bytea), '{OCI_MANIFEST}',
                   (SELECT kind FROM manifest LIMIT 1), 3, '{{}}', now() - interval '2 days'
              FROM generate_series(1, {ORPHANS}) n RETURNING id)
        INSERT INTO label (manifest_id, key, value) SELECT id, 'k' || k, 'v' FROM made, generate_series(1, 3) k""")
    wait_for(lambda: query(database, "SELECT count(*) FROM manifest")[0][0] < ORPHANS, "the first batch")


def test_events_are_applied_while_much_is_collected(make_yard):
    """Small batches: an event waits for none of them for long."""
    yard = make_yard(grace="1h")
    yard.image("first", "first")
    yard.wait_until_known()
    left = [0]  # after each event
    while left[-1] > 1000 or sum(count > 1000 for count in left) < 5:
        if left[-1] <= 1000:  # the collection was over too soon to tell
            add_orphans(yard.database, len(left))
        name = f"tag-{len(left)}"
        yard.image(name, name)
        wait_for(lambda: name in yard.names(HELD), "the event to be applied", pause=0.005)
        left.append(query(yard.database, "SELECT count(*) FROM manifest")[0][0])
        assert len(left) < 2000, "nothing is collected while events come"
    # A run before this one may be recorded already: what is left tells when it has ended.
    wait_for(lambda: query(yard.database, "SELECT count(*) FROM label WHERE key = 'k1'") == [(0,)], "the rest to go")
