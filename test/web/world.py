# SPDX-License-Identifier: BSD-3-Clause
"""A stand-in for pennyline with pennyline-web over it, for a class of tests. Argument: the program."""

import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.join(HERE, "..", "..")
sys.path.insert(0, HERE)
import fake_pennyline  # noqa: E402
from gateway import Gateway  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])


class World(unittest.TestCase):
    arguments = ()
    n_aggregates = 1000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="pennyline-fake-")
        cls.control = os.path.join(cls.folder.name, "control.sock")
        cls.server = fake_pennyline.Server(cls.control, cls.n_aggregates, step_s=0.1)
        cls.web = Gateway(PROGRAM, cls.control, *cls.arguments)
        cls.web.wait_complete()

    @classmethod
    def tearDownClass(cls):
        cls.web.close()
        cls.server.stop()
        cls.folder.cleanup()

    def hold_tests(self):
        """No test goes on from now to the end of this case, or until `held` is taken back."""
        self.server.pennyline.held = True
        self.addCleanup(setattr, self.server.pennyline, "held", False)

    def refused(self, reply, status, words):
        self.assertEqual(reply.status, status, reply.body)
        error = reply.json()["error"]
        self.assertEqual(error["status"], status)
        self.assertIn(words, error["message"])


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=1)
