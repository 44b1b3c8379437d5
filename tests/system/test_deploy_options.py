# SPDX-License-Identifier: Apache-2.0
"""deploy/cmake/MetastoreOptions.cmake on another machine: a compiler without the flags of this one compiles all the same."""
import json
import subprocess

import pytest

from harness import ROOT

COMPILER = """#!/bin/sh
for word; do
    case $word in -fcf-protection*) echo "error: unrecognized command-line option '$word'" >&2; exit 1 ;; esac
done
exec {compiler} "$@"
"""
PROJECT = """
cmake_minimum_required(VERSION 3.18)
project(trial VERSION 1 LANGUAGES C)
include({options})
add_executable(trial trial.c)
"""


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_what_protects_x86_is_left_out_where_it_is_unknown(compiler, tmp_path):
    (tmp_path / "cc").write_text(COMPILER.format(compiler=compiler))
    (tmp_path / "cc").chmod(0o755)
    (tmp_path / "CMakeLists.txt").write_text(PROJECT.format(options=ROOT / "deploy/cmake/MetastoreOptions.cmake"))
    (tmp_path / "trial.c").write_text("int main(void)\n{\n    return 0;\n}\n")
    build = tmp_path / "build"
    options = ["-G", "Ninja", f"-DCMAKE_C_COMPILER={tmp_path}/cc", "-DMETASTORE_WERROR=ON"]
    for command in (["cmake", "-S", tmp_path, "-B", build, *options], ["ninja", "-C", build]):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    used, = json.loads((build / "compile_commands.json").read_text())
    assert "-fcf-protection=full" not in used["command"] and "-fstack-protector-strong" in used["command"]
