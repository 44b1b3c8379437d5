# SPDX-License-Identifier: Apache-2.0
"""Known-item search: names and descriptions that exist, queries that are made from them by a fixed seed, and how well
an answer finds what its query was made from.

Used by tests/bench/search and by tests/system/test_known_items.py.

The names are Debian's packages (`section/package`, pulls are the packages that depend on it) and Docker's official
images (tests/support/official_images.tsv: name, millions of pulls, description). A query of each kind:

    exact        the whole name
    official     the name of an official image without library/
    prefix       the first 60 % of the package's name
    other, missing, additional, swapped
                 a letter of the package's name is another one, is missing, comes in, changes places with its
                 neighbour: names of six letters or more, never the first or the last letter, never what is another
                 item's name or the beginning of one
    words        the parts of a package's name in another order
    description  the two words of the description that fewest descriptions have, no more than 20 each
"""
import collections
import math
import random
import re
import subprocess
from pathlib import Path

import psycopg2
from psycopg2.extras import execute_values

SUPPORT = Path(__file__).resolve().parents[1] / "support"
TYPOS = ("other", "missing", "additional", "swapped")
KINDS = ("exact", "official", "prefix", *TYPOS, "words", "description")
RARE = 20
# What is wanted: MRR@10 by kind (of prefixes nothing: most are another name's, too) and over all, found in the first
# ten, NDCG@10.
LEAST = {"exact": 1.0, "official": 1.0, "prefix": None, "other": 0.985, "missing": 0.985, "additional": 0.985,
         "swapped": 0.985, "words": 0.84, "description": 0.76}
LEAST_OVER_ALL, LEAST_FOUND, LEAST_NDCG = 0.885, 0.955, 0.85
LETTERS = "abcdefghijklmnopqrstuvwxyz"
Item = collections.namedtuple("Item", "name pulls description")


# --- what there is ---

def official_images():
    lines = (SUPPORT / "official_images.tsv").read_text().splitlines()
    return [Item("library/" + name, int(millions) * 1_000_000, description)
            for name, millions, description in (line.split("\t") for line in lines)]


def debian_packages():
    """What apt knows of, by names that repositories can have."""
    text = subprocess.run(["apt-cache", "dumpavail"], check=True, capture_output=True, text=True).stdout
    packages, wanted_by = {}, collections.Counter()
    for block in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", block, re.M))
        if fields.get("Package") and fields.get("Description"):
            packages.setdefault(fields["Package"], fields)
            wanted = re.sub(r"\([^)]*\)", "", fields.get("Depends", ""))
            wanted_by.update(set(re.split(r"[\s,|]+", wanted)))
    items = {}
    for package, fields in packages.items():
        name = f"{fields.get('Section', 'misc')}/{package}".replace("+", "p")
        items.setdefault(name, Item(name, wanted_by[package], fields["Description"]))
    return list(items.values())


def load(database, items):
    """Repositories as one image each would leave them: the description is a label's value, too."""
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        execute_values(cursor, "INSERT INTO repository (name, pulls, description, tag_count, image_count, updated,"
                               " updated_source) VALUES %s", items,
                       "(%s, %s, %s, 1, 1, timestamptz '2026-01-01Z', 'created')", page_size=2000)
        cursor.execute("INSERT INTO repository_label (repository_id, value_hash, value, \"references\")"
                       " SELECT id, sha256(convert_to(lower(description), 'UTF8')), lower(description), 1"
                       " FROM repository")


# --- what is asked ---

def last_part(item):
    return item.name.rpartition("/")[2]


def edited(chance, kind, word):
    at = chance.randrange(1, len(word) - 2)
    if kind == "other":
        return word[:at] + chance.choice(LETTERS.replace(word[at], "") if word[at] in LETTERS else LETTERS) + word[at + 1:]
    if kind == "missing":
        return word[:at] + word[at + 1:]
    if kind == "additional":
        return word[:at] + chance.choice(LETTERS) + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2:]


class Queries:
    """queries(kind, n) → [(query, name of the item that it was made from)]"""

    def __init__(self, items, seed=1):
        self.seed = seed
        self.items = sorted(items)
        self.beginnings = {last_part(item)[:n] for item in items for n in range(1, len(last_part(item)) + 1)}
        self.numbers = collections.Counter(
            word for item in items for word in set(re.findall("[a-z0-9]+", item.description.lower())))

    def __call__(self, kind, count):
        chance = random.Random(f"{self.seed} {kind}")
        made = []
        for item in chance.sample(self.items, len(self.items)):
            text = self.text(chance, kind, item)
            if text:
                made.append((text, item.name))
            if len(made) == count:
                break
        return made

    def text(self, chance, kind, item):
        """None: of this item there is none of the kind."""
        name = last_part(item)
        if kind == "exact":
            return item.name
        if kind == "official":
            return name if item.name.startswith("library/") else None
        if kind == "prefix":
            return name[:math.ceil(len(name) * 0.6)] if len(name) >= 5 else None
        if kind in TYPOS:
            return self.misspelled(chance, kind, name)
        if kind == "words":
            parts = [part for part in re.split("[^a-z0-9]+", name) if part]
            return " ".join(chance.sample(parts, len(parts))) if len(parts) > 1 else None
        words = sorted((w for w in set(re.findall("[a-z0-9]{3,}", item.description.lower())) if self.numbers[w] <= RARE),
                       key=lambda w: (self.numbers[w], w))
        return " ".join(words[:2]) if len(words) > 1 else None

    def misspelled(self, chance, kind, name):
        if sum(c in LETTERS for c in name) < 6 or len(name) > 64:
            return None
        for _ in range(10):
            text = edited(chance, kind, name)
            if text not in self.beginnings:
                return text
        return None


def graded_queries():
    """[(query, {name: 1 to 3})] on the official images; the grades were written before any answer was looked at."""
    made = []
    for line in (SUPPORT / "graded_queries.tsv").read_text().splitlines():
        query, _, grades = line.partition("\t")
        made.append((query, {"library/" + name: int(grade) for name, grade in (g.split("=") for g in grades.split())}))
    return made


# --- how well it is answered ---

def reciprocal_rank(names, wanted):
    return 1 / (names.index(wanted) + 1) if wanted in names else 0.0


def ndcg(names, grades):
    """Normalized discounted cumulative gain of the first ten."""
    def gain(values):
        return sum((2 ** value - 1) / math.log2(place + 2) for place, value in enumerate(values[:10]))
    return gain([grades.get(name, 0) for name in names]) / gain(sorted(grades.values(), reverse=True))
