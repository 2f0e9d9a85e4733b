#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_examples.py PENNYLINE_REPLAY TREE: each machine of conf/machines does over captures what it is there
for. A step is (time in ms, frame, what is to become of it)."""

import json
import os
import subprocess
import sys
import tempfile

import frames

CLIENT, OTHER, SERVER = "192.0.2.100", "192.0.2.7", "192.0.2.101"
A, B, C = 0x020000000a01, 0x020000000b02, 0x020000000c03


def udp(dport, source=CLIENT, destination=SERVER):
    return frames.Frame().udp(source, destination, 5000, dport)


def tcp(sport, dport, flags, source=CLIENT, destination=SERVER):
    return frames.Frame().tcp(source, destination, sport, dport, flags)


def knocks(ports, wanted, start=0, gap=100, **more):
    return [(start + i * gap, udp(port, **more), wanted[i]) for i, port in enumerate(ports)]


D, F = "drop", "forward"
EXAMPLES = {
    # The transcript: p1 to p3 knock, p4 to p6 arrive.
    "knock": knocks([1111, 2222, 3333, 9922, 9922, 9922], [D, D, D, F, F, F])
    # It shuts after 5 s without a packet.
    + knocks([9922], [D], start=6000)
    # Wrong order; a knock too many; too slow.
    + knocks([2222, 1111, 3333, 9922], [D] * 4, start=7000)
    + knocks([1111, 1111, 2222, 3333, 9922], [D] * 5, start=8000)
    + knocks([1111, 2222, 3333, 9922], [D] * 4, start=20000, gap=5001)
    # A stray packet shuts an open door; another host's knocks are its own.
    + knocks([1111, 2222, 3333, 53, 9922], [D] * 5, start=50000)
    + knocks([1111, 2222, 3333], [D] * 3, start=60000) + knocks([9922], [D], start=60300, source=OTHER)
    + knocks([9922], [F], start=60400)
    # Open for 10 s, whatever comes; then shut.
    + knocks([9922] * 5, [F, F, F, F, D], start=62000, gap=2100)
    + [(90000, tcp(1, 80, "S"), F), (90001, frames.Frame().arp(), F)],
    "knock_idle": knocks([10, 11, 12, 13, 22, 1300, 22], [D, D, D, D, F, F, F])
    + knocks([22], [D], start=11000) + knocks([10, 11, 13, 22, 1300], [D, D, D, D, F], start=12000)
    + knocks([10, 11, 12, 13], [D] * 4, start=13000, destination="192.0.2.1")
    # By the source alone.
    + knocks([22], [F], start=13500, destination="192.0.2.2") + knocks([22], [D], start=13600, source=OTHER),
    "knock_tcp": [(0, tcp(1, 22, "S"), D), (1, tcp(1, 2570, "S"), D), (2, tcp(1, 5555, "S"), D),
                  (3, tcp(1, 2827, "S"), D), (4, tcp(1, 3084, "S"), D), (5, tcp(1, 22, "S"), D),
                  (6, tcp(1, 5555, "S"), D), (7, tcp(1, 22, "S"), F), (8, tcp(1, 22, "A"), F),
                  (9, tcp(1, 22, "S", source=OTHER), D), (10, tcp(1, 80, "S", source=OTHER), F)],
    "syn_twice": [(0, tcp(1, 80, "S"), D), (1, tcp(1, 80, "A"), D), (1000, tcp(1, 80, "S"), F),
                  (1001, tcp(80, 1, "SA", SERVER, CLIENT), F), (1002, tcp(1, 80, "A"), F),
                  (1003, tcp(2, 80, "A"), D), (1004, tcp(80, 2, "SA", SERVER, CLIENT), D),
                  (40000, tcp(1, 80, "A"), D), (40001, udp(53), F)],
    "heavy_hitter": [(i, udp(53), F) for i in range(200)] + [(500, udp(53, source=OTHER), F)],
    # 1,024 at once, then none; after a second again.
    "policer": [(0, udp(53), F)] * 1024 + [(0, udp(53), D)] * 50 + [(0, udp(53, source=OTHER), F)]
    + [(1000, udp(53), F)] * 1024,
    "failover": [(0, udp(1), F), (10, udp(1, SERVER, CLIENT), F), (20, udp(2), F), (100, udp(3), F),
                 (101, udp(4), F)],
}


def run(program, path, captures):
    command = [program, "--machine", path, "--json", "--keys"]
    for capture in captures:
        command += ["--pcap", capture]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{path}: exit code {done.returncode}, {done.stderr}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[:-1], lines[-1]


def at(time_ms):
    return 1_700_000_000 * 10**9 + time_ms * 10**6


def check_steps(program, tree, folder, name):
    path, capture = os.path.join(tree, f"conf/machines/{name}.json"), os.path.join(folder, name)
    frames.write_capture(capture, [(at(ms), frame.data()) for ms, frame, _ in EXAMPLES[name]])
    lines, sums = run(program, path, [capture])
    for i, (line, (ms, frame, wanted)) in enumerate(zip(lines, EXAMPLES[name])):
        if line["do"] != wanted:
            sys.exit(f"{name}, step {i} at {ms} ms, {frame.fields}: {line}, wanted {wanted}")
    if len(lines) != len(EXAMPLES[name]):
        sys.exit(f"{name}: {len(lines)} of {len(EXAMPLES[name])} packets")
    return lines, sums["machines"][0]


def check_mac_learning(program, tree, folder):
    """Three hosts at three ports; the first packet to each is flooded, then it is known."""
    def frame(source, destination):
        return frames.Frame(source=source, destination=destination).udp(CLIENT, SERVER, 1, 2).data()

    said = [[(0, frame(A, B)), (30, frame(A, B)), (11000, frame(A, B))],
            [(10, frame(B, A)), (40, frame(B, C))],
            [(20, frame(C, A)), (50, frame(C, B))]]
    captures = []
    for i, timed in enumerate(said):
        captures.append(os.path.join(folder, f"port{i}"))
        frames.write_capture(captures[-1], [(at(ms), data) for ms, data in timed])
    lines, _ = run(program, os.path.join(tree, "conf/machines/mac_learning.json"), captures)
    got = [(line["port"], line["do"]) for line in lines]
    wanted = [(0, "flood"), (1, "output 0"), (2, "output 0"), (0, "output 1"), (1, "output 2"), (2, "output 1"),
              (0, "flood")]
    if got != wanted:
        sys.exit(f"mac_learning: {got}, wanted {wanted}")


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: {got}, wanted {wanted}")


def main():
    program, tree = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        results = {name: check_steps(program, tree, folder, name) for name in EXAMPLES}
        check_mac_learning(program, tree, folder)
    here = {name[:-5] for name in os.listdir(os.path.join(tree, "conf/machines"))}
    expect("machines that are played", set(EXAMPLES) | {"mac_learning"}, here)
    lines, sums = results["heavy_hitter"]
    expect("where the elephant is told of", [i for i, line in enumerate(lines) if "event" in line], [150])
    expect("what is marked", [line.get("mark") for line in lines[149:152]] + [lines[-1].get("mark")],
           [None, 1, 1, None])
    expect("keys of two pairs", sorted(k["state"] for k in sums["keys"]), ["elephant", "mouse"])
    lines, sums = results["failover"]
    expect("what takes the other path", [line.get("mark") for line in lines], [None, None, None, 2, 2])
    expect("what the policer counts", results["policer"][1]["counts"], {"above_rate": 50})
    print("all good")


if __name__ == "__main__":
    main()
