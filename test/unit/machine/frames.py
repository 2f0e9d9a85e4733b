# SPDX-License-Identifier: BSD-3-Clause
"""Packets as bytes, with the fields that rules can ask for, and captures of them."""

import ipaddress
import struct

import twin


def mac(number):
    return number.to_bytes(6, "big")


class Frame:
    """Builds a frame from its layers, and notes its fields beside."""

    def __init__(self, port=0, source=0x020000000001, destination=0x020000000002, vlan=None):
        self.fields = {"port": port, "eth.source": source, "eth.destination": destination}
        self.head = mac(destination) + mac(source)
        if vlan is not None:
            self.head += struct.pack(">HH", 0x8100, vlan)
            self.fields["vlan.id"] = vlan
        self.body = b""

    def arp(self):
        self.fields["eth.type"] = 0x806
        self.body = bytes(28)
        return self

    def ip(self, source, destination, protocol, payload, ttl=64, dscp=0):
        a, b = ipaddress.ip_address(source), ipaddress.ip_address(destination)
        self.fields.update({"ip.source": twin.mapped(a), "ip.destination": twin.mapped(b),
                            "ip.protocol": protocol, "ip.ttl": ttl, "ip.dscp": dscp,
                            f"ipv{a.version}.source": int(a), f"ipv{a.version}.destination": int(b)})
        if a.version == 4:
            self.fields["eth.type"] = 0x800
            self.body = struct.pack(">BBHHHBBH4s4s", 0x45, dscp << 2, 20 + len(payload), 1, 0, ttl, protocol, 0,
                                    a.packed, b.packed) + payload
        else:
            self.fields["eth.type"] = 0x86dd
            self.body = struct.pack(">IHBB16s16s", 6 << 28 | dscp << 22, len(payload), protocol, ttl, a.packed,
                                    b.packed) + payload
        return self

    def udp(self, source, destination, sport, dport, n=8, **more):
        self.fields.update({"udp.source": sport, "udp.destination": dport, "l4.source": sport,
                            "l4.destination": dport})
        return self.ip(source, destination, 17, struct.pack(">HHHH", sport, dport, 8 + n, 0) + bytes(n), **more)

    def tcp(self, source, destination, sport, dport, flags="S", n=0, **more):
        bits = twin.number("tcp.flags", flags)
        self.fields.update({"tcp.source": sport, "tcp.destination": dport, "l4.source": sport,
                            "l4.destination": dport, "tcp.flags": bits})
        return self.ip(source, destination, 6,
                       struct.pack(">HHIIBBHHH", sport, dport, 1, 0, 0x50, bits, 1000, 0, 0) + bytes(n), **more)

    def icmp(self, source, destination, kind, code, **more):
        self.fields.update({"icmp.type": kind, "icmp.code": code})
        protocol = 1 if ipaddress.ip_address(source).version == 4 else 58
        return self.ip(source, destination, protocol, struct.pack(">BBHHH", kind, code, 0, 1, 1), **more)

    def data(self):
        frame = self.head + struct.pack(">H", self.fields["eth.type"]) + self.body
        self.fields["frame.bytes"] = len(frame)
        return frame


def write_capture(path, timed_frames):
    """[(time_ns, bytes)] as a capture of nanoseconds."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
        for time_ns, data in timed_frames:
            file.write(struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9, len(data), len(data)) + data)
