# SPDX-License-Identifier: Apache-2.0
"""The page that compares two images: what their SBOMs name, what its form was given, what it links to."""
import html
import re

import pytest

import sboms
from harness import query, wait_for
from images import Pusher
from pages import EVIL, assert_is_valid, get, text_of

NAME = "compared/app"
N_LARGE, SHOWN = 10_000, 2000


def package(name, version, kind="deb"):
    return name, version, f"pkg:{kind}/{name}@{version}"


SBOMS = {
    "1": [package("openssl", "3.0.11"), package("zlib", "1.2"), package("lib", "2.0", "npm"), package("lib", "1.9", "npm"),
          package("lib", "7", "pypi"), package("removed", "1")],
    "2": [package("openssl", "3.0.12"), package("zlib", "1.2"), package("lib", "10.0", "npm"), package("lib", "2.0", "npm"),
          package("lib", "7", "pypi"), (EVIL, None, None)],
    # A name that is too long is left out, where documents are read.
    "large": [package("n" * 65536, "1")] + [(f"{number:05}" + "<&" * 60, "1", None) for number in range(N_LARGE)],
    "versions": [package("openssl", str(number)) for number in range(30)],
    "versions-more": [package("openssl", str(number)) for number in (*range(30), 99)],
}


class World:
    def __init__(self, stack):
        self.stack, self.reader = stack, stack.reader
        pusher = Pusher(stack.registry.url)
        self.images = {tag: pusher.image(NAME, tag, salt=tag) for tag in (*SBOMS, "bare", "other")}
        pusher.index(NAME, "both", children=[self.images["1"], self.images["large"]])
        for tag, packages in SBOMS.items():
            sboms.refer(pusher, NAME, self.images[tag], sboms.spdx(packages))
        wait_for(lambda: stack.writer.status()["sboms"]["done"] == len(SBOMS), "all documents to be read")
        for tag in SBOMS:
            wait_for(lambda tag=tag: self.reader.json(f"/api/v1/repositories/{NAME}/-/manifests/{tag}")["packages"], "packages")

    def compare(self, a, b, status=200, more=""):
        """The page of two tags, as HTML and as a person reads it."""
        page = get(self, f"/compare?a={NAME}:{a}&b={NAME}:{b}{more}", status).text
        assert_is_valid(page)
        return page, text_of(page)


@pytest.fixture(scope="module")
def world(module_stack):
    return World(module_stack)


def test_packages_that_differ_are_listed(world):
    page, text = world.compare("1", "2")
    assert "4 packages differ, 0 of 1 layer shared" in text
    rows = [text_of(row).strip() for row in re.findall(r"<tr>.*?</tr>", page.partition("<h2>Packages</h2>")[2], re.S)][1:]
    assert rows == [EVIL.replace("\u202e", "[U+202E]") + " added unknown", "lib npm changed 1.9, 2.0 2.0, 10.0",
                    "openssl deb changed 3.0.11 3.0.12", "removed deb removed 1"]
    assert "<del><bdi>3.0.11</bdi></del>" in page and "<ins><bdi>3.0.12</bdi></ins>" in page
    _, everything = world.compare("1", "2", more="&all=1")
    assert "4 packages differ" in everything and "zlib deb same 1.2 1.2" in everything and "lib pypi same 7 7" in everything
    page, text = world.compare("1", "1")
    assert "They are the same image." in text and "<h2>Packages</h2>" not in page


def test_packages_are_not_compared_with_what_is_not_known(world):
    for a, b in (("1", "bare"), ("bare", "1")):
        page, text = world.compare(a, b)
        assert f"The packages cannot be compared: no SBOM of {NAME}:bare was read." in text
        assert "openssl" not in page and "packages differ" not in text
    assert "ackages" not in world.compare("bare", "other")[1]


def test_packages_that_are_too_many_are_counted(world):
    n = N_LARGE + 5
    for more in ("", "&all=1"):
        page, text = world.compare("1", "large", more=more)
        assert f"{n:,} packages differ" in text and f"Only {SHOWN:,} of {n:,} are listed." in text
        assert page.partition("<h2>Packages</h2>")[2].count("<tr>") == SHOWN + 1 and "nnnn" not in page
    # An index has what its images have: what differs is last in the order of names, and listed.
    page, text = world.compare("large", "both", more="&all=1")
    assert "5 packages differ" in text and f"Only {SHOWN:,} of {n:,} are listed." in text
    assert "lib npm added 1.9, 2.0" in text and "zlib deb added 1.2" in text
    assert "Only" not in world.compare("large", "both")[1]


def test_versions_that_are_too_many_are_counted(world):
    _, text = world.compare("1", "versions")
    assert "openssl deb changed 3.0.11 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 20 more" in text
    _, text = world.compare("versions", "versions-more")
    assert "1 package differs" in text and "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 20 more" in text
    assert "0, 1, 2, 3, 4, 5, 6, 7, 8, 99 and 21 more" in text, "the one that differs"


def test_tags_that_cannot_be_read_are_not_called_the_same(world):
    for tag in ("unreadable", "unreadable-too"):
        query(world.stack.database, "INSERT INTO tag (repository_id, name, unreadable, updated, updated_source)"
              " SELECT id, %s, 'gone', now(), 'seen' FROM repository WHERE name = %s", tag, NAME)
    _, text = world.compare("unreadable", "unreadable-too")
    assert "the same image" not in text
    for tag in ("unreadable", "unreadable-too"):
        assert f"It is not known what {NAME}:{tag} is" in text


# --- the push before ---

def test_the_push_before_is_another_digest(world):
    """A tag that could not be read for a while, then was deleted and pushed again."""
    first, second = world.images["1"]["digest"], world.images["2"]["digest"]

    def set_history(tag, *digests):
        for digest in digests:
            query(world.stack.database, "INSERT INTO tag_history (repository_id, tag, digest, from_time, until_time, source)"
                  " SELECT id, %s, digest_bytes(%s), now(), now(), 'scan' FROM repository WHERE name = %s", tag, digest, NAME)

    def previous(tag):
        page = world.compare("2", tag)[0]
        links = re.findall(r"href=\"([^\"]*)\">With the previous push", page)
        return [html.unescape(link) for link in links]

    set_history("versions", first, None)
    set_history("versions-more", first, second, None, world.images["versions-more"]["digest"], None,
                world.images["versions-more"]["digest"])
    set_history("other", None, world.images["other"]["digest"])
    assert previous("versions") == [f"/compare?a={NAME}@{first}&b={NAME}:versions"]
    assert previous("versions-more") == [f"/compare?a={NAME}@{second}&b={NAME}:versions-more"]
    assert previous("other") == []
    assert get(world, previous("versions")[0]).status_code == 200


# --- the form ---

def test_a_field_that_is_empty_is_named(world):
    for given, empty, other in (("a", "To", "b"), ("b", "From", "a")):
        for query_of_form in (f"{given}={NAME}:1", f"{given}={NAME}:1&{other}="):
            page = get(world, f"/compare?{query_of_form}").text
            assert_is_valid(page)
            assert f"The field {empty} is empty" in text_of(page) and "There is no image" not in page
            assert re.search(rf"name=\"{given}\"[^>]* value=\"{NAME}:1\"", page)
    assert "is empty" not in text_of(get(world, "/compare").text)
    unknown = text_of(get(world, f"/compare?a={NAME}:none", 404).text)
    assert f"There is no image {NAME}:none." in unknown and "The field To is empty" in unknown
    assert f"There is no image {NAME}:none." in world.compare("1", "none", 404)[1]


def test_an_image_is_named_as_docker_prints_it(world):
    """Where a digest is given, the tag says nothing."""
    first, second = world.images["1"]["digest"], world.images["2"]["digest"]
    page = get(world, f"/compare?a={NAME}:2@{first}&b={NAME}:none@{second}").text
    assert_is_valid(page)
    assert "4 packages differ" in text_of(page) and f"value=\"{NAME}:2@{first}\"" in page
    assert f"href=\"/r/{NAME}/-/{first}\"" in page
    assert "They are the same image." in text_of(get(world, f"/compare?a={NAME}@{first}&b={NAME}:1").text)
    for name in (f"{NAME}:!@{first}", f"{NAME}:1@2", f"{NAME}:1@", f"{NAME}:@{first}", f"{NAME}:1@{first}@{first}", f"NAME@{first}",
                 f"{NAME}@", f"{NAME}:", f"@{first}", ":1", "@", ":", "@:", ":@"):
        assert f"There is no image {name}." in text_of(get(world, f"/compare?a={name}&b={NAME}:1", 404).text), name


def test_a_comparison_is_titled_by_its_images(world):
    assert f"<title>{NAME}:1 and {NAME}:2 · metastore</title>" in world.compare("1", "2")[0]
    digest = world.images["2"]["digest"]
    page = get(world, f"/compare?a={NAME}:1&b={NAME}:none@{digest}").text
    assert f"<title>{NAME}:1 and {NAME}@{digest[7:19]} · metastore</title>" in page
    assert "<title>Compare · metastore</title>" in get(world, "/compare").text
    assert "<title>Compare · metastore</title>" in world.compare("1", "none", 404)[0]
