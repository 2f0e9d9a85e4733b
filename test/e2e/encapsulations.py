#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Packets as mirrors would bring them: each wrapped, and maybe cut before.

encapsulations.py IN OUT NAME... sends on what comes in by a device, in the namespace that it runs in."""

import socket
import struct
import sys

OUTER_ETHERNET = bytes.fromhex("020000000901" "020000000902")
SO_RCVBUFFORCE = 33  # Linux's; Python's socket does not name it
SESSION, VNI, KEY = 77, 4242, 0xC0FFEE


def ethernet(ethertype):
    return OUTER_ETHERNET + struct.pack(">H", ethertype)


def checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def ipv4(protocol, payload):
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                         bytes([203, 0, 113, 1]), bytes([203, 0, 113, 2]))
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return ethernet(0x0800) + header + payload


def ipv6(protocol, payload):
    address = bytes.fromhex("20010db8" + "00" * 11)
    return ethernet(0x86DD) + struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + \
        address + b"\x01" + address + b"\x02" + payload


def gre(protocol_type, payload, key=None, sequence=None):
    flags = (0x2000 if key is not None else 0) | (0x1000 if sequence is not None else 0)
    header = struct.pack(">HH", flags, protocol_type)
    header += struct.pack(">I", key) if key is not None else b""
    header += struct.pack(">I", sequence) if sequence is not None else b""
    return header + payload


def erspan_2(frame):
    return gre(0x88BE, struct.pack(">HHI", 0x1000, SESSION, 0) + frame, sequence=1)


def erspan_3(frame, subheader=b""):
    last = 1 if subheader else 0
    return gre(0x22EB, struct.pack(">HHIHH", 0x2000, SESSION, 0, 0, last) + subheader + frame,
               sequence=1)


def vxlan(frame):
    inner = struct.pack(">II", 0x08000000, VNI << 8) + frame
    return udp(4789, inner)


def udp(port, payload):
    return struct.pack(">HHHH", 50000, port, 8 + len(payload), 0) + payload


def geneve(frame):
    return udp(6081, struct.pack(">BBHII", 1, 0, 0x6558, VNI << 8, 0) + frame)


def vxlan_gpe(frame):
    ethertype, packet = contents(frame)
    return udp(4790, struct.pack(">BBBBI", 0x0C, 0, 0, 1 if ethertype == 0x0800 else 2, VNI << 8) + packet)


def gtp_u(frame):
    packet = contents(frame)[1]
    return udp(2152, struct.pack(">BBHI", 0x30, 255, len(packet), KEY) + packet)


def mpls(frame):
    return struct.pack(">I", 16 << 12 | 0x100 | 64) + contents(frame)[1]


def tzsp(frame):
    return udp(37008, bytes([1, 0, 0, 1, 10, 1, 0xC0, 1]) + frame)


def pppoe(frame):
    ethertype, packet = contents(frame)
    return ethernet(0x8864) + struct.pack(">BBHHH", 0x11, 0, SESSION, 2 + len(packet),
                                          0x21 if ethertype == 0x0800 else 0x57) + packet


def tagged(frame, *tags):
    return frame[:12] + b"".join(struct.pack(">HH", *t) for t in tags) + frame[12:]


def contents(frame):
    """(EtherType, the IP packet) of an untagged frame."""
    return struct.unpack(">H", frame[12:14])[0], frame[14:]


def ip_in_ip(outer, frame):
    ethertype, packet = contents(frame)
    return outer(4 if ethertype == 0x0800 else 41, packet)


def in_gre(frame, **fields):
    return gre(*contents(frame), **fields)


# What becomes of an Ethernet frame with IP in it.
WRAPS = {
    "plain": lambda f: f,
    "VLAN": lambda f: tagged(f, (0x8100, 100)),
    "QinQ": lambda f: tagged(f, (0x88A8, 2000), (0x8100, 100)),
    "MPLS": lambda f: ethernet(0x8847) + struct.pack(">I", 16 << 12 | 0x100 | 64) + f[14:],
    "IP in IPv4": lambda f: ip_in_ip(ipv4, f),
    "IP in IPv6": lambda f: ip_in_ip(ipv6, f),
    "GRE": lambda f: ipv4(47, in_gre(f)),
    "GRE over IPv6 with key": lambda f: ipv6(47, in_gre(f, key=KEY)),
    "GRETAP": lambda f: ipv4(47, gre(0x6558, f)),
    "ERSPAN I": lambda f: ipv4(47, gre(0x88BE, f)),
    "ERSPAN II": lambda f: ipv4(47, erspan_2(f)),
    "ERSPAN III": lambda f: ipv4(47, erspan_3(f)),
    "ERSPAN III with subheader": lambda f: ipv4(47, erspan_3(f, b"\0" * 8)),
    "VXLAN": lambda f: ipv4(17, vxlan(f)),
    "VXLAN over IPv6 of QinQ": lambda f: ipv6(17, vxlan(tagged(f, (0x88A8, 7), (0x8100, 8)))),
    "VXLAN-GPE": lambda f: ipv4(17, vxlan_gpe(f)),
    "GENEVE with an option": lambda f: ipv4(17, geneve(f)),
    "GTP-U": lambda f: ipv4(17, gtp_u(f)),
    "MPLS in UDP": lambda f: ipv4(17, udp(6635, mpls(f))),
    "MPLS multicast in GRE": lambda f: ipv4(47, gre(0x8848, mpls(f))),
    "TZSP": lambda f: ipv4(17, tzsp(f)),
    "EtherIP": lambda f: ipv4(97, b"\x30\x00" + f),
    "PPPoE": pppoe,
    "PPPoE in a VLAN": lambda f: tagged(pppoe(f), (0x8100, 100)),
    "backbone": lambda f: ethernet(0x88E7) + struct.pack(">I", VNI) + f,
    "security group": lambda f: f[:12] + bytes.fromhex("8909010100010009") + f[12:],
    "VN-Tag": lambda f: f[:12] + bytes.fromhex("892600010002") + f[12:],
    "E-TAG": lambda f: f[:12] + bytes.fromhex("893f000100020000") + f[12:],
    "GRE in ERSPAN II": lambda f: ipv4(47, erspan_2(ipv4(47, in_gre(f)))),
}


def read_capture(path):
    """(global header, [(record header's times, captured bytes, length)])"""
    with open(path, "rb") as file:
        data = file.read()
    packets, at = [], 24
    while at + 16 <= len(data):
        seconds, fraction, captured, length = struct.unpack("<IIII", data[at:at + 16])
        packets.append((seconds, fraction, data[at + 16:at + 16 + captured], length))
        at += 16 + captured
    return data[:24], packets


def write_header(file, header):
    # The snap length: wrapped packets are longer.
    file.write(header[:16] + struct.pack("<I", 65535) + header[20:])


def write_packet(file, seconds, fraction, frame):
    file.write(struct.pack("<IIII", seconds, fraction, len(frame), len(frame)) + frame)


def rewrite(source, target, name, slice_bytes=None):
    """`slice_bytes`: so much of each frame is left before it is wrapped, as by a sliced mirror."""
    header, packets = read_capture(source)
    with open(target, "wb") as file:
        write_header(file, header)
        for seconds, fraction, captured, length in packets:
            # What tcpdump did not keep was on the wire all the same.
            frame = captured[:slice_bytes] if slice_bytes else captured + bytes(length - len(captured))
            write_packet(file, seconds, fraction, WRAPS[name](frame))


def relay(inside, outside, names):
    """Sends on each frame that comes in, wrapped in each of the ways named."""
    came = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    came.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    came.bind((inside, 0))
    goes = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    goes.bind((outside, 0))
    print("ready", flush=True)
    while True:
        frame, where = came.recvfrom(2048)
        if where[2] == socket.PACKET_OUTGOING or frame[12:14] != b"\x08\x00":
            continue
        for name in names:
            goes.send(WRAPS[name](frame))


if __name__ == "__main__":
    relay(sys.argv[1], sys.argv[2], sys.argv[3:])
