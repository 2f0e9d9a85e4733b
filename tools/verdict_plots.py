#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plots of the verdict study, by gnuplot, beside its CSV files; --tables prints them for the page."""

import argparse
import csv
import os
import subprocess
import sys

STYLE = """set terminal pngcairo size 900,540 font 'sans,12'
set grid lc rgb '#dddddd'
set key below maxrows 5 spacing 1.1
set xlabel offset 0,0.3
set bmargin 9
set border 3
set tics nomirror
"""
COLOURS = ["#0b5394", "#cc4125", "#6aa84f", "#8e63b8", "#b45f06", "#444444"]


def read(folder, name):
    with open(os.path.join(folder, name), encoding="ascii") as file:
        return list(csv.DictReader(file))


def number(row, column):
    return float(row[column]) if row[column] != "" else float("nan")


class Plot:
    """Curves of one picture. A curve is a list of tuples: x, y, and perhaps low and high."""

    def __init__(self, title, x, y, extra=""):
        self.commands = [STYLE, f"set title '{title}'", f"set xlabel '{x}'", f"set ylabel '{y}'",
                         extra]
        self.blocks = []
        self.curves = []

    def add(self, title, points, how="linespoints", dashed=False):
        name = f"$data{len(self.curves)}"
        colour = COLOURS[len(self.curves) // 2 % len(COLOURS)]
        rows = "\n".join(" ".join(f"{v:g}" for v in point) for point in points)
        self.blocks.append(f"{name} << EOD\n{rows}\nEOD")
        dash = "dt 2" if dashed else ""
        points = "" if how == "lines" else "pt 7 ps 0.6"
        self.curves.append(f"{name} using 1:2{':3:4' if how == 'yerrorbars' else ''} with {how} "
                           f"lw 2 {points} {dash} lc rgb '{colour}' title '{title}'")

    def write(self, path):
        text = "\n".join(self.commands + [f"set output '{path}'"] + self.blocks)
        text += "\nplot " + ", ".join(self.curves) + "\n"
        subprocess.run(["gnuplot"], input=text, text=True, check=True)


def plot_errors(folder):
    rows = read(folder, "errors.csv")
    plot = Plot("A blind sender called closed loop, exactly", "share of segments that it repeats",
                "probability", "set logscale y\nset format y '10^{%T}'\nset yrange [1e-8:1e-2]")
    for drops in ("6", "12"):
        plot.add(f"penny, {drops} drops",
                 [(number(r, "repeated"), number(r, "closed_loop")) for r in rows
                  if r["rule"] == "penny" and r["drops"] == drops], "lines", drops == "6")
    worst = max(number(r, "closed_loop") for r in rows
                if r["rule"] == "anytime" and number(r, "level") < 1e-5)
    plot.add("anytime, pooled, worst", [(0.005, worst), (0.3, worst)], "lines")
    plot.add("anytime, proven bound", [(0.005, 1e-6), (0.3, 1e-6)], "lines", True)
    plot.write(os.path.join(folder, "errors.png"))


LOSSES = {"no loss": 0, "1 % behind": 1, "3 % behind": 3, "6 % behind": 6, "9 % behind": 9,
          "12 % behind": 12}


def plot_drops(folder):
    rows = [r for r in read(folder, "head-to-head.csv") if r["part"] == "genuine"]
    plot = Plot("Drops until closed loop, genuine senders: median", "loss behind the box, %",
                "drops", "set yrange [0:*]\nset xrange [-0.3:12.5]")
    for pace in ("paced", "bulk"):
        for rule in ("anytime", "penny"):
            points = []
            for name, loss in LOSSES.items():
                for r in rows:
                    if r["traffic"] == f"{pace} {name}" and r["rule"] == rule:
                        points.append((loss, number(r, "drops_median")))
            plot.add(f"{rule}, {pace}", points, dashed=rule == "penny")
    plot.write(os.path.join(folder, "drops.png"))


def plot_accuracy(folder, name, title):
    rows = read(folder, name + ".csv")
    plot = Plot(title, "loss before the box and behind it, %", "share called closed loop",
                "set yrange [-0.03:1.03]\nset xrange [-0.3:12.5]")
    for traffic in dict.fromkeys(r["traffic"] for r in rows):
        for rule in ("anytime", "penny"):
            points = [(100 * number(r, "loss"), number(r, "closed_loop")) for r in rows
                      if r["traffic"] == traffic and r["rule"] == rule
                      and r["where"] in ("none", "both") and r["drop_probability"] == "0.05"]
            plot.add(f"{traffic.replace('_', ' ')}, {rule}", points, dashed=rule == "penny")
    plot.write(os.path.join(folder, name + ".png"))


def plot_fig7(folder):
    rows = read(folder, "fig7.csv")
    plot = Plot("Figure 7: a blind sender called closed loop (enumerated, and published)",
                "droppable packets n", "probability",
                "set logscale y\nset format y '10^{%T}'\nset yrange [1e-7:1e-2]")
    for d in ("2", "10", "20", "30", "40"):
        for method in ("exact", "published"):
            points = [(number(r, "n"), number(r, "closed_loop")) for r in rows
                      if r["d"] == d and r["method"] == method and number(r, "closed_loop") > 0]
            plot.add(f"d = {d}, {method}", points, "lines" if method == "exact" else "points")
    plot.write(os.path.join(folder, "fig7.png"))


def plot_attacks(folder):
    rows = [r for r in read(folder, "attacks.csv") if r["rule"] == "anytime"]
    names = ", ".join(f"'{r['attack']}' {i}" for i, r in enumerate(rows))
    plot = Plot("How often the evidence of rule anytime reaches 100, each attack at its worst", "",
                "share of trials", f"set xtics rotate by -40 ({names})\nset yrange [0:0.03]\n"
                f"set xrange [-0.5:{len(rows) - 0.5}]")
    plot.add("simulated, 95 % interval",
             [(i, number(r, "reached_1e2"), number(r, "reached_1e2_low"),
               number(r, "reached_1e2_high")) for i, r in enumerate(rows)], "yerrorbars")
    plot.curves.append("0.01 lw 2 dt 2 lc rgb '#cc4125' title 'proven bound'")
    plot.write(os.path.join(folder, "attacks.png"))


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("| " + " | ".join("---" for _ in head) + " |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def share(row, column):
    """A rate with its interval."""
    return (f"{number(row, column):.3f} [{number(row, column + '_low'):.3f}, "
            f"{number(row, column + '_high'):.3f}]")


def quantiles(row, name):
    return "/".join(f"{number(row, f'{name}_{q}'):.3g}" for q in ("median", "p95", "p99"))


def print_tables(folder):
    rows = read(folder, "head-to-head.csv")
    for part in ("genuine", "mixed"):
        table(["traffic", "rule", "closed_loop", "drops", "segments", "seconds"],
              [[r["traffic"], r["rule"], share(r, "closed_loop"), quantiles(r, "drops"),
                quantiles(r, "segments"), quantiles(r, "seconds")]
               for r in rows if r["part"] == part])
    table(["traffic", "rule", "completion, mean s", "p95 s"],
          [[r["traffic"], r["rule"], f"{number(r, 'completion_mean_s'):.3f}",
            f"{number(r, 'completion_p95_s'):.3f}"] for r in rows if r["part"] == "completion"])
    table(["attack", "rule", "worst parameters", "closed_loop", "E reaches 1e2", "1e3",
           "mean of E"],
          [[r["attack"], r["rule"], f"repeats {number(r, 'duplicates'):.3g}, after "
            f"{number(r, 'delay_ms'):g} ms, {r['flows']} flows", share(r, "closed_loop"),
            share(r, "reached_1e2"), share(r, "reached_1e3"),
            f"{number(r, 'mean_e'):.3g} ± {number(r, 'mean_e_error'):.1g}"]
           for r in read(folder, "attacks.csv")])
    for name in ("fig8", "fig14"):
        table(["traffic", "loss, both ways", "rule", "p = 0.01", "0.02", "0.03", "0.04", "0.05"],
              list(accuracy_rows(read(folder, name + ".csv"))))


def accuracy_rows(rows):
    chosen = [r for r in rows if r["where"] in ("none", "both")]
    for key in dict.fromkeys((r["traffic"], r["loss"], r["rule"]) for r in chosen):
        yield [key[0], key[1], key[2]] + [
            f"{number(r, 'closed_loop'):.2f}" for r in chosen
            if (r["traffic"], r["loss"], r["rule"]) == key]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="with the CSV files of tools/verdict_study.sh")
    parser.add_argument("--tables", action="store_true", help="print tables, draw nothing")
    options = parser.parse_args()
    if options.tables:
        print_tables(options.folder)
        return
    plots = {"errors": plot_errors, "head-to-head": plot_drops, "fig7": plot_fig7,
             "attacks": plot_attacks,
             "fig8": lambda f: plot_accuracy(f, "fig8", "Figure 8: accuracy, p = 0.05"),
             "fig14": lambda f: plot_accuracy(f, "fig14", "Figure 14: accuracy, p = 0.05")}
    for name, plot in plots.items():
        if os.path.exists(os.path.join(options.folder, name + ".csv")):
            plot(options.folder)
        else:
            print(f"verdict_plots: no {name}.csv in {options.folder}, so no plot of it",
                  file=sys.stderr)


if __name__ == "__main__":
    main()
