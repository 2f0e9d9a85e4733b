#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a worker pays for being looked at: one pennyline, and in turn a window in which nobody looks
and one in which telemetry, pennyline-info and pennyline-web are asked ten times a second each. Both
windows of a pair have the same process and memory, so what differs between runs falls out."""
import argparse
import os
import statistics
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from path import machine, measure, meter, polling, programs, scenarios  # noqa: E402

SETTLE_SECONDS = 0.3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build", "gcc"))
    parser.add_argument("--pairs", type=int, default=20, help="of windows (20)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a window (1)")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    return options


def cycles(path, seconds):
    time.sleep(SETTLE_SECONDS)
    first = meter.read(path)
    time.sleep(seconds)
    return meter.window(first, meter.read(path)).cycles_per_packet


def take_pairs(options, path, looking):
    """(unseen, looked at) cycles a packet; the order changes from pair to pair."""
    def unseen():
        looking.pause()
        try:
            return cycles(path, options.seconds)
        finally:
            looking.go_on()

    def seen():
        return cycles(path, options.seconds)

    for number in range(options.pairs):
        if number % 2 == 0:
            pair = unseen(), seen()
        else:
            pair = tuple(reversed((seen(), unseen())))
        print("pair %d  unseen %.2f  looked at %.2f  ratio %.4f" %
              (number + 1, *pair, pair[1] / pair[0]), flush=True)
        yield pair


def interval(values):
    """The middle 95 % of the median's distribution, by ranks (binomial, p = 1/2)."""
    n = len(values)
    reach = 1.96 * n ** 0.5 / 2
    low, high = max(0, int(n / 2 - reach)), min(n - 1, int(n / 2 + reach))
    ordered = sorted(values)
    return ordered[low], ordered[high]


def measure_pairs(options, directory):
    scenario = next(s for s in scenarios.SCENARIOS if s.name == "i-unseen")
    binary = os.path.join(options.build, "app", "pennyline", "pennyline")
    source = os.path.join(options.build, "test", "bench", "bench_source.so")
    path = os.path.join(directory, "meter")
    process = measure._start("pennyline", programs.pennyline(binary, scenario, directory), scenario,
                             source, directory)
    try:
        measure._wait_for_rounds(process, path, scenario, 90)
        with polling.Looking(binary, directory) as looking:
            pairs = list(take_pairs(options, path, looking))
    finally:
        measure._stop(process)
    return pairs


def main():
    options = arguments()
    print("\n".join("%s: %s" % row for row in machine.describe(options.build).items()))
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        pairs = measure_pairs(options, directory)
    ratios = [seen / unseen for unseen, seen in pairs]
    low, high = interval(ratios)
    print("median of %d: unseen %.2f, looked at %.2f cycles a packet; ratio %.4f [%.4f, %.4f]" %
          (len(pairs), statistics.median(p[0] for p in pairs),
           statistics.median(p[1] for p in pairs), statistics.median(ratios), low, high))


if __name__ == "__main__":
    try:
        main()
    except measure.Failed as failure:
        sys.exit("looking: %s" % failure)
