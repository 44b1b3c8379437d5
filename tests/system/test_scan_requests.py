# SPDX-License-Identifier: Apache-2.0
"""What a scan asks of a real registry, by the registry's access log: one request a tag."""
import json
import re
import time
import uuid

import pytest

from harness import Registry, Writer, query, wait_for
from images import OCI_MANIFEST, Pusher

SHARE = 16  # each tag is asked about without condition in one of so many scans
LINE = re.compile(r'"(HEAD|GET|PUT) (\S+) HTTP/1\.1" (\d+)')


class LoggingRegistry(Registry):
    def config(self):
        config = super().config()
        config["log"]["accesslog"]["disabled"] = False
        return config

    def asked(self):
        """(method, path, status) of every request so far."""
        with open(self.log_path, errors="replace") as log:
            return [match.groups() for match in filter(None, map(LINE.search, log))]


class Site:
    """A registry with seven tags, four images and an index in one repository; a writer that scans when it is told."""

    def __init__(self, directory, postgres):
        self.registry = LoggingRegistry(directory / "registry").start()
        self.database = postgres.new_database()
        self.writer = Writer(directory, self.database, self.registry.url, interval={"fetch_all": 0})
        self.pusher = Pusher(self.registry.url)
        self.images = [self.pusher.image("team/app", f"v{n}", salt=str(n)) for n in (1, 2, 3)]
        self.pusher.image("team/app", "latest", salt="3")  # a second tag on v3
        child = self.pusher.image("team/app", salt="child")
        self.pusher.index("team/app", "multi", children=[
            {**image, "platform": {"os": "linux", "architecture": "amd64"}} for image in (child, self.images[0])])
        self.pusher.image("team/other", "v1", salt="1")  # the same manifest elsewhere
        self.pusher.image("team/other", "v2", salt="2")
        self.n_tags = 7
        self.writer.start()

    def scan(self):
        """What a scan asks, by the kind of what is asked for."""
        before = len(self.registry.asked())
        record = self.writer.scan()
        assert record["complete"]

        def written():
            asked = self.registry.asked()[before:]
            return asked if len(asked) >= record["requests"] else None
        kinds = {"tag": [], "digest": [], "blob": [], "list": []}
        for method, path, status in wait_for(written, "the registry's access log"):
            kind = "list" if "_catalog" in path or "/tags/list" in path else "blob" if "/blobs/" in path else \
                "digest" if "sha256:" in path else "tag" if "/manifests/" in path else None
            if kind:
                kinds[kind].append((method, path.partition("?")[0].removeprefix("/v2/"), int(status)))
        return kinds

    def lose(self, digest):
        """Takes a manifest out of the repository's storage; its tags stay."""
        for path in self.registry.storage.glob(f"**/team/app/_manifests/revisions/sha256/{digest.removeprefix('sha256:')}"):
            (path / "link").unlink()

    def unreadable_tags(self):
        return {name for name, in query(self.database, "SELECT name FROM tag WHERE unreadable IS NOT NULL")}

    def stop(self):
        assert self.writer.terminate() == 0, self.writer.log()[-3000:]
        self.registry.kill()


@pytest.fixture
def site(postgres, tmp_path):
    site = Site(tmp_path, postgres)
    yield site
    site.stop()


def test_each_tag_costs_one_request_and_each_content_one(site):
    first = site.scan()
    assert sorted(path for _, path, _ in first["tag"]) == sorted(
        [f"team/app/manifests/{tag}" for tag in ("latest", "multi", "v1", "v2", "v3")] +
        [f"team/other/manifests/{tag}" for tag in ("v1", "v2")])
    assert {method for method, _, _ in first["tag"]} == {"GET"}
    assert len(first["digest"]) == 1, "only the child that has no tag"
    blobs = [path.rpartition("/")[2] for _, path, _ in first["blob"]]
    assert len(set(blobs)) == 4 and len(blobs) <= 6, "two repositories may ask for one at the same time"

    second = site.scan()
    assert len(second["tag"]) == site.n_tags and not second["blob"]
    answers = [status for _, _, status in second["tag"]]
    assert set(answers) <= {200, 304} and answers.count(304) >= site.n_tags // 2
    assert len(second["digest"]) <= 2, "at most the children of the index, when it is its turn"

    site.pusher.image("team/app", "v1", salt="moved")
    third = site.scan()
    assert len(third["tag"]) == site.n_tags and len(third["blob"]) == 1, "the manifest came with the answer"
    moved = query(site.database, "SELECT count(*) FROM tag_history WHERE tag = 'v1'")
    assert moved[0][0] >= 2


def test_what_dangles_is_found_within_sixteen_scans(site):
    assert site.scan() and not site.unreadable_tags()
    site.lose(site.images[1]["digest"])
    for _ in range(SHARE):
        asked = site.scan()["tag"]
        assert len(asked) <= site.n_tags + 1
        if site.unreadable_tags():
            break
    assert site.unreadable_tags() == {"v2"}
    again = [path for _, path, _ in site.scan()["tag"]]
    assert again.count("team/app/manifests/v2") == 1, "what is known to dangle costs one request"


def test_what_dangles_is_found_at_once_after_the_event(site):
    assert site.scan() and not site.unreadable_tags()
    digest = site.images[1]["digest"]
    site.lose(digest)
    event = {"id": str(uuid.uuid4()), "action": "delete", "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
             "target": {"mediaType": OCI_MANIFEST, "digest": digest, "repository": "team/app"}}
    assert site.writer.deliver(json.dumps({"events": [event]})).status_code == 202
    wait_for(lambda: site.unreadable_tags() == {"v2"}, "the tag to be known as dangling")
