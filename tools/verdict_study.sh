#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The long study of the verdict rules: CSV files and plots under doc/verdict/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage()
{
    cat <<TEXT
Usage: tools/verdict_study.sh [--build DIRECTORY] [--threads N] [--scale F] [PART...]

Parts: errors fig7 head-to-head attacks fig8 fig14 plots (all of them, in this order)
--build     a build directory with pennyline-sim (build/gcc)
--threads   of each study (1)
--scale     multiplies the numbers of trials (1: about half an hour on one core)
TEXT
}

build=build/gcc
threads=1
scale=1
out=doc/verdict

# runs N: N trials, scaled.
runs()
{
    awk -v n="$1" -v f="$scale" 'BEGIN { r = int(n * f); print r < 1 ? 1 : r }'
}

# table FILE COMMAND...: the CSV that a subcommand prints, replaced only when it is whole.
table()
{
    local file=$out/$1
    shift

    printf '%s: %s\n' "$file" "$*"
    nice -n 19 "$sim" "$@" --threads "$threads" --csv >"$file.part"
    mv "$file.part" "$file"
}

part_errors()
{
    table errors.csv errors
}

# Published, enumerated and simulated numbers of the same points, one below the other.
part_fig7()
{
    local n d published header file=$out/fig7.csv

    printf '%s: fig7\n' "$file"
    header=
    while IFS=, read -r n d published; do
        [ "$n" != n ] || continue
        "$sim" fig7 --n "$n" --d "$d" --exact --runs "$(runs 20000)" --csv >"$file.point"
        [ -n "$header" ] || header=$(head -n 1 "$file.point")
        tail -n +2 "$file.point"
        "$sim" fig7 --n "$n" --d "$d" --exact --runs 1 --field --csv |
            sed -n 's/,exact,/,exact_field,/p'
        awk -F, -v n="$n" -v d="$d" \
            '{ print n "," d ",published," $1 "," $1 "," $1 "," $2 "," $2 "," $2 "," $3 "," $3 "," $3 "," $4 "," $4 "," $4 ",1000000" }' \
            <<<"$published"
    done <test/fixtures/fig7-subset.csv >"$file.rows"
    { printf '%s\n' "$header" && cat "$file.rows"; } >"$file"
    rm "$file.rows" "$file.point"
}

part_head-to-head()
{
    table head-to-head.csv head-to-head --runs "$(runs 100)"
}

part_attacks()
{
    table attacks.csv attacks --runs "$(runs 200)"
}

part_fig8()
{
    table fig8.csv fig8 --runs "$(runs 20)"
}

part_fig14()
{
    table fig14.csv fig14 --runs "$(runs 20)"
}

part_plots()
{
    tools/verdict_plots.py "$out"
}

parts=()
while [ $# -gt 0 ]; do
    case $1 in
    --build | --threads | --scale)
        [ $# -ge 2 ] || { usage >&2 && exit 2; }
        declare "${1#--}=$2"
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    errors | fig7 | head-to-head | attacks | fig8 | fig14 | plots) parts+=("$1") ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done
[ ${#parts[@]} -gt 0 ] || parts=(errors fig7 head-to-head attacks fig8 fig14 plots)

sim=$build/app/pennyline-sim/pennyline-sim
[ -x "$sim" ] || {
    echo "verdict_study: there is no $sim; build it, or name the build directory by --build" >&2
    exit 1
}
mkdir -p $out
for part in "${parts[@]}"; do
    "part_$part"
done
