#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a machine can check: the include wall, sizes, banned functions, heads of files.

Limits and metrics that nobody counts, labels that are in no table.

Prints one line for each fault, FILE:LINE: what; exits 1 if there is any. Formatting is clang-format's
business (tests/run).
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 80

# Which files may include a third-party header: pattern of the header, pattern of the file.
WALL = [
    (r"event2/.*", r"common/(runtime|http|pg)/\w+\.[ch]|common/config/url\.c|writer/registry/challenge\.c"),
    (r"libpq-fe\.h", r"common/pg/\w+\.[ch]|writer/store/\w+\.[ch]"),
    (r"yaml\.h", r"common/config/yaml\.c"),
    (r"curl/.*", r"writer/registry/\w+\.[ch]"),
    (r"json-c/.*|json\.h", r"writer/parse/json\.c"),
    (r"openssl/.*", r"common/base/hash\.c|common/pg/tls\.c"),
    (r"zlib\.h", r"common/base/compress\.c"),
    (r"check\.h", r"tests/.*"),
]
# The layers, from the bottom up: a folder, and the folders (or single headers) that its files may include beside its
# own. A folder that is not named here may include nothing.
LAYERS = {
    "common/base": "",
    "common/runtime": "common/base",
    "common/config": "common/base common/runtime common/pg/conninfo.h",
    "common/http": "common/base common/runtime",
    "common/pg": "common/base common/runtime",

    "writer/parse": "common/base common/config",
    "writer/store": "common/base common/runtime common/pg writer/parse/records.h",
    "writer/registry": "common/base common/runtime common/config common/http/text.h writer/parse",
    "writer/sync": "common/base common/runtime common/config writer/env.h writer/parse writer/store writer/registry",
    "writer/scan": "common/base common/runtime common/config writer/env.h writer/parse writer/store writer/registry "
                   "writer/sync",
    "writer/upkeep": "common/base common/runtime common/config writer/env.h writer/parse writer/store writer/registry "
                     "writer/sync",
    "writer/intake": "common/base common/runtime common/config common/http writer/env.h writer/parse writer/store",
    "writer": "common writer",

    "reader/store": "common/base common/runtime common/pg",
    "reader/shared": "common/base common/runtime common/config",
    "reader/query": "common/base common/runtime/limit.h common/http common/pg/array.h reader/store/queries.h",
    "reader/answer": "common/base common/runtime common/config common/http reader/env.h reader/store reader/shared",
    "reader/api": "common/base common/runtime common/config common/http common/pg/array.h reader/env.h reader/store "
                  "reader/shared reader/query reader/answer",
    "reader/html": "common/base",
    "reader/assets": "common/base",
    "reader/pages": "common/base common/runtime/limit.h common/config common/http reader/env.h reader/query reader/answer reader/html "
                    "reader/assets reader/api/paging.h reader/api/official.h",
    "reader/process": "common/base common/runtime common/config common/http reader/store reader/shared",
    "reader": "common reader",

    "deploy/manual": "common",
    "tests": "common writer reader tests",
}
BANNED = re.compile(
    r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|alloca|mktemp|tmpnam|system|popen)\s*\(")
# Words that point at papers which are not in this tree, or at callers, which drift.
RIDDLES = [
    (re.compile(r"\bcontract(\.md)? \(?[0-9]|\((contract|design|protocols|pitfalls|api-examples)\b|\bpitfalls\b|"
                r"\bapi-examples\b|\b(design|review|protocols)\.md\b", re.I), "say the rule: that paper is not in this tree"),
    (re.compile(r"\bCalled by\b"), "the folder says who calls; a list of callers drifts"),
    (re.compile(r"/\* -{4,}|^ \* -{4,}"), "section marks are /* --- words --- */"),
]
SYSTEM_HEADER = re.compile(r"^(std\w+|string|errno|limits|math|time|ctype|signal|unistd|fcntl|poll|"
                           r"getopt|inttypes|sched|regex|glob|netdb|assert|strings|dirent|locale|float|"
                           r"sys/\w+|netinet/\w+|arpa/\w+|linux/\w+|sanitizer/\w+)\.h$")


def sources():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h"], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).exists()]


def layer_of(name):
    folder = name.rpartition("/")[0]
    return "tests" if folder.startswith("tests/") else folder


def may_include(name, header):
    layer = layer_of(name)
    folder = header.rpartition("/")[0]
    return folder == layer or any(
        header == allowed or folder == allowed or folder.startswith(allowed + "/")
        for allowed in LAYERS.get(layer, "").split())


def include_faults(name, lines):
    for number, line in enumerate(lines, 1):
        match = re.match(r'\s*#\s*include\s+(?:<([^>]+)>|"([^"]+)")', line)
        if not match:
            continue
        angled, quoted = match.groups()
        if quoted:
            if "/" not in quoted:
                yield number, f"{quoted}: own headers are named from the root of the tree"
            elif not may_include(name, quoted):
                yield number, f"{layer_of(name)} is no layer above {quoted} (LAYERS in tests/lint/lint.py)"
            continue
        for header, allowed in WALL:
            if re.fullmatch(header, angled):
                if not re.fullmatch(allowed, name) and not name.startswith("tests/"):
                    yield number, f"<{angled}> belongs behind the wall: {allowed}"
                break
        else:
            if not SYSTEM_HEADER.match(angled):
                yield number, f"<{angled}> is not a library of this project"


def words_before(stem):
    """`visit_removals` gives `visit_removals` and `visit`."""
    parts = stem.split("_")
    return {"_".join(parts[:n]) for n in range(1, len(parts) + 1)}


HEADERS = {}  # text of each header of the daemons, read once


def owners_of(name):
    """The headers that declare `name`, and the types that they declare: what its name may begin with."""
    if not HEADERS:
        HEADERS.update({path: path.read_text() for path in sources()
                        if path.suffix == ".h" and not str(path.relative_to(ROOT)).startswith("tests/")})
    for path, text in HEADERS.items():
        if re.search(rf"\b{name}\(", text):
            yield path.stem
            yield from (found.removeprefix("ms_") for found in re.findall(r"\b(?:struct|enum) (\w+)(?= *[;{])", text))


def name_faults(name, lines):
    """An external function begins with the name of its file, of its room, or of a type that its header declares."""
    if not name.endswith(".c") or name.startswith(("tests/", "deploy/")):
        return
    path = Path(name)
    for number, line in enumerate(lines, 1):
        if line != "{":
            continue
        begin = number - 1
        while begin > 0 and not re.match(r"$|\}| \*/|.*\*/$|#", lines[begin - 1]):
            begin -= 1
        head = " ".join(lines[begin:number - 1])
        match = re.search(r"\b(\w+)\(", head)
        if match is None or re.match(r"static\b", head) or match.group(1) == "main":
            continue
        function = match.group(1).removeprefix("ms_")
        allowed = words_before(path.stem) | {path.parent.name} | set(owners_of(match.group(1)))
        if not any(function == word or function.startswith(word + "_") for word in allowed):
            yield number, f"{match.group(1)}() begins neither with its file's nor its room's name"


def function_faults(lines):
    """A function's body is between a `{` and a `}` that stand alone in the first column."""
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line.startswith("}") and begin is not None:
            if number - begin + 1 > FUNCTION_LINES_MAX:
                yield begin, f"function of {number - begin + 1} lines (at most {FUNCTION_LINES_MAX})"
            begin = None


def text_faults(name, lines):
    if not lines or "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
        yield 1, "no SPDX line"
    if len(lines) > FILE_LINES_MAX:
        yield 1, f"file of {len(lines)} lines (at most {FILE_LINES_MAX})"
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line)
        banned = BANNED.search(code.split("/*")[0].split("//")[0])
        if banned and not name.startswith("tests/"):
            yield number, f"{banned.group(1)}() is banned"
        for pattern, what in RIDDLES:
            if pattern.search(line):
                yield number, what
        if re.search(r"\btypedef\s+struct\b", code):
            yield number, "no typedef for structs"


def unused_rows():
    """A limit or a metric that is declared must be counted somewhere, and a literal label must be in its table."""
    code = {path: path.read_text() for path in sources() if not str(path.relative_to(ROOT)).startswith("tests/")}
    labels = (ROOT / "common/runtime/metrics.c").read_text()
    for table, prefix in (("limit.h", "LIMIT"), ("metrics_table.h", "METRIC")):
        header = f"common/runtime/{table}"
        others = "\n".join(text for path, text in code.items() if path.name != table)
        for number, line in enumerate((ROOT / header).read_text().split("\n"), 1):
            row = re.match(rf"    {prefix}\((\w+),", line)
            if row and not re.search(rf"\bMS_{prefix}_{row.group(1)}\b", others):
                yield header, number, f"MS_{prefix}_{row.group(1)} is never counted"
    for path, text in code.items():
        for call in re.finditer(r"\bms_metrics_(?:add|set|observe)\(([^;]*);", text):
            for label in re.findall(r'"([^"]*)"', call.group(1)):
                if label != "other" and f'"{label}"' not in labels:
                    yield (str(path.relative_to(ROOT)), text.count("\n", 0, call.start()) + 1,
                           f'the label "{label}" is not in common/runtime/metrics.c')


def long_scripts():
    """Scripts have the ceiling of C files."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "deploy", "tests", ":!tests/fuzz/corpus"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    for name in listed:
        path = ROOT / name
        if path.suffix in (".c", ".h", ".sql", ".json", ".md", ".png") or not path.is_file():
            continue
        lines = len(path.read_text().splitlines())
        if lines > FILE_LINES_MAX:
            yield name, 1, f"file of {lines} lines (at most {FILE_LINES_MAX})"


def main():
    faults = 0
    for name, number, what in [*unused_rows(), *long_scripts()]:
        print(f"{name}:{number}: {what}")
        faults += 1
    for path in sources():
        name = str(path.relative_to(ROOT))
        lines = path.read_text().split("\n")
        if lines and lines[-1] == "":
            lines.pop()
        for check in (include_faults(name, lines), function_faults(lines), name_faults(name, lines), text_faults(name, lines)):
            for number, what in check:
                print(f"{name}:{number}: {what}")
                faults += 1
    print(f"lint: {len(sources())} files, {faults} faults", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
