#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Replays captures in all modes under the sanitizers, and holds them against tshark.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage()
{
    cat <<TEXT
Usage: tools/captures.sh [OPTION...] DIR...

Every file below the folders is replayed: captures of any kind, and what is none. Asserted are exit
codes, the JSON, that the books balance and that nothing is read or written where it must not be.
Packets, segments, repeats and holes are held against tshark, packet by packet; what differs is told
by classes (doc/passive.md says which there are).

  --strict      a difference of no known class is a failure, too
  --list        each difference with its packet, not only how many
  --seconds N   what a replay may take (default 60)

Built is build/captures (clang, AddressSanitizer, UndefinedBehaviorSanitizer, no DPDK). Exit code: 0
when nothing failed.
TEXT
}

case ${1:-} in
'' | -h | --help)
    usage
    exit 2
    ;;
esac
build=build/captures
if [ ! -f $build/build.ninja ]; then
    CC=clang meson setup $build -Ddpdk=disabled -Dbuildtype=debugoptimized \
        -Db_sanitize=address,undefined >/dev/null
fi
ninja -C $build app/pennyline-replay/pennyline-replay app/pennyline-replay/packet-kinds >/dev/null
export ASAN_OPTIONS=detect_leaks=1:exitcode=99
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
exec python3 tools/captures/check.py --programs $build/app/pennyline-replay "$@"
