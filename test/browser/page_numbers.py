#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long /metrics, REST and the page take with 10,000 aggregates: a table for doc/results.md.

Argument: pennyline-web. The stand-in for pennyline, the gateway and the browser share this machine.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "web"))
import fake_pennyline  # noqa: E402
from gateway import Gateway  # noqa: E402

N_AGGREGATES = 10000
N_REQUESTS = 100
N_LOADS = 5
WORDS = {"load": "the page, from nothing to all aggregates shown", "sort": "a column sorted, until it is drawn",
         "filter": "a filter, until it is drawn", "scroll": "50 rows scrolled, until they are drawn",
         "refresh": "longest that scripts held up the page within 5 s of use (0: below 50 ms)"}


def row(what, milliseconds, note=""):
    ordered = sorted(milliseconds)
    print(f"| {what} | {len(ordered)} | {statistics.median(ordered):.0f} | "
          f"{ordered[int(0.95 * (len(ordered) - 1))]:.0f} | {ordered[-1]:.0f} | {note} |", flush=True)


def requests(web, path):
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    took, n_bytes = [], 0
    for _ in range(N_REQUESTS):
        began = time.monotonic()
        connection.request("GET", path)
        n_bytes = len(connection.getresponse().read())
        took.append(1e3 * (time.monotonic() - began))
        # Ten times a second at most, so each is of another state.
        time.sleep(0.05)
    row(f"`{path}`", took, f"{n_bytes / 1e3:.0f} kB")


def main():
    with tempfile.TemporaryDirectory(prefix="pennyline-fake-") as scratch:
        control = os.path.join(scratch, "control.sock")
        server = fake_pennyline.Server(control, N_AGGREGATES)
        web = Gateway(os.path.abspath(sys.argv[1]), control)
        web.wait_complete()
        print("| what | times | median ms | 95th percentile | worst | |\n| --- | ---: | ---: | ---: | ---: | --- |")
        requests(web, "/metrics")
        requests(web, "/api/v1/aggregates?count=10000")
        run = subprocess.run(["node", os.path.join(HERE, "page_numbers.mjs"), f"http://127.0.0.1:{web.port}/",
                              str(N_AGGREGATES), str(N_LOADS)], capture_output=True, text=True, timeout=300,
                             check=True)
        for name, milliseconds in json.loads(run.stdout).items():
            row(WORDS[name], milliseconds)
        web.close()
        server.stop()


main()
