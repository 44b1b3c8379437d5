# SPDX-License-Identifier: Apache-2.0
"""A registry that misbehaves: nothing is lost, nothing deleted by mistake, and one bad image harms
only itself. After each fault the database equals one that a fresh scan makes."""
import json

import pytest
import requests

from fake import FakeRegistry
from harness import WAIT_SECONDS, Writer, assert_as_scanned, query, wait_for

INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
TAGS = "SELECT r.name || ':' || t.name, digest_text(m.digest) FROM tag t " \
       "JOIN repository r ON r.id = t.repository_id LEFT JOIN manifest m ON m.id = t.manifest_id"
UNREADABLE = "SELECT digest_text(m.digest), h.unreadable FROM repository_manifest h " \
             "JOIN manifest m ON m.id = h.manifest_id WHERE h.unreadable IS NOT NULL"


def error_body(code):
    return json.dumps({"errors": [{"code": code, "message": "says the test"}]})


class Site:
    """A fake registry, what it holds, and a writer that follows it."""

    def __init__(self, directory, postgres):
        self.directory = directory
        self.postgres = postgres
        self.fake = FakeRegistry(directory).start()
        self.database = postgres.new_database()
        self.writer = Writer(directory, self.database, self.fake.url,
                             registry={"timeout": "1s", "concurrency": 8}, interval={"fetch_all": 0})
        self.truth = {}
        self.rounds = 0
        for repository in ("team/app", "team/base", "tools/one", "tools/two"):
            for tag in ("1", "2", "3"):
                self.put(repository, tag, labels={"tag": repository + tag})
        self.put_index("team/app", "multi")
        self.prepare()
        self.writer.start()
        assert self.writer.scan()["complete"]

    def stop(self):
        status = self.writer.terminate()
        self.fake.stop()
        assert status == 0, self.writer.log()[-3000:]
        assert "ERROR: AddressSanitizer" not in self.writer.log() and "runtime error" not in self.writer.log()

    # ---- the registry ----

    def put(self, repository, tag, **image):
        digest = self.fake.put(repository, tag, **image)
        self.truth[f"{repository}:{tag}"] = digest
        return digest

    def put_index(self, repository, tag):
        """An index of two images; returns the digests of index and images."""
        children = []
        for architecture in ("amd64", "arm64"):
            digest = self.fake.put(repository, "child", architecture=architecture, labels={"index": tag})
            children.append({"mediaType": IMAGE, "digest": digest, "size": 1,
                             "platform": {"os": "linux", "architecture": architecture}})
        self.fake.do(delete_tag={"repository": repository, "tag": "child"})
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children})
        index = self.fake.do(put_manifest={"repository": repository, "tag": tag, "type": INDEX, "body": body})["digest"]
        self.truth[f"{repository}:{tag}"] = index
        return [index, *(child["digest"] for child in children)]

    def prepare(self):
        """What the next change() takes away."""
        self.put("team/base", f"doomed-{self.rounds}", labels={"doomed": str(self.rounds)})
        self.put(f"gone/app-{self.rounds}", "1", labels={"gone": str(self.rounds)})

    def change(self):
        """What happens in the registry under a fault. Returns the digest that team/app:2 is moved to."""
        moved = self.put("team/app", "2", labels={"moved": str(self.rounds)})
        self.put("team/app", f"new-{self.rounds}", labels={"new": str(self.rounds)})
        self.put(f"new/app-{self.rounds}", "1", labels={"new": str(self.rounds)})
        self.fake.do(delete_tag={"repository": "team/base", "tag": f"doomed-{self.rounds}"})
        self.fake.do(delete_repository=f"gone/app-{self.rounds}")
        del self.truth[f"team/base:doomed-{self.rounds}"], self.truth[f"gone/app-{self.rounds}:1"]
        self.rounds += 1
        self.prepare()
        return moved

    # ---- the database ----

    def tags(self):
        return dict(query(self.database, TAGS))

    def unreadable(self):
        return dict(query(self.database, UNREADABLE))

    def lost(self, before):
        """Tags that the database had, the registry has, and the database no longer has."""
        return set(before) & set(self.truth) - set(self.tags())

    def push_event(self, repository, tag):
        digest = self.truth[f"{repository}:{tag}"]
        event = {"id": f"{repository}:{tag}@{digest}", "action": "push",
                 "target": {"mediaType": IMAGE, "digest": digest, "repository": repository, "tag": tag,
                            "url": f"http://x/v2/{repository}/manifests/{digest}"}}
        done = self.writer.deliver(json.dumps({"events": [event]}))
        assert done.status_code == 202, done.text

    def heal(self, **settings):
        self.fake.do(clear_faults=True, settings=settings)
        wait_for(lambda: self.writer.status()["registry"]["reachable"], "the registry to be seen again")
        assert self.writer.scan()["complete"]
        self.writer.wait_until_settled()
        assert self.tags() == self.truth and self.unreadable() == {}
        self.compare()

    def compare(self):
        """The database is as a fresh scan makes it."""
        assert_as_scanned(self.database, self.postgres, self.fake.url, self.directory)


@pytest.fixture(scope="module")
def site(tmp_path_factory, postgres):
    made = Site(tmp_path_factory.mktemp("faults"), postgres)
    yield made
    made.stop()


# What befalls the whole registry: no scan is complete meanwhile.
WHOLE = {
    "500": ("/v2/", {"kind": "status", "status": 500}),
    "502 from a proxy": ("/v2/", {"kind": "status", "status": 502, "body": "<html>", "type": "text/html"}),
    "a 404 page": ("/v2/", {"kind": "html404"}),
    "a login page": ("/v2/", {"kind": "html200"}),
    "dropped connections": ("/v2/", {"kind": "drop"}),
    "silence": ("/v2/", {"kind": "hang", "seconds": 3}),
    "403 DENIED": ("list|_catalog", {"kind": "status", "status": 403, "body": error_body("DENIED")}),
    "cut lists": ("tags/list|_catalog", {"kind": "truncate"}),
    "manifests a byte a second": ("manifests/", {"kind": "drip", "method": "GET"}),
    "redirects in a circle": ("manifests/", {"kind": "redirect"}),
}


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_registry_fails(name, site):
    before = site.tags()
    site.change()
    path, members = WHOLE[name]
    site.fake.fault(path, **members)
    site.push_event("team/app", "2")
    record = site.writer.scan()
    assert not record["complete"] and record["removed"] == 0
    assert sum(site.fake.hits()) > 0
    assert set(before) <= set(site.tags()), "something was deleted"
    site.heal()


# Lists and answers that look right and are not.
LIARS = {
    "an empty catalog": {"settings": {"catalog_only": []}},
    "half a catalog": {"settings": {"catalog_only": ["team/app", "new/app-1"]}},
    "a catalog that begins anew": {"settings": {"catalog_page": 2, "catalog_max": 2, "repeat_pages": True}},
    "a short tag list": {"fault": {"path": "team/app/tags/list", "kind": "status", "status": 200,
                                   "body": '{"name": "team/app", "tags": ["2"]}'}},
    "no tags anywhere": {"fault": {"path": "tags/list", "kind": "status", "status": 200,
                                   "body": '{"name": "x", "tags": null}'}},
    "NAME_UNKNOWN everywhere": {"fault": {"path": "tags/list", "kind": "status", "status": 404,
                                          "body": error_body("NAME_UNKNOWN")}},
    "HEADs that answer 404": {"fault": {"path": "manifests/", "kind": "html404", "method": "HEAD"}},
}


@pytest.mark.parametrize("name", LIARS)
def test_a_registry_that_lies(name, site):
    before = site.tags()
    site.change()
    site.fake.do(**LIARS[name])
    site.writer.scan()
    assert site.lost(before) == set(), "something was deleted"
    assert site.unreadable() == {}
    site.heal(catalog_only=None, catalog_page=100, catalog_max=1000, repeat_pages=False)


def test_a_head_that_answers_404_calls_no_child_missing(site):
    """Known from another repository, and here only asked for by HEAD: a GET must confirm."""
    _, child, _ = site.put_index("team/first", "multi")
    assert site.writer.scan()["complete"]
    site.put_index("team/second", "multi")
    site.fake.fault(f"team/second/manifests/{child}", kind="html404", method="HEAD")
    assert site.writer.scan()["complete"]
    assert sum(site.fake.hits()) > 0 and site.unreadable() == {}
    site.heal()


# What befalls the manifest of one image, and the reason that is kept.
BAD = {
    "digest": ({"kind": "wrong_digest"}, "digest mismatch"),
    "truncated": ({"kind": "truncate"}, ""),
    "endless": ({"kind": "endless"}, "large"),
    "error": ({"kind": "status", "status": 500}, "500"),
    "drip": ({"kind": "drip"}, ""),
    "invalid": ({"kind": "status", "status": 400, "body": error_body("MANIFEST_INVALID")}, "MANIFEST_INVALID"),
}


@pytest.mark.parametrize("how", ["event", "scan"])
def test_bad_images_harm_only_themselves(how, site):
    bad = {}
    for name, (members, reason) in BAD.items():
        digest = site.put("bad/app", name, labels={how: name})
        site.put("bad/app", name + "-neighbour", labels={how: name + " is fine"})
        site.fake.fault(f"bad/app/manifests/({digest}|{name})$", method="GET", **members)
        bad[digest] = reason
    if how == "event":
        for name in BAD:
            site.push_event("bad/app", name)
            site.push_event("bad/app", name + "-neighbour")
        wait_for(lambda: site.tags() == site.truth, "all tags")
    else:
        site.change()
        assert site.writer.scan()["complete"], "bad manifests made the scan incomplete"
        assert site.tags() == site.truth
    unreadable = site.unreadable()
    assert set(unreadable) == set(bad)
    assert all(reason in unreadable[digest] for digest, reason in bad.items()), unreadable
    site.heal()


def test_a_missing_child_and_a_missing_configuration(site):
    _, child, _ = site.put_index("broken/app", "multi")
    bare = site.fake.do(image={"repository": "broken/app", "tag": "bare", "labels": {"x": "y"}})
    site.truth["broken/app:bare"] = bare["digest"]
    site.put("broken/app", "fine")
    site.fake.do(delete_manifest={"repository": "broken/app", "digest": child},
                 delete_blob={"repository": "broken/app", "digest": bare["config"]})
    assert site.writer.scan()["complete"]
    assert set(site.unreadable()) == {child, bare["digest"]} and site.tags() == site.truth
    site.compare()
    site.fake.do(delete_repository="broken/app")
    site.truth = {tag: digest for tag, digest in site.truth.items() if not tag.startswith("broken/")}
    site.heal()


# Contents that a database may choke on.
HOSTILE = {
    "nul": {"org.example.nul": "a\u0000b", "a\u0000key": "x"},
    "huge": {"org.example.huge": "x" * 1_000_000},
    "huge-key": {"k" * 100_000: "x"},
    "surrogate": {"org.example.lone": "\ud800"},
    "many": {f"key-{n}": "v" * 100 for n in range(5000)},
    "empty": {"": "", " ": "\t\n"},
}


def test_hostile_labels_and_annotations(site):
    for name, members in HOSTILE.items():
        site.put("hostile/app", name + "-label", labels=members)
        site.put("hostile/app", name + "-annotation", annotations=members)
    site.put("hostile/app", "fine", labels={"fine": "yes"})
    assert site.writer.scan()["complete"]
    assert site.tags() == site.truth
    for tag in ("fine", "nul-label", "nul-annotation"):
        assert site.truth[f"hostile/app:{tag}"] not in site.unreadable()
    assert query(site.database, "SELECT value FROM label WHERE key = 'a\ufffdkey'") == [("x",)]
    assert query(site.database, "SELECT 1 FROM label WHERE key = 'fine'")
    site.fake.do(delete_repository="hostile/app")
    site.truth = {tag: digest for tag, digest in site.truth.items() if not tag.startswith("hostile/")}
    site.heal()


def test_slower_please(site):
    """429 and 503 with Retry-After are waited for, whoever gets them."""
    site.change()
    site.fake.fault("/v2/", kind="status", status=429, headers={"Retry-After": "1"}, times=3)
    site.push_event("team/app", "2")
    wait_for(lambda: site.tags()["team/app:2"] == site.truth["team/app:2"], "the event to be applied")
    site.fake.fault("/v2/", kind="status", status=503, headers={"Retry-After": "1"}, times=3)
    assert site.writer.scan()["complete"]
    site.heal()


def test_tokens_that_expire(site):
    site.change()
    site.fake.do(settings={"auth": "bearer"})
    site.push_event("team/app", "2")
    wait_for(lambda: site.tags()["team/app:2"] == site.truth["team/app:2"], "the event to be applied")
    site.fake.do(revoke_tokens=True)  # they are over before they said
    assert site.writer.scan()["complete"]
    site.fake.do(revoke_tokens=True, settings={"denied": ["team/app"]})
    before = site.tags()
    assert not site.writer.scan()["complete"]
    assert site.tags() == before, "lost rights emptied the index"
    site.heal(auth="none", denied=[])


def test_faults_that_come_and_go(site):
    """Any request may fail some way or other; events and scans go on until all is applied."""
    before = site.tags()
    site.change()
    site.fake.fault("[13579bdf]$", kind="status", status=500, times=60)
    for number, kind in enumerate(("drop", "truncate", "html404", "wrong_digest")):
        site.fake.fault("/v2/", kind=kind, times=7 + number)
    site.push_event("team/app", "2")
    site.writer.scan()
    assert site.lost(before) == set(), "something was deleted"
    wait_for(lambda: site.tags()["team/app:2"] == site.truth["team/app:2"], "the event to be applied")
    site.heal()
    assert site.writer.status()["inbox"]["dead"] == 0


def test_an_endless_tag_list_buries_no_event(site):
    """An absent tag makes the writer ask for the list; that it cannot be had says nothing of the event."""
    site.put("endless/app", "1")
    site.put("endless/app", "2")
    assert site.writer.scan()["complete"]
    site.fake.do(delete_tag={"repository": "endless/app", "tag": "2"})
    del site.truth["endless/app:2"]
    site.fake.fault("endless/app/tags/list", kind="endless")
    delete = {"id": "endless", "action": "delete", "target": {"repository": "endless/app", "tag": "2"}}
    assert site.writer.deliver(json.dumps({"events": [delete]})).status_code == 202
    wait_for(lambda: sum(site.fake.hits()), "the list to be asked for")
    wait_for(lambda: query(site.database, "SELECT attempts FROM inbox")[0][0] > 0, "the event to be postponed")
    assert site.writer.status()["inbox"]["dead"] == 0 and "endless/app:2" in site.tags()
    site.heal()


def test_a_tag_deleted_while_its_repository_is_scanned(site):
    """Listed, deleted, then asked for: it does not come back as one that cannot be read."""
    for number in range(30):
        site.put("racing/app", f"tag-{number:02}", labels={"n": str(number)})
    assert site.writer.scan()["complete"]
    site.fake.do(delete_tag={"repository": "racing/app", "tag": "tag-07"})
    del site.truth["racing/app:tag-07"]
    stale = json.dumps({"name": "racing/app", "tags": [f"tag-{number:02}" for number in range(30)]})
    site.fake.fault("racing/app/tags/list", kind="status", status=200, body=stale, times=1)
    assert site.writer.scan()["complete"]
    assert site.tags() == site.truth
    site.heal()


def test_events_interrupt_a_scan_and_nothing_is_skipped(site):
    """A chunk of tags that is given up for events is begun again: no tag of it is left out."""
    for number in range(230):  # more than a chunk
        site.put("chunks/app", f"tag-{number:03}", labels={"n": str(number)})
    site.fake.fault("chunks/app/manifests/tag-", kind="slow", seconds=0.2)
    scan = requests.post(site.writer.url + "/scan", timeout=WAIT_SECONDS, headers={"Authorization": "Bearer " + site.writer.token})
    assert scan.status_code == 202
    interruptions = 0
    for number in range(8):
        wait_for(lambda: sum(site.fake.hits()) > 8 * number, "the scan to go on", pause=0.005)
        site.put("chunks/app", f"urgent-{number}", labels={"urgent": str(number)})
        site.push_event("chunks/app", f"urgent-{number}")
        wait_for(lambda: f"chunks/app:urgent-{number}" in site.tags(), "the event", pause=0.005)
        interruptions += site.writer.status()["scan"]["running"]
    assert interruptions > 1, "the scan was over too soon to tell"
    site.heal()
    site.writer.wait_until_settled()
    assert site.tags() == site.truth
    site.fake.do(delete_repository="chunks/app")
    site.truth = {tag: digest for tag, digest in site.truth.items() if not tag.startswith("chunks/")}
    assert site.writer.scan()["complete"]
    assert site.writer.scan(**{"accept-removals": "1"})["complete"]


# ---- Removals ----

def test_an_empty_repository_goes_when_the_registry_forgets_it(site):
    """First its last tag, then its name; names that the registry lists and does not know are nothing."""
    site.put("empty/app", "1")
    assert site.writer.scan()["complete"]
    site.fake.do(delete_tag={"repository": "empty/app", "tag": "1"},
                 delete_manifest={"repository": "empty/app", "digest": site.truth.pop("empty/app:1")})
    known_names = "SELECT 1 FROM repository WHERE name = 'empty/app' AND deleted_at IS NULL"
    assert site.writer.scan()["complete"] and query(site.database, known_names)
    query(site.database, "DELETE FROM repository_manifest WHERE repository_id = "
          "(SELECT id FROM repository WHERE name = 'empty/app')")  # as the garbage collection does
    site.fake.do(delete_repository="empty/app")
    assert site.writer.scan()["complete"] and not query(site.database, known_names)
    site.heal()


def fill(site, repository, count):
    for number in range(count):
        site.put(repository, f"tag-{number}", labels={"n": str(number)})
    assert site.writer.scan()["complete"]


def remove(site, repository, numbers):
    for number in numbers:
        site.fake.do(delete_tag={"repository": repository, "tag": f"tag-{number}"})
        del site.truth[f"{repository}:tag-{number}"]


def known(site, repository):
    return {tag for tag in site.tags() if tag.startswith(repository + ":")}


def test_twenty_removals_are_believed(site):
    fill(site, "twenty/app", 21)
    remove(site, "twenty/app", range(20))
    assert site.writer.scan()["removed"] == 20
    site.heal()


def test_a_tenth_is_believed(site):
    everything = len(site.truth)
    fill(site, "tenth/app", 240 - everything)
    remove(site, "tenth/app", range(24))
    assert site.writer.scan()["removed"] == 24
    fill(site, "tenth/more", 30)
    remove(site, "tenth/more", range(28))
    assert site.writer.scan()["removed"] == 0, "more than a tenth"
    assert site.writer.status()["held_removals"]["tags"] == 28
    assert site.writer.scan(**{"accept-removals": "1"})["removed"] == 28
    site.heal()


def test_held_removals_are_confirmed_or_forgotten(site):
    fill(site, "held/app", 40)
    remove(site, "held/app", range(40))
    for _ in range(2):
        assert site.writer.scan()["removed"] == 0, "too soon to be confirmed"
        assert site.writer.status()["held_removals"]["tags"] == 40
    site.put("held/app", "tag-1", labels={"pushed": "again"})
    site.push_event("held/app", "tag-1")
    wait_for(lambda: site.writer.status()["held_removals"]["tags"] == 39, "the push to save its tag")
    site.put("held/app", "tag-2", labels={"pushed": "again, and the event was lost"})
    assert site.writer.scan()["removed"] == 0
    assert site.writer.status()["held_removals"]["tags"] == 38
    assert len(known(site, "held/app")) == 40
    query(site.database, "UPDATE held_removal SET since = since - interval '10 minutes'")
    assert site.writer.scan()["removed"] == 38
    assert known(site, "held/app") == {"held/app:tag-1", "held/app:tag-2"}
    site.heal()
