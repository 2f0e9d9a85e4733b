#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The long study of the verdict rules: CSV files and plots under doc/verdict/.
# It takes long: call it by nice(1).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage()
{
    cat <<TEXT
Usage: tools/studies/verdict_study.sh [--build DIRECTORY] [--threads N] [--scale F] [--seed N] [--rule RULE] [PART...]

Parts: errors fig7 head-to-head mixtures attacks fig8 fig14 plots (all of them, in this order)
--build     a build directory with pennyline-sim (build/gcc)
--threads   of each study (1)
--scale     multiplies the numbers of trials (1: an hour or more on one core)
--rule      anytime or penny: rows of this rule only for now (both)
--seed      of all that is random (1)

What was interrupted goes on where it was when it is called again with the same options; a part
that is done is left alone, until its file in doc/verdict/.study is removed.
TEXT
}

build=build/gcc
threads=1
scale=1
seed=1
rule=
out=doc/verdict
state=$out/.study

# runs N: N trials, scaled.
runs()
{
    awk -v n="$1" -v f="$scale" 'BEGIN { r = int(n * f); print r < 1 ? 1 : r }'
}

# Whole lines of a file; 0 without one.
n_lines()
{
    [ -f "$1" ] && wc -l <"$1" || echo 0
}

# table NAME COMMAND...: the CSV that a subcommand prints. Rows go to a file of their own until the
# table is whole; what a call before left there is not made again.
table()
{
    local name=$1 rows=$state/$1.rows done=$state/$1.done n
    shift
    set -- "$@" --seed "$seed" --threads "$threads" --csv

    [ ! -f "$done" ] || return 0
    if [ "$(cat "$state/$name.command" 2>/dev/null)" != "$*" ]; then
        rm -f "$rows"
        echo "$*" >"$state/$name.command"
    fi
    n=$(n_lines "$rows")
    if [ "$n" -gt 0 ]; then
        # The last row may be cut short.
        head -n "$n" "$rows" >"$rows.whole" && mv "$rows.whole" "$rows"
        set -- "$@" --skip $((n - 1))
    fi
    printf '%s pennyline-sim %s\n' "$(date +%T)" "$*"
    "$sim" "$@" >>"$rows"
    mv "$rows" "$done"
}

# both NAME COMMAND...: a table of each rule, and one file of both.
both()
{
    local name=$1 rule
    shift

    for rule in $rules; do
        table "$name-$rule" "$@" --rule "$rule"
    done
    [ -f "$state/$name-penny.done" ] && [ -f "$state/$name-anytime.done" ] || return 0
    { cat "$state/$name-anytime.done" && tail -n +2 "$state/$name-penny.done"; } >"$out/$name.csv"
    printf '%s %s.csv: %d rows\n' "$(date +%T)" "$name" $(($(n_lines "$out/$name.csv") - 1))
}

part_errors()
{
    table errors errors
    cp $state/errors.done $out/errors.csv
}

# Published, enumerated and simulated numbers of one point, one below the other.
fig7_point()
{
    local n=$1 d=$2 published=$3
    set -- fig7 --n "$n" --d "$d" --seed "$seed" --csv

    "$sim" "$@" --exact --runs "$(runs 20000)"
    "$sim" "$@" --exact --runs 1 --field | sed -n 's/,exact,/,exact_field,/p'
    "$sim" "$@" --as-published --runs "$(runs 1000000)" | tail -n 1
    awk -F, -v n="$n" -v d="$d" \
        '{ print n "," d ",published," $1 "," $1 "," $1 "," $2 "," $2 "," $2 "," $3 "," $3 "," $3 "," $4 "," $4 "," $4 ",1000000" }' \
        <<<"$published"
}

part_fig7()
{
    local n d published header='' point rows=$state/fig7.rows

    while IFS=, read -r n d published; do
        [ "$n" != n ] || continue
        point=$state/fig7-$n-$d
        if [ ! -f "$point.done" ]; then
            printf '%s fig7 n=%s d=%s\n' "$(date +%T)" "$n" "$d" >&2
            fig7_point "$n" "$d" "$published" >"$point.rows"
            mv "$point.rows" "$point.done"
        fi
        [ -n "$header" ] || { header=$(head -n 1 "$point.done") && echo "$header"; }
        tail -n +2 "$point.done"
    done <test/fixtures/fig7-subset.csv >"$rows"
    mv "$rows" $out/fig7.csv
}

part_head-to-head()
{
    both head-to-head head-to-head --runs "$(runs 1000)"
}

part_mixtures()
{
    table mixtures mixtures --runs "$(runs 200)" --rule anytime
    cp $state/mixtures.done $out/mixtures.csv
}

part_attacks()
{
    both attacks attacks --runs "$(runs 2000)"
}

part_fig8()
{
    both fig8 fig8 --runs "$(runs 200)"
}

part_fig14()
{
    both fig14 fig14 --runs "$(runs 200)"
}

part_plots()
{
    tools/studies/verdict_plots.py "$out"
}

parts=()
while [ $# -gt 0 ]; do
    case $1 in
    --build | --threads | --scale | --seed | --rule)
        [ $# -ge 2 ] || { usage >&2 && exit 2; }
        declare "${1#--}=$2"
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    errors | fig7 | head-to-head | mixtures | attacks | fig8 | fig14 | plots) parts+=("$1") ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done
[ ${#parts[@]} -gt 0 ] || parts=(errors fig7 head-to-head mixtures attacks fig8 fig14 plots)

sim=$build/app/pennyline-sim/pennyline-sim
[ -x "$sim" ] || {
    echo "verdict_study: there is no $sim; build it, or name the build directory by --build" >&2
    exit 1
}
mkdir -p $state
rules=${rule:-anytime penny}
for part in "${parts[@]}"; do
    "part_$part"
done
