# SPDX-License-Identifier: Apache-2.0
"""Every page with made-up content: valid, accessible in every theme, within its width, harmless."""
import re
import subprocess

import pytest

from browser import BUILD

PAGES = ["home", "empty", "repositories", "search", "search-nothing", "search-fault", "repository", "image", "index",
         "compare", "stats", "help", "failure"]
NAMES = [f"{contents}-{page}" for contents in ("small", "large", "hostile") for page in PAGES]
LOOKS = [("light", "no-preference"), ("dark", "no-preference"), ("light", "more"), ("dark", "more")]
PAGE_BYTES_MAX = 60 * 1024
PICTURES, PICTURED = BUILD / "tests/browser/pictures", (360, 1280)  # what it looked like, to be looked at


def violations(browser, axe):
    browser.run(axe)
    found = browser.driver.execute_async_script("""
        const done = arguments[arguments.length - 1];
        axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
                           resultTypes: ['violations']}).then(
            (results) => done(results.violations.map((v) => [v.id, v.nodes.slice(0, 3).map(
                (n) => [n.html.slice(0, 300), n.failureSummary])])), (error) => done([String(error)]));""")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_is_valid_html(preview, name):
    run = subprocess.run(["tidy", "-q", "-e", "--show-info", "no", "--drop-empty-elements", "no",
                          preview[0] / f"{name}.html"], capture_output=True, text=True)
    # tidy 5.6 knows neither <search> nor the label of a group; what it says of unknown attributes is old.
    complaints = [line for line in run.stderr.splitlines()
                  if not re.search(r"proprietary attribute|trimming empty|unescaped & or unknown", line)]
    assert not complaints, complaints[:10]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("hostile")])
@pytest.mark.parametrize("theme,contrast", LOOKS)
def test_is_accessible(browser, preview, axe, name, theme, contrast):
    browser.look(theme=theme, contrast=contrast)
    browser.open(f"{preview[1]}/{name}.html")
    found = violations(browser, axe)
    assert not found, found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [360, 800, 1280, 2560])
def test_does_not_overflow(browser, preview, name, width):
    browser.look(width=width)
    browser.open(f"{preview[1]}/{name}.html")
    assert browser.run("return document.documentElement.scrollWidth") <= width
    if width in PICTURED:
        PICTURES.mkdir(parents=True, exist_ok=True)
        browser.picture(PICTURES / f"{name}-{width}.png")


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("hostile")])
def test_runs_nothing_foreign(browser, preview, name):
    browser.look()
    browser.complaints()  # of the tests before
    browser.open(f"{preview[1]}/{name}.html")
    assert browser.run("return window.broken") is None
    assert browser.run("return document.querySelectorAll('script, img, iframe, style, [style], [onclick], "
                       "[onerror], [onmouseover], base, object, embed').length") == 1  # our own script
    schemes = browser.run("return [...new Set([...document.querySelectorAll('[href], [src], [action]')].map((e) => "
                          "new URL(e.href?.baseVal ?? e.href ?? e.src ?? e.action, location).protocol))]")
    assert set(schemes) <= {"http:", "https:", "data:"}, schemes
    outside = browser.run("return [...document.links].filter((a) => a.host !== location.host).map((a) => a.rel)")
    assert set(outside) <= {"noopener noreferrer nofollow"}
    assert not browser.complaints()


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("hostile")])
def test_is_not_large(preview, name):
    assert (preview[0] / f"{name}.html").stat().st_size <= PAGE_BYTES_MAX


def test_policy_blocks_what_is_injected(browser, preview):
    browser.open(f"{preview[1]}/small-home.html")
    browser.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.broken = 2'}))")
    assert browser.run("return window.broken") is None
    browser.complaints()


def test_rows_are_dense(browser, preview):
    browser.look(width=1280, height=1080)
    browser.open(f"{preview[1]}/small-home.html")
    assert browser.run("return document.querySelector('tbody tr').offsetHeight") in range(30, 35)
    browser.open(f"{preview[1]}/large-search.html")
    assert browser.run("return [...document.querySelectorAll('.results > li')].filter((e) => "
                       "e.getBoundingClientRect().bottom <= 1080).length") >= 12


@pytest.mark.parametrize("name", NAMES)
def test_targets_are_large_enough(browser, preview, name):
    """24 px, or a link within a sentence or alone in a row of a table."""
    browser.look()
    browser.open(f"{preview[1]}/{name}.html")
    small = browser.run("""return [...document.querySelectorAll('button, input, select, summary, nav a, .chip, .facet a')]
        .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 24)
        .map((e) => e.outerHTML.slice(0, 100) + e.getBoundingClientRect().height)""")
    assert not small
