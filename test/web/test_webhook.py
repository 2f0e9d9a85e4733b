#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Events to a webhook: each arrives, whatever fails meanwhile. Argument: the program."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import fake_pennyline  # noqa: E402
from gateway import Gateway, free_port, wait_until  # noqa: E402
from receiver import Receiver  # noqa: E402

PROGRAM = ""


class Webhook(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pennyline-fake-")
        control = os.path.join(self.folder.name, "control.sock")
        self.server = fake_pennyline.Server(control, 20, step_s=0.02)
        self.port = free_port()
        secret = os.path.join(self.folder.name, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("webhook-secret-0123\n")
        os.chmod(secret, 0o600)
        self.web = Gateway(PROGRAM, control, "--webhook", f"http://127.0.0.1:{self.port}/hook",
                           "--webhook-queue", self.folder.name, "--webhook-token-file", secret)
        self.web.wait_complete()
        wait_until(lambda: self.server.pennyline.watchers)

    def tearDown(self):
        self.web.close()
        self.server.stop()
        self.folder.cleanup()

    def play(self, *aggregates):
        for aggregate in aggregates:
            reply = self.web.change("POST", "/api/v1/tests", json.dumps({"aggregate": aggregate}))
            self.assertEqual(reply.status, 201, reply.body)
        wait_until(lambda: all(self.server.pennyline.aggregates[a].state == "done"
                               for a in aggregates))

    def metric(self, name):
        for line in self.web.get("/metrics").body.decode().splitlines():
            if line.startswith(f"pennyline_web_webhook_{name} "):
                return float(line.split(" ")[1])
        raise AssertionError(f"no metric {name}")

    def test_a_verdict_is_posted_with_a_sentence(self):
        receiver = Receiver(self.port)
        self.play(4)
        wait_until(receiver.taken)
        post = receiver.taken()[0]
        self.assertEqual(post["event"]["event"], "verdict")
        self.assertIn("closed_loop", post["text"])
        self.assertIn("6 of 6 dropped segments came back", post["text"])
        self.assertEqual(receiver.posts[0][2]["Authorization"], "Bearer webhook-secret-0123")
        receiver.stop()

    def test_nothing_is_lost_while_nobody_hears_and_over_a_crash(self):
        self.play(1, 2, 3)
        wait_until(lambda: self.metric("waiting") == 3)
        self.web.process.send_signal(signal.SIGKILL)
        self.web.process.wait()
        self.web.start()
        self.assertEqual(self.metric("waiting"), 3)
        receiver = Receiver(self.port)
        wait_until(lambda: len(receiver.taken()) == 3)
        self.assertEqual([post["event"]["aggregate"] for post in receiver.taken()], [1, 2, 3])
        wait_until(lambda: self.metric("waiting") == 0)
        receiver.stop()

    def test_a_failure_is_tried_again_a_refusal_is_not(self):
        receiver = Receiver(self.port)
        receiver.status = 503
        self.play(6)
        wait_until(lambda: receiver.posts)
        receiver.status = 400
        wait_until(lambda: self.metric("lost_total") == 1)
        receiver.status = 204
        self.play(7)
        wait_until(receiver.taken)
        self.assertEqual(receiver.taken()[0]["event"]["aggregate"], 7)
        self.assertGreaterEqual(self.metric("failures_total"), 1)
        receiver.stop()

    def test_an_event_is_posted_once_when_the_disk_of_the_queue_fails(self):
        self.play(1, 2, 3)
        wait_until(lambda: self.metric("waiting") == 3)
        # Every write of the gateway to a file fails from now on.
        resource.prlimit(self.web.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        receiver = Receiver(self.port)
        wait_until(lambda: self.metric("posted_total") == 3)
        self.assertEqual(self.metric("waiting"), 0)
        self.assertEqual([post["event"]["aggregate"] for post in receiver.taken()], [1, 2, 3])
        self.assertEqual(self.metric("queue_errors_total"), 3)
        resource.prlimit(self.web.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        receiver.stop()

    def test_a_proxy_of_the_environment_gets_nothing(self):
        proxy, receiver = Receiver(free_port()), Receiver(self.port)
        url = f"http://127.0.0.1:{proxy.server.server_port}"
        self.web.stop()
        self.web.environment = {"http_proxy": url, "https_proxy": url, "ALL_PROXY": url}
        self.web.start()
        wait_until(lambda: self.server.pennyline.watchers)
        self.play(9)
        wait_until(receiver.taken)
        self.assertEqual(proxy.posts, [])
        # Said by an option, it is used.
        self.web.stop()
        self.web.environment = {}
        self.web.arguments += ["--webhook-proxy", url]
        self.web.start()
        wait_until(lambda: self.server.pennyline.watchers)
        self.play(10)
        wait_until(proxy.taken)
        for one in (proxy, receiver):
            one.stop()

    def test_the_end_does_not_wait_for_a_post(self):
        with socket.create_server(("127.0.0.1", self.port)) as silent:
            self.play(11)
            post, _ = silent.accept()
            with post:
                self.assertEqual(self.web.stop(), 0)
        # It was given up, and did not run into its own limit of time.
        self.assertNotIn("tried again", self.web.log())

    def test_other_events_are_not_posted(self):
        receiver = Receiver(self.port)
        self.play(8)
        wait_until(receiver.taken)
        self.assertEqual({p["event"]["event"] for p in receiver.taken()}, {"verdict"})
        receiver.stop()


class Start(unittest.TestCase):
    def test_an_url_that_is_none_is_refused_at_start(self):
        with tempfile.TemporaryDirectory(prefix="pennyline-fake-") as folder:
            for url in ("nonsense", "file:///etc/passwd", "ftp://chat.example/", "http://", "chat.example/hook", ""):
                run = subprocess.run([PROGRAM, "--socket", folder + "/none", "--listen", "127.0.0.1:0",
                                      "--webhook", url, "--webhook-queue", folder],
                                     stderr=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual(run.returncode, 1, url)
                self.assertIn("no URL of http or https", run.stderr, url)

    def test_a_token_that_goes_in_clear_is_warned_of(self):
        with tempfile.TemporaryDirectory(prefix="pennyline-fake-") as folder:
            for url, warned in (("http://192.0.2.1/hook", True), ("https://192.0.2.1/hook", False),
                                ("http://127.0.0.1:1/hook", False)):
                web = Gateway(PROGRAM, folder + "/none", "--webhook", url, "--webhook-queue", folder,
                              "--webhook-token-file", self.secret(folder))
                self.addCleanup(web.kill)
                self.assertEqual("can read the token" in web.log(), warned, url)
                web.close()

    def secret(self, folder):
        path = os.path.join(folder, "secret")
        with open(path, "w", encoding="utf-8") as file:
            file.write("webhook-secret-0123\n")
        os.chmod(path, 0o600)
        return path


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
