# SPDX-License-Identifier: Apache-2.0
"""Random questions to a reader about a registry of which everything is known (oracle_search.Facts).

ask() puts one; a wrong answer is an AssertionError that names the question. Questions are made of what
the registry holds, so that most of them find something, and of what nearly is so.
"""
import json
import urllib.parse
from datetime import datetime, timedelta, timezone

import oracle_search
from oracle import canonical, expected_index, glob
from oracle_search import SEEN, Term
from random_registry import KEYS, VALUES, WORDS, digest_of

FAR = datetime(1, 1, 1, tzinfo=timezone.utc)
GLOB_BYTES_MAX = 256


def told(answer, status=200):
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:500]}"
    assert int(answer.headers["Content-Length"]) >= 0 and answer.headers["ETag"].startswith('"')
    assert int(answer.headers["X-Metastore-Generation"]) > 0
    return answer.json()


def same(found, expected, what=""):
    if found != expected:
        raise AssertionError(f"{what}\n  found:    {json.dumps(found)[:3000]}\n  expected: {json.dumps(expected)[:3000]}")


class Questions:
    def __init__(self, reader, facts, rng, official="library/"):
        self.reader, self.facts, self.random, self.official = reader, facts, rng, official
        self.asked = 0
        self.kinds = [self.index] * 5 + [self.search] * 5 + [self.find] * 5 + [self.catalog] + [self.tags] * 2 + \
            [self.referrers] * 2 + [self.repository, self.tag_rows, self.repositories, self.facets, self.manifest]
        self.refill()

    def refill(self):
        """After the facts have changed."""
        held = [(r, m) for r in self.facts.repositories.values() for m in r.held.values()]
        self.held = held
        self.names = list(self.facts.repositories)
        self.tag_names = sorted({tag for r in self.facts.repositories.values() for tag in r.tags})
        self.pairs = {"label": sorted({p for _, m in held for p in m.labels.items()}),
                      "annotation": sorted({p for _, m in held for p in m.annotations.items()})}
        texts = {text for r in self.facts.repositories.values() for text in (r.title, r.description) if text}
        texts |= {text for _, m in held for text in (m.title, m.description) if text}
        self.texts = sorted(texts) + self.names * 3 + [v for _, v in self.pairs["label"]]

    def ask(self):
        """One question of a random kind; returns its URL."""
        kind = self.random.choice(self.kinds)
        path, params, check = kind()
        url = path + ("?" + self.encode(params) if params else "")
        try:
            check(self.get(url))
        except AssertionError as error:
            raise AssertionError(f"question {self.asked}: {url}\n{error}") from None
        self.asked += 1
        return url

    def get(self, url):
        return self.reader.get(url)

    def encode(self, params):
        """As some client writes it: a space as + or %20, colons as they are or not."""
        quote = self.random.choice((urllib.parse.quote, urllib.parse.quote_plus))
        safe = self.random.choice(("", ":/", "*?:"))
        return "&".join(quote(k, safe=safe) + "=" + quote(v, safe=safe) for k, v in params)

    def pick(self, *choices):
        return self.random.choice(choices)

    def some(self, values, nothing="nothing"):
        return self.random.choice(values) if values and self.random.random() < 0.95 else nothing

    # --- /index ---

    def to_glob(self, value):
        choice = self.random.random()
        if not value or choice < 0.15:
            return self.pick("*", "**", value, "?*", "")
        a, b = sorted((self.random.randrange(len(value) + 1), self.random.randrange(len(value) + 1)))
        return value[:a] + ("?" if b == a + 1 and self.random.random() < 0.7 else "*") + value[b:]

    def index_params(self):
        params = {}
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 3))):
            name = self.pick("repository", "tag", "os", "architecture", "label", "annotation", "label", "annotation")
            values = {"repository": self.names, "tag": self.tag_names, "os": ["linux", "windows", "Linux", ""],
                      "architecture": ["amd64", "arm64", "AMD64", ""]}.get(name)
            operator = self.pick("", ":matches")
            if name in self.pairs:
                key, value = self.pick(*self.pairs[name]) if self.pairs[name] and self.random.random() < 0.85 else \
                    (self.pick(*KEYS), self.pick(*VALUES))
                operator = self.pick("", ":matches", ":exists")
                name += ":" + key
                if "\0" in name or not key:
                    continue
                if key.endswith((":matches", ":exists")) and not operator:
                    operator = ":matches"  # the only way to say that
            else:
                value = self.some(values)
                operator = operator if name in ("repository", "tag") else ""
            value = "1" if operator == ":exists" else self.to_glob(value) if operator else value
            if operator == ":matches" and len(value.encode()) > GLOB_BYTES_MAX:
                continue  # refused
            if "\0" not in value:
                params.setdefault(name + operator, []).append(value)
        return params

    def index(self):
        params = self.index_params()

        def check(answer):
            found = told(answer)
            expected = expected_index(self.facts.registry, params, found["Registry"])
            same(canonical(found), canonical(expected))
        listed = [(k, v) for k, values in params.items() for v in values]
        self.random.shuffle(listed)
        return self.pick("/index/static", "/index/dynamic"), listed, check

    # --- /v1/search ---

    def misspell(self, word):
        at = self.random.randrange(len(word) + 1)
        c = self.pick("q", "0", "-", "é")
        return self.pick(word[:at] + c + word[at:], word[:at] + c + word[at + 1:], word[:at] + word[at + 1:],
                         word[:at] + word[at + 1:at + 2] + word[at:at + 1] + word[at + 2:])

    def word(self):
        text = self.pick(*self.texts).replace("\0", "")
        choice = self.random.random()
        if choice < 0.3:
            text = self.pick(*(text.replace("/", " ").replace("-", " ").split() or ["x"]))
        elif choice < 0.5 and text:
            a, b = sorted((self.random.randrange(len(text)), self.random.randint(1, len(text))))
            text = text[a:b]
        elif choice < 0.6:
            text = self.pick(*WORDS).replace("\0", "")
        elif choice < 0.7:
            r = self.facts.repositories[self.pick(*self.names)]
            host = self.pick("", "docker.io/", "localhost:5000/", "localhost/", "a.b/c/")
            text = host + r.name + self.pick("", "*", "?", ":", ":" + self.some(sorted(r.tags)))
        if self.random.random() < 0.2:
            text = self.misspell(text)
        if self.random.random() < 0.2:
            text = text.upper() if text.isascii() else text
        return text.encode("utf-8", "ignore").decode()

    def search(self):
        q = " ".join(self.word() for _ in range(self.random.choice((0, 1, 1, 1, 1, 2, 2, 3))))
        n = self.pick(None, 1, 2, 3, 25, 100, 0, -3, 1000, "x")
        page = self.pick(None, None, 1, 2, 3, 0, 100)
        size = {None: 100, "x": 25}.get(n) or min(max(n, 1), 100)
        number = max(page or 1, 1)

        def check(answer):
            found = told(answer)
            expected = self.facts.search(q, size)
            if expected != self.facts.search(q, size, across=True):
                return  # either is right
            pages = -(-len(expected) // size)
            for key, value in {"query": q, "num_results": len(expected), "num_pages": pages, "page": number,
                               "page_size": size}.items():
                same(found[key], value, key)
            shown = [self.facts.repositories[r["name"]] for r in found["results"]]
            ranks = {repository.name: entry for *entry, repository in expected}
            unknown = [r.name for r in shown if r.name not in ranks]
            same(unknown, [], "not to be found; expected are " + ", ".join(ranks))
            here = expected[(number - 1) * size:number * size]
            same([ranks[r.name] for r in shown], [list(entry[:2]) for entry in here],
                 f"{[r.name for r in shown]} instead of {[r.name for *_, r in here]}")
            assert len({r.name for r in shown}) == len(shown)
            for result, repository in zip(found["results"], shown):
                same(result, {"name": repository.name, "description": repository.description or "",
                              "star_count": self.facts.pulls.get(repository.name, 0), "is_automated": False,
                              "is_official": repository.name.startswith(self.official), "is_trusted": False})
        params = [("q", q)] if q or self.random.random() < 0.5 else []
        params += [(k, str(v)) for k, v in (("n", n), ("page", page)) if v is not None]
        return "/v1/search", params + ([("unknown", "1")] if self.random.random() < 0.1 else []), check

    # --- /v2 ---

    def walk(self, path, member, expected, name=None):
        """Pages by `n` and `last`, and from there by the links to the end."""
        n = self.pick(None, None, 0, 1, 2, 7, 10000, 99999)
        last = self.pick(None, None, self.some(expected or ["a"]), "", "m", "\U0010ffff", "A%_")
        rest = [value for value in expected if last is None or value.encode() > last.encode()]

        def check(answer):
            found, seen, pages = told(answer), [], 0
            while True:
                assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
                if name:
                    same(found["name"], name)
                assert n is None or len(found[member]) <= n
                seen += found[member]
                link = answer.links.get("next", {}).get("url")
                if not link or pages > 60:
                    break
                assert link.startswith(path + "?") and found[member], answer.headers["Link"]
                answer = self.get(link)
                found, pages = told(answer), pages + 1
            same(seen, [] if n == 0 else rest)
            assert n or pages == 0
        return path, [(k, str(v)) for k, v in (("n", n), ("last", last)) if v is not None], check

    def catalog(self):
        return self.walk("/v2/_catalog", "repositories", self.facts.catalog())

    def tags(self):
        name = self.pick(*self.names)
        return self.walk(f"/v2/{name}/tags/list", "tags", sorted(self.facts.repositories[name].tags, key=str.encode), name)

    def referrers(self):
        subjects = [(r.name, m.subject) for r, m in self.held if m.subject]
        name, subject = self.some(subjects, (self.pick(*self.names), digest_of(b"nothing refers to this")))
        name = name if self.random.random() < 0.9 else self.pick(*self.names)
        expected = self.facts.repositories[name].referrers(subject)
        wanted = self.pick(None, None, "", "none", *[d.get("artifactType", "") for d in expected])

        def check(answer):
            found = told(answer)
            assert answer.headers["Content-Type"] == found["mediaType"] == "application/vnd.oci.image.index.v1+json"
            same(found["manifests"], [d for d in expected if not wanted or d.get("artifactType") == wanted])
            assert ("OCI-Filters-Applied" in answer.headers) == bool(wanted)
        return f"/v2/{name}/referrers/{subject}", [] if wanted is None else [("artifactType", wanted)], check

    # --- /api/v1 ---

    def api(self, name, rest=""):
        return "/api/v1/repositories/" + urllib.parse.quote(name) + rest

    def repository_facts(self, r):
        reachable = [d for d in r.tags.values() if d in r.held]
        expected = {"name": r.name, "tags": len(r.tags), "images": len(r.images), "official": r.name.startswith(self.official),
                    "platforms": sorted({platform for i in r.images for platform in r.platforms_of(i)}, key=str.encode),
                    "pulls": self.facts.pulls.get(r.name, 0)}
        if not any(m.kind == "schema1" for m in r.held.values()):  # its size hangs on a signature made anew
            expected["size"] = r.size_of(reachable)
        expected.update({k: v for k, v in (("title", r.title), ("description", r.description)) if v})
        return expected

    def check_repository(self, found, r):
        expected = self.repository_facts(r)
        same({k: v for k, v in found.items() if k in expected or k in ("title", "description")}, expected)
        if r.updated and r.updated < SEEN:
            same((found["updated"], found["updated_source"]), (r.updated.strftime("%Y-%m-%dT%H:%M:%SZ"), "created"))

    def repository(self):
        r = self.facts.repositories[self.pick(*self.names)]
        if r.name not in self.facts.catalog():
            return self.catalog()
        return self.api(r.name), [], lambda answer: self.check_repository(told(answer), r)

    def repositories(self):
        prefix = self.pick(None, None, "team/", "a", self.pick(*self.names)[:3])
        q = self.pick(None, None, "post", "*a*", "?/?", "RED", "_", "%")
        sort = self.pick("name", "-name")
        names = [name for name in self.facts.catalog() if name.startswith(prefix or "")]
        if q:
            pattern = q if "*" in q or "?" in q else f"*{q}*"
            names = [name for name in names if glob(oracle_search.fold(pattern)).fullmatch(name)]

        def check(answer):
            found = told(answer)
            same([r["name"] for r in found["repositories"]], names[::-1] if sort[0] == "-" else names)
            for row in found["repositories"]:
                self.check_repository(row, self.facts.repositories[row["name"]])
            same(found["total"], len(names))
        params = [("n", "1000"), ("sort", sort), ("total", "1")]
        return "/api/v1/repositories", params + [(k, v) for k, v in (("q", q), ("prefix", prefix)) if v is not None], check

    def tag_facts(self, r, tag, shows_all):
        digest = r.tags[tag]
        manifest = r.held.get(digest)
        if not manifest:
            return {"name": tag, "kind": "unreadable", "pulls": 0}
        platforms = [platform for image in manifest.images if image in r.held for platform in r.platforms_of(r.held[image])]
        aliases = sorted(t for t, d in r.tags.items() if d == digest and t != tag and (shows_all or t in r.shown))
        expected = {"name": tag, "digest": digest, "kind": manifest.kind.replace("schema1", "image"),
                    "media_type": manifest.media_type, "platforms": list(dict.fromkeys(platforms)), "aliases": aliases,
                    "referrers": len(r.referrers(digest))}
        if manifest.kind != "schema1":
            expected["size"] = r.size_of([digest])
        return expected

    def tag_rows(self):
        r = self.facts.repositories[self.pick(*self.names)]
        if r.name not in self.facts.catalog():
            return self.catalog()
        shows_all = self.random.random() < 0.5
        expected = sorted(r.tags if shows_all else r.shown, key=str.encode)

        def check(answer):
            rows = told(answer)["tags"]
            same([row["name"] for row in rows], expected)
            for row in rows:
                wanted = self.tag_facts(r, row["name"], shows_all)
                if "pulls" not in wanted or r.tags[row["name"]] is None:
                    same({k: row.get(k) for k in wanted}, wanted)
        return self.api(r.name, "/-/tags"), [("n", "1000")] + ([("all", "1")] if shows_all else []), check

    def manifest(self):
        r, m = self.pick(*self.held)
        reference = self.pick(m.digest, *[tag for tag, digest in r.tags.items() if digest == m.digest])

        def check(answer):
            found = told(answer)
            kind = m.kind.replace("schema1", "image")
            for key, value in {"repository": r.name, "digest": m.digest, "kind": kind, "annotations": m.annotations,
                               "media_type": m.media_type, "subject": m.subject, "unreadable": None,
                               "tags": sorted(t for t, d in r.tags.items() if d == m.digest),
                               **({} if m.kind == "schema1" else {"total_size": r.size_of([m.digest])})}.items():
                same(found[key], value, key)
            same([d["digest"] for d in found["referrers"]], [d["digest"] for d in r.referrers(m.digest)], "referrers")
            same(found["also_in"], [o.name for o in self.facts.repositories.values()
                                    if m.digest in o.held and o is not r], "also_in")
            if m.kind == "image":
                same(found["image"]["labels"], m.labels, "labels")
                same([found["image"][k] or "" for k in ("os", "architecture", "variant")],
                     [m.os, m.architecture, m.variant], "platform")
            if m.kind == "index":
                same([c["digest"] for c in found["manifests"]], m.children, "manifests")
        return self.api(r.name, "/-/manifests/" + reference), [], check

    # --- the search language ---

    def written(self, value):
        """A value as it is, or as a phrase; None when the language has no way to say it."""
        if any(c <= " " or c == "\x7f" for c in value) or '"' in value[:1]:
            return None if '"' in value else f'"{value}"'
        return value

    def term(self):
        kind = self.pick("word", "word", "tag", "digest", "label", "label", "annotation", "os", "arch", "is", "updated")
        is_not = self.random.random() < 0.25
        return getattr(self, "term_" + kind)(is_not)

    def term_word(self, is_not):
        value = self.word()
        phrase = self.random.random() < 0.3 or not value or value[0] == "-" or any(c <= " " or c == "\x7f" for c in value)
        if '"' in value or "\0" in value or not value.strip("".join(map(chr, range(33)))) or ":" in value and not phrase:
            return None
        return Term("word", value, is_not=is_not, written=f'"{value}"' if phrase else value)

    def term_tag(self, is_not):
        r, tag = self.pick(*[(r, t) for r in self.facts.repositories.values() for t in (r.tags or ["none"])])
        key = self.pick(None, r.name, r.name.split("/", 1)[-1], r.name.rpartition("/")[2], r.name[1:])
        if key is not None and (not key or key[0] in "._-/" or key in ("label", "annotation", "os", "arch", "is", "updated", "sha256")):
            key = None
        return Term("tag", tag, key, is_not, f"{key or ''}:{tag}")

    def term_digest(self, is_not):
        _, m = self.pick(*self.held)
        digest = self.pick(m.digest, *m.blobs)[7:7 + self.pick(1, 2, 5, 12, 63, 64)]
        return Term("digest", digest, None, is_not, "sha256:" + digest)

    def term_label(self, is_not, kind="label"):
        key, value = self.pick(*self.pairs[kind]) if self.pairs[kind] and self.random.random() < 0.9 else \
            (self.pick(*KEYS), self.pick(*VALUES))
        if not key or "=" in key or "\0" in key + value or any(c <= " " or c == "\x7f" for c in key):
            return None
        if self.random.random() < 0.3:
            return Term(kind, None, key, is_not, f"{kind}:{key}")
        written = self.written(value)
        return None if written is None else Term(kind, value, key, is_not, f"{kind}:{key}={written}")

    def term_annotation(self, is_not):
        return self.term_label(is_not, "annotation")

    def term_os(self, is_not):
        value = self.pick("linux", "windows", "Linux", "none")
        return Term("os", value, None, is_not, "os:" + value)

    def term_arch(self, is_not):
        value = self.pick("amd64", "arm64", "arm", "riscv64")
        return Term("arch", value, None, is_not, "arch:" + value)

    def term_is(self, is_not):
        value = self.pick("image", "index", "artifact")
        return Term("is", value, None, is_not, "is:" + value)

    def term_updated(self, is_not):
        """Around the times of images: the present is kept clear of."""
        times = [t for r in self.facts.repositories.values() for t in r.updated_of.values() if t < SEEN]
        moment = self.pick(*(times or [datetime(2020, 1, 1, tzinfo=timezone.utc)]))
        if self.random.random() < 0.5:
            moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
            length, text = timedelta(days=1), moment.strftime("%Y-%m-%d")
        else:
            length, text = timedelta(milliseconds=1), moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{moment.microsecond // 1000:03}Z"
        operator, begin, end = self.pick(("", moment, moment + length), ("<", FAR, moment), ("<=", FAR, moment + length),
                                         (">", moment + length, None), (">=", moment, None))  # None: the present is in it
        return Term("updated", begin, end, is_not, f"updated:{operator}{text}")

    def terms(self):
        made = [self.term() for _ in range(self.random.choice((0, 1, 1, 1, 2, 2, 3)))]
        return [term for term in made if term]

    def find(self):
        terms = self.terms()
        kind = self.pick(None, None, None, "repository", "image", "index", "artifact")
        n = self.pick(1, 2, 5, 1000)
        q = self.pick(" ", "  ", "\t ").join(t.text for t in terms)

        def check(answer):
            found = told(answer)
            expected = oracle_search.find(self.facts, terms, kind)
            same((found["query"], found["total"]), (q, len(expected)), f"instead of {sorted(expected)[:20]}")
            results, pages = list(found["results"]), 0
            while answer.links.get("next") and pages < 30:
                answer = self.get(answer.links["next"]["url"])
                page = told(answer)["results"]
                assert len(page) <= n
                results += page
                pages += 1
            self.check_results(results, expected, is_whole=not answer.links.get("next"))
        params = [("q", q), ("n", str(n))] + ([("kind", kind)] if kind else [])
        return "/api/v1/search", params, check

    def check_results(self, results, expected, is_whole):
        seen = [("repository", r["name"]) if r["type"] == "repository" else (r["type"], r["repository"], r["digest"])
                for r in results]
        same(len(set(seen)), len(seen), "twice")
        same(sorted(set(seen) - expected), [], "too much")
        if is_whole:
            same(sorted(expected - set(seen)), [], "too little")
        scores = [r["score"] for r in results]
        same(scores, sorted(scores, reverse=True), "best first")
        for result in results:
            if result["type"] != "repository":
                r = self.facts.repositories[result["repository"]]
                same(result["tags"], r.tags_of(result["digest"]), "tags")

    def facets(self):
        terms = self.terms()
        key = self.pick(None, *[k for k, _ in self.pairs["label"]])
        if key and "\0" in key:
            key = None

        def check(answer):
            found = told(answer)
            expected = oracle_search.facets(self.facts, terms, key)
            same({k: found[k] for k in expected}, expected)
        q = " ".join(t.text for t in terms)
        return "/api/v1/facets", [("q", q)] + ([("key", key)] if key else []), check
