# SPDX-License-Identifier: BSD-3-Clause
"""The OpenAPI file, and whether what a gateway answers is what it describes."""

import json
import os

import jsonschema

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "app", "pennyline-web",
                    "page", "openapi.json")


def load():
    with open(FILE, encoding="utf-8") as file:
        return json.load(file)


def check(document, schema, value):
    """jsonschema resolves $ref within the document when the schema is a part of it."""
    jsonschema.Draft202012Validator(
        {**schema, "components": document["components"]}).validate(value)


# Of those that want some.
PARAMETERS = {"/api/v1/map/why": "?prefix=20.0.0.1&ingress=customer"}


def check_all_gets(web, aggregate, test=None, has_map=True):
    """Each GET, of this aggregate where one is named, and of this test if there is one. How many there
    were."""
    document, n = load(), 0
    for path, item in document["paths"].items():
        if "get" not in item:
            continue
        # Some are there only on request, or where there is a map.
        if path == "/list" or (path.startswith("/api/v1/map") and not has_map):
            continue
        number = test if "/asked-tests/" in path else aggregate
        if number is None:
            continue
        reply = web.get(path.replace("{aggregate}", str(number)) + PARAMETERS.get(path, ""))
        if reply.status != 200:
            raise AssertionError(f"{path}: {reply.status}: {reply.body[:200]}")
        described = item["get"]["responses"]["200"]["content"]
        kind = reply.headers.get_content_type()
        if kind not in described:
            raise AssertionError(f"{path}: {kind} is not described")
        if kind == "application/json":
            check(document, described[kind]["schema"], reply.json())
        n += 1
    return n
