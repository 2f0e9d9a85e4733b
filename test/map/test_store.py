#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""test_store.py PENNYLINE_MAP: what pennyline-map remembers, and where it sends alarms."""

import glob
import http.server
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

PROGRAM = os.path.abspath(sys.argv.pop(1))
DEADLINE_S = 60


def wait_until(is_so, what="it"):
    """Waits for the event, not for the time; the deadline only ends what never comes."""
    end = time.monotonic() + DEADLINE_S
    while not (value := is_so()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come")
        time.sleep(0.02)
    return value


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def alarm(number, state="raised", news="began", event="ingress_alarm", at=None, **more):
    at = time.time() if at is None else at
    row = {"time": rfc3339(at), "monotonic_s": 1.0, "event": event, "id": f"{number:016x}", "news": news,
           "state": state, "kind": "unexpected_genuine", "severity": "critical", "prefix": f"198.51.{number % 256}.0/24",
           "ingress": "peer-1", "from": None, "raised": rfc3339(at - 5), "ended": rfc3339(at) if news == "ended" else None,
           "accepted_until": None, "duration_s": 5.0, "members": 1, "members_ever": 1, "examples": [], "packets": 10,
           "bytes": 1000, "text": f"alarm {number}"}
    row.update(more)
    return row


def verdict(prefix, value, number=0):
    return {"time": rfc3339(time.time()), "monotonic_s": 1.0, "event": "verdict", "aggregate": number, "name": "x",
            "slice": "s", "prefix": prefix,
            "report": {"verdict": value, "reason": "evidence", "slice": "s", "dropped": 5, "flows": ["x"] * 100}}


class Place(unittest.TestCase):
    """A folder with a log, and the program that follows it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pennyline-map-")
        self.addCleanup(folder.cleanup)
        self.folder, self.process = folder.name, None
        self.log, self.store = self.path("events.jsonl"), self.path("map.db")
        self.addCleanup(self.kill)
        open(self.log, "w", encoding="utf-8").close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *options):
        self.said = open(self.path("said"), "a+", encoding="utf-8")
        self.addCleanup(self.said.close)
        self.process = subprocess.Popen([PROGRAM, "run", "-s", self.store, "--event-log", self.log, *options],
                                        stderr=self.said)
        wait_until(lambda: "following" in self.words() or self.process.poll() is not None, "its first word")
        self.assertIn("following", self.words())

    def words(self):
        with open(self.path("said"), encoding="utf-8") as file:
            return file.read()

    def kill(self, how=signal.SIGKILL):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(DEADLINE_S)
            self.process = None
            os.truncate(self.path("said"), 0)

    def write(self, *events):
        with open(self.log, "a", encoding="utf-8") as file:
            file.write("".join(json.dumps(e) + "\n" for e in events))

    def ask(self, *words):
        run = subprocess.run([PROGRAM, *words, "-s", self.store, "--json"], capture_output=True, text=True, check=True)
        return json.loads(run.stdout)

    def history(self, *words):
        return self.ask("history", "--count", "1000000", *words)


class TheStore(Place):
    def test_what_happened_is_told_latest_first(self):
        self.start()
        self.write(verdict("192.0.2.0/24", "closed_loop"), alarm(1), verdict("198.51.1.0/24", "not_closed_loop"),
                   {"time": rfc3339(time.time()), "event": "drop_made"}, alarm(1, "cleared", "ended"), alarm(2))
        rows = wait_until(lambda: len(r := self.history()) == 5 and r)
        self.assertEqual([(r["what"], r["value"]) for r in rows],
                         [("ingress_alarm", "raised"), ("ingress_alarm", "cleared"), ("verdict", "not_closed_loop"),
                          ("ingress_alarm", "raised"), ("verdict", "closed_loop")])
        self.assertEqual(len(self.history("198.51.1.0/24")), 3)
        self.assertEqual([a["id"] for a in self.ask("alarms")], [f"{2:016x}"])
        self.assertEqual(len(self.ask("alarms", "--all")), 2)
        # The report is long, and of no use later.
        self.assertNotIn("flows", rows[2]["event"])

    def test_kill_9_loses_nothing_and_takes_nothing_twice(self):
        self.start()
        n = 0
        for _ in range(5):
            for _ in range(40):
                self.write(*(alarm(n + i) for i in range(50)))
                n += 50
            # In the middle of it, wherever that is.
            self.kill()
            self.start()
        rows = wait_until(lambda: len(r := self.history()) >= n and r)
        self.assertEqual([int(r["event"]["id"], 16) for r in reversed(rows)], list(range(n)))

    def test_what_the_log_got_while_nobody_read_it_is_read_later(self):
        self.start()
        self.write(alarm(0))
        wait_until(lambda: len(self.history()) == 1)
        self.kill()
        self.write(alarm(1))
        os.rename(self.log, self.log + ".1")
        self.write(alarm(2))
        self.start()
        rows = wait_until(lambda: len(r := self.history()) == 3 and r)
        self.assertEqual([int(r["event"]["id"], 16) for r in rows], [2, 1, 0])

    def test_a_broken_file_is_set_aside_and_said(self):
        self.start()
        self.write(*(alarm(i) for i in range(500)))
        wait_until(lambda: len(self.history()) == 500)
        self.kill(signal.SIGTERM)
        with open(self.store, "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 40960)
        self.start()
        self.assertIn("ANOTHER ONE IS BEGUN", self.words())
        self.assertEqual(len([p for p in glob.glob(self.store + ".set-aside-*") if not re.search("-(wal|shm)$", p)]), 1)
        self.write(alarm(7))
        wait_until(lambda: len(self.history()) == 1)

    def test_what_is_no_store_is_set_aside_and_not_read(self):
        with open(self.store, "w", encoding="utf-8") as file:
            file.write("something else\n" * 1000)
        run = subprocess.run([PROGRAM, "alarms", "-s", self.store], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("no store", run.stderr)
        self.start()
        self.assertIn("ANOTHER ONE IS BEGUN", self.words())

    def test_one_of_another_version_is_set_aside(self):
        with sqlite3.connect(self.store) as db:
            db.execute("CREATE TABLE t(x)")
            db.execute("PRAGMA user_version = 99")
        db.close()
        self.start()
        self.assertIn("another version", self.words())

    def test_a_disk_that_takes_nothing_loses_nothing(self):
        self.start()
        self.write(alarm(0))
        wait_until(lambda: len(self.history()) == 1)
        # A writer that holds the file for longer than anybody waits.
        other = sqlite3.connect(self.store, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.write(alarm(1), alarm(2))
        wait_until(lambda: "a write failed" in self.words())
        other.execute("ROLLBACK")
        self.write(alarm(3))
        rows = wait_until(lambda: len(r := self.history()) == 4 and r)
        self.assertEqual([int(r["event"]["id"], 16) for r in rows], [3, 2, 1, 0])

    def test_what_is_older_than_so_many_days_is_forgotten(self):
        day_s = 86400
        self.start("--keep-days", "10")
        self.write(*(alarm(i, "cleared", "ended", at=time.time() - 11 * day_s) for i in range(5000)),
                   alarm(9999, at=time.time() - 11 * day_s), alarm(6000, "cleared", "ended", at=time.time() - 9 * day_s))
        # Each turn makes a commit, and forgets when it is time.
        def rows():
            self.write({"time": rfc3339(time.time()), "event": "ingress_discovered", "ingress": "x"})
            return self.ask("alarms", "--all")
        wait_until(lambda: len(rows()) == 2)
        # One that is up is never forgotten.
        self.assertEqual({int(a["id"], 16) for a in rows()}, {9999, 6000})

    def test_the_oldest_is_forgotten_above_so_many_mib(self):
        self.start("--keep-mib", "1", "--keep-days", "0")
        n = 0
        def is_small():
            nonlocal n
            self.write(*(alarm(n + i, "cleared", "ended") for i in range(20)))
            n += 20
            with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as db:
                least, count = db.execute("SELECT min(number), count(*) FROM transition").fetchone()
            db.close()
            return count and least > 1
        self.write(*(alarm(n + i, "cleared", "ended") for i in range(4000)))
        n += 4000
        wait_until(is_small)


class UdpReceiver:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.target = f"udp:127.0.0.1:{self.socket.getsockname()[1]}"

    def next(self):
        self.socket.settimeout(DEADLINE_S)
        return self.socket.recv(65536).decode()


RFC5424 = re.compile(r'<(\d+)>1 (\S+) (\S+) pennyline - INGRESS \[ingress@32473((?: \w+="(?:[^"\\\]]|\\.)*")+)\] '
                     "\ufeff(.*)", re.S)


class Syslog(Place):
    def test_udp(self):
        receiver = UdpReceiver()
        self.addCleanup(receiver.socket.close)
        self.start("--syslog", receiver.target, "--syslog-facility", "3")
        self.write(alarm(1, text='it "said" ]'), alarm(2, event="ingress_alarm_muted"), alarm(1, "cleared", "ended"))
        first, second = RFC5424.fullmatch(receiver.next()), RFC5424.fullmatch(receiver.next())
        self.assertEqual((first[1], first[3], first[5]), (str(3 * 8 + 2), socket.gethostname(), 'it "said" ]'))
        self.assertIn(' kind="unexpected_genuine"', first[4])
        self.assertEqual(second[1], str(3 * 8 + 5))
        self.assertIn(' news="ended"', second[4])

    def test_a_receiver_that_was_away_gets_what_it_missed(self):
        port = free_port()
        self.start("--syslog", f"tcp:127.0.0.1:{port}")
        self.write(*(alarm(i) for i in range(250)))
        wait_until(lambda: "tried again" in self.words())
        self.kill()
        self.start("--syslog", f"tcp:127.0.0.1:{port}")
        with socket.create_server(("127.0.0.1", port)) as server:
            server.settimeout(DEADLINE_S)
            connection, _ = server.accept()
            data = b""
            while data.count(b"ingress@32473") < 250 or not data.endswith(b"alarm 249"):
                data += connection.recv(65536)
            connection.close()
        # Octet counting: RFC 6587, section 3.4.1.
        lines = []
        while data:
            n, data = data.split(b" ", 1)
            lines.append(data[:int(n)].decode())
            data = data[int(n):]
        self.assertEqual([RFC5424.fullmatch(line)[5] for line in lines], [f"alarm {i}" for i in range(250)])

    @unittest.skipUnless(shutil.which("rsyslogd"), "no rsyslogd here")
    def test_rsyslog_takes_it_apart(self):
        out, config, port = self.path("rsyslog.out"), self.path("rsyslog.conf"), free_port()
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'module(load="imtcp")\ninput(type="imtcp" port="{port}")\n'
                       'template(name="t" type="list") { property(name="app-name") constant(value="|") '
                       'property(name="msgid") constant(value="|") property(name="syslogseverity-text") '
                       'constant(value="|") property(name="structured-data") constant(value="|") '
                       'property(name="msg") constant(value="\\n") }\n'
                       f'*.* action(type="omfile" file="{out}" template="t")\n')
        rsyslog = subprocess.Popen([shutil.which("rsyslogd"), "-n", "-f", config, "-i", self.path("pid")],
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(rsyslog.wait)
        self.addCleanup(rsyslog.kill)
        self.start("--syslog", f"tcp:127.0.0.1:{port}")
        self.write(alarm(1, ingress="a ] b"))
        def line():
            if not os.path.exists(out):
                return None
            with open(out, encoding="utf-8") as file:
                return [text for text in file.read().splitlines() if "alarm 1" in text]
        app, name, severity, data, text = wait_until(line)[0].split("|")
        self.assertEqual((app, name, severity), ("pennyline", "INGRESS", "crit"))
        self.assertIn('ingress="a \\] b"', data)
        self.assertIn("alarm 1", text)


class Posts(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        code = self.server.codes.pop(0) if self.server.codes else 200
        self.server.posts.append((self.path, json.loads(body), code))
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Alertmanager(Place):
    def serve(self, codes=()):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Posts)
        server.codes, server.posts = list(codes), []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server, f"http://127.0.0.1:{server.server_port}"

    def test_what_is_up_is_posted_again_and_its_end_too(self):
        server, url = self.serve([503])
        self.start("--alertmanager", url, "--alertmanager-interval", "1", "--box", "pop1")
        self.write(alarm(1), alarm(2, event="ingress_alarm_muted"), alarm(3, "acknowledged", "acknowledged"))
        wait_until(lambda: sum(code == 200 for *_, code in server.posts) >= 3)
        path, alerts, _ = server.posts[-1]
        self.assertEqual(path, "/api/v2/alerts")
        self.assertEqual([a["annotations"]["id"] for a in alerts], [f"{1:016x}", f"{3:016x}"])
        self.assertEqual(alerts[0]["labels"], {"alertname": "pennyline_ingress", "box": "pop1", "prefix": "198.51.1.0/24",
                                               "kind": "unexpected_genuine", "ingress": "peer-1"})
        self.assertNotIn("endsAt", alerts[0])
        self.write(alarm(1, "cleared", "ended"))
        wait_until(lambda: "endsAt" in next(a for a in server.posts[-1][1] if a["labels"]["prefix"] == "198.51.1.0/24"))

    @unittest.skipUnless(shutil.which("prometheus-alertmanager"), "no prometheus-alertmanager here")
    def test_the_real_one(self):
        port, config = free_port(), self.path("alertmanager.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("route:\n  receiver: none\nreceivers:\n  - name: none\n")
        process = subprocess.Popen(["prometheus-alertmanager", f"--config.file={config}",
                                    f"--storage.path={self.path('am')}", f"--web.listen-address=127.0.0.1:{port}",
                                    "--cluster.listen-address="], stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        url = f"http://127.0.0.1:{port}"

        def alerts():
            try:
                with urllib.request.urlopen(url + "/api/v2/alerts", timeout=5) as reply:
                    return json.load(reply)
            except OSError:
                return None
        wait_until(lambda: alerts() is not None, "Alertmanager")
        self.start("--alertmanager", url, "--alertmanager-interval", "1", "--box", "pop1")
        self.write(alarm(1), alarm(2, prefix=None, ingress="peer-2", kind="not_for_us"))
        both = wait_until(lambda: len(a := alerts()) == 2 and a)
        one = next(a for a in both if a["labels"]["kind"] == "unexpected_genuine")
        self.assertEqual(one["status"]["state"], "active")
        self.assertEqual(one["annotations"]["summary"], "alarm 1")
        # A restart is not seen, and an end is.
        self.kill()
        self.start("--alertmanager", url, "--alertmanager-interval", "1", "--box", "pop1")
        self.write(alarm(1, "cleared", "ended"))
        left = wait_until(lambda: len(a := alerts()) == 1 and a)
        self.assertEqual(left[0]["labels"]["kind"], "not_for_us")


class Usage(unittest.TestCase):
    def test_targets_that_cannot_work_are_refused_by_name(self):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log")
            open(log, "w", encoding="utf-8").close()
            for options, allowed in ((("--syslog", "udp:nowhere"), "udp:HOST:PORT"), (("--syslog", "x"), "unix:/PATH"),
                                     (("--alertmanager", "ftp://x"), "an URL of http or https")):
                run = subprocess.run([PROGRAM, "run", "-s", os.path.join(folder, "db"), "--event-log", log, *options],
                                     capture_output=True, text=True, check=False, timeout=DEADLINE_S)
                self.assertEqual(run.returncode, 1)
                self.assertIn(allowed, run.stderr)
            for options in (("--keep-days", "x"), ("--syslog-facility", "24"), ("--count", "0")):
                run = subprocess.run([PROGRAM, "alarms", "-s", "x", *options], capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, 2)
                self.assertIn("allowed: a whole number from", run.stderr)


if __name__ == "__main__":
    unittest.main()
