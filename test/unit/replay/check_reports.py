#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_reports.py PENNYLINE_REPLAY PENNYLINE_SIM PENNYLINE_BLIND TREE [--write]: what is said of a set of
captures, and of senders in virtual time, stays.

Each test of its own says what must be true of one thing; this one holds all that stands in a report, of
traffic in which much happens at once: scenarios.py, every attack by both rules, packets by chance, and TCP that
repeats what is dropped, of which no one would guess the counts. What is meant to change is written anew with --write, and the
difference read (test/fixtures/reports.json: of each case what is not 0). A field that no case has yet is
free."""

import json
import os
import random
import subprocess
import sys
import tempfile

import scenarios

ATTACKS = ("none", "duplicates", "delay", "sweep", "dilution", "split", "merge", "reset", "concentration",
           "tuple-flood", "syn-flood", "eviction", "wrap", "jump", "undroppable", "blocked", "pulses")
# Trials in virtual time: TCP that answers, and what may befall the box.
TRIALS = {
    "losses": "--loss-downstream 0.02 --loss-upstream 0.01 --reorder 0.01 --to-completion --segments 400",
    "three lcores": "--lcores 3 --flows 30 --delayed-ack-ms 100 --no-sack",
    "rule penny": "--rule penny --loss-downstream 0.05 --max-drops 30",
    "mixed": "--scenario mixed --flows 20 --pace 20 --blind-share 0.5 --max-seconds 20",
    "path that changes": "--pace 12.5 --flows 40 --path-change 0.2 --path-return 8 --max-seconds 12",
    "stall": "--pace 50 --stall 2 --stall-queue 100 --max-seconds 12",
    "clock that jumps": "--pace 50 --clock-jump 5 --max-seconds 12",
    "small table": "--flows 300 --renew --segments 30 --pace 50 --table-flows 1024 --max-seconds 8 --protect-first 3",
    "blind": "--scenario blind --attack duplicates --duplicates 0.1 --blind-flows 30 --max-seconds 12",
    "blind, single flows": "--scenario blind --attack concentration --rule penny --max-individual-flows 4 --max-seconds 20",
    "half unseen": "--unseen 0.3 --pace 30 --from-middle --max-seconds 12",
}
# Words, and what others say of the same counters.
LEFT_OUT = ("version", "reason_text", "words", "file", "name", "text", "remedy", "mode", "started", "time", "slice",
            "prefix", "flow", "capture", "recording", "total", "sentence", "by_outcome", "tested_flows")
DIGITS = 4  # of what is reckoned: compilers differ in the last ones


def by_chance(seed, n_packets):
    """Few connections, both ways, sequence numbers near each other, every flag and length."""
    chance = random.Random(seed)
    connections = [scenarios.Connection(port=40000 + i, isn=(0xFFFFF000 if i == 0 else 1000 * i))
                   for i in range(6)]
    at, packets = 0.0, []
    for c in connections[:4]:
        c.handshake(0.0)
        packets += c.packets
        c.packets.clear()
        at = 0.05
    while len(packets) < n_packets:
        c = chance.choice(connections)
        # Now and then a gap that is longer than a timeout.
        at += chance.choice((0.0, 0.0001, 0.001, 0.01, 0.05)) if chance.random() < 0.99 else chance.choice((0.3, 1, 4))
        back = chance.random() < 0.3
        side = c.server if back else c.client
        n_bytes = chance.choice((0, 1, 100, scenarios.MSS, scenarios.MSS, scenarios.MSS))
        flags = scenarios.ACK if chance.random() < 0.97 else chance.choice((1, 2, 4, 17, 18, 20, 25, 48))
        sequence = None
        if chance.random() < 0.2:
            sequence = side.next - chance.choice((1, n_bytes, 1448, 2896, 20000, 1 << 30))
        c.send(at, flags, n_bytes, back=back, sequence=sequence, seen=chance.random() < 0.97,
               window=chance.choice((None, None, None, 0)))
        if c.packets and chance.random() < 0.03:
            # The same packet once more: a repeat of the network, or a copy of the mirror.
            c.packets.append((at + chance.choice((0.0, 0.0005, 0.002)), c.packets[-1][1]))
        if len(c.packets) > 1 and chance.random() < 0.05:
            c.packets[-1], c.packets[-2] = ((c.packets[-2][0], c.packets[-1][1]),
                                            (c.packets[-1][0], c.packets[-2][1]))
        packets += c.packets
        c.packets.clear()
    return packets


def cases(folder, blind, tree):
    """Name, capture, options of each replay."""
    passive = ("--mode", "passive")
    often = ("--mode", "active", "--seed", "1", "--drop-probability", "0.2", "--set", "admission_grace_ms=100")
    for scenario in scenarios.SCENARIOS:
        path = os.path.join(folder, f"{scenario.__name__}.pcap")
        scenarios.write(path, scenario())
        yield f"{scenario.__name__} passive", path, passive
        yield f"{scenario.__name__} active", path, often
    for seed in range(1, 5):
        path = os.path.join(folder, f"chance-{seed}.pcap")
        scenarios.write(path, by_chance(seed, 1500))
        yield f"chance {seed} passive", path, passive
        yield f"chance {seed} active", path, (*often, "--rule", ("anytime", "penny")[seed % 2], "--drops")
    for attack in ATTACKS:
        path = os.path.join(folder, f"{attack}.pcap")
        subprocess.run([blind, "--attack", attack, "--source", "203.0.113.0/28", "--destination", "10.99.0.2",
                        "--pcap", path, "--segments", "6000", "--rate", "1000", "--payload", "200", "--flood", "3"],
                       check=True, stdout=subprocess.DEVNULL)
        for rule in ("anytime", "penny"):
            yield f"{attack} {rule}", path, ("--mode", "active", "--seed", "1", "--rule", rule)
        yield f"{attack} passive", path, passive
    for name in ("both-directions.pcap", "two-flows.pcapng", "passive/loss-before.pcap", "passive/loss-after.pcap",
                 "passive/balanced.pcap", "passive/reordered.pcap"):
        path = os.path.join(tree, "test", "fixtures", name)
        yield f"{name} passive", path, passive
        yield f"{name} active", path, often


def trials(sim):
    for name, options in TRIALS.items():
        run = subprocess.run([sim, "run", "--runs", "40", "--seed", "1", "--json", *options.split()],
                             capture_output=True, text=True, check=True)
        yield f"sim, {name}", dict(flat(json.loads(run.stdout)))


def flat(value, path=""):
    """The leaves that are not 0, by their paths."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key not in LEFT_OUT:
                yield from flat(below, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for i, below in enumerate(value):
            yield from flat(below, f"{path}.{i}")
    elif value:
        yield path, float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def report(program, path, options):
    run = subprocess.run([program, "--pcap", path, "--source", "0.0.0.0/0", "--json", *options],
                         capture_output=True, text=True, check=False)
    try:
        said = dict(flat(json.loads(run.stdout)))
    except json.JSONDecodeError:
        sys.exit(f"{path} {' '.join(options)}: exit code {run.returncode}, {run.stderr}")
    return {path.removeprefix("aggregates.0."): value for path, value in said.items()}


def field(path):
    return path.rsplit(".", 1)[-1]


def main():
    replay, sim, blind, tree = sys.argv[1:5]
    stored_path = os.path.join(tree, "test", "fixtures", "reports.json")
    with tempfile.TemporaryDirectory() as folder:
        said = {name: report(replay, path, options) for name, path, options in cases(folder, blind, tree)}
    said.update(trials(sim))
    if "--write" in sys.argv:
        with open(stored_path, "w", encoding="utf-8") as file:
            lines = (f" {json.dumps(name)}: {json.dumps(values, separators=(',', ':'))}" for name, values in said.items())
            file.write("{\n" + ",\n".join(lines) + "\n}\n")
        return 0
    with open(stored_path, encoding="utf-8") as file:
        stored = json.load(file)
    known = {field(path) for values in stored.values() for path in values}
    wrong = [f"{name}: {path} is {said.get(name, {}).get(path, 0)}, was {values.get(path, 0)}"
             for name, values in stored.items() for path in {**values, **said.get(name, {})}
             if field(path) in known and values.get(path, 0) != said.get(name, {}).get(path, 0)]
    wrong += [f"{name}: not stored yet" for name in said.keys() - stored.keys()]
    if wrong:
        wrong.append("is it meant? --write stores it; read the difference before it is committed")
    print("\n".join(wrong) or f"{len(said)} replays say what they said")
    return len(wrong) > 0


if __name__ == "__main__":
    sys.exit(main())
