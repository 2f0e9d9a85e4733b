# SPDX-License-Identifier: BSD-3-Clause
"""What fails when instructions are held against those that are stored, with made-up counts."""
import contextlib
import io
import json
import os
import tempfile
import unittest
from unittest import mock

import instructions

COMPILER = "gcc 12.2.0"


class Comparison(unittest.TestCase):
    def compare(self, stored, counted, *options, compiler=COMPILER):
        """(exit code, last line, what is stored then)"""
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "instructions.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({COMPILER: stored}, file)
            said = io.StringIO()
            with mock.patch.object(instructions, "count", lambda program: counted[program]), \
                    mock.patch.object(instructions.shutil, "which", lambda name: name), \
                    contextlib.redirect_stdout(said):
                code = instructions.main(path, compiler, *counted, *options)
            with open(path, encoding="utf-8") as file:
                return code, said.getvalue().splitlines()[-1], json.load(file)

    def test_five_percent_more_is_taken_and_beyond_fails(self):
        for counted, code in ((50.0, 0), (100.0, 0), (105.0, 0), (105.1, 1)):
            self.assertEqual(self.compare({"parse": 100.0}, {"program": {"parse": counted}})[0], code)

    def test_programs_count_together_and_each_operation_is_one_result(self):
        code, last, _ = self.compare({"parse": 100.0, "classify": 10.0},
                                     {"one": {"parse": 90.0}, "two": {"classify": 11.0}})
        self.assertEqual((code, last), (1, "1 passed, 1 failed"))

    def test_an_operation_that_is_gone_fails_and_a_new_one_does_not(self):
        code, last, _ = self.compare({"parse": 100.0, "gone": 10.0},
                                     {"one": {"parse": 100.0, "new": 5.0}})
        self.assertEqual((code, last), (1, "2 passed, 1 failed"))

    def test_without_a_baseline_for_the_compiler_nothing_is_claimed(self):
        code, last, _ = self.compare({"parse": 1.0}, {"one": {"parse": 100.0}}, compiler="gcc 99")
        self.assertEqual((code, last), (0, "0 passed, 0 failed"))

    def test_storing_keeps_other_compilers(self):
        _, _, stored = self.compare({"parse": 1.0}, {"one": {"parse": 2.0}}, "--store",
                                    compiler="gcc 99")
        self.assertEqual(stored, {COMPILER: {"parse": 1.0}, "gcc 99": {"parse": 2.0}})


if __name__ == "__main__":
    unittest.main()
