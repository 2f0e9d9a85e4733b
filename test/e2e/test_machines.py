# SPDX-License-Identifier: BSD-3-Clause
"""State machines in the path: between capture files to the bit, and the transcript of port knocking
between two namespaces."""

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

KNOCKS = (1111, 2222, 3333)
DOOR = 9922
LISTENER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
print("listening")
while True:
    print(s.recv(2000).decode().strip())
"""
SLICE = {"name": "rest", "sources": ["203.0.113.0/24"], "mode": "off"}


def example(name):
    with open(os.path.join(netlab.TREE, "conf/machines", name + ".json"), encoding="utf-8") as file:
        return json.load(file)["machines"]


def datagram(port, source=100):
    payload = struct.pack("!HHHH", 5000, port, 8 + 20, 0) + b"k" * 20
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, 64, 17, 0,
                         bytes([192, 0, 2, source]), bytes([192, 0, 2, 101]))
    header = header[:10] + struct.pack("!H", frames.checksum(header)) + header[12:]
    return frames.ethernet(0x0800, header + payload)


class OverFiles(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pl-machines-")
        self.addCleanup(self.folder.cleanup)

    def run_box(self, sent, n_out, machines, **more):
        box = devices.Service(self.folder.name, sent, machines=machines, slices=[SLICE], **more)
        came = box.wait_for_frames(n_out)
        return box, came

    def end(self, box):
        code, summary = box.stop()
        self.assertEqual(code, 0, box.process.errors())
        self.assertEqual(summary.broken_identities(), [])
        return summary

    def test_only_who_knocked_gets_through_and_nothing_is_changed_of_it(self):
        sent = [datagram(port) for port in KNOCKS + (DOOR,) * 3]
        stranger = [datagram(DOOR, source=7) for _ in range(5)]
        box, came = self.run_box(stranger[:2] + sent[:3] + stranger[2:] + sent[3:], 3,
                                 example("knock"))
        self.assertEqual(came, sent[3:])
        summary = self.end(box)
        self.assertEqual(summary.totals["dropped_by_stage"], 3 + 5)
        told = [e for e in box.events() if e["event"] == "machine_event"]
        self.assertEqual([(e["machine"], e["name"], e["key"], e["state"], e["left_out"]) for e in told],
                         [("knock", "opened", "192.0.2.100,192.0.2.101", "open", 0)])

    def test_each_change_of_a_state_is_an_event_where_that_is_wanted(self):
        sent = [datagram(port) for port in (1111, 1112, 1111, DOOR)]
        machines = [{**machine, "change_events": True} for machine in example("knock")]
        box, _ = self.run_box(sent, 0, machines)
        netlab.wait_until("all were seen", lambda: box.ask("machines")["machines"][0]["counters"]["packets"] == 4)
        self.end(box)
        told = [e for e in box.events() if e["event"] == "machine_state"]
        self.assertEqual([(e["key"], e["before"], e["state"]) for e in told],
                         [("192.0.2.100,192.0.2.101", *change) for change in
                          (("closed", "one"), ("one", "closed"), ("closed", "one"), ("one", "closed"))])

    def test_of_many_events_ten_a_second_are_told_and_the_others_counted(self):
        sent = [datagram(53) for _ in range(300)]
        machines = [{"name": "loud", "lookup": ["ip.source"], "states": ["a"],
                     "rules": [{"match": {"udp.destination": 53}, "do": ["forward", "event heard"]}]}]
        box, came = self.run_box(sent, 300, machines)
        self.assertEqual(box.ask("machines")["machines"][0]["counters"]["events"], {"heard": 300})
        self.end(box)
        told = [e for e in box.events() if e["event"] == "machine_event"]
        # All came within a second, or over the end of one.
        self.assertIn(len(told), range(1, 21))

    def test_what_a_machine_marks_belongs_to_the_slice_of_that_mark(self):
        def tcp(source, port):
            return frames.ethernet(0x0800, frames.ipv4(6, struct.pack(
                "!HHIIBBHHH", 40000, port, 1000, 1, 5 << 4, 0x10, 1024, 0, 0) + b"x" * 30, source=source))
        sources = [bytes([192, 0, 2, i]) for i in range(1, 6)]
        # Each source is marked when it has sent to port 7.
        sent = [tcp(s, port) for port in (80, 7, 80, 80) for s in sources]
        machines = [{"name": "m", "lookup": ["ip.source"], "states": ["plain", "seen"], "rules": [
            {"state": "seen", "do": ["forward", "mark 7"]},
            {"match": {"tcp.destination": 7}, "do": "forward", "next": "seen"}]}]
        hop = {"name": "away", "port": "third", "destination_mac": "02:00:00:00:00:99"}
        slices = [{"name": "rest", "mode": "off"},
                  {"name": "seen", "mode": "off", "mark": 7, "next_hops": ["away"]}]
        box = devices.Service(self.folder.name, sent, machines=machines, slices=slices, next_hops=[hop],
                              ports=self.three_ports())
        self.assertEqual(box.wait_for_frames(10), sent[:10])
        self.assertEqual([f[12:] for f in box.wait_for_frames(10, "third")], [f[12:] for f in sent[10:]])
        for f in box.wait_for_frames(10, "third"):
            self.assertEqual(f[:6], bytes.fromhex("020000000099"))
        packets = {a["slice"]: a["packets"] for a in box.ask("aggregates")["aggregates"]}
        self.assertEqual(packets, {"rest": 10, "seen": 10})
        self.assertEqual(self.end(box).totals["untested"], 0)

    def test_a_machine_says_the_next_hop_before_the_slice_does(self):
        sent = [datagram(port) for port in (53, 54)]
        hops = [{"name": name, "port": port, "destination_mac": f"02:00:00:00:00:{mac}"}
                for name, port, mac in (("of_slice", "right", "01"), ("of_machine", "third", "02"))]
        machines = [{"name": "m", "lookup": ["ip.source"], "states": ["a"],
                     "rules": [{"match": {"udp.destination": 53}, "do": "next_hop of_machine"}]}]
        box = devices.Service(self.folder.name, sent, machines=machines, next_hops=hops,
                              slices=[{"name": "all", "mode": "off", "next_hops": ["of_slice"]}],
                              ports=self.three_ports())
        for name, mac, frame in (("out", "01", sent[1]), ("third", "02", sent[0])):
            self.assertEqual([(f[:6].hex(), f[12:]) for f in box.wait_for_frames(1, name)],
                             [("0200000000" + mac, frame[12:])])
        self.end(box)

    def test_a_rule_begins_a_test_of_its_source_once(self):
        sent = [datagram(53) for _ in range(20)]
        machines = [{"name": "sweep", "lookup": ["ip.source"], "states": ["a"],
                     "rules": [{"match": {"udp.destination": 53}, "do": ["forward", "test"]}]}]
        box, came = self.run_box(sent, 20, machines)
        self.assertEqual(came, sent)
        tests = box.ask("test show", test=1)
        self.assertEqual((tests["source"], tests["label"]), ("192.0.2.0/24", "machine sweep"))
        self.assertRaises(Exception, box.ask, "test show", test=2)
        self.end(box)

    def test_a_machine_without_these_ports_sees_nothing(self):
        sent = [datagram(port) for port in KNOCKS + (DOOR,)]
        machines = [{**machine, "ports": ["right"]} for machine in example("knock")]
        box, came = self.run_box(sent, 4, machines)
        self.assertEqual(came, sent)
        self.assertEqual(self.end(box).totals["dropped_by_stage"], 0)

    def test_the_kill_switch_opens_what_fails_open_and_nothing_else(self):
        sent = [datagram(53) for _ in range(20)]
        for fail, n_out in (("open", 20), ("closed", 0)):
            with tempfile.TemporaryDirectory(prefix="pl-machines-") as folder:
                machines = [{**machine, "fail": fail} for machine in example("knock")]
                box = devices.Service(folder, sent, machines=machines, slices=[SLICE],
                                      instance={"control_socket": f"{folder}/control",
                                                "max_aggregates": 64, "flows_per_lcore": 1024,
                                                "event_log": f"{folder}/events",
                                                "kill_switch": True})
                self.assertEqual(len(box.wait_for_frames(n_out)), n_out)
                self.assertEqual(self.end(box).totals["dropped_by_stage"], 20 - n_out)

    def three_ports(self):
        """The file of the third one is opened by DPDK, like the others."""
        folder = self.folder.name
        return [{"name": name, "pair": pair,
                 "device": f"net_pcap{i},rx_pcap={folder}/{source}.pcap,tx_pcap={folder}/{to}.pcap"}
                for i, (name, pair, source, to) in enumerate(
                    (("left", "right", "in", "back"), ("right", "left", "nothing", "out"),
                     ("third", "left", "nothing", "third")))]

    def test_what_a_switch_does_not_know_it_sends_everywhere_else(self):
        sent = [datagram(53, source=i) for i in range(1, 11)]
        box, came = self.run_box(sent, 10, example("mac_learning"), ports=self.three_ports())
        self.assertEqual(came, sent)
        self.assertEqual(box.wait_for_frames(10, "third"), sent)
        self.assertEqual(frames.captured(box.path("back.pcap")), [])
        self.assertEqual(self.end(box).totals["generated"], 10)

    def test_a_machine_says_the_port(self):
        sent = [datagram(port) for port in (53, 54, 53)]
        machines = [{"name": "m", "lookup": ["ip.source"], "states": ["a"],
                     "rules": [{"match": {"udp.destination": 53}, "do": "output third"}]}]
        box, came = self.run_box(sent, 1, machines, ports=self.three_ports())
        self.assertEqual(came, [sent[1]])
        self.assertEqual(box.wait_for_frames(2, "third"), [sent[0], sent[2]])
        self.end(box)


# The machine of conf/machines/knock_idle.json in the kernel's words.
NFT = """
table ip knock {
  set s1 { type ipv4_addr; flags dynamic; size 1000; }
  set s2 { type ipv4_addr; flags dynamic; size 1000; }
  set s3 { type ipv4_addr; flags dynamic; size 1000; }
  set open { type ipv4_addr; flags dynamic; size 1000; }
  chain c {
    type filter hook forward priority 0; policy accept;
    udp dport 1300 accept
    ip saddr @open udp dport 22 accept
    ip saddr @s3 udp dport 13 delete @s3 { ip saddr } add @open { ip saddr } drop
    ip saddr @s2 udp dport 12 delete @s2 { ip saddr } add @s3 { ip saddr } drop
    ip saddr @s1 udp dport 11 delete @s1 { ip saddr } add @s2 { ip saddr } drop
    ip saddr != @s1 ip saddr != @s2 ip saddr != @s3 ip saddr != @open udp dport 10 add @s1 { ip saddr } drop
    meta l4proto udp delete @s1 { ip saddr } delete @s2 { ip saddr } delete @s3 { ip saddr } delete @open { ip saddr } drop
  }
}
"""
SENDER = """
import json, socket, sys
for source, port, word in json.loads(sys.argv[1]):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((f"10.9.1.{source}", 0))
        s.sendto(word.encode(), ("10.8.0.2", port))
"""
HEARER = """
import select, socket
sockets = []
for port in (10, 11, 12, 13, 22, 53, 1300):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("10.8.0.2", port))
    sockets.append(s)
print("listening")
while True:
    for s in select.select(sockets, [], [])[0]:
        print(s.recv(2000).decode())
"""


class BesideNftables(unittest.TestCase):
    """Fifty hosts knock, each as chance will have it; ours and the kernel's let the same through."""

    @staticmethod
    def scripts(r):
        """(host, port, word), in the order in which they are sent."""
        lists = []
        for host in range(1, 51):
            good = [10, 11, 12, 13, 22, 22]
            ports = good if host == 1 else r.choice([good, good[:4] + [53, 22], [10, 10, 11, 12, 13, 22]])[:]
            for _ in range(0 if host == 1 else r.choice([0, 1, 3])):
                ports.insert(r.randrange(len(ports)), r.choice([10, 11, 12, 13, 22, 53, 1300]))
            lists.append([(host, port, f"h{host}n{i}") for i, port in enumerate(ports)])
        merged = []
        while any(lists):
            merged.append(r.choice([script for script in lists if script]).pop(0))
        return merged

    def by_kernel(self, sent):
        with netlab.Lab() as lab:
            client, router, server = map(lab.namespace, ("client", "router", "server"))
            lab.link(client, "c0", router, "r0")
            lab.link(router, "r1", server, "s0")
            client.addresses("c0", "10.9.0.1/16", *(f"10.9.1.{i}/16" for i in range(1, 51)))
            router.addresses("r0", "10.9.0.2/16")
            router.addresses("r1", "10.8.0.1/24")
            server.addresses("s0", "10.8.0.2/24")
            client.route("10.8.0.0/24", "10.9.0.2", "c0")
            server.route("10.9.0.0/16", "10.8.0.1", "s0")
            router.forwards()
            router.nft(NFT)
            heard = server.start("python3", "-u", "-c", HEARER)
            heard.wait_for("listening")
            client.run("python3", "-c", SENDER, json.dumps(sent + [[50, 1300, "last"]]))
            netlab.wait_until("the last one is there", lambda: "last" in heard.output().split())
            return set(heard.output().split()) - {"listening", "last"}

    def by_machine(self, sent):
        def frame(host, port, word):
            payload = struct.pack("!HHHH", 5000, port, 8 + 20, 0) + word.encode().ljust(20)
            header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, 64, 17, 0,
                                 bytes([10, 9, 1, host]), bytes([10, 8, 0, 2]))
            header = header[:10] + struct.pack("!H", frames.checksum(header)) + header[12:]
            return frames.ethernet(0x0800, header + payload)

        with tempfile.TemporaryDirectory(prefix="pl-machines-") as folder:
            packets = [frame(*one) for one in sent + [(50, 1300, "last")]]
            box = devices.Service(folder, packets, machines=example("knock_idle"), slices=[SLICE])
            netlab.wait_until("the last one came out", lambda: any(
                b"last" in f for f in frames.captured(box.path("out.pcap"))))
            words = {f[42:62].decode().strip() for f in frames.captured(box.path("out.pcap"))}
            code, summary = box.stop()
            self.assertEqual((code, summary.broken_identities()), (0, []))
            return words - {"last"}

    def test_both_let_the_same_packets_through(self):
        sent = self.scripts(random.Random(5))
        ours = self.by_machine(sent)
        self.assertEqual(ours, self.by_kernel(sent))
        self.assertTrue({"h1n4", "h1n5"} <= ours)
        # Some doors opened, and some did not.
        opened = {word.split("n")[0] for word in ours if not any(
            one[2] == word and one[1] == 1300 for one in sent)}
        self.assertTrue(5 < len(opened) < 45, opened)


class Transcript(unittest.TestCase):
    """The server hears of p4, p5 and p6, and of nothing else."""

    def send(self, lab, words_and_ports):
        for word, port in words_and_ports:
            lab.client.run("bash", "-c", f"echo {word} > /dev/udp/10.9.0.2/{port}")

    def test_the_server_sees_what_comes_after_the_knocks(self):
        with netlab.Lab() as lab:
            lab.client, lab.box, server = map(lab.namespace, ("client", "box", "server"))
            lab.link(lab.client, "c0", lab.box, "portA")
            lab.link(lab.box, "portB", server, "s0")
            lab.client.addresses("c0", "10.9.0.1/24")
            server.addresses("s0", "10.9.0.2/24")
            machines = [{**machine, "ports": ["left"]} for machine in example("knock")]
            box = pennyline.Service(lab, [SLICE], driver="af_packet", machines=machines)
            heard = server.start("python3", "-u", "-c", LISTENER, "10.9.0.2", str(DOOR))
            heard.wait_for("listening")
            self.send(lab, [("p1", 1111), ("p2", 2222), ("p3", 3333), ("p4", DOOR), ("p5", DOOR),
                            ("p6", DOOR)])
            netlab.wait_until("p6 is there", lambda: "p6" in heard.output())
            self.assertEqual(heard.output().split(), ["listening", "p4", "p5", "p6"])
            # Another one who does not knock, a wrong order, and a stray packet that shuts the door.
            self.send(lab, [("q1", 53), ("q2", DOOR), ("q3", 2222), ("q4", 1111), ("q5", 3333), ("q6", DOOR)])
            time.sleep(0.5)
            self.assertEqual(heard.output().split(), ["listening", "p4", "p5", "p6"])
            self.look_and_set(box)
            self.send(lab, [("r1", DOOR)])
            netlab.wait_until("r1 is there", lambda: "r1" in heard.output())
            code, summary = box.stop()
            self.assertEqual(code, 0, box.process.errors())
            self.assertEqual(summary.broken_identities(), [])

    def reload(self, box, change):
        change(box.config)
        with open(box.config_path, "w", encoding="utf-8") as file:
            json.dump(box.config, file)
        box.ask("reload")

    def test_machines_come_go_and_keep_their_keys_while_packets_pass(self):
        with netlab.Lab() as lab:
            lab.client, lab.box, server = map(lab.namespace, ("client", "box", "server"))
            lab.link(lab.client, "c0", lab.box, "portA")
            lab.link(lab.box, "portB", server, "s0")
            lab.client.addresses("c0", "10.9.0.1/24")
            server.addresses("s0", "10.9.0.2/24")
            box = pennyline.Service(lab, [SLICE], driver="af_packet")
            heard = server.start("python3", "-u", "-c", LISTENER, "10.9.0.2", str(DOOR))
            heard.wait_for("listening")
            self.send(lab, [("a1", DOOR)])
            netlab.wait_until("a1 is there", lambda: "a1" in heard.output())
            knock = [{**machine, "ports": ["left"]} for machine in example("knock")]
            # Without a time of its own a key is as it is left.
            for rule in knock[0]["rules"]:
                rule.pop("idle_ms", None)
                rule.pop("hard_ms", None)
            self.reload(box, lambda config: config.update(machines=knock))
            self.send(lab, [("b1", DOOR), ("b2", 1111), ("b3", 2222), ("b4", 3333), ("b5", DOOR)])
            netlab.wait_until("b5 is there", lambda: "b5" in heard.output())
            # Another one beside it, and another rule for the kill switch: the door stays open.
            self.reload(box, lambda config: config.update(
                machines=example("policer") + [{**knock[0], "fail": "closed"}]))
            self.send(lab, [("c1", DOOR)])
            netlab.wait_until("c1 is there", lambda: "c1" in heard.output())
            # Other rules: nobody knows who knocked.
            knock[0]["rules"][0]["match"]["udp.destination"] = 1112
            self.reload(box, lambda config: config.update(machines=knock))
            self.send(lab, [("d1", DOOR)])
            self.assertEqual(box.ask("machine", name="knock")["keys"], [])
            self.reload(box, lambda config: config.update(machines=[]))
            self.assertEqual(box.ask("machines")["machines"], [])
            self.send(lab, [("e1", DOOR)])
            netlab.wait_until("e1 is there", lambda: "e1" in heard.output())
            self.assertEqual(heard.output().split(), ["listening", "a1", "b5", "c1", "e1"])
            code, summary = box.stop()
            self.assertEqual(code, 0, box.process.errors())
            self.assertEqual(summary.broken_identities(), [])

    def look_and_set(self, box):
        key = "10.9.0.1,10.9.0.2"
        machine = box.ask("machines")["machines"][0]
        self.assertEqual((machine["name"], machine["rules"][:4]), ("knock", [2, 1, 1, 3]))
        self.assertEqual(box.ask("machine", name="knock", key=key)["keys"], [])
        self.assertEqual(box.ask("machine set", name="knock", key=key, state="open")["state"], "open")
        keys = box.ask("machine", name="knock", state="open")["keys"]
        self.assertEqual(keys, [{"key": key, "state": "open"}])
        told = [e for e in box.events() if e["event"] == "command"][-1]
        self.assertEqual((told["command"], told["after"]["state"]), ("machine set", "open"))


if __name__ == "__main__":
    unittest.main()
