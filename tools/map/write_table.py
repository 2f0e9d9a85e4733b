#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes a table dump (TABLE_DUMP_V2) of a size of today's Internet, and the configuration of its neighbors.

Usage: write_table.py [--prefixes N] [--neighbors N] [--seed N] TABLE CONFIGURATION

Prefixes have the lengths of the global table, more or less; every neighbor announces nearly every one; paths are drawn
from a pool, as routes of one AS share them. Made up, and the same for the same seed."""
import argparse
import ipaddress
import json
import random
import struct

# Shares of prefix lengths, roughly those of potaroo.net's reports on the global tables.
LENGTHS4 = [(16, 14), (18, 14), (19, 25), (20, 43), (21, 52), (22, 110), (23, 95), (24, 610)]
LENGTHS6 = [(32, 120), (36, 20), (40, 60), (44, 110), (46, 20), (48, 480)]
ORIGINS = 80000
DUMPED = 1764460800


def attribute(kind, value, flags=0x40):
    return struct.pack(">BBB", flags, kind, len(value)) + value


def attributes(rng, neighbor, is_ipv4, origin):
    path = [64500 + neighbor] + [rng.randrange(1, 4000) for _ in range(rng.randrange(1, 4))] + [origin]
    out = attribute(1, b"\0") + attribute(2, struct.pack(">BB", 2, len(path)) + b"".join(
        struct.pack(">I", n) for n in path))
    if is_ipv4:
        out += attribute(3, bytes([192, 0, 2, neighbor + 1]))
    else:
        out += attribute(14, b"\x10" + ipaddress.ip_address(f"2001:db8::{neighbor + 1:x}").packed, 0x80)
    out += attribute(4, struct.pack(">I", 100), 0x80)
    return out + attribute(8, b"".join(struct.pack(">HH", 64500 + neighbor, i) for i in range(3)), 0xc0)


def draw_prefixes(rng, n):
    seen = set()
    while len(seen) < n:
        is_ipv4 = rng.random() < 0.83
        lengths = LENGTHS4 if is_ipv4 else LENGTHS6
        length = rng.choices([x for x, _ in lengths], [x for _, x in lengths])[0]
        bits = 32 if is_ipv4 else 128
        first = rng.randrange(1 << 24, 223 << 24) if is_ipv4 else (1 << 125) | rng.getrandbits(45) << 80
        seen.add((is_ipv4, first >> (bits - length) << (bits - length), length))
    return sorted(seen, key=lambda p: (not p[0], p[1], p[2]))


def write(out, rng, prefixes, n_neighbors):
    body = struct.pack(">4sHH", bytes([192, 0, 2, 255]), 0, n_neighbors)
    for i in range(n_neighbors):
        body += struct.pack(">B4s4sI", 2, bytes([192, 0, 2, i + 1]), bytes([192, 0, 2, i + 1]), 64500 + i)
    out.write(struct.pack(">IHHI", DUMPED, 13, 1, len(body)) + body)
    pools = {}
    for sequence, (is_ipv4, first, length) in enumerate(prefixes):
        origin = 4000 + rng.randrange(ORIGINS)
        if (is_ipv4, origin) not in pools:
            pools[is_ipv4, origin] = [attributes(rng, i, is_ipv4, origin) for i in range(n_neighbors)]
        entries = []
        for i, value in enumerate(pools[is_ipv4, origin]):
            if rng.random() < 0.97 or not entries:
                entries.append(struct.pack(">HIH", i, DUMPED - 3600, len(value)) + value)
        n_bytes = (length + 7) // 8
        body = struct.pack(">IB", sequence, length) + first.to_bytes(4 if is_ipv4 else 16, "big")[:n_bytes]
        body += struct.pack(">H", len(entries)) + b"".join(entries)
        out.write(struct.pack(">IHHI", DUMPED, 13, 2 if is_ipv4 else 4, len(body)) + body)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefixes", type=int, default=1300000)
    parser.add_argument("--neighbors", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("table")
    parser.add_argument("configuration")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with open(options.table, "wb") as out:
        write(out, rng, draw_prefixes(rng, options.prefixes), options.neighbors)
    ingresses = [{"name": f"neighbor-{i + 1}", "vlan": 100 + i, "relation": "transit" if i < 2 else "peer",
                  "neighbors": [f"192.0.2.{i + 1}", 64500 + i]} for i in range(options.neighbors)]
    with open(options.configuration, "w", encoding="utf-8") as out:
        json.dump({"ingresses": ingresses}, out, indent=2)


if __name__ == "__main__":
    main()
