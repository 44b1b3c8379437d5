# SPDX-License-Identifier: Apache-2.0
"""The script's comfort: keys, the theme, copying; and the pages without it."""
import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

import browser as chromium

HANG_SECONDS = 120


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


class Suggester:
    """The search field of a page whose questions for suggestions the test answers, when it likes."""

    def __init__(self, page):
        self.page, self.box = page, page.driver.find_element("id", "q")
        page.run("""window.asked = [];
            window.fetch = (url) => new Promise((resolve) => asked.push((names) => resolve(
                {ok: true, json: async () => ({suggestions: names.map((name) => ({name}))})})));""")

    def enter(self, text, *keys):
        """The text at once, as one change, and the keys before anything can be asked."""
        self.page.run("""const [box, text, keys] = arguments;
            box.focus();
            box.value = text;
            box.dispatchEvent(new Event("input", {bubbles: true}));
            for (const key of keys) box.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));""",
                      self.box, text, keys)

    def wait_for_question(self, number):
        WebDriverWait(self.page.driver, HANG_SECONDS).until(
            lambda _: self.page.run("return asked.length") == number + 1, f"question {number}")

    def answer(self, number, *names):
        """Returns when the script has seen it."""
        self.page.driver.execute_async_script("asked[arguments[0]](arguments[1]); setTimeout(arguments[2])", number, names)

    def ask(self, number, text, *names):
        self.enter(text)
        self.wait_for_question(number)
        self.answer(number, *names)
        assert self.is_open

    @property
    def is_open(self):
        return self.box.get_attribute("aria-expanded") == "true"

    @property
    def chosen(self):
        return self.page.run("""const option = document.getElementById(arguments[0].getAttribute("aria-activedescendant"));
            return option && option.getAttribute("aria-selected") === "true" ? option.textContent : null""", self.box)


@pytest.fixture
def suggester(page):
    return Suggester(page)


def test_a_late_answer_does_not_open_what_was_closed(suggester):
    suggester.ask(0, "po", "team/port")
    suggester.enter("pos")
    suggester.wait_for_question(1)
    suggester.box.send_keys(Keys.ESCAPE)
    suggester.answer(1, "team/post")
    assert not suggester.is_open


def test_a_late_answer_does_not_open_what_was_refused_before_it_came(suggester):
    suggester.enter("po")
    suggester.wait_for_question(0)
    suggester.enter("po", "Escape")  # not the key itself, which empties the field as well
    suggester.answer(0, "team/port")
    assert not suggester.is_open


def test_a_late_answer_does_not_take_a_choice_away(suggester):
    suggester.ask(0, "po", "team/port", "team/post")
    suggester.enter("pos")
    suggester.wait_for_question(1)
    suggester.box.send_keys(Keys.ARROW_DOWN)
    suggester.answer(1, "team/post")
    assert suggester.is_open and suggester.chosen == "team/port"
    suggester.ask(2, "post", "team/post")
    assert suggester.chosen is None, "what is typed after a choice is asked again"


def test_who_types_on_has_chosen_nothing(suggester):
    suggester.ask(0, "po", "team/port", "team/post")
    suggester.box.send_keys(Keys.ARROW_DOWN)
    assert suggester.chosen == "team/port"
    suggester.enter("posx")
    assert suggester.chosen is None, "Enter would open it"


def test_who_comes_back_from_the_list_is_asked_for_again(suggester):
    suggester.ask(0, "po", "team/port")
    suggester.enter("pos", "ArrowDown", "ArrowDown")
    suggester.wait_for_question(1)
    suggester.answer(1, "team/post")
    assert suggester.is_open and suggester.chosen is None


@pytest.mark.parametrize("key", ["Escape", "ArrowDown"])
def test_what_a_key_ends_is_not_asked(suggester, key):
    suggester.ask(0, "po", "team/port")
    suggester.enter("pos", key)
    # One that waits longer than the script does before it asks; timers end in their order, however slow it all is.
    suggester.page.driver.execute_async_script("setTimeout(arguments[0], 200)")
    assert suggester.page.run("return asked.length") == 1


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
