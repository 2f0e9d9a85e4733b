# SPDX-License-Identifier: BSD-3-Clause
"""test_scenarios.py PENNYLINE: the configurations that tools/bench makes are ones that pennyline takes."""
import subprocess
import sys
import tempfile
import unittest

from path import programs, scenarios

PENNYLINE = sys.argv.pop(1)


class Configurations(unittest.TestCase):
    def test_each_is_taken(self):
        """What stands in the way here, as memory that is not there, is told without a place in the file."""
        for scenario in scenarios.SCENARIOS:
            with self.subTest(scenario.name), tempfile.TemporaryDirectory() as directory:
                _, _, *rest = programs.pennyline(PENNYLINE, scenario, directory)
                done = subprocess.run([PENNYLINE, "check", *rest[1:]], capture_output=True, text=True,
                                      check=False)
                said = done.stdout + done.stderr
                self.assertNotIn("$.", said)
                self.assertRegex(said, "nothing stands in the way|to solve first")


if __name__ == "__main__":
    unittest.main()
