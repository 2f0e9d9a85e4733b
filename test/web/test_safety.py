#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who may do what to pennyline-web, and how much of it. Argument: the program."""

import contextlib
import fcntl
import grp
import os
import random
import select
import socket
import ssl
import stat
import subprocess
import tempfile
import time
import unittest
import warnings

import fake_pennyline
from gateway import PATIENCE_S, TOKEN, Gateway, wait_until
from mutations import mutated
from world import PROGRAM, World, main

HELD = b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n"


class Safety(World):
    n_aggregates = 50
    arguments = ("--max-connections-per-address", "0")

    def test_system_calls_are_filtered_for_every_thread(self):
        with open(self.web.log_path, encoding="utf-8") as log:
            if "not filtered" in log.read():
                self.skipTest("built without libseccomp, or under a sanitizer")
        tasks = f"/proc/{self.web.process.pid}/task"
        for tid in os.listdir(tasks):
            with open(f"{tasks}/{tid}/status", encoding="utf-8") as file:
                lines = dict(line.split(":\t", 1) for line in file if ":\t" in line)
            self.assertEqual((lines["Seccomp"].strip(), lines["NoNewPrivs"].strip()), ("2", "1"), lines["Name"])

    def test_nothing_is_changed_without_the_token(self):
        for method, path, body in (("POST", "/api/v1/tests", '{"aggregate": 1}'),
                                   ("DELETE", "/api/v1/tests/1", None),
                                   ("PUT", "/api/v1/kill-switch", '{"on": true}')):
            self.refused(self.web.ask(method, path, body), 401, "missing")
            for token in ("", "x", "0123456789abcdef0123456789abcdeF",
                          "0123456789abcdef0123456789abcdef0", "a" * 5000):
                self.refused(self.web.change(method, path, body, token), 401, "wrong")
        self.assertFalse(self.server.pennyline.kill_switch)
        self.assertNotIn("test start", self.server.pennyline.n_asked)

    def test_bodies_are_strict(self):
        for body in ("", "{", "[]", "3", '{"on": 1}', '{"on": "true"}', '{"off": true}', "null",
                     '{"on": true, "force": true}', '{"on": true, "on": false}', '{"on": true} x'):
            reply = self.web.change("PUT", "/api/v1/kill-switch", body)
            self.refused(reply, 400, "")
        for body in ('{"aggregate": -1}', '{"aggregate": 1.5}', '{"aggregate": null}',
                     '{"aggregate": 4294967295}', '{"aggregate": [1]}'):
            self.refused(self.web.change("POST", "/api/v1/tests", body), 400, "aggregate")
        self.assertFalse(self.server.pennyline.kill_switch)

    def test_large_bodies_are_refused(self):
        reply = self.web.change("PUT", "/api/v1/kill-switch", b"x" * 5000)
        self.refused(reply, 413, "4096")
        chunks = b"".join(b"400\r\n" + b"x" * 0x400 + b"\r\n" for _ in range(64)) + b"0\r\n\r\n"
        received = self.web.raw(b"PUT /api/v1/kill-switch HTTP/1.1\r\nHost: localhost\r\n"
                                b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        self.assertNotIn(b" 200 ", received)

    def test_parameters_are_strict(self):
        for query, words in (("verdict=guilty", "not_closed_loop"), ("slice=nobody", "nobody"),
                             ("count=10001", "10000"), ("count=-1", "count"), ("count=", "count"),
                             ("offset=1&offset=2", "twice"), ("colour=red", "colour"),
                             ("state=asleep", "settling"), ("slice", "slice")):
            self.refused(self.web.get(f"/api/v1/aggregates?{query}"), 400, words)

    def test_no_path_leads_out_of_the_page(self):
        for path in ("/../main.c", "/js/../../main.c", "/..%2f..%2fmain.c", "/%2e%2e/main.c",
                     "//etc/passwd", "/js/", "/js", "/vendor", "/openapi.json", "/.git/config"):
            self.refused(self.web.get(path), 404, "no such thing")

    def test_a_uri_that_names_a_byte_0_is_refused(self):
        for path in ("/%00", "/index.html%00.css", "/js/main.js%00.png", "/api/v1/status%00",
                     "/api/v1/aggregates?search=a%00b"):
            reply = self.web.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            self.assertTrue(reply.startswith(b"HTTP/1.1 400"), reply[:200])

    def test_a_head_that_can_be_read_in_two_ways_is_refused_and_ends_the_connection(self):
        """Else a proxy in front might take for one request what is two here (RFC 9112, section 11.2)."""
        smuggled = b"GET /api/v1/kill-switch HTTP/1.1\r\nHost: localhost\r\n\r\n"
        length = b"Content-Length: %d\r\n" % len(smuggled)
        for lines in (length + b"Transfer-Encoding: chunked\r\n", b"Content-Length: 0\r\n" + length,
                      length + length, b"Content-Length: +5\r\n", b"Content-Length: 0, 0\r\n",
                      b"Content-Length:\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
                      b"Transfer-Encoding: xchunked\r\n", b"Transfer-Encoding: chunked, identity\r\n",
                      b"Transfer-Encoding : chunked\r\n", b"X y: z\r\n", b"Host: localhost\r\n"):
            reply = self.web.raw(b"GET /api/v1/kill-switch HTTP/1.1\r\nHost: localhost\r\n" + lines +
                                 b"\r\n" + smuggled)
            # 501: of libmicrohttpd itself (1.0.10), for a coding that it does not know.
            self.assertRegex(reply, rb"\AHTTP/1\.1 (400|501) ", lines)
            self.assertNotIn(b"HTTP/1.1 200", reply, lines)

    def test_a_method_that_is_not_there_names_those_that_are(self):
        reply = self.web.ask("DELETE", "/api/v1/kill-switch")
        self.refused(reply, 405, "GET, HEAD, PUT")
        self.assertEqual(reply.headers["Allow"], "GET, HEAD, PUT")
        self.assertEqual(self.web.ask("HEAD", "/api/v1/status").body, b"")

    def test_replies_forbid_what_a_browser_might_do(self):
        for path in ("/", "/api/v1/status"):
            headers = self.web.get(path).headers
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")

    def test_garbage_does_no_harm(self):
        """A fuzz run: 400 requests of a fixed seed, or for WEB_FUZZ_SECONDS those of a seed that it says."""
        seconds = float(os.environ.get("WEB_FUZZ_SECONDS", "0"))
        seed = int(os.environ.get("WEB_FUZZ_SEED", random.SystemRandom().randrange(2 ** 32) if seconds else 5))
        chance, end, n, answers = random.Random(seed), time.monotonic() + seconds, 0, {}
        while n < 400 or time.monotonic() < end:
            answer = self.web.raw(mutated(chance), timeout_s=0.1)[:12].decode("ascii", "replace")
            answers[answer] = answers.get(answer, 0) + 1
            n += 1
        if seconds:
            print(f"WEB_FUZZ_SEED={seed}: {n} requests, {answers}")
        # Nothing, or an answer of HTTP; and it is never the gateway that failed.
        for answer in answers:
            self.assertRegex(answer, r"^$|^HTTP/1\.[01] ([234]..|501|505)$", answers)
        self.assertGreaterEqual(len(answers), 4, "the requests are of many kinds")
        self.assertEqual(self.web.get("/healthz").status, 200)
        self.assertFalse(self.server.pennyline.kill_switch)
        self.assertNotIn("test start", self.server.pennyline.n_asked)

    def test_a_thousand_connections_at_once_are_borne(self):
        sockets = []
        try:
            for _ in range(1000):
                s = socket.create_connection(("127.0.0.1", self.web.port), timeout=PATIENCE_S)
                s.sendall(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
                sockets.append(s)
            answered = sum(s.recv(12) == b"HTTP/1.1 200" for s in sockets)
            self.assertEqual(answered, 1000)
        finally:
            for s in sockets:
                s.close()
        wait_until(lambda: self.web.get("/healthz").status == 200)

    def test_pennyline_is_asked_no_more_for_a_flood(self):
        wait_until(lambda: self.server.pennyline.n_asked.get("status", 0) > 2)

        def asked(seconds):
            before = sum(self.server.pennyline.n_asked.values())
            began = time.monotonic()
            while time.monotonic() < began + seconds:
                yield
            n_asked = sum(self.server.pennyline.n_asked.values()) - before
            self.asked_per_second = n_asked / (time.monotonic() - began)
        for _ in asked(2):
            self.web.get("/api/v1/aggregates?count=50")
            self.web.get("/api/v1/aggregates/1")
        # Two rounds and two states per second each, and the one report five times.
        self.assertLess(self.asked_per_second, 30)


class Names(World):
    n_aggregates = 10
    arguments = ("--host", "noc.example,pennyline.example.")

    def by_name(self, host, method="GET", path="/api/v1/status", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.web.ask(method, path, headers={"Host": host, **headers})

    def test_a_foreign_name_that_points_here_gets_nothing(self):
        for path in ("/", "/api/v1/status", "/metrics", "/healthz", "/nothing"):
            self.refused(self.by_name("evil.example:9464", path=path), 421, "--host")
        for host in ("evil.localhost.example", "localhost.evil.example", "xlocalhost", "noc.example.org",
                     "127.0.0.1.evil.example", "0x7f.1", "127.1", "localhost:80:80", "[::1", "::1",
                     "localhost@evil.example", "[noc.example", "noc.example, evil.example", "*", ".",
                     "a" * 300):
            self.assertEqual(self.by_name(host).status, 421, host)

    def test_addresses_localhost_and_given_names_are_taken(self):
        for host in ("127.0.0.1", f"127.0.0.1:{self.web.port}", "192.0.2.1:80", "[::1]:9464", "[::1]",
                     "localhost", "LocalHost:9464", "localhost.", "noc.example", "NOC.example:443",
                     "noc.example."):
            self.assertEqual(self.by_name(host).status, 200, host)

    def test_pages_of_other_sites_change_nothing(self):
        own = f"127.0.0.1:{self.web.port}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{self.web.port + 1}",
                       f"http://{own}.evil.example", f"http://evil.example/?://{own}", own, ""):
            reply = self.web.ask("PUT", "/api/v1/kill-switch", '{"on": true}',
                                 {**headers, "Origin": origin})
            self.refused(reply, 403, "a page of")
        self.assertFalse(self.server.pennyline.kill_switch)
        reply = self.web.ask("PUT", "/api/v1/kill-switch", '{"on": false}',
                             {**headers, "Origin": f"http://{own}"})
        self.assertEqual(reply.status, 200, reply.body)

    def test_no_other_site_is_let_read(self):
        reply = self.by_name("localhost", Origin="https://evil.example")
        self.assertFalse([name for name in reply.headers if name.startswith("Access-Control")])


class Rate(World):
    n_aggregates = 10
    arguments = ("--requests-per-second", "5")

    def test_too_many_requests_are_told_to_wait(self):
        # In one piece, so that it is the gateway's pace that counts and not the test's.
        request = b"GET /api/v1/kill-switch HTTP/1.1\r\nHost: localhost\r\n\r\n"
        received = self.web.raw(80 * request, timeout_s=PATIENCE_S)
        first = received[received.index(b"HTTP/1.1 429"):].split(b"HTTP/1.1", 2)[1]
        self.assertIn(b"5 requests per second", first)
        self.assertIn(b"\r\nRetry-After: 1\r\n", first)


class Connections(World):
    n_aggregates = 10
    arguments = ("--max-connections", "16", "--max-connections-per-address", "12", "--idle-timeout", "600")

    @contextlib.contextmanager
    def held(self, n, address="127.0.0.1"):
        """Connections with a request that does not end."""
        with contextlib.ExitStack() as stack:
            sockets = []
            for _ in range(n):
                sockets.append(stack.enter_context(socket.socket()))
                sockets[-1].settimeout(PATIENCE_S)
                sockets[-1].bind((address, 0))
                sockets[-1].connect(("127.0.0.1", self.web.port))
                sockets[-1].sendall(HELD)
            yield sockets

    def n_closed(self, sockets):
        return len(select.select(sockets, [], [], 0)[0])

    def answers(self):
        return self.web.raw(HELD + b"\r\n", timeout_s=0.3).startswith(b"HTTP/1.1 200")

    def test_one_address_has_so_many_connections_and_no_more(self):
        with self.held(20) as sockets:
            wait_until(lambda: self.n_closed(sockets) >= 20 - 12)
            # The connection that asked whether all had been heard of counts until the gateway sees its end.
            self.assertLessEqual(self.n_closed(sockets), 20 - 12 + 1)
        wait_until(self.answers, what="giving back the room")

    def test_when_all_are_taken_others_wait_their_turn(self):
        with self.held(10, "127.0.0.2"), self.held(10, "127.0.0.3"):
            self.assertFalse(self.answers())
        wait_until(self.answers, what="giving back the room")


class Idle(World):
    n_aggregates = 10
    arguments = ("--idle-timeout", "1")

    def test_who_sends_nothing_is_cut_off(self):
        with socket.create_connection(("127.0.0.1", self.web.port), timeout=PATIENCE_S) as s:
            s.sendall(HELD)
            self.assertEqual(s.recv(1000), b"")


class SlowRequests(World):
    n_aggregates = 10
    arguments = ("--idle-timeout", "1")

    def test_who_sends_a_byte_now_and_then_is_cut_off(self):
        """A connection is never without traffic for long, and its request never ends."""
        with socket.create_connection(("127.0.0.1", self.web.port), timeout=0.2) as s:
            s.sendall(HELD + b"X: ")

            def is_cut():
                try:
                    s.sendall(b"x")
                    return s.recv(1) == b""
                except TimeoutError:
                    return False
                except OSError:
                    return True
            wait_until(is_cut, what="to be cut off")


class UnreadReplies(World):
    """Each reply waits in memory until it is read: 5 MB for 10,000 aggregates."""
    n_aggregates = 4000
    arguments = ("--max-connections-per-address", "0")
    N, BUDGET = 120, 128 << 20

    def metric(self, name):
        return float(self.web.get("/metrics").body.decode().split(f"\npennyline_web_{name} ")[1].split("\n")[0])

    def ask_and_not_read(self, stack, address):
        s = stack.enter_context(socket.socket())
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.bind((address, 0))
        s.connect(("127.0.0.1", self.web.port))
        s.sendall(b"GET /api/v1/aggregates?count=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return s

    def test_all_together_have_a_bound_and_so_has_each_address(self):
        whole = len(self.web.get("/api/v1/aggregates?count=10000").body)
        self.assertGreater(self.N * whole, 1.5 * self.BUDGET)
        with contextlib.ExitStack() as stack:
            requests = self.metric("requests_total")
            for _ in range(self.N):
                self.ask_and_not_read(stack, "127.0.0.2")
            wait_until(lambda: self.metric("requests_total") >= requests + self.N)
            self.assertLessEqual(self.metric("reply_bytes"), self.BUDGET / 4)
            self.assertGreater(self.metric("reply_bytes"), self.BUDGET / 4 - 2 * whole)
            # Whoever else asks notices nothing of it.
            self.assertEqual(self.web.get("/api/v1/aggregates?count=10000").status, 200)
            requests = self.metric("requests_total")
            for i in range(self.N):
                self.ask_and_not_read(stack, f"127.0.0.{3 + i % 8}")
            wait_until(lambda: self.metric("requests_total") >= requests + self.N)
            self.assertLessEqual(self.metric("reply_bytes"), self.BUDGET)
            self.assertGreater(self.metric("reply_bytes"), self.BUDGET - 2 * whole)
            self.refused(self.web.get("/api/v1/aggregates?count=10000"), 503, "read them first")
            for path in ("/healthz", "/metrics", "/api/v1/status", "/api/v1/aggregates?count=50"):
                self.assertEqual(self.web.get(path).status, 200)
        wait_until(lambda: self.metric("reply_bytes") == 0)
        self.assertEqual(self.web.get("/api/v1/aggregates?count=10000").status, 200)


class Transport(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pennyline-fake-")
        self.control = os.path.join(self.folder.name, "control.sock")
        self.server = fake_pennyline.Server(self.control, 3)

    def tearDown(self):
        self.server.stop()
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def ask_path(self, path):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(b"GET /api/v1 HTTP/1.0\r\n\r\n")
            return s.recv(4096)

    def answers(self, path):
        try:
            return self.ask_path(path).startswith(b"HTTP/1.1 200")
        except (FileNotFoundError, ConnectionRefusedError):  # it is still on its way
            return False

    def test_a_unix_socket_is_for_its_user_and_group(self):
        path = self.path("http.sock")
        web = Gateway(PROGRAM, self.control, listen=path)
        self.addCleanup(web.kill)
        self.assertTrue(self.ask_path(path).startswith(b"HTTP/1.1 200"))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        web.close()
        self.assertFalse(os.path.exists(path))

    def test_a_unix_socket_of_another_server_is_left_alone(self):
        """Also of one that takes nobody now, since those who wait fill its backlog."""
        path = self.path("http.sock")
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(path)
        server.listen(0)
        while True:
            waiting = socket.socket(socket.AF_UNIX)
            self.addCleanup(waiting.close)
            waiting.setblocking(False)
            if waiting.connect_ex(path) != 0:
                break
        inode = os.stat(path).st_ino
        run = subprocess.run([PROGRAM, "--socket", self.control, "--listen", path], stderr=subprocess.PIPE,
                             text=True, timeout=30)
        self.assertEqual(run.returncode, 1)
        self.assertIn("another process answers there", run.stderr)
        self.assertEqual(os.stat(path).st_ino, inode)

    def test_a_unix_socket_that_another_put_there_is_left_at_the_end(self):
        path = self.path("http.sock")
        web = Gateway(PROGRAM, self.control, listen=path)
        self.addCleanup(web.kill)
        os.rename(path, path + ".first")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            web.close()
            self.assertTrue(os.path.exists(path))

    def test_a_stale_unix_socket_is_replaced_and_a_file_is_not(self):
        path = self.path("http.sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
        web = Gateway(PROGRAM, self.control, listen=path)
        self.addCleanup(web.kill)
        self.assertTrue(self.ask_path(path).startswith(b"HTTP/1.1 200"))
        web.close()
        with open(path, "w", encoding="utf-8") as file:
            file.write("precious")
        run = subprocess.run([PROGRAM, "--socket", self.control, "--listen", path], stderr=subprocess.PIPE,
                             text=True, timeout=30)
        self.assertEqual(run.returncode, 1)
        self.assertIn("no socket lies there", run.stderr)
        self.assertTrue(os.path.isfile(path))

    def test_a_stale_unix_socket_is_left_to_the_one_that_takes_it_just_now(self):
        """Until it listens, its fresh socket looks as stale as the old one."""
        path = self.path("http.sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
        inode = os.stat(path).st_ino
        with open(path + ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            run = subprocess.run([PROGRAM, "--socket", self.control, "--listen", path], stderr=subprocess.PIPE,
                                 text=True, timeout=PATIENCE_S)
            self.assertEqual(run.returncode, 1)
            self.assertIn("another process is starting there", run.stderr)
            self.assertEqual(os.stat(path).st_ino, inode)
        web = Gateway(PROGRAM, self.control, listen=path)
        self.addCleanup(web.kill)
        self.assertTrue(self.ask_path(path).startswith(b"HTTP/1.1 200"))
        self.assertFalse(os.path.exists(path + ".lock"))
        web.close()

    def test_of_many_that_start_at_once_one_serves_and_the_others_say_why_not(self):
        path = self.path("http.sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
        runs = [subprocess.Popen([PROGRAM, "--socket", self.control, "--listen", path],
                                 stderr=subprocess.PIPE, text=True) for _ in range(6)]
        try:
            wait_until(lambda: sum(r.poll() is not None for r in runs) == 5, "the end of all but one")
            wait_until(lambda: self.answers(path), "an answer")
            for run in runs:
                if run.poll() is not None:
                    self.assertRegex(run.stderr.read(), "another process (answers|is starting) there")
        finally:
            for run in runs:
                run.terminate()
                run.wait()
                run.stderr.close()

    @unittest.skipIf(os.geteuid() != 0, "only root may give files away")
    def test_a_unix_socket_is_given_to_the_group_of_a_proxy(self):
        path = self.path("http.sock")
        group = grp.getgrall()[-1]
        web = Gateway(PROGRAM, self.control, "--listen-group", group.gr_name, listen=path)
        self.addCleanup(web.kill)
        self.assertEqual(os.stat(path).st_gid, group.gr_gid)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        web.close()

    def speaks(self, web, version):
        """This version and no other; old ones need OpenSSL's lowest security level."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        with socket.create_connection(("127.0.0.1", web.port), 5) as s:
            try:
                with context.wrap_socket(s, server_hostname="localhost") as tls:
                    return tls.version() is not None
            except (ssl.SSLError, ConnectionError):
                return False

    def test_tls_is_served_and_nothing_but_tls(self):
        key, certificate = self.path("key.pem"), self.path("certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        web = Gateway(PROGRAM, self.control, "--tls-certificate", certificate, "--tls-key", key,
                      trusted=certificate)
        self.addCleanup(web.kill)
        web.wait_complete()
        self.assertEqual(web.change("PUT", "/api/v1/kill-switch", '{"on": true}').status, 200)
        self.assertNotIn(b"200", web.raw(b"GET /api/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        with self.assertRaises(ssl.SSLError):
            with socket.create_connection(("127.0.0.1", web.port), 5) as s:
                ssl.create_default_context().wrap_socket(s, server_hostname="localhost")
        self.assertIn("max-age=", web.get("/").headers["Strict-Transport-Security"])
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.assertEqual(self.speaks(web, version), version >= ssl.TLSVersion.TLSv1_2, version)
        web.close()


class Start(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pennyline-fake-")
        self.control = os.path.join(self.folder.name, "control.sock")

    def tearDown(self):
        self.folder.cleanup()

    def test_without_a_token_file_nothing_may_be_changed(self):
        server = fake_pennyline.Server(self.control, 3)
        web = Gateway(PROGRAM, self.control, token=False)
        self.addCleanup(web.kill)
        self.assertEqual(web.change("PUT", "/api/v1/kill-switch", '{"on": true}').status, 403)
        web.close()
        server.stop()

    def test_it_says_which_port_it_got(self):
        web = Gateway(PROGRAM, self.control, listen="127.0.0.1:0")
        self.addCleanup(web.kill)
        web.port = int(web.log().split("listening on 127.0.0.1:")[1].split("\n")[0])
        self.assertEqual(web.get("/api/v1").status, 200)
        web.close()

    def test_what_is_wrong_at_start_is_said(self):
        web = Gateway(PROGRAM, self.control)
        self.addCleanup(web.kill)
        for arguments, words in (
                (["--token-file", web.write("open", "x" * 32, 0o644)], "chmod o="),
                (["--token-file", web.write("writable", "x" * 32, 0o602)], "chmod o="),
                (["--token-file", web.write("short", "x" * 8)], "openssl rand"),
                (["--token-file", "/nonexistent/token"], "No such file"),
                (["--listen", "nowhere"], "ADDRESS:PORT"),
                (["--listen", "127.0.0.1:99999"], "0 to 65535"),
                (["--listen", "127.0.0.1:65536"], "0 to 65535"),
                (["--listen", "127.0.0.1:-1"], "0 to 65535"),
                (["--listen", f"127.0.0.1:{web.port}"], "in use"),
                (["--page", "/nonexistent"], "--page"),
                (["--listen", os.path.join(self.folder.name, "s"), "--listen-group", "no-such-group"],
                 "--listen-group"),
                (["--user", "no-such-user"], "no such user"),
                (["--tls-certificate", web.token_file, "--tls-key", web.token_file],
                 "certificate and key"),
                (["--webhook", "http://127.0.0.1:1/", "--webhook-queue", "/nonexistent"],
                 "--webhook-queue")):
            run = subprocess.run([PROGRAM, "--socket", self.control, "--listen", "127.0.0.1:0",
                                  *arguments], stderr=subprocess.PIPE, text=True, timeout=30)
            self.assertEqual(run.returncode, 1, (arguments, run.stderr))
            self.assertIn(words, run.stderr)
        web.close()


class ReadersWithToken(World):
    """Two secrets: one for reading, one for all."""

    READ = "reading-0123456789abcdef"
    n_aggregates = 10

    @classmethod
    def setUpClass(cls):
        cls.secret = tempfile.NamedTemporaryFile("w", suffix=".token")
        cls.secret.write(cls.READ + "\n")
        cls.secret.flush()
        os.chmod(cls.secret.name, 0o600)
        cls.folder = tempfile.TemporaryDirectory(prefix="pennyline-fake-")
        cls.control = os.path.join(cls.folder.name, "control.sock")
        cls.server = fake_pennyline.Server(cls.control, cls.n_aggregates, step_s=0.1)
        cls.web = Gateway(PROGRAM, cls.control, "--read-token-file", cls.secret.name)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.secret.close()

    def get(self, path, token=None):
        return self.web.ask("GET", path, None, {"Authorization": f"Bearer {token}"} if token else {})

    def test_what_is_known_is_for_those_with_a_token(self):
        for path in ("/api/v1/status", "/api/v1/aggregates", "/api/v1/events", "/metrics", "/api/v1"):
            self.refused(self.get(path), 401, "missing")
            self.refused(self.get(path, "wrong-0123456789abcdef"), 401, "wrong")
            for token in (self.READ, TOKEN):
                self.assertEqual(self.get(path, token).status, 200, path)

    def test_probes_need_none(self):
        wait_until(lambda: self.get("/healthz").status == 200)

    def test_who_may_read_changes_nothing(self):
        self.refused(self.web.change("PUT", "/api/v1/kill-switch", '{"on": true}', self.READ), 401, "wrong")
        self.assertFalse(self.server.pennyline.kill_switch)


if __name__ == "__main__":
    main()
