# SPDX-License-Identifier: Apache-2.0
"""What a screen reader is told of a page, compared with what was looked at once: golden/*.txt. After a wanted change:
METASTORE_GOLDEN=write python3 -m pytest tests/browser/test_trees.py, and look at the difference."""
import os
import re
from pathlib import Path

import pytest
from selenium.webdriver.support.ui import WebDriverWait

GOLDEN = Path(__file__).resolve().parent / "golden"
HANG_SECONDS = 120
# What says nothing beside its content.
PLAIN = {"none", "generic", "InlineTextBox", "StaticText", "LineBreak", "paragraph", "emphasis", "code", "RootWebArea"}
STATES = ("expanded", "pressed", "level", "sort", "hasPopup", "autocomplete")


def complete_nodes(browser):
    """The browser builds the tree some time after the page has loaded: it is complete when the page's last landmark is in
    it and reading it again gives the same."""
    read = {"nodes": None}

    def settled(_):
        before, read["nodes"] = read["nodes"], browser.command("Accessibility.getFullAXTree")["nodes"]
        ends = any(n.get("role", {}).get("value") == "contentinfo" for n in read["nodes"])
        return ends and read["nodes"] == before

    WebDriverWait(browser.driver, HANG_SECONDS, poll_frequency=0.05).until(settled, "a complete accessibility tree")
    return read["nodes"]


def tree(browser):
    nodes = complete_nodes(browser)
    by_id, lines = {node["nodeId"]: node for node in nodes}, []

    def walk(node, depth):
        role, name = node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")
        shown = not node["ignored"] and role not in PLAIN
        if shown:
            states = [f"{p['name']}={p['value'].get('value')}" for p in node.get("properties", ()) if p["name"] in STATES]
            lines.append("  " * depth + " ".join([role, repr(name), *states]))
        for child in node.get("childIds", ()):
            if child in by_id:
                walk(by_id[child], depth + shown)

    walk(nodes[0], 0)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", "\n".join(lines)) + "\n"


@pytest.mark.parametrize("name", ["small-home", "small-search", "small-repository", "small-index", "small-compare"])
def test_a_screen_reader_is_told_the_same(browser, preview, name):
    browser.look()
    browser.open(f"{preview[1]}/{name}.html")
    found, golden = tree(browser), GOLDEN / f"{name}.txt"
    if os.environ.get("METASTORE_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(found)
    assert found == golden.read_text()
