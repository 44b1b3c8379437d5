# SPDX-License-Identifier: Apache-2.0
"""What is pushed or deleted is seen by readers, without a scan."""
from harness import wait_for
from images import Pusher

def index_of(reader, repository):
    return reader.json("/index/dynamic", params={"repository": repository})["Results"]


def search_names(reader, term):
    return [r["name"] for r in reader.json("/v1/search", params={"q": term})["results"]]


def seen_everywhere(reader, repository, tag):
    found = index_of(reader, repository)
    return (found and tag in found[0]["Images"][0]["Tags"]
            and repository in search_names(reader, repository.split("/")[-1])
            and repository in reader.json("/v2/_catalog")["repositories"]
            and tag in reader.json(f"/v2/{repository}/tags/list")["tags"])


def gone_everywhere(reader, repository):
    listed = reader.get(f"/v2/{repository}/tags/list")
    return (not index_of(reader, repository) and not search_names(reader, repository.split("/")[-1])
            and repository not in reader.json("/v2/_catalog")["repositories"]
            and (listed.status_code == 404 or listed.json()["tags"] == []))


def test_push_and_delete_are_seen_without_a_scan(make_stack):
    # Scans visit a repository that does not exist: what is seen came by events.
    stack = make_stack(writer={"registry": {"repositories": ["none/such"]}}).start()
    pusher = Pusher(stack.registry.url)
    for number in range(5):
        name = f"team/fresh-{number}"
        pushed = pusher.image(name, "1.0", salt=name)
        wait_for(lambda: seen_everywhere(stack.reader, name, "1.0"), "the push to be seen")
        pusher.delete(name, pushed["digest"])
        wait_for(lambda: gone_everywhere(stack.reader, name), "the deletion to be seen")
    assert stack.writer.metric("freshness_seconds_count") == 5


def test_retag_moves_the_tag(stack):
    pusher = Pusher(stack.registry.url)
    first = pusher.image("team/moving", "latest", salt="first")
    second = pusher.image("team/moving", "latest", "2", salt="second")
    wait_for(lambda: [(i["Digest"], i["Tags"]) for r in index_of(stack.reader, "team/moving")
                      for i in r["Images"]] == [(second["digest"], ["2", "latest"])], "the tag to move")
    assert first["digest"] not in stack.reader.get("/index/dynamic").text
