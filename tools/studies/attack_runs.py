#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Replays every attack against both rules, with many seeds of the sender and of the coin.

A blind sender cannot react to a drop, so its capture holds all that it will ever send, and a replay
of it is as good as the live sender. Prints a table; exit code 1 when a verdict was closed_loop."""

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import subprocess
import sys
import tempfile

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SOURCE, DESTINATION = "203.0.113.0/24", "10.99.0.2"
VERDICTS = ("closed_loop", "not_closed_loop", "duplicates_exceeded", "inconclusive")
RULES = ("anytime", "penny")
# Ten flows with 50 new segments a second each, long enough for all 72 drops to end.
STEPS_PER_S, SECONDS, PAYLOAD = 500, 45, 200


@dataclasses.dataclass(frozen=True)
class Attack:
    name: str
    options: tuple = ()
    replay: tuple = ()


ATTACKS = (
    Attack("none"),
    *(Attack(f"duplicates {ratio}%", ("--duplicates", f"{ratio}%")) for ratio in (5, 10, 14.9, 50)),
    Attack("duplicates 10% after 300 ms", ("--duplicates", "10%", "--delay-ms", "300")),
    Attack("delay"),
    Attack("sweep"),
    Attack("dilution"),
    Attack("split"),
    Attack("merge"),
    Attack("reset"),
    Attack("concentration"),
    Attack("tuple-flood"),
    Attack("syn-flood"),
    # 4,000 new flows a second past a table of 4,096.
    Attack("eviction", replay=("--flows", "4096")),
    Attack("wrap"),
    Attack("jump"),
    Attack("undroppable", ("--between", "5")),
    Attack("blocked", ("--between", "50")),
    Attack("pulses"),
)


def program(build, name):
    folder = "tools/traffic" if name == "pennyline-blind" else f"app/{name}"
    return os.path.join(build, folder, name)


def write_capture(build, attack, seed, path):
    """Every other sender begins its flows by SYN, the others are in the middle of theirs."""
    command = [program(build, "pennyline-blind"), "--attack", attack.name.split()[0], "--pcap", path,
               "--source", SOURCE, "--destination", DESTINATION, "--rate", str(STEPS_PER_S),
               "--duration", str(SECONDS), "--payload", str(PAYLOAD), "--seed", str(seed),
               *attack.options, *(("--handshake",) if seed % 2 else ())]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def replay(build, attack, path, rule, seed):
    """The aggregate of one replay."""
    command = [program(build, "pennyline-replay"), "--pcap", path, "--source", SOURCE, "--rule",
               rule, "--seed", str(seed), "--json", *attack.replay]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 10, 11, 12, 13):
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    summary = json.loads(done.stdout)
    row = summary["aggregates"][0]
    ended = row["retransmitted"] + row["expired"] + row["void"] + row["pending"]
    if not summary["reconciled"] or row["dropped"] != ended:
        raise RuntimeError(f"{' '.join(command)}: the counters do not add up")
    return row


def play(build, attack, sender_seed, n_coins):
    """[(rule, aggregate)] of one sender and so many coins."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "attack.pcap")
        write_capture(build, attack, sender_seed, path)
        return [(rule, replay(build, attack, path, rule, 1000 * sender_seed + coin))
                for rule in RULES for coin in range(1, n_coins + 1)]


@dataclasses.dataclass
class Row:
    """All runs of one attack by one rule."""

    verdicts: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    most_drops: int = 0
    most_evidence: float = float("-inf")

    def add(self, aggregate):
        self.verdicts[aggregate["verdict"]] += 1
        self.most_drops = max(self.most_drops, aggregate["dropped"])
        self.most_evidence = max(self.most_evidence, aggregate["anytime"]["log10_e"])


def run_all(build, n_seeds, n_coins, jobs, attacks=ATTACKS):
    """{(attack's name, rule): Row}"""
    rows = {(attack.name, rule): Row() for attack in attacks for rule in RULES}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        played = {pool.submit(play, build, attack, seed, n_coins): attack
                  for attack in attacks for seed in range(1, n_seeds + 1)}
        for future in concurrent.futures.as_completed(played):
            for rule, aggregate in future.result():
                rows[played[future].name, rule].add(aggregate)
    return rows


def table(rows):
    yield "| attack | rule | runs | " + " | ".join(VERDICTS) + " | most drops | greatest log10 E |"
    yield "| --- | --- |" + " ---: |" * (len(VERDICTS) + 3)
    for (name, rule), row in rows.items():
        counts = " | ".join(str(row.verdicts[verdict]) for verdict in VERDICTS)
        yield (f"| {name} | {rule} | {row.verdicts.total()} | {counts} | {row.most_drops} | "
               f"{row.most_evidence:.1f} |")


def fooled(rows):
    return [f"{name} by rule {rule}: {row.verdicts['closed_loop']} times"
            for (name, rule), row in rows.items() if row.verdicts["closed_loop"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.path.join(TREE, "build", "gcc"))
    parser.add_argument("--seeds", type=int, default=10, help="seeds of the sender (10)")
    parser.add_argument("--coins", type=int, default=5, help="coins for each of them (5)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="at one time (CPUs)")
    options = parser.parse_args()
    rows = run_all(options.build, options.seeds, options.coins, options.jobs)
    print("\n".join(table(rows)))
    for text in fooled(rows):
        print(f"closed_loop, which no blind sender may get: {text}", file=sys.stderr)
    return 1 if fooled(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
