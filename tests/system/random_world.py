# SPDX-License-Identifier: Apache-2.0
"""A random registry with a writer and a reader before it, and what is to be known about it.

Two real registries serve the same storage: one notifies the writer and is pushed to, the other one is
read by the writer and by the oracle, so that reading counts as no pull.
"""
import itertools
import random

from harness import WAIT_SECONDS, Reader, Registry, Writer, query, wait_for
from images import Pusher
from oracle import INDEX_TYPES, MANIFEST_TYPES
from oracle import Registry as Contents
from oracle_search import Facts
from random_questions import Questions
from random_registry import RandomRegistry


class World:
    def __init__(self, directory, postgres, seed, repositories=16):
        self.random = random.Random(seed + 1)
        self.database = postgres.new_database()
        self.silent = Registry(directory / "silent", storage=directory / "storage")
        self.registry = Registry(directory / "registry", storage=directory / "storage")
        self.writer = Writer(directory, self.database, self.silent.url)
        self.reader = Reader(directory, self.database, self.silent.url)
        self.registry.events_url, self.registry.token = self.writer.events_url, self.writer.token
        self.writer.sender = self.registry
        RandomRegistry(directory / "storage", seed, repositories)
        self.pusher = Pusher(self.registry.url)
        self.moved, self.pulls, self.times = {}, {}, {}
        self.number = itertools.count(1)
        self.questions = None

    def __str__(self):
        held = self.questions.held if self.questions else []
        return f"{len(self.questions.names)} repositories, {len(held)} manifests"

    def start(self):
        for process in (self.silent, self.registry, self.writer):
            process.start()
        self.writer.wait_for_scan_after(None)
        scan = self.writer.status()["last_scan"]
        assert scan["complete"], scan
        self.contents = Contents(self.silent.url)
        Facts(self.contents, times=self.times)
        self.change(pulls=30)
        self.reader.start()
        self.questions = Questions(self.reader, self.facts, self.random)
        return self

    def stop(self):
        statuses = [process.terminate() for process in (self.reader, self.writer)]
        for process in (self.registry, self.silent):
            process.kill()
        for process in (self.reader, self.writer):
            log = process.log()
            assert "Sanitizer" not in log and "runtime error:" not in log, log[-4000:]
        assert statuses in ([0, 0], [None, 0]), statuses

    # --- what happens to it ---

    def change(self, changes=12, pulls=0):
        """Moves tags, deletes, pulls; then everything is read again."""
        for _ in range(changes):
            self.random.choice((self.retag, self.retag, self.push, self.delete))()
        self.writer.wait_until_settled()
        self.contents.read()
        for _ in range(pulls):
            self.pull()
        if pulls:
            self.wait_for_pulls()
        self.facts = Facts(self.contents, self.moved, self.pulls, self.times)
        if self.questions:
            self.wait_for_reader()
            self.questions.facts = self.facts
            self.questions.refill()

    def choose(self, is_fit=lambda media_type, value: True):
        held = [key for key, content in self.contents.manifests.items() if is_fit(*content)]
        return self.random.choice(sorted(held)) if held else (None, None)

    def retag(self):
        """An image that is there gets one more tag, or takes one from another."""
        name, digest = self.choose(lambda media_type, value: "config" in value)
        if name is None:
            return
        tag = self.random.choice(["latest", "moved", "again", *self.contents.tags[name]][:8])
        media_type, _ = self.contents.manifests[name, digest]
        if self.contents.tags[name].get(tag) == digest or tag.startswith("sha256-"):
            return
        answer = self.pusher.session.get(f"{self.silent.url}/v2/{name}/manifests/{digest}", timeout=WAIT_SECONDS,
                                         headers={"Accept": media_type})
        self.pusher.manifest(name, answer.content, media_type, tag)
        self.moved[name, tag] = next(self.number)
        self.contents.tags[name][tag] = digest

    def push(self):
        name = self.random.choice(["pushed/app", "library/pushed", *self.contents.tags][:12])
        tag = self.random.choice(("latest", "pushed"))
        self.pusher.image(name, tag, labels={"vendor": "Pushed", "stage": "prod"}, salt=str(self.random.random()),
                          annotations={"org.opencontainers.image.title": "Pushed later"})
        self.moved[name, tag] = next(self.number)

    def delete(self):
        """Whatever points to it goes with it. What gives a repository its title stays: the next one to do so
        may be one of several that were seen at the same time."""
        name, digest = self.choose(lambda media_type, value: media_type not in INDEX_TYPES)
        if name is not None and self.contents.tags[name].get("latest") != digest:
            self.pusher.delete(name, digest)
            del self.contents.manifests[name, digest]

    def pull(self):
        name, digest = self.choose()
        tags = [tag for tag, target in self.contents.tags.get(name, {}).items() if target == digest]
        if not tags:
            return
        answer = self.pusher.session.get(f"{self.registry.url}/v2/{name}/manifests/{self.random.choice(tags)}", timeout=WAIT_SECONDS,
                                         headers={"Accept": ",".join(MANIFEST_TYPES)})
        assert answer.status_code == 200, answer.text
        self.pulls[name] = self.pulls.get(name, 0) + 1

    # --- waiting ---

    def wait_for_pulls(self):
        expected = sorted((name, count) for name, count in self.pulls.items())
        wait_for(lambda: sorted(query(self.database, "SELECT name, pulls FROM repository WHERE pulls > 0")) == expected,
                 f"the pulls to be counted: {expected}")

    def wait_for_reader(self):
        generation = query(self.database, "SELECT generation FROM state")[0][0]
        wait_for(lambda: self.reader.json("/api/v1/status")["generation"] >= generation, "the reader to catch up")
