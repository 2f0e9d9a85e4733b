# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of figures, by gnuplot: each point with its median, least and most."""
import subprocess

HEAD = """set terminal svg size 900,%d font "sans,12" background rgb "white"
set output "%s"
set ylabel "TSC cycles a packet: median, least and most"
set yrange [0:*]
set grid y
set linetype 5 lc rgb "#444444"
"""


def _gnuplot(program):
    subprocess.run(["gnuplot"], input=program, text=True, check=True)


def bars(points, path):
    """`points`: (name, median, least, most)."""
    rows = "".join('%d "%s" %.1f %.1f %.1f\n' % (i, *point) for i, point in enumerate(points))
    _gnuplot(HEAD % (560, path) + """set style fill solid 0.6
set boxwidth 0.7
set xtics rotate by 55 right font ",10"
set rmargin 8
unset key
$rows << EOD
%sEOD
plot $rows using 1:3:xtic(2) with boxes lc rgb "#336699", $rows using 1:4:(0):($5-$4) with vectors nohead lc rgb "black" lw 1.5
""" % rows)


def lines(series, xlabel, path):
    """`series`: (title, points of (x, median, least, most))."""
    data = "".join("$d%d << EOD\n%s\nEOD\n" % (
        i, "\n".join("%d %.1f %.1f %.1f" % point for point in points))
                   for i, (_title, points) in enumerate(series))
    plots = ", ".join('$d%d using 1:2:3:4 with yerrorlines title "%s" lw 1.5 pt 7 ps 0.4' % (i, title)
                      for i, (title, _points) in enumerate(series))
    _gnuplot(HEAD % (420, path) + """set logscale x 2
set xrange [64:2**25]
set xlabel "%s"
set xtics ("100" 100, "1k" 2**10, "4k" 2**12, "64k" 2**16, "256k" 2**18, "1M" 2**20, "4M" 2**22, "16M" 2**24)
set key outside right
%splot %s
""" % (xlabel, data, plots))
