# SPDX-License-Identifier: Apache-2.0
"""The units of deploy/systemd, by systemd's own judgement: no fault, and little that they could do if taken over."""
import shutil
import subprocess

import pytest

from harness import BUILD, ROOT

SYSTEMD = ROOT / "deploy" / "systemd"
EXPOSURE_MAX = 20  # of 100


@pytest.fixture
def units(tmp_path):
    """As they stand, but for the place of the programs; with the drop-in for secrets."""
    for program in ("writer", "reader"):
        text = (SYSTEMD / f"metastore-{program}.service").read_text()
        name = f"metastore-{program}"
        assert f"ExecStart={name}\n" in text
        (tmp_path / f"{name}.service").write_text(text.replace(f"ExecStart={name}\n", f"ExecStart={BUILD}/{program}/{name}\n"))
    drop_in = tmp_path / "metastore-writer.service.d"
    drop_in.mkdir()
    shutil.copy(SYSTEMD / "credentials.conf", drop_in)
    return tmp_path


@pytest.mark.parametrize("program", ["writer", "reader"])
def test_systemd_finds_no_fault(units, program):
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                           units / f"metastore-{program}.service"], capture_output=True, text=True)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "metastore" in line]
    assert done.returncode == 0 and ours == [], done.stderr


@pytest.mark.parametrize("program", ["writer", "reader"])
def test_little_is_exposed(units, program):
    done = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE_MAX}",
                           units / f"metastore-{program}.service"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_secrets_reach_the_writer_alone(units):
    text = (SYSTEMD / "credentials.conf").read_text()
    assert "Environment=PGPASSFILE=/etc/metastore/writer.pgpass" in text
    assert "LoadCredential=pgpass" not in text, "libpq ignores a credential, which its group may read"
    reader = (SYSTEMD / "metastore-reader.service").read_text()
    assert "Credential" not in reader


def test_a_secret_is_read_from_a_file_that_only_its_user_can_read(tmp_path):
    """As systemd lays it there: mode 0400."""
    token = tmp_path / "events-token"
    token.write_text("7c4fa1\n")
    token.chmod(0o400)
    (tmp_path / "config.yaml").write_text(f"registry:\n  url: http://registry:5000\nevents:\n  token_file: {token}\n")
    done = subprocess.run([BUILD / "writer" / "metastore-writer", "--config", tmp_path / "config.yaml", "--print-config"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and "7c4fa1" not in done.stdout
