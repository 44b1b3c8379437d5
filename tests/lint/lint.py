#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a machine can check: the include wall, sizes, banned functions, heads of files.

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
    (r"event2/.*", r"common/(http_\w+|pg_\w+|loop\w*)\.[ch]|writer/curl_loop\.[ch]"),
    (r"libpq-fe\.h", r"common/(pg_\w+|store_pg_\w+)\.[ch]"),
    (r"yaml\.h", r"common/config_yaml\.c"),
    (r"curl/.*", r"writer/(curl_loop|registry_\w+)\.[ch]"),
    (r"json-c/.*|json\.h", r"writer/json\.c"),
    (r"openssl/.*", r"common/(hash|pg_tls)\.c"),
    (r"zlib\.h", r"common/compress\.c"),
    (r"check\.h", r"tests/.*"),
]
# Who may include whom: the folder of a file, the folders of its own headers.
DIRECTION = {
    "common": {"common"},
    "writer": {"common", "writer"},
    "reader": {"common", "reader"},
    "deploy": {"common"},
    "tests": {"common", "writer", "reader", "tests"},
}
BANNED = re.compile(
    r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|alloca|mktemp|tmpnam|system|popen)\s*\(")
SYSTEM_HEADER = re.compile(r"^(std\w+|string|errno|limits|math|time|ctype|signal|unistd|fcntl|poll|"
                           r"getopt|inttypes|sched|regex|glob|netdb|assert|strings|dirent|locale|float|"
                           r"sys/\w+|netinet/\w+|arpa/\w+|linux/\w+|sanitizer/\w+)\.h$")


def sources():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h"], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).exists()]


def include_faults(name, lines):
    folder = name.split("/")[0]
    for number, line in enumerate(lines, 1):
        match = re.match(r'\s*#\s*include\s+(?:<([^>]+)>|"([^"]+)")', line)
        if not match:
            continue
        angled, quoted = match.groups()
        if quoted:
            first = quoted.split("/")[0]
            if "/" in quoted and first not in DIRECTION.get(folder, set()):
                yield number, f"{folder}/ must not include {quoted}"
            continue
        for header, allowed in WALL:
            if re.fullmatch(header, angled):
                if not re.fullmatch(allowed, name) and folder != "tests":
                    yield number, f"<{angled}> belongs behind the wall: {allowed}"
                break
        else:
            if not SYSTEM_HEADER.match(angled):
                yield number, f"<{angled}> is not a library of this project"


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
    if len(lines) > FILE_LINES_MAX and not name.startswith("tests/"):
        yield 1, f"file of {len(lines)} lines (at most {FILE_LINES_MAX})"
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line)
        banned = BANNED.search(code.split("/*")[0].split("//")[0])
        if banned and not name.startswith("tests/"):
            yield number, f"{banned.group(1)}() is banned"
        if re.search(r"\btypedef\s+struct\b", code):
            yield number, "no typedef for structs"


def main():
    faults = 0
    for path in sources():
        name = str(path.relative_to(ROOT))
        lines = path.read_text().split("\n")
        if lines and lines[-1] == "":
            lines.pop()
        for check in (include_faults(name, lines), function_faults(lines), text_faults(name, lines)):
            for number, what in check:
                print(f"{name}:{number}: {what}")
                faults += 1
    print(f"lint: {len(sources())} files, {faults} faults", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
