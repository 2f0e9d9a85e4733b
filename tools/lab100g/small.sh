#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The kit in small, so that its scripts are known to run: testpmd and pennyline on one machine over
# memif. Such figures mean nothing: two busy programs, a ring in memory, no NIC.
set -euo pipefail
cd "$(dirname "$0")"
build=${1:-../../build/gcc}
out=${2:-$build/lab100g-small.jsonl}
directory=$(mktemp -d)
cat >"$directory/config.json" <<JSON
{"instance": {"name": "small", "control_socket": "$directory/control", "flows_per_lcore": 4096},
 "eal": {"lcores": "0-1", "file_prefix": "lab-small-box", "memory_mb": 0, "extra": ["--in-memory", "--single-file-segments"]},
 "ports": [{"name": "a", "device": "net_memif0,role=server,socket-abstract=no,socket=$directory/memif"}],
 "slices": [{"name": "none", "sources": ["203.0.113.0/24"], "mode": "off"}]}
JSON
"$build/app/pennyline/pennyline" run --json --config "$directory/config.json" >"$directory/box" 2>&1 &
box=$!
trap 'kill -INT $box 2>/dev/null || true; wait $box || true; tail -n 3 "$directory/box"; rm -rf "$directory"' EXIT
for _ in $(seq 50); do [ ! -S "$directory/memif" ] || break; sleep 0.1; done
./lab100g.py mrr --sender testpmd --repeats 3 --flows 1024 --out "$out" --command "dpdk-testpmd \
    --lcores 0,1@0 --no-pci --in-memory --single-file-segments --file-prefix=lab-small -m 128 \
    --vdev=net_memif0,role=client,socket-abstract=no,socket=$directory/memif -- -i --total-num-mbufs=8192"
./lab100g.py report --out "$out"
