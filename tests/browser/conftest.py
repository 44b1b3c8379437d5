# SPDX-License-Identifier: Apache-2.0
"""Fixtures: one browser for the run, and the pages with made-up content."""
import shutil
import subprocess
from pathlib import Path

import pytest

import browser as chromium

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def browser():
    one = chromium.Browser()
    yield one
    one.close()


@pytest.fixture(scope="session")
def preview():
    with chromium.preview() as (folder, address):
        yield folder, address


@pytest.fixture(scope="session")
def axe():
    """axe-core's text, installed by npm as the lock file says."""
    script = HERE / "node_modules/axe-core/axe.min.js"
    if not script.exists():
        assert shutil.which("npm"), "npm is missing: it brings axe-core"
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    return script.read_text()
