#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plots of the verdict study, by gnuplot, beside its CSV files; --tables prints them for the page."""

import argparse
import csv
import os
import subprocess
import sys

STYLE = """set terminal pngcairo size 900,600 font 'sans,12'
set grid ytics lc rgb '#dddddd'
set key below horizontal maxcols 2 spacing 1.15 samplen 4
set xlabel offset 0,0.4
set border 3
set tics nomirror
"""
# From dark to light, and a shape each, so that grey print keeps them apart; the second of a pair
# has the same shape, open, and a dashed line.
COLOURS = ["#0b3c6f", "#b5301a", "#4f9a2f", "#a783d9", "#d98e04"]
SHAPES = [(7, 6), (5, 4), (9, 8), (11, 10), (13, 12)]


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

    def add(self, title, points, how="linespoints", dashed=False, colour=None):
        name = f"$data{len(self.curves)}"
        pair, second = divmod(len(self.curves), 2)
        colour = colour or COLOURS[pair % len(COLOURS)]
        rows = "\n".join(" ".join(f"{v:g}" for v in point) for point in points)
        self.blocks.append(f"{name} << EOD\n{rows}\nEOD")
        dash = "dt 2" if dashed else ""
        points = "" if how == "lines" else f"pt {SHAPES[pair % len(SHAPES)][second]} ps 1.1"
        self.curves.append(f"{name} using 1:2{':3:4' if how == 'yerrorbars' else ''} with {how} "
                           f"lw 2 {points} {dash} lc rgb '{colour}' title '{title}'")

    def write(self, path):
        text = "\n".join(self.commands + [f"set output '{path}'"] + self.blocks)
        text += "\nplot " + ", ".join(self.curves) + "\n"
        subprocess.run(["gnuplot"], input=text, text=True, check=True)


def plot_errors(folder):
    rows = read(folder, "errors.csv")
    plot = Plot("A blind sender is called closed loop: anytime below its bound, penny above it",
                "share of segments that it repeats", "probability, enumerated",
                "set logscale y\nset format y '10^{%T}'\nset yrange [1e-8:1e-2]")
    for drops in ("6", "12"):
        plot.add(f"penny, {drops} drops",
                 [(number(r, "repeated"), number(r, "closed_loop")) for r in rows
                  if r["rule"] == "penny" and r["drops"] == drops], "lines", drops == "6")
    worst = max(number(r, "closed_loop") for r in rows
                if r["rule"] == "anytime" and number(r, "level") < 1e-5)
    plot.add("anytime, pooled, the strongest repeater", [(0.005, worst), (0.3, worst)], "lines")
    plot.add("anytime, the bound: alpha", [(0.005, 1e-6), (0.3, 1e-6)], "lines", True)
    plot.write(os.path.join(folder, "errors.png"))


LOSSES = {"no loss": 0, "1 % behind": 1, "3 % behind": 3, "6 % behind": 6, "9 % behind": 9,
          "12 % behind": 12}


def plot_drops(folder):
    rows = [r for r in read(folder, "head-to-head.csv") if r["part"] == "genuine"]
    plot = Plot("Drops until closed loop: anytime takes 5 without loss, more the more is lost",
                "loss behind the box, %", "drops, median",
                "set yrange [0:*]\nset xrange [-0.3:12.5]\nset xtics (0, 1, 3, 6, 9, 12)")
    for pace in ("paced", "bulk"):
        for rule in ("anytime", "penny"):
            points = []
            for name, loss in LOSSES.items():
                for r in rows:
                    if r["traffic"] == f"{pace} {name}" and r["rule"] == rule:
                        points.append((loss, number(r, "drops_median")))
            plot.add(f"{rule}, {pace}", points, dashed=rule == "penny")
    plot.write(os.path.join(folder, "drops.png"))


TRAFFIC = {"closed_loop_only": "all genuine", "half_and_half": "half genuine",
           "half_and_half_duplicates": "half genuine, the rest repeat 14.9 %",
           "20_80": "a fifth genuine",
           "20_80_duplicates": "a fifth genuine, the rest repeat 14.9 %",
           "10_90": "a tenth genuine",
           "10_90_duplicates": "a tenth genuine, the rest repeat 14.9 %"}


def plot_accuracy(folder, name, title):
    rows = [r for r in read(folder, name + ".csv") if not r["traffic"].startswith("open_loop")]
    plot = Plot(title, "loss before the box and again behind it, %", "share called closed loop",
                "set yrange [-0.03:1.05]\nset xrange [-0.3:12.5]\nset xtics (0, 1, 3, 6, 9, 12)")
    for traffic in dict.fromkeys(r["traffic"] for r in rows):
        for rule in ("anytime", "penny"):
            points = [(100 * number(r, "loss"), number(r, "closed_loop")) for r in rows
                      if r["traffic"] == traffic and r["rule"] == rule
                      and r["where"] in ("none", "both") and r["drop_probability"] == "0.05"]
            plot.add(f"{TRAFFIC[traffic]}: {rule}", points, dashed=rule == "penny")
    plot.write(os.path.join(folder, name + ".png"))


def plot_fig8(folder):
    plot_accuracy(folder, "fig8",
                  "Figure 8, p = 0.05: anytime finds genuine traffic at least as often as penny")


def plot_fig14(folder):
    plot_accuracy(folder, "fig14", "Figure 14, p = 0.05: anytime finds few genuine flows "
                  "more often, until 9 % is lost each way")


def plot_fig7(folder):
    rows = read(folder, "fig7.csv")
    plot = Plot("Figure 7, rule penny: how often a blind sender that repeats d of n packets passes",
                "droppable packets n", "probability",
                "set logscale y\nset format y '10^{%T}'\nset yrange [1e-7:1e-2]")
    for d in ("2", "10", "20", "30", "40"):
        for method in ("exact", "published"):
            points = [(number(r, "n"), number(r, "closed_loop")) for r in rows
                      if r["d"] == d and r["method"] == method and number(r, "closed_loop") > 0]
            plot.add(f"d = {d}, {'enumerated' if method == 'exact' else method}", points,
                     "lines" if method == "exact" else "points")
    plot.write(os.path.join(folder, "fig7.png"))


def plot_attacks(folder):
    rows = [r for r in read(folder, "attacks.csv") if r["rule"] == "anytime"]
    names = ", ".join(f"'{r['attack']}' {i}" for i, r in enumerate(rows))
    plot = Plot("Evidence of 100 for a blind sender: no attack at its worst breaks the bound of 0.01",
                "", "share of trials",
                f"set xtics rotate by -40 ({names})\nset yrange [0:0.013]\n"
                f"set bmargin 8\nset xrange [-0.5:{len(rows) - 0.5}]")
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
    return (f"{number(row, column):.4f} [{number(row, column + '_low'):.4f}, "
            f"{number(row, column + '_high'):.4f}]")


def quantiles(row, name):
    return "/".join(f"{number(row, f'{name}_{q}'):.3g}" for q in ("median", "p95", "p99"))


def two(row, column):
    """Two digits, unless that would round to certainty what is none."""
    value = number(row, column)
    text = f"{value:.2f}"
    return f"{value:.3f}" if text in ("0.00", "1.00") and value not in (0, 1) else text


def both_rules(rows, column):
    """anytime / penny"""
    found = {r["rule"]: two(r, column) for r in rows}
    return f"{found.get('anytime', '-')} / {found.get('penny', '-')}"


def accuracy_rows(rows, probability):
    rows = [r for r in rows if r["where"] in ("none", "both")
            and number(r, "drop_probability") == probability]
    losses = sorted({number(r, "loss") for r in rows})
    for traffic in dict.fromkeys(r["traffic"] for r in rows):
        yield [TRAFFIC[traffic]] + [
            both_rules([r for r in rows if r["traffic"] == traffic
                        and number(r, "loss") == loss], "closed_loop") for loss in losses]


def print_accuracy(folder):
    rows = [r for name in ("fig8", "fig14") for r in read(folder, name + ".csv")
            if not r["traffic"].startswith("open_loop")]
    for probability in (0.05, 0.01):
        print(f"p = {probability}, anytime / penny\n")
        table(["traffic, loss each way"] + [f"{100 * loss:g} %" for loss in
                                   sorted({number(r, "loss") for r in rows})],
              list(accuracy_rows(rows, probability)))


def side_by_side(rows, columns):
    """One line for each traffic: what `columns` says of anytime, then of penny."""
    for traffic in dict.fromkeys(r["traffic"] for r in rows):
        pair = {r["rule"]: r for r in rows if r["traffic"] == traffic}
        yield [traffic] + [column(pair[rule]) for rule in ("anytime", "penny")
                           for column in columns]


def print_head_to_head(folder):
    rows = read(folder, "head-to-head.csv")
    columns = [lambda r: two(r, "closed_loop"), lambda r: two(r, "false_spoofed"),
               lambda r: quantiles(r, "drops"), lambda r: quantiles(r, "seconds")]
    head = ["traffic"] + [f"{rule}: {what}" for rule in ("anytime", "penny") for what in
                          ("closed_loop", "false spoofed", "drops", "seconds")]
    for part in ("genuine", "mixed"):
        table(head, list(side_by_side([r for r in rows if r["part"] == part], columns)))
    rows = [r for r in rows if r["part"] == "completion"]
    table(["traffic", "no drops", "anytime", "penny"],
          [[traffic] + [f"{number(r, 'completion_mean_s'):.2f}" for rule in
                        ("no drops", "anytime", "penny") for r in rows
                        if r["traffic"] == traffic and r["rule"] == rule]
           for traffic in dict.fromkeys(r["traffic"] for r in rows)])


def parameters_of(row):
    attacks = {row["plays"], row["also"]}
    words = [" and ".join(dict.fromkeys((row["plays"], row["also"])))] if row["also"] else []
    if number(row, "duplicates") > 0 and row["attack"] != "sweep":
        words.append(f"{100 * number(row, 'duplicates'):.3g} %")
    if number(row, "delay_ms") > 0:
        words.append(f"{number(row, 'delay_ms'):.4g} ms")
    words.append(f"{row['flows']} flows")
    if number(row, "flood") > 0 and "eviction" in attacks:
        words.append(f"flood {row['flood']}")
    if number(row, "covered") > 0 and "sweep" in attacks:
        words.append(f"covers {row['covered']}")
    if number(row, "between") > 0 and attacks & {"undroppable", "blocked"}:
        words.append(f"{row['between']} between")
    if "undroppable" in attacks:
        words.append(row["between_kind"])
    if number(row, "period_ms") > 0 and "pulses" in attacks:
        words.append(f"of each {number(row, 'period_ms'):.3g} ms")
    words.append(f"{number(row, 'rate'):.0f}/s")
    return ", ".join(words)


def attack_columns(row):
    """How near an attack came to one rule; a rule may be missing while a study goes on."""
    if row is None:
        return ["-"] * 3
    evidence = ([share(row, "reached_1e2"), share(row, "reached_1e3")]
                if row["rule"] == "anytime" else [share(row, "false_genuine")])
    return [parameters_of(row)] + evidence


def print_attacks(folder):
    rows = read(folder, "attacks.csv")
    lines = []
    for attack in dict.fromkeys(r["attack"] for r in rows):
        pair = {r["rule"]: r for r in rows if r["attack"] == attack}
        lines.append([attack] + attack_columns(pair.get("anytime"))
                     + attack_columns(pair.get("penny"))[:2])
    table(["attack", "nearest to anytime", "reaches 1e2", "reaches 1e3", "nearest to penny",
           "false genuine"], lines)


def print_tables(folder):
    print_accuracy(folder)
    print_head_to_head(folder)
    print_attacks(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="with the CSV files of tools/studies/verdict_study.sh")
    parser.add_argument("--tables", action="store_true", help="print tables, draw nothing")
    options = parser.parse_args()
    if options.tables:
        print_tables(options.folder)
        return
    plots = {"errors": plot_errors, "head-to-head": plot_drops, "fig7": plot_fig7,
             "attacks": plot_attacks,
             "fig8": plot_fig8, "fig14": plot_fig14}
    for name, plot in plots.items():
        if os.path.exists(os.path.join(options.folder, name + ".csv")):
            plot(options.folder)
        else:
            print(f"verdict_plots: no {name}.csv in {options.folder}, so no plot of it",
                  file=sys.stderr)


if __name__ == "__main__":
    main()
