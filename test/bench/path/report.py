# SPDX-License-Identifier: BSD-3-Clause
"""Figures to a CSV file, and from it the tables and the picture of doc/performance.md."""
import csv
import os
import shutil
import statistics

from . import plot, scaling, scenarios

FIELDS = ["round", "program", "scenario", "cycles", "mpps", "share_of_core", "packets", "load", "others"]
FIGURES = ("<!-- figures: written by tools/bench -->\n", "<!-- end of figures -->\n")
SCALING = ("<!-- scaling: written by tools/bench -->\n", "<!-- end of scaling -->\n")

# What is compared with what, and at most how many times as much it may cost.
GOALS = [
    ("a-untested", "l3fwd-lpm", 1.25, "untested traffic beside l3fwd, longest prefix match"),
    ("b-active-1M", "l3fwd-em-1M", 0.75, "1M flows under test beside l3fwd, exact match of 1M flows"),
    ("b-active-16M", "b-active-1M", 1.4, "16M flows beside 1M"),
    ("c-ipv6-1M", "b-active-1M", 1.3, "IPv6 beside IPv4"),
    ("e-flood", "a-untested", 1.3, "a flood of new flows beside untested traffic"),
    ("f-irregular-1", "b-active-1M", 1.1, "1 % irregular segments beside none"),
    ("b-passive-1M", "b-active-1M", 1.2, "passive beside active"),
    ("b-active-100", "openpenny-100", 1 / 2.4, "100 flows beside OpenPenny"),
    ("b-active-1k", "openpenny-1k", 1 / 8, "1k flows beside OpenPenny"),
    ("b-active-4k", "openpenny-4k", 1 / 40, "4k flows beside OpenPenny"),
]

# What is not in the run, by its cycles on a machine of this kind (2 vCPUs of an EPYC of Zen 4, TSC of
# 2.6 GHz, DPDK 22.11, one core, 64 bytes, random flows) with a source of 54 cycles for testpmd io: by
# ratio to io and by difference. A source that costs less makes the ratio stricter than the goal, the
# difference is nearer to it. OpenPenny: version 1.0's DPDK reader with so many flows monitored.
CYCLES_OF_IO = 54
CYCLES = {"l3fwd-lpm": 67, "l3fwd-em-1M": 223,
          "openpenny-100": 518, "openpenny-1k": 1067, "openpenny-4k": 7566}

WHAT = {
    "l3fwd-lpm": "reference: longest prefix match, 512 routes",
    "l3fwd-em-1k": "reference: exact match, rules for 1k flows, all hit",
    "l3fwd-em-64k": "the same for 64k",
    "l3fwd-em-1M": "the same for 1M",
    "testpmd-io-imix": "reference: testpmd io over the packets of g-imix",
}


class Writer:
    """A file of its own for each run: comments with what it was measured on, then one line a sample."""

    def __init__(self, path, about, append=False):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self.path = path
        if append and os.path.exists(path):
            return
        with open(path, "w", encoding="utf-8", newline="") as file:
            for name, value in about.items():
                file.write("# %s: %s\n" % (name, value))
            csv.writer(file).writerow(FIELDS)

    def add(self, number, program, scenario, sample):
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(
                [number, program, scenario.name if program == "pennyline" else program,
                 "%.2f" % sample.cycles, "%.3f" % sample.mpps, "%.3f" % sample.share_of_core,
                 sample.packets, "%.2f" % sample.load,
                 "%.2f" % sample.others])


def n_rounds(path):
    return 1 + max((max(rounds) for rounds in load(path).samples.values()), default=-1)


class Figures:
    def __init__(self, about, samples):
        self.about = about
        self.samples = samples  # scenario or reference -> {round: cycles}

    def cycles(self, name):
        return sorted(self.samples[name].values())

    def median(self, name):
        return statistics.median(self.samples[name].values())

    def ratio(self, name, other):
        """Median over the rounds that have both: what the machine does to one it does to the other."""
        both = [self.samples[name][r] / self.samples[other][r]
                for r in self.samples[name] if r in self.samples[other]]
        return statistics.median(both) if both else None

    def __contains__(self, name):
        return name in self.samples


def load(path):
    about, samples, rows = {}, {}, []
    if not os.path.exists(path):
        return Figures(about, samples)
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("# "):
                name, value = line[2:].rstrip("\n").split(": ", 1)
                about[name] = value
            else:
                rows.append(line)
    loads, shares, others = [], [], []
    for row in csv.DictReader(rows):
        samples.setdefault(row["scenario"], {})[int(row["round"])] = float(row["cycles"])
        loads.append(float(row["load"]))
        shares.append(float(row["share_of_core"]))
        others.append(float(row["others"]))
    if loads:
        about["others kept busy"] = "%.2f to %.2f CPUs, median %.2f" % (
            min(others), max(others), statistics.median(others))
        about["load meanwhile"] = "%.1f to %.1f, median %.1f" % (min(loads), max(loads),
                                                                statistics.median(loads))
        about["the thread ran"] = "%.0f to %.0f %% of the time, median %.0f" % (
            100 * min(shares), 100 * max(shares), 100 * statistics.median(shares))
    return Figures(about, samples)


def _order(figures):
    names = ["testpmd-io", "testpmd-macswap"] + list(WHAT)
    names += [row.name for row in scenarios.SCENARIOS]
    return [name for name in names if name in figures]


def _what(name):
    for row in scenarios.SCENARIOS:
        if row.name == name:
            return row.what
    return WHAT.get(name, "reference")


def table(figures):
    lines = ["| | cycles a packet: min / median / max | Mpps of a core at %s | times testpmd io | |" %
             figures.about.get("tsc", "the TSC's rate"), "| --- | --- | --- | --- | --- |"]
    hz = float(figures.about.get("tsc_mhz", "0")) * 1e6
    for name in _order(figures):
        c = figures.cycles(name)
        ratio = figures.ratio(name, "testpmd-io") if "testpmd-io" in figures else None
        mpps = "%.2f" % (hz / figures.median(name) / 1e6) if hz else ""
        lines.append("| %s | %.1f / **%.1f** / %.1f | %s | %s | %s |" % (
            name, c[0], figures.median(name), c[-1], mpps,
            "%.2f" % ratio if ratio else "", _what(name)))
    return "\n".join(lines) + "\n"


def _goal(what, limit, ratio, of_least=None):
    if ratio is None:
        return "| %s | %.3g | not measured | | |" % (what, limit)
    return "| %s | %.3g | %.3g | %.3g | %s |" % (what, limit, ratio, of_least,
                                               "met" if ratio <= limit else "missed")


def _goals_by_io(figures, name, other, limit, what):
    """Both conversions, for what is not in the run."""
    ratio, difference = CYCLES[other] / CYCLES_OF_IO, CYCLES[other] - CYCLES_OF_IO
    io, least_io = figures.median("testpmd-io"), figures.cycles("testpmd-io")[0]
    for way, cycles, least in (("by ratio", io * ratio, least_io * ratio),
                               ("by difference", io + difference, least_io + difference)):
        yield _goal("%s: taken as %.0f cycles, %s to io" % (what, cycles, way), limit,
                    figures.median(name) / cycles, figures.cycles(name)[0] / least)


def goals(figures):
    """Met or missed by the median of ratios. What the machine's host does meanwhile only adds cycles,
    so the least samples are shown beside it."""
    lines = ["| goal | at most | measured | of the least samples | |",
             "| --- | --- | --- | --- | --- |"]
    for name, other, limit, what in GOALS:
        if name in figures and other in figures:
            lines.append(_goal(what, limit, figures.ratio(name, other),
                               figures.cycles(name)[0] / figures.cycles(other)[0]))
        elif name in figures and other in CYCLES and "testpmd-io" in figures:
            lines += _goals_by_io(figures, name, other, limit, what)
        else:
            lines.append(_goal(what, limit, None))
    return "\n".join(lines) + "\n"


def _draw(figures, path):
    plot.bars([(name, figures.median(name), figures.cycles(name)[0], figures.cycles(name)[-1])
               for name in _order(figures)], path)


def _replace(text, marks, block):
    before, rest = text.split(marks[0])
    return before + marks[0] + block + marks[1] + rest.split(marks[1])[1]


def document(figures, raw, directory):
    """Writes what lies between the marks of performance.md, the pictures, and a copy of the raw file."""
    kept = os.path.join(directory, "performance.csv")
    if os.path.abspath(raw) != os.path.abspath(kept):
        shutil.copyfile(raw, kept)
    page = os.path.join(directory, "performance.md")
    with open(page, encoding="utf-8") as file:
        text = file.read()
    about = "\n".join("- %s: %s" % item for item in figures.about.items())
    text = _replace(text, FIGURES, "%s\n\n![cycles a packet](performance.svg)\n\n%s\n%s" % (
        about, table(figures), goals(figures)))
    text = _replace(text, SCALING, "![cycles by flows](performance-scaling.svg)\n\n%s\n%s\n%s" % (
        scaling.by_flows(figures), scaling.by_others(figures), scaling.cores(figures)))
    with open(page, "w", encoding="utf-8") as file:
        file.write(text)
    _draw(figures, os.path.join(directory, "performance.svg"))
    scaling.draw(figures, os.path.join(directory, "performance-scaling.svg"))
