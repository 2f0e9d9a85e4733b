# SPDX-License-Identifier: BSD-3-Clause
"""Verdicts by handshakes and by first flights of QUIC, with real stacks: Linux's TCP by curl and nginx, ngtcp2's
client and server, and scanners: hping3, nmap."""

import json
import subprocess
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER

PORT = 443
DEAF = """
table inet deaf {
    chain input { type filter hook input priority 0; meta l4proto tcp drop; }
}
"""
NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log /dev/null;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{ listen {port}; location / {{ return 200 "hello\\n"; }} }}
}}
"""
# One process after the other, some at once: each has a connection ID of its own.
QUIC_CLIENTS = """
for turn in $(seq 100); do
    for client in $(seq 4); do
        timeout 10 gtlsclient -q --exit-on-all-streams-close {address} {port} https://{address}/ >/dev/null 2>&1 &
    done
    wait
done
"""


class Units(unittest.TestCase):
    @staticmethod
    def from_genuine(lab):
        """From an address that has a way back."""
        way = lab.sender.run("ip", "-o", "route", "get", RECEIVER[4]).split(" src ")[0].split()
        lab.sender.run("ip", "route", "replace", *way, "src", netlab.host(GENUINE[4], 1))

    def begin(self, lab, units, *options):
        self.from_genuine(lab)
        return pennyline.Test(lab, [GENUINE[4]], options=["--units", units, "--duration", "60", *options])

    def end(self, test, *processes):
        code, summary = test.finish(90)
        for process in processes:
            process.stop()
        self.assertEqual(summary.broken_identities(), [])
        return code, summary.aggregates[0]

    def with_nginx(self, lab, begin):
        with open(f"{lab.folder}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(NGINX.format(folder=lab.folder, port=PORT))
        lab.receiver.start("nginx", "-c", f"{lab.folder}/nginx.conf")
        return begin(lab)

    def curl(self, lab, units):
        test = self.with_nginx(lab, lambda lab: self.begin(lab, units))
        return self.end(test, self.start_curl(lab))

    @staticmethod
    def start_curl(lab):
        """A connection for each request."""
        return lab.sender.start("curl", "-s", "--retry", 5, "--retry-connrefused", "--parallel", "--parallel-max", 20,
                                "-H", "Connection: close", "-o", "/dev/null",
                                f"http://{RECEIVER[4]}:{PORT}/[1-20000]")

    def test_handshakes_of_curl_are_closed_loop(self):
        with netlab.Path() as lab:
            code, a = self.curl(lab, "handshake")
        self.assertEqual((code, a["verdict"], a["via"]), (pennyline.CLOSED_LOOP, "closed_loop", "handshake"), a)
        counters = a["units"]["handshake"]
        self.assertEqual((a["dropped"], counters["dropped"], counters["retransmitted"], counters["duplicates"]),
                         (0, 6, 6, 0), counters)

    def test_a_test_by_command_may_ask_for_handshakes(self):
        elsewhere = {"name": "elsewhere", "sources": ["10.99.0.0/16"], "mode": "active"}
        with netlab.Path() as lab:
            service = self.with_nginx(lab, lambda lab: pennyline.Service(lab, [elsewhere]))
            self.from_genuine(lab)
            client = self.start_curl(lab)
            said = subprocess.run([pennyline.program("pennylinectl"), "--socket", service.control_path, "test",
                                   GENUINE[4], "--set", 'units=["handshake"]', "--wait", "--json"],
                                  capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(said.returncode, pennyline.CLOSED_LOOP, said.stdout + said.stderr)
            report = json.loads(said.stdout)[0]["report"]
            self.assertEqual((report["verdict"], report["via"]), ("closed_loop", "handshake"), report)
            client.stop()
            code, summary = service.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []))

    def test_segments_of_curl_are_dropped_rather_than_handshakes(self):
        with netlab.Path() as lab:
            code, a = self.curl(lab, "data,handshake")
        self.assertEqual((code, a["verdict"], a["via"]), (pennyline.CLOSED_LOOP, "closed_loop", "aggregate"), a)
        self.assertEqual(a["units"]["handshake"]["dropped"], 0, a["units"])

    def test_first_flights_of_ngtcp2_are_closed_loop(self):
        with netlab.Path() as lab:
            key, certificate = f"{lab.folder}/key.pem", f"{lab.folder}/certificate.pem"
            netlab.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                        "/CN=server", "-keyout", key, "-out", certificate])
            lab.receiver.start("gtlsserver", "-q", RECEIVER[4], PORT, key, certificate)
            test = self.begin(lab, "quic")
            client = lab.sender.start("bash", "-c", QUIC_CLIENTS.format(address=RECEIVER[4], port=PORT))
            code, a = self.end(test, client)
        self.assertEqual((code, a["verdict"], a["via"]), (pennyline.CLOSED_LOOP, "closed_loop", "quic"), a)
        counters = a["units"]["quic"]
        self.assertEqual((counters["dropped"], counters["retransmitted"], counters["duplicates"]), (6, 6, 0), counters)

    def test_a_scanner_that_sends_once_has_no_repeats(self):
        with netlab.Path() as lab:
            lab.receiver.nft(DEAF)
            test = self.begin(lab, "handshake")
            scanner = lab.sender.start("hping3", "-q", "-S", "-a", netlab.host(GENUINE[4], 1), "-p", PORT,
                                       "-i", "u5000", RECEIVER[4])
            code, a = self.end(test, scanner)
        self.assertEqual((code, a["verdict"], a["reason"]), (pennyline.INCONCLUSIVE, "inconclusive", "no_repeats"), a)

    def test_connections_to_a_deaf_host_are_unanswered(self):
        with netlab.Path() as lab:
            lab.receiver.nft(DEAF)
            test = self.begin(lab, "handshake")
            # Its connections are those of Linux, given up before their third SYN.
            client = lab.sender.start("nmap", "-n", "-Pn", "-sT", "-p", "1-5000", "--initial-rtt-timeout", "2500ms",
                                      "--max-retries", 0, "--min-parallelism", 300, "--max-rate", 100, RECEIVER[4])
            code, a = self.end(test, client)
        self.assertEqual((code, a["verdict"]), (pennyline.INCONCLUSIVE, "inconclusive"), a)
        self.assertEqual(a["reason"], "unanswered", a)


if __name__ == "__main__":
    unittest.main()
