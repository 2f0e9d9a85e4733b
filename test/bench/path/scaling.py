# SPDX-License-Identifier: BSD-3-Clause
"""What grows with what, and what that means for a line of 100 Gbit/s: tables and a picture for the
section "Scaling" of doc/performance.md."""
from . import plot, scenarios

# Frames a second of 100 Gbit/s, with preamble and gap (20 bytes).
IMIX_BYTES = (7 * 64 + 4 * 594 + 1518) / 12
LINES = [("64 B", 64), ("IMIX", IMIX_BYTES), ("1518 B", 1518)]

FLOWS = ["100", "1k", "4k", "64k", "256k", "1M", "4M", "16M"]
SERIES = [("active", "b-active-"), ("passive", "b-passive-"), ("off", "b-off-"),
          ("IPv6, active", "c-ipv6-"), ("l3fwd, exact match", "l3fwd-em-")]
OTHERS = [
    ("aggregates, of 1M flows", [("1", "b-active-1M"), ("256", "s-256-aggregates"),
                                 ("4,096", "s-4k-aggregates"), ("65,536", "s-64k-aggregates")]),
    ("slices, untested traffic", [("1", "s-1-slice"), ("64", "s-64-slices"), ("4,096", "a-untested")]),
    ("queues and workers, 1M flows each", [("1", "b-active-1M"), ("2", "h-2-queues")]),
]


def _cell(figures, name):
    return "%.1f" % figures.median(name) if name in figures else ""


def by_flows(figures):
    series = [s for s in SERIES if any(s[1] + n in figures for n in FLOWS)]
    lines = ["| flows | %s |" % " | ".join(title for title, _prefix in series),
             "| --- |" + " --- |" * len(series)]
    for n in FLOWS:
        cells = [_cell(figures, prefix + n) for _title, prefix in series]
        if any(cells):
            lines.append("| %s | %s |" % (n, " | ".join(cells)))
    return "\n".join(lines) + "\n"


def by_others(figures):
    lines = ["| what grows | cycles a packet |", "| --- | --- |"]
    for title, points in OTHERS:
        there = ["%s: %s" % (n, _cell(figures, name)) for n, name in points if name in figures]
        if there:
            lines.append("| %s | %s |" % (title, "; ".join(there)))
    return "\n".join(lines) + "\n"


def frames_a_second(n_bytes):
    return 100e9 / 8 / (n_bytes + 20)


def cores(figures):
    """A core is one that runs as fast as the TSC of the machine that was measured."""
    hz = float(figures.about.get("tsc_mhz", "0")) * 1e6
    lines = ["| cores for 100 Gbit/s one way | cycles a packet | %s |" % " | ".join(
        name for name, _bytes in LINES), "| --- | --- |" + " --- |" * len(LINES)]
    for row in scenarios.SCENARIOS:
        if row.name not in figures or hz == 0:
            continue
        cycles = figures.median(row.name)
        lines.append("| %s | %.0f | %s |" % (row.name, cycles, " | ".join(
            "%.1f" % (frames_a_second(n_bytes) * cycles / hz) for _name, n_bytes in LINES)))
    return "\n".join(lines) + "\n"


def _count(text):
    return int(text.rstrip("kM")) * {"k": 1 << 10, "M": 1 << 20}.get(text[-1], 1)


def draw(figures, path):
    lines = [(title, [(_count(n), figures.median(prefix + n), figures.cycles(prefix + n)[0],
                       figures.cycles(prefix + n)[-1]) for n in FLOWS if prefix + n in figures])
             for title, prefix in SERIES]
    plot.lines([line for line in lines if line[1]], "flows", path)
