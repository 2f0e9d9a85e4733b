# SPDX-License-Identifier: BSD-3-Clause
"""From the raw results to a report: Markdown tables, and a picture beside the raw file when gnuplot is
there."""
import json
import os
import shutil
import statistics
import subprocess

NAMES = {"mrr": "MRR", "ndr": "NDR", "pdr": "PDR (0.5 %)"}
PERCENTILES = ["p50", "p90", "p99", "p99.9", "p99.99", "most"]


def load(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def rates_by_row(records):
    """(what, sender, frame, flows) -> rates of all repeats."""
    rows = {}
    for r in records:
        if r["what"] in NAMES:
            key = (r["what"], r["sender"], r["frame_bytes"], r["flows"])
            rows.setdefault(key, []).extend(r["rates"] if "rates" in r else [r["rate"]])
    return rows


def _rates(rows):
    lines = ["| | sender | frame | flows | Mpps: min / median / max | repeats |",
             "| --- | --- | --- | --- | --- | --- |"]
    for (what, sender, frame, flows), rates in rows.items():
        lines.append("| %s | %s | %s | %d | %.4f / **%.4f** / %.4f | %d |" % (
            NAMES[what], sender, frame, flows, min(rates) / 1e6, statistics.median(rates) / 1e6,
            max(rates) / 1e6, len(rates)))
    return lines


def _latencies(records):
    rows = [r for r in records if r["what"] == "latency" and r["latency_us"]]
    if not rows:
        return ["The sender measured no latencies."]
    lines = ["| microseconds at | frame | flows | %s |" % " | ".join(PERCENTILES),
             "| --- | --- | --- |" + " --- |" * len(PERCENTILES)]
    for r in rows:
        lines.append("| %.1f of NDR, %.4f Mpps | %s | %d | %s |" % (
            r["share"], r["rate"] / 1e6, r["frame_bytes"], r["flows"],
            " | ".join("%.1f" % r["latency_us"][p] for p in PERCENTILES)))
    return lines


def _soaks(records):
    return ["- %g s at %.4f Mpps, frame %s, %d flows: %d sent, %d lost (%.2g): %s" % (
        r["seconds"], r["rate"] / 1e6, r["frame_bytes"], r["flows"], r["sent"],
        r["sent"] - r["received"], r["loss"], "passed" if r["passed"] else "**failed**")
            for r in records if r["what"] == "soak"] or ["None was run."]


def _remarks(records, rows):
    trials = [r for r in records if r["what"] == "trial"]
    lines = ["%d trials; flows were verified on the box before %d of them." % (
        len(trials), sum(r["known"] is not None for r in trials))]
    if any(key[1] == "model" for key in rows):
        lines.append("Rows of the sender `model` come from a made-up box: they prove the search, and"
                     " mean nothing.")
    if any("note" in r for r in records):
        lines += sorted({r["note"] for r in records if "note" in r})
    return lines


def _plot(rows, path):
    """Rates against flows, a line for each frame size and measure. None without gnuplot."""
    if shutil.which("gnuplot") is None:
        return None
    lines = {}
    for (what, sender, frame, flows), rates in rows.items():
        lines.setdefault("%s, %s, frame %s" % (NAMES[what], sender, frame), []).append(
            (flows, statistics.median(rates) / 1e6, min(rates) / 1e6, max(rates) / 1e6))
    data = "".join("$d%d << EOD\n%s\nEOD\n" % (
        i, "\n".join("%d %f %f %f" % point for point in sorted(points)))
                   for i, points in enumerate(lines.values()))
    plots = ", ".join('$d%d using 1:2:3:4 with yerrorlines title "%s" lw 2' % (i, name)
                      for i, name in enumerate(lines))
    program = """set terminal svg size 900,420 font "sans,12" background rgb "white"
set output "%s"
%sset logscale x 2
set xlabel "flows"
set ylabel "Mpps: median, least, most"
set yrange [0:*]
set offsets graph 0.05, graph 0.05, graph 0.1, 0
set key outside right
set grid
plot %s
""" % (path, data, plots)
    subprocess.run(["gnuplot"], input=program, text=True, check=True)
    return path


def render(path):
    records = load(path)
    rows = rates_by_row(records)
    lines = ["# Results of the lab", ""] + _remarks(records, rows)
    if rows:
        picture = _plot(rows, os.path.splitext(path)[0] + ".svg")
        lines += ["", "## Rates", ""] + _rates(rows)
        if picture:
            lines += ["", "![rates](%s)" % os.path.basename(picture)]
    lines += ["", "## Latencies", ""] + _latencies(records)
    lines += ["", "## Soaks", ""] + _soaks(records)
    return "\n".join(lines)
