# SPDX-License-Identifier: Apache-2.0
"""The README names every command of the tests, and each one tells how it is used instead of running."""
import re
import subprocess

import pytest

from harness import ROOT, WAIT_SECONDS

COMMANDS = sorted(
    str(path.relative_to(ROOT))
    for folder in ("tests", "tests/bench", "tests/soak", "tests/fuzz")
    for path in (ROOT / folder).iterdir()
    if path.is_file() and path.suffix == "" and path.stat().st_mode & 0o100
)


def run(command, *options):
    return subprocess.run([ROOT / command, *options], capture_output=True, text=True, timeout=WAIT_SECONDS)


def test_the_readme_names_every_command():
    named = re.findall(r"`(tests/(?:bench/|soak/|fuzz/)?[a-z]+)(?= |`)", (ROOT / "README.md").read_text())
    named += re.findall(r"^(tests/run)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(set(named)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_the_usage(command):
    answer = run(command, "--help")
    assert answer.returncode == 0 and command.rsplit("/", 1)[-1] in answer.stdout
    assert run(command, "--no-such-option").returncode == 2
