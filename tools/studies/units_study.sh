#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The tables of doc/verdict.md on handshakes and first flights of QUIC: units_study.sh [BUILD] [RUNS] [all].
# Prints CSV. With 2,000 runs it takes some twelve minutes of one core, 108,000 of them blind tests at alpha 1e-6; with `all`,
# which tries every edge of what is a repeat and what is remembered, some forty.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sim=${1:-build/gcc}/app/pennyline-sim/pennyline-sim
runs=${2:-2000}
handshake_delays_ms=(200 1000)
quic_delays_ms=(100 1000)
if [ "${3:-}" = all ]; then
    handshake_delays_ms=(0 199 200 1000 3501 9999 10000)
    quic_delays_ms=(0 99 100 1000 3001 9999 10000)
fi

# NAME, then the options of a run: what came of genuine senders.
genuine()
{
    local name=$1
    shift
    "$sim" run --runs "$runs" --flows 5 --segments 1 --renew --max-seconds 120 "$@" --json 2>/dev/null |
        python3 -c '
import json, sys
s = json.load(sys.stdin)
share, drops, seconds = s["outcomes"]["closed_loop"], s["to_closed_loop"]["drops"], s["to_closed_loop"]["seconds"]
print(sys.argv[1], s["runs"], share["share"], share["low"], share["high"], s["outcomes"]["not_closed_loop"]["n"],
      drops["median"], drops["p95"], "%.3g" % seconds["median"], "%.3g" % seconds["p95"], sep=",")' "$name"
}

# ATTACK, repeats, milliseconds to a repeat: how often the evidence of its kind reached 1e2 and 1e3 after any epoch.
blind()
{
    "$sim" run --runs "$runs" --scenario blind --attack "$1" --duplicates "$2" --delay-ms "$3" --units "$4" \
        --blind-rate 100 --blind-start-ms 10 --max-drops 10000 --max-seconds 20 --watch --json 2>/dev/null |
        python3 -c '
import json, sys
s = json.load(sys.stdin)
two, three = s["kind_reached_1e2"], s["kind_reached_1e3"]
print(*sys.argv[1:], s["runs"], s["outcomes"]["closed_loop"]["n"], two["share"], two["low"], two["high"],
      three["share"], three["low"], three["high"], sep=",")' "$1" "$2" "$3"
}

echo "traffic,runs,closed_loop,low,high,not_closed_loop,drops_median,drops_p95,seconds_median,seconds_p95"
for unit in handshake quic; do
    stack=linux
    [ "$unit" = handshake ] || stack=quic
    options=(--units "$unit" --stack "$stack" --all-stacks)
    genuine "$unit: no loss" "${options[@]}"
    genuine "$unit: 3 % before" "${options[@]}" --loss-upstream 3%
    genuine "$unit: 3 % behind" "${options[@]}" --loss-downstream 3%
    genuine "$unit: 3 % both ways" "${options[@]}" --loss-upstream 3% --loss-downstream 3%
    genuine "$unit: a half go on by another address" "${options[@]}" --moves-on 0.5
    genuine "$unit: 3 % behind; ten times as many" "${options[@]}" --loss-downstream 3% --flows 50
done
genuine "quic: two datagrams; 3 % behind" --units quic --stack quic --all-stacks --datagrams 2 --loss-downstream 3%
genuine "data and handshake" --units data,handshake --flows 20
echo
echo "attack,repeats,delay_ms,runs,closed_loop,reached_1e2,low,high,reached_1e3,low,high"
for attack in syn-repeats synack-repeats syn-storm syn-ecn syn-sequence; do
    for delay_ms in "${handshake_delays_ms[@]}"; do
        for repeats in 0.05 0.3 1; do
            blind "$attack" "$repeats" "$delay_ms" handshake
        done
    done
done
for attack in quic-repeats quic-storm quic-tuples quic-odd; do
    for delay_ms in "${quic_delays_ms[@]}"; do
        for repeats in 0.05 0.3 1; do
            blind "$attack" "$repeats" "$delay_ms" quic
        done
    done
done
