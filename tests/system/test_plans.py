# SPDX-License-Identifier: Apache-2.0
"""What the readers' statements cost on a large registry, generated into a database."""
import json
import re
import subprocess
from pathlib import Path

import psycopg2
import pytest

from harness import BUILD, ROOT, SUPPORT, Reader, query, wait_for

RECOUNT = ROOT / "tests" / "component" / "store" / "store_recount.sql"


def generate(database, **sizes):
    options = [text for name, size in sizes.items() for text in (f"--{name}", str(size))]
    done = subprocess.run([SUPPORT / "generate_database", database, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return database


@pytest.fixture(scope="module")
def small(postgres):
    return generate(postgres.new_database(), repositories=60, manifests=900, tags=4000, largest=500)


def test_what_is_generated_counts_as_the_writer_counts(small):
    with psycopg2.connect(small) as connection, connection.cursor() as cursor:
        cursor.execute(RECOUNT.read_text())
        cursor.execute("SELECT recount() LIMIT 5")
        assert cursor.fetchall() == []


def test_what_is_generated_has_real_digests_and_documents(small):
    manifests = query(small, "SELECT digest = '\\x01' || sha256(raw) AND length(raw) = size,"
                             " convert_from(raw, 'UTF8'), document, kind FROM manifest")
    assert len(manifests) == 900 and {kind for *_, kind in manifests} == {"image", "index", "artifact"}
    for is_right, raw, document, kind in manifests:
        assert is_right and json.loads(raw)["schemaVersion"] == 2
        assert kind == "artifact" or json.loads("{%s}" % document)["Digest"]
    for document, in query(small, "SELECT document FROM config WHERE raw IS NOT NULL"):
        assert json.loads("{%s}" % document)["labels"]


# ---------------------------------------------------------------------------------------------
# Searches stop. The statements with another bound are put beside themselves.
# ---------------------------------------------------------------------------------------------

def word(text, is_not=False):
    return {"kind": "word", "is_not": is_not, "plain": text, "like": text, "whole": f"\\y{text}\\y"}


BROAD = [
    ([], "all", None, None),
    ([word("e")], "all", None, None),
    ([word("zzz", True)], "all", None, None),
    ([word("works")], "word", None, "works"),
    ([{"kind": "os", "is_not": False, "value": "linux"}], "all", None, None),
    ([{"kind": "is", "is_not": False, "value": "artifact"}], "all", None, None),
    ([{"kind": "label", "is_not": False, "key": "maintainer"}], "label_key", "maintainer", None),
    ([{"kind": "tag", "is_not": False, "value": "latest"}], "tag", None, "latest"),
    ([{"kind": "updated", "is_not": False, "from_ms": 0}], "all", None, None),
]


def asked(database, name, bound, parameters):
    statement = (BUILD / "queries" / f"{name}.sql").read_text()
    for number in (2500, 2501, 10000, 10001, 12500, 12501):
        statement, n = re.subn(rf"\b{number}\b", str(bound + number % 10), statement)
        assert n > 0
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(f"PREPARE q AS {statement}")
        cursor.execute(f"EXECUTE q ({', '.join(['%s'] * len(parameters))})", parameters)
        return cursor.fetchall()


def found(database, bound, terms, way, key, value):
    rows = asked(database, "read_find", bound,
                 (None, None, 10_000, False, False, False, json.dumps(terms), way, key, value, None))
    head = json.loads("{%s}" % rows[0][6])
    results = [json.loads(row[6]) for row in rows[1:]]
    assert head["total"] == len(results)
    return [identity(result) for result in results], "truncated" in head


@pytest.mark.parametrize("terms, way, key, value", BROAD)
def test_a_search_that_stops_says_so_and_finds_nothing_else(small, terms, way, key, value):
    whole, is_cut = found(small, 10_000, terms, way, key, value)
    assert whole and not is_cut
    some, is_cut = found(small, 25, terms, way, key, value)
    assert is_cut and 0 < len(some) < len(whole)
    places = [whole.index(result) for result in some]
    assert places == sorted(places) and len(set(some)) == len(some)
    # The same bound as there are candidates: nothing is cut.
    everything = found(small, 900, terms, way, key, value)
    assert everything == (whole, False) or everything[1]


def test_a_search_that_stops_has_the_most_popular_and_what_is_named_so(small):
    (most,), = query(small, "SELECT name FROM repository WHERE tag_count > 0 ORDER BY pulls DESC LIMIT 1")
    (least,), = query(small, "SELECT name FROM repository WHERE tag_count > 0 ORDER BY pulls, name LIMIT 1")
    some, is_cut = found(small, 25, [], "all", None, None)
    assert is_cut and some[0] == ("repository", most, None)
    for text in (least, least.split("/")[1]):
        some, is_cut = found(small, 25, [word(text)], "all", None, None)
        assert is_cut and ("repository", least, None) in some


def test_a_search_for_a_tag_looks_at_what_it_points_to_alone(small):
    """So it comes to many repositories before it stops, however much else they hold."""
    some, is_cut = found(small, 25, [{"kind": "tag", "is_not": False, "value": "latest"}], "tag", None, "latest")
    assert is_cut and len({name for _, name, _ in some}) > 5


@pytest.mark.parametrize("terms, way, key, value", BROAD)
def test_facets_that_stop_say_so_and_count_no_more(small, terms, way, key, value):
    (_, whole), = asked(small, "read_facets", 10_000, (json.dumps(terms), way, key, value, None))
    (_, some), = asked(small, "read_facets", 25, (json.dumps(terms), way, key, value, None))
    whole, some = json.loads(whole + "}"), json.loads(some + "}")
    assert "truncated" not in whole and some["truncated"] is True
    for name in ("os", "architecture", "label_keys", "annotation_keys"):
        counts = {count["value"]: count["images"] for count in whole[name]}
        assert all(count["images"] <= counts[count["value"]] for count in some[name])
    assert sum(count["images"] for count in some["os"]) <= 27


def identity(result):
    return result["type"], result.get("name") or result["repository"], result.get("digest")


def page_of(database, most, terms, way, key, value):
    """The page of a search, whose results and images end at so many."""
    statement = (BUILD / "queries" / "read_page_search.sql").read_text()
    for text, number in (("500 AS most,", most), ("500 AS most_walked", most), ("1000 AS most_looked", 10_000)):
        assert text in statement
        statement = statement.replace(text, f"{number} {text.partition(' ')[2]}")
    parameters = [None, None, 10_000, False, False, False, json.dumps(terms), way, key, value, None, None, "nothing",
                  *[None] * 12, []]
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(f"PREPARE q AS {statement}")
        cursor.execute(f"EXECUTE q ({', '.join(['%s'] * len(parameters))})", parameters)
        (*_, body), = cursor.fetchall()
    results = body["results"]
    assert results["total"] == len(results["rows"] or [])
    return [identity(row[2]) for row in results["rows"] or []], results["truncated"], body["facets"], body["some_images"]


WORDS = [([word("works")], "word", None, "works"), ([word("proprietary"), word("works")], "word", None, "proprietary")]


@pytest.mark.parametrize("terms, way, key, value", BROAD + WORDS)
def test_a_page_of_a_search_finds_and_counts_what_the_api_does(small, terms, way, key, value):
    whole, _ = found(small, 10_000, terms, way, key, value)
    (_, counts), = asked(small, "read_facets", 10_000, (json.dumps(terms), way, key, value, None))
    results, is_cut, facets, some_images = page_of(small, 10_000, terms, way, key, value)
    assert (results, is_cut) == (whole, False)
    if terms:  # without one every repository is found, and no image
        assert not some_images and facets == {**json.loads(counts + "}"), "base": facets["base"]}
    some, is_cut, fewer, some_images = page_of(small, 25, terms, way, key, value)
    assert is_cut and len(set(some)) == len(some) and set(some) < set(whole)
    assert some_images and sum(count["images"] for count in fewer["os"]) <= 25


@pytest.mark.parametrize("terms, way, key, value", BROAD)
def test_a_search_that_stops_is_the_same_on_each_page(small, terms, way, key, value):
    rows = (json.dumps(terms), way, key, value, None)
    head, *whole = asked(small, "read_find", 40, (None, None, 10_000, False, False, False, *rows))
    assert "truncated" in head[6]
    paged, cursor = [], None
    while len(paged) < len(whole):
        _, *page = asked(small, "read_find", 40, (cursor, "", 7, False, False, False, *rows))
        assert page
        paged, cursor = paged + page, page[-1][4]
    assert [row[6] for row in paged] == [row[6] for row in whole]


ENOUGH = "WHERE n >= $3::bigint + $4::bigint"


def test_a_search_that_has_enough_gives_what_ranking_all_gives(small):
    """docker search ranks no more than it needs for the page; here it is kept from that."""
    statement = (BUILD / "queries" / "read_search.sql").read_text()
    assert ENOUGH in statement
    names = query(small, "SELECT name FROM repository ORDER BY id LIMIT 12")
    words = sorted({part for name, in names for part in re.split("[-/]", name) + [name[1:6]]})
    with psycopg2.connect(small, options="-c plan_cache_mode=force_generic_plan -c jit=off") as connection, \
            connection.cursor() as cursor:
        cursor.execute(f"PREPARE quick AS {statement}")
        cursor.execute(f"PREPARE whole AS {statement.replace(ENOUGH, 'WHERE false')}")
        for text in [*words, "works", "proprietary", "example.com", "proprietary works", "the of", f"of {words[0]}"]:
            terms = json.dumps([word(w) | {"is_indexed": len(w) > 2} for w in text.split()])
            for n, skip in ((1, 0), (3, 3), (10, 0), (10, 50), (100, 0)):
                answers = []
                for name in ("quick", "whole"):
                    cursor.execute(f"EXECUTE {name} (%s, %s, %s, %s)", (text, terms, n, skip))
                    answers.append(cursor.fetchall())
                assert answers[0] == answers[1], (text, n, skip)


def test_pages_of_a_common_word_show_each_name_once(small):
    """The walks in the order of pulls, then what they do not come to: with bounds that so few repositories reach."""
    statement = (BUILD / "queries" / "read_search.sql").read_text()
    bounds = {"5001)": "3)", "LIMIT 1001": "LIMIT 3", "<= 5000": "<= 2", "<= 1000": "<= 2", "LIMIT 3001": "LIMIT 7", "> 3000": "> 6",
              "name LIMIT 10000) most": "name LIMIT 20) most"}
    for old, new in bounds.items():
        assert old in statement, old
        statement = statement.replace(old, new)
    with psycopg2.connect(small) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE repository r SET name = CASE WHEN p.n % 3 = 0 THEN 'common/' ELSE 'a/x-common-' END || p.n"
                       " FROM (SELECT id, row_number() OVER (ORDER BY pulls DESC) AS n FROM repository) p WHERE p.id = r.id")
        cursor.execute(f"PREPARE bounded AS {statement}")
        seen = []
        for skip in range(0, 60, 3):
            cursor.execute("EXECUTE bounded ('common', %s, 3, %s)", (json.dumps([word("common") | {"is_indexed": True}]), skip))
            seen += [row[2] for row in cursor.fetchall()[1:]]
        connection.rollback()
    assert len(seen) == 60 and len(set(seen)) == 60


# ---------------------------------------------------------------------------------------------
# Plans. The server explains what the reader asks (auto_explain), as it was executed: parts of a
# statement that were not are no matter.
# ---------------------------------------------------------------------------------------------

EXPLAINED = re.compile(r"duration: [\d.]+ ms  plan:\n(\t\{\n.*?\n\t\})\n", re.S)
LARGE = 5000           # rows of a table that must not be read from end to end
ROWS_MAX = 50_000      # that a statement may look up to answer
BLOCKS_MAX = 60_000    # of 8 KiB that it may look at, each time that it does: tables and indexes, warm or cold

TAGS = "/api/v1/repositories/large/one/-/tags"
MANIFESTS = "/api/v1/repositories/library/redis/-/manifests"
BUILT_ON = "/api/v1/repositories/{base_repository}/-/manifests/{base}"
POINTS = [
    "/v1/search?q=library/redis", "/v1/search?q=redis", "/v1/search?q=graf", "/v1/search?q=rafan",
    "/v1/search?q=grafanna", "/v1/search?q=redsi", "/v1/search?q=zzyzxq", "/v1/search?q=redis%20server",
    "/v1/search?q=security@example.com", "/v1/search?q=work", "/v1/search?q=works", "/v1/search?q=proprietary",
    "/v1/search?q=example.com%20a",
    "/v2/_catalog?n=100", "/v2/_catalog?n=100&last=m", "/v2/large/one/tags/list?n=100&last=1.",
    "/v2/large/one/referrers/{index}",
    "/api/v1/repositories/library/redis", "/api/v1/repositories", "/api/v1/repositories?sort=-name",
    TAGS, f"{TAGS}?sort=-name", f"{TAGS}?sort=updated", f"{TAGS}?sort=-updated", f"{TAGS}?q=alpine",
    f"{TAGS}/latest/history", f"{BUILT_ON}", f"{MANIFESTS}/latest?raw=1", "/r/{base_repository}/-/{base}",
    "/index/static?repository=library/redis", "/index/static?tag=mirror",
    "/index/static?label:org.opencontainers.image.revision={revision}",
    "/index/static?annotation:org.opencontainers.image.base.name=none",
    "/index/static?label:maintainer:exists=1&architecture=nope", "/index/static?architecture=nope",
    "/index/static?annotation:org.example.team:exists=1&os=plan9",
    "/index/icons/{icon}",
    "/api/v1/search?q=grafana-proxy", "/api/v1/search?q=library/redis:latest", "/api/v1/search?q={index}",
    "/api/v1/changes?since=9990", "/api/v1/status",
]
# Of very many rows as many as a page shows: what is built on an image, what holds a package, whether much or little.
PAGE_BLOCKS_MAX = 20_000  # it varies with what autovacuum has marked as visible: 10,905 were seen for /stats
PAGES = [
    f"{MANIFESTS}/latest", f"{MANIFESTS}/latest/-/derived", f"{MANIFESTS}/latest/-/packages", f"{BUILT_ON}/-/derived",
    f"{BUILT_ON}/-/packages", "/api/v1/packages", "/api/v1/packages?q=lib-1", "/packages?q=python3", "/api/v1/packages?type=npm",
    "/api/v1/packages/images?name={package}", "/api/v1/packages/images?name={package}&version=%3C3",
    "/api/v1/packages/images?name={rare}&version=%3E%3D4", "/api/v1/packages/images?purl={purl}", "/api/v1/search?q=package:{rare}",
    "/api/v1/search?q=package:{package}", "/api/v1/search?q=package:{package}@%3C3", "/stats",
    "/compare?a=library/redis:latest&b={base_repository}@{base}",
]
# Of a repository with very many tags, too, a page looks at those that it shows, and at what they are built on.
TAGS_BLOCKS_MAX = 25_000
TAGS_PAGES = ["/r/large/one?sort=name", "/r/large/one?sort=-updated"]
# Of fifty tags on few images each image is looked at once.
SHARED_BLOCKS_MAX = 5_000
# Tags in any order, from any place: no more of them are looked at than for a few pages, however many there are.
TAGS_LOOKED_AT_MAX = 10_000
SORTED_TAGS = [f"{TAGS}?n=10&sort={sort}" for sort in ("-pulls", "pulls", "-size", "size", "-version", "version")]
SORTED_TAGS += [f"/r/large/one?sort={sort}" for sort in ("-pulls", "-size", "-version")] + [f"{TAGS}?n=10&total=1"]
# What is told of everything from what is kept for each repository, or for all of them.
KEPT_BLOCKS_MAX = 5_000
KEPT = ["/api/v1/stats", "/api/v1/namespaces?sort=-size", "/api/v1/activity", "/api/v1/activity?repository=large/one", "/", "/r/",
        "/r/games/"]
# The repositories are put in order whole; of the hundred that are shown bases and signatures are looked up.
SORTED = ["/api/v1/repositories?sort=-pulls", "/api/v1/repositories?sort=-size",
          "/api/v1/repositories?sort=-updated", "/api/v1/repositories?sort=-tags"]
# What would read much, and stops: searches without a term that an index finds, or with one that nearly everything has.
BOUNDED_BLOCKS_MAX = 300_000
BOUNDED = [
    "/v1/search?q=a", "/v1/search?q=re", "/v1/search?q=re%20an%20er%20on%20in%20st%20or%20at",
    "/api/v1/search", "/api/v1/search?q=a", "/api/v1/search?q=re", "/api/v1/search?q=-zzz",
    "/api/v1/search?q=works", "/api/v1/search?q=proprietary", "/api/v1/search?q=arch:arm64",
    "/api/v1/search?q=os:linux", "/api/v1/search?q=is:index", "/api/v1/search?q=is:artifact",
    "/api/v1/search?q=:latest", "/api/v1/search?q=updated:>2026-01-01", "/api/v1/search?q=updated:>2000-01-01",
    "/api/v1/search?q=package:{package}&sort=name", "/api/v1/search?q=package:{package}@%3C3%20-zzz",
    "/api/v1/search?q=label:maintainer", "/api/v1/search?q=os:linux&sort=-size", "/search?q=a", "/search?q=os:linux",
    "/api/v1/facets", "/api/v1/facets?q=a", "/api/v1/facets?q=grafana-proxy", "/api/v1/facets?q=arch:arm64", "/api/v1/facets?q=works",
]
# What rightly reads much: lists of everything, counts without a filter, filters that much passes, words too short for
# an index or that nearly everything has, orders that no index has. They may look up
# each row of the database a few times, and read no table from end to end for each of something.
LARGE_ANSWERS = [
    "/index/static", "/index/static?tag=latest", "/index/static?architecture=arm64", "/index/static?label:maintainer:exists=1",
    "/index/static?annotation:org.example.team:exists=1", "/index/static?repository=large/one",
    "/index/static?repository:matches=library/*", "/index/static?repository:matches=zz*",
    "/v2/_catalog", "/v2/large/one/tags/list",
    "/v1/search",
    "/api/v1/search?q=is:outdated", "/api/v1/search?q=base:{base}", "/api/v1/search?q=base:library/redis",
    "/api/v1/search?q=is:signed", "/api/v1/search?q=has:sbom",
    "/api/v1/packages/images?name={package}&total=1",
    "/api/v1/advice?keep_newest=5&untagged_for=30d&not_pulled_for=180d&repository=large",
]
WHOLE_TIMES_MAX = 4
# An image on which much is built.
BASE = (" FROM image_chain c JOIN manifest m ON m.id = c.manifest_id JOIN repository_manifest h ON h.manifest_id = m.id"
        " JOIN repository r ON r.id = h.repository_id WHERE c.is_whole AND c.depth = 1 ORDER BY m.id, r.id LIMIT 1")


STATEMENTS = {path.read_text().strip(): path.stem for path in (BUILD / "queries").glob("read_*.sql")
              if path.stem != "read_watch"}


class ServerLog:
    """What the server explains from now on, of the reader's own statements."""

    def __init__(self, postgres):
        self.path = Path(postgres.directory) / "cluster" / "log"
        self.position = self.path.stat().st_size

    def plans(self):
        """By the name of the statement."""
        with open(self.path, errors="replace") as log:
            log.seek(self.position)
            text = log.read()
        found = [json.loads(plan) for plan in EXPLAINED.findall(text)]
        return [(STATEMENTS[plan["Query Text"].strip()], plan["Plan"]) for plan in found
                if plan["Query Text"].strip() in STATEMENTS]


def executed(plan):
    if plan["Actual Loops"] > 0:
        yield plan
    for part in plan.get("Plans", ()):
        yield from executed(part)


def rows_touched(plan):
    return sum(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
                                       + node.get("Rows Removed by Index Recheck", 0))
               for node in executed(plan) if "Relation Name" in node)


def blocks_touched(plan):
    """Those of a node hold those of its parts."""
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


@pytest.fixture(scope="module")
def large(postgres, tmp_path_factory):
    database = generate(postgres.new_database())
    subprocess.run(["psql", "-XAtq", "-v", "each=7", "-f", SUPPORT / "generate_packages.sql", database], check=True)
    name = database.rsplit("/", 1)[1]
    for setting in ("session_preload_libraries = auto_explain", "auto_explain.log_min_duration = 0",
                    "auto_explain.log_format = json", "auto_explain.log_analyze = on",
                    "auto_explain.log_timing = off", "auto_explain.log_buffers = on"):
        query(database, f"ALTER DATABASE {name} SET {setting}")
    reader = Reader(tmp_path_factory.mktemp("large"), database, "http://127.0.0.1:9", cache={"size": 0},
                    reader={"statement_timeout": "5m"})
    reader.start()
    yield reader, database
    assert reader.terminate() == 0
    query(postgres.uri, f"DROP DATABASE {name} WITH (FORCE)")


def ask(postgres, large, path):
    """The plans of what one question asks the server, by the name of the statement."""
    reader, database = large
    values = {"index": "SELECT digest_text(digest) FROM manifest WHERE kind = 'index' ORDER BY id LIMIT 1",
              "base": "SELECT digest_text(m.digest)" + BASE, "base_repository": "SELECT r.name" + BASE,
              "package": "SELECT name FROM package_name ORDER BY images DESC LIMIT 1",
              "rare": "SELECT name FROM package_name WHERE images > 0 ORDER BY images LIMIT 1",
              "purl": "SELECT purl FROM package p JOIN package_version v ON v.id = version_id WHERE images > 0 ORDER BY p.id LIMIT 1",
              "shared": "SELECT r.name FROM repository r JOIN tag t ON t.repository_id = r.id WHERE tag_count = 50"
                        " GROUP BY r.id ORDER BY count(DISTINCT t.manifest_id), r.id LIMIT 1",
              "revision": "SELECT value FROM label WHERE key LIKE '%%revision' ORDER BY manifest_id LIMIT 1",
              "icon": "SELECT encode(icon_hash(value), 'hex') FROM label WHERE key LIKE '%%icon-64' LIMIT 1"}
    path = path.format(**{name: query(database, sql)[0][0] for name, sql in values.items() if name in path})
    log = ServerLog(postgres)
    answer = reader.get(path, timeout=300)
    assert answer.status_code == 200, (path, answer.text[:300])
    return wait_for(log.plans, f"the plan of {path}")


@pytest.fixture(scope="module")
def rows_of(large):
    return dict(query(large[1], "SELECT relname, reltuples FROM pg_class WHERE relkind = 'r'"))


@pytest.mark.parametrize("path", POINTS)
def test_questions_for_little_use_indexes(postgres, large, rows_of, path):
    for statement, plan in ask(postgres, large, path):
        read_whole = [node["Relation Name"] for node in executed(plan)
                      if node["Node Type"] == "Seq Scan" and rows_of[node["Relation Name"]] > LARGE]
        assert not read_whole, (statement, read_whole)
        assert rows_touched(plan) <= ROWS_MAX, statement
        assert blocks_touched(plan) <= BLOCKS_MAX, statement


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_what_is_inside_stop(postgres, large, path):
    for statement, plan in ask(postgres, large, path):
        assert blocks_touched(plan) <= PAGE_BLOCKS_MAX, statement


@pytest.mark.parametrize("path", TAGS_PAGES)
def test_pages_of_many_tags_look_at_few(postgres, large, path):
    for statement, plan in ask(postgres, large, path):
        assert blocks_touched(plan) <= TAGS_BLOCKS_MAX, statement


def test_tags_of_one_image_look_at_it_once(postgres, large):
    for statement, plan in ask(postgres, large, "/r/{shared}"):
        assert blocks_touched(plan) <= SHARED_BLOCKS_MAX, statement


def test_advice_looks_up_what_is_kept(postgres, large):
    """By hash, not from end to end for each manifest."""
    for statement, plan in ask(postgres, large, "/api/v1/advice?keep_newest=5&repository=large"):
        again = [node for node in executed(plan) if node.get("CTE Name") == "kept" and node["Actual Loops"] > 10]
        assert not again, statement


def tags_looked_at(plan):
    return sum(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
               for node in executed(plan) if node.get("Relation Name") == "tag")


@pytest.mark.parametrize("path", SORTED_TAGS)
def test_tags_in_any_order_stop(postgres, large, path):
    """Neither the first page looks at many, nor the one behind it."""
    behind = large[0].get(path).links.get("next", {}).get("url")
    assert behind or not path.startswith("/api/")
    for page in filter(None, (path, behind)):
        for statement, plan in ask(postgres, large, page):
            assert tags_looked_at(plan) <= TAGS_LOOKED_AT_MAX, statement


@pytest.mark.parametrize("path", KEPT)
def test_questions_that_counters_answer(postgres, large, path):
    for statement, plan in ask(postgres, large, path):
        assert blocks_touched(plan) <= KEPT_BLOCKS_MAX, statement


@pytest.mark.parametrize("path", SORTED)
def test_repositories_in_another_order(postgres, large, path):
    for statement, plan in ask(postgres, large, path):
        assert blocks_touched(plan) <= BLOCKS_MAX, statement


@pytest.mark.parametrize("path", BOUNDED)
def test_questions_for_much_that_stop(postgres, large, path):
    """The page of a search counts the facet that it filters by in a second search, without that filter."""
    searches = 2 if path.startswith("/search?") else 1
    for statement, plan in ask(postgres, large, path):
        assert blocks_touched(plan) <= searches * BOUNDED_BLOCKS_MAX, statement


def test_of_a_word_in_very_many_labels_what_is_on_the_page_is_ranked(postgres, large):
    (_, plan), = ask(postgres, large, "/v1/search?q=example.com&n=25")
    looked_at, = [node["Actual Rows"] for node in executed(plan) if node.get("Subplan Name") == "CTE looked_at"]
    assert looked_at == 25
    assert large[0].get("/v1/search?q=example.com").json()["num_results"] > 4000


PAGE_OF_MUCH_BLOCKS_MAX = 30_000


@pytest.mark.parametrize("path", ["/search?q=os:linux", "/search?q=a", "/search?q=works"])
def test_the_page_of_a_search_stops_at_500_results_and_says_so(postgres, large, path):
    (_, plan), = ask(postgres, large, path)
    assert blocks_touched(plan) <= PAGE_OF_MUCH_BLOCKS_MAX
    page = large[0].get(path).text
    assert "Numbers are images, of the most popular ones." in page
    (total,) = re.findall(r'<p class="whole">at least ([\d,]+) results', page)
    assert 500 <= int(total.replace(",", "")) <= 1_000


@pytest.mark.parametrize("path", LARGE_ANSWERS)
def test_questions_for_much_read_it_few_times(postgres, large, rows_of, path):
    whole = sum(rows for name, rows in rows_of.items() if not name.startswith("pg_"))
    for statement, plan in ask(postgres, large, path):
        again = [node["Relation Name"] for node in executed(plan)
                 if node["Node Type"] == "Seq Scan" and rows_of[node["Relation Name"]] > LARGE
                 and node["Actual Loops"] > 1]
        assert not again, (statement, again)
        assert rows_touched(plan) <= WHOLE_TIMES_MAX * whole, statement


def test_the_index_of_a_repository_with_many_tags_is_whole(large):
    """It is asked by another statement than that of one with few."""
    reader, _ = large
    by_name, by_pattern = (reader.get(f"/index/static?repository{how}=large/one", timeout=300).text for how in ("", ":matches"))
    assert by_name == by_pattern and by_name.count('"Tags"') > 100


def test_the_index_and_the_dump_sort_keys_only(large):
    """The first row comes before the last is made: nothing above what makes them puts them in order."""
    for name in ("read_index_whole", "read_dump"):
        statement = (BUILD / "queries" / f"{name}.sql").read_text().replace("%", "%%")
        values = "(" + ", ".join(["NULL"] * 9) + ")" if "$9" in statement else ""
        plan = query(large[1], f"DEALLOCATE ALL; SET plan_cache_mode = force_generic_plan; SET max_parallel_workers_per_gather = 0;"
                               f"PREPARE {name} AS {statement}; EXPLAIN (FORMAT JSON) EXECUTE {name} {values}")[0][0][0]["Plan"]
        assert plan["Node Type"] == "Append", name
        assert all(part["Node Type"] != "Sort" or part["Plan Width"] < 600 for part in plan["Plans"]), name
