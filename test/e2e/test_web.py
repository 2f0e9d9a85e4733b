# SPDX-License-Identifier: BSD-3-Clause
"""pennyline-web beside a pennyline that forwards: another user, a test by REST, a flood, a crash."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import sys
import threading
import unittest

import jsonschema

import netlab
import pennyline
from netlab import GENUINE, RECEIVER, SPOOFED

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "web"))
import description  # noqa: E402
from gateway import Gateway, free_port, wait_until  # noqa: E402
from mutations import mutated  # noqa: E402
from receiver import Receiver  # noqa: E402

SLICES = [{"name": "spoofed", "sources": [SPOOFED[4]], "mode": "active", "start": "manual",
           "fallback_to_individual": False},
          {"name": "genuine", "sources": [GENUINE[4]], "mode": "active", "start": "manual"}]


def as_the_unit_does():
    """The capabilities that conf/systemd leaves to pennyline, and no way to get others."""
    unit = os.path.join(netlab.TREE, "conf", "systemd", "pennyline.service.in")
    with open(unit, encoding="utf-8") as file:
        names = re.search(r"^CapabilityBoundingSet=(.*)", file.read(), re.M)[1].lower().split()
    bounds = ",".join(["-all", *("+" + name.removeprefix("cap_") for name in names)])
    return ["setpriv", "--no-new-privs", "--bounding-set", bounds]


@contextlib.contextmanager
def served():
    with netlab.Path() as lab:
        os.chmod(lab.folder, 0o755)
        service = pennyline.Service(lab, SLICES, instance={"control_group": "nogroup"},
                                    by=as_the_unit_does(),
                                    defaults={"individual_phase_timeout_ms": 5000})
        web = Gateway(pennyline.program("pennyline-web"), service.control_path, "--user", "nobody",
                      "--requests-per-second", "100000", "--max-connections-per-address", "0")
        try:
            web.wait_complete()
            yield lab, service, web
        finally:
            web.close()


class Flood:
    """Connections by the hundred, and bytes that are no request, from four threads."""

    def __init__(self, port):
        self.port, self.most_at_once = port, 0
        self.stopping = threading.Event()
        # All connections of all threads are open when it falls.
        self.barrier = threading.Barrier(4)
        self.threads = [threading.Thread(target=self.run, args=(seed,)) for seed in range(4)]
        for thread in self.threads:
            thread.start()

    def run(self, seed):
        chance = random.Random(seed)
        while not self.stopping.is_set():
            sockets = [s for _ in range(250) if (s := self.open(chance))]
            with contextlib.suppress(threading.BrokenBarrierError):
                self.barrier.wait()
                self.most_at_once = max(self.most_at_once, 4 * len(sockets))
                self.barrier.wait()
            for s in sockets:
                s.close()

    def open(self, chance):
        with contextlib.suppress(OSError):
            s = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            s.sendall(chance.choice((
                b"GET /api/v1/aggregates?count=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"PUT /api/v1/kill-switch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{",
                mutated(chance))))
            return s
        return None

    def stop(self):
        self.stopping.set()
        self.barrier.abort()
        for thread in self.threads:
            thread.join()


class Web(unittest.TestCase):
    def test_a_flood_of_requests_leaves_packets_and_verdicts_as_they_are(self):
        with served() as (lab, service, web):
            with open(f"/proc/{web.process.pid}/status", encoding="utf-8") as status:
                self.assertIn("Uid:\t65534\t65534\t65534\t65534", status.read())
            lab.paced_flows(netlab.host(GENUINE[4], 1), 1, 60, ("--flows", 5))
            lab.spoof(pennyline.program("pennyline-blind"), SPOOFED[4], RECEIVER[4], "--flows", 10,
                      "--rate", 1000, "--payload", 300, "--handshake", "--duration", 60)
            flood = Flood(web.port)
            for name in ("genuine", "spoofed"):
                reply = web.change("POST", "/api/v1/tests", '{"aggregate": "%s"}' % name)
                self.assertEqual(reply.status, 201, reply.body)

            def verdicts():
                rows = web.get("/api/v1/verdicts").json()["verdicts"]
                found = {row["slice"]: row["verdict"] for row in rows if not row["provisional"]}
                return len(found) == 2 and found
            try:
                found = wait_until(verdicts, "both verdicts")
            finally:
                flood.stop()
            self.assertGreaterEqual(flood.most_at_once, 1000)
            self.assertEqual(found, {"genuine": "closed_loop", "spoofed": "not_closed_loop"})
            self.assertEqual(web.get("/healthz").status, 200)
            self.assertEqual(description.check_all_gets(web, 0, has_map=False), 14)
            code, summary = service.stop()
            self.assertEqual(code, 0)
            self.assertEqual(summary.broken_identities(), [])

    def test_who_waits_for_the_test_of_a_prefix_gets_its_verdict(self):
        with served() as (lab, service, web):
            lab.paced_flows(netlab.host(GENUINE[4], 1), 4, 30, ("--flows", 5))
            reply = web.change("POST", "/api/v1/tests", json.dumps(
                {"source": GENUINE[4], "label": "by REST", "wait_s": 60}))
            self.assertEqual(reply.status, 200, reply.body)
            test = reply.json()["tests"][0]
            self.assertEqual((test["state"], test["report"]["verdict"], test["report"]["label"]),
                             ("over", "closed_loop", "by REST"))
            code, summary = service.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []))

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

    def test_verdicts_while_it_is_dead_reach_the_webhook_later(self):
        with served() as (lab, service, web):
            # As in operations.md: new files in there are of a group that pennyline-web is in.
            shutil.chown(lab.folder, group="nogroup")
            os.chmod(lab.folder, 0o2755)
            os.chmod(service.log_path, 0o644)
            lab.paced_flows(netlab.host(GENUINE[4], 1), 1, 60, ("--flows", 5))
            port = free_port()
            queue = os.path.join(web.folder, "queue")
            os.mkdir(queue)
            os.chmod(web.folder, 0o755)
            shutil.chown(queue, user="nobody")
            self.assertEqual(web.stop(), 0)
            web.arguments += ["--webhook", f"http://127.0.0.1:{port}/", "--webhook-queue", queue,
                              "--event-log", service.log_path]
            web.start()
            web.wait_complete()
            web.process.send_signal(signal.SIGKILL)
            web.process.wait()

            def verdicts():
                return [e for e in service.events() if e["event"] == "verdict"]
            # One by this pennyline, and, after a rotation of the log, one by the next.
            service.ask("test start", aggregate="genuine")
            wait_until(verdicts, "the first verdict")
            self.assertEqual(service.stop()[0], 0)
            first = service.events()
            os.rename(service.log_path, service.log_path + ".1")
            service = pennyline.Service(lab, SLICES, instance={"control_group": "nogroup"})
            service.ask("test start", aggregate="genuine")
            wait_until(verdicts, "the second verdict")
            receiver = Receiver(port)
            web.start()
            wanted = [e["monotonic_s"] for e in first + service.events() if e["event"] == "verdict"]
            self.assertEqual(len(wanted), 2)
            wait_until(lambda: len(receiver.taken()) >= 2, "both posts")
            posts = receiver.taken()
            self.assertEqual([p["event"]["monotonic_s"] for p in posts], wanted)
            self.assertEqual([p["event"]["report"]["verdict"] for p in posts], ["closed_loop"] * 2)
            self.assertEqual(len({p["id"] for p in posts}), 2)
            self.assertEqual(service.stop()[0], 0)
            self.check_events(first + service.events())

    def check_events(self, events):
        """What a real run wrote is what the schema describes, event by event."""
        with open(os.path.join(netlab.TREE, "conf", "event.schema.json"), encoding="utf-8") as file:
            schema = json.load(file)
        validator = jsonschema.Draft202012Validator(schema)
        described = {*schema["$defs"]["manager_event"]["enum"],
                     *schema["$defs"]["box_event"]["enum"], "events_lost"}
        for event in events:
            validator.validate(event)
            self.assertIn(event["event"], described)
        self.assertLessEqual({"started", "test_started", "drop_made", "drop_ended", "verdict",
                              "test_ended", "stopping", "stopped"}, {e["event"] for e in events})
