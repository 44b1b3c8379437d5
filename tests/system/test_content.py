# SPDX-License-Identifier: Apache-2.0
"""Every kind of content, whole and broken, at random: events and a scan must make the same of it."""
import hashlib
import json
import random
import threading

import psycopg2
import pytest

import sboms
from fake import FakeRegistry
from harness import Writer, assert_as_scanned, query, wait_for
from images import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST

DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
HELM = "application/vnd.cncf.helm.config.v1+json"
COSIGN = "application/vnd.dev.cosign.simplesigning.v1+json"
TEXTS = ["plain", "", "\u0000", "a\u0000b", "🦆 duck", "\u202eright to left", "e\u0301", "\"'\\<>&", "x" * 3000, "\ud7ff\ufffd"]
REPOSITORIES = ["a", "team/app", "team/app/deep", "x/y"]
READABLE = 40  # of each hundred, at least


def digest_of(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class Maker:
    """Puts random content into the fake; knows what points where."""

    def __init__(self, fake, seed):
        self.fake = fake
        self.rng = random.Random(seed)
        self.held = {name: [] for name in REPOSITORIES}  # descriptors
        self.deepest = {}                                # repository: descriptor of an index
        self.tags = {}                                   # (repository, tag): digest
        self.kinds = [self.image, self.image, self.docker, self.index, self.index, self.nested, self.docker_list, self.artifact,
                      self.referrer, self.referrer, self.schema1, self.broken, self.broken]

    def text(self):
        return self.rng.choice(TEXTS)

    def pairs(self, most=4):
        return {f"{self.text()}{n}" if "\0" not in (key := self.text()) else f"{n}": key
                for n in range(self.rng.randint(0, most))}

    def blob(self, repository, value, media_type, digest=None):
        body = value if isinstance(value, str) else json.dumps(value)
        put = self.fake.do(put_blob={"repository": repository, "body": body, "digest": digest})["digest"]
        return {"mediaType": media_type, "digest": put, "size": len(body)}

    def manifest(self, repository, value, media_type, digest=None):
        body = value if isinstance(value, str) else json.dumps(value)
        put = self.fake.do(put_manifest={"repository": repository, "type": media_type, "body": body, "digest": digest})
        self.held[repository].append({"mediaType": media_type, "digest": put["digest"], "size": len(body)})
        return put["digest"]

    def config(self):
        labels = self.pairs()
        if self.rng.random() < 0.1:
            labels.update({f"label-{n}": str(n) for n in range(3000)})
        history = [{"created_by": "RUN " + self.text()}] * self.rng.choice([0, 1, 3, 1000])
        return {"os": self.rng.choice(["linux", "windows", 7, None]), "architecture": self.rng.choice(["amd64", "", "arm64"]),
                "created": self.rng.choice(["2024-05-01T10:00:00Z", "yesterday", 0]), "history": history,
                "config": {"Labels": self.rng.choice([labels, labels, None, [], {"n": 7}]), "Env": self.text()}}

    def image(self, repository, types=(OCI_MANIFEST, OCI_CONFIG, OCI_LAYER)):
        value = {"schemaVersion": 2, "mediaType": types[0], "config": self.blob(repository, self.config(), types[1]),
                 "layers": [{"mediaType": types[2], "digest": digest_of(self.text()), "size": 3}],
                 "annotations": self.pairs()}
        if self.rng.random() < 0.2:
            del value["mediaType"]
        return self.manifest(repository, value, types[0])

    def docker(self, repository):
        return self.image(repository, (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER))

    def children(self, repository):
        held = self.held[repository]
        chosen = [dict(child) for child in self.rng.sample(held, min(len(held), self.rng.randint(0, 4)))]
        if self.rng.random() < 0.3:  # sparse
            chosen.append({"mediaType": OCI_MANIFEST, "digest": digest_of(str(self.rng.random())), "size": 1})
        for child in chosen:
            child["platform"] = {"os": "linux", "architecture": self.rng.choice(["amd64", "unknown"])}
            if self.rng.random() < 0.3:
                child["annotations"] = {"vnd.docker.reference.type": "attestation-manifest",
                                        "vnd.docker.reference.digest": self.rng.choice(chosen)["digest"]}
        return chosen

    def index(self, repository, media_type=OCI_INDEX):
        return self.manifest(repository, {"schemaVersion": 2, "mediaType": media_type, "manifests": self.children(repository),
                                          "annotations": self.pairs()}, media_type)

    def nested(self, repository):
        """An index over the last one, some levels at once, and again until it is too many."""
        for _ in range(5):
            below = [self.deepest[repository]] if repository in self.deepest else []
            self.manifest(repository, {"schemaVersion": 2, "mediaType": OCI_INDEX, "salt": self.rng.random(),
                                       "manifests": below + self.children(repository)[:1]}, OCI_INDEX)
            self.deepest[repository] = self.held[repository][-1]
        return self.deepest[repository]["digest"]

    def docker_list(self, repository):
        return self.index(repository, DOCKER_LIST)

    def artifact(self, repository, subject=None):
        config_type = self.rng.choice([HELM, EMPTY, COSIGN])
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": self.blob(repository, "{}", config_type),
                 "layers": [self.blob(repository, "payload", COSIGN)], "annotations": self.pairs()}
        if self.rng.random() < 0.5:
            value["artifactType"] = "application/spdx+json"
        if subject:
            value["subject"] = {"mediaType": OCI_MANIFEST, "digest": subject, "size": 1}
        return self.manifest(repository, value, OCI_MANIFEST)

    def referrer(self, repository):
        """With a fallback index, or a tag of cosign's, or neither."""
        subject = self.rng.choice(self.held[repository])["digest"] if self.held[repository] else digest_of("nothing")
        digest = self.artifact(repository, subject)
        way = self.rng.choice(["fallback", ".sig", ".att", ".sbom", None])
        if way == "fallback":
            entry = {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1, "artifactType": "x/y"}
            self.tag(repository, subject.replace(":", "-"), self.manifest(
                repository, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}, OCI_INDEX))
        elif way:
            self.tag(repository, subject.replace(":", "-") + way, digest)
        return digest

    def schema1(self, repository):
        return self.manifest(repository, {"schemaVersion": 1, "name": repository, "tag": "old", "architecture": "amd64",
                                          "fsLayers": [{"blobSum": digest_of("layer")}],
                                          "history": [{"v1Compatibility": self.rng.choice(["{}", "no JSON"])}]}, SCHEMA1)

    def broken(self, repository):
        config = self.blob(repository, self.config(), OCI_CONFIG)
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [],
                 "salt": self.rng.random()}
        text = json.dumps(value)
        lie = digest_of(text + "other")
        return self.rng.choice([
            lambda: self.manifest(repository, text, OCI_MANIFEST, lie),
            lambda: self.manifest(repository, text[:-1], OCI_MANIFEST),
            lambda: self.manifest(repository, "[" * 40 + "]" * 40, OCI_MANIFEST),
            lambda: self.manifest(repository, text.replace(OCI_MANIFEST, "application/x-unknown"), "application/x-unknown"),
            lambda: self.manifest(repository, {**value, "manifests": []}, OCI_MANIFEST),
            lambda: self.manifest(repository, '{"config": 1, ' + text[1:], OCI_MANIFEST),  # a key twice
            lambda: self.manifest(repository, {**value, "config": {**config, "digest": lie}}, OCI_MANIFEST),
            lambda: self.manifest(repository, {**value, "config": self.blob(repository, "no JSON", OCI_CONFIG)}, OCI_MANIFEST),
            lambda: self.manifest(repository, {**value, "config": self.blob(repository, "{}", OCI_CONFIG, lie)}, OCI_MANIFEST),
            lambda: lie,
        ])()

    def tag(self, repository, tag, digest):
        self.fake.do(tag={"repository": repository, "tag": tag, "digest": digest})
        self.tags[repository, tag] = digest

    def step(self):
        """Something happens in a repository; what the registry would notify of it."""
        repository = self.rng.choice(REPOSITORIES)
        mine = [key for key in self.tags if key[0] == repository]
        if mine and self.rng.random() < 0.1:
            gone = self.rng.choice(mine)
            self.fake.do(delete_tag={"repository": repository, "tag": gone[1]})
            return [("delete", *gone, self.tags.pop(gone))]
        before = dict(self.tags)
        digest = self.rng.choice(self.kinds)(repository)
        if self.rng.random() < 0.8:
            self.tag(repository, f"t{self.rng.randrange(12)}", digest)
        pushed = [("push", *key, to) for key, to in self.tags.items() if before.get(key) != to]
        return pushed or [("push", repository, None, digest)]


def envelope(events):
    made = []
    for number, (action, repository, tag, digest) in events:
        target = {"mediaType": OCI_MANIFEST, "digest": digest, "repository": repository,
                  "url": f"http://x/v2/{repository}/manifests/{digest}"}
        made.append({"id": f"event-{number}", "action": action, "target": {**target, **({"tag": tag} if tag else {})}})
    return {"events": made}


def deliver(writer, events):
    done = writer.deliver(json.dumps(envelope(events)))
    assert done.status_code == 202, done.text


@pytest.mark.parametrize("seed", [1, 2])
def test_events_and_a_scan_make_the_same(seed, postgres, tmp_path):
    fake = FakeRegistry(tmp_path).start()
    database = postgres.new_database()
    writer = Writer(tmp_path, database, fake.url, registry={"timeout": "5s"}, interval={"fetch_all": 0}).start()
    try:
        maker = Maker(fake, seed)
        events = []
        for _ in range(120):
            events += maker.step()
            if len(events) < 30:
                continue
            batch = list(enumerate(events, int(maker.rng.random() * 1e12)))
            maker.rng.shuffle(batch)  # late, out of order, and some of them twice
            for some in (batch, batch[:5]):
                deliver(writer, some)
            events = []
        deliver(writer, enumerate(events, 10 ** 13))
        writer.wait_until_settled()
        known = {(name, tag): digest for name, tag, digest in query(database, (
            "SELECT r.name, t.name, digest_text(m.digest) FROM tag t JOIN repository r ON r.id = t.repository_id "
            "LEFT JOIN manifest m ON m.id = t.manifest_id"))}
        assert known.keys() == maker.tags.keys(), "what is broken hides its neighbours"
        assert all(digest in (None, maker.tags[key]) for key, digest in known.items())
        good = query(database, "SELECT count(*) FROM tag t JOIN repository_manifest h USING (repository_id, manifest_id) "
                     "WHERE t.unreadable IS NULL AND h.unreadable IS NULL")[0][0]
        assert len(known) * READABLE / 100 < good < len(known), "the mixture shows nothing"
        assert_as_scanned(database, postgres, fake.url, tmp_path)
        wait_for(lambda: sboms.are_read(database), "SBOMs to be read: each is a change of its own")
        generation = query(database, "SELECT generation FROM state")
        assert writer.scan()["complete"]
        assert query(database, "SELECT generation FROM state") == generation, "the scan found something to mend"
        assert writer.status()["inbox"]["dead"] == 0
    finally:
        writer.terminate()
        fake.stop()


@pytest.mark.parametrize("first", ["outer", "image"])
def test_an_outer_index_and_an_image_of_its_inner_one_stored_at_once(postgres, first):
    """Whoever comes second waits, and sees what the first has made: the outer index has the image."""
    database = postgres.new_database()
    inner, image, outer = (row for row, in query(
        database, "INSERT INTO manifest (digest, kind) VALUES ('i', 'index'), ('g', 'unknown'), ('o', 'index') RETURNING id"))
    query(database, "INSERT INTO manifest_child (parent_id, position, child_id) VALUES (%s, 0, %s)", inner, image)
    steps = {"outer": [("INSERT INTO manifest_child (parent_id, position, child_id) VALUES (%s, 0, %s)", (outer, inner)),
                       ("SELECT refresh_index_images(ARRAY[%s]::bigint[])", (outer,))],
             "image": [("UPDATE manifest SET kind = 'image' WHERE id = %s", (image,)),
                       ("SELECT refresh_index_images(ARRAY[%s]::bigint[])", (image,))]}

    def store(name, connection):
        with connection.cursor() as cursor:
            for sql, params in steps[name]:
                cursor.execute(sql, params)

    one, other = psycopg2.connect(database), psycopg2.connect(database)
    store(first, one)
    second = threading.Thread(target=store, args=({"outer": "image", "image": "outer"}[first], other))
    second.start()
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    wait_for(lambda: query(database, waits) == [(1,)] or not second.is_alive(), "the second to wait")
    one.commit()
    second.join()
    other.commit()
    one.close()
    other.close()
    assert query(database, "SELECT index_id, image_id FROM index_image ORDER BY index_id") == [(inner, image), (outer, image)]
