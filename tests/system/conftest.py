# SPDX-License-Identifier: Apache-2.0
"""Fixtures: one PostgreSQL for the run, a stack of fresh processes for whoever asks for one."""
import os
import shutil
import tempfile

import pytest

import harness

os.environ["PGSSLMODE"] = "disable"  # TLS takes longer than a query; what is about it unsets this
NO_REGISTRY = "http://registry.test"  # readers never ask it
# Files are given out whole, one after the other: a long one that begins late runs on alone. The longest first.
LONGEST = [f"test_{name}.py" for name in ("scan", "faults", "plans", "events", "rest", "random", "leader", "outage",
                                          "faults_real", "registry_access", "documents", "standby")]


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def postgres():
    directory = tempfile.mkdtemp(prefix="ms-sys-", dir="/tmp")  # short: a Unix socket lies in it
    server = harness.Postgres(directory)
    yield server
    server.remove()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def make_stack(postgres, tmp_path):
    """make_stack(**configurations) → a Stack that is not started yet; stopped at the end."""
    stacks = []

    def make(writer=None, reader=None):
        stack = harness.Stack(tmp_path / f"stack{len(stacks)}", postgres, writer, reader)
        stacks.append(stack)
        return stack

    yield make
    for stack in stacks:
        statuses = stack.stop()
        assert all(status in (0, None) for status in statuses.values()), (statuses, stack.writer.log()[-3000:])


@pytest.fixture
def stack(make_stack):
    return make_stack().start()


@pytest.fixture(scope="module")
def module_stack(postgres, tmp_path_factory):
    """For tests that only read: started once a module."""
    stack = harness.Stack(tmp_path_factory.mktemp("stack"), postgres).start()
    yield stack
    statuses = stack.stop()
    assert all(status == 0 for status in statuses.values()), statuses


@pytest.fixture
def make_reader(tmp_path):
    """make_reader(uri, **sections) → a running Reader that no writer stands beside."""
    readers = []

    def make(uri, **sections):
        reader = harness.Reader(tmp_path, uri, NO_REGISTRY, name=f"reader{len(readers)}", **sections)
        readers.append(reader)
        return reader.launch()

    yield make
    for reader in readers:
        assert reader.terminate() == 0
        assert "Sanitizer" not in reader.log() and "runtime error" not in reader.log(), reader.log()[-4000:]
