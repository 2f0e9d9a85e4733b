#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Inflicts faults on a running pennyline, one after the other, and says what was seen of each.

A fault passes when what is promised was kept: counters reconcile, forwarding goes on or health goes down, and nobody
spoofed is called genuine. They are inflicted between network namespaces, so this needs root; the machine stays as it
is. The last line is "N passed, N failed"."""

import argparse
import glob
import importlib
import json
import os
import sys
import textwrap
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import fault  # noqa: E402
import netlab  # noqa: E402

WIDTH = 118
MOST_WORDS = 4000


def load():
    for path in sorted(glob.glob(os.path.join(HERE, "fault_*.py"))):
        importlib.import_module(os.path.basename(path)[:-3])
    return list(fault.FAULTS.values())


def result_of(one):
    """{"fault", "result", "seconds", "seen", "error"}"""
    began, seen, result, error = time.monotonic(), [], "passed", None
    try:
        one.run(seen)
    except fault.Skipped as reason:
        result, error = "skipped", str(reason)
    except Exception:  # whatever it is, the others are inflicted, too
        result, error = "failed", traceback.format_exc()
    finally:
        netlab.close_all()
    return {"fault": one.name, "what": one.what, "result": result, "seconds": round(time.monotonic() - began, 1),
            "seen": seen, "error": error}


def print_table(results):
    print(f"\n{'fault':24} {'result':8} {'s':>6}  seen")
    for r in results:
        seen = "; ".join(r["seen"]) or (r["error"] if r["result"] == "skipped" else "")
        lines = textwrap.wrap(seen, WIDTH - 42) or [""]
        print(f"{r['fault']:24} {r['result']:8} {r['seconds']:6.1f}  {lines[0]}")
        for line in lines[1:]:
            print(" " * 42 + line)


def main():
    parser = argparse.ArgumentParser(prog="tools/faults.sh", description=__doc__)
    parser.add_argument("--build", default=os.path.join(fault.TREE, "build", "gcc"), help="the build directory (build/gcc)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this fault; may be given again")
    parser.add_argument("--list", action="store_true", help="name the faults, inflict none")
    parser.add_argument("--json", metavar="FILE", help="the results, also as JSON; - is standard output")
    options = parser.parse_args()
    faults = load()
    unknown = set(options.only) - {f.name for f in faults}
    if unknown:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}; --list names them")
    faults = [f for f in faults if not options.only or f.name in options.only]
    if options.list:
        for f in faults:
            print(f"{f.name:24} {f.what}")
        return 0
    if os.geteuid() != 0:
        print("faults are inflicted between network namespaces: run this as root\n0 passed, 1 failed")
        return 1
    os.environ["PENNYLINE_BUILD"] = os.path.abspath(options.build)
    netlab.remove_stale()
    netlab.clean_up_on_exit()
    results = []
    for number, one in enumerate(faults, 1):
        print(f"[{number}/{len(faults)}] {one.name}: {one.what}", flush=True)
        results.append(result_of(one))
        print(f"    {results[-1]['result']} ({results[-1]['seconds']} s)", flush=True)
        if results[-1]["result"] == "failed":
            print(textwrap.indent(results[-1]["error"][-MOST_WORDS:], "    "), flush=True)
    print_table(results)
    if options.json:
        with sys.stdout if options.json == "-" else open(options.json, "w", encoding="utf-8") as out:
            json.dump({"results": results}, out, indent=2)
            out.write("\n")
    failed = sum(r["result"] == "failed" for r in results)
    passed = sum(r["result"] == "passed" for r in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
