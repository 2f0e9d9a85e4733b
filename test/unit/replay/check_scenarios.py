#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_scenarios.py PENNYLINE_REPLAY: mode passive says of each of scenarios.py what is true of it."""

import json
import os
import subprocess
import sys
import tempfile

import scenarios

# Of each scenario: findings with their severity, and what else must be counted (None: whatever it is);
# all that is not named here and stands in NOTHING must be 0.
NOTHING = ("lost_upstream", "repeats", "reordered", "late", "unknown", "mirror_copies", "missing_bytes",
           "resets_out_of_line", "resets_with_open_holes", "ended_idle", "ended_evicted", "syns_repeated",
           "jumps")
LOSS = {"upstream_loss": "critical"}
BALANCING = {"per_packet_balancing": "warning"}
TRUTH = {
    "rst_scaled_window": ({}, {"ended_rst": 12, "first_time": 12}),
    "rst_of_grown_window": ({}, {"ended_rst": 12, "first_time": 6}),
    "milliseconds": (LOSS, {"lost_upstream": 7, "segments": 56}),
    "microseconds": (LOSS, {"lost_upstream": 7, "segments": 56}),
    # 36 segments and the SYNs of both sides.
    "span_duplicates": ({}, {"mirror_copies": 36 + 12, "first_time": 36, "payload_bytes": 36 * 1448,
                             "rtt_destination_samples": 6}),
    "late_without_identification": ({}, {"reordered": 7}),
    # One may be misread, but not those that follow it.
    "late_with_one_identification_near": ({}, {"reordered": 6, "lost_upstream": 1}),
    "half_path": (BALANCING, {"missing_bytes": 40 * 1448, "flows_balanced": 1}),
    "half_path_and_a_later_packet": (BALANCING, {"missing_bytes": 40 * 1448, "flows_balanced": 1}),
    "reset_by_peer_then_reuse": ({}, {"ended_rst": 2, "ended_fin": 2, "first_time": 24}),
    "refused_then_retry": ({}, {"ended_syn_only": 1, "ended_fin": 2, "first_time": 20}),
    # The server said nothing but SYN, ACK in the first one.
    "reused_ports_without_an_end": ({}, {"ended_evicted": 1, "ended_syn_only": 1, "ended_fin": 2,
                                         "first_time": 24}),
    "mirror_outage": ({}, {"missing_bytes": 20000000, "jumps": 3, "segments": 33, "ended_fin": 2,
                           "payload_bytes": 36 * 1448, "holes_unfilled": 1}),
    "keepalives_of_one_byte": ({}, {"keepalives": 12, "first_time": 4, "ended_fin": 2}),
    "keepalives_without_data": ({}, {"keepalives": 0, "first_time": 4, "ended_fin": 2}),
    "refused_data_of_a_syn": ({}, {"unknown": 2, "segments": 4, "payload_bytes": 1000 + 1000 + 1448}),
    # What was not read is not missing.
    "every_second_segment_in_fragments": ({}, {"fragments": 40, "missing_bytes": 0, "holes_fragmented": 20,
                                               "ended_fin": 2}),
    # The first half falls silent, its peer showed nothing but SYNs, and the second begins in the middle.
    "gaps_of_decades": ({}, {"ended_idle": 1, "ended_syn_only": 1, "flows_stopped": 1}),
}


def replay(program, path):
    run = subprocess.run([program, "--pcap", path, "--mode", "passive", "--source", "0.0.0.0/0", "--json"],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{path}: exit code {run.returncode}, {run.stderr}")
    summary = json.loads(run.stdout)
    return summary, summary["aggregates"][0]


def said(aggregate, name):
    counters = aggregate["passive"]["counters"]
    return counters[name] if name in counters else aggregate[name]


def check(program, folder, scenario):
    path = os.path.join(folder, "capture.pcap")
    packets = scenario()
    scenarios.write(path, packets)
    summary, aggregate = replay(program, path)
    findings, counts = TRUTH[scenario.__name__]
    wrong = []
    got = {f["finding"]: f["severity"] for f in aggregate["passive"]["findings"]}
    if got != findings:
        wrong.append(f"findings {got}, not {findings}")
    for name, value in {**dict.fromkeys(NOTHING, 0), **counts}.items():
        if value is not None and said(aggregate, name) != value:
            wrong.append(f"{name} {said(aggregate, name)}, not {value}")
    if not summary["reconciled"] or summary["capture"]["packets"] != len(packets):
        wrong.append("the books do not balance")
    return [f"{scenario.__name__}: {text}" for text in wrong]


def check_words(program, folder):
    """Who asks for prefixes that are not in the capture is told that they are not."""
    path, words = os.path.join(folder, "capture.pcap"), "Not one is of the prefixes"
    scenarios.write(path, scenarios.milliseconds())
    wrong = []
    for source, expected in (("0.0.0.0/0", False), ("198.18.0.0/24", True)):
        text = subprocess.run([program, "--pcap", path, "--mode", "passive", "--source", source],
                              capture_output=True, text=True, check=True).stdout
        if (words in text) != expected:
            wrong.append(f"of {source}: {text}")
    return wrong


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for scenario in scenarios.SCENARIOS:
            found = check(sys.argv[1], folder, scenario)
            print("\n".join(found) or f"{scenario.__name__}: as it is")
            wrong += found
        found = check_words(sys.argv[1], folder)
        print("\n".join(found) or "words: as they are")
        wrong += found
    return len(wrong) > 0


if __name__ == "__main__":
    sys.exit(main())
