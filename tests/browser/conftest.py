# SPDX-License-Identifier: Apache-2.0
"""Fixtures: one browser for the run, the pages with made-up content, and the real stack."""
import shutil
import tempfile

import pytest

import browser as chromium
import harness


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items):
    """With --dist loadgroup: a test of the pages with made-up content is for whoever has time, those of another file
    are for one process. The stack's come first, since they take longest."""
    for item in items:
        if item.path.name != "test_preview.py":
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    items.sort(key=lambda item: item.path.name != "test_stack.py")


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
    return chromium.installed("axe-core/axe.min.js", "ci").read_text()


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A registry, a writer, a reader and a database, as system tests have them."""
    directory = tempfile.mkdtemp(prefix="ms-br-", dir="/tmp")  # short: a Unix socket lies in it
    postgres = harness.Postgres(directory)
    one = harness.Stack(tmp_path_factory.mktemp("stack"), postgres).start()
    yield one
    statuses = one.stop()
    postgres.remove()
    shutil.rmtree(directory, ignore_errors=True)
    assert all(status == 0 for status in statuses.values()), statuses
