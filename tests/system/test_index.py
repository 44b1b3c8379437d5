# SPDX-License-Identifier: Apache-2.0
"""/index against an independent reading of the registry: what each filter returns, exactly."""
import itertools
import random

import pytest

from harness import wait_for
from images import Pusher
from oracle import Registry, canonical, expected_index

LABELS = [("vendor", ["Acme", "Globex", "100%_real"]), ("org.flatpak.ref", ["app/a", "app/b"]),
          ("stage", ["dev", "prod"]), ("odd:name", ["x"]), ("empty", [""])]


def some(rng, pairs):
    return {key: rng.choice(values) for key, values in pairs if rng.random() < 0.5}


def fill(url, seed=7, repositories=12):
    """Random images, indexes, nested and shared ones, artifacts, odd values."""
    rng, pusher, number = random.Random(seed), Pusher(url), itertools.count()

    def image(name, *tags):
        return pusher.image(name, *tags, labels=some(rng, LABELS), annotations=some(rng, LABELS),
                            architecture=rng.choice(["amd64", "arm64"]), os=rng.choice(["linux", "windows"]),
                            salt=f"{seed}-{next(number)}", docker=rng.random() < 0.3)

    for n in range(repositories):
        name = rng.choice(["team/", "library/", "a/b/c/"]) + f"app{n}"
        for tag in ("latest", "1.0", "1.1", "prod_x"):
            if rng.random() < 0.5:
                image(name, tag, *(["alias-" + tag] if rng.random() < 0.3 else []))
                continue
            children = [image(name) for _ in range(rng.randint(1, 3))]
            nested = pusher.index(name, children=children)
            attestation = {**image(name), "annotations": {"vnd.docker.reference.type": "attestation-manifest",
                                                          "vnd.docker.reference.digest": children[0]["digest"]}}
            listed = [nested, image(name), attestation] if rng.random() < 0.4 else [*children, attestation]
            pusher.index(name, tag, children=listed, annotations=some(rng, LABELS))
        subject = pusher.image(name, "same", salt="shared")  # one digest in every repository
        pusher.manifest(name, {"schemaVersion": 2, "artifactType": "application/spdx+json", "subject": subject,
                               "mediaType": "application/vnd.oci.image.manifest.v1+json",
                               "config": pusher.blob(name, b"{}", "application/vnd.oci.empty.v1+json"), "layers": []},
                        "application/vnd.oci.image.manifest.v1+json", subject["digest"].replace(":", "-"))


@pytest.fixture(scope="module")
def filled(module_stack):
    fill(module_stack.registry.url)
    module_stack.writer.wait_until_settled()
    registry = Registry(module_stack.registry.url)
    wait_for(lambda: module_stack.reader.json("/index/dynamic") == expected_index(registry, {}, registry.url),
             "the reader to show everything")
    return module_stack, registry


CASES = [
    {},
    {"label:vendor": ["Acme"]}, {"label:vendor": ["Acme", "Globex"]}, {"label:vendor:exists": ["1"]},
    {"label:vendor:matches": ["*o*"]}, {"label:vendor:matches": ["100%_*"]}, {"label:vendor:matches": ["A?me", "G*"]},
    {"label:empty": [""]}, {"label:odd:name": ["x"]}, {"label:odd:name:exists": ["1"]}, {"label:absent:exists": ["1"]},
    {"annotation:vendor": ["Acme"]}, {"annotation:stage:matches": ["p*"]}, {"annotation:org.flatpak.ref:exists": ["1"]},
    {"label:vendor": ["Acme"], "label:stage": ["dev", "prod"]},
    {"label:vendor": ["Acme"], "label:vendor:matches": ["A*"], "annotation:stage": ["prod"]},
    {"os": ["linux"], "architecture": ["arm64"]}, {"os": ["linux", "windows"]}, {"architecture": ["riscv"]},
    {"tag": ["latest"]}, {"tag": ["latest", "1.1"]}, {"tag:matches": ["1.*"]}, {"tag:matches": ["alias-?.0"]},
    {"tag": ["latest"], "tag:matches": ["l*"]}, {"tag:matches": ["sha256-*"]}, {"tag": ["prod_x"]}, {"tag:matches": ["prod_?"]},
    {"repository:matches": ["team/*"]}, {"repository": ["library/app0", "team/app1", "none/such"]},
    {"repository:matches": ["*app1?"], "tag": ["same"]},
    {"repository:matches": ["*"], "label:vendor:exists": ["1"], "annotation:vendor:exists": ["1"], "os": ["linux"]},
]


@pytest.mark.parametrize("params", CASES, ids=lambda p: "&".join(f"{k}={','.join(v)}" for k, v in p.items()) or "all")
def test_filter(filled, params):
    stack, registry = filled
    for kind in ("static", "dynamic"):
        found = stack.reader.json(f"/index/{kind}", params=params)
        assert canonical(found) == canonical(expected_index(registry, params, registry.url))


def test_random_queries(filled):
    stack, registry = filled
    rng = random.Random(3)
    pool = [(k, v) for case in CASES for k, v in case.items()]
    for _ in range(300):
        params = dict(rng.sample(pool, rng.randint(1, 4)))
        found = stack.reader.json("/index/static", params=params)
        assert canonical(found) == canonical(expected_index(registry, params, registry.url)), params


def test_order_and_headers(filled):
    stack, registry = filled
    answer = stack.reader.get("/index/static")
    names = [r["Name"] for r in answer.json()["Results"]]
    assert names == sorted(names, key=str.encode)
    assert answer.headers["Cache-Control"] == "max-age=5"
    assert int(answer.headers["X-Metastore-Generation"]) > 0
    assert answer.headers["ETag"].startswith('"')
    dynamic = stack.reader.get("/index/dynamic")
    assert dynamic.headers["Cache-Control"] == "no-cache"
    again = stack.reader.get("/index/dynamic", headers={"If-None-Match": dynamic.headers["ETag"]})
    assert again.status_code == 304 and again.text == ""
    assert again.headers["ETag"] == dynamic.headers["ETag"]


@pytest.mark.parametrize("query, named", [("labels:x=1", "labels:x"), ("label:=1", "label:"), ("foo=1", "foo"),
                                          ("label:x:exists=2", "label:x:exists"), ("repositry=a", "repositry"),
                                          ("label:x:matches=" + 257 * "*", "label:x:matches"),
                                          ("&".join(f"tag:matches={n}*" for n in range(33)), "tag:matches")])
def test_bad_parameters_are_named(module_stack, query, named):
    answer = module_stack.reader.get("/index/static?" + query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["parameter"] == named
