# SPDX-License-Identifier: Apache-2.0
"""/api/v1: suggestions, activity, namespaces; tags in the order of versions; repositories directly below a prefix;
search in other orders than the best first."""
import datetime

import pytest

from harness import query
from pages import NAME, VERSIONS, Filled, get


@pytest.fixture(scope="module")
def filled(module_stack):
    return Filled(module_stack)


def test_suggestions_begin_with_the_word_or_nearly(filled):
    def names(word):
        return [s["name"] for s in filled.reader.json("/api/v1/suggest", params={"q": word})["suggestions"]]
    assert set(names("team/")) == {NAME, "team/other"}
    assert names("port") == [NAME] and names("oth") == ["team/other"] and names("al0ne") == ["alone"]
    assert names("%") == [] and names("_") == []
    get(filled, "/api/v1/suggest", 400)


def test_namespaces_sum_up_what_is_below(filled):
    found = {n["name"]: n for n in filled.reader.json("/api/v1/namespaces?total=1")["namespaces"]}
    sizes = {r["name"]: r["size"] for r in filled.reader.json("/api/v1/repositories")["repositories"]}
    assert set(found) == {"team"}
    assert found["team"]["repositories"] == 2
    assert found["team"]["size"] == sizes[NAME] + sizes["team/other"]
    below = filled.reader.json("/api/v1/namespaces?prefix=team/")["namespaces"]
    assert [n["name"] for n in below] == ["team/deep"]
    get(filled, "/api/v1/namespaces?prefix=team", 400)


def test_growth_is_told_from_the_sizes_of_another_day(filled, make_reader):
    database = filled.stack.database
    for _ in range(2):  # the second time nothing has changed
        query(database, "SELECT keep_sizes()")
    now = make_reader(database, cache={"size": 0})
    now.wait_until_ready()
    query(database, "UPDATE registry_day SET size = NULL WHERE day < (now() AT TIME ZONE 'UTC')::date")  # if midnight was since
    assert "growth" not in now.json("/api/v1/stats") and "growth" not in now.json("/api/v1/namespaces")["namespaces"][0]
    assert "Growth is known from the second day on" in now.get("/stats").text
    for days, size in ((90, 5000), (31, 1000), (10, 1)):
        query(database, "INSERT INTO registry_day (day, size) SELECT current_date - %s, size - %s FROM state", days, size)
    query(database, "INSERT INTO namespace_day SELECT name, current_date - 60, size - 7 FROM namespace_day WHERE name = 'team'")
    growth = now.json("/api/v1/stats")["growth"]
    (since,), = query(database, "SELECT (current_date - 31)::text")
    assert growth == {"since": since, "size": 1000}
    namespace, = now.json("/api/v1/namespaces")["namespaces"]
    assert namespace["growth"] == 7, "what it was at the last day on which it changed"
    assert "growth" not in now.json("/api/v1/namespaces?prefix=team/")["namespaces"][0]
    page = now.get("/stats").text
    assert "+1000 B since" in page and "+7 B" in page
    query(database, "DELETE FROM registry_day WHERE day = current_date - 31 OR day = current_date - 90")
    assert now.json("/api/v1/stats")["growth"]["size"] == 1, "the first day that is known"
    query(database, "DELETE FROM registry_day WHERE day < current_date - 1; DELETE FROM namespace_day WHERE day < current_date - 1")


def test_activity_counts_by_day(filled):
    days = filled.reader.json(f"/api/v1/activity?repository={NAME}&days=3")["days"]
    today = datetime.datetime.now(datetime.timezone.utc).date()
    assert len(days) == 3 and days[-1]["day"] in (str(today), str(today - datetime.timedelta(days=1)))
    assert sum(day["pushes"] for day in days) == len(VERSIONS) + 3  # multi, and latest twice
    every = filled.reader.json("/api/v1/activity?days=3")["days"]
    assert sum(day["pushes"] for day in every) >= sum(day["pushes"] for day in days)
    get(filled, "/api/v1/activity?repository=no/such", 404)


def test_versions_are_numbers(filled):
    path = f"/api/v1/repositories/{NAME}/-/tags"
    wanted = ["1.2", "1.9", "1.10", "2.0", "2.0-rc1", "latest", "multi"]
    for n in (1, 2, 7, 100):
        for sort, expected in (("version", wanted), ("-version", wanted[::-1])):
            found, answer = [], filled.reader.get(path, params={"sort": sort, "n": n})
            while True:
                found += [tag["name"] for tag in answer.json()["tags"]]
                if "next" not in answer.links:
                    break
                answer = filled.reader.get(answer.links["next"]["url"])
            assert found == expected, (n, sort)
            back = [tag["name"] for tag in answer.json()["tags"]]
            while "prev" in answer.links:
                answer = filled.reader.get(answer.links["prev"]["url"])
                back = [tag["name"] for tag in answer.json()["tags"]] + back
            assert back == expected


def test_only_what_is_directly_below(filled):
    def names(**params):
        return [r["name"] for r in filled.reader.json("/api/v1/repositories", params=params)["repositories"]]
    assert "alone" in names(direct=1) and NAME not in names(direct=1)
    assert names(direct=1, prefix="team/") == ["team/other"]
    assert names(prefix="team/") == [NAME, "team/other"]


def test_search_has_other_orders(filled):
    def names(sort):
        found = filled.reader.json("/api/v1/search", params={"q": "os:linux", "kind": "repository", "sort": sort})
        return [result["name"] for result in found["results"]]
    sizes = {r["name"]: r["size"] for r in filled.reader.json("/api/v1/repositories")["repositories"]}
    assert names("name") == sorted(names("score")) == names("-name")[::-1]
    assert [sizes[name] for name in names("-size")] == sorted(sizes.values(), reverse=True)
    for sort in ("score", "pulls", "-pulls", "size", "updated", "-updated"):
        assert sorted(names(sort)) == names("name"), sort
    get(filled, "/api/v1/search?q=a&sort=colour", 400)
