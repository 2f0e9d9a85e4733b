# SPDX-License-Identifier: BSD-3-Clause
"""Devices of ports go while packets pass, and come back: the other ports forward on."""

import contextlib
import time
import unittest

import netlab
import pennyline
from netlab import RECEIVER, SPOOFED

SLICE = {"name": "spoofed", "sources": [SPOOFED[4]], "mode": "off"}
RATE = 1000


def wait_until(what, condition, timeout_s=40):
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)
    return value


def ports(driver):
    pairs = {"left": "right", "right": "left", "c": "d", "d": "c"}
    devices = {"left": "portA", "right": "portB", "c": "portC", "d": "portD"}
    return [{"name": name, "device": f"iface:{devices[name]}", "driver": driver, "pair": pair}
            for name, pair in pairs.items()]


def make(lab, letter):
    """portC, say, and its far end."""
    lab.box.run("ip", "link", "add", f"port{letter}", "type", "veth", "peer", "name", f"far{letter}")
    for name in (f"far{letter}", f"port{letter}"):
        lab.box.run("ip", "link", "set", name, "up")


@contextlib.contextmanager
def served(driver):
    with netlab.Path() as lab:
        make(lab, "C")
        make(lab, "D")
        yield lab, pennyline.Service(lab, [SLICE], ports=ports(driver), memory_mb=512)


def blind(lab, namespace, interface):
    return namespace.start(pennyline.program("pennyline-blind"), "--interface", interface, "--source",
                           SPOOFED[4], "--destination", RECEIVER[4], "--destination-mac",
                           netlab.mac(0x12), "--flows", 10, "--rate", RATE, "--payload", 300,
                           "--duration", 600)


def sent_by(service, name):
    return next(p["tx_packets"] for p in service.ask("status")["ports"] if p["name"] == name)


def count(service, event, port):
    return sum(e["event"] == event and e["port"] == port for e in service.events())


class Replug(unittest.TestCase):
    def check(self, driver):
        with served(driver) as (lab, service):
            blind(lab, lab.upstream, "up0")
            wait_until("packets", lambda: sent_by(service, "right") > RATE)
            for round_number in range(1, 4):
                blind(lab, lab.box, "farC")
                n_sent = sent_by(service, "d")
                wait_until("packets through c and d", lambda: sent_by(service, "d") > n_sent + RATE)
                lab.box.run("ip", "link", "del", "portC")
                wait_until("removed", lambda: count(service, "port_removed", "c") == round_number)
                n_sent = sent_by(service, "right")
                wait_until("the other ports", lambda: sent_by(service, "right") > n_sent + RATE)
                make(lab, "C")
                wait_until("returned", lambda: count(service, "port_returned", "c") == round_number)
            # The one that packets leave by.
            blind(lab, lab.box, "farC")
            lab.box.run("ip", "link", "del", "portD")
            wait_until("removed", lambda: count(service, "port_removed", "d") == 1)
            make(lab, "D")
            wait_until("returned", lambda: count(service, "port_returned", "d") == 1)
            n_sent = sent_by(service, "d")
            wait_until("packets through c and d", lambda: sent_by(service, "d") > n_sent + RATE)
            code, summary = service.stop()
            self.assertEqual(code, 0, f"{summary.whole['problems']}\n{service.process.errors()}")
        self.assertEqual((summary.whole["problems"], summary.whole["reconciled"]), ([], True))
        left, right = summary.port("portA"), summary.port("portB")
        self.assertEqual(left["rx_packets"], right["tx_packets"])
        self.assertEqual(left["device_counters"]["missed"], 0)

    def test_by_af_packet(self):
        self.check("af_packet")

    def test_by_af_xdp(self):
        self.check("af_xdp")


if __name__ == "__main__":
    unittest.main()
