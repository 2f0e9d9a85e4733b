#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measures pennyline between two ports of a sender, on the sending machine. Every trial goes to a file
of JSON lines; a report in Markdown, with a picture, is rendered from that.

  mrr     what comes back of all that the line takes: trials of a second
  ndr     the highest rate without loss, and latencies at half and nine tenths of it
  pdr     the highest rate with at most 0.5 % loss
  ladder  ndr for 64,512 flows and for 4, 16, 64 and 256 times as many
  soak    30 minutes at nine tenths of the ndr, with a loss of at most 1e-7
  report  what --out holds, in Markdown; the picture lies beside it"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time

import report
import search
import senders
from box import Box

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SESSIONS = [64512, 258048, 1032192, 4128768, 16515072]
MOST_LOSS = {"ndr": 0.0, "pdr": 0.005}
SOAK_LOSS = 1e-7
ETHERNET_OVERHEAD = 20  # preamble and gap, bytes
EPILOG = """
example, in tools/lab100g:
  ./lab100g.py ndr --queues 8 --eal "--lcores 0-8 -a 0000:18:00.0 -a 0000:18:00.1" \\
      --box "ssh box pennylinectl --json status" --frame-bytes imix --out lab.jsonl
  ./lab100g.py report --out lab.jsonl >lab.md
Two machines, their setting up, and what the figures mean: doc/lab.md. On one machine: small.py.
Exit code: 0 measured (a soak: passed); 1 the sender or the box failed, or the soak did; 2 usage."""
IMIX_BYTES = (7 * 64 + 4 * 594 + 1518) / 12


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["mrr", "ndr", "pdr", "ladder", "soak", "report"],
                        metavar="mrr|ndr|pdr|ladder|soak|report")
    parser.add_argument("--sender", choices=["testpmd", "pktgen", "model"], default="testpmd",
                        help="model: a made-up box, to see the search work (testpmd)")
    parser.add_argument("--eal", default="", help="testpmd: EAL's arguments: lcores, port 1 (and 2)")
    parser.add_argument("--source", default=os.path.join(ROOT, "build/gcc/test/bench/bench_source.so"),
                        help="testpmd: the library to preload (build/gcc/test/bench/bench_source.so)")
    parser.add_argument("--queues", type=int, default=1, help="testpmd: queues and lcores (1)")
    parser.add_argument("--pktgen", default="pktgen", help="pktgen: the command, without -f")
    parser.add_argument("--box", default="", help="command that prints what `pennylinectl --json"
                        " status` says on the box: flows are then verified before each trial")
    parser.add_argument("--link-gbit", type=float, default=100, help="the line's rate (100)")
    parser.add_argument("--highest-pps", type=float, default=0, help="instead of the line's rate")
    parser.add_argument("--frame-bytes", default="64", help="64 to 1518, or imix (64)")
    parser.add_argument("--flows", type=int, default=SESSIONS[0], help="at once (64512)")
    parser.add_argument("--sessions", default=",".join(map(str, SESSIONS)),
                        help="flows of the ladder's rungs (64512 and 4, 16, 64, 256 times that)")
    parser.add_argument("--ramp-pps", type=float, default=1e6, help="at which flows are opened: less"
                        " than the box admits, flow_admissions_per_second times workers (1e6)")
    parser.add_argument("--repeats", type=int, default=10, help="of every search, and trials of MRR (10)")
    parser.add_argument("--trial-seconds", type=float, default=30, help="of the last trials (30)")
    parser.add_argument("--mrr-seconds", type=float, default=1, help="of a trial of MRR (1)")
    parser.add_argument("--drain-seconds", type=float, default=0.5, help="testpmd: after a trial")
    parser.add_argument("--soak-seconds", type=float, default=1800, help="(1800)")
    parser.add_argument("--soak-pps", type=float, default=0, help="0: nine tenths of the NDR found now")
    parser.add_argument("--out", default="build/lab100g.jsonl", help="raw results, appended")
    options = parser.parse_args()
    mean = IMIX_BYTES if options.frame_bytes == "imix" else int(options.frame_bytes)
    if options.highest_pps == 0:
        options.highest_pps = options.link_gbit * 1e9 / 8 / (mean + ETHERNET_OVERHEAD)
    return options


def make_sender(o, flows):
    if o.sender == "model":
        return senders.Model(o.highest_pps)
    if o.sender == "testpmd":
        return senders.Testpmd(shlex.split(o.eal), o.source, o.highest_pps, o.frame_bytes, flows,
                               o.queues, o.drain_seconds)
    return senders.Pktgen(shlex.split(o.pktgen), o.highest_pps, o.frame_bytes, flows)


class Bench:
    """A sender and a box, and every trial between them on record."""

    def __init__(self, o, flows):
        self.o, self.flows = o, flows
        self.box = Box(o.box)
        self.sender = make_sender(o, flows)
        self.is_open = False

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.sender.close()

    def keep(self, what, **record):
        record.update(what=what, sender=self.o.sender, frame_bytes=str(self.o.frame_bytes),
                      flows=self.flows, time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        with open(self.o.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def ramp_up(self):
        """All flows are known before a trial counts: those that a new sender begins, and again those
        that the box forgot meanwhile."""
        known = self.box.flows()
        if self.is_open and (known is None or known >= self.flows):
            return
        self.is_open = True
        self.sender.open_flows(min(self.o.ramp_pps, self.sender.highest_pps))
        known = self.box.flows()
        if known is not None and known < self.flows:
            raise senders.SenderFailed("the box knows %d of %d flows after the ramp-up; a trial would"
                                       " measure their admission" % (known, self.flows))

    def trial(self, rate, seconds):
        self.ramp_up()
        sent, received = self.sender.trial(rate, seconds)
        self.keep("trial", rate=rate, seconds=seconds, elapsed=self.sender.elapsed,
                  sent=sent, received=received, known=self.box.flows(), latency_us=self.sender.latencies())
        return sent, received


def find(bench, name, repeats):
    o, rates = bench.o, []
    for repeat in range(repeats):
        found = search.search(bench.trial, min(1000.0, o.highest_pps / 1000), o.highest_pps,
                              MOST_LOSS[name], o.trial_seconds)
        rates.append(found.rate)
        bench.keep(name, repeat=repeat, rate=found.rate, upper=found.upper,
                   n_trials=len(found.trials))
        print("%s, %9d flows, repeat %2d: %.4f Mpps" % (name, bench.flows, repeat + 1,
                                                         found.rate / 1e6), flush=True)
    return rates


def measure_latency(bench, ndr):
    """At half and at nine tenths of what it takes: at the NDR itself queues are what is measured."""
    for share in (0.5, 0.9):
        if ndr > 0:
            sent, received = bench.trial(share * ndr, bench.o.trial_seconds)
            bench.keep("latency", share=share, rate=share * ndr, sent=sent, received=received,
                       latency_us=bench.sender.latencies())


def run_search(o, name):
    with Bench(o, o.flows) as bench:
        rates = find(bench, name, o.repeats)
        if name == "ndr":
            measure_latency(bench, statistics.median(rates))


def run_ladder(o):
    for flows in [int(n) for n in o.sessions.split(",")]:
        with Bench(o, flows) as bench:
            find(bench, "ndr", o.repeats)


def run_mrr(o):
    with Bench(o, o.flows) as bench:
        rates = search.mrr(bench.trial, o.highest_pps, o.repeats, o.mrr_seconds)
        bench.keep("mrr", rates=rates)
    print("MRR of %d trials: %.4f / %.4f / %.4f Mpps" % (
        len(rates), min(rates) / 1e6, statistics.median(rates) / 1e6, max(rates) / 1e6))


def run_soak(o):
    with Bench(o, o.flows) as bench:
        rate = o.soak_pps or 0.9 * find(bench, "ndr", 1)[0]
        sent, received = bench.trial(rate, o.soak_seconds)
        lost = search.loss(sent, received)
        passed = lost <= SOAK_LOSS and sent >= search.LEAST_SHARE_SENT * rate * o.soak_seconds
        bench.keep("soak", rate=rate, seconds=o.soak_seconds, sent=sent, received=received, loss=lost,
                   passed=passed)
    print("soak of %g s at %.4f Mpps: %d sent, %d lost (%.2g, at most %g): %s" % (
        o.soak_seconds, rate / 1e6, sent, sent - received, lost, SOAK_LOSS,
        "passed" if passed else "FAILED"))
    return 0 if passed else 1


def main():
    o = arguments()
    if o.what == "report":
        print(report.render(o.out))
        return 0
    if o.what == "soak":
        return run_soak(o)
    if o.what == "mrr":
        run_mrr(o)
    elif o.what == "ladder":
        run_ladder(o)
    else:
        run_search(o, o.what)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (senders.SenderFailed, subprocess.CalledProcessError) as error:
        sys.exit("lab100g: %s" % error)
