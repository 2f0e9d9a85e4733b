# SPDX-License-Identifier: BSD-3-Clause
"""A client like OpenPenny's own, by gRPC to a pennyline that serves: with real TCP."""

import json
import os
import subprocess
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ELSEWHERE = {"name": "elsewhere", "sources": ["10.99.0.0/16"], "mode": "active"}


def has_grpcio():
    return subprocess.run(["/usr/bin/python3", "-c", "import grpc"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(has_grpcio() and os.path.exists(pennyline.program("pennyline-grpc")),
                     "python3-grpcio or pennyline-grpc is missing")
class OpenPennyClients(unittest.TestCase):
    def start_test(self, lab, service, prefix, override=None):
        """What a client is answered; the program may be of any user that the control socket lets in."""
        program = lab.box.start(pennyline.program("pennyline-grpc"), "--listen", "127.0.0.1:50051", "--socket",
                                service.control_path)
        program.wait_for("listening", 10)
        address, _, bits = prefix.partition("/")
        client = lab.box.start("/usr/bin/python3", f"{TREE}/test/grpc/client.py",
                               f"{TREE}/app/pennyline-grpc/penny.proto", "127.0.0.1:50051", address, bits,
                               "active", json.dumps(override) if override else "")
        self.assertEqual(client.wait(120), 0, client.errors())
        program.stop()
        return json.loads(client.output())

    def test_genuine_senders_are_closed_loop(self):
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [ELSEWHERE])
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 60, ("--flows", 5))
            response = self.start_test(lab, service, GENUINE[4])
            self.assertEqual((response["status"], response["aggregates_status"]), ("ok", "closed_loop"))
            self.assertTrue(response["aggregates_decision_complete"])
            self.assertGreater(response["packets_processed"], response["retransmitted_packets"])
            summary = json.loads(response["json_summary"])
            self.assertEqual(summary["pennyline"]["label"], "cli")
            self.assertEqual(service.stop()[0], 0)

    def test_spoofed_senders_are_not_closed_loop(self):
        with netlab.Path() as lab:
            service = pennyline.Service(lab, [ELSEWHERE])
            lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], "--flows", 10, "--rate", 1000,
                      "--payload", 300, "--handshake", "--duration", 60)
            response = self.start_test(lab, service, SPOOFED[4])
            self.assertEqual((response["status"], response["aggregates_status"]), ("ok", "not_closed_loop"))
            self.assertEqual(response["retransmitted_packets"], 0)
            self.assertEqual(service.stop()[0], 0)
