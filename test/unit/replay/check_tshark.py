#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_tshark.py PACKET_KINDS TREE: mode passive and tshark, packet by packet, on captures of real TCP
(tools/lab/passive_fixtures.py made them): as they are, and in every encapsulation, with IPv4 and with
IPv6 inside.

What must agree: all that is read of a packet, innermost and of the tunnel around it (FIELDS); which segments lie below the highest byte seen (tshark: a retransmission of some
kind, or out of order), and which of them are behind a hole (tshark: a segment is lost). What a segment
below is called may differ, and is counted: tshark goes by time, mode passive by the sender's clock
first."""

import collections
import ipaddress
import os
import shutil
import struct
import subprocess
import sys
import tempfile

# The first one that tshark says is what it means: the others say what is true of it besides.
KINDS_OF_TSHARK = ("fast_retransmission", "spurious_retransmission", "out_of_order", "retransmission",
                   "lost_segment")
BELOW = set(KINDS_OF_TSHARK) - {"lost_segment"}
SENT_AGAIN = {"lost_upstream_repairs", "repeats", "unknown"}
ONLY_LATE = {"reordered", "late"}
# In captures of that kind: what mode passive may call a segment below the highest byte.
ALLOWED = {"loss-before": SENT_AGAIN, "loss-after": SENT_AGAIN,
           "reordered": SENT_AGAIN | ONLY_LATE, "balanced": SENT_AGAIN}


# What tshark is asked for, and which occurrence counts: 0 is the outermost, -1 the innermost.
INNERMOST = ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.ttl", "ipv6.hlim", "ip.id", "tcp.srcport",
             "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "tcp.len",
             "tcp.options.timestamp.tsval", "tcp.flags.syn")
OF_TUNNEL = ("gre.proto", "gre.key", "erspan.version", "erspan.spanid", "vxlan.vni", "ip.version", "geneve.vni",
             "gtp.teid", "udp.dstport", "ip.proto", "tzsp.version",
             "pppoe.session_id", "ieee8021ah.isid")
# What packet_kinds prints of it, in this order.
FIELDS = ("tunnel", "tunnel id", "VLAN", "inner VLAN", "source", "destination", "time to live",
          "identification", "source port", "destination port", "sequence", "acknowledgement", "flags",
          "window", "payload bytes", "TSval")


def outermost_tunnel(seen):
    """Its name and number, from the first occurrence of each of OF_TUNNEL and from all IP versions."""
    first = {name: values[0] for name, values in seen.items() if values}
    for kind, field in (("geneve", "geneve.vni"), ("gtp_u", "gtp.teid"), ("pppoe", "pppoe.session_id"),
                        ("pbb", "ieee8021ah.isid")):
        if field in first:
            return kind, int(first[field], 0)
    if "tzsp.version" in first:
        return "tzsp", 0
    if first.get("udp.dstport") == "6635":
        return "mpls_udp", 0
    if first.get("ip.proto") == "97":
        return "etherip", 0
    if "vxlan.vni" in first and "gre.proto" not in first:
        return "vxlan", int(first["vxlan.vni"], 0)
    kind = int(first.get("gre.proto", "0"), 0)
    if kind == 0x88BE and "erspan.version" not in first:
        return "erspan_1", 0
    if kind in (0x88BE, 0x22EB):
        return "erspan_2" if kind == 0x88BE else "erspan_3", int(first["erspan.spanid"], 0)
    if kind:
        return "gretap" if kind == 0x6558 else "gre", int(first.get("gre.key", "0"), 0)
    return ("ip_in_ip" if len(seen["ip.version"]) > 1 else "none"), 0


def fields_of(seen):
    """FIELDS of one packet, as text."""
    last = {name: values[-1] if values else "" for name, values in seen.items()}
    # The innermost version decides; with IPv6 inside the last IPv4 header is one outside.
    is_ipv4 = seen["ip.version"][-1] == "4"
    # A service tag stands outside.
    vlans = [*seen["ieee8021ad.id"], *seen["vlan.id"], "-", "-"][:2]
    addresses = ("ip.src", "ip.dst") if is_ipv4 else ("ipv6.src", "ipv6.dst")
    numbers = ["ip.ttl" if is_ipv4 else "ipv6.hlim", "ip.id", *INNERMOST[7:14]]
    values = {name: int(last[name] or "0", 0) for name in numbers}
    values["ip.id"] *= is_ipv4
    values["tcp.flags"] &= 0xFF
    return (*map(str, outermost_tunnel(seen)), *vlans, *(last[name] for name in addresses),
            *(str(values[name]) for name in numbers), last["tcp.options.timestamp.tsval"] or "-")


def tshark(path):
    """Of each packet: FIELDS, flow, sequence, payload bytes, whether it is a SYN, what tshark calls it."""
    analysis = [f"tcp.analysis.{name}" for name in KINDS_OF_TSHARK]
    names = [*INNERMOST, *OF_TUNNEL, "ieee8021ad.id", "vlan.id", *analysis]
    text = subprocess.run(
        ["tshark", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;", "-E",
         "separator=,", *(word for name in names for word in ("-e", name))],
        check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        seen = {name: [v for v in values.split(";") if v] for name, values in zip(names, line.split(","))}
        fields = fields_of(seen)
        yield fields, f"{fields[4]}:{fields[8]}", int(fields[10]), int(fields[14]), \
            seen["tcp.flags.syn"][-1] == "1", \
            {name for name, flag in zip(KINDS_OF_TSHARK, analysis) if seen[flag]}


def ours(program, path):
    text = subprocess.run([program, path], check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        holes, kind, *fields = line.split()
        yield int(holes), kind, tuple(fields)


class Comparison:
    def __init__(self, name):
        self.name, self.wrong, self.flows = name, [], set()
        self.seen = collections.Counter()
        self.called = collections.Counter()

    def packet(self, number, theirs, mine, allowed):
        their_fields, flow, sequence, payload, syn, flags = theirs
        holes, kind, fields = mine
        where = f"{self.name}: packet {number} ({flow} {sequence}, {payload} bytes)"
        if fields != their_fields:
            self.wrong += [f"{where}: {name} {a}, tshark says {b}" for name, a, b in
                           zip(FIELDS, [*fields, *FIELDS], their_fields) if a != b]
        begins = flow not in self.flows
        if syn or payload > 0:
            self.flows.add(flow)
        below = kind not in ("-", "first_time")
        self.seen["packets"] += 1
        self.seen["holes"] += holes
        self.seen["below"] += below
        if payload <= 1:  # no segment, or a keepalive
            if kind not in ("-", "first_time", "keepalive"):
                self.wrong.append(f"{where}: {kind}")
            return
        if below != bool(flags & BELOW):
            self.wrong.append(f"{where}: {kind}, tshark says {sorted(flags)}")
            return
        if below and kind not in allowed:
            self.wrong.append(f"{where}: {kind}")
        # Of a flow whose SYN took the other path, tshark knows from acknowledgements what went before;
        # mode passive, which must do without, begins with the first segment.
        if begins and "lost_segment" in flags:
            self.seen["beginnings"] += 1
        # A segment that fills the middle of a hole makes two of it; for tshark nothing new is lost.
        elif (holes > 0) != ("lost_segment" in flags) and not below:
            self.wrong.append(f"{where}: opened {holes} holes, tshark says {sorted(flags)}")
        if below:
            self.called[kind, next(k for k in KINDS_OF_TSHARK if k in flags)] += 1


def compare(program, name, path, allowed):
    result = Comparison(name)
    theirs, mine = list(tshark(path)), list(ours(program, path))
    if len(theirs) != len(mine):
        result.wrong.append(f"{name}: {len(mine)} packets, tshark has {len(theirs)}")
    for number, pair in enumerate(zip(theirs, mine), 1):
        result.packet(number, *pair, allowed)
    return result


def said(result):
    names = ", ".join(f"{n} {kind} = {theirs}" for (kind, theirs), n in sorted(result.called.items()))
    return (f"{result.name}: {result.seen['packets']} packets, {result.seen['holes']} holes, "
            f"{result.seen['beginnings']} flows without a beginning, {result.seen['below']} below"
            f"{': ' + names if names else ''}")


def as_ipv6(frame):
    """The TCP segment of an untagged IPv4 frame in IPv6, and in its address the IPv4 one."""
    n_bytes, ttl = struct.unpack(">H", frame[16:18])[0], frame[22]
    prefix = ipaddress.ip_address("2001:db8::").packed[:12]
    segment = frame[34:14 + n_bytes]
    return frame[:12] + struct.pack(">HIHBB", 0x86DD, 6 << 28, len(segment), 6, ttl) + \
        prefix + frame[26:30] + prefix + frame[30:34] + segment


def every_encapsulation(encapsulations, source, target):
    """The capture once in each wrapping, with IPv4 and with IPv6, under addresses of its own: one
    capture. Returns how often it stands there."""
    header, packets = encapsulations.read_capture(source)
    copies = [(wrap, family) for wrap in encapsulations.WRAPS.values()
              for family in (bytes, as_ipv6)]
    with open(target, "wb") as file:
        encapsulations.write_header(file, header)
        for number, (wrap, family) in enumerate(copies):
            for seconds, fraction, captured, length in packets:
                frame = bytearray(captured + bytes(length - len(captured)))
                frame[27] = frame[31] = number  # second byte of both IPv4 addresses
                encapsulations.write_packet(file, seconds, fraction, wrap(family(bytes(frame))))
    return len(copies)


def main():
    program, tree = sys.argv[1:]
    if shutil.which("tshark") is None:
        print("tshark is not installed")
        return 77
    sys.path.append(os.path.join(tree, "test", "e2e"))
    import encapsulations
    folder = os.path.join(tree, "test", "fixtures", "passive")
    wrong = []
    for name, allowed in ALLOWED.items():
        path = os.path.join(folder, f"{name}.pcap")
        plain = compare(program, name, path, allowed)
        print(said(plain))
        wrong += plain.wrong
        with tempfile.TemporaryDirectory() as scratch:
            wrapped = os.path.join(scratch, "wrapped.pcap")
            n = every_encapsulation(encapsulations, path, wrapped)
            all_wraps = compare(program, f"{name} in every encapsulation", wrapped, allowed)
        print(said(all_wraps))
        wrong += all_wraps.wrong
        for counter in ("packets", "holes", "below"):
            if all_wraps.seen[counter] != n * plain.seen[counter]:
                wrong.append(f"{name}: {all_wraps.seen[counter]} {counter} in {n} encapsulations, "
                             f"{plain.seen[counter]} plain")
    print("\n".join(wrong) or "all agree")
    return len(wrong) > 0


if __name__ == "__main__":
    sys.exit(main())
