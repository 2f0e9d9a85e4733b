#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_convert.py PENNYLINE: the command `convert`, as its user meets it: a configuration that `check`
takes on standard output, one line a key on standard error, exit codes."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

MINIMAL = """
traffic_policy: {rules: [{name: edge, decision: include, src_prefix: 192.0.2.0/24}]}
runtime_policy: {aggregates: {enabled: true}, thresholds: {packet_drop_probability: 0.05}}
platform: {interface: nowhere0, batch: 64}
"""


def run(*arguments):
    return subprocess.run([PENNYLINE, *arguments], capture_output=True, text=True, timeout=60, check=False)


class Convert(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "op.yaml"
        self.file.write_text(MINIMAL)

    def test_the_result_passes_check_but_for_the_interface(self):
        done = run("convert", "--from-openpenny", str(self.file), "--out", "same")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["slices"][0]["sources"], ["192.0.2.0/24"])
        self.assertIn(f"{self.file}:4: platform.batch: 64: no counterpart", done.stderr)
        result = self.folder / "pennyline.json"
        result.write_text(done.stdout)
        checked = run("check", "--config", str(result))
        blocks = [line for line in checked.stdout.splitlines() if line.startswith("blocks")
                  and "hugepages" not in line and "memory" not in line]
        self.assertEqual(len(blocks), 1, checked.stdout + checked.stderr)
        self.assertIn("nowhere0", blocks[0])

    def test_what_is_refused_leaves_nothing_on_standard_output(self):
        self.file.write_text("platform: {queue: x}\n")
        done = run("convert", "--from-openpenny", str(self.file))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"{self.file}:1: platform.queue: x; allowed: a whole number", done.stderr)

    def test_a_file_that_is_not_there_is_an_error(self):
        done = run("convert", "--from-openpenny", "/nowhere/at/all")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("/nowhere/at/all: cannot be read: No such file", done.stderr)

    def test_wrong_usage_is_told(self):
        for arguments in ((), ("--from-openpenny",), ("--from-openpenny", "a", "b"), ("a",)):
            self.assertEqual(run("convert", *arguments).returncode, 2, arguments)

    def test_an_output_that_is_full_is_an_error(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PENNYLINE, "convert", "--from-openpenny", str(self.file)], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output: No space left on device", done.stderr)


if __name__ == "__main__":
    PENNYLINE = sys.argv.pop()
    unittest.main()
