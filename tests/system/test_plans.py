# SPDX-License-Identifier: Apache-2.0
"""What the readers' statements cost on a large registry, generated into a database."""
import json
import subprocess

import psycopg2
import pytest

from harness import ROOT, SUPPORT, query

RECOUNT = ROOT / "tests" / "component" / "store_recount.sql"


def generate(database, **sizes):
    options = [text for name, size in sizes.items() for text in (f"--{name}", str(size))]
    done = subprocess.run([SUPPORT / "generate_database", database, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return database


@pytest.fixture(scope="module")
def small(postgres):
    return generate(postgres.new_database(), repositories=60, manifests=900, tags=4000, largest=500)


def test_what_is_generated_counts_as_the_writer_counts(small):
    with psycopg2.connect(small) as connection, connection.cursor() as cursor:
        cursor.execute(RECOUNT.read_text())
        cursor.execute("SELECT recount() LIMIT 5")
        assert cursor.fetchall() == []


def test_what_is_generated_has_real_digests_and_documents(small):
    manifests = query(small, "SELECT digest = '\\x01' || sha256(raw) AND length(raw) = size,"
                             " convert_from(raw, 'UTF8'), document, kind FROM manifest")
    assert len(manifests) == 900 and {kind for *_, kind in manifests} == {"image", "index", "artifact"}
    for is_right, raw, document, kind in manifests:
        assert is_right and json.loads(raw)["schemaVersion"] == 2
        assert kind == "artifact" or json.loads("{%s}" % document)["Digest"]
    for document, in query(small, "SELECT document FROM config WHERE raw IS NOT NULL"):
        assert json.loads("{%s}" % document)["labels"]
