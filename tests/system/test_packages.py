# SPDX-License-Identifier: Apache-2.0
"""Packages as readers tell them, against what the documents themselves say: lists, versions, images, a manifest's own,
`package:` in searches; and that cached answers change when packages do."""
import json
import random
import re
import subprocess
from urllib.parse import quote, urljoin

import psycopg2
import pytest

import sboms
from harness import BUILD, wait_for
from images import Pusher

VERSIONS = ["2.14.1", "2.17.0", "2.9", "2.17.0~rc1", "2.17.0-1", "10", "1:2.0", "2.0.Final", "2.0.1", "", "v1.2.3"]
NAMES = [("log4j-core", "maven", "org.apache.logging.log4j/"), ("libc6", "deb", "debian/"), ("core", "npm", "%40babel/"),
         ("lib", "npm", ""), ("Flask", "pypi", ""), ("bare", "", "")]


def is_before(a, b):
    """As sort -V has it, where the two are not equal to it."""
    done = subprocess.run(["sort", "-V"], input=f"{a}\n{b}\n", text=True, capture_output=True, env={"LC_ALL": "C"}, check=True)
    return a != b and done.stdout.startswith(f"{a}\n")


class World:
    """Images with random packages, by every second one of the shapes."""

    def __init__(self, stack, count=24, seed=7):
        self.stack, self.rng, self.held = stack, random.Random(seed), {}  # {(repository, digest): (tags, set of rows)}
        pusher = Pusher(stack.registry.url)
        for number in range(count):
            repository, tag = f"team/app{number % 3}", f"t{number}"
            packages = self.packages(number)
            document = (sboms.spdx, sboms.cyclonedx)[number % 2](packages)
            if number % 3 == 0:
                child = pusher.image(repository, salt=f"child {number}")
                pusher.index(repository, tag, children=[
                    {**child, "platform": {"os": "linux", "architecture": "amd64"}},
                    sboms.attest(pusher, repository, child, sboms.statement(document, child["digest"]))])
            else:
                child = pusher.image(repository, tag, salt=f"image {number}")
                sboms.cosign(pusher, repository, child, document, layer_type=(sboms.SPDX, sboms.CYCLONEDX)[number % 2])
            self.held[repository, child["digest"]] = ([tag], sboms.packages_of(document))

    def packages(self, number):
        made = {(f"only-{number}", "1", None)}
        for name, kind, space in self.rng.sample(NAMES, 3):
            version = self.rng.choice(VERSIONS)
            purl = f"pkg:{kind}/{space}{name}" + (f"@{version}" if version else "") if kind else None
            made.add((name, version or None, purl))
        return sorted(made, key=str)

    def wait(self):
        wait_for(lambda: self.stack.writer.status()["sboms"]["done"] == len(self.held), "all documents to be read")
        wait_for(lambda: sum(p["images"] for p in walk(self.stack.reader, "/api/v1/packages?q=only-*", "packages"))
                 == len(self.held), "all images to count")
        return self

    def rows(self):
        return [(key, row) for key, (_, rows) in self.held.items() for row in rows]


def walk(reader, path, member):
    """All the rows of a list, page by page, and back again."""
    rows, pages = [], []
    while path:
        answer = reader.get(path)
        assert answer.status_code == 200, answer.text
        rows += answer.json()[member]
        pages.append(answer)
        path = answer.links["next"]["url"] if "next" in answer.links else None
    for before, page in zip(pages, pages[1:]):
        back = reader.get(urljoin("/", page.links["prev"]["url"]))
        assert back.json()[member] == before.json()[member]
    return rows


@pytest.fixture(scope="module")
def world(module_stack):
    return World(module_stack).wait()


def key_of(package):
    return (package["name"], package["version"] or "", package["type"] or "", package["purl"] or "")


def test_packages(world):
    reader = world.stack.reader
    expected = {}
    for key, (name, version, kind, _) in world.rows():
        expected.setdefault((name, kind or None), {}).setdefault(version or None, set()).add(key)
    for path, chosen in (("/api/v1/packages", lambda name, kind: True), ("/api/v1/packages?n=2", lambda name, kind: True),
                         ("/api/v1/packages?q=LOG4J", lambda name, kind: "log4j" in name),
                         ("/api/v1/packages?q=li", lambda name, kind: "li" in name.lower()),
                         ("/api/v1/packages?q=flask&n=1", lambda name, kind: name == "Flask"),
                         ("/api/v1/packages?q=only-*&n=5", lambda name, kind: name.startswith("only-")),
                         ("/api/v1/packages?type=npm", lambda name, kind: kind == "npm"),
                         ("/api/v1/packages?q=lib&type=deb", lambda name, kind: kind == "deb" and "lib" in name),
                         ("/api/v1/packages?q=nothing-like-it", lambda name, kind: False)):
        told = walk(reader, path, "packages")
        wanted = {pair for pair in expected if chosen(*pair)}
        assert [(p["name"], p["type"]) for p in told] == sorted(wanted, key=lambda p: (p[0], p[1] or "")), path
        for package in told:
            versions = expected[package["name"], package["type"]]
            assert package["images"] == len(set().union(*versions.values()))
            assert {v["version"]: v["images"] for v in package["versions"]} == {v: len(k) for v, k in versions.items()}
            listed = [v["version"] or "" for v in package["versions"]]
            assert not any(is_before(b, a) for a, b in zip(listed, listed[1:])), listed
    assert reader.json("/api/v1/packages?total=1&n=1")["total"] == len(expected)


def test_images(world):
    reader = world.stack.reader
    for name in ("log4j-core", "libc6", "bare", "core", "none-of-it"):
        for version in ("", "2.14.1", "<2.17.0", "<=2.17.0", ">2.9", ">=2.0.1", "=10", "> 2.0.Final"):
            sign = version.rstrip("0123456789.aFinl ")
            bound = version[len(sign):].strip()

            def fits(held):
                if not version:
                    return True
                if sign in ("", "="):
                    return held == bound
                return held != "" and {"<": is_before(held, bound), ">": is_before(bound, held)}[sign[0]] or (
                    "=" in sign and held == bound)
            expected = sorted((*key, row) for key, row in world.rows() if row[0] == name and fits(row[1]))
            path = f"/api/v1/packages/images?name={name}&n=3" + (f"&version={quote(version)}" if version else "")
            told = walk(reader, path, "images")
            assert sorted((i["repository"], i["digest"], key_of(i["package"])) for i in told) == expected, path
            for image in told:
                assert image["tags"] == world.held[image["repository"], image["digest"]][0]
                assert image["platform"] == "linux/amd64"
    purl = "pkg:maven/org.apache.logging.log4j/log4j-core"
    rows = [row for _, row in world.rows() if row[3].startswith(purl)]
    assert len(walk(reader, f"/api/v1/packages/images?purl={purl}", "images")) == len(rows) > 0
    one = quote(rows[0][3], safe="")
    assert {key_of(i["package"]) for i in walk(reader, f"/api/v1/packages/images?purl={one}", "images")} == {rows[0]}
    assert reader.json(f"/api/v1/packages/images?purl={purl}&total=1&n=1")["total"] == len(rows)


def test_refused_questions(world):
    for query in ("", "?name=a&purl=b", "?name=a&version=", "?name=a&version=%3C", "?name=a&n=0", "?other=1"):
        assert world.stack.reader.get("/api/v1/packages/images" + query).status_code == 400, query
    assert world.stack.reader.get("/api/v1/repositories/team/app0/-/manifests/none/-/packages").status_code == 404
    assert world.stack.reader.get("/api/v1/repositories/no/-/manifests/t0/-/packages").status_code == 404


def test_of_a_manifest(world):
    reader = world.stack.reader
    for (repository, digest), ([tag], rows) in world.held.items():
        path = f"/api/v1/repositories/{repository}/-/manifests"
        by_type = {}
        for row in rows:
            by_type[row[2] or "unknown"] = by_type.get(row[2] or "unknown", 0) + 1
        for reference in (digest, tag):
            told = reader.json(f"{path}/{reference}")["packages"]
            assert (told["total"], told["by_type"]) == (len(rows), by_type)
            assert told["source"] in ("attestation", "tag")
            listed = walk(reader, f"{path}/{reference}/-/packages?n=2", "packages")
            assert {key_of(p) for p in listed} == rows and len(listed) == len(rows)
        assert {p["name"] for p in walk(reader, f"{path}/{tag}/-/packages?q=only-", "packages")} == {
            row[0] for row in rows if "only-" in row[0]}
    plain = Pusher(world.stack.registry.url).image("plain/image", "1", salt="plain")
    world.stack.writer.wait_until_settled()
    wait_for(lambda: reader.get(f"/api/v1/repositories/plain/image/-/manifests/{plain['digest']}").status_code == 200, "it")
    assert reader.json(f"/api/v1/repositories/plain/image/-/manifests/{plain['digest']}")["packages"] is None


def test_in_searches(world):
    reader = world.stack.reader
    for term, fits in (("package:log4j-core", lambda row: row[0] == "log4j-core"),
                       ("package:log4j-core@2.14.1", lambda row: row[:2] == ("log4j-core", "2.14.1")),
                       ("package:log4j-core@<2.17.0", lambda row: row[0] == "log4j-core" and row[1]
                        and is_before(row[1], "2.17.0")),
                       ("package:only-3", lambda row: row[0] == "only-3"), ("package:none", lambda row: False)):
        expected = {key for key, row in world.rows() if fits(row)}
        found = walk(reader, f"/api/v1/search?q={quote(term)}&kind=image", "results")
        assert {(r["repository"], r["digest"]) for r in found} == expected, term
        assert all(r["type"] == "image" and r["match"] == "package" for r in found)
        others = walk(reader, f"/api/v1/search?q={quote('team -' + term)}&kind=image", "results")
        assert not {(r["repository"], r["digest"]) for r in others} & expected
    for bad in ("package:", "package:a@", "package:a@<", 'package:"'):
        assert reader.get(f"/api/v1/search?q={quote(bad)}").status_code == 400, bad


# With how many images each way begins: all are looked at, their repositories, those walked against what is known of
# the package, those walked while each image is looked up.
WAYS = ({}, {"1000": "0"}, {"5000": "0"}, {"5000": "0", "20000": "0", "20001": "1"})


@pytest.mark.parametrize("bounds", WAYS)
def test_a_search_for_a_package_alone_gives_what_any_search_gives(world, bounds):
    text = (BUILD / "queries" / "read_find_package.sql").read_text()
    assert all(re.search(rf"\b{number}\b", text) for number in bounds)
    assert "LIMIT 10) h" in text
    text = text.replace("LIMIT 10) h", "LIMIT 100) h")  # so many that nothing is left out
    narrow = re.sub(r"\b(1000|5000|20000|20001)\b", lambda number: bounds.get(number[0], number[0]), text)
    with psycopg2.connect(world.stack.database, options="-c plan_cache_mode=force_generic_plan") as connection, \
            connection.cursor() as cursor:
        cursor.execute(f"PREPARE general AS {(BUILD / 'queries' / 'read_find.sql').read_text()}")
        cursor.execute(f"PREPARE alone AS {narrow}")
        for name, comparison, version in (("log4j-core", None, None), ("lib", "<", "2.17.0"), ("Flask", ">=", "2"),
                                          ("only-3", None, None), ("none", None, None)):
            term = {"kind": "package", "is_not": False, "key": name, "value": version, "plain": comparison}
            for kind in (None, "repository", "image"):
                cursor.execute("EXECUTE general (NULL, NULL, 1000, false, false, false, %s, 'package', %s, %s, %s)",
                               (json.dumps([term]), name, version, kind))
                head, *rows = [row[4:] for row in cursor.fetchall()]
                for number, n, is_reverse in ((None, 1000, False), (None, 2, False), (3, 2, False), (4, 2, True)):
                    if (number or 0) > len(rows):
                        continue
                    cursor.execute("EXECUTE alone (%s, NULL, %s, %s, %s, false, %s, NULL, %s, %s, %s)",
                                   (number, n, is_reverse, is_reverse, name, comparison, version, kind))
                    told, *page = [row[3:] for row in cursor.fetchall()]
                    first = max(0, number - 1 - n) if is_reverse else number or 0
                    last = min(first + n, number - 1) if is_reverse else first + n
                    assert [row[1:] for row in page] == rows[first:last], (name, kind, number)
                    assert told[0] == (first > 0 if is_reverse else last < len(rows))
                    about = json.loads("{%s}" % told[3])
                    assert about.get("truncated") or about["total"] == len(rows), (name, about)
                    assert bounds or about == json.loads("{%s}" % head[2])


def test_cached_answers_change(world):
    """Asked before a document is there, and again behind it."""
    reader, pusher = world.stack.reader, Pusher(world.stack.registry.url)
    image = pusher.image("team/app0", "fresh", salt="fresh")
    paths = ["/api/v1/packages?q=fresh-package", "/api/v1/packages/images?name=fresh-package",
             "/api/v1/search?q=package:fresh-package", f"/api/v1/repositories/team/app0/-/manifests/{image['digest']}"]
    wait_for(lambda: reader.get(paths[3]).status_code == 200, "the image")
    before = [reader.get(path) for path in paths]
    sboms.cosign(pusher, "team/app0", image, sboms.spdx([("fresh-package", "1", None)]))
    for path, old in zip(paths, before):
        wait_for(lambda: reader.get(path).headers["ETag"] != old.headers["ETag"] and "fresh-package" in reader.get(
            path).text + paths[2 if "manifests" in path else 0], f"{path} to change")
    pusher.delete("team/app0", image["digest"])
    wait_for(lambda: reader.json(paths[0])["packages"] == [], "the package to be held by nothing")
    assert reader.json(paths[1])["images"] == []


def test_pages(world):
    reader = world.stack.reader
    page = reader.get("/packages?q=log4j")
    assert page.status_code == 200 and ">log4j-core<" in page.text.replace("<wbr>", "").replace("<bdi>", "").replace("</bdi>", "<")
    for path in ("/packages", "/packages?q=no-such", "/packages?type=npm&q=li", "/help"):
        assert reader.get(path).status_code == 200
    (repository, digest), ([tag], rows) = next(iter(world.held.items()))
    for reference in (tag, digest):
        page = reader.get(f"/r/{repository}/-/{reference}")
        assert page.status_code == 200 and 'id="packages"' in page.text
        assert all(row[0] in page.text.replace("<wbr>", "") for row in rows)
