#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Three aggregates at once through a running pennyline: genuine, spoofed, mixed."""

import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netlab  # noqa: E402
from control import Control  # noqa: E402
from netlab import GENUINE, MIXED, RECEIVER, SPOOFED  # noqa: E402

# name, sources, the right verdict, whether it must be called mixed
AGGREGATES = (
    ("genuine", GENUINE[4], "closed_loop", False),
    ("spoofed", SPOOFED[4], "not_closed_loop", False),
    ("mixed", MIXED[4], "closed_loop", True),
)
COLUMNS = (("aggregate", 10), ("source", 18), ("packets", 9), ("dropped", 8), ("came back", 10),
           ("expired", 8), ("duplicates", 11), ("evidence", 24), ("verdict", 24))


def configuration(lab, driver):
    """Two ports, a slice for each aggregate."""
    huge = netlab.free_hugepages() >= 160
    return {
        "instance": {"name": "demo", "control_socket": f"{lab.folder}/control.sock",
                     "event_log": f"{lab.folder}/events.jsonl", "max_aggregates": 64,
                     "flows_per_lcore": 16384, "max_pending_drops": 1024, "max_flow_places": 64},
        "eal": {"lcores": "0@0,1@1" if os.cpu_count() > 1 else "0@0,1@0", "huge": huge,
                "memory_mb": 256, "file_prefix": os.path.basename(lab.folder),
                "extra": ["--no-pci"]},
        "ports": [{"name": "left", "device": "iface:portA", "driver": driver, "pair": "right"},
                  {"name": "right", "device": "iface:portB", "driver": driver, "pair": "left"}],
        "slices": [{"name": name, "sources": [source], "mode": "active"}
                   for name, source, _, _ in AGGREGATES],
    }


def start_pennyline(lab, build, driver):
    path = os.path.join(lab.folder, "demo.json")
    with open(path, "w") as config:
        json.dump(configuration(lab, driver), config, indent=2)
    process = lab.box.start(os.path.join(build, "app/pennyline/pennyline"), "run", "--config", path)
    process.wait_for("forwarding", 30)
    return process


def start_traffic(lab, build, seconds):
    blind = os.path.join(build, "tools/traffic/pennyline-blind")
    lab.iperf_server(5201)
    lab.iperf(netlab.host(GENUINE[4], 1), RECEIVER[4], seconds, flows=5, rate="2M")
    lab.short_flows([netlab.host(GENUINE[4], n) for n in range(2, 11)], seconds)
    plain, repeating = "203.0.113.0/25", "203.0.113.128/25"
    lab.spoof(blind, plain, RECEIVER[4], "--rate", 800, "--duration", seconds)
    lab.spoof(blind, repeating, RECEIVER[4], "--rate", 800, "--duration", seconds, "--attack",
              "duplicates", "--duplicates", "10%")
    # Mostly spoofed, and from the first packet on: were the genuine part larger, it would have the
    # verdict before a single drop of the spoofed part has expired, and nothing would show the mixture.
    # Many flows: each has one drop pending at most, and a blind one keeps it for the whole timeout.
    lab.spoof(blind, "192.0.2.128/25", RECEIVER[4], "--rate", 1200, "--duration", seconds,
              "--flows", 20, "--handshake")
    lab.iperf_server(5202)
    lab.iperf(netlab.host(MIXED[4], 1), RECEIVER[4], seconds, flows=5, rate="300K", port=5202,
              options=("-l", 1400))


def evidence(row):
    """log10 of the two e-values, as far as they are there."""
    values = row["anytime"]
    return f"E=10^{values['log10_e']:.1f} F=10^{values['log10_f']:.1f}"


def verdict(row):
    text = row["verdict"]
    if row["provisional"]:
        text += " (provisional)"
    return text + "/mixed" * bool(row["mixed"])


def line(row, source):
    return (row["slice"], source, row["total"]["packets"], row["dropped"], row["retransmitted"],
            row["expired"], row["test_duplicates"], evidence(row), verdict(row))


def table(rows, started):
    lines = ["".join(f"{title:<{width}}" for title, width in COLUMNS)]
    for name, source, _, _ in AGGREGATES:
        if name in rows:
            lines.append("".join(f"{value!s:<{width}}" for value, (_, width) in
                                 zip(line(rows[name], source), COLUMNS)))
    lines.append(f"{time.monotonic() - started:.0f} s")
    return lines


class Screen:
    """On a terminal the table stays in its place; else it is printed now and then."""

    def __init__(self):
        self.n_shown, self.next_print = 0, 0
        self.terminal = sys.stdout.isatty()

    def show(self, lines, last=False):
        if self.terminal:
            if self.n_shown:
                print(f"\033[{self.n_shown}A", end="")
            print("\n".join(f"\033[K{text}" for text in lines), flush=True)
            self.n_shown = len(lines)
        elif last or time.monotonic() >= self.next_print:
            print("\n".join(lines), flush=True)
            self.next_print = time.monotonic() + 5


def rows_by_name(control):
    return {row["slice"]: row for row in control.ask("aggregates")["aggregates"]}


def watch(lab, pennyline, limit_s, started):
    """Shows the table until all tests are done; returns the last rows."""
    control, screen, rows = Control(f"{lab.folder}/control.sock"), Screen(), {}
    try:
        while time.monotonic() - started < limit_s:
            rows = rows_by_name(control)
            done = len(rows) == len(AGGREGATES) and all(row["state"] == "done"
                                                        for row in rows.values())
            screen.show(table(rows, started), last=done)
            if done:
                break
            if not pennyline.running():
                raise RuntimeError(f"pennyline ended:\n{pennyline.errors()[-3000:]}")
            time.sleep(0.5)
    finally:
        control.close()
    return rows


def wrong_verdicts(rows):
    """What is not as it should be, in words."""
    for name, _, right, mixed in AGGREGATES:
        row = rows.get(name)
        want = right + "/mixed" * mixed
        if row is None:
            yield f"{name}: no packet of it was seen"
        elif verdict(row) != want:
            yield f"{name}: {verdict(row)}, want {want}"


def run(options):
    with netlab.Path() as lab:
        started = time.monotonic()
        try:
            pennyline = start_pennyline(lab, options.build, options.driver)
        except RuntimeError as error:
            print(f"demo: pennyline did not start: {error}", file=sys.stderr)
            return 1
        start_traffic(lab, options.build, options.seconds + 10)
        rows = watch(lab, pennyline, options.seconds, started)
        wrong = list(wrong_verdicts(rows))
        n_dropped = sum(row["dropped"] for row in rows.values())
        n_packets = sum(row["total"]["packets"] for row in rows.values())
        print(f"{n_dropped} of {n_packets} packets were dropped in all")
        for text in wrong:
            print(f"demo: {text}")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/gcc", help="the build directory (build/gcc)")
    parser.add_argument("--seconds", type=int, default=60, help="give up after so long (60)")
    parser.add_argument("--driver", default="auto", choices=("auto", "af_xdp", "af_packet"),
                        help="of the two ports (auto: AF_XDP, else AF_PACKET)")
    options = parser.parse_args()
    netlab.remove_stale()
    netlab.clean_up_on_exit()
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
