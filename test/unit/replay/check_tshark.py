#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_tshark.py PACKET_KINDS TREE: mode passive and tshark, packet by packet, on captures of real TCP
(tools/lab/passive_fixtures.py made them): as they are, and in every encapsulation.

What must agree: which segments lie below the highest byte seen (tshark: a retransmission of some
kind, or out of order), and which of them are behind a hole (tshark: a segment is lost). What a segment
below is called may differ, and is counted: tshark goes by time, mode passive by the sender's clock
first."""

import collections
import os
import shutil
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


def tshark(path):
    """Of each packet, from its innermost headers: flow, sequence, payload bytes, whether it is a SYN,
    what tshark calls it."""
    fields = ["ip.src", "tcp.srcport", "tcp.seq_raw", "tcp.len", "tcp.flags.syn", *(f"tcp.analysis.{name}" for name in KINDS_OF_TSHARK)]
    text = subprocess.run(
        ["tshark", "-r", path, "-T", "fields", "-E", "occurrence=l", "-E", "separator=,",
         *(word for field in fields for word in ("-e", field))],
        check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        source, port, sequence, payload, syn, *flags = line.split(",")
        yield f"{source}:{port}", int(sequence), int(payload or 0), syn == "1", {
            name for name, flag in zip(KINDS_OF_TSHARK, flags) if flag}


def ours(program, path):
    text = subprocess.run([program, path, "10.0.0.0/8"], check=True, capture_output=True,
                          text=True).stdout
    for line in text.splitlines():
        holes, kind = line.split()
        yield int(holes), kind


class Comparison:
    def __init__(self, name):
        self.name, self.wrong, self.flows = name, [], set()
        self.seen = collections.Counter()
        self.called = collections.Counter()

    def packet(self, number, theirs, mine, allowed):
        flow, sequence, payload, syn, flags = theirs
        holes, kind = mine
        where = f"{self.name}: packet {number} ({flow} {sequence}, {payload} bytes)"
        begins = flow not in self.flows
        if syn or payload > 0:
            self.flows.add(flow)
        below = kind not in ("-", "first_time")
        self.seen["packets"] += 1
        self.seen["holes"] += holes
        self.seen["below"] += below
        if payload <= 1:  # no segment, or a keepalive
            if kind not in ("-", "first_time"):
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


def every_encapsulation(encapsulations, source, target):
    """The capture once in each wrapping, under addresses of its own: one capture. Returns how many
    wrappings there are."""
    header, packets = encapsulations.read_capture(source)
    with open(target, "wb") as file:
        encapsulations.write_header(file, header)
        for number, wrap in enumerate(encapsulations.WRAPS.values()):
            for seconds, fraction, captured, length in packets:
                frame = bytearray(captured + bytes(length - len(captured)))
                frame[27] = frame[31] = number  # second byte of both IPv4 addresses
                encapsulations.write_packet(file, seconds, fraction, wrap(bytes(frame)))
    return len(encapsulations.WRAPS)


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


sys.exit(main())
