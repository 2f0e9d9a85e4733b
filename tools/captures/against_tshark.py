# SPDX-License-Identifier: BSD-3-Clause
"""What mode passive and tshark make of each packet of a capture, and of which class the differences
are."""

import collections
import re
import subprocess

IDLE_S = 15  # passive_flow_idle_timeout_ms
SYN, RST = 2, 4
BELOW_NAMES = ("retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order")
OTHER_NAMES = ("lost_segment", "keep_alive", "zero_window_probe", "reused_ports", "ack_lost_segment")
FIELDS = ("frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport",
          "tcp.seq_raw", "tcp.len", "tcp.flags", "icmp.type", "icmpv6.type", "ip.len", "ipv6.plen",
          "frame.len")
BELOW = {"lost_upstream_repairs", "reordered", "late", "repeats", "unknown"}
NOT_READ = "not read: "

CLASSES = {
    "icmp quote": "tshark reads the header that an ICMP error quotes; here it is no TCP packet",
    "copy": "the same packet once more: here a copy of the mirror, for tshark sent again",
    "jump": "far from where the flow stood: here not believed yet",
    "keepalive": "one byte that went by: for one of the two a keepalive or a probe",
    "beginning": "the first segment seen of a flow: here it begins with it, while tshark goes by the SYN "
                 "or by acknowledgements of the other direction",
    "forgotten": "the flow was silent for 15 s or began anew, and is another one here",
    "after": "of a flow with a difference before: what follows from that",
    "cut before": "the IP header says more than the frame held: here the copy was cut, and counts whole",
    "control": "data of a SYN or RST",
    "ended": "behind an RST or FIN: here they still count, tshark looks no more",
    "hole again": "the hole goes on: tshark tells of it once, or once more",
    "acknowledged": "tshark misses it, as the other direction acknowledged it; or misses it no more",
}


def words_of(name):
    if name.startswith(NOT_READ):
        return "tshark reads TCP there"
    return CLASSES.get(name, "not explained")


def tshark(path, seconds):
    names = [*FIELDS, *(f"tcp.analysis.{name}" for name in BELOW_NAMES + OTHER_NAMES)]
    text = subprocess.run(
        ["tshark", "-n", "-r", path, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
         "-o", "tcp.desegment_tcp_streams:FALSE", "-T", "fields", "-E", "occurrence=l", "-E",
         "separator=|", *(word for name in names for word in ("-e", name))],
        check=False, capture_output=True, timeout=20 * seconds).stdout.decode(errors="replace")
    for line in text.splitlines():
        yield dict(zip(names, line.split("|")))


def seconds_of(text):
    """Also of a record whose fraction is a second or more: tshark 4.6 shows that in words."""
    odd = re.match(r"(\d+)\.\((\d+) nanosec", text)
    return int(odd[1]) + int(odd[2]) / 1e9 if odd else float(text or 0)


class Theirs:
    def __init__(self, seen):
        self.at = seconds_of(seen["frame.time_epoch"])
        self.is_tcp = seen["tcp.srcport"] != "" and seen["tcp.seq_raw"] != ""
        self.is_icmp = seen["icmp.type"] != "" or seen["icmpv6.type"] != ""
        self.ports = seen["tcp.srcport"], seen["tcp.dstport"]
        self.sequence = seen["tcp.seq_raw"]
        self.n_bytes = int(seen["tcp.len"] or 0)
        self.flags = int(seen["tcp.flags"] or "0", 0) & 0xFF
        self.addresses = {seen[name] for name in FIELDS[1:5]}
        self.said = {name for name in BELOW_NAMES + OTHER_NAMES if seen[f"tcp.analysis.{name}"]}
        self.is_below = bool(self.said & set(BELOW_NAMES))
        says = int(seen["ip.len"] or seen["ipv6.plen"] or 0)
        self.says_more_than_it_holds = says > int(seen["frame.len"] or 0)


class Ours:
    """A line of packet-kinds."""

    def __init__(self, line):
        words = line.split()
        self.holes, self.kind = int(words[0]), words[1]
        self.is_tcp = len(words) > 7
        self.reason = "" if self.is_tcp else words[-1]
        if self.is_tcp:
            self.source, self.destination, _, _, *self.ports = words[6:12]
            self.sequence, _, self.flags, _, self.n_bytes = words[12:17]
            self.n_bytes, self.flags = int(self.n_bytes), int(self.flags)
        self.is_below = self.kind in BELOW


class Flow:
    def __init__(self):
        self.seen_s = None
        self.begun = self.differs = self.ended = self.missing = False


class Comparison:
    def __init__(self, path):
        self.path = path
        self.flows = collections.defaultdict(Flow)
        self.counts, self.classes = collections.Counter(), collections.Counter()
        self.listed = []

    def run(self, kinds, seconds):
        """Returns how many packets tshark has."""
        number = 0
        for number, (mine, seen) in enumerate(zip(kinds.splitlines(), tshark(self.path, seconds)), 1):
            self.packet(number, Ours(mine), Theirs(seen))
        return number

    def differs(self, number, name, mine, theirs):
        self.classes[name] += 1
        self.listed.append(f"{self.path}: packet {number}: {name}: here {mine.kind}, {mine.holes} holes "
                           f"{mine.reason}; tshark {sorted(theirs.said)}")

    def packet(self, number, mine, theirs):
        self.counts["packets"] += 1
        if mine.is_tcp and theirs.is_tcp and not theirs.is_icmp:
            self.both_read(number, mine, theirs)
        elif theirs.is_tcp and theirs.is_icmp and not mine.is_tcp:
            self.differs(number, "icmp quote", mine, theirs)
        elif theirs.is_tcp:
            # Whatever flow it is of has bytes that are not known here.
            self.flows[self.key_of(theirs)].differs = True
            self.differs(number, NOT_READ + mine.reason, mine, theirs)
        elif mine.is_tcp:
            self.differs(number, "only read here", mine, theirs)

    @staticmethod
    def key_of(packet):
        return (tuple(sorted(packet.addresses)), *packet.ports)

    def both_read(self, number, mine, theirs):
        self.counts["TCP packets read by both"] += 1
        if (tuple(mine.ports) != theirs.ports or mine.sequence != theirs.sequence or
                not {mine.source, mine.destination} <= theirs.addresses):
            self.differs(number, "another packet", mine, theirs)
            return
        flow = self.flows[self.key_of(theirs)]
        if mine.n_bytes != theirs.n_bytes:
            flow.differs = True
            is_cut = theirs.says_more_than_it_holds
            self.differs(number, "cut before" if is_cut else "another length", mine, theirs)
        if theirs.flags & SYN:
            flow.begun = flow.ended = False
        if mine.n_bytes > 0:
            self.segment(number, flow, mine, theirs)
        flow.ended = flow.ended or bool(theirs.flags & (RST | 1))
        flow.seen_s = theirs.at

    def segment(self, number, flow, mine, theirs):
        self.counts["segments"] += 1
        self.counts["segments below the highest byte"] += mine.is_below
        self.counts["segments behind a hole"] += mine.holes > 0
        name = self.class_of(flow, mine, theirs)
        if name is not None:
            self.differs(number, name, mine, theirs)
            flow.differs = flow.differs or name not in ("copy", "keepalive", "control", "hole again")
        flow.begun = True
        flow.missing = flow.missing or mine.holes > 0

    def class_of(self, flow, mine, theirs):
        """None: they agree."""
        is_missing = "lost_segment" in theirs.said
        if mine.kind in ("mirror_copies", "jump", "keepalive"):
            is_alike = mine.kind == "keepalive" and theirs.said & {"keep_alive", "zero_window_probe"}
            return None if is_alike else {"mirror_copies": "copy"}.get(mine.kind, mine.kind)
        if mine.kind == "-":
            return "control" if theirs.flags & (SYN | RST) else "not counted"
        if mine.is_below == theirs.is_below and (mine.holes > 0) == is_missing:
            return None
        return self.class_of_difference(flow, mine, theirs)

    @staticmethod
    def class_of_difference(flow, mine, theirs):
        if theirs.said & {"keep_alive", "zero_window_probe"} or mine.n_bytes == 1:
            return "keepalive"
        if not flow.begun:
            return "beginning"
        if flow.seen_s is not None and theirs.at - flow.seen_s > IDLE_S:
            return "forgotten"
        if flow.differs:
            return "after"
        if flow.ended:
            return "ended"
        if mine.is_below == theirs.is_below:
            return "hole again" if flow.missing or mine.is_below else "acknowledged"
        if theirs.said & {"reused_ports"}:
            return "forgotten"
        return f"{'below' if mine.is_below else 'not below'} here only"
