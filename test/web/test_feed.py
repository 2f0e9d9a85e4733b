#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A pennyline that refuses, turns away, hangs or is another one, and what pennyline-web makes of it. Argument: the program."""

import os
import socket
import tempfile
import time
import unittest

import fake_pennyline
from gateway import Gateway, wait_until
from world import PROGRAM, World, main


class Feed(World):
    n_aggregates = 20

    def setUp(self):
        self.pennyline = self.server.pennyline

    def test_a_question_that_is_refused_does_not_end_the_connection(self):
        """Events tell of aggregates that the pennyline of now does not have."""
        before, asked = len(self.server.clients), self.pennyline.n_asked.get("aggregate", 0)
        for number in range(1000, 1020):
            event = {"event": "test_ended", "aggregate": number}
            for watcher in list(self.pennyline.watchers):
                watcher.sendall(str(event).replace("'", '"').encode() + b"\n")
        wait_until(lambda: self.pennyline.n_asked.get("aggregate", 0) >= asked + 20)
        n = self.pennyline.n_asked["status"]
        wait_until(lambda: self.pennyline.n_asked["status"] > n + 1)
        self.assertEqual(len(self.server.clients), before)
        self.assertEqual(self.web.get("/healthz").status, 200)

    def test_to_be_turned_away_is_not_to_be_refused(self):
        self.pennyline.turns_away = True
        try:
            self.refused(self.web.get("/api/v1/aggregates/1"), 503, "16 clients")
            self.refused(self.web.change("POST", "/api/v1/tests", '{"aggregate": 1}'), 503, "not done")
        finally:
            self.pennyline.turns_away = False
        self.assertEqual(self.web.get("/api/v1/aggregates/1").status, 200)

    def test_a_command_without_an_answer_may_have_been_done(self):
        self.pennyline.silent_about.add("test start")
        try:
            reply = self.web.change("POST", "/api/v1/tests", '{"aggregate": 3}')
        finally:
            self.pennyline.silent_about.clear()
        self.refused(reply, 502, "may have been done")


class Slow(World):
    n_aggregates = 20

    def setUp(self):
        self.pennyline = self.server.pennyline

    def test_a_status_is_asked_for_while_long_answers_let_the_manager_rest(self):
        """A page that took 0.3 s asks for a rest of two, and the status must not be that old."""
        tell = self.pennyline.do_aggregates
        self.addCleanup(setattr, self.pennyline, "do_aggregates", tell)
        self.pennyline.do_aggregates = lambda request: time.sleep(0.3) or tell(request)
        asked = dict(self.pennyline.n_asked)
        wait_until(lambda: self.pennyline.n_asked["aggregates"] >= asked["aggregates"] + 4)
        pages = self.pennyline.n_asked["aggregates"] - asked["aggregates"]
        self.assertGreater(self.pennyline.n_asked["status"] - asked["status"], 2 * (pages - 1))
        self.assertEqual(self.web.get("/healthz").status, 200)

    def test_a_manager_that_hangs_is_no_health_within_three_seconds(self):
        self.pennyline.silent_about.update(("status", "aggregates", "slices", "aggregate"))
        self.addCleanup(self.pennyline.silent_about.clear)

        def is_down():
            age_s = self.web.get("/api/v1/status").json()["age_s"]
            if self.web.get("/healthz").status == 503:
                return True
            self.assertLess(age_s, 3, "healthy by a status that is old")
            return False
        wait_until(is_down)
        up = [line for line in self.web.get("/metrics").body.decode().splitlines() if line.startswith("pennyline_up ")]
        self.assertEqual(up, ["pennyline_up 0"])


class Strange(World):
    """A pennyline that says what ours does not."""
    n_aggregates = 5

    def test_metrics_are_well_formed_whatever_a_worker_says(self):
        n = self.server.pennyline.now()
        strange = fake_pennyline.load(1000, n)
        strange["tsc_hz"] = 0
        strange["bursts_by_packets"] = {"1": 2 ** 63 - 1, "2": 2 ** 63 - 1, "4": 2 ** 63 - 1}
        strange["stage_cycles"] = {"re\"ceive\n": 400}
        plain = self.server.pennyline.worker
        self.server.pennyline.worker = lambda i: dict(plain(i), load=strange) if i == 0 else \
            dict(plain(i), load=dict(strange, tsc_hz=10 ** 9))
        text = wait_until(lambda: (t := self.web.get("/metrics").body.decode()) and '\\"ceive' in t and t)
        for line in text.splitlines():
            self.assertRegex(line, r'^(# .*|\w+(\{(\w+="([^"\\\n]|\\.)*",?)*\})? -?[0-9][0-9.e+]*)$')

    def test_aggregates_that_are_not_kept_are_told(self):
        report = self.server.pennyline.do_aggregate({"aggregate": 1})
        self.server.pennyline.do_aggregate = lambda request: dict(report, aggregate=request["aggregate"])
        number = 3 * 2 ** 17 + 41
        for watcher in list(self.server.pennyline.watchers):
            watcher.sendall(b'{"event": "test_started", "aggregate": %d}\n' % number)
        status = wait_until(lambda: (s := self.web.get("/api/v1/status").json())["left_out"] and s)
        self.assertEqual((status["left_out"], status["complete"]), (42, False))
        ready = self.web.get("/readyz")
        self.assertEqual(ready.status, 503)
        self.assertIn("42 more are beyond", ready.body.decode())
        self.assertEqual(self.web.get("/healthz").status, 200)


class Another(unittest.TestCase):
    def test_a_reader_notices_that_the_gateway_was_started_again(self):
        folder = tempfile.TemporaryDirectory(prefix="pennyline-fake-")
        self.addCleanup(folder.cleanup)
        web = Gateway(PROGRAM, os.path.join(folder.name, "control.sock"))
        self.addCleanup(web.kill)
        first = web.get("/api/v1/aggregates").json()
        web.stop()
        web.start()
        again = web.get("/api/v1/aggregates").json()
        self.assertNotEqual(again["generation"], first["generation"])
        web.close()


class Hanging(unittest.TestCase):
    def setUp(self):
        """A socket that is listened on, with as many waiting as it takes."""
        self.folder = tempfile.TemporaryDirectory(prefix="pennyline-fake-")
        self.addCleanup(self.folder.cleanup)
        self.control = os.path.join(self.folder.name, "control.sock")
        self.server = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.server.close)
        self.server.bind(self.control)
        self.server.listen(1)
        while True:
            waiting = socket.socket(socket.AF_UNIX)
            self.addCleanup(waiting.close)
            waiting.setblocking(False)
            if waiting.connect_ex(self.control) != 0:
                return

    def test_it_is_said_and_the_gateway_ends_when_it_is_told_to(self):
        web = Gateway(PROGRAM, self.control)
        self.addCleanup(web.kill)
        reply = web.change("PUT", "/api/v1/kill-switch", '{"on": true}')
        self.assertEqual(reply.status, 502)
        self.assertIn("hangs; this was not done", reply.json()["error"]["message"])
        wait_until(lambda: "hangs" in (web.get("/api/v1/status").json()["trouble"] or ""))
        web.close()


if __name__ == "__main__":
    main()
