#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long real Linux TCP takes to repair a drop, beside the TCP model of pennyline-sim.

pennyline drops segments of real connections between network namespaces; the simulator plays the
same senders. CSV on stdout: for each kind of sender the median, 5 % and 95 % quantile in
milliseconds. Root, and a free machine for half a minute per row."""

import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lab"), os.path.join(HERE, "..", "..", "test", "e2e")]
import netlab  # noqa: E402
import pennyline  # noqa: E402

FLOWS = 10
SECONDS = 20
# The pace is in segments per second and flow. A round trip between namespaces is some 0.1 ms.
CASES = [("100 per second", 100, True), ("20 per second", 20, True), ("4 per second", 4, True),
         ("20 per second, no SACK", 20, False)]
MANY_DROPS = ("--rule", "penny", "--max-drops", "100", "--max-drops-per-flow", "15")


def quantiles(values):
    ordered = sorted(values)
    if not ordered:
        raise SystemExit("verdict_tcp: no drop came back, nothing to compare")
    return [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.05, 0.95)]


def real(pace, sack, seconds=SECONDS):
    """Milliseconds from each drop to its repair by Linux."""
    prefix = netlab.GENUINE[4]
    with netlab.Path(1, None, None) as lab:
        lab.sack(sack)
        test = pennyline.Test(lab, [prefix], options=[*MANY_DROPS, "--duration", str(seconds)])
        lab.paced_flows(netlab.host(prefix, 1), 1, seconds + 5,
                        ("--flows", FLOWS, "--interval", 1 / pace, "--ramp", 1, "--bytes", 1000))
        _, summary = test.finish(seconds + 30)
    drops = summary.aggregate(prefix)["drops"]
    return [d["latency_ms"] for d in drops if d["state"] == "retransmitted"]


def simulated(pace, sack):
    """The quantiles of the same by the model."""
    command = [pennyline.program("pennyline-sim"), "run", "--json", "--runs", "300", "--flows",
               str(FLOWS), "--pace", str(pace), "--segment-bytes", "1000", "--start-ms", "1000",
               "--delay-downstream-ms", "0.05", "--delay-back-ms", "0.05", *MANY_DROPS,
               "--max-seconds", str(SECONDS)]
    if not sack:
        command += ["--no-sack"]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)["repair_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    print("sender,linux_n,linux_median,linux_p5,linux_p95,model_median,model_p95")
    for name, pace, sack in CASES:
        latencies = real(pace, sack)
        median, p5, p95 = quantiles(latencies)
        model = simulated(pace, sack)
        print(f"{name.replace(',', '')},{len(latencies)},{median:.3f},{p5:.3f},{p95:.3f},"
              f"{model['median']:.3f},{model['p95']:.3f}", flush=True)


if __name__ == "__main__":
    main()
