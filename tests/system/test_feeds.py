# SPDX-License-Identifier: Apache-2.0
"""Feeds of pushes, read by a reader of feeds: what they say, in which order, what stays of it, and what is asked again."""
from urllib.parse import urljoin

import feedparser
import pytest
import requests

from harness import query, wait_for
from images import Pusher

FEEDS = ("/feed", "/feed?prefix=team/", "/r/team/app/-/feed")
ATOM = "application/atom+xml"


class World:
    def __init__(self, stack):
        self.stack, self.reader, self.pusher = stack, stack.reader, Pusher(stack.registry.url)
        self.images = {}

    def push(self, repository, tag, salt):
        """Waits until the reader knows of it."""
        self.images[salt] = self.pusher.image(repository, tag, salt=salt)
        self.wait(f"{repository}/-/tags/{tag}?digest={self.images[salt]['digest']}&wait=60s")

    def wait(self, path, code=200):
        wait_for(lambda: self.reader.get(f"/api/v1/repositories/{path}").status_code == code, path)

    def titles(self, path="/feed"):
        return [entry.title for entry in self.read(path).entries]

    def read(self, path):
        answer = self.reader.get(path)
        assert answer.status_code == 200 and answer.headers["Content-Type"] == f"{ATOM}; charset=utf-8"
        feed = feedparser.parse(answer.content)
        assert not feed.bozo and feed.version == "atom10", (path, feed.get("bozo_exception"))
        return feed


@pytest.fixture(scope="module")
def world(module_stack):
    world = World(module_stack)
    for repository, tag, salt in (("team/app", "1.0", "a"), ("team/app", "latest", "a2"), ("team/web", "1.0", "b"),
                                  ("other/app", "1.0", "c"), ("team/app", "latest", "d")):
        world.push(repository, tag, salt)
    return world


@pytest.mark.parametrize("path, count", zip(FEEDS, (5, 4, 3)))
def test_a_feed_has_what_atom_asks_for(world, path, count):
    feed = world.read(path)
    assert feed.feed.id and feed.feed.title and feed.feed.updated
    links = {link.rel: link for link in feed.feed.links}
    assert links["self"].href == path and links["self"].type == ATOM
    page = world.reader.get(links["alternate"].href)
    assert page.status_code == 200 and f'href="{path}"' in page.text.replace("&amp;", "&").replace("%2F", "/")
    assert len(feed.entries) == count
    for entry in feed.entries:
        assert entry.id.startswith("tag:127.0.0.1,2026:") and entry.updated_parsed and entry.author and entry.summary
        assert world.reader.get(urljoin("/", entry.link)).status_code == 200
    assert feed.feed.updated == feed.entries[0].updated
    times = [entry.updated_parsed for entry in feed.entries]
    assert times == sorted(times, reverse=True)


def test_a_push_is_the_same_in_every_feed(world):
    feeds = [world.read(path) for path in FEEDS]
    of_all, below, of_one = ({entry.id: entry for entry in feed.entries} for feed in feeds)
    assert len(of_all) == 5 and of_one.keys() < below.keys() < of_all.keys()
    assert all(of_all[name] == entry for name, entry in of_one.items())
    assert len({feed.feed.id for feed in feeds}) == 3
    assert world.read("/feed?prefix=no/").entries == []


def test_the_order_after_moves_and_deletions(world):
    before = world.titles("/r/team/app/-/feed")
    assert before == ["team/app:latest", "team/app:latest", "team/app:1.0"]
    first = world.read("/r/team/app/-/feed").entries
    world.push("team/app", "latest", "a2")  # back to what it was
    world.pusher.delete("team/app", world.images["a"]["digest"])
    world.wait("team/app/-/tags/1.0", 404)
    entries = world.read("/r/team/app/-/feed").entries
    assert [entry.title for entry in entries] == ["team/app:latest"] + before
    assert entries[1:] == first and entries[0].summary == first[1].summary and entries[0].id != first[1].id
    assert world.titles()[0] == "team/app:latest"
    world.push("team/app", "1.0", "e")
    assert world.titles("/r/team/app/-/feed") == ["team/app:1.0", "team/app:latest"] + before
    # What is attached to an image is pushed under a tag as well.
    world.push("team/app", "sha256-" + 64 * "a" + ".sig", "f")
    assert world.titles("/r/team/app/-/feed") == ["team/app:1.0", "team/app:latest"] + before


def test_moves_within_a_second_have_ids_of_their_own(world):
    for salt in ("there", "back", "there"):
        world.push("quick/app", "latest", salt)
    query(world.stack.database, """UPDATE tag_history SET from_time = '2026-01-01' WHERE repository_id = (
                                        SELECT id FROM repository WHERE name = 'quick/app')""")
    world.push("quick/app", "other", "for the reader to look again")
    entries = world.read("/r/quick/app/-/feed").entries
    assert [entry.title for entry in entries] == ["quick/app:other"] + 3 * ["quick/app:latest"]
    assert entries[1].summary == entries[3].summary and len({entry.id for entry in entries}) == 4


@pytest.mark.parametrize("path", FEEDS)
def test_feeds_are_asked_again_for_nothing(world, path):
    answer = world.reader.get(path)
    again = world.reader.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and again.headers["ETag"] == answer.headers["ETag"] and not again.content
    world.push("elsewhere/app", f"for-{FEEDS.index(path)}", f"elsewhere {path}")
    again = world.reader.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == (200 if path == "/feed" else 304)
    head = requests.head(world.reader.url + path, timeout=60)
    assert head.status_code == 200 and head.headers["Content-Type"].startswith(ATOM) and not head.content


def test_what_a_feed_refuses(world):
    for path, code in (("/feed?prefx=team/", 400), ("/feed?prefix=" + 257 * "a", 400), ("/r/team/app/-/feed?prefix=team/", 400),
                       ("/r/no/such/-/feed", 404)):
        assert world.reader.get(path).status_code == code, path
    assert requests.post(world.reader.url + "/feed", timeout=60).status_code == 405


def test_names_that_want_to_be_more_are_text(world):
    name = "<b>&amp;\"'\u202e\x01\x7f]]> \ufffe\U0001f600"
    query(world.stack.database, "UPDATE tag_history SET changed_by = %s", name.replace("\x00", ""))
    world.push("team/app", "hostile", "g")
    authors = [entry.author for entry in world.read("/r/team/app/-/feed").entries]
    assert any("<b>&amp;\"'" in author and "]]>" in author and "\U0001f600" in author for author in authors)
    assert not any(set(author) & set("\x01\x7f\ufffe") for author in authors)
