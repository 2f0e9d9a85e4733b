#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How often genuine senders are called so, and at what price: loss on either side, and mixtures.

Each source address is an aggregate with its own flows, coins and losses, and so a run of its own; many
share one pennyline. Prints a table; exit code 1 when a number is not met. Needs root."""

import argparse
import dataclasses
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "tools", "lab")]
import netlab  # noqa: E402
import pennyline  # noqa: E402
from netlab import GENUINE, MIXED, RECEIVER  # noqa: E402

SECONDS = 60
# Of one aggregate: three bulk-like flows, 150 segments a second in all.
GENUINE_FLOWS = ("--flows", 3, "--interval", 0.2, "--burst", 10, "--ramp", 0.5)
# A tenth of the flows of an aggregate is genuine, and all flows are as fast.
BLIND_FLOWS, FLOW_RATE = 9, 25
BLIND_ADDRESSES = 16


@dataclasses.dataclass(frozen=True)
class Condition:
    name: str
    loss_before: int = 0  # per mille
    loss_after: int = 0
    mixed: bool = False
    least_ratio: float = 0.95  # of closed_loop
    most_median_drops: int = None


CONDITIONS = (
    Condition("no loss", least_ratio=1, most_median_drops=6),
    *(Condition(f"{n} % lost before the box", loss_before=10 * n) for n in (1, 3, 6)),
    *(Condition(f"{n} % lost after the box", loss_after=10 * n) for n in (1, 3, 6)),
    Condition("one genuine flow in ten", mixed=True, least_ratio=0.9),
)


def start_traffic(lab, condition, n_aggregates):
    if not condition.mixed:
        lab.any_source(GENUINE[4])
        lab.paced_flows(netlab.host(GENUINE[4], 1), n_aggregates, SECONDS, GENUINE_FLOWS)
        return
    prefix = f"{MIXED[4].split('/')[0]}/28"
    n_blind = BLIND_FLOWS * BLIND_ADDRESSES
    lab.spoof(pennyline.program("pennyline-blind"), prefix, RECEIVER[4], "--flows", n_blind,
              "--rate", n_blind * FLOW_RATE, "--duration", SECONDS, "--payload", 200, "--handshake")
    lab.paced_flows(netlab.host(MIXED[4], 1), n_aggregates, SECONDS,
                    ("--flows", 1, "--interval", 1 / FLOW_RATE, "--ramp", 0.1))


def play(condition, n_aggregates):
    """The aggregates of one run of pennyline, at most 10 of a mixture."""
    prefixes = MIXED if condition.mixed else GENUINE
    sources = [f"{netlab.host(prefixes[4], n)}/32" for n in range(1, n_aggregates + 1)]
    with netlab.Path() as lab:
        if condition.loss_before:
            lab.lose_before_box(condition.loss_before)
        if condition.loss_after:
            lab.lose_after_box(condition.loss_after)
        test = pennyline.Test(lab, sources, options=["--duration", str(SECONDS - 5)])
        start_traffic(lab, condition, n_aggregates)
        _, summary = test.finish(SECONDS + 20)
    broken = summary.broken_identities()
    if broken:
        raise AssertionError(broken)
    return summary.aggregates


def closed_loop(condition, aggregates):
    """Of a mixture, those that single flows have shown."""
    return [a for a in aggregates if a["verdict"] == "closed_loop"
            and (a["via"] == "flows" or not condition.mixed)]


def unmet(condition, aggregates):
    """What of the condition's numbers is not met, in words."""
    ratio = len(closed_loop(condition, aggregates)) / len(aggregates)
    if ratio < condition.least_ratio:
        yield f"{condition.name}: closed_loop in {ratio:.1%}, want {condition.least_ratio:.0%}"
    median = statistics.median(a["dropped"] for a in aggregates)
    if condition.most_median_drops is not None and median > condition.most_median_drops:
        yield f"{condition.name}: {median} drops, want {condition.most_median_drops}"


def row(condition, aggregates):
    drops = sorted(a["dropped"] for a in aggregates)
    seconds = sorted(a["verdict_s"] - a["first_seen_s"] for a in aggregates
                     if a["verdict_s"] is not None and a["first_seen_s"] is not None)
    via = sum(a["via"] == "flows" for a in aggregates)
    verdicts = ", ".join(sorted({a["verdict"] for a in aggregates} - {"closed_loop"})) or "-"
    return (f"| {condition.name} | {len(aggregates)} | "
            f"{sum(a['verdict'] == 'closed_loop' for a in aggregates)} | {via} | "
            f"{sum(a['mixed'] for a in aggregates)} | {verdicts} | {statistics.median(drops):g} | "
            f"{drops[int(0.95 * (len(drops) - 1))]} | {drops[-1]} | "
            f"{statistics.median(seconds):.1f} | {seconds[-1]:.1f} |")


HEADER = ("| condition | runs | closed_loop | by single flows | mixed | other verdicts | "
          "drops: median | 95th percentile | most | seconds: median | most |\n"
          "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="the build directory (build/gcc)")
    parser.add_argument("--runs", type=int, default=100, help="of each condition (100)")
    parser.add_argument("--at-once", type=int, default=20, help="aggregates of one pennyline (20)")
    parser.add_argument("-k", dest="pattern", default="", help="only conditions with this in them")
    options = parser.parse_args()
    if options.build:
        os.environ["PENNYLINE_BUILD"] = os.path.abspath(options.build)
    netlab.remove_stale()
    netlab.clean_up_on_exit()
    failures = []
    print(HEADER)
    for condition in CONDITIONS:
        if options.pattern not in condition.name:
            continue
        at_once = min(options.at_once, 10 if condition.mixed else 200, options.runs)
        aggregates = []
        while len(aggregates) < options.runs:
            aggregates += play(condition, at_once)
        print(row(condition, aggregates), flush=True)
        failures += unmet(condition, aggregates)
    for text in failures:
        print(text, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
