# SPDX-License-Identifier: Apache-2.0
"""The pages on the real stack, clicked through: a registry like any other, and one that means harm."""
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from harness import wait_for
from images import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Pusher
from test_preview import violations

NAME = "team/databases/postgres"
TEXTS = ["<script>window.broken = 1</script>", "\"><img src=x onerror=\"window.broken = 1\">",
         "javascript:window.broken=1", "https://example.com/\"onmouseover=\"window.broken=1", "\u202egnp.exe\u2066",
         "a\u0000b\u001b[31m</title><!--", "&lt;b&gt;{{x}}${x}", "W" * 65536]
N_LABELS, N_LAYERS, N_TAGS = 1000, 500, 120


def push_ordinary(pusher, reader):
    for version in ("16.1", "17.2", "17.10"):
        amd64 = pusher.image(NAME, salt="amd64" + version, labels={
            "org.opencontainers.image.title": "PostgreSQL", "org.opencontainers.image.vendor": "Acme",
            "org.opencontainers.image.version": version})
        arm64 = pusher.image(NAME, salt="arm64" + version, architecture="arm64")
        index = pusher.index(NAME, version, "latest", children=[
            dict(amd64, platform={"os": "linux", "architecture": "amd64"}),
            dict(arm64, platform={"os": "linux", "architecture": "arm64"})])
        # The writer looks where a tag points now: moves that it has not seen apart are one in the tag's history.
        wait_for(lambda: index["digest"] in reader.get(f"/api/v1/repositories/{NAME}/-/tags/latest").text,
                 "the reader to see where latest points")
    pusher.image("team/web", "1.0", salt="web", labels={"org.opencontainers.image.vendor": "Acme"})
    pusher.image("library/redis", "7", salt="redis")


def push_hostile(pusher):
    name = "hostile/everything"
    labels = {f"{TEXTS[n % 7]}{n}": TEXTS[n % 7] if n % 200 else TEXTS[7] for n in range(N_LABELS)}
    labels["org.opencontainers.image.title"], labels["org.opencontainers.image.description"] = TEXTS[0], TEXTS[7]
    layer = pusher.blob(name, b"layer", OCI_LAYER)
    history = [{"created": "2024-05-01T10:00:00Z", "created_by": TEXTS[n % 7] if n != 100 else TEXTS[7]}
               for n in range(N_LAYERS)]
    config = {"os": "linux", "architecture": TEXTS[0], "variant": TEXTS[4], "author": TEXTS[1], "history": history,
              "config": {"Labels": labels, "Env": [f"A={text}" for text in TEXTS], "Cmd": TEXTS, "User": TEXTS[5],
                         "WorkingDir": TEXTS[4], "ExposedPorts": {TEXTS[1]: {}}, "Volumes": {TEXTS[3]: {}}},
              "rootfs": {"type": "layers", "diff_ids": [layer["digest"]] * N_LAYERS}}
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": pusher.blob(name, config, OCI_CONFIG),
                "layers": [layer] * N_LAYERS, "annotations": {text[:200]: text[:2000] for text in TEXTS}}
    return pusher.manifest(name, manifest, OCI_MANIFEST, "latest", *[f"t{n}" for n in range(N_TAGS)])


@pytest.fixture(scope="module")
def site(stack):
    pusher = Pusher(stack.registry.url)
    push_ordinary(pusher, stack.reader)
    stack.hostile = push_hostile(pusher)["digest"]
    pusher.image("zz/last", "1.0", salt="last")
    stack.writer.wait_until_settled()
    wait_for(lambda: stack.reader.get("/r/zz/last").status_code == 200, "the reader to see all of it")
    return stack


class Visitor:
    def __init__(self, browser, site):
        self.browser, self.driver, self.url = browser, browser.driver, site.reader.url
        browser.look()
        self.open("/")

    def open(self, path):
        self.browser.open(self.url + path)
        return self

    @property
    def path(self):
        return self.driver.current_url[len(self.url):]

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, selector):
        self.wait(lambda: self.driver.find_elements(By.CSS_SELECTOR, selector), selector)
        before = self.path
        self.find(selector).click()
        self.wait(lambda: self.path != before, f"{selector} to lead somewhere")
        return self

    def wait(self, condition, what):
        WebDriverWait(self.driver, 60).until(lambda _: condition(), what)

    def text(self):
        return self.find("main").text


@pytest.fixture
def visitor(browser, site):
    one = Visitor(browser, site)
    yield one
    assert browser.run("return window.broken") is None
    assert not [c for c in browser.complaints() if "404" not in c["message"] and "400" not in c["message"]]


def test_a_developer_finds_an_image_and_how_to_pull_it(visitor):
    visitor.find("#q").send_keys("postgres", Keys.ENTER)
    visitor.wait(lambda: visitor.path.startswith("/search?q=postgres"), "the search")
    first = visitor.find(".results a")
    assert first.text == NAME and visitor.find(".results mark").text == "postgres"
    visitor.click(".results a")
    assert visitor.path == f"/r/{NAME}"
    rows = [row.text for row in visitor.driver.find_elements(By.CSS_SELECTOR, "tbody tr")][:3]
    assert [row.split()[0] for row in rows] == ["17.10", "17.2", "16.1"], "the newest first, as versions count"
    assert "17.10 = latest" in rows[0]
    visitor.click("tbody a")
    assert "Index of 2 platforms" in visitor.text()
    visitor.driver.find_element(By.LINK_TEXT, "linux/arm64").click()
    visitor.wait(lambda: "Image for linux/arm64" in visitor.text(), "the platform's image")
    assert "docker pull" in visitor.text() and "@sha256:" in visitor.find(".command code").text


def test_suggestions_are_taken_by_keyboard(visitor):
    box = visitor.find("#q")
    # One change, and so one question: between keys of their own the script may ask, and answers come while we choose.
    visitor.browser.run("""arguments[0].focus();
        arguments[0].value = 'postg';
        arguments[0].dispatchEvent(new Event('input', {bubbles: true}))""", box)
    visitor.wait(lambda: box.get_attribute("aria-expanded") == "true", "suggestions")
    assert not box.get_attribute("aria-activedescendant")
    box.send_keys(Keys.ARROW_DOWN)
    chosen = visitor.find(f"#{box.get_attribute('aria-activedescendant')}")
    assert chosen.text == NAME and chosen.get_attribute("aria-selected") == "true"
    box.send_keys(Keys.ESCAPE)
    assert box.get_attribute("aria-expanded") == "false" and visitor.path == "/"
    box.send_keys("r")
    visitor.wait(lambda: box.get_attribute("aria-expanded") == "true", "suggestions")
    box.send_keys(Keys.ARROW_UP, Keys.ENTER)
    visitor.wait(lambda: visitor.path == f"/r/{NAME}", "the suggestion's page")


def test_filters_are_added_and_taken_away(visitor):
    visitor.open("/search?q=label:org.opencontainers.image.vendor=Acme")
    assert NAME in visitor.text() and "team/web" in visitor.text()
    facet = [a for a in visitor.driver.find_elements(By.CSS_SELECTOR, ".facet a") if a.text == "amd64"][0]
    facet.click()
    visitor.wait(lambda: "arch:amd64" in visitor.path, "the filter")
    assert len(visitor.driver.find_elements(By.CSS_SELECTOR, ".chip")) == 2
    visitor.click(".chip")
    assert visitor.path == "/search?q=arch:amd64"
    visitor.driver.back()
    assert len(visitor.driver.find_elements(By.CSS_SELECTOR, ".chip")) == 2


def test_lists_are_sorted_by_their_heads(visitor):
    visitor.open("/r/?all=1")
    visitor.driver.find_element(By.LINK_TEXT, "Tags").click()
    visitor.wait(lambda: "sort=-tags" in visitor.path, "the order")
    assert "hostile" in visitor.find("tbody tr").text
    assert visitor.find("th[aria-sort]").get_attribute("aria-sort") == "descending"
    visitor.click("th[aria-sort] a")
    assert visitor.find("th[aria-sort]").get_attribute("aria-sort") == "ascending"


def test_what_changed_is_one_click_away(visitor):
    visitor.open(f"/r/{NAME}/-/latest")
    links = visitor.driver.find_elements(By.LINK_TEXT, "What changed")
    assert len(links) == 2, "latest moved twice"
    links[0].click()
    visitor.wait(lambda: visitor.path.startswith("/compare?"), "the comparison")
    assert "2 platforms differ" in visitor.text()
    before = visitor.path
    visitor.driver.find_element(By.LINK_TEXT, "Swap").click()
    visitor.wait(lambda: visitor.path != before, "the swapped comparison")


PATHS = ["/", "/r/", f"/r/{NAME}", f"/r/{NAME}/-/17.2", "/search?q=postgres", "/search?q=nosuch", "/stats", "/help",
         f"/compare?a={NAME}:16.1&b={NAME}:17.2", "/r/no/such/thing"]
HOSTILE = ["/", "/r/", "/r/hostile/", "/r/hostile/everything", "/r/hostile/everything?sort=name", "/stats",
           "/r/hostile/everything/-/latest", "/search?q=script", "/search?q=is:image",
           "/compare?a=hostile/everything:latest&b=team/web:1.0",
           "/search?q=%22%3E%3Cscript%3Ewindow.broken=1%3C/script%3E", "/r/%3Cscript%3E", "/compare?a=%22%3E%3Cimg"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible(visitor, axe, path, theme):
    visitor.browser.look(theme=theme)
    visitor.open(path)
    found = violations(visitor.browser, axe)
    assert not found, found


@pytest.mark.parametrize("path", HOSTILE)
def test_nothing_foreign_runs_or_overflows(visitor, path):
    for width in (360, 1280):
        visitor.browser.look(width=width)
        visitor.open(path)
        assert visitor.browser.run("return document.documentElement.scrollWidth") <= width
        assert visitor.browser.run("return document.querySelectorAll('script').length") == 1
        assert visitor.browser.run("return document.querySelectorAll('img, [style], [onerror]').length") == 0


def test_nothing_is_cut_without_saying_so(visitor):
    visitor.open("/r/hostile/everything/-/latest")
    page = visitor.find("main").get_attribute("textContent")
    assert f"{N_LAYERS} layers" in page
    rows = visitor.browser.run("return document.querySelector('#labels-table').closest('table').tBodies[0].rows.length")
    assert rows >= N_LABELS, "all labels, and the annotations"
    assert "more bytes)" in page, "a word of 64 KiB is cut, and that is said"


def test_everything_works_without_javascript(site):
    import browser as chromium
    one = chromium.Browser(javascript=False)
    try:
        visitor = Visitor(one, site)
        visitor.find("#q").send_keys("postgres", Keys.ENTER)
        visitor.wait(lambda: visitor.path == "/search?q=postgres", "the search")
        visitor.click(".results a")
        visitor.find("#filter").send_keys("17.*", Keys.ENTER)
        visitor.wait(lambda: "q=17.*" in visitor.path, "the filter")
        assert "2 tags like 17.*" in visitor.text()
    finally:
        one.close()
