# SPDX-License-Identifier: BSD-3-Clause
"""pennyline-web beside a pennyline that forwards: another user, a test by REST, a flood, a crash."""

import contextlib
import os
import random
import signal
import socket
import sys
import threading
import unittest

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "web"))
from gateway import Gateway, wait_until  # noqa: E402

SLICES = [{"name": "spoofed", "sources": [SPOOFED[4]], "mode": "active", "start": "manual"},
          {"name": "genuine", "sources": [GENUINE[4]], "mode": "active", "start": "manual"}]


@contextlib.contextmanager
def served():
    with netlab.Path() as lab:
        os.chmod(lab.folder, 0o755)
        service = pennyline.Service(lab, SLICES, instance={"control_group": "nogroup"})
        web = Gateway(pennyline.program("pennyline-web"), service.control_path, "--user", "nobody",
                      "--requests-per-second", "100000")
        try:
            web.wait_complete()
            yield lab, service, web
        finally:
            web.close()


def flood(port, stop):
    """Connections by the hundred, and bytes that are no request."""
    chance = random.Random(7)
    while not stop.is_set():
        sockets = []
        for _ in range(250):
            with contextlib.suppress(OSError):
                s = socket.create_connection(("127.0.0.1", port), timeout=2)
                sockets.append(s)
                s.sendall(chance.choice((b"GET /api/v1/aggregates?count=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                         b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                         bytes(chance.randrange(256) for _ in range(200)))))
        for s in sockets:
            s.close()


class Web(unittest.TestCase):
    def test_a_flood_of_requests_leaves_packets_and_verdicts_as_they_are(self):
        with served() as (lab, service, web):
            with open(f"/proc/{web.process.pid}/status", encoding="utf-8") as status:
                self.assertIn("Uid:\t65534\t65534\t65534\t65534", status.read())
            lab.paced_flows(netlab.host(GENUINE[4], 1), 1, 60, ("--flows", 5))
            lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], "--flows", 10,
                      "--rate", 1000, "--payload", 300, "--handshake", "--duration", 60)
            stop = threading.Event()
            threads = [threading.Thread(target=flood, args=(web.port, stop)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for name in ("genuine", "spoofed"):
                reply = web.change("POST", "/api/v1/tests", '{"aggregate": "%s"}' % name)
                self.assertEqual(reply.status, 201, reply.body)

            def verdicts():
                rows = web.get("/api/v1/verdicts").json()["verdicts"]
                found = {row["slice"]: row["verdict"] for row in rows if not row["provisional"]}
                return len(found) == 2 and found
            try:
                found = wait_until(verdicts, 60, "both verdicts")
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            self.assertEqual(found, {"genuine": "closed_loop", "spoofed": "not_closed_loop"})
            self.assertEqual(web.get("/healthz").status, 200)
            code, summary = service.stop()
            self.assertEqual(code, 0)
            self.assertEqual(summary.broken_identities(), [])

    def test_its_crash_is_nothing_to_the_packets(self):
        with served() as (lab, service, web):
            lab.paced_flows(netlab.host(GENUINE[4], 1), 1, 30, ("--flows", 5))

            def forwarded():
                return sum(w["counters"]["tx_packets"] for w in service.ask("status")["workers"])
            before = wait_until(forwarded)
            web.process.send_signal(signal.SIGKILL)
            web.process.wait()
            wait_until(lambda: forwarded() > before + 1000)
            web.start()
            web.wait_complete()
            code, summary = service.stop()
            self.assertEqual(code, 0)
            self.assertEqual(summary.broken_identities(), [])
