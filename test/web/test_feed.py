#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A pennyline that refuses, turns away, hangs or is another one, and what pennyline-web makes of it. Argument: the program."""

import os
import socket
import tempfile
import unittest

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
