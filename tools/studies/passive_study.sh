#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# How well mode passive estimates losses: real TCP in namespaces (root) and simulated TCP. CSV files
# and plots under doc/passive/. It takes long: call it by nice(1).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage()
{
    cat <<TEXT
Usage: tools/studies/passive_study.sh [--build DIRECTORY] [--scale F] [--jobs N] [PART...]

Parts: sim lab plots (all of them, in this order)
--build   a build directory with pennyline-sim, pennyline-replay and delay-line (build/gcc)
--scale   multiplies the numbers of runs: 1,000 of each simulated network, 100 of each case of the lab (1)
--jobs    runs of the lab at the same time (4)
TEXT
}

build=build/gcc
scale=1
jobs=4
out=doc/passive

# runs N: N runs, scaled.
runs()
{
    awk -v n="$1" -v f="$scale" 'BEGIN { r = int(n * f); print r < 1 ? 1 : r }'
}

part_sim()
{
    "$build/app/pennyline-sim/pennyline-sim" passive --runs "$(runs 1000)" --seed 1 --csv >"$out/sim.csv.new"
    mv "$out/sim.csv.new" "$out/sim.csv"
}

part_lab()
{
    local results

    results=$(mktemp)
    tools/lab/mirror.py --replay "$build/app/pennyline-replay/pennyline-replay" \
        --delay-line "$build/tools/traffic/delay-line" --results "$results" --runs "$(runs 100)" --jobs "$jobs" \
        --csv "$out/lab.csv"
    rm "$results"
}

part_plots()
{
    tools/studies/passive_plots.py "$out"
}

parts=()
while [ $# -gt 0 ]; do
    case $1 in
    --build | --scale | --jobs)
        [ $# -ge 2 ] || { usage >&2 && exit 2; }
        declare "${1#--}=$2"
        shift
        ;;
    --help)
        usage
        exit 0
        ;;
    sim | lab | plots) parts+=("$1") ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done
[ ${#parts[@]} -gt 0 ] || parts=(sim lab plots)
mkdir -p "$out"
for part in "${parts[@]}"; do
    "part_$part"
done
