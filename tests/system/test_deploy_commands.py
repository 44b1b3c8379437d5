# SPDX-License-Identifier: Apache-2.0
"""The commands of deploy/ tell how they are used, and do nothing when they are misused. The guide's configuration is sound."""
import re
import subprocess

import pytest
import yaml

from harness import BUILD, ROOT, WAIT_SECONDS

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


def test_who_follows_the_guide_opens_nothing_beside_the_proxy(tmp_path):
    text = re.search(r"```yaml\n(registry:.*?)```", (ROOT / "deploy/README.md").read_text(), re.DOTALL)[1]
    (tmp_path / "config.yaml").write_text(text)
    for program in ("writer", "reader"):
        done = subprocess.run([BUILD / program / f"metastore-{program}", "--config", tmp_path / "config.yaml", "--check-config"],
                              capture_output=True, text=True, timeout=WAIT_SECONDS)
        assert done.returncode == 0, done.stderr
        assert yaml.safe_load(text)[program]["listen"].startswith("127.0.0.1:")
