# SPDX-License-Identifier: Apache-2.0
"""deploy/make-spdx: a sound SPDX 2.3 document that has what the programs are really linked with, in the versions here."""
import json
import os
import re
import subprocess

import jsonschema
import pytest

from harness import BUILD, ROOT

# What the specification asks of such a document, as far as this one uses it.
IDENTIFIER = {"type": "string", "pattern": r"^SPDXRef-[A-Za-z0-9.-]+$"}
TEXT = {"type": "string", "minLength": 1}


def exactly(properties, **optional):
    return {"type": "object", "properties": {**properties, **optional}, "required": list(properties), "additionalProperties": False}


REFERENCE = exactly({"referenceCategory": {"const": "PACKAGE-MANAGER"}, "referenceType": {"const": "purl"},
                     "referenceLocator": {"type": "string", "pattern": r"^pkg:deb/[a-z]+/[A-Za-z0-9%.-]+@[A-Za-z0-9%.~-]+\?arch=[a-z0-9]+&distro=\S+$"}})
PACKAGE = exactly({"SPDXID": IDENTIFIER, "name": TEXT, "versionInfo": TEXT, "downloadLocation": {"const": "NOASSERTION"},
                   "supplier": {"type": "string", "pattern": "^Organization: "}, "filesAnalyzed": {"const": False},
                   "licenseConcluded": {"enum": ["NOASSERTION", "Apache-2.0"]}, "copyrightText": TEXT,
                   "licenseDeclared": {"enum": ["NOASSERTION", "Apache-2.0"]}},
                  sourceInfo=TEXT, primaryPackagePurpose={"const": "APPLICATION"},
                  externalRefs={"type": "array", "items": REFERENCE, "minItems": 1})
RELATION = exactly({"spdxElementId": IDENTIFIER, "relatedSpdxElement": IDENTIFIER,
                    "relationshipType": {"enum": ["DESCRIBES", "DYNAMIC_LINK", "BUILD_TOOL_OF"]}})
DOCUMENT = exactly({"spdxVersion": {"const": "SPDX-2.3"}, "dataLicense": {"const": "CC0-1.0"}, "SPDXID": {"const": "SPDXRef-DOCUMENT"},
                    "name": TEXT, "documentNamespace": {"type": "string", "pattern": "^https://[^#]+$"},
                    "creationInfo": exactly({"created": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
                                             "creators": {"type": "array", "items": {"pattern": "^(Organization|Tool): "}}}),
                    "packages": {"type": "array", "items": PACKAGE}, "relationships": {"type": "array", "items": RELATION}})


def run(*command, **environment):
    return subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C", **environment}).stdout


@pytest.mark.parametrize("program", ["writer", "reader"])
def test_what_a_program_is_linked_with_is_told(program):
    file = BUILD / program / f"metastore-{program}"
    made = run(ROOT / "deploy" / "make-spdx", file, "1.2.3", SOURCE_DATE_EPOCH="1700000000")
    assert made == run(ROOT / "deploy" / "make-spdx", file, "1.2.3", SOURCE_DATE_EPOCH="1700000000")
    document = json.loads(made)
    jsonschema.validate(document, DOCUMENT)
    assert document["creationInfo"]["created"] == "2023-11-14T22:13:20Z"

    packages = {package["SPDXID"]: package for package in document["packages"]}
    assert len(packages) == len(document["packages"])
    edges = {(edge["spdxElementId"], edge["relationshipType"], edge["relatedSpdxElement"]) for edge in document["relationships"]}
    assert len(edges) == len(document["relationships"])
    assert {end for edge in edges for end in (edge[0], edge[2])} == {*packages, "SPDXRef-DOCUMENT"}, "nothing is unrelated"

    own = f"SPDXRef-metastore-{program}"
    assert ("SPDXRef-DOCUMENT", "DESCRIBES", own) in edges and packages[own]["versionInfo"] == "1.2.3"
    linked = {packages[to]["name"] for source, kind, to in edges if source == own and kind == "DYNAMIC_LINK"}
    assert linked == packages_of(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", file)), file)
    for package in packages.values():
        if package["SPDXID"] != own:
            versions = run("dpkg-query", "-W", "-f", "${Version} ${Architecture}\n", package["name"]).splitlines()
            assert package["versionInfo"] in {version.split()[0] for version in versions}


def packages_of(sonames, file):
    places = dict(re.findall(r"(\S+) => (/\S+)", run("ldd", file)))
    files = [os.path.realpath(places[soname]) for soname in sonames if soname in places]
    found = subprocess.run(["dpkg-query", "-S", *files, *(name.removeprefix("/usr") for name in files)], capture_output=True, text=True)
    return {line.split(":")[0] for line in found.stdout.splitlines()}
