#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The map of a capture as pennyline-replay tells it: a route that comes in where it is expected, a
/24 of it that comes in elsewhere, and random sources. Counts are held against those of the capture.

Usage: check_replay.py PENNYLINE_REPLAY PENNYLINE_MAP
"""

import ipaddress
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

CONFIG = {
    "ports": [{"name": "mirror", "device": "net_null0", "role": "mirror"}],
    "ingresses": [
        {"name": "ams-ix", "vlan": 100, "relation": "peer", "neighbors": [64500]},
        {"name": "customer", "vlan": 200, "relation": "customer", "neighbors": [64501]},
    ],
}

# As bgpdump -m writes them: time, from whom, prefix, path, origin.
ROUTES = [
    "TABLE_DUMP2|1700000000|B|192.0.2.1|64500|198.51.0.0/16|64500 64510|IGP|192.0.2.1|0|0||NAG||",
    "TABLE_DUMP2|1700000000|B|192.0.2.9|64501|203.0.113.0/24|64501|IGP|192.0.2.9|0|0||NAG||",
]


def segment(source, vlan, n_bytes=100):
    """A TCP segment with n_bytes of data, in a tagged frame."""
    tcp = struct.pack("!HHIIBBHHH", 40000, 443, 1, 1, 0x50, 0x10, 1000, 0, 0) + bytes(n_bytes)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 60, 6, 0,
                     ipaddress.ip_address(source).packed, ipaddress.ip_address("192.0.2.77").packed)
    return bytes(12) + struct.pack("!HHH", 0x8100, vlan, 0x0800) + ip + tcp


def make_packets(rng):
    """(time in seconds, source, vlan): half a minute."""
    for tick in range(300):
        time = 1_700_000_000 + tick / 10
        yield time, f"198.51.{rng.randrange(256)}.1", 100
        yield time, f"198.51.{rng.randrange(256)}.2", 100
        if tick > 100:
            yield time, "198.51.7.9", 200
        for _ in range(10):
            yield time, str(ipaddress.ip_address(rng.randrange(2**24, 2**32 - 2**29))), 200


def write_capture(path, packets):
    """Returns packets and bytes by vlan."""
    counts = {}
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for time, source, vlan in packets:
            frame = segment(source, vlan)
            out.write(struct.pack("<IIII", int(time), int(time % 1 * 1e6), len(frame), len(frame)))
            out.write(frame)
            n, n_bytes = counts.get(vlan, (0, 0))
            counts[vlan] = (n + 1, n_bytes + len(frame))
    return counts


def run(*arguments):
    """Standard output of a command that must go well."""
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True,
                          text=True).stdout


def check_counts(summary, counts):
    """What is in entries and what is in none is all that there was."""
    names = {"ams-ix": 100, "customer": 200}
    for ingress in summary["ingresses"]:
        if ingress["name"] not in names:
            continue
        rows = [e for e in summary["entries"] if e["ingress"] == ingress["name"]]
        total = (sum(e["packets"] for e in rows) + ingress["stray_packets"],
                 sum(e["bytes"] for e in rows) + ingress["stray_bytes"])
        assert total == counts[names[ingress["name"]]], (ingress["name"], total, counts)
    n = summary["counters"]
    assert n["packets"] == n["mapped"] + n["stray"] + n["no_ip"] + n["no_place"], n


def entry(summary, ingress, prefix):
    """The only one of this key."""
    found = [e for e in summary["entries"] if (e["ingress"], e["prefix"]) == (ingress, prefix)]
    assert len(found) == 1, (ingress, prefix, [(e["ingress"], e["prefix"])
                                               for e in summary["entries"]])
    return found[0]


def check_expected(summary):
    """The route is one entry; the /24 that strayed from it is another one; and no more."""
    assert len(summary["entries"]) == 2, summary["entries"]
    route = entry(summary, "ams-ix", "198.51.0.0/16")
    assert route["grade"] == "route" and route["origin_as"] == 64510, route
    moved = entry(summary, "customer", "198.51.7.0/24")
    assert moved["grade"] == "unexpected" and moved["route"] == "198.51.0.0/16", moved
    assert moved["addresses"] == 1 and route["addresses"] > 100, (moved, route)
    assert not entry_of_event(summary, "ingress_discovered")
    found = entry_of_event(summary, "diffuse_unexpected")
    assert [e["ingress"] for e in found] == ["customer"], summary["changes"]


def entry_of_event(summary, name):
    """Changes of a kind."""
    return [c for c in summary["changes"] if c["event"] == name]


def check_refusals(replay, config, capture):
    """What makes no sense together is refused."""
    for options in (["--expect", "x"], ["--map", "--source", "192.0.2.0/24"],
                    ["--map", "--port", "mirror"], ["--map", "--entries", "0"]):
        code = subprocess.run([replay, "--pcap", capture, *options], check=False,
                              capture_output=True).returncode
        assert code == 2, (options, code)
    said = subprocess.run([replay, "--map", "--pcap", capture, "--config", config, "--port", "no"],
                          check=False, capture_output=True, text=True)
    assert said.returncode == 1 and '"no"' in said.stderr, said


def main():
    """Plays all of it."""
    replay, build = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        config, routes, expected = (folder / n for n in ("config.json", "routes.txt", "expected"))
        config.write_text(json.dumps(CONFIG), encoding="utf-8")
        routes.write_text("\n".join(ROUTES) + "\n", encoding="utf-8")
        counts = write_capture(folder / "c.pcap", make_packets(random.Random(5)))
        run(build, "build", "--config", config, "--routes", routes, "--expectation", expected)
        base = [replay, "--map", "--pcap", folder / "c.pcap", "--config", config]
        summary = json.loads(run(*base, "--expect", expected, "--json"))
        check_counts(summary, counts)
        check_expected(summary)
        assert summary["expectation"]["routes"] == 2
        strange = json.loads(run(*base, "--expect", expected, "--json", "--unexpected"))
        assert [e["prefix"] for e in strange["entries"]] == ["198.51.7.0/24"]
        words = run(*base, "--expect", expected)
        assert "198.51.7.0/24" in words and "diffuse_unexpected" in words, words
        # Nothing is known: nothing is unexpected, and all is told apart by /24.
        blank = json.loads(run(*base, "--json"))
        check_counts(blank, counts)
        assert {e["grade"] for e in blank["entries"]} == {"unknown"}, blank["entries"]
        assert all(e["prefix"].endswith("/24") for e in blank["entries"])
        check_refusals(replay, config, folder / "c.pcap")
    print("ok")


main()
