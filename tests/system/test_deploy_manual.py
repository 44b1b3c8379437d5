# SPDX-License-Identifier: Apache-2.0
"""The man pages: made from the program's tables, without a fault that mandoc finds, true to what the programs say."""
import re
import subprocess

import pytest

from harness import BUILD

PAGES = ["metastore.yaml.5", "metastore-writer.8", "metastore-reader.8"]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("page", PAGES)
def test_mandoc_finds_no_fault(page):
    done = subprocess.run(["mandoc", "-Tlint", "-Wstyle", BUILD / "deploy" / page], capture_output=True, text=True)
    # Pages that this one refers to need not be installed where this runs.
    faults = [line for line in (done.stdout + done.stderr).splitlines()
              if "mandoc.db" not in line and "referenced manual not found" not in line]
    assert faults == []


@pytest.mark.parametrize("program", ["writer", "reader"])
def test_the_page_has_the_options_of_the_program(program):
    name = f"metastore-{program}"
    known = set(re.findall(r"--([a-z-]+)", run(BUILD / program / name, "--help")))
    page = (BUILD / "deploy" / f"{name}.8").read_text()
    described = set(re.findall(r"^\.It Fl \\-([a-z-]+)", page, re.MULTILINE))
    assert described | {"version", "help"} == known | {"version", "help"}
    assert described == set(re.findall(r"Fl \\-([a-z-]+)", page.split(".Sh DESCRIPTION")[0]))


def test_the_configuration_page_has_every_key():
    page = run("mandoc", "-Tutf8", BUILD / "deploy" / "metastore.yaml.5")
    keys = re.findall(r"^\| `([a-z_.]+)` \|", (BUILD / "deploy" / "manual.md").read_text().split("\n## ")[1],
                      re.MULTILINE)
    assert len(keys) > 40
    plain = re.sub(r".\x08", "", page)
    assert [key for key in keys if not re.search(rf"^ +{re.escape(key)}$", plain, re.MULTILINE)] == []


@pytest.mark.parametrize("program", ["writer", "reader"])
def test_a_program_page_has_its_metrics(program):
    page = (BUILD / "deploy" / f"metastore-{program}.8").read_text()
    rows = re.findall(r"^\| `(metastore_\w+)[^|]*\| \w+ \| (\w+) \|", (BUILD / "deploy" / "manual.md").read_text(), re.MULTILINE)
    expected = [name for name, of in rows if of in (program, "both")]
    assert re.findall(r'^\.It Ic "(metastore_\w+)', page, re.MULTILINE) == expected and expected
