# SPDX-License-Identifier: BSD-3-Clause
"""Mode passive tells handshakes and first flights of QUIC that nobody answers, with real stacks: Linux's TCP,
ngtcp2's client and server."""

import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER

PORT = 443
# One connection, given up after the first SYN came again, which is 1 s after the first (RFC 6298 5.7).
CONNECT = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.settimeout(1.8)
try:
    s.connect((sys.argv[1], int(sys.argv[2])))
except OSError:
    pass
"""
LISTEN = """
import socket, sys
s = socket.create_server(("", int(sys.argv[1])))
print("listening", flush=True)
while True:
    s.accept()
"""
DEAF = f"""
table inet deaf {{
    chain input {{
        type filter hook input priority 0;
        udp dport {PORT} drop
        tcp dport {PORT} drop
    }}
}}
"""


class Unanswered(unittest.TestCase):
    def watch(self, lab):
        """What mode passive counted of one connection and one client of QUIC towards the receiver."""
        # From an address that has a way back.
        way = lab.sender.run("ip", "-o", "route", "get", RECEIVER[4]).split(" src ")[0].split()
        lab.sender.run("ip", "route", "replace", *way, "src", netlab.host(GENUINE[4], 1))
        test = pennyline.Test(lab, [GENUINE[4]], options=["--mode", "passive"])
        client = lab.sender.start("gtlsclient", "-q", "--exit-on-all-streams-close", RECEIVER[4], PORT,
                                  f"https://{RECEIVER[4]}/")
        lab.sender.run("python3", "-c", CONNECT, RECEIVER[4], str(PORT))
        client.stop()
        _, summary = test.interrupt()
        self.assertEqual(summary.broken_identities(), [])
        self.assertEqual(summary.totals["dropped"], 0)
        return summary.aggregates[0]["passive"]["counters"]

    def test_of_a_deaf_host_all_are_unanswered(self):
        with netlab.Path() as lab:
            lab.receiver.nft(DEAF)
            counters = self.watch(lab)
        self.assertEqual((counters["handshakes"], counters["handshakes_unanswered"]), (1, 1), counters)
        self.assertEqual((counters["quic_flows"], counters["quic_attempts"], counters["quic_attempts_unanswered"]),
                         (1, 1, 1), counters)

    def test_of_servers_that_answer_none_is(self):
        with netlab.Path() as lab:
            key, certificate = f"{lab.folder}/key.pem", f"{lab.folder}/certificate.pem"
            netlab.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                        "/CN=server", "-keyout", key, "-out", certificate])
            lab.receiver.start("gtlsserver", "-q", RECEIVER[4], PORT, key, certificate)
            lab.receiver.start("python3", "-c", LISTEN, PORT).wait_for("listening")
            counters = self.watch(lab)
        self.assertEqual((counters["handshakes"], counters["handshakes_unanswered"]), (1, 0), counters)
        self.assertEqual(counters["quic_attempts_unanswered"], 0, counters)
        self.assertEqual(counters["quic_flows"], counters["quic_attempts"], counters)
        self.assertGreaterEqual(counters["quic_attempts"], 1, counters)
