#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# From a fresh clone to three verdicts on live TCP, on a machine without any network card to spare.
set -euo pipefail
cd "$(dirname "$0")/.."

usage()
{
    cat <<TEXT
Usage: tools/demo.sh [OPTION...]

Installs what is missing (apt, by name), builds, reserves hugepages, then runs pennyline between
network namespaces with genuine, spoofed and mixed TCP at once, until it has the three verdicts.
Run it as root. It removes all that it made, also on Ctrl-C; packages and hugepages stay.

TEXT
    python3 tools/lab/demo.py --help | sed -n '/^options/,$p'
    printf '\nExit code: 0 when all three verdicts are right, else 1.\n'
}

case "${1:-}" in
-h | --help)
    usage
    exit 0
    ;;
esac
if [ "$(id -u)" -ne 0 ]; then
    echo "demo: it makes network namespaces: run it as root (sudo tools/demo.sh)" >&2
    exit 1
fi

build=build/gcc
log=build/log/demo.log
mkdir -p build/log
tools/setup.sh all
echo "demo: building"
if ! { { [ -f $build/build.ninja ] || CC=gcc meson setup $build; } && meson compile -C $build; } >$log 2>&1; then
    tail -n 40 $log
    echo "demo: it does not build, see $log" >&2
    exit 1
fi
exec /usr/bin/python3 tools/lab/demo.py --build $build "$@"
