#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Rates of pennyline with a sender on a second machine: MRR, NDR, PDR, a ladder of sessions, a soak.
Every trial goes to a file of JSON lines; a report in Markdown is rendered from it (doc/lab.md)."""
import argparse
import json
import shlex
import statistics
import sys
import time

import search
import senders

SESSIONS = [64512, 258048, 1032192, 4128768, 16515072]
SOAK_LOSS = 1e-7


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["mrr", "ndr", "pdr", "ladder", "soak", "report"])
    parser.add_argument("--sender", choices=["model", "testpmd", "pktgen"], default="pktgen")
    parser.add_argument("--command", default="", help="how the sender is started, with ssh if it is elsewhere")
    parser.add_argument("--highest-pps", type=float, default=148.8e6, help="of the line at this frame size")
    parser.add_argument("--frame-bytes", type=int, default=64)
    parser.add_argument("--flows", type=int, default=SESSIONS[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--trial-seconds", type=float, default=search.LAST_SECONDS)
    parser.add_argument("--soak-seconds", type=float, default=1800)
    parser.add_argument("--soak-pps", type=float, default=0, help="0: nine tenths of the NDR found now")
    parser.add_argument("--seed", type=int, default=1, help="of the sender `model`")
    parser.add_argument("--out", default="build/lab100g.jsonl", help="raw results, appended")
    return parser.parse_args()


def make_sender(o, repeat=0):
    if o.sender == "model":
        return senders.Model(seed=o.seed + repeat)
    if o.sender == "testpmd":
        return senders.Testpmd(shlex.split(o.command), o.frame_bytes)
    return senders.Pktgen(shlex.split(o.command), o.highest_pps, o.frame_bytes, o.flows)


def keep(o, record):
    record = dict(record, what=o.what, sender=o.sender, frame_bytes=o.frame_bytes,
                  time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    with open(o.out, "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    return record


def ramp_up(sender, n):
    """All flows are there before a trial counts."""
    seen = sender.open_flows(n)
    if seen is not None and seen < n:
        sys.exit("lab100g: %d of %d flows were seen after the ramp-up; a trial would measure admission"
                 % (seen, n))


def find(o, most_loss, flows):
    for repeat in range(o.repeats):
        sender = make_sender(o, repeat)
        ramp_up(sender, flows)
        found = search.search(sender.trial, min(sender.highest_pps, o.highest_pps), 1000.0, most_loss,
                              last_seconds=o.trial_seconds)
        keep(o, {"flows": flows, "repeat": repeat, "most_loss": most_loss, "rate": found.rate,
                 "upper": found.upper, "trials": found.trials})
        print("%9d flows, repeat %2d: %.3f Mpps" % (flows, repeat + 1, found.rate / 1e6), flush=True)
    return found.rate


def soak(o):
    rate = o.soak_pps or 0.9 * find(o, 0.0, o.flows)
    sender = make_sender(o)
    ramp_up(sender, o.flows)
    sent, received = sender.trial(rate, o.soak_seconds)
    lost = search.loss(sent, received)
    keep(o, {"flows": o.flows, "soak_pps": rate, "sent": sent, "received": received, "loss": lost})
    print("soak of %g s at %.3f Mpps: loss %.2g, at most %g: %s" % (
        o.soak_seconds, rate / 1e6, lost, SOAK_LOSS, "passed" if lost <= SOAK_LOSS else "FAILED"))
    return 0 if lost <= SOAK_LOSS else 1


def measure_mrr(o):
    sender = make_sender(o)
    ramp_up(sender, o.flows)
    rates = search.mrr(sender.trial, min(sender.highest_pps, o.highest_pps), o.repeats, 1.0)
    keep(o, {"flows": o.flows, "rates": rates})
    print("MRR of %d trials: %.3f / %.3f / %.3f Mpps" % (
        len(rates), min(rates) / 1e6, statistics.median(rates) / 1e6, max(rates) / 1e6))


def report(o):
    groups = {}
    with open(o.out, encoding="utf-8") as file:
        for line in file:
            r = json.loads(line)
            rates = r.get("rates") or ([r["rate"]] if "rate" in r else [])
            groups.setdefault((r["what"], r["sender"], r["frame_bytes"], r["flows"],
                               r.get("most_loss", "")), []).extend(rates)
    print("| what | sender | frame | flows | loss at most | Mpps: min / median / max | n |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for key, rates in groups.items():
        if rates:
            print("| %s | %s | %d | %d | %s | %.3f / %.3f / %.3f | %d |" % (
                key + (min(rates) / 1e6, statistics.median(rates) / 1e6, max(rates) / 1e6, len(rates))))
    if any(key[1] == "model" for key in groups):
        print("\nRows of the sender `model` come from a made-up box: they prove the search, and mean nothing.")


def main():
    o = arguments()
    if o.what == "report":
        return report(o)
    if o.what == "mrr":
        return measure_mrr(o)
    if o.what == "soak":
        return soak(o)
    if o.what == "ladder":
        for flows in SESSIONS:
            find(o, 0.0, flows)
        return 0
    find(o, 0.0 if o.what == "ndr" else 0.005, o.flows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
