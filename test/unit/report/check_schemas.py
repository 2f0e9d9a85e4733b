#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_schemas.py EXAMPLES CONF: what EXAMPLES prints is what the schemas in CONF describe, and no
schema takes what it must not."""

import copy
import glob
import json
import os
import re
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)


def turn_into(document, **members):
    """Another event, of the same moment where the kind has one."""
    times = {key: document[key] for key in ("time", "monotonic_s")}
    document.clear()
    document.update(members if members["event"] == "events_lost" else {**times, **members})


# A change to a document that is right, and makes it wrong: (schema, words, change).
BROKEN = (
    ("summary", "a verdict that is none", lambda d: d["aggregates"][0].update(verdict="perhaps")),
    ("summary", "a counter missing", lambda d: d["aggregates"][0].pop("dropped")),
    ("summary", "a negative counter", lambda d: d["aggregates"][0].update(packets=-1)),
    ("summary", "a share above one",
     lambda d: d["aggregates"][0].update(repaired_share=2)),
    ("summary", "no totals", lambda d: d.pop("totals")),
    ("summary", "an unknown key", lambda d: d.update(surprise=1)),
    ("event", "no event", lambda d: d.pop("event")),
    ("event", "a box event without its instance", lambda d: turn_into(d, event="started")),
    ("event", "a link without its port", lambda d: turn_into(d, event="link_up", instance="x")),
    ("event", "a loss without its count", lambda d: turn_into(d, event="events_lost")),
    ("event", "a local time", lambda d: d.update(time="2026-01-02 12:00:00")),
)


def load(directory, name):
    with open(os.path.join(directory, f"{name}.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def events_of_code(folder):
    """Names that the program gives to its own events, as they stand in calls of box_event() and events_process()."""
    told = set()
    for path in glob.glob(os.path.join(folder, "*.c")):
        with open(path, encoding="utf-8") as file:
            for call in re.findall(r"\b(?:box_event|events_process|events_asked|events_sources)\(a,([^;{]*?)\)[;,]",
                                   file.read()):
                told |= set(re.findall(r'"([a-z_]+)"', call))
    with open(os.path.join(folder, "machine_notes.c"), encoding="utf-8") as file:
        told |= set(re.findall(r'\bevents_machine\(a,\s*"([a-z_]+)"', file.read()))
    # What is told of slices and tests at run time is handed on.
    for path in glob.glob(os.path.join(folder, "..", "..", "lib", "ondemand", "*.c")):
        with open(path, encoding="utf-8") as file:
            told |= set(re.findall(r'\b(?:tell_slice\(o|tell\(o->config\.context),\s*"([a-z_]+)"',
                                   file.read()))
    # Of the map: of its changes those that mapping.c tells, and what becomes of the file.
    with open(os.path.join(folder, "mapping.c"), encoding="utf-8") as file:
        mapping = file.read()
    with open(os.path.join(folder, "..", "..", "lib", "map", "map.h"), encoding="utf-8") as file:
        changes = dict(re.findall(r'X\((\w+), "([a-z_]+)"\)', file.read()))
    body = mapping.split("static void tell_change(", 1)[1].split("MAP_CHANGE_ENTRY_NEW", 1)[0]
    told |= {changes[name] for name in re.findall(r"case MAP_CHANGE_(\w+):", body)}
    told |= set(re.findall(r'\btell\(a,\s*"([a-z_]+)"', mapping))
    # Its alarms.
    with open(os.path.join(folder, "..", "..", "lib", "alert", "alert.h"), encoding="utf-8") as file:
        told |= set(re.findall(r'#define ALERT_EVENT\w* +"([a-z_]+)"', file.read()))
    return told


def main():
    examples, conf = sys.argv[1:]
    validators = {name: load(conf, name) for name in ("summary", "event")}
    output = subprocess.run([examples], check=True, capture_output=True, text=True).stdout
    documents = [json.loads(line) for line in output.splitlines()]
    n_wrong = 0
    for d in documents:
        for error in validators[d["schema"]].iter_errors(d["document"]):
            print(f"{d['schema']}: {error.json_path}: {error.message}")
            n_wrong += 1
    for schema, words, change in BROKEN:
        broken = copy.deepcopy(next(d["document"] for d in documents if d["schema"] == schema))
        change(broken)
        if validators[schema].is_valid(broken):
            print(f"{schema}: takes {words}")
            n_wrong += 1
    kinds = {d["document"]["event"] for d in documents if d["schema"] == "event"}
    described = set(validators["event"].schema["$defs"]["manager_event"]["enum"])
    if kinds != described:
        print(f"events shown and described differ: {sorted(kinds ^ described)}")
        n_wrong += 1
    told = events_of_code(os.path.join(conf, "..", "app", "pennyline"))
    if told != set(validators["event"].schema["$defs"]["box_event"]["enum"]):
        print(f"events of the box described and told by the code differ: "
              f"{sorted(told ^ set(validators['event'].schema['$defs']['box_event']['enum']))}")
        n_wrong += 1
    with open(os.path.join(conf, "..", "doc", "operations.md"), encoding="utf-8") as file:
        text = file.read().split("\n## Events\n", 1)[1].split("\n## ", 1)[0]
    explained = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]*) \|", text, re.M))))
    everything = described | {"events_lost"} | set(
        validators["event"].schema["$defs"]["box_event"]["enum"])
    if explained != everything:
        print(f"events described and explained differ: {sorted(explained ^ everything)}")
        n_wrong += 1
    print(f"{len(documents)} documents, {n_wrong} wrong")
    sys.exit(n_wrong != 0)


main()
