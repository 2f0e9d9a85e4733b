#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Real TCP past a mirror, with known loss, balancing or reordering, for mode passive.

    sender -- r1 --+-- fast --+-- r2 -- receiver
                   +-- slow --+

Loss before the mirror is r1's, loss after it r2's. `fast` is where the mirror stands; a share of the
packets may take `slow`, which may hold them up. As a program it runs a campaign and says how often
the interval of pennyline-replay covers the true rate."""

import argparse
import collections
import json
import os
import select
import socket
import sys
import time

import netlab
from netlab import Lab, run

SENDER, RECEIVER = "10.1.1.1", "10.1.6.2"
ROLES = ("sender", "r1", "fast", "slow", "r2", "receiver")
LINKS = (("sender", "r1"), ("r1", "fast"), ("fast", "r2"), ("r1", "slow"), ("slow", "r2"),
         ("r2", "receiver"))
LOSSES = (5, 20, 60)  # of a thousand


class Mirror(Lab):
    def __init__(self):
        super().__init__()
        try:
            self.build()
        except BaseException:
            self.close()
            raise

    def build(self):
        for role in ROLES:
            setattr(self, role, self.namespace(role))
        for number, (left, right) in enumerate(LINKS, 1):
            a, b = getattr(self, left), getattr(self, right)
            self.link(a, f"to-{right}", b, f"to-{left}")
            a.addresses(f"to-{right}", f"10.1.{number}.1/24")
            b.addresses(f"to-{left}", f"10.1.{number}.2/24")
        self.sender.run("ip", "route", "add", "10.1.6.0/24", "via", "10.1.1.2")
        self.r1.run("ip", "route", "add", "10.1.6.0/24", "via", "10.1.2.2")
        self.r1.run("ip", "route", "add", "10.1.6.0/24", "via", "10.1.4.2", "table", "100")
        self.r1.run("ip", "rule", "add", "fwmark", "1", "table", "100")
        self.fast.run("ip", "route", "add", "10.1.6.0/24", "via", "10.1.3.2")
        self.slow.run("ip", "route", "add", "10.1.6.0/24", "via", "10.1.5.2")
        self.fast.run("ip", "route", "add", "10.1.1.0/24", "via", "10.1.2.1")
        self.slow.run("ip", "route", "add", "10.1.1.0/24", "via", "10.1.4.1")
        self.r2.run("ip", "route", "add", "10.1.1.0/24", "via", "10.1.3.1")
        self.receiver.run("ip", "route", "add", "10.1.1.0/24", "via", "10.1.6.1")
        for router in (self.r1, self.fast, self.slow, self.r2):
            router.forwards()
        for end in (self.sender, self.receiver):
            end.sysctl("net.ipv4.tcp_no_metrics_save", 1)
        server = self.receiver.start("iperf3", "-s", "--forceflush")
        server.wait_for("Server listening")

    def lose_before(self, per_mille):
        self.r1.lose("to-sender", per_mille)

    def lose_after(self, per_mille):
        self.r2.lose("to-fast", per_mille)

    def no_loss(self):
        for router in (self.r1, self.r2):
            router.run("nft", "flush", "ruleset", check=False)

    def balance(self, per_mille, delay_ms=0):
        """So many of a thousand packets take the slow path, which holds them up."""
        self.r1.nft("add table ip paths; "
                    "add chain ip paths in { type filter hook prerouting priority -150; }; "
                    "add rule ip paths in iifname to-sender "
                    f"numgen random mod 1000 < {per_mille} meta mark set 1")
        if delay_ms == 0:
            return
        self.slow.sysctl("net.ipv4.ip_forward", 0)
        link = json.loads(self.r2.run("ip", "-j", "link", "show", "dev", "to-slow"))[0]
        relay = self.slow.start(os.path.abspath(__file__), "--relay", delay_ms, link["address"])
        relay.wait_for("ready")

    def capture(self, role, device, path):
        dump = getattr(self, role).start("tcpdump", "-i", device, "-s", 120, "-B", 16384, "-U",
                                         "-w", path, "tcp")
        dump.wait_for("listening on")
        return dump

    def bulk(self, seconds, flows=5, rate="3M"):
        self.sender.run("iperf3", "-c", RECEIVER, "-t", str(seconds), "-P", str(flows), "-b", rate,
                        "--connect-timeout", "5000", check=False)

    def short(self, n):
        for _ in range(n):
            self.sender.run("iperf3", "-c", RECEIVER, "-n", "150K", "--connect-timeout", "5000",
                            check=False)


def relay(delay_s, far):
    """Passes frames from r1 on to r2, whose address is `far`, after a while; in the namespace `slow`."""
    inside = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    inside.bind(("to-r1", 0))
    outside = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    outside.bind(("to-r2", 0))
    addresses = bytes.fromhex(far.replace(":", "")) + outside.getsockname()[4]
    waiting = collections.deque()
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            outside.send(waiting.popleft()[1])
        timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else 1
        if not select.select([inside], [], [], timeout)[0]:
            continue
        frame, where = inside.recvfrom(2048)
        if where[2] != socket.PACKET_OUTGOING and frame[12:14] == b"\x08\x00":
            waiting.append((time.monotonic() + delay_s, addresses + frame[12:]))


def replay(program, path, *options):
    text = run([program, f"--pcap={path}", "--mode=passive", "--source=10.1.1.0/24", "--json",
                "--flows=4096", *options])
    summary = json.loads(text)
    if not summary["reconciled"]:
        raise RuntimeError(f"not reconciled: {summary['broken']}")
    return summary["aggregates"][0]["passive"]


def one_run(program, case, number):
    with Mirror() as lab:
        path, where = os.path.join(lab.folder, "mirror.pcap"), ("fast", "to-r1")
        if case["before"]:
            lab.lose_before(case["before"])
        if case["after"]:
            lab.lose_after(case["after"])
        if case["kind"] == "balancing":
            lab.balance(500)
        elif case["kind"] == "reordering":
            lab.balance(50, delay_ms=3)
            where = ("r2", "to-receiver")
        dump = lab.capture(*where, path)
        if case["kind"] == "loss" and number % 2:
            lab.short(25)
        else:
            lab.bulk(3)
        time.sleep(0.3)
        dump.stop()
        found = replay(program, path)
    return {**case, "number": number, "upstream": found["upstream_loss"],
            "downstream": found["downstream_loss"], "reordered": found["reordered"],
            "share_here": found["share_here"], "counters": found["counters"],
            "findings": [f["finding"] for f in found["findings"]]}


def all_cases():
    for per_mille in LOSSES:
        yield {"kind": "loss", "before": per_mille, "after": 0}
        yield {"kind": "loss", "before": 0, "after": per_mille}
    yield {"kind": "balancing", "before": 0, "after": 0}
    yield {"kind": "reordering", "before": 0, "after": 0}


def summarize(runs):
    groups = collections.defaultdict(list)
    for r in runs:
        groups[r["kind"], r["before"], r["after"]].append(r)
    print("kind        before after   runs  covered  balancing found")
    for (kind, before, after), rs in groups.items():
        covered = ""
        if kind == "loss":
            side, truth = ("upstream", before) if before else ("downstream", after)
            covered = sum(r[side]["low"] <= truth / 1000 <= r[side]["high"] for r in rs)
        balanced = sum("per_packet_balancing" in r["findings"] for r in rs)
        print(f"{kind:11} {before / 10:5.1f}% {after / 10:4.1f}% {len(rs):6} {covered!s:>8} "
              f"{balanced:8}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--relay", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--replay", help="the program pennyline-replay")
    parser.add_argument("--results", help="file that runs are appended to, a line of JSON each")
    parser.add_argument("--runs", type=int, default=100, help="of each case (100)")
    parser.add_argument("--first", type=int, default=0, help="number of the first run (0)")
    parser.add_argument("--summary", action="store_true", help="only say what the file holds")
    options = parser.parse_args()
    if options.relay is not None:
        relay(float(options.relay[0]) / 1000, options.relay[1])
    netlab.clean_up_on_exit()
    for number in range(options.first, options.first + options.runs):
        for case in [] if options.summary else all_cases():
            result = one_run(options.replay, case, number)
            with open(options.results, "a", encoding="utf-8") as file:
                print(json.dumps(result), file=file)
    with open(options.results, encoding="utf-8") as file:
        summarize([json.loads(line) for line in file])


if __name__ == "__main__":
    sys.exit(main())
