# SPDX-License-Identifier: Apache-2.0
"""An upgrade that changes what is prepared for readers: documents are made again from what is stored."""
import json

from fake import FakeRegistry
from harness import Reader, Writer, query, wait_for
from images import OCI_INDEX, OCI_MANIFEST

AGE = """
    UPDATE manifest SET document = '"Digest":"old"', document_version = 0;
    UPDATE config SET document = '"os":"old"', document_version = 0;
    UPDATE state SET document_version = 0
"""


def put_content(fake):
    for number in range(150):  # several batches
        fake.put("app", f"t{number}", os="linux", labels={"n": str(number)})
    child = fake.put("app", "child", labels={"of": "index"})
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX,
                       "manifests": [{"mediaType": OCI_MANIFEST, "digest": child, "size": 1}]})
    fake.do(put_manifest={"repository": "app", "tag": "index", "type": OCI_INDEX, "body": body})
    fake.put("other", "unreadable", labels={"x": "y"})


def answers(reader):
    return [reader.json("/index/static", params={"repository": "app"}),
            reader.json("/api/v1/repositories/app/-/manifests/child")["image"]]


def test_old_documents_are_made_again_without_the_registry(postgres, tmp_path):
    fake = FakeRegistry(tmp_path).start()
    put_content(fake)
    database = postgres.new_database()
    writer = Writer(tmp_path, database, fake.url, interval={"fetch_all": 0})
    reader = Reader(tmp_path, database, fake.url)
    assert writer.run_scan().returncode == 0
    fake.stop()
    try:
        made = answers(reader.start())
        reader.terminate()
        query(database, AGE)
        query(database, "UPDATE manifest SET raw = 'no JSON' "
                        "WHERE id = (SELECT manifest_id FROM tag WHERE name = 'unreadable')")
        generation, = query(database, "SELECT generation FROM state")[0]
        assert answers(reader.start()) != made
        writer.start()
        wait_for(lambda: answers(reader) == made, "documents made again")
        wait_for(lambda: query(database, "SELECT document_version > 0 FROM state") == [(True,)], "the end")
        assert query(database, "SELECT generation FROM state")[0][0] == generation + 1, "readers must hear of it"
        kept = query(database, "SELECT document FROM manifest WHERE document_version = 0 AND raw IS NOT NULL")
        assert kept == [('"Digest":"old"',)], "what this version cannot read keeps what it has"
    finally:
        reader.terminate()
        writer.terminate()
