# SPDX-License-Identifier: BSD-3-Clause
"""A part of the faults of tools/faults.sh; the others take too long for each run."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))
import fault  # noqa: E402
import inflict  # noqa: E402


class Faults(unittest.TestCase):
    """A method for each, by its name."""


def inflicts(one):
    def test(self):
        seen = []
        try:
            one.run(seen)
        except fault.Skipped as reason:
            self.skipTest(str(reason))
        self.assertTrue(seen, "nothing was seen")
    test.__doc__ = one.what
    return test


for chosen in inflict.load():
    if chosen.in_ci or "PENNYLINE_FULL" in os.environ:
        setattr(Faults, f"test_{chosen.name}", inflicts(chosen))
