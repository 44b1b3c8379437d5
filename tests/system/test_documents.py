# SPDX-License-Identifier: Apache-2.0
"""An upgrade that changes what is prepared for readers: documents are made again from what is stored."""
import json
import subprocess
import threading
from pathlib import Path

import sboms
from fake import FakeRegistry
from harness import Reader, Writer, assert_as_scanned, query, wait_for
from images import OCI_INDEX, OCI_MANIFEST, digest_of

STORE = Path(__file__).resolve().parents[1] / "component/store"

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
    database = postgres.new_database(empty=True)
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

        # A writer made them and was killed before the end: the next one counts, and tells readers.
        images, = query(database, "SELECT images FROM state")[0]
        writer.kill()
        query(database, "UPDATE state SET document_version = 1, images = 0")
        generation, = query(database, "SELECT generation FROM state")[0]
        writer.start()
        wait_for(lambda: query(database, "SELECT document_version > 1 FROM state") == [(True,)], "the end")
        assert query(database, "SELECT images, generation FROM state") == [(images, generation + 1)]
    finally:
        reader.terminate()
        writer.terminate()


# ---- From schema 1 ----

SECRET_CONFIG = json.dumps({"os": "linux", "architecture": "riscv64", "created": "2024-05-01T12:00:00Z",
                            "config": {"Labels": {"is": "secret"}}, "rootfs": {"type": "layers", "diff_ids": []}})


def load_schema_1(postgres):
    database = postgres.new_database(empty=True)
    with open(STORE / "schema_1.sql", "rb") as dump:
        subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", database], stdin=dump, check=True, capture_output=True)
    return database


def fill_from(fake, database):
    """The registry has what the database knows."""
    for name, media_type, raw in query(database, (
            "SELECT r.name, m.media_type, m.raw FROM repository_manifest h JOIN repository r ON r.id = h.repository_id "
            "JOIN manifest m ON m.id = h.manifest_id WHERE m.raw IS NOT NULL AND h.unreadable IS NULL")):
        fake.do(put_manifest={"repository": name, "type": media_type, "body": bytes(raw).decode()})
    for name, raw in query(database, ("SELECT DISTINCT r.name, c.raw FROM repository r, config c "
                                      "WHERE c.raw IS NOT NULL AND r.deleted_at IS NULL")):
        fake.do(put_blob={"repository": name, "body": bytes(raw).decode()})
    for name, tag, digest in query(database, (
            "SELECT r.name, t.name, 'sha256:' || encode(substr(m.digest, 2), 'hex') FROM tag t "
            "JOIN repository r ON r.id = t.repository_id JOIN manifest m ON m.id = t.manifest_id")):
        fake.do(tag={"repository": name, "tag": tag, "digest": digest})
    fake.do(put_manifest={"repository": "app/web", "type": OCI_MANIFEST, "body": "{}"})  # app/web:broken


def test_contents_of_schema_1_become_as_if_read_by_this_version(postgres, tmp_path):
    """Encrypted images were artifacts, titles of indexes were those of images, entries had no variants …"""
    database = load_schema_1(postgres)
    fake = FakeRegistry(tmp_path).start()
    fill_from(fake, database)
    writer = Writer(tmp_path, database, fake.url, interval={"fetch_all": 0})
    kinds = ("SELECT t.name, m.kind, m.architecture FROM tag t JOIN repository r ON r.id = t.repository_id "
             "JOIN manifest m ON m.id = t.manifest_id WHERE r.name = 'app/secret' ORDER BY 1")
    try:
        fake.fault("blobs", kind="status", status=503)  # it is away when the program is upgraded
        writer.start()
        wait_for(lambda: query(database, kinds) == [("fetched", "artifact", None), ("stored", "image", "amd64")],
                 "what needs no registry")
        assert query(database, "SELECT document_version FROM state") == [(1,)], "a part is still to be done"
        writer.kill()
        fake.do(clear_faults=True)
        fake.do(put_blob={"repository": "app/secret", "body": SECRET_CONFIG})
        writer.start()
        wait_for(lambda: query(database, "SELECT document_version FROM state") != [(1,)], "the end")
        assert query(database, kinds) == [("fetched", "image", "riscv64"), ("stored", "image", "amd64")]
        asked = [request["path"] for request in fake.asked() if "/manifests/" in request["path"]]
        assert not asked, "manifests are stored"
        assert_as_scanned(database, postgres, fake.url, tmp_path)
        query(database, (STORE / "store_recount.sql").read_text().replace("%", "%%"))
        assert [line for line, in query(database, "SELECT recount()") if not line.startswith("generation")] == []
    finally:
        writer.kill()
        fake.stop()


class Asking:
    """Asks a reader one question after the other in the meantime; every answer must be one."""

    def __init__(self, reader, path):
        self.reader, self.path, self.statuses, self.is_over = reader, path, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.is_over.wait(0.02):
            self.statuses.append(self.reader.get(self.path).status_code)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.is_over.set()
        self.thread.join()
        return False


def give_an_sbom(fake, database, packages):
    """The artifact of SPDX's type that schema 1 knows gets a document."""
    document = json.dumps(sboms.spdx(packages))
    (number, raw), = query(database, "SELECT id, raw FROM manifest WHERE artifact_type = 'application/spdx+json'")
    value = json.loads(bytes(raw))
    value["layers"] = [{"mediaType": sboms.SPDX, "digest": digest_of(document.encode()), "size": len(document)}]
    body = json.dumps(value).encode()
    query(database, "UPDATE manifest SET raw = %s, size = %s, digest = decode(%s, 'hex') WHERE id = %s", body, len(body),
          "01" + digest_of(body).removeprefix("sha256:"), number)
    fake.do(put_blob={"repository": "app/web", "body": document})
    return value["subject"]["digest"]


def test_schema_1_gets_chains_and_packages_while_readers_answer(postgres, tmp_path):
    """Killed when the chains are there and the packages are not; the next writer goes on from there."""
    database = load_schema_1(postgres)
    fake = FakeRegistry(tmp_path).start()
    image = give_an_sbom(fake, database, [("libc6", "2.36", "pkg:deb/debian/libc6@2.36"), ("bare", None, None)])
    fill_from(fake, database)
    writer, reader = Writer(tmp_path, database, fake.url, interval={"fetch_all": 0}), Reader(tmp_path, database, fake.url)
    path = f"/api/v1/repositories/app/web/-/manifests/{image}"
    try:
        fake.fault("blobs", kind="status", status=503)
        writer.start()
        reader.start()
        with Asking(reader, path) as asking:
            wait_for(lambda: reader.json(path).get("base"), "what it is built on")
            wait_for(lambda: query(database, "SELECT count(*) FROM sbom_source WHERE attempts > 0") != [(0,)], "a first try")
            told = reader.json(path)
            assert told["base"]["tag"] == "odd" and told["packages"] is None
            assert query(database, "SELECT document_version FROM state") == [(1,)], "a part is still to be done"
            writer.kill()
            fake.do(clear_faults=True)
            fake.do(put_blob={"repository": "app/secret", "body": SECRET_CONFIG})
            writer.start()
            wait_for(lambda: reader.json(path)["packages"] is not None, "its packages")
            wait_for(lambda: query(database, "SELECT document_version FROM state") != [(1,)], "the end")
        assert set(asking.statuses) == {200} and len(asking.statuses) > 10
        told = reader.json(path)
        assert told["packages"] == {"total": 2, "by_type": {"deb": 1, "unknown": 1}, "source": "referrer"} and told["sbom"] is True
        found = reader.json("/api/v1/packages/images?name=libc6")["images"]
        assert [row["digest"] for row in found] == [image]
    finally:
        reader.terminate()
        writer.kill()
        fake.stop()
