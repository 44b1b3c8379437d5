# SPDX-License-Identifier: Apache-2.0
"""docker search finds what is known to be there: tests/bench/search with Docker's official images and made-up names."""
import json
import re
import sys

import psycopg2
import pytest

from harness import BUILD, ROOT

sys.path.append(str(ROOT / "tests" / "bench"))
import known_items as known  # noqa: E402

EACH = 10
READER = "-c plan_cache_mode=force_generic_plan -c jit=off"  # as readers set them
STATEMENT = (BUILD / "queries" / "read_search.sql").read_text()


def database_of(postgres, items):
    database = postgres.new_database()
    known.load(database, items)
    return database


@pytest.fixture
def ask(postgres, make_reader):
    reader = make_reader(database_of(postgres, known.official_images()))
    reader.wait_until_ready()
    return lambda query: [r["name"] for r in reader.json("/v1/search", params={"q": query, "n": 10})["results"]]


def test_what_is_known_is_found(ask):
    queries, ranks = known.Queries(known.official_images()), {}
    for kind in known.KINDS:
        ranks[kind] = [known.reciprocal_rank(ask(query), wanted) for query, wanted in queries(kind, EACH)]
        assert sum(ranks[kind]) / len(ranks[kind]) >= (known.LEAST[kind] or 0), kind
    everything = sum(ranks.values(), [])
    assert sum(everything) / len(everything) >= known.LEAST_OVER_ALL
    assert sum(rank > 0 for rank in everything) / len(everything) >= known.LEAST_FOUND
    values = [known.ndcg(ask(query), grades) for query, grades in known.graded_queries()]
    assert sum(values) / len(values) >= known.LEAST_NDCG
    assert ask("nothing at-all 42 is-called-so") == [] and ask("zzyzx zzyzxy") == []


# ---------------------------------------------------------------------------------------------
# What many have is not ranked whole. With small bounds the answers are those with large ones.
# ---------------------------------------------------------------------------------------------

def statement(few, names, popular=10_000):
    text = STATEMENT
    for old, new in (("LIMIT 1001)", f"LIMIT {few + 1})"), ("<= 1000\n", f"<= {few}\n"), ("LIMIT 5001)", f"LIMIT {few + 1})"),
                     ("<= 5000 ", f"<= {few} "), ("<= 1000 AS are_all", f"<= {few} AS are_all"),
                     ("LIMIT 3001) h", f"LIMIT {names + 1}) h"),
                     ("> 3000 AS is_cut", f"> {names} AS is_cut"), ("LIMIT 10000) most", f"LIMIT {popular}) most")):
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture
def many(postgres):
    """Names, titles and descriptions that have the same words."""
    parts = ("work", "tool", "network", "atwork", "x", "workshop")
    items = [known.Item(f"{parts[n % 5]}{n % 7}/{parts[n % 6]}-{parts[n * n % 5]}-{n % 400}", n * 7919 % 1000,
                        f"A {parts[n % 3]} of {parts[n % 4]}s" if n % 2 else "Nothing that many have") for n in range(1200)]
    database = database_of(postgres, [*{item.name: item for item in items}.values()])
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE repository SET title = 'Thing at work ' || id WHERE id % 9 = 0")
        # Many descriptions have the word, one title has: that of the row that was put in last.
        cursor.execute("UPDATE repository SET title = 'As many as it takes' WHERE id = (SELECT max(id) FROM repository)")
        # Many labels have a word that few descriptions have.
        cursor.execute("INSERT INTO repository_label SELECT id, sha256('on a shelf'), 'on a shelf', 1 FROM repository WHERE id % 4 > 0")
        cursor.execute("UPDATE repository SET description = 'From the shelf' WHERE id % 100 = 7")
    return database


def test_what_many_have_is_ranked_as_if_all_of_it_were(many):
    with psycopg2.connect(many, options=READER) as connection, connection.cursor() as cursor:
        for name, few, names in (("whole", 100_000, 100_000), ("walked", 20, 100_000), ("cut", 20, 40)):
            cursor.execute(f"PREPARE {name} AS {statement(few, names)}")
        for text in ("work", "wor", "tool", "network", "works", "ork-", "nothing", "thing", "many", "shelf", "work-tool-1", "-1", "shop"):
            terms = json.dumps([{"plain": text, "like": text, "whole": rf"(^|[^a-z0-9]){re.escape(text)}([^a-z0-9]|$)",
                                 "is_indexed": len(text) > 2}])
            for n, skip in ((1, 0), (10, 0), (10, 30), (100, 0)):
                answers = {}
                for name in ("whole", "walked", "cut"):
                    cursor.execute(f"EXECUTE {name} (%s, %s, %s, %s)", (text, terms, n, skip))
                    (_, _, _, _, total), *rows = cursor.fetchall()
                    answers[name] = [row[2] for row in rows]
                    assert len(rows) == max(0, min(n, total - skip)), (name, text, n, skip)
                for name in ("walked", "cut"):
                    shown = len(answers[name])
                    assert answers[name] == answers["whole"][:shown], (name, text, n, skip)


def test_labels_that_the_walk_does_not_come_to_fill_the_page(many):
    """Those that were seen, when the walk ends before the page is full; what has the word in its text, too, counts once."""
    with psycopg2.connect(many, options=READER) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE popular AS SELECT id FROM repository"
                       " ORDER BY pulls DESC, updated DESC NULLS LAST, name LIMIT 10")
        cursor.execute("UPDATE repository SET description = 'By vendor.example' WHERE id IN (SELECT id FROM popular)")
        cursor.execute("INSERT INTO repository_label SELECT id, sha256('vendor.example'), 'vendor.example', 1 FROM repository"
                       " WHERE id IN (SELECT id FROM popular) OR id % 4 = 0")
        cursor.execute(f"PREPARE search AS {statement(20, 100_000, popular=20)}")
        terms = [{"plain": "vendor.example", "like": "vendor.example", "is_indexed": True,
                  "whole": "(^|[^a-z0-9])vendor[.]example([^a-z0-9]|$)"}]
        cursor.execute("EXECUTE search ('vendor.example', %s, 20, 0)", (json.dumps(terms),))
        _, *rows = cursor.fetchall()
        assert len({row[2] for row in rows}) == 20
        cursor.execute("SELECT array_agg(name) FROM repository WHERE id IN (SELECT id FROM popular)")
        (popular,) = cursor.fetchone()
        assert {row[2] for row in rows[:10]} == set(popular)


def test_all_names_of_a_common_word_are_counted_and_can_be_reached(many):
    """Those that the walk of the most popular ones does not come to, too, behind the others, and each once."""
    with psycopg2.connect(many, options=READER) as connection, connection.cursor() as cursor:
        cursor.execute(f"PREPARE whole AS {statement(100_000, 100_000)}")
        cursor.execute(f"PREPARE cut AS {statement(20, 40, popular=60)}")
        cursor.execute("SELECT count(*) FROM repository WHERE name LIKE '%work%'")
        (names,) = cursor.fetchone()
        assert names > 300
        terms = json.dumps([{"plain": "work", "like": "work", "whole": "(^|[^a-z0-9])work([^a-z0-9]|$)", "is_indexed": True}])
        answers = {"whole": [], "cut": []}
        for name, shown in answers.items():
            for skip in range(0, names, 30):
                cursor.execute(f"EXECUTE {name} ('work', %s, 30, %s)", (terms, skip))
                (_, _, _, _, total), *rows = cursor.fetchall()
                assert total >= names and len(rows) == min(30, total - skip)
                shown += [row[2] for row in rows]
        assert len(set(answers["cut"][:names])) == names
        assert set(answers["cut"][:names]) == set(answers["whole"][:names])
        # After the names comes what else was seen.
        cursor.execute("EXECUTE cut ('work', %s, 10, %s)", (terms, total - 1))
        assert len(cursor.fetchall()) == 2


def test_a_letter_left_out_is_likelier_than_another_one(many):
    """Of which any could be meant: so it comes first, however few pull it. So do two letters that are swapped."""
    with psycopg2.connect(many, options=READER) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO repository (name, pulls, tag_count) VALUES ('a/libgars', 1, 1), ('a/ligbrs', 2, 1),"
                       " ('a/libgfs', 9, 1), ('a/libgs', 8, 1)")
        cursor.execute(f"PREPARE search AS {statement(1000, 3000)}")
        near = "(^|[^a-z0-9])(libgars|ligbrs|libgfs|libgs)([^a-z0-9]|$)"
        terms = [{"plain": "libgrs", "like": "libgrs", "whole": "(^|[^a-z0-9])libgrs([^a-z0-9]|$)", "is_indexed": True,
                  "near": near, "near_last": "(^|/)(libgars|ligbrs|libgfs|libgs)$"}]
        cursor.execute("EXECUTE search ('libgrs', %s, 10, 0)", (json.dumps(terms),))
        names = [row[2] for row in cursor.fetchall()[1:]]
        assert names == ["a/ligbrs", "a/libgars", "a/libgfs", "a/libgs"]


def test_a_long_title_leaves_the_whole_name_its_keys(many):
    with psycopg2.connect(many) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT repository_keys('team/foo-bar', repeat('long ', 200)) && near_keys('fobar')")
        assert cursor.fetchone() == (True,)
