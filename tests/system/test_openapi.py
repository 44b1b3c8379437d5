# SPDX-License-Identifier: Apache-2.0
"""reader/api/openapi.json: a sound OpenAPI 3.1 document, which has the paths that there are, and describes
what is really answered about a random registry: nothing else, and nothing more."""
import json
import re
import urllib.parse

import jsonschema
import pytest

from harness import ROOT
from random_world import World

# What of OpenAPI 3.1 is used here. Schemas are JSON Schema 2020-12 and are checked as such.
DOCUMENT = {
    "type": "object", "required": ["openapi", "info", "paths", "components"], "additionalProperties": False,
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {"required": ["title", "version"]},
        "paths": {"propertyNames": {"pattern": "^/"}, "additionalProperties": {
            "required": ["get"], "additionalProperties": False, "properties": {"get": {"$ref": "#/$defs/operation"}}}},
        "components": {"additionalProperties": False, "properties": {
            "schemas": {"additionalProperties": {"type": "object"}},
            "parameters": {"additionalProperties": {"$ref": "#/$defs/parameter"}},
            "headers": {"additionalProperties": {"$ref": "#/$defs/header"}},
            "responses": {"additionalProperties": {"$ref": "#/$defs/response"}}}}},
    "$defs": {
        "reference": {"required": ["$ref"], "maxProperties": 1, "properties": {"$ref": {"pattern": "^#/components/"}}},
        "operation": {"required": ["operationId", "summary", "responses"], "additionalProperties": False, "properties": {
            "operationId": {"type": "string"}, "summary": {"type": "string"}, "description": {"type": "string"},
            "parameters": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/reference"}, {"$ref": "#/$defs/parameter"}]}},
            "responses": {"minProperties": 1, "propertyNames": {"pattern": r"^[1-5]\d\d$"}, "additionalProperties": {
                "anyOf": [{"$ref": "#/$defs/reference"}, {"$ref": "#/$defs/response"}]}}}},
        "parameter": {"required": ["name", "in", "schema"], "properties": {"in": {"enum": ["query", "path"]}},
                      "if": {"properties": {"in": {"const": "path"}}},
                      "then": {"required": ["required"], "properties": {"required": {"const": True}}}},
        "header": {"required": ["schema"]},
        "response": {"required": ["description"], "additionalProperties": False, "properties": {
            "description": {"type": "string"}, "content": {"additionalProperties": {"required": ["schema"]}},
            "headers": {"additionalProperties": {"anyOf": [{"$ref": "#/$defs/reference"}, {"$ref": "#/$defs/header"}]}}}}}}


@pytest.fixture(scope="module")
def world(postgres, tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"), postgres, 21)
    yield made.start()
    made.stop()


@pytest.fixture(scope="module")
def document(world):
    return world.reader.json("/api/v1/openapi.json")


def resolve(document, reference):
    value = document
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


def parameters_of(document, path):
    return [resolve(document, p["$ref"]) if "$ref" in p else p for p in document["paths"][path]["get"].get("parameters", [])]


def everything_in(value):
    if isinstance(value, (dict, list)):
        yield value
        for member in value.values() if isinstance(value, dict) else value:
            yield from everything_in(member)


def test_the_document_is_sound(document):
    jsonschema.Draft202012Validator(DOCUMENT).validate(document)
    for value in everything_in(document):
        if isinstance(value, dict) and "$ref" in value:
            resolve(document, value["$ref"])
        if isinstance(value, dict) and isinstance(value.get("schema"), dict):
            jsonschema.Draft202012Validator.check_schema(value["schema"])
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    ids = [methods["get"]["operationId"] for methods in document["paths"].values()]
    assert len(set(ids)) == len(ids)


def test_it_has_every_path(document):
    assert document == json.loads((ROOT / "reader" / "api" / "openapi.json").read_text())
    routes = re.findall(r'\{MS_ROUTE_GET, "(/api/v1[^"]*)"', (ROOT / "reader" / "routes.c").read_text())
    assert sorted(document["paths"]) == sorted(routes)
    for path in document["paths"]:
        placeholders = set(re.findall(r"\{(\w+)\}", path))
        assert {p["name"] for p in parameters_of(document, path) if p["in"] == "path"} == placeholders, path


def urls(world, document, path):
    """Everything that there is to fill a path with."""
    for repository in world.facts.repositories.values() if "{name}" in path else [None]:
        if repository and repository.name not in world.facts.catalog():
            continue
        name = repository and repository.name
        references = [*repository.tags, *repository.held] if "{reference}" in path else \
            list(repository.tags) if "{tag}" in path else [""]
        for reference in references:
            values = {"{name}": name, "{tag}": reference, "{reference}": reference}
            yield re.sub(r"\{\w+\}", lambda m: urllib.parse.quote(values[m.group()]), path) + \
                {"/api/v1/suggest": "?q=a", "/api/v1/packages/images": "?name=a",
                 "/api/v1/advice": "?keep_newest=0&untagged_for=0"}.get(path, "")


def values_of(path, answer):
    return [json.loads(line) for line in answer.text.split("\n") if line] if path == "/api/v1/dump" else [answer.json()]


def check(document, schema, value):
    resolver = jsonschema.RefResolver("", document)
    jsonschema.Draft202012Validator(schema, resolver=resolver).validate(value)
    unknown = undescribed(document, schema, value)
    if unknown:
        raise AssertionError(f"not described: {sorted(set(unknown))}")


def parts_of(document, schema):
    """The schema and all that it is made of at the same place."""
    if "$ref" in schema:
        yield from parts_of(document, resolve(document, schema["$ref"]))
    yield schema
    for member in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(member, ()):
            yield from parts_of(document, part)


def undescribed(document, schema, value, where=""):
    """Members of the value that no schema speaks of."""
    parts = list(parts_of(document, schema))
    if isinstance(value, list):
        items = [part["items"] for part in parts if "items" in part]
        return [name for member in value for name in undescribed(document, {"allOf": items}, member, where + "[]")]
    if not isinstance(value, dict) or any("additionalProperties" in part for part in parts):
        return []
    found = []
    for key, member in value.items():
        schemas = [part["properties"][key] for part in parts if key in part.get("properties", {})]
        found += undescribed(document, {"allOf": schemas}, member, f"{where}.{key}") if schemas else [f"{where}.{key}"]
    return found


def test_answers_are_as_described(world, document):
    faults = {}
    for path, methods in document["paths"].items():
        described = methods["get"]["responses"]["200"]["content"]
        changes = [path + "?since=0", path + "?since=0&n=1"] if path == "/api/v1/changes" else []
        for url in [*urls(world, document, path), *changes]:
            answer = world.reader.get(url)
            assert answer.status_code == 200, (url, answer.text)
            media_type = answer.headers["Content-Type"].partition(";")[0]
            assert media_type in described, (url, media_type)
            for value in values_of(path, answer):
                try:
                    check(document, described[media_type]["schema"], value)
                except (AssertionError, jsonschema.ValidationError) as error:
                    faults.setdefault((path, str(error)[:300]), url)
    if faults:
        raise AssertionError("\n".join(f"{url}: {what}" for (_, what), url in faults.items()))


@pytest.mark.parametrize("url", ["/api/v1/search?q=a&n=1000&total=1", "/api/v1/search?q=is:artifact", "/api/v1/search?q=is:index",
                                 "/api/v1/search?q=os:linux", "/api/v1/facets?q=a&key=vendor", "/api/v1/repositories?total=1&n=2"])
def test_answers_to_questions_are_as_described(world, document, url):
    answer = world.reader.get(url)
    described = document["paths"][url.partition("?")[0]]["get"]["responses"]["200"]["content"]
    check(document, described["application/json"]["schema"], answer.json())


@pytest.mark.parametrize("url, status", [
    ("/api/v1/repositories?n=0", 400), ("/api/v1/search?q=%22", 400), ("/api/v1/facets?x=1", 400), ("/api/v1/changes?since=x", 400),
    ("/api/v1/repositories/none/such", 404), ("/api/v1/repositories/none/-/tags", 404)])
def test_problems_are_as_described(world, document, url, status):
    answer = world.reader.get(url)
    assert answer.status_code == status and answer.headers["Content-Type"] == "application/problem+json"
    check(document, document["components"]["schemas"]["Problem"], answer.json())


def test_described_parameters_are_taken(world, document):
    """What is described is known; the value here may be refused."""
    for path in document["paths"]:
        url = next(urls(world, document, path))
        for parameter in parameters_of(document, path):
            if parameter["in"] == "query":
                answer = world.reader.get(url, params={parameter["name"]: "1"})
                assert "unknown parameter" not in answer.text, (url, parameter["name"])
        answer = world.reader.get(url, params={"nobody-knows-this": "1"})
        assert answer.status_code == 400 and answer.json()["parameter"] == "nobody-knows-this", url
