#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_build.py PENNYLINE_MAP TREE: tables of routes to a file, what it says, and how it is refused."""

import bz2
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM, TREE = os.path.abspath(sys.argv.pop(1)), sys.argv.pop(1)
sys.path.insert(0, os.path.join(TREE, "test/unit/mrt"))
import tables  # noqa: E402
from tables import SEQUENCE, Route  # noqa: E402

MEMBER, SERVER, CARRIER, BRANCH = "192.0.2.1", "192.0.2.250", "198.51.100.1", "198.51.100.9"
INGRESSES = [
    {"name": "exchange", "vlan": 100, "source_mac": "02:00:00:00:00:01", "relation": "peer", "neighbors": [MEMBER]},
    {"name": "others", "vlan": 100, "relation": "peer", "neighbors": [SERVER]},
    {"name": "carrier", "vlan": 200, "relation": "transit", "neighbors": [CARRIER, 64510]},
    {"name": "branch", "vlan": 300, "relation": "customer", "neighbors": [BRANCH, 64520]},
    {"name": "idle", "vlan": 400, "relation": "peer", "neighbors": ["192.0.2.77"]},
    {"name": "unsaid", "vlan": 500, "relation": "peer"},
]


def route(prefix, peer, peer_as, next_hop, *path):
    return Route(prefix, peer, peer_as, next_hop, [(SEQUENCE, list(path))])


ROUTES = [
    # A route server announces for members: the next hop says whose route it is.
    route("20.1.0.0/16", SERVER, 64999, MEMBER, 64501, 64600),
    route("20.2.0.0/16", SERVER, 64999, "192.0.2.2", 64502),
    route("20.3.0.0/16", SERVER, 64999, MEMBER, 64501, 64600),
    route("20.3.7.0/24", SERVER, 64999, "192.0.2.2", 64502, 64600),
    route("20.4.0.0/16", BRANCH, 64520, BRANCH, 64520),
    route("20.6.0.0/16", CARRIER, 64510, CARRIER, 64510, 64520, 64700),
    route("0.0.0.0/0", CARRIER, 64510, CARRIER, 64510),
    route("2a00:1::/32", "2001:db8::7", 64510, "2001:db8::7", 64510, 64800),
]
# Source, ingress, grade, reason, who announced it here.
GRADES = [
    ("20.1.5.0/24", "exchange", "route", "", None),
    ("20.1.5.0/24", "others", "origin", "", 64600),
    ("20.4.0.0/24", "exchange", "unexpected", "", None),
    ("20.3.7.0/24", "others", "route", "", None),
    ("20.3.7.0/24", "exchange", "less_specific", "", None),
    ("20.3.7.9", "carrier", "less_specific", "", None),
    ("20.1.0.0/16", "branch", "unexpected", "", None),
    ("20.4.0.0/24", "branch", "route", "", None),
    ("20.4.0.0/24", "carrier", "less_specific", "", None),
    ("20.6.0.0/24", "branch", "cone", "", 64700),
    ("20.3.7.0/24", "idle", "unknown", "no table has a route of a neighbor of this ingress", None),
    ("20.3.7.0/24", "unsaid", "unknown", "no neighbor of this ingress is configured", None),
    ("20.9.0.0/24", "exchange", "unexpected", "only the default route covers the source, and this is not transit", None),
    ("10.1.2.0/24", "exchange", "bogon", "", None),
    ("2a00:1:2::/48", "carrier", "route", "", None),
    ("2a00:2::/48", "exchange", "unrouted", "", None),
    ("2a00:2::/48", "carrier", "unrouted", "", None),
]


class Build(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.config = self.file("config.json", json.dumps({"ingresses": INGRESSES}).encode())
        self.table = self.file("table.mrt", b"".join(tables.table_dump_v2(ROUTES)))
        self.output = os.path.join(self.folder.name, "expectation")

    def tearDown(self):
        self.folder.cleanup()

    def file(self, name, data):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def run_it(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)

    def build(self, *arguments):
        return self.run_it("build", "--config", self.config, "--expectation", self.output, *arguments)

    def builds(self, *arguments):
        run = self.build(*arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run

    def why(self, source, ingress):
        run = self.run_it("why", "--json", "--expectation", self.output, source, ingress)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def written(self):
        if not os.path.exists(self.output):
            return None
        with open(self.output, "rb") as file:
            return file.read()

    def refuses(self, words, *arguments, code=1):
        before = self.written()
        run = self.build(*arguments)
        self.assertEqual(run.returncode, code, run.stdout)
        self.assertIn(words, run.stderr)
        self.assertEqual(self.written(), before)
        self.assertFalse(os.path.exists(self.output + ".new"))

    def test_each_source_has_the_grade_that_its_routes_give(self):
        run = self.builds("--routes", self.table)
        self.assertNotIn("behind no ingress", run.stdout)
        for source, ingress, grade, reason, origin in GRADES:
            with self.subTest(source=source, ingress=ingress):
                answer = self.why(source, ingress)
                self.assertEqual((answer["grade"], answer["reason"], answer["origin_as"]), (grade, reason, origin))

    def test_without_a_default_route_transit_may_send_what_no_customer_has(self):
        self.builds("--routes", self.file("few", b"".join(tables.table_dump_v2(
            [r for r in ROUTES if r.prefix.prefixlen > 0]))))
        answer = self.why("20.1.0.0/16", "carrier")
        self.assertEqual((answer["grade"], answer["reason"]),
                         ("less_specific", "this is transit, and no customer has the source"))
        answer = self.why("20.4.0.0/16", "carrier")
        self.assertEqual((answer["grade"], answer["reason"]),
                         ("unexpected", "this is transit, and the source is a customer's or the network's own"))

    def test_an_origin_that_is_known_here_is_better_than_none(self):
        more = [route("20.1.5.0/24", CARRIER, 64510, CARRIER, 64510, 64600)]
        self.builds("--routes", self.table, "--routes", self.file("more", tables.bgpdump_text(more)))
        answer = self.why("20.1.5.0/24", "exchange")
        self.assertEqual(answer["grade"], "less_specific")
        more = [route("20.7.0.0/16", CARRIER, 64510, CARRIER, 64510, 64600)]
        self.builds("--routes", self.table, "--routes", self.file("more", tables.bgpdump_text(more)))
        answer = self.why("20.7.0.0/16", "exchange")
        self.assertEqual((answer["grade"], answer["origin_as"]), ("origin", 64600))

    def test_why_names_who_announced_it_by_which_way_of_which_file(self):
        packed = self.file("table.bz2", bz2.compress(b"".join(tables.table_dump_v2(ROUTES))))
        self.builds("--routes", packed)
        answer = self.why("20.1.5.0/24", "exchange")
        self.assertEqual(answer["longest_route"]["prefix"], "20.1.0.0/16")
        sender = answer["longest_route"]["from"][0]
        self.assertGreater(sender.pop("age_s"), 0)
        self.assertEqual(sender, {"ingress": "exchange", "by": "next_hop", "peer": SERVER, "peer_as": 64999,
                                  "next_hop": MEMBER, "origin": 64600, "file": packed, "written": "2025-01-01T00:00:00Z"})
        self.assertEqual(self.why("20.2.0.0/16", "others")["longest_route"]["from"][0]["by"], "peer")
        self.assertEqual(self.why("2a00:1::/32", "carrier")["longest_route"]["from"][0]["by"], "as")
        words = self.run_it("why", "-e", self.output, "20.1.5.0/24", "others").stdout
        self.assertIn("20.1.5.0/24 at others: origin. ", words)
        self.assertIn(f"exchange: from {SERVER} AS 64999, next hop {MEMBER}, begun by AS 64600; {packed}, ", words)

    def test_the_operators_word_wins(self):
        rows = ("# from the IPAM\r\nprefix,site,ingress,until,note\r\n20.1.5.0/24,x,others,,\"moved, see \"\"42\"\"\"\r\n"
                "\r\nAS64502,x,carrier,2999-12-31,\r\n10.1.0.0/16,x,branch,2001-01-01,over\r\n")
        accept = self.file("accept.csv", rows.encode())
        self.builds("--routes", self.table, "--accept", accept)
        answer = self.why("20.1.5.0/25", "others")
        self.assertEqual(answer["grade"], "listed")
        self.assertEqual(answer["accept"], {"of": "20.1.5.0/24", "file": accept, "line": 3, "until": None,
                                            "note": 'moved, see "42"'})
        answer = self.why("20.2.9.0/24", "carrier")
        self.assertEqual((answer["grade"], answer["accept"]["of"], answer["accept"]["until"]),
                         ("listed", "AS64502", "3000-01-01T00:00:00Z"))
        self.assertEqual(self.why("20.1.0.0/16", "others")["grade"], "origin")
        self.assertEqual(self.why("10.1.0.0/24", "branch")["grade"], "bogon")

    def test_vrps_are_a_label(self):
        for asn, forms in ((64600, "number"), ("AS64600", "text")):
            vrps = [{"asn": asn, "prefix": "20.1.0.0/16", "maxLength": 20, "ta": "x"},
                    {"asn": 64501, "prefix": "20.2.0.0/16", "maxLength": 16}]
            for document in (vrps, {"metadata": {}, "roas": vrps}):
                with self.subTest(forms=forms):
                    self.builds("--routes", self.table, "--vrps",
                                self.file("vrps.json", json.dumps(document).encode()))
                    self.assertEqual([self.why(f"20.{i}.0.0/16", "idle")["rpki"] for i in (1, 2, 3)],
                                     ["valid", "invalid", "not_found"])

    def test_a_list_alone_knows_what_it_lists(self):
        self.builds("--accept", self.file("accept.csv", b"prefix,ingress\n20.1.5.0/24,others\n"))
        self.assertEqual(self.why("20.1.5.0/24", "others")["grade"], "listed")
        answer = self.why("20.1.5.0/24", "exchange")
        self.assertEqual((answer["grade"], answer["reason"]), ("unknown", "no table of routes was loaded"))

    def test_lists_that_are_wrong_are_refused_with_their_place(self):
        for data, words in ((b"", "it is empty"), (b"20.1.0.0/16,others\n", 'line 1: the first column is "20.1.0.0/16"'),
                            (b"prefix,ingress\n20.1.0.1/16,others\n", 'line 2: prefix "20.1.0.1/16"; allowed: no host bits'),
                            (b"prefix,ingress\nAS0,others\n", 'line 2: prefix "AS0"'),
                            (b"prefix,ingress\n20.1.0.0/16,other\n", 'line 2: ingress "other"'),
                            (b"prefix,ingress,until\n20.1.0.0/16,others,2026-02-30\n", 'line 2: until "2026-02-30"'),
                            (b"prefix,ingress\n\"20.1.0.0/16,others\n", "line 2: a quote that does not end"),
                            (b"prefix,ingress\n20.1.0.0/16\0,others\n", "line 2: a byte 0")):
            with self.subTest(words=words):
                self.refuses(words, "--accept", self.file("accept.csv", data))
        for data, words in ((b"{", "line 1: "), (b"{}", 'it has no list "roas"'),
                            (b'[{"asn":"64500","prefix":"20.1.0.0/16"}]', 'roas[0].asn: "64500"'),
                            (b'[{"asn":1,"prefix":"20.1.0.1/16"}]', 'roas[0].prefix: "20.1.0.1/16"'),
                            (b'[{"asn":1,"prefix":"20.1.0.0/16","maxLength":33}]', "roas[0].maxLength: 33"),
                            (b'[1]', "roas[0].asn: missing")):
            with self.subTest(words=words):
                self.refuses(words, "--vrps", self.file("vrps.json", data))

    def test_nothing_is_written_when_one_file_is_bad(self):
        self.builds("--routes", self.table)
        cut = self.file("cut.mrt", b"".join(tables.table_dump_v2(ROUTES))[:-5])
        self.refuses("it is cut", "--routes", self.table, "--routes", cut)
        self.refuses("No such file", "--routes", self.table, "--accept", "/nonexistent")
        self.refuses("it has no route", "--routes", self.file("none", tables.peer_table([])))

    def test_a_table_that_lost_over_a_fifth_needs_a_word(self):
        self.builds("--routes", self.table)
        few = self.file("few", b"".join(tables.table_dump_v2(ROUTES[:6])))
        self.refuses("6 prefixes, and " + self.output + " has 8: over a fifth less", "--routes", few)
        self.builds("--shrunk", "--routes", few)
        self.builds("--routes", self.table)

    def test_what_is_missing_is_said(self):
        for arguments, words in ((("build",), "give --config"), (("build", "-c", "x"), "give --expectation"),
                                 (("build", "-c", "x", "-e", "y"), "give --routes"), (("why", "-e", "x"), "PREFIX INGRESS"),
                                 (("check",), "give --expectation"), (("routes",), "give FILE"), (("x",), "no such command")):
            run = self.run_it(*arguments)
            self.assertEqual(run.returncode, 2)
            self.assertIn(words, run.stderr)
        self.config_of({})
        self.refuses('it names no "ingresses"', "--routes", self.table)
        self.config_of({"ingresses": [{"name": "a"}]})
        self.refuses("$.ingresses[0].relation: missing", "--routes", self.table, code=2)

    def config_of(self, document):
        self.file("config.json", json.dumps(document).encode())

    def test_a_changed_file_is_refused_wherever_it_was_changed(self):
        self.builds("--routes", self.table)
        data = self.written()
        self.assertEqual(self.run_it("check", "-e", self.output).returncode, 0)
        changed = os.path.join(self.folder.name, "changed")
        for i in (0, 9, 13, 40, 1000, len(data) - 1):  # each byte: test_twin.c
            self.file("changed", data[:i] + bytes([data[i] ^ 0x40]) + data[i + 1:])
            run = self.run_it("check", "-e", changed)
            self.assertEqual(run.returncode, 1, i)
            self.assertEqual(len(run.stderr.splitlines()), 1)
        for n in (0, 7, 30, 300, len(data) - 1):
            self.file("changed", data[:n])
            self.assertEqual(self.run_it("check", "-e", changed).returncode, 1, n)
        self.file("changed", data + b"\0")
        self.assertIn("should have", self.run_it("check", "-e", changed).stderr)
        self.assertIn("No such file", self.run_it("check", "-e", changed + "x").stderr)

    def test_an_ingress_that_is_not_there_is_said_with_those_that_are(self):
        self.builds("--routes", self.table)
        run = self.run_it("why", "-e", self.output, "20.1.0.0/16", "nowhere")
        self.assertEqual(run.returncode, 2)
        self.assertIn("  exchange\n  others\n", run.stderr)
        run = self.run_it("why", "-e", self.output, "20.1.0.0/33", "others")
        self.assertEqual(run.returncode, 2)


if __name__ == "__main__":
    unittest.main()
