#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check.py --programs FOLDER [--strict] [--list] [--seconds N] DIR...: replays every file below the
folders, and holds what mode passive makes of it against tshark (tools/captures.sh runs it, and says
more). FOLDER holds pennyline-replay and packet-kinds."""

import argparse
import collections
import json
import os
import shutil
import subprocess
import sys

import against_tshark

MODES = {"passive": ("--mode", "passive"), "off": ("--mode", "off"),
         "anytime": ("--mode", "active", "--rule", "anytime"),
         "penny": ("--mode", "active", "--rule", "penny")}
SANITIZER_EXIT = 99
VERDICT_EXITS = {"passive": {0}, "off": {0}, "anytime": {0, 10, 11, 12, 13},
                 "penny": {0, 10, 11, 12, 13}}


def run(seconds, *command):
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess(command, -1, error.stdout or b"",
                                           b"took more than %d s" % seconds)


def books(summary):
    """What does not balance in a summary."""
    totals, capture = summary["totals"], summary["capture"]
    wrong = [] if summary["reconciled"] else ["not reconciled"]
    sums = {"packets read": (capture["packets"], totals["rx_packets"]),
            "reasons": (capture["packets"], sum(capture["packet_reasons"].values())),
            "forwarded and dropped": (totals["rx_packets"], totals["tx_packets"] + totals["dropped"]),
            "dropped": (totals["dropped"], sum(a["dropped"] for a in summary["aggregates"]))}
    for aggregate in summary["aggregates"]:
        ended = sum(aggregate[name] for name in ("retransmitted", "expired", "void", "pending"))
        sums[f"drops of {aggregate['aggregate']}"] = (aggregate["dropped"], ended)
    return wrong + [f"{name}: {a} is not {b}" for name, (a, b) in sums.items() if a != b]


def replay(program, mode, path, seconds):
    """(summary or None, what is wrong)."""
    got = run(seconds, program, "--pcap", path, "--source", "0.0.0.0/0,::/0", "--json", "--seed", "1",
              "--drop-probability", "0.2", *MODES[mode])
    said = got.stderr.decode(errors="replace").strip()
    if got.returncode == SANITIZER_EXIT or got.returncode < 0:
        return None, [f"exit code {got.returncode}: {said[:2000]}"]
    try:
        summary = json.loads(got.stdout) if got.stdout else None
    except ValueError as error:
        return None, [f"no JSON: {error}"]
    if got.returncode == 1:
        if not said.startswith(os.path.basename(program) + ": "):
            return summary, [f"exit code 1 without a word: {said[:200]}"]
        if summary is not None and summary["capture"]["broken"] is None:
            return summary, [f"exit code 1, and the capture is not broken: {said[:200]}"]
    elif got.returncode not in VERDICT_EXITS[mode] or summary is None:
        return summary, [f"exit code {got.returncode}: {said[:200]}"]
    return summary, books(summary) if summary is not None else []


class Tally:
    def __init__(self):
        self.counts, self.classes, self.failures = (collections.Counter() for _ in range(3))
        self.refusals = collections.Counter()

    def fail(self, path, text):
        self.failures[path] += 1
        print(f"FAILED {path}: {text}", flush=True)


def check_file(options, tally, path):
    program = os.path.join(options.programs, "pennyline-replay")
    summary = None
    for mode in MODES:
        of_mode, wrong = replay(program, mode, path, options.seconds)
        for text in wrong:
            tally.fail(path, f"{mode}: {text}")
        if mode == "passive":
            summary = of_mode
            if summary is None:
                break
    tally.counts["files"] += 1
    if summary is None or summary["capture"]["packets"] == 0:
        tally.counts["files without a packet that can be read"] += 1
        return
    if options.has_tshark:
        compare(options, tally, path, summary)


def compare(options, tally, path, summary):
    kinds = run(options.seconds, os.path.join(options.programs, "packet-kinds"), path)
    if kinds.returncode not in (0, 1) or not kinds.stdout:
        tally.fail(path, f"packet-kinds: exit code {kinds.returncode}: {kinds.stderr.decode()[:500]}")
        return
    result = against_tshark.Comparison(path)
    n_theirs = result.run(kinds.stdout.decode(), options.seconds)
    n_ours = summary["capture"]["packets"]
    if n_theirs != n_ours and summary["capture"]["broken"] is None:
        tally.fail(path, f"{n_ours} packets, tshark reads {n_theirs}")
    tally.counts.update(result.counts)
    tally.classes.update(result.classes)
    if options.list:
        print("\n".join(result.listed))
    if options.strict:
        for name, n in result.classes.items():
            if name not in against_tshark.CLASSES and not name.startswith(against_tshark.NOT_READ):
                tally.fail(path, f"{n} packets differ: {name}")


def files_below(folders):
    for folder in folders:
        if os.path.isfile(folder):
            yield folder
        for root, names, files in os.walk(folder):
            names.sort()
            for name in sorted(files):
                path = os.path.join(root, name)
                if os.path.isfile(path) and os.path.getsize(path) > 0:
                    yield path


def say(tally):
    print(", ".join(f"{n} {name}" for name, n in tally.counts.items()))
    for name, n in sorted(tally.classes.items(), key=lambda item: -item[1]):
        print(f"{n:8} {name}: {against_tshark.words_of(name)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("folders", nargs="+")
    options = parser.parse_args()
    options.has_tshark = shutil.which("tshark") is not None
    tally = Tally()
    for path in files_below(options.folders):
        check_file(options, tally, path)
    if not options.has_tshark:
        print("tshark is not installed: nothing was held against it")
    say(tally)
    print(f"{tally.counts['files'] - len(tally.failures)} passed, {len(tally.failures)} failed")
    return len(tally.failures) > 0


if __name__ == "__main__":
    sys.exit(main())
