# SPDX-License-Identifier: BSD-3-Clause
"""`pennyline sources`: one command that counts what a host gets, serves it, and leaves all else alone. A real
Prometheus scrapes three windows."""

import collections
import json
import os
import shutil
import signal
import sys
import time
import unittest
import urllib.parse

import crowd
import netlab
import pennyline

WINDOW_S = 10
PORT = 3031
CROWD = os.path.join(os.path.dirname(os.path.abspath(crowd.__file__)), "crowd.py")
SIZES = (240, 90, 150)
TAKE = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print('taken'); time.sleep(99)"
UDP = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
ECHO = UDP + "s.bind(('10.0.2.9', 7)); print('ready')\nwhile True: s.sendto(*s.recvfrom(99))"
# As many as there are, not only as many as there should be.
ASK = UDP + """s.settimeout(2); n = 0
for i in range(5): s.sendto(b'x', ('10.0.2.9', 7))
try:
    while s.recv(99): n += 1
except TimeoutError: print(n, 'answers')"""
SEND = UDP + "s.sendto(b'x', ('10.0.2.1', 53))"


class Looking:
    """The command in a lab's box."""

    def __init__(self, lab, *options):
        self.lab = lab
        self.process = lab.box.start(
            pennyline.program("pennyline"), "sources", "--in", "portA", "--ports", "80,53", "--window", WINDOW_S,
            "--server-port", PORT, "--serve-ip-list", "--json", *options,
            "--", "--lcores", f"0@0,1@{1 % os.cpu_count()}", "--no-pci", "--in-memory", "--file-prefix",
            os.path.basename(lab.folder))
        self.process.wait_for("listening on", 30)

    def windows(self):
        return [json.loads(line)["window"] for line in self.process.output().splitlines()]

    def whole(self):
        return [w for w in self.windows() if not w["short"]]

    def token(self):
        return self.process.errors().split("Bearer ")[1].split("'")[0]

    def get(self, path, *options):
        return self.lab.box.run("curl", "-s", *options, f"http://127.0.0.1:{PORT}{path}")

    def gateway(self):
        """The process that serves."""
        with open(f"/proc/{self.process.child.pid}/task/{self.process.child.pid}/children", encoding="utf-8") as file:
            children = [int(pid) for pid in file.read().split()]
        for pid in children:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                if file.read().startswith("pennyline-web"):
                    return pid
        return None


def counts(window):
    return {(c["network"], c["transport"], c["port"]): c["sources"] for c in window["counts"]}


def expected_of(first, count):
    out = collections.Counter()
    for number in range(first, first + count):
        out.update(crowd.keys(number))
    return dict(out)


def state_of(namespace, device):
    """All that somebody may set of an interface."""
    link = json.loads(namespace.run("ip", "-j", "-d", "link", "show", device))[0]
    kept = {key: link.get(key) for key in ("flags", "mtu", "promiscuity", "qdisc", "xdp", "operstate")}
    return kept, namespace.run("ethtool", "-k", device)


def await_begin_of_window():
    while time.time() % WINDOW_S > 1:
        time.sleep(0.05)


class OneCommand(unittest.TestCase):
    def send(self, lab, first, count):
        lab.upstream.run(CROWD, "up0", first, count, 2, 400)


    def test_it_counts_serves_and_changes_nothing(self):
        with netlab.Path() as lab:
            lab.box.addresses("portA", "10.0.2.9/24")
            before = state_of(lab.box, "portA")
            received = self.received(lab)
            looking = Looking(lab)
            self.assertEqual(state_of(lab.box, "portA")[1], before[1])
            await_begin_of_window()
            self.send(lab, 0, 300)
            # The host still hears and answers, once.
            lab.box.start(sys.executable, "-u", "-c", ECHO).wait_for("ready")
            self.assertEqual(lab.upstream.run(sys.executable, "-c", ASK), "5 answers\n")
            # What the host sends is not counted, though it goes to a port that is.
            lab.box.run(sys.executable, "-c", SEND)
            netlab.wait_until("the window", lambda: looking.whole(), 3 * WINDOW_S)
            self.assertEqual(counts(looking.whole()[0]), expected_of(0, 300))
            self.check_served(looking, 300)
            self.assertEqual(self.received(lab), received, "nothing is sent on")
            self.assertEqual(looking.process.stop(), 0)
            self.assertEqual(state_of(lab.box, "portA"), before)
            self.assertEqual([d for d in os.listdir("/run") if d.startswith("pennyline-sources-")], [])

    def received(self, lab):
        return json.loads(lab.downstream.run("ip", "-j", "-s", "link", "show", "down0"))[0]["stats64"]["rx"]["packets"]

    def check_served(self, looking, n):
        expected = expected_of(0, n)
        # The gateway asks once a second.
        netlab.wait_until("it is served", lambda: "\nactive_users{" in looking.get("/metrics"))
        metrics = looking.get("/metrics")
        for (network, transport, port), sources in expected.items():
            self.assertIn(f'active_users{{network="{network}",transport="{transport}",port="{port}"}} {sources}\n', metrics)
        self.assertIn("missing", looking.get("/list"))
        items = json.loads(looking.get("/list", "-H", f"Authorization: Bearer {looking.token()}"))
        self.assertEqual(collections.Counter((i["network"], i["transport"], i["port"]) for i in items), expected)
        wanted = {(str(crowd.source(k, int(key[0][3]))), *key) for k in range(n) for key in crowd.keys(k)}
        self.assertEqual({tuple(i[f] for f in ("ip", "network", "transport", "port")) for i in items}, wanted)

    def test_who_serves_is_nobody_and_ends_with_it(self):
        with netlab.Path() as lab:
            looking = Looking(lab)
            gateway = looking.gateway()
            self.assertNotEqual(os.stat(f"/proc/{gateway}").st_uid, 0)
            os.kill(looking.process.child.pid, signal.SIGKILL)
            netlab.wait_until("its end", lambda: not os.path.exists(f"/proc/{gateway}"), 10)
            for name in os.listdir("/run"):
                if name.startswith("pennyline-sources-"):
                    shutil.rmtree(f"/run/{name}")

    def test_a_port_that_is_taken_is_an_error(self):
        with netlab.Path() as lab:
            lab.box.start(sys.executable, "-u", "-c", TAKE, PORT).wait_for("taken")
            process = lab.box.start(pennyline.program("pennyline"), "sources", "--in", "portA", "--no-huge",
                                    "--server-port", PORT)
            self.assertEqual(process.wait(30), 1)
            self.assertIn(str(PORT), process.errors())

    @unittest.skipIf(shutil.which("prometheus") is None, "no prometheus here")
    def test_a_real_prometheus_scrapes_three_windows(self):
        with netlab.Path() as lab:
            lab.box.run("ip", "link", "set", "lo", "up")
            looking = Looking(lab)
            with open(f"{lab.folder}/prometheus.yml", "w", encoding="utf-8") as file:
                file.write("scrape_configs:\n- job_name: pennyline\n  scrape_interval: 1s\n  static_configs:\n"
                           f"  - targets: ['127.0.0.1:{PORT}']\n")
            lab.box.start("prometheus", f"--config.file={lab.folder}/prometheus.yml",
                          f"--storage.tsdb.path={lab.folder}/data", "--web.listen-address=127.0.0.1:9090")
            began = time.time()
            await_begin_of_window()
            for size in SIZES:
                n = len(looking.whole())
                self.send(lab, 1000, size)
                netlab.wait_until("the window", lambda: len(looking.whole()) > n, 3 * WINDOW_S)
            time.sleep(3)  # a scrape and one more
            self.check_scraped(lab, looking, began)
            self.assertEqual(looking.process.stop(), 0)

    def check_scraped(self, lab, looking, began):
        told = [counts(w) for w in looking.whole() if w["counts"]]
        self.assertEqual(told, [expected_of(1000, size) for size in SIZES])
        for name in ("active_users", "pennyline_active_sources"):
            query = urllib.parse.urlencode({"query": name, "start": began, "end": time.time(), "step": 1})
            reply = json.loads(lab.box.run("curl", "-s", f"http://127.0.0.1:9090/api/v1/query_range?{query}"))
            scraped = {}
            for series in reply["data"]["result"]:
                metric = series["metric"]
                key = (metric["network"], metric["transport"], int(metric["port"]))
                scraped[key] = {int(float(value)) for _, value in series["values"]}
            self.assertEqual(scraped, {key: {t[key] for t in told} for key in told[0]}, name)


if __name__ == "__main__":
    unittest.main()
