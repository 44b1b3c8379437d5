# SPDX-License-Identifier: Apache-2.0
"""The script's comfort: keys, the theme, copying; and the pages without it."""
import pytest
from selenium.webdriver.common.keys import Keys

import browser as chromium


def press(browser, *keys):
    browser.driver.switch_to.active_element.send_keys(*keys)


@pytest.fixture
def page(browser, preview):
    browser.look()
    browser.open(f"{preview[1]}/large-repository.html")
    return browser


def focused(browser):
    return browser.run("return document.activeElement.id")


@pytest.mark.parametrize("key", ["/", "s"])
def test_a_key_leads_to_the_search(page, key):
    press(page, key)
    assert focused(page) == "q"
    assert page.run("return document.getElementById('q').value") == ""


def test_no_key_works_within_a_field(page):
    field = page.driver.find_element("id", "filter")
    field.send_keys("s/?")
    assert focused(page) == "filter" and field.get_property("value") == "s/?"
    assert page.run("return document.querySelector('dialog')") is None


def test_no_key_works_with_a_modifier(page):
    press(page, Keys.CONTROL, "s")
    press(page, Keys.ALT, "/")
    assert focused(page) != "q"


def test_the_keys_are_told(page):
    press(page, "?")
    assert page.run("return document.querySelector('dialog').open")
    press(page, Keys.ESCAPE)
    assert not page.run("return document.querySelector('dialog').open")


def test_the_theme_is_kept(page):
    button = page.driver.find_element("id", "theme")
    background = "return getComputedStyle(document.body).backgroundColor"
    light = page.run(background)
    button.click()
    button.click()
    assert button.text.lower() == "dark" and page.run(background) != light
    page.driver.refresh()
    assert page.run("return document.documentElement.dataset.theme") == "dark" and page.run(background) != light
    page.driver.find_element("id", "theme").click()
    assert page.run("return document.documentElement.dataset.theme ?? null") is None


def test_commands_and_digests_are_copied(page):
    origin = page.run("return location.origin")
    page.command("Browser.grantPermissions", origin=origin,
                 permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.driver.find_element("css selector", ".command .copy").click()
    read = "navigator.clipboard.readText().then(arguments[0], (e) => arguments[0](String(e)))"
    assert page.driver.execute_async_script(read) == f"flatpak remote-add --if-not-exists apps oci+{origin}"
    page.driver.find_element("css selector", ".digest .copy").click()
    digest = page.driver.execute_async_script(read)
    assert digest.startswith("sha256:") and len(digest) == 7 + 64


@pytest.mark.parametrize("name,host", [("large-repository", "registry.example.com"), ("hostile-repository", None)])
def test_commands_name_the_registry(browser, preview, name, host):
    """Where its address is that of the pages, only the browser knows it."""
    browser.look()
    browser.open(f"{preview[1]}/{name}.html")
    host = host or browser.run("return location.host")
    commands = [code.text for code in browser.driver.find_elements("css selector", ".command code")]
    pulls = [command for command in commands if command.startswith("docker pull ")]
    assert pulls and all(command.startswith(f"docker pull {host}/") for command in pulls), commands


def test_the_skip_link_is_first(page):
    press(page, Keys.TAB)
    assert page.run("return document.activeElement.className") == "skip"
    press(page, Keys.ENTER)
    assert focused(page) == "content"


def test_focus_can_be_seen(page):
    press(page, Keys.TAB, Keys.TAB)
    assert page.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.run("return getComputedStyle(document.activeElement).outlineWidth") == "2px"


def test_everything_is_there_without_the_script(preview):
    without = chromium.Browser(javascript=False)
    try:
        without.look()
        without.open(f"{preview[1]}/large-repository.html")
        find = without.driver.find_elements
        assert not [b for b in find("css selector", "#theme, .copy") if b.is_displayed()]
        assert find("css selector", "form[action='/search'][method=get] input[name=q]")
        assert find("css selector", "details > summary")
        assert "$METASTORE" in without.driver.page_source
    finally:
        without.close()
