#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Real TCP past a mirror, with known loss, balancing or reordering, for mode passive.

    sender -- [delay line] -- r1 --+-- fast --+-- r2 -- receiver
                                   +-- slow --+

Loss before the mirror is r1's, loss after it r2's. `fast` is where the mirror stands; a share of the
packets may take `slow`. The delay line makes the round-trip time, and may hold a share of the
packets up. As a program it runs a campaign and says how often the interval of pennyline-replay
covers the true rate, and which findings came up."""

import argparse
import collections
import csv
import json
import multiprocessing
import os
import re
import signal
import sys

import netlab
from netlab import Lab, run, wait_until

SENDER, RECEIVER = "10.1.1.1", "10.1.6.2"
ROLES = ("sender", "r1", "fast", "slow", "r2", "receiver")
LINKS = (("sender", "r1"), ("r1", "fast"), ("fast", "r2"), ("r1", "slow"), ("slow", "r2"),
         ("r2", "receiver"))
SHORT_FLOWS = os.path.join(netlab.TREE, "tools", "traffic", "short_flows.py")
LOSSES = (5, 20, 60)  # of a thousand
# What the sender's and the receiver's own stacks say of repeats.
STACK = {"sender": ("TcpOutSegs", "TcpRetransSegs", "TcpExtTCPLossProbes", "TcpExtTCPTimeouts",
                    "TcpExtTCPDSACKRecv", "TcpExtTCPDSACKOfoRecv", "TcpExtTCPSpuriousRTOs"),
         "receiver": ("TcpExtTCPDSACKOldSent", "TcpExtTCPDSACKOfoSent")}


class Capture:
    """A tcpdump in a namespace, into a file."""

    COUNTS = (r"(\d+) packets? captured, (\d+) packets? received by filter, "
              r"(\d+) packets? dropped by kernel")

    def __init__(self, namespace, device, path, *options):
        self.path = path
        self.process = namespace.start("tcpdump", "-i", device, "-B", 16384, "-U", "-w", path, *options,
                                       "tcp")
        self.process.wait_for("listening on")

    def counts(self):
        """Packets that were written, that came through the filter, and that found no room."""
        said = len(re.findall(self.COUNTS, self.process.errors()))
        self.process.child.send_signal(signal.SIGUSR1)
        return wait_until("tcpdump's counts", lambda: [
            tuple(map(int, counts)) for counts in re.findall(self.COUNTS, self.process.errors())[said:]])[0]

    def finish(self):
        """Ends it when all that came is in the file. Packets that found no room."""
        def lost_of_whole():
            written, came, lost = self.counts()
            return (lost,) if written + lost == came else None

        lost, = wait_until("what was captured in the file", lost_of_whole)
        self.process.stop()
        return lost


class Mirror(Lab):
    """`delay_line` is the program of that name; without it there is none in the way."""

    def __init__(self, delay_line=None):
        super().__init__()
        self.line, self.delay_line = None, delay_line
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
            if self.delay_line and left == "sender":
                self.between = self.namespace("between")
                self.between.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
                self.link(a, f"to-{right}", self.between, "first")
                self.link(self.between, "second", b, f"to-{left}")
            else:
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
        if self.delay_line:
            self.delay(0)
        server = self.receiver.start("iperf3", "-s", "--forceflush")
        server.wait_for("Server listening")
        answers = self.sender.start(SHORT_FLOWS, "server", "--address", SENDER, "--duration",
                                    "86400")
        answers.wait_for("ready")

    def lose_before(self, per_mille):
        self.r1.lose("to-sender", per_mille)

    def lose_after(self, per_mille):
        self.r2.lose("to-fast", per_mille)

    def balance(self, per_mille):
        """So many of a thousand packets take the path without the mirror."""
        self.r1.nft("add table ip paths; "
                    "add chain ip paths in { type filter hook prerouting priority -150; }; "
                    "add rule ip paths in iifname to-sender "
                    f"numgen random mod 1000 < {per_mille} meta mark set 1")

    def delay(self, round_trip_ms, held_up_per_mille=0, held_up_ms=0):
        """So many of the sender's packets come to r1 later than the others."""
        if self.line is not None:
            self.line.stop()
        self.line = self.between.start(self.delay_line, "first", "second", round_trip_ms / 2,
                                       held_up_per_mille, held_up_ms)
        self.line.wait_for("ready")

    def undo(self):
        """No loss, one path, no delay."""
        for router in (self.r1, self.r2):
            router.run("nft", "flush", "ruleset")
        if self.line is not None:
            self.delay(0)

    def capture(self, role, device, path):
        return Capture(getattr(self, role), device, path, "-s", 120)

    def wait_for_ends(self):
        """Until no connection is open: a FIN that was lost is sent again when iperf3 is gone already."""
        for end in (self.sender, self.receiver):
            wait_until("the ends of connections", lambda end=end: not end.run(
                "ss", "-Htn", "state", "connected", "exclude", "time-wait"))

    def stacks(self):
        """The counters named in STACK."""
        values = {}
        for role, names in STACK.items():
            listed = json.loads(getattr(self, role).run("nstat", "-asz", "-j"))["kernel"]
            values.update({f"{role}_{name}": listed.get(name, 0) for name in names})
        return values

    def bulk(self, seconds, flows=5, rate="3M"):
        self.sender.run("iperf3", "-c", RECEIVER, "-t", str(seconds), "-P", str(flows), "-b", rate,
                        "--connect-timeout", "5000", check=False)

    def short(self, seconds, rate=20):
        """The sender answers so many short requests per second, of 4 to 200 kB."""
        self.receiver.run(SHORT_FLOWS, "client", "--address", SENDER, "--duration", seconds,
                          "--rate", rate, check=False)


def replay(program, path, two_way=False, options=()):
    """What is found out about the sender's flows; with two_way what comes back is watched, too."""
    back = ["--source=10.1.6.0/24"] if two_way else []
    text = run([program, f"--pcap={path}", "--mode=passive", "--source=10.1.1.0/24", *back,
                "--json", "--flows=4096", *options])
    summary = json.loads(text)
    if not summary["reconciled"]:
        raise RuntimeError(f"not reconciled: {summary['broken']}")
    return next(a["passive"] for a in summary["aggregates"] if a["prefix"] == "10.1.1.0/24")


def all_cases():
    for per_mille in LOSSES:
        yield {"kind": "loss", "before": per_mille, "after": 0}
        yield {"kind": "loss", "before": 0, "after": per_mille}
    yield {"kind": "balancing", "before": 0, "after": 0}
    yield {"kind": "reordering", "before": 0, "after": 0}


def prepare(lab, case):
    held_up = (50, case["held_up_ms"]) if case["kind"] == "reordering" else (0, 0)
    if lab.line is not None:
        lab.delay(case["round_trip_ms"], *held_up)
    if case["before"]:
        lab.lose_before(case["before"])
    if case["after"]:
        lab.lose_after(case["after"])
    if case["kind"] == "balancing":
        lab.balance(500)


def described(case, number):
    """By turns: many short flows or five long ones, a round trip of next to nothing or 10 ms, and
    packets held up by less than the longer round trip or by more."""
    far = number // 2 % 2
    return {**case, "number": number, "traffic": "short" if number % 2 else "bulk",
            "round_trip_ms": 10 if far else 0,
            "held_up_ms": (3, 30)[number // 4 % 2] if case["kind"] == "reordering" else 0}


def capture_name(case):
    return "-".join(str(case[key]) for key in ("kind", "before", "after", "number")) + ".pcap"


def one_run(program, lab, case, keep):
    path = os.path.join(keep or lab.folder, capture_name(case))
    prepare(lab, case)
    before, dump = lab.stacks(), lab.capture("fast", "to-r1", path)
    if case["traffic"] == "short":
        lab.short(3)
    else:
        lab.bulk(3)
    lab.wait_for_ends()
    dump.finish()
    after = lab.stacks()
    lab.undo()
    result = {**case, "stacks": {key: after[key] - before[key] for key in after},
              "one_way": replay(program, path), "two_way": replay(program, path, two_way=True)}
    if not keep:
        os.remove(path)
    return result


def run_some(options, worker, cases, n_workers):
    """Every n-th of the runs, in labs that serve for all of them."""
    netlab.clean_up_on_exit()
    runs = [described(case, number) for case in cases
            for number in range(options.first, options.first + options.runs)]
    with Mirror() as near, Mirror(options.delay_line) as far:
        for case in runs[worker::n_workers]:
            lab = near if case["round_trip_ms"] == 0 and case["kind"] != "reordering" else far
            result = one_run(options.replay, lab, case, options.keep)
            with open(options.results, "a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")


def run_all(options):
    cases = [case for case in all_cases() if options.case in (None, name_of(case))]
    workers = [multiprocessing.Process(target=run_some, args=(options, i, cases, options.jobs))
               for i in range(options.jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("a run failed")


def look_again(options):
    """What the program says now of the captures that --keep left."""
    with open(options.results, encoding="utf-8") as file:
        runs = [json.loads(line) for line in file]
    with open(options.results, "w", encoding="utf-8") as file:
        for r in runs:
            path = os.path.join(options.again, capture_name(r))
            r.update(one_way=replay(options.replay, path),
                     two_way=replay(options.replay, path, two_way=True))
            file.write(json.dumps(r) + "\n")


def name_of(case):
    if case["kind"] != "loss":
        return case["kind"]
    return f"before-{case['before']}" if case["before"] else f"after-{case['after']}"


def truth_of(r):
    """Which estimate is held against which rate."""
    return ("upstream_loss", r["before"]) if r["before"] else ("downstream_loss", r["after"])


def rows_of(runs):
    """One row of the table for each run and each way to look at it."""
    for r in runs:
        for view in ("one_way", "two_way"):
            found, row = r[view], {key: r[key] for key in
                                   ("kind", "before", "after", "number", "traffic",
                                    "round_trip_ms", "held_up_ms")}
            row["view"] = view
            for side in ("upstream_loss", "downstream_loss"):
                for key in ("hits", "observations", "estimate", "low", "high"):
                    value = found[side][key]
                    row[f"{side}_{key}"] = round(value, 6) if isinstance(value, float) else value
            row["covered"] = ""
            if r["kind"] == "loss":
                side, per_mille = truth_of(r)
                row["covered"] = int(found[side]["low"] <= per_mille / 1000 <= found[side]["high"])
            row["findings"] = " ".join(sorted(f["finding"] for f in found["findings"]))
            row.update(r["stacks"])
            yield row


def summarize(rows):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row["view"], row["kind"], row["before"], row["after"]].append(row)
    findings = ("per_packet_balancing", "upstream_loss", "downstream_loss")
    print(f"{'view':8} {'kind':11} before after  runs  covered  balanced upstream downstream")
    for (view, kind, before, after), some in sorted(groups.items()):
        covered = sum(row["covered"] for row in some) if kind == "loss" else ""
        counts = [sum(name in row["findings"].split() for row in some) for name in findings]
        print(f"{view:8} {kind:11} {before / 10:5.1f}% {after / 10:4.1f}% {len(some):5} "
              f"{covered!s:>8}  {counts[0]:8} {counts[1]:8} {counts[2]:10}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replay", help="the program pennyline-replay")
    parser.add_argument("--delay-line", help="the program delay-line")
    parser.add_argument("--results", required=True,
                        help="file that runs are appended to, a line of JSON each")
    parser.add_argument("--runs", type=int, default=100, help="of each case (100)")
    parser.add_argument("--first", type=int, default=0, help="number of the first run (0)")
    parser.add_argument("--case", help="only this one: before-5, after-60, balancing ...")
    parser.add_argument("--jobs", type=int, default=4, help="runs at the same time (4)")
    parser.add_argument("--keep", help="folder where captures stay")
    parser.add_argument("--again", help="folder of captures that are only looked at once more")
    parser.add_argument("--summary", action="store_true", help="only say what the file holds")
    parser.add_argument("--csv", help="file that a table of all runs is written to")
    options = parser.parse_args()
    if options.again:
        look_again(options)
    elif not options.summary:
        run_all(options)
    with open(options.results, encoding="utf-8") as file:
        rows = list(rows_of(json.loads(line) for line in file))
    if options.csv:
        with open(options.csv, "w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    summarize(rows)


if __name__ == "__main__":
    sys.exit(main())
