#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A real Prometheus scrapes pennyline-web, evaluates the alert rules and what the dashboard asks.

Argument: the program. Skipped (exit code 77) where there is no Prometheus.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
CONF = os.path.join(HERE, "..", "..", "conf")
sys.path.insert(0, HERE)
import fake_pennyline  # noqa: E402
from gateway import PATIENCE_S, Gateway, free_port, wait_until  # noqa: E402

PROGRAM = ""
RULES = os.path.abspath(os.path.join(CONF, "prometheus", "pennyline.rules.yml"))


class Prometheus:
    def __init__(self, folder, target):
        with open(os.path.join(CONF, "prometheus", "prometheus.yml"), encoding="utf-8") as file:
            text = file.read()
        for before, after in (("127.0.0.1:9464", target), ("5s", "1s"),
                              ("pennyline.rules.yml", RULES)):
            if before not in text:
                raise AssertionError(f"conf/prometheus/prometheus.yml has no {before}")
            text = text.replace(before, after)
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = open(os.path.join(folder, "log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={self.url.removeprefix('http://')}"],
            stderr=self.log, stdout=self.log)

    def ask(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=PATIENCE_S) as reply:
                return json.load(reply)["data"]
        except OSError:
            return None

    def query(self, expression):
        data = self.ask("query", query=expression)
        return data["result"] if data else []

    def targets(self):
        targets = self.ask("targets")
        return [(t["health"], t["lastError"]) for t in targets["activeTargets"]] if targets else []

    def firing(self):
        alerts = self.ask("alerts")
        return {a["labels"]["alertname"] for a in alerts["alerts"]
                if a["state"] == "firing"} if alerts else set()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.log.close()


def dashboard_expressions():
    with open(os.path.join(CONF, "grafana", "pennyline.json"), encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    for panel in panels:
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*")
            yield panel["title"], text


class Scraped(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pennyline-prometheus-")
        self.control = os.path.join(self.folder.name, "control.sock")
        self.server = fake_pennyline.Server(self.control, 1000)
        self.web = Gateway(PROGRAM, self.control)
        self.web.wait_complete()
        self.prometheus = Prometheus(self.folder.name, f"127.0.0.1:{self.web.port}")

    def tearDown(self):
        self.prometheus.stop()
        self.web.close()
        self.server.stop()
        self.folder.cleanup()

    def test_prometheus_scrapes_asks_and_alerts(self):
        wait_until(lambda: self.prometheus.query("pennyline_up == 1"), "a scrape")
        # A scrape that came too late is an error, too, and the next one goes well.
        wait_until(lambda: self.prometheus.targets() == [("up", "")], "a target without an error")
        wait_until(lambda: self.prometheus.query("sum(pennyline_aggregates) == 1000"))
        # Rates need two scrapes.
        wait_until(lambda: self.prometheus.query("rate(pennyline_epochs_total[1m]) > 0"))
        for title, expression in dashboard_expressions():
            wait_until(lambda: self.prometheus.query(expression), f"{title}: {expression}")
        wait_until(lambda: "PennylineSpoofedTraffic" in self.prometheus.firing())
        self.assertNotIn("PennylineKillSwitchOn", self.prometheus.firing())
        self.web.change("PUT", "/api/v1/kill-switch", '{"on": true}')
        wait_until(lambda: "PennylineKillSwitchOn" in self.prometheus.firing())


class Rules(unittest.TestCase):
    def test_alerts_fire_when_they_should_and_not_else(self):
        tests = os.path.join(HERE, "rules_test.yml")
        for command in (["check", "rules", RULES], ["test", "rules", tests]):
            run = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        with open(RULES, encoding="utf-8") as file:
            alerts = set(re.findall(r"alert: (\w+)", file.read()))
        with open(tests, encoding="utf-8") as file:
            self.assertEqual(set(re.findall(r'alertname="(\w+)"', file.read())), alerts)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    if shutil.which("prometheus") is None:
        sys.exit(77)
    unittest.main(verbosity=1)
