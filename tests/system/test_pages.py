# SPDX-License-Identifier: Apache-2.0
"""The pages on the real stack: what stands on them, their headers, validators and errors."""
import html
import re
import xml.etree.ElementTree

import pytest

import harness
from harness import wait_for
from images import Pusher
from pages import (BASE, BUILT, CHART, CLAIMING, CROWD, EVIL, LABELS, N_BUILT, NAME, Family, Filled, assert_is_valid, attach, get,
                   push_crowd, text_of)

PAGES = ["/", "/r/", "/r/team/", "/r/team/deep/", f"/r/{NAME}", f"/r/{NAME}/-/1.10", f"/r/{NAME}/-/multi", "/search",
         "/search?q=portal", "/search?q=os:linux", "/compare", f"/compare?a={NAME}:1.2&b={NAME}:2.0", "/stats", "/help"]


@pytest.fixture(scope="module")
def filled(module_stack):
    return Filled(module_stack)


@pytest.fixture(scope="module")
def family(filled):
    return Family(filled.stack)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_html_with_the_policy(filled, path):
    answer = get(filled, path)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "max-age=5"
    assert "<script>" not in answer.text and "style=" not in answer.text
    assert "href=\"javascript:" not in answer.text
    assert_is_valid(answer.text)


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/help"])
def test_a_page_says_how_true_it_is_and_has_a_validator(filled, path):
    first = get(filled, path)
    assert re.search(r"As of <time [^>]*>[^<]*</time> UTC, generation \d+, last complete scan", first.text)
    assert get(filled, path, 304, {"If-None-Match": first.headers["ETag"]}).text == ""
    assert get(filled, path, headers={"Accept-Encoding": "gzip"}).text.startswith("<!DOCTYPE html>")


def test_the_generation_at_its_end_is_no_part_of_its_validator(filled):
    """Of a small page, and of one that is so large that it is kept in a file."""
    pusher = Pusher(filled.stack.registry.url)
    pusher.image("weighty", "1", labels={f"label-{number}": f"{number} " * 200 for number in range(1200)})
    wait_for(lambda: filled.reader.get("/r/weighty/-/1").status_code == 200, "the push to be seen")
    pages = ["/r/alone", "/r/weighty/-/1"]
    before = [get(filled, path) for path in pages]
    assert len(before[1].content) > 1024 * 1024
    pusher.image("unrelated", "1", salt="unrelated")
    filled.stack.writer.wait_until_settled()
    wait_for(lambda: filled.reader.get("/r/unrelated").status_code == 200, "the push to be seen")
    for path, page in zip(pages, before):
        get(filled, path, 304, {"If-None-Match": page.headers["ETag"]})


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_somewhere(filled, path):
    page = get(filled, path).text
    links = {html.unescape(link) for link in re.findall(r"(?:href|src|action)=\"(/[^\"]*)\"", page)}
    for link in sorted(links):
        target = link.partition("#")[0]
        if target and not target.startswith("/api/v1/changes"):
            answer = filled.reader.get(target)
            assert answer.status_code in (200, 404 if "search" in target else 200), (path, link, answer.text[:300])


def test_home_tells_what_there_is(filled):
    page = text_of(get(filled, "/").text)
    assert re.search(r"\d+ repositories, \d+ tags", page)
    assert NAME in page and "team/" in page
    assert "cannot be read" not in page


def test_namespaces_are_walked_like_folders(filled):
    top = get(filled, "/r/").text
    assert "href=\"/r/team/\"" in top and "href=\"/r/alone\"" in top and "href=\"/r/team/other\"" not in top
    team = get(filled, "/r/team/").text
    assert "href=\"/r/team/deep/\"" in team and "href=\"/r/team/other\"" in team and f"/r/{NAME}\"" not in team
    everything = get(filled, "/r/?all=1").text
    assert f"href=\"/r/{NAME}\"" in everything and "href=\"/r/team/other\"" in everything
    assert "href=\"/r/alone\"" not in get(filled, "/r/?q=other&all=1").text
    get(filled, "/r/nothing/", 404)


def namespaces_on(page):
    return re.findall(r"<th scope=\"row\"><a href=\"/r/(crowd/[^\"]*)/\">", page)


def test_namespaces_are_paged_by_themselves(filled):
    pusher = Pusher(filled.stack.registry.url)
    names = [f"crowd/{number:02}" for number in range(CROWD)]
    push_crowd(pusher, [f"{name}/app" for name in names])
    pusher.image(f"{names[-1]}/larger", "1.0", labels=LABELS)
    filled.stack.writer.wait_until_settled()
    wait_for(lambda: filled.reader.json("/api/v1/namespaces?prefix=crowd/&total=1")["total"] == CROWD
             and filled.reader.get(f"/r/{names[-1]}/larger").status_code == 200, "all of them to be seen")
    order = [names[-1], *names[:-1]]
    first = get(filled, "/r/crowd/?sort=-size").text
    assert namespaces_on(first) == order[:50] and f"These are the 50 largest of {CROWD} namespaces." in text_of(first)
    assert "Larger namespaces" not in first
    behind = re.search(r"<a href=\"([^\"]*)\" rel=\"next\">Smaller namespaces", first).group(1)
    assert behind.startswith("/r/crowd/?ns=next.-size.") and behind.endswith("&amp;sort=-size"), behind
    second = get(filled, html.unescape(behind)).text
    assert namespaces_on(second) == order[50:] and "Smaller namespaces" not in second
    assert f"These are {CROWD - 50} of {CROWD} namespaces, the largest first." in text_of(second)
    assert_is_valid(second)
    before = re.search(r"<a href=\"([^\"]*)\" rel=\"prev\">← Larger namespaces", second).group(1)
    assert namespaces_on(get(filled, html.unescape(before)).text) == order[:50]
    flat = re.search(r"<a href=\"([^\"]*)\">All below, in one list", second).group(1)
    assert flat == "/r/crowd/?all=1&amp;sort=-size"
    further = get(filled, html.unescape(flat)).text
    assert "crowd/00/app" in further and not namespaces_on(further)
    left = text_of(get(filled, "/r/crowd/?ns=next.-size.0.crowd/zz").text)
    assert f"This page of namespaces is empty now: the largest of {CROWD} namespaces ." in left
    for wrong, why in (("nonsense", "is none that was given out here"), ("next.-updated.1.a", "belongs to another sort")):
        assert f"ns {why}" in text_of(get(filled, f"/r/crowd/?ns={wrong}", 400).text)


def test_tags_of_one_digest_are_one_row_and_versions_stand_in_order(filled):
    page = get(filled, f"/r/{NAME}").text
    rows = re.findall(r"<th scope=\"row\">(.*?)</th>", page[page.index("tags-table"):page.index("activity")])
    tags = [text_of(row).strip() for row in rows if "/-/" in row]
    assert tags[:6] == ["multi", "2.0-rc1", "2.0 = latest", "1.10", "1.9", "1.2"], tags
    assert "docker pull" in page and "Pulls and pushes" in page


def test_by_time_and_by_pulls_each_tag_has_its_place(filled):
    for sort, order in (("-updated", "last pushed first"), ("updated", "longest unchanged first"), ("-pulls", "most pulled first")):
        page = get(filled, f"/r/{NAME}?sort={sort}").text
        rows = re.findall(r"<th scope=\"row\">(.*?)</th>", page[page.index("tags-table"):page.index("activity")])
        assert {"2.0", "latest"} <= {text_of(row).split()[0] for row in rows}, rows
        assert f"<strong>{order}</strong>" in page


def test_an_empty_field_of_a_form_asks_for_nothing(filled, family):
    assert "libssl3" in text_of(get(filled, "/packages?q=ssl&type=").text)
    assert NAME in text_of(get(filled, "/r/?q=portal&all=1&sort=&cursor=").text)


def test_what_is_no_image_is_not_to_be_pulled(filled, family):
    for path in (f"/r/{CHART}/-/1.0", f"/r/{CHART}/-/{family.chart['digest']}"):
        page = get(filled, path).text
        assert "docker pull" not in page and "skopeo inspect --raw docker://" in page
    assert "docker pull" in get(filled, f"/r/{CHART}").text, "its last push is an index"


def test_an_index_counts_the_platforms_of_those_in_it(filled):
    pusher = Pusher(filled.stack.registry.url)
    pusher.index(NAME, "nested", children=[filled.index], annotations={"org.opencontainers.image.title": "Umbrella"})
    wait_for(lambda: filled.reader.get(f"/r/{NAME}/-/nested").status_code == 200, "the push to be seen")
    page = get(filled, f"/r/{NAME}/-/nested").text
    assert "Index of 2 platforms" in text_of(page) and f"<title>{NAME}:nested" in page
    indexes = re.search(r"<a href=\"([^\"]*)\">indexes</a>", get(filled, "/search?q=portal").text).group(1)
    assert f"{NAME}:nested" in text_of(get(filled, html.unescape(indexes)).text)
    nothing = get(filled, "/search?q=umbrella&kind=image").text
    assert "0 results" in text_of(nothing) and "<a href=\"/search?q=umbrella\">everything</a>" in nothing
    pusher.delete(NAME, filled.reader.json(f"/api/v1/repositories/{NAME}/-/tags/nested")["digest"])
    wait_for(lambda: filled.reader.get(f"/r/{NAME}/-/nested").status_code == 404, "the deletion to be seen")


def test_a_repository_is_filtered_and_sorted_by_its_url(filled):
    page = text_of(get(filled, f"/r/{NAME}?q=1.*&sort=name").text)
    assert "3 tags like 1.*" in page and "2.0-rc1" not in page
    assert "aria-sort=\"ascending\"" in get(filled, f"/r/{NAME}?q=1.*&sort=version").text
    get(filled, f"/r/{NAME}?sort=colour", 400)
    get(filled, f"/r/{NAME}?q=1&q=2", 400)
    get(filled, f"/r/{NAME}?colour=1", 400)


def test_filtering_tags_keeps_the_rest_of_the_url(filled):
    form = re.search(r"<form class=\"filter\".*?</form>", get(filled, f"/r/{NAME}?all=1&sort=name").text, re.S).group(0)
    assert re.findall(r"type=\"hidden\" name=\"(\w+)\" value=\"(\w+)\"", form) == [("all", "1"), ("sort", "name")]
    assert "hidden" not in re.search(r"<form class=\"filter\".*?</form>", get(filled, f"/r/{NAME}").text, re.S).group(0)


def test_the_tags_of_a_repository_say_what_is_attached_and_whose_base_has_moved(filled, family):
    page = get(filled, f"/r/{BUILT}").text
    rows = {row.split()[0]: row for row in map(text_of, re.findall(r"<tr>(?:(?!</tr>).)*<th scope=\"row\">.*?</tr>", page, re.S))}
    assert rows["1.0"].endswith(" signed SBOM base moved "), rows["1.0"]
    assert rows["1.1"].endswith(" base moved ") and "signed" not in rows["1.1"] and "SBOM" not in rows["1.1"]
    assert "base moved" not in text_of(get(filled, f"/r/{BASE}").text)
    assert "base moved" not in text_of(get(filled, f"/r/{CLAIMING}").text), "of a base that is only claimed nothing is known"


def test_commands_of_the_api_are_answered(filled, family):
    found = set()
    for path in (f"/r/{BUILT}", f"/r/{BUILT}/-/1.0", f"/r/{BASE}/-/{family.base['digest']}", "/stats"):
        page = get(filled, path).text
        for command in re.findall(r"curl -s &quot;<span class=\"origin\">\$METASTORE</span>(/.*?)&quot;", page):
            get(filled, html.unescape(command))
            found.add(re.sub(r"\?.*|.*/", "", command) if "/referrers/" not in command else "referrers")
    assert found >= {"tags", "activity", "1.0", "packages", "referrers", "derived", "history", "namespaces", "repositories"}, found


def by_machine(page):
    return html.unescape(re.search(r"<link rel=\"alternate\" type=\"application/json\" href=\"([^\"]*)\"", page).group(1))


@pytest.mark.parametrize("path", ["/r/", "/r/team/", "/r/team/?all=1", "/r/team/?all=1&q=*port*&sort=-updated"])
def test_the_list_by_machine_is_that_of_the_page(filled, path):
    page = get(filled, path).text
    shown = re.findall(r"<th scope=\"row\"><a href=\"/r/([^\"]*[^/])\">", page)
    assert shown and [row["name"] for row in filled.reader.json(by_machine(page))["repositories"]] == shown


@pytest.mark.parametrize("asked,tags", [
    ("", ["multi", "latest", "2.0-rc1", "2.0", "1.10", "1.9", "1.2"]),
    ("?q=1.*", ["1.10", "1.9", "1.2"]), ("?all=1&q=1.*&sort=name", ["1.10", "1.2", "1.9"])])
def test_the_command_above_tags_asks_for_the_same_list(filled, asked, tags):
    page = get(filled, f"/r/{NAME}{asked}").text
    command = re.search(r"METASTORE</span>(/[^<]*/-/tags[^<]*?)&quot;", page).group(1)
    assert ("all=1" in command) == ("all=1" in asked)
    assert [row["name"] for row in filled.reader.json(html.unescape(command))["tags"]] == tags


def test_what_has_no_tag_says_what_it_is_attached_to(filled, family):
    page = get(filled, f"/r/{BUILT}").text
    fold = page[page.index("<details>"):page.index("</details>")]
    assert "2 manifests without a tag</summary>" in fold
    link = f"/r/{BUILT}/-/{family.built[0]['digest']}"
    assert len(re.findall(rf"application/vnd.cncf.notary.signature</bdi></td>\s*<td>.*?href=\"{link}\"", re.sub("<wbr>", "", fold))) == 1
    claiming = filled.reader.json(f"/api/v1/repositories/{CLAIMING}/-/tags/1")["digest"]
    attach(Pusher(filled.stack.registry.url), CLAIMING, None, "application/vnd.example.note", claiming.replace(":", "-"))
    wait_for(lambda: "0 manifests without a tag, 1 signature or the like</summary>"
             in filled.reader.get(f"/r/{CLAIMING}").text, "the note under a tag")
    assert f"/r/{CLAIMING}/-/{claiming}\"" in filled.reader.get(f"/r/{CLAIMING}").text.partition("<details>")[2]


def test_an_image_tells_what_is_known_of_it(filled):
    page = get(filled, f"/r/{NAME}/-/2.0")
    text = text_of(page.text)
    assert "Image for linux/amd64" in text and "1 layer," in text
    assert EVIL.replace("\u202e", "[U+202E]") in text
    assert "rel=\"noopener noreferrer nofollow\" href=\"https://example.com/a?b=c&amp;d\"" in page.text
    assert f"href=\"/r/{NAME}/-/{self_digest(filled, 'multi')}\"" in page.text, "the index that lists it"
    assert filled.images["2.0"]["digest"] in page.text
    by_digest = text_of(get(filled, f"/r/{NAME}/-/{filled.images['2.0']['digest']}").text)
    assert "Image for linux/amd64" in by_digest
    index = text_of(get(filled, f"/r/{NAME}/-/multi").text)
    assert "Index of 2 platforms" in index
    assert f"docker pull --platform linux/arm64 {{}}/{NAME}:multi".format(host_in(index)) in index
    weight = filled.reader.json(f"/api/v1/repositories/{NAME}/-/manifests/{filled.arm['digest']}")["total_size"]
    assert re.search(rf"linux/arm64 image [0-9a-f]{{12}} {weight} B", index), "what a pull of it fetches"
    config = page.text[page.text.index("<summary>Configuration</summary>"):]
    assert "&quot;architecture&quot;: &quot;amd64&quot;" in config and "skopeo inspect --config --raw" in config


def test_an_image_tells_its_base_and_what_is_attached_to_it(filled, family):
    page = get(filled, f"/r/{BUILT}/-/1.0").text
    assert_is_valid(page)
    text = text_of(page)
    assert re.search(rf"Built on {BASE}:12 , by its layers, as it was at [0-9a-f]{{12}} base moved "
                     r"Its tag has moved twice since: what changed", text), text
    assert "Evidence signed SBOM present, not verified" in text
    layers = re.findall(r"<tr[^>]*>.*?</tr>", page[page.index("layers-table"):], re.S)[1:4]
    assert [("base ends here" in row, row.startswith("<tr class=\"base\">")) for row in layers] == \
        [(False, False), (True, True), (False, False)]
    compare = html.unescape(re.search(r"href=\"(/compare\?[^\"]*)\">what changed", page).group(1))
    assert "1 of 2 layers shared" in text_of(get(filled, compare).text)
    index = text_of(get(filled, f"/r/{BUILT}/-/multi").text)
    assert f"Built on {BASE}:12 , by its layers for linux/amd64 or its first platform, as it was at" in index
    assert "Evidence signed SBOM present, not verified" in index
    charts = text_of(get(filled, f"/r/{CHART}/-/list").text)
    assert re.search(r"no platform artifact [0-9a-f]{12} unknown", charts), "what a pull of it fetches"
    claiming = text_of(get(filled, f"/r/{CLAIMING}/-/1").text)
    assert "Claimed base registry.example.com/no/such:thing, by its annotations or its provenance; the layers do not confirm it" in claiming
    assert "Built on" not in claiming and "base ends here" not in claiming


def host_in(text):
    return re.search(r"docker pull ([^/ ]*)/", text).group(1)


def test_packages_of_an_image_are_filtered_by_name(filled, family):
    def shown(package):
        text = text_of(get(filled, f"/r/{BUILT}/-/1.0?package={package}").text)
        return "libssl3 3.0.11 deb" in text, "zlib1g 1.2.13 deb" in text, "No package has this in its name" in text
    assert [shown(package) for package in ("", "SSL", "zlib1", "nothing")] == [
        (True, True, False), (True, False, False), (False, True, False), (False, False, True)]
    assert "No SBOM of it was read" in text_of(get(filled, f"/r/{NAME}/-/2.0?package=ssl").text)
    get(filled, f"/r/{NAME}/-/2.0?colour=1", 400)


def test_a_base_lists_what_is_built_on_it(filled, family):
    page = get(filled, f"/r/{BASE}/-/{family.base['digest']}").text
    assert_is_valid(page)
    text = text_of(page)
    rows = re.findall(rf"<th scope=\"row\"[^>]*><a href=\"/r/{BUILT}/-/(1\.\d+)\">", page)
    assert len(rows) == len(set(rows)) == 10 and f"The newest 10; {N_BUILT} images are built on it" in text
    everything = re.search(r"<a href=\"([^\"]*)\">all of them</a>", page).group(1)
    assert len(filled.reader.json(everything)["derived"]) == N_BUILT
    assert "Built on it" not in text_of(get(filled, f"/r/{BUILT}/-/1.0").text)


def self_digest(filled, tag):
    return filled.reader.json(f"/api/v1/repositories/{NAME}/-/manifests/{tag}")["digest"]


def test_the_history_of_a_tag_leads_to_what_changed(filled):
    page = get(filled, f"/r/{NAME}/-/latest").text
    compare = html.unescape(re.search(r"href=\"(/compare\?[^\"]*)\"", page).group(1))
    text = text_of(get(filled, compare).text)
    assert "1 label differs" in text and "0 of 1 layer shared" in text
    assert re.search(r"version changed 1\.9 2\.0", text)
    everything = text_of(get(filled, compare + "&all=1").text)
    assert re.search(r"trap same javascript:alert\(1\)", everything)


def test_search_has_filters_and_facets(filled):
    page = get(filled, "/search?q=portal os:linux").text
    assert "<mark>portal</mark>" in page
    assert re.search(r"<a href=\"/search\?q=portal\" class=\"chip\">", page), "the filter can be taken away"
    facet = re.search(r"<a href=\"(/search\?[^\"]*arch:arm64[^\"]*)\">", page).group(1)
    assert "arm64" in text_of(get(filled, html.unescape(facet)).text)
    nothing = text_of(get(filled, "/search?q=nosuchthing").text)
    assert "Nothing has all of this" in nothing and "What can be asked" in nothing
    assert NAME in text_of(get(filled, "/search?q=portql").text), "the nearest name"
    fault = get(filled, "/search?q=portal os:", 400)
    assert "at character" in text_of(fault.text) and fault.headers["Content-Type"].startswith("text/html")


def choices(page):
    """What the page calls chosen, and where the links to the other types of results lead."""
    row = page.partition("Show ")[2].partition("</p>")[0]
    links = {text: html.unescape(href) for href, text in re.findall(r"<a href=\"([^\"]*)\">([^<]*)</a>", row)}
    return re.findall(r"<strong>([^<]*)</strong>", row), links


def test_types_of_results_are_chosen_one_at_a_time(filled):
    links = choices(get(filled, "/search?q=portal").text)[1]
    for text, target, found in (("indexes", "q=portal%20is:index", f"{NAME}:multi"), ("artifacts", "q=portal%20is:artifact", "0 results"),
                                ("images", "kind=image&q=portal", "0 results"), ("indexes", "q=portal%20is:index", f"{NAME}:multi"),
                                ("repositories", "kind=repository&q=portal", "1 result"), ("everything", "q=portal", "1 result")):
        assert links[text] == f"/search?{target}"
        page = get(filled, links[text]).text
        chosen, links = choices(page)
        assert chosen == [text] and len(links) == 4 and found in text_of(page), (text, chosen, links)


@pytest.mark.parametrize("asked, chosen, indexes, images", [
    ("", "everything", "?q=is:index", "?kind=image"), ("?q=is:index", "indexes", None, "?kind=image"),
    ("?q=portal is:image", "images", "?q=portal%20is:index", None),
    ("?q=is:index portal is:index is:artifact", "indexes", None, "?kind=image&q=portal"),
    ("?q=portal -is:index", "everything", "?q=portal%20is:index", "?kind=image&q=portal%20-is:index"),
    ("?kind=image&q=is:index portal&sort=name", "images", "?q=portal%20is:index&sort=name", None)])
def test_no_choice_of_a_type_excludes_another_one(filled, asked, chosen, indexes, images):
    found, links = choices(get(filled, f"/search{asked}").text)
    assert found == [chosen]
    assert [links.get(text, "/search")[len("/search"):] or None for text in ("indexes", "images")] == [indexes, images]


def test_an_image_that_was_found_is_the_one_that_is_opened(filled):
    page = get(filled, "/search?q=portal arch:arm64&kind=image").text
    assert f"<a href=\"/r/{NAME}/-/{filled.arm['digest']}\">" in page, "and not the index that has the tag"


def test_a_facet_counts_as_if_nothing_were_chosen_of_it(filled):
    page = get(filled, "/search?q=portal arch:arm64").text
    facet = page[page.index("<h3>Architecture</h3>"):].partition("</ul>")[0]
    assert re.search(r"<strong><bdi>arm64</bdi></strong> <span class=\"subtle\">1</span>", facet), facet
    assert re.search(r"<a href=\"/search\?q=portal%20arch:amd64\"><bdi>amd64</bdi></a> <span class=\"subtle\">5</span>", facet)
    systems = page[page.index("<h3>Operating system</h3>"):].partition("</ul>")[0]
    assert re.search(r"linux</bdi></a> <span class=\"subtle\">1</span>", systems), "the others count what is chosen"


def test_a_result_tells_what_it_is_and_why_it_was_found(filled, family):
    repository = text_of(get(filled, "/search?q=built&kind=repository").text)
    assert re.search(rf"{BUILT} .*{N_BUILT + 1} tags linux/amd64 [0-9.]+ [KM]?i?B", repository), repository
    image = text_of(get(filled, "/search?q=built is:signed&kind=image").text)
    assert re.search(rf"{BUILT}:1.0 image signed SBOM", image), image
    labelled = text_of(get(filled, "/search?q=label:version=1.9").text)
    assert "found by label version = 1.9" in labelled
    word = text_of(get(filled, "/search?q=%22a?b=c%22&kind=image").text)
    assert "found by label link = https://example.com/a?b=c&d" in word


def test_statistics_tell_what_is_shared_and_what_is_attached(filled, family):
    page = text_of(get(filled, "/stats").text)
    totals = filled.reader.json("/api/v1/stats")
    shown = totals["images"] + totals["indexes"]
    assert re.search(rf"Signed 2 of {shown} images and indexes", page), "the image, and the index that has it; no chart"
    assert re.search(rf"SBOM 2 of {shown} images and indexes", page)
    row = re.search(rf"{BUILT} (\d+) ([0-9.]+ \w+) ([0-9.]+ \w+) ([0-9.]+ \w+)", page)
    assert row and row.group(1) == str(N_BUILT + 1) and row.group(3) != "0 B", "its base has these layers, too"
    assert re.search(r"application/vnd.oci.image.manifest.v1\+json \d+", page)
    assert "each blob counted once" in text_of(get(filled, "/").text)


def test_what_is_attached_and_whose_base_has_moved_are_facets(filled, family):
    def facets(q):
        page = get(filled, f"/search?q={q}").text
        return re.findall(r"<a href=\"/search\?q=([^\"]*)\"><bdi>([^<]*)</bdi></a>(?: <span class=\"subtle\">([\d,]+)</span>)?</li>", page)
    found = {word: (q, number) for q, word, number in facets("built")}
    assert found["signed"] == ("built%20is:signed", "1") and found["SBOM"] == ("built%20has:sbom", "1")
    assert "provenance" not in found and found["base moved"] == ("built%20is:outdated", "")
    assert f"{BUILT}:1.0" in text_of(get(filled, "/search?q=built is:signed&kind=image").text)
    moved = get(filled, "/search?q=built is:outdated&kind=image").text
    assert f"{N_BUILT} results" in text_of(moved)
    assert "base moved" not in {word for _, word, _ in facets("built is:outdated")}
    told = {f["value"]: f["images"] for f in filled.reader.json("/api/v1/facets", params={"q": "built"})["base"]}
    assert told == {BASE: N_BUILT}
    assert found[BASE] == (f"built%20base:{BASE}", str(N_BUILT))
    only = filled.reader.json("/api/v1/search", params={"q": f"built base:{BASE}", "kind": "image", "total": "1"})
    assert only["total"] == N_BUILT, "who filters by it finds as many"


def test_errors_are_pages(filled):
    unknown = text_of(get(filled, "/r/team/deep/porta", 404).text)
    assert NAME in unknown, "the nearest names"
    assert "no manifest" in text_of(get(filled, f"/r/{NAME}/-/nosuchtag", 404).text)
    get(filled, "/r/NOT/a/name", 404)
    assert get(filled, "/nosuchpage", 404, {"Accept": "text/html"}).headers["Content-Type"].startswith("text/html")
    assert get(filled, "/nosuchpage", 404).headers["Content-Type"] == "application/problem+json"
    of_registry = get(filled, f"/v2/{NAME}/nothing", 404, {"Accept": "text/html"})
    assert of_registry.json()["errors"][0]["code"] == "UNSUPPORTED"
    assert get(filled, "/api/v1/nothing", 404, {"Accept": "text/html"}).headers["Content-Type"] == "application/problem+json"


def test_a_prefix_that_is_not_there_names_what_is_near(filled):
    mistyped = get(filled, "/r/team/deep/porta/", 404).text
    assert f"Names like it: {NAME} " in text_of(mistyped) and "Search for team/deep/porta " in text_of(mistyped)
    assert "was here" not in text_of(mistyped) and "were below" not in text_of(mistyped)
    repository = get(filled, f"/r/{NAME}/", 404).text
    assert f"There is a repository {NAME} ." in text_of(repository) and f"href=\"/r/{NAME}\"" in repository
    assert "Names like it" not in repository and "was here" not in repository
    assert_is_valid(mistyped)
    assert_is_valid(repository)


@pytest.mark.parametrize("path", ["/r/Team/Deep/Portal", "/r/Team/Deep/Portal/-/1.10", f"/r/{NAME}/-/-impossible"])
def test_an_impossible_name_is_searched_for_in_lower_case(filled, path):
    page = get(filled, path, 404).text
    search = re.search(r"<a href=\"(/search\?q=[^\"]*)\">Search for", page).group(1)
    assert f"Search for {NAME} " in text_of(page) and NAME in text_of(get(filled, html.unescape(search)).text)


def test_errors_tell_what_was_there_once(filled):
    pusher = Pusher(filled.stack.registry.url)
    doomed = pusher.image("passing/app", "1.0", salt="doomed")
    pusher.image("passing/app", "2.0", salt="stays")
    tags = "/api/v1/repositories/passing/app/-/tags"
    wait_for(lambda: len(filled.reader.get(tags).json().get("tags", [])) == 2, "the pushes to be seen")
    pusher.delete("passing/app", doomed["digest"])
    wait_for(lambda: [tag["name"] for tag in filled.reader.json(tags)["tags"]] == ["2.0"], "the deletion to be seen")
    page = text_of(get(filled, "/r/passing/app/-/1.0", 404).text)
    assert re.search(r"The repository had this tag until \d{4}-\d\d-\d\d", page), page
    assert "There is a repository passing/app ." in page and "was here" not in page
    never = text_of(get(filled, "/r/passing/app/-/3.0", 404).text)
    assert "had this tag" not in never and "was here" not in never
    harness.query(filled.stack.database, "UPDATE repository SET deleted_at = now() WHERE name = 'passing/app'")
    assert "Repositories were below it, and the registry has them no more." in text_of(get(filled, "/r/passing/", 404).text)
    for path in ("/r/passing/app/", "/r/passing/app/-/2.0"):
        gone = text_of(get(filled, path, 404).text)
        assert "A repository of this name was here, and the registry has it no more." in gone, path
        assert "There is a repository" not in gone and "were below" not in gone, path


def test_assets_are_kept_for_a_year(filled):
    page = get(filled, "/").text
    for path in re.findall(r"(?:href|src)=\"(/assets/[^\"]*)\"", page):
        asset = get(filled, path)
        assert "immutable" in asset.headers["Cache-Control"]
        assert asset.headers["Content-Type"].split(";")[0] in ("text/css", "text/javascript")
    get(filled, "/assets/metastore.000000000000.css", 404)


@pytest.mark.parametrize("path", ["/feed?prefix=team/", f"/r/{NAME}/-/feed"])
def test_feeds_are_atom(filled, path):
    answer = get(filled, path)
    feed = xml.etree.ElementTree.fromstring(answer.text)
    atom = "{http://www.w3.org/2005/Atom}"
    entries = feed.findall(f"{atom}entry")
    assert f"{NAME}:2.0" in [entry.find(f"{atom}title").text for entry in entries]
    ids = [entry.find(f"{atom}id").text for entry in entries]
    assert len(set(ids)) == len(ids)
    times = [entry.find(f"{atom}updated").text for entry in entries]
    assert times == sorted(times, reverse=True)
    get(filled, path, 304, {"If-None-Match": answer.headers["ETag"]})
    get(filled, "/r/no/such/-/feed", 404)
    get(filled, "/r/a%3Fq=b/-/feed", 404)


def test_browsers_learn_how_to_search(filled):
    description = xml.etree.ElementTree.fromstring(get(filled, "/opensearch.xml").text)
    url = description.find("{http://a9.com/-/spec/opensearch/1.1/}Url").get("template")
    assert url == f"{filled.reader.url}/search?q={{searchTerms}}"


# --- off ---

def test_pages_can_be_turned_off(filled, make_reader):
    reader = make_reader(filled.stack.database, components={"web_ui": False})
    reader.wait_until_ready()
    for path in ("/", "/r/", f"/r/{NAME}", "/search", "/stats", "/help", "/feed", "/opensearch.xml"):
        answer = reader.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/problem+json"
    assert reader.get("/api/v1/stats").status_code == 200


def test_where_nothing_is_yet_the_failed_scan_is_told(postgres, filled, make_reader):
    stack = harness.Stack(filled.stack.directory / "empty", postgres)
    stack.registry.start()
    try:
        assert stack.writer.run_scan().returncode == 0
    finally:
        stack.registry.kill()
    harness.query(stack.database, "UPDATE scan SET complete = false")
    reader = make_reader(stack.database)
    reader.wait_until_ready()
    page = text_of(reader.get("/").text)
    assert "Nothing is here yet" in page and "did not see everything" in page


def test_a_page_without_its_database_says_so(make_stack):
    stack = make_stack().start()
    Pusher(stack.registry.url).image("team/app", "1.0")
    stack.writer.wait_until_settled()
    wait_for(lambda: stack.reader.get("/r/team/app").status_code == 200, "the push to be seen")
    stack.writer.terminate()
    stack.postgres.stop()
    try:
        def is_stale():
            answer = stack.reader.get("/r/team/app")
            return "Stale:" in answer.text and "X-Metastore-Stale" in answer.headers
        wait_for(is_stale, "the page to say that it is stale", 60)
        unknown = stack.reader.get("/r/team/other")
        assert unknown.status_code == 503 and "Not available" in unknown.text and "Retry-After" in unknown.headers
    finally:
        stack.postgres.start()
