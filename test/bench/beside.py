#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a packet costs by one build beside another one, as that of an earlier tree: samples in pairs, seconds
apart, the order changed from pair to pair. Each build has its own process, and the source of its own tree."""
import argparse
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from looking import interval  # noqa: E402
from path import machine, measure, programs, scenarios  # noqa: E402

BUSY_CPUS = 0.1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, epilog="Refuses to measure while others keep more "
                                     "than a tenth of a CPU busy, unless told --busy. Exit code: 0 measured; 1 a "
                                     "program failed or the machine is busy; 2 usage.")
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build", "gcc"),
                        help="build directory")
    parser.add_argument("--other", required=True, help="build directory of the other tree")
    parser.add_argument("--scenario", default="b-active-1M", help="as tools/bench --list names them (b-active-1M)")
    parser.add_argument("--pairs", type=int, default=40, help="of samples (40)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a sample (1)")
    parser.add_argument("--busy", action="store_true", help="measure on a machine that has other work")
    return parser.parse_args()


def chosen(name):
    found = [s for s in scenarios.SCENARIOS if s.name == name]
    if not found:
        sys.exit(f"beside: no scenario is called {name}; tools/bench --list names them")
    return found[0]


def cycles(build, scenario, seconds):
    binary = os.path.join(build, "app", "pennyline", "pennyline")
    source = os.path.join(build, "test", "bench", "bench_source.so")
    with measure.lock(measure.LOCK):
        return measure.sample("pennyline", lambda s, d: programs.pennyline(binary, s, d), scenario, source,
                              seconds).cycles


def take_pairs(options, scenario):
    """(other, this) cycles a packet."""
    builds = [os.path.abspath(options.other), os.path.abspath(options.build)]
    for number in range(options.pairs):
        pair = [0.0, 0.0]
        for i in (0, 1) if number % 2 == 0 else (1, 0):
            pair[i] = cycles(builds[i], scenario, options.seconds)
        print(f"pair {number + 1}  other {pair[0]:.2f}  this {pair[1]:.2f}  ratio {pair[1] / pair[0]:.4f}",
              flush=True)
        yield pair


def main():
    options = arguments()
    scenario = chosen(options.scenario)
    busy, missing = machine.cpus_busy(), machine.missing_for(scenario)
    if missing:
        sys.exit(f"beside: {scenario.name}: {missing}")
    if busy >= BUSY_CPUS and not options.busy:
        sys.exit(f"beside: others keep {busy:.2f} CPUs of this machine busy: wait until they are done, or say "
                 "--busy and do not trust the figures")
    print("\n".join(f"{name}: {value}" for name, value in machine.describe(options.build).items()))
    pairs = list(take_pairs(options, scenario))
    ratios = [this / other for other, this in pairs]
    low, high = interval(ratios)
    least = [min(column) for column in zip(*pairs)]
    print(f"{scenario.name}, median of {len(pairs)}: other {statistics.median(p[0] for p in pairs):.2f}, this "
          f"{statistics.median(p[1] for p in pairs):.2f} cycles a packet; ratio {statistics.median(ratios):.4f} "
          f"[{low:.4f}, {high:.4f}], of the least samples {least[1] / least[0]:.4f}")


if __name__ == "__main__":
    try:
        main()
    except measure.Failed as failure:
        sys.exit(f"beside: {failure}")
