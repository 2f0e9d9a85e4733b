#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Nothing waits for the wall clock, which may be set back by an hour. Arguments: the program; clock_ahead's library."""

import json
import os
import sys
import tempfile
import unittest

import fake_pennyline
from gateway import Gateway, free_port, wait_until
from receiver import Receiver
from world import PROGRAM, main

CLOCK = os.path.abspath(sys.argv.pop(2))


class SetBack(unittest.TestCase):
    def test_events_are_read_and_posts_are_tried_again(self):
        folder = tempfile.TemporaryDirectory(prefix="pennyline-fake-")
        self.addCleanup(folder.cleanup)
        control, log = (os.path.join(folder.name, name) for name in ("control.sock", "events.jsonl"))
        server = fake_pennyline.Server(control, 3)
        self.addCleanup(server.stop)
        receiver = Receiver(free_port())
        receiver.status = 503
        web = Gateway(PROGRAM, control, "--webhook", f"http://127.0.0.1:{receiver.server.server_port}/",
                      "--webhook-queue", folder.name, "--event-log", log,
                      environment={"LD_PRELOAD": CLOCK,
                                   "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
        self.addCleanup(web.kill)
        # It was not there when the gateway looked first.
        with open(log, "w", encoding="utf-8") as file:
            file.write(json.dumps({"event": "verdict", "aggregate": 1}) + "\n")
        wait_until(lambda: receiver.posts, what="the first try")
        receiver.status = 204
        wait_until(receiver.taken, what="the next try")
        receiver.stop()
        web.close()


if __name__ == "__main__":
    main()
