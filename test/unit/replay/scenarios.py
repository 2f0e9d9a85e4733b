#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Captures whose truth is known: each is one thing that mirrors and captures bring, with documentation
addresses. Packets are lists of (seconds, frame); write() makes a capture of them.

scenarios.py FOLDER writes all of them there."""

import os
import random
import struct
import sys

START_S = 1700000000.0
CLIENT, SERVER = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 1])
FIN, SYN, RST, ACK = 1, 2, 4, 16
MSS = 1448
SNAP_BYTES = 66  # Ethernet, IPv4, TCP with timestamps


class Side:
    """One end of a connection: what it sent, and how its headers say so."""

    def __init__(self, address, port, isn, ttl=64, ticks_per_s=1000, first_id=100, window=501):
        self.address, self.port, self.ttl, self.window = address, port, ttl, window
        self.next, self.ticks_per_s, self.ip_id = isn, ticks_per_s, first_id
        self.ids = None  # a function of nothing: another choice of identifications


class Connection:
    """Its packets, as they went by. All times are in seconds since START_S."""

    def __init__(self, port=40000, isn=1000, peer_isn=500000, options=b"", **of_client):
        self.client = Side(CLIENT, port, isn, **of_client)
        self.server = Side(SERVER, 443, peer_isn, first_id=30000)
        self.packets = []

    def header(self, at, side, peer, flags, sequence, n_bytes, window=None):
        tsval = int((at + 77) * side.ticks_per_s) & 0xFFFFFFFF
        ip_id = side.ids() if side.ids else side.ip_id
        side.ip_id = (side.ip_id + 1) & 0xFFFF
        tcp = struct.pack(">HHIIBBHHHBBBBII", side.port, peer.port, sequence & 0xFFFFFFFF,
                          peer.next & 0xFFFFFFFF if flags & ACK else 0, 0x80, flags,
                          side.window if window is None else window, 0, 0, 1, 1, 8, 10, tsval, 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 52 + n_bytes, ip_id, 0x4000, side.ttl, 6, 0,
                         side.address, peer.address)
        # The checksums stand for all that differs, as real ones do.
        tcp = tcp[:16] + struct.pack(">H", checksum(tcp + struct.pack(">H", n_bytes))) + tcp[18:]
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        return bytes(12) + b"\x08\x00" + ip + tcp + bytes(n_bytes)

    def send(self, at, flags, n_bytes=0, back=False, sequence=None, window=None, seen=True):
        """sequence None: what comes next. seen False: it is lost before the mirror."""
        side, peer = (self.server, self.client) if back else (self.client, self.server)
        is_new = sequence is None
        sequence = side.next if is_new else sequence
        frame = self.header(at, side, peer, flags, sequence, n_bytes, window)
        if is_new:
            side.next += n_bytes + bool(flags & SYN) + bool(flags & FIN)
        if seen:
            self.packets.append((at, frame))
        return sequence

    def data(self, at, n_bytes=MSS, **options):
        return self.send(at, ACK, n_bytes, **options)

    def handshake(self, at, rtt=0.040):
        self.send(at, SYN, window=64240)
        self.send(at + rtt * 0.9, SYN | ACK, back=True, window=65160)
        self.send(at + rtt, ACK)
        return at + rtt

    def acknowledge(self, at):
        self.send(at, ACK, back=True)

    def close(self, at, rtt=0.040):
        self.send(at, FIN | ACK)
        self.send(at + rtt / 2, FIN | ACK, back=True)
        self.send(at + rtt / 2 + 0.001, ACK)
        return at + rtt


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def rst_scaled_window():
    """Linux: the SYN has the window 64240 and scale 7, all that follows 501; the sender closes by RST."""
    packets = []
    for i in range(6):
        c = Connection(port=40000 + i)
        at = c.handshake(i)
        for _ in range(2):
            c.data(at)
        c.send(at + 0.1, RST | ACK)
        packets += c.packets
    return packets


def rst_of_grown_window():
    """A receiver's window grows while it reads, from 64 KiB to 3 MiB."""
    packets = []
    for i in range(6):
        c = Connection(port=40000 + i)
        at = c.handshake(i)
        c.data(at)
        c.send(at + 0.1, RST | ACK, window=24576)
        packets += c.packets
    return packets


def lossy(ticks_per_s):
    """35 segments, each fifth lost before the mirror, and sent again 40 ms later."""
    c = Connection(ticks_per_s=ticks_per_s)
    at = c.handshake(0)
    for i in range(35):
        at += 0.0005
        if i % 5 != 2:
            c.data(at)
            c.acknowledge(at + 0.0001)
            continue
        lost = c.data(at, seen=False)
        for _ in range(3):
            at += 0.0005
            c.data(at)
        at += 0.040
        c.send(at, ACK, MSS, sequence=lost)
    c.close(at + 0.01)
    return c.packets


def milliseconds():
    return lossy(1000)


def microseconds():
    return lossy(1000000)


def span_duplicates():
    """Both directions of two ports: each packet twice, 0.8 ms apart. Nothing is lost."""
    packets = []
    for i in range(6):
        c = Connection(port=40000 + i)
        at = c.handshake(i)
        for k in range(6):
            c.data(at + 0.0002 * k)
            c.acknowledge(at + 0.0002 * k + 0.0001)
        c.close(at + 0.1)
        packets += [(at + delay, frame) for at, frame in c.packets for delay in (0, 0.0008)]
    return sorted(packets, key=lambda p: p[0])


def late_segments(id_of_one):
    """RTT 40 ms; in each of seven rounds one segment is only late, by 0.4 ms, within one tick of the
    clock. id_of_one: of the first round's late segment, near its opener's by chance or 0."""
    c = Connection(ticks_per_s=0)
    c.client.ids = lambda: 0
    at = c.handshake(0)
    for turn in range(7):
        at += 0.050
        c.data(at)
        late = c.data(at, seen=False)
        c.client.ids = (lambda: 1000) if id_of_one and turn == 0 else (lambda: 0)
        c.data(at + 0.0001)
        c.client.ids = lambda: 0
        c.data(at + 0.0002)
        c.data(at + 0.0003)
        c.client.ids = (lambda: id_of_one) if turn == 0 else (lambda: 0)
        c.send(at + 0.0005, ACK, MSS, sequence=late)
        c.client.ids = lambda: 0
    c.close(at + 0.1)
    return c.packets


def late_without_identification():
    return late_segments(0)


def late_with_one_identification_near():
    return late_segments(1005)


def half_path():
    """Every second segment takes another path; the flow ends by FIN, and so does the capture."""
    c = Connection()
    at = c.handshake(0)
    for i in range(80):
        at += 0.001
        c.data(at, seen=i % 2 == 0)
    c.close(at + 0.01)
    return c.packets


def half_path_and_a_later_packet():
    other = Connection(port=50000)
    other.handshake(20)
    return half_path() + other.packets


def reset_by_peer_then_reuse():
    c = Connection()
    at = c.handshake(0)
    for _ in range(4):
        at += 0.001
        c.data(at)
    c.send(at + 0.01, RST | ACK, back=True)
    again = Connection(isn=0x40000000, peer_isn=0x50000000)
    at = again.handshake(at + 1)
    for _ in range(20):
        at += 0.001
        again.data(at)
    again.close(at + 0.01)
    return c.packets + again.packets


def refused_then_retry():
    c = Connection()
    c.send(0, SYN)
    c.server.next = 0
    c.send(0.001, RST | ACK, back=True)
    again = Connection(isn=0x40000000)
    at = again.handshake(0.5)
    for _ in range(20):
        at += 0.001
        again.data(at)
    again.close(at + 0.01)
    return c.packets + again.packets


def reused_ports_without_an_end():
    """The end of the first connection was not seen."""
    c = Connection()
    at = c.handshake(0)
    for _ in range(4):
        at += 0.001
        c.data(at)
    again = Connection(isn=0x40000000, peer_isn=0x50000000)
    at = again.handshake(at + 0.5)
    for _ in range(20):
        at += 0.001
        again.data(at)
    again.close(at + 0.01)
    return c.packets + again.packets


def mirror_outage():
    """20 MB of a flow are not copied, 13 ms at 10 Gb/s; then all is."""
    c = Connection()
    at = c.handshake(0)
    for _ in range(6):
        at += 0.0001
        c.data(at)
        c.acknowledge(at + 0.00005)
    c.client.next += 20000000
    at += 0.013
    for _ in range(30):
        at += 0.0001
        c.data(at)
        c.acknowledge(at + 0.00005)
    c.close(at + 0.01)
    return c.packets


def keepalives(n_bytes):
    c = Connection()
    at = c.handshake(0)
    for _ in range(4):
        at += 0.001
        c.data(at)
        c.acknowledge(at + 0.0005)
    for i in range(12):
        c.send(at + 5 * (i + 1), ACK, n_bytes, sequence=c.client.next - 1)
        c.acknowledge(at + 5 * (i + 1) + 0.04)
    c.close(at + 60.5)
    return c.packets


def keepalives_of_one_byte():
    return keepalives(1)


def keepalives_without_data():
    return keepalives(0)


def refused_data_of_a_syn():
    """RFC 7413 4.2.1: the server took the SYN without its data, and gets them in two segments."""
    c = Connection()
    c.send(0, SYN, 1000)
    c.client.next -= 1000
    c.send(0.036, SYN | ACK, back=True)
    c.data(0.040, 500)
    c.data(0.040, 500)
    c.data(0.040)
    c.close(0.5)
    return c.packets


def in_fragments(frame, cut=800):
    """An IPv4 packet in two fragments (RFC 791 3.2), as a router makes them."""
    parts = []
    for at, payload in ((0, frame[34:34 + cut]), (cut, frame[34 + cut:])):
        more = 0x2000 if at == 0 else 0
        ip = frame[14:16] + struct.pack(">H", 20 + len(payload)) + frame[18:20] + \
            struct.pack(">H", more | at // 8) + frame[22:24] + bytes(2) + frame[26:34]
        parts.append(frame[:14] + ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + payload)
    return parts


def every_second_segment_in_fragments():
    """All bytes come by."""
    c = Connection()
    at = c.handshake(0)
    for i in range(40):
        at += 0.001
        c.data(at)
        if i % 2:
            sent_s, frame = c.packets.pop()
            c.packets += [(sent_s, part) for part in in_fragments(frame)]
    c.close(at + 0.01)
    return c.packets


def gaps_of_decades():
    """35 packets, and between the first and the second half of them 19 years."""
    c = Connection()
    at = c.handshake(0)
    for i in range(32):
        at += 6e8 if i == 16 else 0.001
        c.data(at)
    return c.packets


SCENARIOS = [rst_scaled_window, rst_of_grown_window, milliseconds, microseconds, span_duplicates,
             late_without_identification, late_with_one_identification_near, half_path,
             half_path_and_a_later_packet, reset_by_peer_then_reuse, refused_then_retry,
             reused_ports_without_an_end, mirror_outage, keepalives_of_one_byte,
             keepalives_without_data, refused_data_of_a_syn, every_second_segment_in_fragments,
             gaps_of_decades]


def write(path, packets, snap_bytes=SNAP_BYTES):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for at, frame in packets:
            seconds = int(START_S + at)
            us = round((START_S + at - seconds) * 1e6)
            file.write(struct.pack("<IIII", seconds + us // 1000000, us % 1000000,
                                   min(len(frame), snap_bytes), len(frame)) + frame[:snap_bytes])


def write_all(folder):
    for scenario in SCENARIOS:
        write(os.path.join(folder, f"{scenario.__name__}.pcap"), scenario())


if __name__ == "__main__":
    random.seed(1)
    write_all(sys.argv[1])
