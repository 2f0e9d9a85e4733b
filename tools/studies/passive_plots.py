#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plots of what mode passive says of networks whose loss is known, by gnuplot, beside its CSV files."""

import argparse

from verdict_plots import Plot, number, read

CASES = [("before", 5), ("before", 20), ("before", 60), ("after", 5), ("after", 20), ("after", 60)]


def plot_lab(folder):
    """Each run's interval, over the true rate, the runs of a case by rising estimate."""
    rows = [r for r in read(folder, "lab.csv") if r["kind"] == "loss" and r["view"] == "one_way"]
    curves, tics, left = {"1": [], "0": []}, [], 0
    for where, per_mille in CASES:
        side = {"before": "upstream_loss", "after": "downstream_loss"}[where]
        some = sorted((r for r in rows if int(r[where]) == per_mille),
                      key=lambda r: number(r, side + "_estimate"))
        for i, row in enumerate(some):
            scaled = [number(row, f"{side}_{key}") * 1000 / per_mille
                      for key in ("estimate", "low", "high")]
            curves[row["covered"]].append((left + i, *scaled))
        tics.append(f"'{per_mille / 10:g} %% {where}' {left + len(some) / 2:g}")
        left += len(some) + 20
    plot = Plot("Real TCP, one direction seen: 95 % intervals of each run",
                "loss before or after the mirror", "interval over the true rate",
                f"set xtics ({', '.join(tics)})\nset yrange [0:3]\nset xrange [-10:{left - 10}]")
    plot.add("covers the true rate", curves["1"], "yerrorbars")
    plot.add("does not", curves["0"], "yerrorbars", colour="#cc4125")
    plot.write(f"{folder}/lab.png")


def plot_sim(folder):
    """How often the interval covers the truth, by round-trip time."""
    rows = read(folder, "sim.csv")
    plot = Plot("Simulated TCP: runs in which the interval covers the true rate",
                "round-trip time, ms", "share of the runs",
                "set logscale x\nset xrange [0.07:30]\nset yrange [0.85:1]")
    for where, loss in (("before", 0.02), ("after", 0.02), ("before", 0.06), ("after", 0.06)):
        for marks in ("both", "none"):
            some = [r for r in rows if r["network"] == f"loss_{where}" and r["marks"] == marks and
                    number(r, where) == loss]
            points = [(number(r, "round_trip_ms"),
                       number(r, f"{where}_covered") / number(r, "runs")) for r in some]
            plot.add(f"{100 * loss:g} % {where}" + ("" if marks == "both" else ", packets unmarked"),
                     points, dashed=marks == "none")
    plot.write(f"{folder}/sim.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="doc/passive")
    folder = parser.parse_args().folder
    plot_lab(folder)
    plot_sim(folder)


if __name__ == "__main__":
    main()
