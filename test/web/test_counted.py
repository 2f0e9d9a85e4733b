#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""pennyline-web: sources that are counted, as metrics, as JSON, and named. Argument: the program."""

import re
import shutil
import subprocess
import time
import unittest

import description
from fake_pennyline import counted, window
from gateway import TOKEN, Gateway, wait_until
from world import PROGRAM, World, main

COUNTS = [("IPv4", "TCP", 80, 8, 3, 20), ("IPv6", "UDP", 53, 2, 0, 9), ("IPv4", "UDP", None, 5, 5, 5)]


class Sources(World):
    def setUp(self):
        self.end = int(time.time()) // 60 * 60
        self.counted[:] = []
        wait_until(lambda: self.web.get("/api/v1/sources").json()["sources"] == [], "the end of what was")
        self.counted[:] = [counted("all", None, True), counted("of", "edge <b>&\"quoted\"", False)]

    @property
    def counted(self):
        return self.server.pennyline.counted

    def tell(self, number, counts, item=0, **more):
        """A window ended."""
        self.counted[item] = {**self.counted[item], "windows": number,
                              "window": window(number, self.end + 60 * number, counts, **more)}
        wait_until(lambda: (self.item(item).get("window") or {}).get("number") == number, "the window")

    def item(self, i=0):
        items = self.web.get("/api/v1/sources").json()["sources"]
        return items[i] if i < len(items) else {}

    def metrics(self, web=None):
        text = (web or self.web).get("/metrics").body.decode()
        return dict(re.findall(r"^((?:pennyline_)?active_.+) (\S+)$", text, re.M))

    def test_each_port_of_the_last_window_is_a_sample(self):
        self.tell(1, COUNTS)
        found = self.metrics()
        for network, transport, port, sources, new, packets in COUNTS:
            labels = f'{{sources="all",network="{network}",transport="{transport}",port="{port or "other"}"}}'
            self.assertEqual(float(found["pennyline_active_sources" + labels]), sources)
            self.assertEqual(float(found["pennyline_active_sources_new" + labels]), new)
            self.assertEqual(float(found["pennyline_active_sources_packets" + labels]), packets)
        self.assertEqual(float(found['pennyline_active_sources_window_end_seconds{sources="all"}']), self.end + 60)
        self.assertEqual(float(found['pennyline_active_sources_estimated{sources="all"}']), 0)
        self.assertNotIn('pennyline_active_sources_error_ratio{sources="all"}', found)
        self.assertEqual(float(found['pennyline_active_sources_windows_total{sources="all"}']), 1)

    def test_a_port_that_nobody_sent_to_in_the_next_window_is_gone(self):
        self.tell(1, COUNTS)
        self.tell(2, COUNTS[:1], estimate=True)
        found = self.metrics()
        self.assertEqual([k for k in found if k.startswith("pennyline_active_sources{")],
                         ['pennyline_active_sources{sources="all",network="IPv4",transport="TCP",port="80"}'])
        self.assertEqual(float(found['pennyline_active_sources_error_ratio{sources="all"}']), 0.01625)

    def test_items_of_slices_have_their_label(self):
        self.tell(1, COUNTS[:1], item=1)
        self.assertIn('pennyline_active_sources{sources="of",slice="edge <b>&\\"quoted\\"",network="IPv4",'
                      'transport="TCP",port="80"}', self.metrics())

    def test_an_item_that_left_the_configuration_is_gone(self):
        self.tell(1, COUNTS, item=1)
        del self.counted[1]
        wait_until(lambda: self.item(1) == {}, "its end")
        self.assertFalse([k for k in self.metrics() if 'sources="of"' in k])

    def test_windows_before_are_kept_with_the_ports_that_had_most(self):
        for number in range(1, 4):
            self.tell(number, [("IPv4", "TCP", port, port * number, 0, 1) for port in range(1, 30)])
        item = self.item()
        self.assertEqual([w["ended_unix_s"] - self.end for w in item["history"]], [60, 120, 180])
        self.assertEqual([c["port"] for c in item["history"][0]["counts"]], list(range(29, 13, -1)))
        self.assertEqual(len(item["window"]["counts"]), 29)
        document = description.load()
        schema = document["paths"]["/api/v1/sources"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        description.check(document, schema, self.web.get("/api/v1/sources").json())

    def test_a_window_is_asked_for_once(self):
        self.tell(1, COUNTS)
        before = self.server.pennyline.n_asked["sources"]
        wait_until(lambda: self.server.pennyline.n_asked["sources"] >= before + 4)
        self.assertEqual(len(self.item()["history"]), 1)

    @unittest.skipIf(shutil.which("promtool") is None, "no promtool here")
    def test_promtool_finds_nothing(self):
        self.tell(1, COUNTS)
        with self.on_request() as web:
            wait_until(lambda: 'active_users{' in str(self.metrics(web)))
            reply = web.ask("GET", "/metrics", headers={"Accept": "text/plain"})
        self.assertEqual(reply.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        run = subprocess.run(["promtool", "check", "metrics"], input=reply.body.decode(), text=True,
                             capture_output=True, check=False)
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))

    def on_request(self, **more):
        web = Gateway(PROGRAM, self.control, "--active-users", "all", "--serve-ip-list", **more)

        class Held:
            def __enter__(_):
                return web

            def __exit__(_, *__):
                web.close()
        return Held()

    def test_on_request_they_have_the_names_of_xdp_ip_counter(self):
        self.tell(1, COUNTS)
        self.assertFalse([k for k in self.metrics() if k.startswith("active_users")])
        with self.on_request() as web:
            wait_until(lambda: self.metrics(web).get('active_users{network="IPv4",transport="TCP",port="80"}') == "8")
            self.assertIn("# TYPE active_users gauge", web.get("/metrics").body.decode())

    def test_the_list_is_for_who_has_a_token_and_comes_in_pages(self):
        self.tell(1, COUNTS)
        self.refused(self.web.change("GET", "/list"), 404, "--serve-ip-list")
        with self.on_request() as web:
            self.refused(web.get("/list"), 401, "missing")
            self.refused(web.change("GET", "/list", token="other"), 401, "wrong")
            wait_until(lambda: web.change("GET", "/list").status == 200)
            whole = web.change("GET", "/list").json()
            pages = [web.change("GET", f"/list?offset={n}&count=1100").json() for n in (0, 1100, 2200)]
            self.assertEqual([len(p) for p in pages], [1100, 1100, 300])
            self.assertEqual(sum(pages, []), whole)
            self.assertEqual(set(whole[0]), {"ip", "network", "transport", "port"})
            self.refused(web.change("GET", "/list?name=of"), 409, "not named")
            self.refused(web.change("GET", "/list?count=10001"), 400, "count")
        with self.on_request(token=False) as web:
            self.refused(web.ask("GET", "/list", headers={"Authorization": f"Bearer {TOKEN}"}), 403, "token-file")


if __name__ == "__main__":
    main()
