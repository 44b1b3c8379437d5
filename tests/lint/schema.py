#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sql/schema.sql holds the files of sql/functions verbatim, each once, between two marker lines.

    schema.py            prints one line for each fault; exits 1 if there is any
    schema.py --write    puts the present functions into schema.sql

psql reads schema.sql from its standard input, where it knows no other file (`psql -d URL < schema.sql`, perhaps
into a container): so the file is whole, and this holds both together.
"""
import re
import sys
from pathlib import Path

SQL = Path(__file__).resolve().parents[2] / "sql"
BLOCK = re.compile(r"^-- >>> functions/(\w+\.sql)\n(.*?)^-- <<<\n", re.M | re.S)
SPDX = "-- SPDX-License-Identifier: Apache-2.0\n"


def functions():
    return {path.name: path.read_text().removeprefix(SPDX) for path in sorted((SQL / "functions").glob("*.sql"))}


def faults(schema, known):
    held = [name for name, _ in BLOCK.findall(schema)]
    for name, text in BLOCK.findall(schema):
        if name not in known:
            yield f"sql/schema.sql: there is no functions/{name}"
        elif text != known[name]:
            yield f"sql/schema.sql: functions/{name} is another (tests/lint/schema.py --write)"
    for name in known:
        if held.count(name) != 1:
            yield f"sql/schema.sql: functions/{name} stands in it {held.count(name)} times"
    for name, text in known.items():
        if re.search(r"^CREATE (?!OR REPLACE FUNCTION)|^(ALTER|DROP|INSERT|UPDATE|DELETE)\b", text, re.M):
            yield f"sql/functions/{name}: nothing but CREATE OR REPLACE FUNCTION can be applied again"
    outside = BLOCK.sub("", schema)
    if "FUNCTION " in re.sub(r"--.*", "", outside):
        yield "sql/schema.sql: a function outside of sql/functions"


def main():
    path, known = SQL / "schema.sql", functions()
    if sys.argv[1:] == ["--write"]:
        path.write_text(BLOCK.sub(lambda m: f"-- >>> functions/{m[1]}\n{known[m[1]]}-- <<<\n", path.read_text()))
    found = list(faults(path.read_text(), known))
    print("\n".join(found + [f"schema: {len(known)} files of functions, {len(found)} faults"]), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
