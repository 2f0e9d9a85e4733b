# SPDX-License-Identifier: BSD-3-Clause
"""What `pennyline test` says of itself: exit codes and words."""

import json
import os
import subprocess
import tempfile
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED


class CommandLine(unittest.TestCase):
    def refused(self, *arguments):
        """Exit code and words, without any port."""
        done = subprocess.run([pennyline.program("pennyline"), "test", *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        return done.returncode, done.stderr.decode(errors="replace")

    def test_wrong_usage_ends_with_two_and_names_what_is_wrong(self):
        ports = ("--in", "nodev0", "--out", "nodev1")
        for arguments, word in (
                ((*ports,), "source"),
                (("--source", GENUINE[4]), "in"),
                ((*ports, "--source", "300.1.2.0/24"), "300.1.2.0/24"),
                ((*ports, "--source", GENUINE[4], "--drop-probability", "7"), "drop-probability"),
                ((*ports, "--source", GENUINE[4], "--rule", "tarot"), "tarot"),
                ((*ports, "--source", GENUINE[4], "--event-log", b"log-\xe9"), "is no UTF-8"),
                ((*ports, "--source", GENUINE[4], "--driver", b"\xe9"), "is no UTF-8"),
                ((*ports, "--source", GENUINE[4], "--unheard-of"), "unheard-of")):
            with self.subTest(arguments=arguments):
                code, words = self.refused(*arguments)
                self.assertEqual(code, pennyline.USAGE, words)
                self.assertIn(word, words)

    def test_check_looks_at_the_directory_of_what_is_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "c.json")
            for directory, words in ((path, "it is no directory"), (f"{folder}/a/b", "it cannot be made"),
                                     (f"{folder}/state", None), (folder, None)):
                with self.subTest(directory=directory):
                    with open(path, "w") as out:
                        json.dump({"instance": {"state_directory": directory}, "eal": {"huge": False}, "ports": [
                            {"name": "a", "device": "net_null0"}], "slices": []}, out)
                    done = subprocess.run([pennyline.program("pennyline"), "check", "--config", path], text=True,
                                          capture_output=True, timeout=30, check=False)
                    said = done.stdout + done.stderr
                    self.assertEqual("would not be kept over a restart" in said, words is not None, said)
                    self.assertIn(words or "", said)
                    self.assertIn("advice: no slice is configured", said)

    def test_help_is_laid_out_for_a_terminal(self):
        """Who wraps a line of a table goes on at the margin."""
        for name in ("pennyline", "pennylinectl", "pennyline-info", "pennyline-map", "pennyline-web", "pennyline-replay",
                     "pennyline-sim", "pennyline-blind"):
            with self.subTest(program=name):
                done = subprocess.run([pennyline.program(name), "--help"], stdin=subprocess.DEVNULL, capture_output=True,
                                      text=True, timeout=30, check=True)
                lines = done.stdout.splitlines()
                self.assertGreater(len(lines), 10)
                for before, line in zip(lines, lines[1:]):
                    self.assertLessEqual(len(line), 79, line)
                    self.assertFalse(before.startswith("  ") and line[:1].islower(), f"{before}\n{line}")

    def test_an_interface_that_is_not_there_is_named(self):
        code, words = self.refused("--in", "nodev0", "--out", "nodev1", "--source", GENUINE[4],
                                   "--", "--no-pci", "--in-memory")
        self.assertEqual(code, pennyline.ERROR, words)
        self.assertIn("nodev0", words)

    def test_of_several_aggregates_the_worst_decides_the_exit_code(self):
        with netlab.Path() as lab:
            test = pennyline.Test(lab, [GENUINE[4], SPOOFED[4]], options=[
                "--duration", "35", "--set", "individual_phase_timeout_ms=5000"])
            lab.iperf_server()
            lab.iperf(netlab.host(GENUINE[4], 1), RECEIVER[4], 40)
            lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4],
                      "--rate", 1700, "--duration", 40)
            code, summary = test.finish(60)
        self.assertEqual(summary.aggregate(GENUINE[4])["verdict"], "closed_loop")
        self.assertEqual(summary.aggregate(SPOOFED[4])["verdict"], "not_closed_loop")
        self.assertEqual(code, pennyline.EXIT_CODES["not_closed_loop"])
        self.assertEqual(summary.broken_identities(), [])

    def test_without_traffic_nothing_is_tested(self):
        with netlab.Path() as lab:
            test = pennyline.Test(lab, [GENUINE[4]], options=["--duration", "2"])
            code, summary = test.finish(30)
        self.assertEqual(code, pennyline.NOTHING_TESTED)
        self.assertEqual(summary.aggregate(GENUINE[4])["verdict"], "inconclusive")
        self.assertEqual(summary.aggregate(GENUINE[4])["reason"], "no_traffic")
