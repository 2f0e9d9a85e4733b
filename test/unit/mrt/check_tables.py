#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_tables.py PENNYLINE_MAP: routes are read out of every kind of file as they were written, and as bgpdump
reads them (where it is installed); what is cut, hostile or of another kind is refused with place and reason."""

import bz2
import gzip
import ipaddress
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import tables
from tables import DUMPED, SEQUENCE, SET, Route

PROGRAM = os.path.abspath(sys.argv.pop(1))
BGPDUMP = shutil.which("bgpdump")
V4 = ipaddress.ip_address


def random_path(rng, most_as):
    def number():
        return rng.randrange(1, 65000) if rng.random() < 0.7 else rng.randrange(1, most_as)

    path = [(SEQUENCE, [number() for _ in range(rng.randrange(1, 7))])]
    if rng.random() < 0.1:
        path.append((SET, [number() for _ in range(rng.randrange(1, 4))]))
    if rng.random() < 0.05:
        path = [(tables.CONFED_SEQUENCE, [number(), number()])] + path
    return [] if rng.random() < 0.03 else path


def random_routes(rng, n, same_family=False, most_as=2**32, add_path=False):
    """`same_family`: each peer speaks of its own family only, as in TABLE_DUMP."""
    peers = [(f"192.0.2.{i + 1}", rng.randrange(1, most_as)) for i in range(6)]
    peers += [(f"2001:db8::{i + 1}", rng.randrange(1, most_as)) for i in range(6)]
    out = []
    while len(out) < n:
        if rng.random() < 0.6:
            length = rng.randrange(0, 33)
            prefix = ipaddress.ip_network((rng.randrange(2**32) >> (32 - length) << (32 - length), length))
        else:
            length = rng.randrange(0, 129)
            prefix = ipaddress.ip_network((rng.randrange(2**128) >> (128 - length) << (128 - length), length))
        speakers = [p for p in peers if not same_family or V4(p[0]).version == prefix.version]
        for peer, number in rng.sample(speakers, rng.randrange(1, 4)):
            for path_id in range(rng.randrange(1, 4) if add_path else 1):
                hop = f"198.51.100.{rng.randrange(256)}" if prefix.version == 4 else f"2001:db8:1::{rng.randrange(9):x}"
                out.append(Route(prefix, peer, number, hop, random_path(rng, most_as), DUMPED - rng.randrange(9999),
                                 path_id + 1 if add_path else 0, prefix.version == 6 and rng.random() < 0.3))
    return out


def expected(route, what):
    """What the program writes of it."""
    return "\t".join([str(route.prefix), str(route.next_hop), str(route.peer), str(route.peer_as),
                      str(route.path_id) if "add_path" in what else "", str(DUMPED),
                      str(DUMPED if "text" in what else route.since), tables.path_text(route.path)])


class Tables(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "table")

    def tearDown(self):
        self.folder.cleanup()

    def run_on(self, data):
        with open(self.path, "wb") as file:
            file.write(data)
        run = subprocess.run([PROGRAM, "routes", self.path], capture_output=True, text=True, check=False)
        lines = run.stdout.splitlines()
        self.assertTrue(lines[:1] == [] or lines[0].startswith("# prefix\t"))
        return run.returncode, lines[1:], run.stderr

    def reads(self, data, routes, what):
        code, lines, stderr = self.run_on(data)
        self.assertEqual(code, 0, stderr)
        self.assertEqual(lines, [expected(r, what) for r in routes])
        self.assertIn(f"{len(routes)} routes", stderr)

    def refuses(self, data, *words):
        code, _, stderr = self.run_on(data)
        self.assertEqual(code, 1, stderr)
        self.assertEqual(len(stderr.splitlines()), 1, stderr)
        for word in words:
            self.assertIn(word, stderr)

    def test_every_kind_gives_the_routes_that_were_written(self):
        rng = random.Random(1)
        for what in ("v2", "v2, add_path", "dump", "text", "text, add_path"):
            routes = random_routes(rng, 400, what == "dump", 65536 if what == "dump" else 2**32, "add_path" in what)
            routes = [r for group in tables.grouped(routes).values() for r in group]
            data = {"v2": lambda: b"".join(tables.table_dump_v2(routes)),
                    "v2, add_path": lambda: b"".join(tables.table_dump_v2(routes, True)),
                    "text, add_path": lambda: tables.bgpdump_text(routes, True),
                    "dump": lambda: b"".join(tables.table_dump(routes)),
                    "text": lambda: tables.bgpdump_text(routes)}[what]()
            for pack in (bytes, gzip.compress, bz2.compress):
                with self.subTest(what=what, pack=pack.__name__):
                    self.reads(pack(data), routes, what)

    def test_compressed_files_that_stand_one_behind_the_other_are_one(self):
        routes = random_routes(random.Random(2), 50)
        routes = [r for group in tables.grouped(routes).values() for r in group]
        records = tables.table_dump_v2(routes)
        for pack in (gzip.compress, bz2.compress):
            self.reads(b"".join(pack(r) for r in records), routes, "v2")

    def test_paths_of_four_bytes_are_put_together_again_in_table_dump(self):
        path = [(SEQUENCE, [64500, 4200000001, 65001]), (SET, [4200000002, 64999])]
        confed = [(tables.CONFED_SEQUENCE, [64700])] + path
        routes = [Route("192.0.2.0/24", "198.51.100.1", 64500, "198.51.100.1", p) for p in (path, confed)]
        self.reads(b"".join(tables.table_dump(routes)), routes, "dump")

    def test_longest_paths(self):
        numbers = list(range(1, 256))
        routes = [Route("192.0.2.0/24", "198.51.100.1", 64500, "198.51.100.1", [(SEQUENCE, numbers)] * 60)]
        code, lines, stderr = self.run_on(b"".join(tables.table_dump_v2(routes)))
        self.assertEqual(code, 0, stderr)
        self.assertEqual(lines[0].split("\t")[7], " ".join(map(str, numbers * 60)))

    def test_a_table_of_no_route_is_one(self):
        code, lines, stderr = self.run_on(tables.peer_table([]))
        self.assertEqual((code, lines), (0, []), stderr)

    def test_what_is_no_unicast_route_is_counted_and_passed_over(self):
        routes = [Route("192.0.2.0/24", "198.51.100.1", 64500, "198.51.100.1", [(SEQUENCE, [64500])])]
        mapped = tables.rib(ipaddress.ip_network("::ffff:192.0.2.0/120"), [(0, Route(
            "2001:db8::/32", "198.51.100.1", 64500, "2001:db8::1", []))])
        data = tables.table_dump_v2(routes) + [
            mapped, tables.record(13, 3, b"x"), tables.record(13, 6, b"x"), tables.record(16, 4, b"x"),
            tables.record(13, 7, b"x"), tables.record(48, 1, b"x")]
        code, lines, stderr = self.run_on(b"".join(data))
        self.assertEqual((code, lines), (0, [expected(routes[0], "v2")]), stderr)
        self.assertIn("1 of multicast, 1 of other families, 1 of updates, 2 of other kinds, 1 of ::ffff:0:0/96", stderr)

    def test_host_bits_of_a_prefix_mean_nothing(self):
        body = struct.pack(">I", 0) + bytes([20, 192, 0, 255]) + struct.pack(">H", 1) + struct.pack(">HIH", 0, 0, 0)
        code, lines, stderr = self.run_on(tables.peer_table([(V4("192.0.2.1"), 1)]) + tables.record(13, 2, body))
        self.assertEqual(code, 0, stderr)
        self.assertEqual(lines[0].split("\t")[:2], ["192.0.240.0/20", "-"])

    def test_a_cut_file_is_refused_wherever_it_is_cut(self):
        routes = random_routes(random.Random(3), 12)
        routes = [r for group in tables.grouped(routes).values() for r in group]
        records = tables.table_dump_v2(routes)
        data, ends = b"".join(records), set()
        for r in records:
            ends.add(len(r) + max(ends, default=0))
        for n in range(1, len(data), 7):
            if n not in ends:
                with self.subTest(n=n):
                    self.refuses(data[:n], "cut" if n >= 12 else "neither")
        for pack in (gzip.compress, bz2.compress):
            packed = pack(data)
            for n in list(range(20, len(packed), 37)) + [len(packed) - 1]:
                with self.subTest(pack=pack.__name__, n=n):
                    self.refuses(packed[:n], "cut")

    def test_broken_compression_is_refused(self):
        data = b"".join(tables.table_dump_v2(random_routes(random.Random(4), 50)))
        for pack, name in ((gzip.compress, "gzip"), (bz2.compress, "bzip2")):
            packed = bytearray(pack(data))
            packed[-6 if name == "gzip" else len(packed) // 2] ^= 0x55
            self.refuses(bytes(packed), name, "broken")
            self.refuses(pack(data) + b"behind", "something else")

    def test_files_of_another_kind_are_refused(self):
        update = tables.record(16, 4, b"x" * 40)
        for data, words in ((b"", ["empty"]), (b"{}", ["neither"]), (b'{"roas": []}  ', ["neither"]),
                            (b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + b"\0" * 40, ["neither"]),
                            (update * 3, ["3 updates and no table"]), (gzip.compress(b""), ["empty"]),
                            (b"BGP4MP|1|A|192.0.2.1|1|192.0.2.0/24|1|IGP|192.0.2.1\n" * 2, ["2 updates and no table"]),
                            (tables.record(48, 1, b"x"), ["no table of routes"])):
            with self.subTest(data=data[:16]):
                self.refuses(data, *words)

    def test_what_contradicts_itself_is_refused_with_place_and_reason(self):
        peers = tables.peer_table([(V4("192.0.2.1"), 64500)])
        at = f"record 2, at byte {len(peers)}: "

        def rib(rest, head=bytes([24, 192, 0, 2])):
            return tables.record(13, 2, struct.pack(">I", 0) + head + rest)

        def entry(value, peer=0, n=None):
            return struct.pack(">HHIH", 1, peer, 0, len(value) if n is None else n) + value

        for data, words in (
                (peers + rib(entry(b"", 1)), at + "route 0 is of peer 1, and the peer table has 1"),
                (peers + rib(b"", bytes([33, 1, 2, 3, 4, 5])), at + "a prefix of 33 bits; IPv4 has at most 32"),
                (peers + rib(b"", bytes([32, 1, 2])), at + "it ends within a prefix of 32 bits"),
                (peers + rib(struct.pack(">H", 3) + struct.pack(">HIH", 0, 0, 0)), at + "it ends at route 1 of 3"),
                (peers + rib(entry(b"", n=5)), at + "route 0 has 5 bytes of attributes, and 0 are left"),
                (peers + rib(entry(b"") + b"x"), at + "1 bytes behind its last route"),
                (peers + rib(entry(b"\x40\x02")), at + "it ends within the head of an attribute"),
                (peers + rib(entry(b"\x40\x02\x09\x00")), at + "attribute 2 has 9 bytes, and 1 are left"),
                (peers + rib(entry(b"\x40\x02\x02\x02\x00")), at + "an AS path has an empty segment"),
                (peers + rib(entry(b"\x40\x02\x02\x09\x01")), at + "an AS path has a segment of kind 9"),
                (peers + rib(entry(b"\x40\x02\x04\x02\x01\x00\x00")), at + "an AS path has a segment of 1 AS numbers and 2 bytes"),
                (peers + rib(entry(b"\x40\x03\x05\x01\x02\x03\x04\x05")), at + "NEXT_HOP of 5 bytes"),
                (peers + rib(entry(b"\x80\x0e\x03\x10\x01\x02")), at + "MP_REACH_NLRI ends within the next hop"),
                (peers[:-1] + b"", "record 1, at byte 0: it has"),
                (tables.record(13, 1, b"abc"), "record 1, at byte 0: the peer table is too short"),
                (rib(entry(b"")), "record 1, at byte 0: routes before the peer table"),
                (struct.pack(">IHHI", 0, 13, 2, 2**31), "a record of 2147483648 bytes; allowed: at most 16777216"),
                (peers + struct.pack(">IHHI", 0, 999, 2, 0), "records of type 999 are not of MRT"),
                (tables.record(12, 1, b"x" * 20), "too short for a route")):
            with self.subTest(words=words):
                self.refuses(data, words)
        packed = gzip.compress(peers + rib(entry(b"", 1)))
        self.refuses(packed, f"record 2, at byte {len(peers)} of what the gzip holds: route 0")

    def test_text_that_is_no_route_is_refused_with_its_line(self):
        good = tables.bgpdump_text(random_routes(random.Random(5), 1))[:-1].decode().split("\n")[0]
        fields = good.split("|")
        for number, text, words in ((1, "soon", "the time"), (2, "A", "the direction"), (3, "::x", "the peer"),
                                    (4, "-1", "the peer's AS"), (5, "192.0.2.1/24", "a prefix"),
                                    (6, "1 {2", "the AS path"), (6, "4294967296", "the AS path"),
                                    (6, "1  2", "the AS path"), (8, "", "the next hop")):
            bad = fields[:number] + [text] + fields[number + 1:]
            with self.subTest(number=number, text=text):
                self.refuses(f"{good}\n\n{'|'.join(bad)}\n".encode(),
                             f'line 3: "{text}" stands where {words} should')
        code, _, stderr = self.run_on(good.replace(fields[5], "::ffff:192.0.2.0/120").encode())
        self.assertEqual(code, 0, stderr)
        self.assertIn("0 routes in 1 lines; passed over: 1 of ::ffff:0:0/96", stderr)
        _, lines, stderr = self.run_on(good.replace(f"|{fields[8]}|", "|255.255.255.255|").encode())
        self.assertEqual([line.split("\t")[1] for line in lines], ["-"], stderr)
        self.refuses(f"{good}\nTABLE_DUMP2|1|B\n".encode(), "line 2: it has 3 fields")
        self.refuses(f"{good}\nhello\n".encode(), 'line 2: it begins with "hello"')
        self.refuses(good.encode() + b"\n" + b"x" * (1 << 20) + b"y\n", "line 2: a line of more than 1048576 bytes")

    def test_a_file_that_is_not_there_is_said(self):
        run = subprocess.run([PROGRAM, "routes", "/nonexistent/table"], capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stderr),
                         (1, "pennyline-map: /nonexistent/table: No such file or directory\n"))
        run = subprocess.run([PROGRAM, "routes", "/"], capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (1, "pennyline-map: /: Is a directory\n"))

    @unittest.skipUnless(BGPDUMP, "bgpdump is not installed")
    def test_bgpdump_reads_the_same(self):
        rng = random.Random(6)
        for what in ("v2", "add_path", "dump"):
            routes = random_routes(rng, 2000, what == "dump", 2**32, what == "add_path")
            data = b"".join(tables.table_dump(routes) if what == "dump"
                            else tables.table_dump_v2(routes, what == "add_path"))
            code, lines, stderr = self.run_on(data)
            self.assertEqual(code, 0, stderr)
            run = subprocess.run([BGPDUMP, "-v", "-m", self.path], capture_output=True, text=True, check=True)
            with self.subTest(what=what):
                self.assertEqual([as_bgpdump(x) for x in lines], [first_fields(x) for x in run.stdout.splitlines()])
                _, from_text, stderr = self.run_on(run.stdout.encode())
                self.assertEqual([as_bgpdump(x) for x in from_text], [as_bgpdump(x) for x in lines], stderr)


def as_bgpdump(line):
    prefix, hop, peer, number, path_id, dumped, _, path = line.split("\t")
    return [dumped, peer, number, prefix] + ([path_id] if path_id else []) + [path, hop]


def first_fields(line):
    """What both tell; addresses as Python writes them, since bgpdump has ways of its own."""
    f = line.split("|")
    n = 8 if f[0] == "TABLE_DUMP2_AP" else 7
    return [f[1], f[3], f[4], str(ipaddress.ip_network(f[5]))] + f[6:n] + [str(ipaddress.ip_address(f[n + 1]))]


if __name__ == "__main__":
    unittest.main()
