# SPDX-License-Identifier: Apache-2.0
"""The commands of deploy/ tell how they are used, and do nothing when they are misused."""
import subprocess

import pytest

from harness import ROOT, WAIT_SECONDS

COMMANDS = ["make-packages", "make-spdx", "test-packages", "compose/prepare"]


def run(command, *options, cwd):
    return subprocess.run([ROOT / "deploy" / command, *options], capture_output=True, text=True, timeout=WAIT_SECONDS, cwd=cwd)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_the_usage(command, tmp_path):
    answer = run(command, "--help", cwd=tmp_path)
    assert answer.returncode == 0 and command in answer.stdout
    misused = run(command, "--no-such-option", cwd=tmp_path)
    assert misused.returncode == 2 and "--help" in misused.stderr
    assert list(tmp_path.iterdir()) == []


def test_packages_are_wanted_before_a_root_is_made(tmp_path):
    answer = run("test-packages", tmp_path, cwd=tmp_path)
    assert answer.returncode == 2 and "three packages" in answer.stderr
