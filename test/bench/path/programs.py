# SPDX-License-Identifier: BSD-3-Clause
"""The programs that are measured, each as a command line on lcore 1, its main thread on lcore 0."""
import json
import os

FILE_PREFIX = "pennyline-bench"
MEBIBYTE = 1 << 20


def lcores(workers):
    """One CPU each as far as they reach; the last worker shares the main thread's, which sleeps."""
    n_cpus = os.cpu_count()
    return ",".join("%d@%d" % (i, i if i < n_cpus else 0) for i in range(workers + 1))


def eal_arguments(devices, workers, memory_mb=512):
    """What testpmd and l3fwd take alike."""
    arguments = ["--lcores", lcores(workers), "--main-lcore=0", "--no-pci", "--in-memory",
                 "--file-prefix=" + FILE_PREFIX, "-m", str(memory_mb), "--log-level=*:error"]
    return arguments + ["--vdev=" + device for device in devices]


def testpmd(scenario, mode):
    n = scenario.queues
    return (["dpdk-testpmd"] + eal_arguments([scenario.device()], n) +
            ["--", "--forward-mode=" + mode, "--nb-cores=%d" % n, "--rxq=%d" % n, "--txq=%d" % n,
             "--auto-start"])


def slices_of(scenario):
    """The slice under test, if any, and as many that no packet belongs to."""
    slices = [{"name": "idle-%d" % i, "mode": "active", "start": "manual",
               "sources": ["100.%d.%d.0/24" % (64 + (i >> 8), i & 255)]}
              for i in range(scenario.idle_slices)]
    if scenario.mode is not None:
        slices.append({"name": "tested", "mode": scenario.mode,
                       "sources": ["10.0.0.0/8", "2001:db8::/32"]})
        if scenario.granularity:
            slices[-1]["granularity"] = {"ipv4": scenario.granularity}
    return slices


def machines_of(scenario):
    """Each flow is a key, of which the machine has seen the first packet; the other rules look at ports."""
    if scenario.rules == 0:
        return []
    last = {"state": "on", "match": {"ip.protocol": "tcp"}, "do": "forward"}
    if scenario.registers:
        last.update({"if": ["n < 1000000000"], "update": ["n = n + 1", "m = now_us"]})
    looking = [{"state": "on", "match": {"tcp.destination": 1 + i}, "do": ["forward", "count met"]}
               for i in range(scenario.rules - 2)]
    return [{"name": "m", "states": ["new", "on"], "max_keys": scenario.table_flows(),
             "lookup": ["ip.source", "ip.destination", "l4.source", "l4.destination"],
             "registers": ["n", "m"] if scenario.registers else [],
             "rules": [*looking, {"state": "new", "next": "on"}, last]}]


def configuration(scenario, directory):
    """A test that nobody's answer ends: so seldom a drop, and so many allowed, that during the
    whole measurement every droppable segment has its coin."""
    capacity = max(1024, scenario.table_flows())
    return {
        "instance": {"name": "bench", "control_socket": os.path.join(directory, "socket"),
                     "flows_per_lcore": capacity, "max_aggregates": max(1024, scenario.idle_slices + scenario.aggregates()),
                     "flow_admissions_per_second": scenario.admissions,
                     "max_own_loss_ratio": 1},
        "eal": {"lcores": lcores(scenario.queues), "main_lcore": 0,
                "memory_mb": 0, "file_prefix": FILE_PREFIX,
                "extra": [] if scenario.shared else ["--in-memory"]},
        "ports": [{"name": "a", "device": scenario.device(), "queues": scenario.queues}],
        "defaults": {"rule": "penny", "retransmission_timeout_ms": 60000, "flow_idle_timeout_ms": 120000,
                     "drop_probability": 1e-6, "max_drops_per_aggregate": 10000,
                     "fallback_to_individual": False},
        "slices": slices_of(scenario),
        "machines": machines_of(scenario),
    }


def pennyline(binary, scenario, directory):
    path = os.path.join(directory, "config.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(configuration(scenario, directory), file)
    return [binary, "run", "--json", "--config", path]


def table_bytes(scenario):
    """Of hugepages that a run needs, roughly: flow records and buckets, packets and the rest."""
    per_flow = 224 if scenario.mode == "passive" else 160
    per_flow += 256 if scenario.rules else 0
    return ((scenario.table_flows() * per_flow + scenario.aggregates() * 1024 + 256 * MEBIBYTE) *
            scenario.queues + 256 * MEBIBYTE)
