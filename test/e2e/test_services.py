# SPDX-License-Identifier: BSD-3-Clause
"""Services: other people's servers and clients, with a box between them that gives each flow to a
member, and members that answer clients directly.

    client -- portA [box] portB -- segment -- member1, member2
       |                              |
       +------------------------------+   (answers)
"""

import json
import os
import struct
import tempfile
import time
import unittest

import devices
import frames
import netlab
import pennyline

ADDRESS, ADDRESS6 = "192.0.2.80", "2001:db8:80::80"
N_MEMBERS = 3


def member_mac(number):
    return f"02:00:00:00:0b:{number:02x}"


def next_hop(number, **more):
    return {"name": f"member{number}", "port": "right", "destination_mac": member_mac(number), **more}


def service(name="www", n_members=N_MEMBERS, **more):
    return {"name": name, "addresses": [ADDRESS, ADDRESS6],
            "members": [f"member{n}" for n in range(1, n_members + 1)], **more}


SLICE = {"name": "rest", "sources": ["203.0.113.0/24"], "mode": "off"}


class OverFiles(unittest.TestCase):
    """Bit by bit, between capture files."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pl-services-")
        self.addCleanup(self.folder.cleanup)

    def run_box(self, sent, services, hops, n_lost=0, port=()):
        box = devices.Service(self.folder.name, sent, port=port, next_hops=hops, services=services,
                              slices=[SLICE])
        name = "out" if "pair" not in dict(port) else "back"
        came = box.wait_for_frames(len(sent) - n_lost, name)
        asked = box.ask("services")["services"]
        code, summary = box.stop()
        self.assertEqual(code, 0, box.process.errors())
        self.assertEqual(summary.broken_identities(), [])
        return came, asked, summary

    @staticmethod
    def to_service(payload, protocol=17, fragment=0, client=1):
        destination = bytes(map(int, ADDRESS.split(".")))
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol,
                             0, bytes([198, 51, 100, client]), destination)
        header = header[:10] + struct.pack("!H", frames.checksum(header)) + header[12:]
        return frames.ethernet(0x0800, header + payload)

    def datagrams(self, n):
        return [self.to_service(struct.pack("!HHHH", 1000 + i, 53, 8 + 30, 0) + b"q" * 30)
                for i in range(n)]

    def test_members_get_flows_by_their_mac_alone_and_all_else_stays(self):
        sent = self.datagrams(300)
        other = frames.frames()
        came, asked, _ = self.run_box(sent + other, [service()],
                                      [next_hop(n) for n in range(1, N_MEMBERS + 1)])
        self.assertEqual(came[300:], other)
        to = [frame[:6].hex(":") for frame in came[:300]]
        self.assertEqual([frame[12:] for frame in came[:300]], [frame[12:] for frame in sent])
        self.assertEqual({*to}, {member_mac(n) for n in range(1, N_MEMBERS + 1)})
        for row in asked[0]["members"]:
            self.assertEqual(row["packets"], to.count(member_mac(int(row["member"][-1]))))
        self.assertEqual(asked[0]["packets"], 300)

    def test_fragments_of_a_datagram_go_to_one_member(self):
        sent = []
        for client in range(1, 60):
            whole = struct.pack("!HHHH", 1000, 53, 8 + 64, 0) + b"q" * 64
            sent += [self.to_service(whole[:40], fragment=0x2000, client=client),
                     self.to_service(whole[40:], fragment=5, client=client)]
        came, _, _ = self.run_box(sent, [service(port=53, protocol="udp")],
                                  [next_hop(n) for n in range(1, N_MEMBERS + 1)])
        to = [frame[:6] for frame in came]
        self.assertEqual(to[0::2], to[1::2])
        self.assertEqual(len({*to}), N_MEMBERS)

    def test_what_nobody_may_have_never_leaves_where_it_came_in(self):
        sent = self.datagrams(50)
        hops = [next_hop(n, weight=0) for n in range(1, N_MEMBERS + 1)]
        came, asked, summary = self.run_box(sent, [service()], hops, n_lost=50,
                                            port={"pair": "left"})
        self.assertEqual(came, [])
        self.assertEqual(asked[0]["no_member"], 50)
        self.assertEqual(summary.totals["dropped_by_stage"], 50)

    def test_without_members_packets_go_on_as_if_there_were_no_service(self):
        sent = self.datagrams(50)
        hops = [next_hop(n, weight=0) for n in range(1, N_MEMBERS + 1)]
        came, asked, _ = self.run_box(sent, [service()], hops)
        self.assertEqual(came, sent)
        self.assertEqual(asked[0]["no_member"], 50)


class Segment(netlab.Lab):
    """The namespaces at the top of this file."""

    def __init__(self, n_members=2):
        super().__init__()
        try:
            self.build(n_members)
        except BaseException:
            self.close()
            raise

    def build(self, n_members):
        self.client, self.box, self.segment = map(self.namespace, ("client", "box", "segment"))
        self.box.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        self.link(self.client, "ask0", self.box, "portA")
        self.link(self.box, "portB", self.segment, "box0")
        self.link(self.client, "answer0", self.segment, "client0")
        self.members = []
        for number in range(1, n_members + 1):
            member = self.namespace(f"member{number}")
            self.link(member, "eth0", self.segment, f"m{number}")
            member.run("ip", "link", "set", "eth0", "address", member_mac(number))
            # Linux solicits neighbors from the link's own address when the packet's is on another one.
            member.addresses("eth0", f"10.7.0.{10 + number}/24", f"fd00:7::{10 + number:x}/64",
                             f"fe80::{10 + number:x}/64")
            member.addresses("lo", f"{ADDRESS}/32", f"{ADDRESS6}/128")
            for key, value in (("arp_ignore", 1), ("arp_announce", 2)):
                member.sysctl(f"net.ipv4.conf.all.{key}", value)
            self.members.append(member)
        self.segment.run("ip", "link", "add", "bridge0", "type", "bridge")
        for device in ("box0", "client0", *(f"m{n}" for n in range(1, n_members + 1))):
            self.segment.run("ip", "link", "set", device, "master", "bridge0")
        self.segment.run("ip", "link", "set", "bridge0", "up")
        self.client.addresses("answer0", "10.7.0.1/24", "fd00:7::1/64")
        for address, full in ((ADDRESS, "/32"), (ADDRESS6, "/128")):
            self.client.run("ip", "-6" if ":" in address else "-4", "route", "add", address + full,
                            "dev", "ask0", "src", "fd00:7::1" if ":" in address else "10.7.0.1")
            self.client.neighbour(address, "02:00:00:00:0a:01", "ask0")

    def start_nginx(self, number, body_bytes=1000):
        folder = f"{self.folder}/nginx{number}"
        os.makedirs(f"{folder}/root")
        with open(f"{folder}/root/page", "w") as page:
            page.write(f"member{number}\n".ljust(body_bytes, "."))
        with open(f"{folder}/nginx.conf", "w") as conf:
            conf.write(
                f"daemon off; worker_processes 1; pid {folder}/pid; user root;\n"
                f"error_log {folder}/error.log; events {{ worker_connections 1024; }}\n"
                "http { log_format short '$remote_port'; "
                f"access_log {folder}/access.log short; root {folder}/root; "
                f"client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; "
                f"fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; "
                f"scgi_temp_path {folder}/t5; "
                f"server {{ listen {ADDRESS}:80; listen [{ADDRESS6}]:80; }} }}\n")
        self.members[number - 1].start("nginx", "-p", folder, "-c", f"{folder}/nginx.conf",
                                       "-e", f"{folder}/error.log")
        netlab.wait_until(f"nginx {number} listens",
                          lambda: ":80" in self.members[number - 1].run("ss", "-Htln"))
        return f"{folder}/access.log"


def n_lines(path):
    with open(path) as file:
        return sum(1 for _ in file)


class Drained(unittest.TestCase):
    def start_box(self, lab, services):
        box = pennyline.Service(lab, [SLICE], driver="af_packet", next_hops=[
            next_hop(1), next_hop(2)], services=services)
        return box

    def test_a_member_is_drained_and_returns_under_load_without_a_lost_request(self):
        with Segment() as lab:
            logs = [lab.start_nginx(n) for n in (1, 2)]
            box = self.start_box(lab, [service(n_members=2, port=80, protocol="tcp", sticky=True)])
            seconds = 6
            load = lab.client.start("wrk", "-t", 1, "-c", 20, "-d", f"{seconds}s", "-s",
                                    self.script(lab), f"http://{ADDRESS}/page")
            time.sleep(1)
            for order in ("drained", "enabled", "drained", "enabled"):
                box.ask("member", member="member2", order=order)
                time.sleep(1)
            self.assertEqual(load.wait(60), 0, load.errors())
            said = load.output()
            summary = json.loads(said[said.index("{"):])
            self.assertEqual(summary["errors"], 0, said)
            asked = box.ask("services")["services"][0]
            code, end = box.stop()
            self.assertEqual(code, 0, box.process.errors())
            self.assertEqual(end.broken_identities(), [])
            served = [n_lines(log) for log in logs]
            # wrk ends with its connections: what is under way then is served and not counted.
            self.assertGreaterEqual(sum(served), summary["requests"])
            self.assertLessEqual(sum(served), summary["requests"] + 20)
            self.assertTrue(all(n > 0 for n in served), served)
            self.assertGreater(asked["remembered"], 0)
            states = [e["event"] for e in box.events() if e["event"].startswith("member_")]
            self.assertEqual(states, ["member_drained", "member_up"] * 2)

    @staticmethod
    def script(lab):
        """What wrk counted, as JSON; a connection for each ten requests, so that new ones come."""
        path = f"{lab.folder}/count.lua"
        with open(path, "w") as file:
            file.write("""
local n = 0
function request()
  n = n + 1
  return wrk.format(nil, nil, {["Connection"] = n % 10 == 0 and "close" or "keep-alive"})
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"requests": %d, "errors": %d}\\n', summary.requests,
                         e.connect + e.read + e.write + e.status + e.timeout))
end
""")
        return path

    def test_both_families_reach_their_member_and_the_answer_comes_directly(self):
        with Segment() as lab:
            for n in (1, 2):
                lab.start_nginx(n)
            box = self.start_box(lab, [service(n_members=2, port=80, protocol="tcp")])
            for host in (ADDRESS, f"[{ADDRESS6}]"):
                said = {lab.client.run("curl", "-s", "-m", "10", f"http://{host}/page").split()[0]
                        for _ in range(20)}
                self.assertEqual({name.rstrip(".") for name in said}, {"member1", "member2"})
            box.ask("member", member="member1", order="down")
            said = {lab.client.run("curl", "-s", "-m", "10", f"http://{ADDRESS}/page").split()[0]
                    for _ in range(20)}
            self.assertEqual(said, {"member2"})
            code, end = box.stop()
            self.assertEqual(code, 0, box.process.errors())
            self.assertEqual(end.broken_identities(), [])


if __name__ == "__main__":
    unittest.main()
