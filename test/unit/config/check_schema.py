#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Validates what is checked in against the generated schemas, as an editor would.

Usage: check_schema.py TREE. Exit code: 0 good, 1 not, 77 when jsonschema is not installed."""
import copy
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

# Each changes demo.json into what the schema must refuse.
MISTAKES = {
    "unknown key": lambda c: c.update(slice=[]),
    "unknown key of a slice": lambda c: c["slices"][0].update(drop_probabilty=0.1),
    "out of bounds": lambda c: c["slices"][0].update(drop_probability=0.9),
    "wrong type": lambda c: c["instance"].update(epoch_ms="10"),
    "unknown word": lambda c: c["slices"][0].update(mode="on"),
    "missing": lambda c: c["slices"][0].pop("mode"),
    "empty list": lambda c: c["slices"][0].update(sources=[]),
    "null": lambda c: c["slices"][0].update(alpha=None),
    "name": lambda c: c["ports"][0].update(name="a b"),
}


def load(path):
    return json.loads(path.read_text())


def validator_of(schema):
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    return validator(schema)


def complaints(validator, path):
    return [f"{path}: {e.json_path}: {e.message}" for e in validator.iter_errors(load(path))]


def main():
    tree = pathlib.Path(sys.argv[1])
    config = validator_of(load(tree / "conf/pennyline.schema.json"))
    driver = validator_of(load(tree / "conf/driver.schema.json"))
    wrong = []
    for path in sorted(tree.glob("conf/*.json")):
        if not path.name.endswith(".schema.json"):
            wrong += complaints(config, path)
    for path in sorted(tree.glob("drivers-cfg/*.json")):
        wrong += complaints(driver, path)
    good = load(tree / "conf/demo.json")
    for name, change in MISTAKES.items():
        bad = copy.deepcopy(good)
        change(bad)
        if config.is_valid(bad):
            wrong.append(f"the schema does not see a mistake: {name}")
    print("\n".join(wrong) or "all good")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
