# SPDX-License-Identifier: BSD-3-Clause
"""State machines beside others' programs, and over two queues: who knocks at ours and at knockd's door,
iperf3 through a policer, and knocks that meet different workers."""

import json
import os
import random
import struct
import tempfile
import time
import unittest

import devices
import frames
import netlab
import pennyline
import test_machines
import test_workers

KNOCKS = (7001, 7002, 7003)
SLICE = test_machines.SLICE

# "opened" for ever, so that who knocks well once gets in, whatever else he sends.
KNOCK = {"name": "knock", "lookup": ["ip.source"], "states": ["closed", "one", "two", "open"], "rules": [
    {"state": "open", "do": "forward"},
    {"state": "closed", "match": {"udp.destination": KNOCKS[0]}, "do": "drop", "next": "one"},
    {"state": "one", "match": {"udp.destination": KNOCKS[1]}, "do": "drop", "next": "two"},
    {"state": "two", "match": {"udp.destination": KNOCKS[2]}, "do": "drop", "next": "open"},
    {"match": {"ip.protocol": "udp"}, "do": "drop", "next": "closed"}]}
KNOCKD = """
[options]
    UseSyslog
[open]
    sequence = 7001:udp,7002:udp,7003:udp
    seq_timeout = 300
    start_command = /bin/sh -c 'echo %%IP%% >> %s'
"""
SENDER = """
import json, socket, sys, time
before = None
for source, port in json.loads(sys.argv[1]):
    time.sleep(0.02 if source != before else 0)
    before = source
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((f"10.9.1.{source}", 0))
        s.sendto(b"knock", ("10.9.0.2", port))
"""
LISTENER = """
import select, socket
sockets = []
for port in (7001, 7002, 7003, 7009):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("10.9.0.2", port))
    sockets.append(s)
print("listening")
while True:
    for s in select.select(sockets, [], [])[0]:
        data, (address, _) = s.recvfrom(2000)
        if s is sockets[3]:
            print(address)
"""
N_HOSTS = 50


class BesideKnockd(unittest.TestCase):
    """Fifty hosts knock, each as chance will have it. knockd looks at the ports of its sequence alone, so
    these are all that are sent; and one host after the other, since knockd 0.8 takes hosts that knock at
    the same time for each other: some that knock well do not get in, and some do that knocked wrong."""

    @staticmethod
    def scripts(r):
        sent = []
        for host in range(1, N_HOSTS + 1):
            ports = list(KNOCKS)
            for _ in range(r.choice([0, 1, 2, 4])):
                ports.insert(r.randrange(len(ports) + 1), r.choice(KNOCKS))
            sent += [(host, port) for port in ports]
        # One knocks well after all others, so that its door tells the end.
        return sent + [(N_HOSTS + 1, port) for port in KNOCKS]

    def by_knockd(self, sent, expected):
        """What it starts for a host runs beside it, so it is waited for; whoever is not expected shows at the end."""
        with netlab.Lab() as lab:
            client, server = map(lab.namespace, ("client", "server"))
            lab.link(client, "c0", server, "s0")
            client.addresses("c0", "10.9.0.1/16", *(f"10.9.1.{i}/16" for i in range(1, N_HOSTS + 3)))
            server.addresses("s0", "10.9.0.2/16")
            opened, config = (os.path.join(lab.folder, name) for name in ("opened", "knockd.conf"))
            with open(opened, "w", encoding="utf-8"):
                pass
            with open(config, "w", encoding="utf-8") as file:
                file.write(KNOCKD % opened)
            heard = server.start("python3", "-u", "-c", LISTENER)
            heard.wait_for("listening")
            knockd = server.start("knockd", "-i", "s0", "-c", config, "-v", "-D")
            knockd.wait_for("listening on s0")

            def who():
                with open(opened, encoding="utf-8") as file:
                    return set(file.read().split())
            # It says so before it does: the first ones may go by. Knocking is what it waits for.
            last, first = f"10.9.1.{N_HOSTS + 1}", f"10.9.1.{N_HOSTS + 2}"

            def looks():
                client.run("python3", "-c", SENDER, json.dumps([(N_HOSTS + 2, port) for port in KNOCKS]))
                return first in who()
            netlab.wait_until("it looks", looks)
            client.run("python3", "-c", SENDER, json.dumps(sent))
            netlab.wait_until("all are in", lambda: expected | {last} <= who())
            return who() - {first, last}

    def by_machine(self, sent):
        def frame(host, port):
            payload = struct.pack("!HHHH", 5000, port, 8 + 20, 0) + f"10.9.1.{host}".encode().ljust(20)
            header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, 64, 17, 0,
                                 bytes([10, 9, 1, host]), bytes([10, 9, 0, 2]))
            header = header[:10] + struct.pack("!H", frames.checksum(header)) + header[12:]
            return frames.ethernet(0x0800, header + payload)
        doors = [(host, 7009) for host in range(1, N_HOSTS + 2)]
        with tempfile.TemporaryDirectory(prefix="pl-machines-") as folder:
            box = devices.Service(folder, [frame(*one) for one in sent + doors], machines=[KNOCK],
                                  slices=[SLICE])
            last = f"10.9.1.{N_HOSTS + 1}"
            netlab.wait_until("the last one is in", lambda: any(
                last.encode() in f for f in frames.captured(box.path("out.pcap"))))
            who = {f[42:62].decode().strip() for f in frames.captured(box.path("out.pcap"))}
            code, summary = box.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []))
            return who - {last}

    def test_both_open_for_the_same_hosts(self):
        sent = self.scripts(random.Random(7))
        ours = self.by_machine(sent)
        self.assertEqual(ours, self.by_knockd(sent, ours))
        self.assertIn(len(ours), range(10, 45), "some doors opened, and some did not")


class TwoQueues(unittest.TestCase):
    def test_knocks_that_meet_different_workers_open_one_door(self):
        """Each knock comes from another source port, so its queue is chance. That all 3 of each of 20 hosts
        meet the same queue has a probability of 4^-20."""
        with netlab.Lab() as lab:
            lab.client, lab.box, server = map(lab.namespace, ("client", "box", "server"))
            lab.link(lab.client, "c0", lab.box, "portA")
            lab.link(lab.box, "portB", server, "s0")
            hosts = range(1, 21)
            lab.client.addresses("c0", "10.9.0.1/16", *(f"10.9.1.{i}/16" for i in hosts))
            server.addresses("s0", "10.9.0.2/16")
            box = pennyline.Service(lab, [SLICE], ports=test_workers.two_queues("af_packet"),
                                    lcores=test_workers.TWO_WORKERS,
                                    machines=[{**KNOCK, "ports": ["left"]}])
            heard = server.start("python3", "-u", "-c", LISTENER)
            heard.wait_for("listening")

            def held():
                return box.ask("machines")["machines"][0]["rules"]

            # A knock is sent when the one before was seen, so that queues cannot change their order.
            for step, port in enumerate(KNOCKS):
                lab.client.run("python3", "-c", SENDER, json.dumps([(host, port) for host in hosts]))
                netlab.wait_until(f"knock {port}", lambda: held()[1 + step] == len(hosts))
            lab.client.run("python3", "-c", SENDER, json.dumps([(host, 7009) for host in hosts]))
            netlab.wait_until("all doors are open", lambda: set(heard.output().split()[1:]) ==
                              {f"10.9.1.{host}" for host in hosts})
            workers = [w["counters"]["dropped_by_stage"] for w in box.ask("status")["workers"]]
            code, summary = box.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []), box.process.errors())
            self.assertEqual(sum(workers), 3 * len(hosts))
            self.assertGreater(min(workers), 0, workers)


class Fail(unittest.TestCase):
    """`open` forwards all while the kill switch is on and while the box drains; `closed` goes on."""

    @staticmethod
    def machine(name, port, fail):
        return {"name": name, "lookup": ["ip.source"], "states": ["a"], "fail": fail, "ports": ["left"],
                "rules": [{"match": {"udp.destination": port}, "do": "drop"}]}

    def test_what_fails_open_forwards_all_and_what_fails_closed_goes_on(self):
        with netlab.Lab() as lab:
            lab.client, lab.box, server = map(lab.namespace, ("client", "box", "server"))
            lab.link(lab.client, "c0", lab.box, "portA")
            lab.link(lab.box, "portB", server, "s0")
            lab.client.addresses("c0", "10.9.0.1/16", *(f"10.9.1.{i}/16" for i in range(1, 6)))
            server.addresses("s0", "10.9.0.2/16")
            box = pennyline.Service(lab, [SLICE], driver="af_packet", machines=[
                self.machine("opens", 7009, "open"), self.machine("stays", 7001, "closed")])
            heard = server.start("python3", "-u", "-c", LISTENER.replace("if s is sockets[3]:", "if True:").replace(
                "print(address)", "print(address, s.getsockname()[1])"))
            heard.wait_for("listening")

            def seen():
                return {tuple(line.split()) for line in heard.output().splitlines()[1:]}

            # Each phase has a source of its own; the last packet of each is one that nobody drops.
            def send(phase):
                lab.client.run("python3", "-c", SENDER, json.dumps([(phase, port) for port in (7009, 7001, 7002)]))
                netlab.wait_until(f"phase {phase} is over", lambda: (f"10.9.1.{phase}", "7002") in seen())
                return {port for address, port in seen() if address == f"10.9.1.{phase}"} - {"7002"}

            def forwards_all(names):
                netlab.wait_until(f"{names} forward all", lambda: names == [
                    m["name"] for m in box.ask("machines")["machines"] if m["forwards_all"]])

            self.assertEqual(send(1), set())
            box.ask("kill-switch", on=True)
            forwards_all(["opens"])
            self.assertEqual(send(2), {"7009"})
            box.ask("kill-switch", on=False)
            forwards_all([])
            self.assertEqual(send(3), set())
            box.ask("drain", timeout_s=600)
            forwards_all(["opens"])
            self.assertEqual(send(4), {"7009"})
            code, summary = box.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []), box.process.errors())
            self.assertEqual(summary.totals["dropped_by_stage"], 6)


class Policer(unittest.TestCase):
    GAP_US = 1000
    SECONDS = 10

    def test_iperf3_gets_the_rate_within_two_percent(self):
        """iperf3 sends four times the rate; what came is counted by its server, second by second. The first one has the
        burst in it, the last one may be cut."""
        with open(os.path.join(netlab.TREE, "conf/machines/policer.json"), encoding="utf-8") as file:
            machine = json.load(file)["machines"][0]
        # Of UDP alone: iperf3's own connection is TCP.
        machine.update(lookup=["ip.source", "udp.destination"], ports=["left"],
                       constants={"burst_us": 64 * self.GAP_US, "gap_us": self.GAP_US})
        with netlab.Lab() as lab:
            lab.client, lab.box, server = map(lab.namespace, ("client", "box", "server"))
            lab.link(lab.client, "c0", lab.box, "portA")
            lab.link(lab.box, "portB", server, "s0")
            lab.client.addresses("c0", "10.9.0.1/24")
            server.addresses("s0", "10.9.0.2/24")
            box = pennyline.Service(lab, [SLICE], driver="af_packet", machines=[machine])
            iperf = server.start("iperf3", "--server", "--one-off", "--json")
            time.sleep(1)
            lab.client.run("iperf3", "--client", "10.9.0.2", "--udp", "--length", "500", "--bitrate",
                           str(4 * 8 * 500 * 1000000 // self.GAP_US), "--time", str(self.SECONDS))
            netlab.wait_until("iperf3 tells", lambda: not iperf.running())
            intervals = json.loads(iperf.output())["intervals"][1:self.SECONDS - 1]
            code, summary = box.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []), box.process.errors())
        n_bytes = sum(i["sum"]["bytes"] for i in intervals)
        rate = n_bytes / 500 / sum(i["sum"]["seconds"] for i in intervals)
        self.assertLess(abs(rate * self.GAP_US / 1e6 - 1), 0.02, rate)


if __name__ == "__main__":
    unittest.main()
