# SPDX-License-Identifier: BSD-3-Clause
"""Packets that a mirror should never bring, and that somebody may send all the same: tunnels in tunnels
beyond the limit, headers that end early, lengths that lie, versions that nobody knows, fragments of
the packets around; frames cut at every byte. Beside them a conversation to be watched."""

import struct

import encapsulations as e
import frames
from frames import Odd

# Just below the end of the sequence numbers: they wrap within the conversation.
FIRST_SEQUENCE = 2**32 - 350
FIN, SYN, RST, ACK = 1, 2, 4, 16


def from_us(frame):
    """The frame under the MAC addresses that captures look for, padded as on a wire."""
    return (frames.NEXT_MAC + frames.SOURCE_MAC + frame[12:]).ljust(60, b"\0")


def segment(flags, at, n_bytes):
    """Of a tested source; `at`: bytes behind the SYN."""
    sequence = (FIRST_SEQUENCE + at) % 2**32
    header = struct.pack("!HHIIBBHHH", 40001, 443, sequence, 1, 5 << 4, flags, 1024, 0, 0)
    return frames.ethernet(0x0800, frames.ipv4(6, header + b"s" * n_bytes, frames.TESTED))


def conversation():
    """Segments in order, late, again, over each other; a keepalive, one far ahead, FIN, RST."""
    for flags, at, n_bytes in (
            (SYN, 0, 0), (ACK, 1, 100), (ACK, 101, 100), (ACK, 301, 100), (ACK, 401, 100),
            (ACK, 201, 100), (ACK, 101, 100), (ACK, 351, 250), (ACK, 600, 1), (ACK, 601, 0),
            (ACK, 801, 100), (ACK, 2**30, 100), (ACK, 601, 200), (FIN | ACK, 901, 0), (RST, 902, 0)):
        yield segment(flags, at, n_bytes)


def wrapped_conversation():
    """The conversation by every kind of mirror, each packet another time in the next."""
    return [from_us(wrap(frame)) for frame in conversation() for wrap in e.WRAPS.values()]


def nested(n):
    """IPv4 in itself, so many times."""
    frame = segment(ACK, 1, 100)
    for _ in range(n):
        frame = e.ipv4(4, frame[14:])
    return frame


def poked(frame, *pokes):
    changed = bytearray(frame)
    for offset, value in pokes:
        changed[offset] = value
    return bytes(changed)


def reason_outside(frame):
    """Of an IPv4 packet behind Ethernet that is no fragment and whole."""
    if frame[12:14] != b"\x08\0" or frame[14 + 9] != 17:
        return "not_tcp"
    datagram = frame[14 + 20:]
    if len(datagram) < 8:
        return "truncated_udp"
    return "udp" if 8 <= int.from_bytes(datagram[4:6], "big") <= len(datagram) else "bad_udp_length"


def hostile_tunnels():
    """What is not looked into, as on the path, is plain GRE, UDP or IP in IP."""
    inner = segment(ACK, 1, 100)
    outer, gre_at, udp_at = 14, 14 + 20, 14 + 20  # where headers begin in what e.ipv4() makes
    erspan_2, erspan_3 = e.WRAPS["ERSPAN II"](inner), e.WRAPS["ERSPAN III"](inner)
    vxlan, gretap = e.WRAPS["VXLAN"](inner), e.WRAPS["GRETAP"](inner)
    gre6 = e.WRAPS["GRE over IPv6 with key"](inner)
    vxlan_twice, vxlan_five_times = inner, inner
    for _ in range(2):
        vxlan_twice = e.ipv4(17, e.vxlan(vxlan_twice))
    for _ in range(5):
        vxlan_five_times = e.ipv4(17, e.vxlan(vxlan_five_times))
    for name, frame, inside in (
            ("four tunnels", nested(4), "tcp"),
            ("five tunnels", nested(5), "too_many_tunnels"),
            ("twenty tunnels", nested(20), "too_many_tunnels"),
            ("VXLAN in VXLAN", vxlan_twice, "tcp"),
            ("VXLAN five times", vxlan_five_times, "too_many_tunnels"),
            ("half a GRE header", e.ipv4(47, b"\0\0"), "truncated_tunnel"),
            ("GRE without its key", e.ipv4(47, b"\x20\0\x08\0"), "truncated_tunnel"),
            ("GRE of version 1", poked(gretap, (gre_at + 1, 1)), "tunnel_unknown"),
            ("GRE with routing", poked(gretap, (gre_at, 0x40)), "tunnel_unknown"),
            ("GRE of what nobody knows", poked(gretap, (gre_at + 2, 0xAB)), "tunnel_unknown"),
            ("GRE of nothing", e.ipv4(47, e.gre(0x0800, b"")), "truncated_ipv4"),
            ("GRE of IPv6 that is IPv4", e.ipv4(47, e.gre(0x86DD, inner[14:])), "bad_ipv6_version"),
            ("GRETAP of half a frame", e.ipv4(47, e.gre(0x6558, inner[:7])), "truncated_ethernet"),
            ("ERSPAN II of version 3", poked(erspan_2, (gre_at + 8, 0x30)), "tunnel_unknown"),
            ("ERSPAN II, half a header", e.ipv4(47, e.gre(0x88BE, b"\x10\0\0\1", sequence=1)),
             "truncated_tunnel"),
            ("ERSPAN III of version 1", poked(erspan_3, (gre_at + 8, 0x10)), "tunnel_unknown"),
            ("ERSPAN III of an odd frame type", poked(erspan_3, (gre_at + 18, 1 << 2)),
             "tunnel_unknown"),
            ("ERSPAN III without its subheader",
             e.ipv4(47, e.gre(0x22EB, b"\x20" + bytes(10) + b"\1" + bytes(3), sequence=1)),
             "truncated_tunnel"),
            ("VXLAN without a VNI", poked(vxlan, (udp_at + 8, 0)), "tunnel_unknown"),
            ("VXLAN, half a header", e.ipv4(17, e.vxlan(b"")[:11]), "truncated_tunnel"),
            ("VXLAN, half a UDP header", e.ipv4(17, e.vxlan(b"")[:5]), "truncated_udp"),
            ("VXLAN, UDP length 7", poked(vxlan, (udp_at + 4, 0), (udp_at + 5, 7)),
             "truncated_tunnel"),
            ("VXLAN, UDP length ends within", poked(vxlan, (udp_at + 4, 0), (udp_at + 5, 60)),
             "truncated_tcp"),
            ("VXLAN, UDP length beyond the end", poked(vxlan, (udp_at + 4, 5)), "tcp"),
            ("inner header length below five", poked(gretap, (gre_at + 4 + 14, 0x44)),
             "bad_ipv4_header_length"),
            ("inner length below its header", poked(gretap, (gre_at + 4 + 16, 0), (gre_at + 4 + 17, 9)),
             "bad_ipv4_total_length"),
            ("outer length ends in the inner TCP header", poked(gretap, (outer + 2, 0), (outer + 3, 70)),
             "truncated_tcp"),
            ("DNS", e.ipv4(17, struct.pack("!HHHH", 5000, 53, 20, 0) + bytes(12)), "udp"),
            ("no fragment, but asked not to be one", poked(gretap, (outer + 6, 0x40)), "tcp")):
        yield Odd(name, reason_outside(frame), from_us(frame), inside)
    for name, frame in (("first fragment of GRETAP", poked(gretap, (outer + 6, 0x20))),
                        ("later fragment of VXLAN", poked(vxlan, (outer + 7, 8))),
                        ("last fragment of ERSPAN", poked(erspan_2, (outer + 6, 0), (outer + 7, 9)))):
        yield Odd(name, "ipv4_fragment", from_us(frame))
    yield Odd("fragment of GRE over IPv6", "ipv6_fragment",
              from_us(gre6[:20] + b"\x2c" + gre6[21:54] + b"\x2f\0\0\1\0\0\0\1" + gre6[54:]))


def cut_frames():
    """A segment in two tags, and one in a tunnel, cut after every byte: the headers promise more."""
    for frame in (e.tagged(segment(ACK, 1, 8), (0x88A8, 5), (0x8100, 6)),
                  e.WRAPS["ERSPAN III with subheader"](segment(ACK, 1, 8)),
                  e.WRAPS["VXLAN over IPv6 of QinQ"](segment(ACK, 1, 8)),
                  e.WRAPS["MPLS"](segment(ACK, 1, 8))):
        yield from (frame[:n] for n in range(1, len(frame)))
