# SPDX-License-Identifier: BSD-3-Clause
"""What is measured: one row each. Letters are the groups that --scenarios takes."""
from dataclasses import dataclass, replace

K, M = 1 << 10, 1 << 20


@dataclass(frozen=True)
class Scenario:
    name: str
    group: str
    what: str
    mode: str = None          # of the slice that all packets belong to; None: no such slice
    flows: int = M
    idle_slices: int = 0
    ip: int = 4
    vlans: int = 0
    irregular_ppm: int = 0    # share of pairs of segments that are irregular
    flood: bool = False
    known_ppm: int = 0
    syn_rounds: int = 1
    settle_seconds: float = 0.2  # from the flows being known to the first reading
    queues: int = 1
    admissions: int = 100000000
    frame_bytes: int = 64
    pcap: str = None
    shared: bool = False      # other processes may map its memory
    looked_at: bool = False   # by telemetry, pennyline-info and pennyline-web
    granularity: int = 0      # of the slice under test, IPv4; its sources lie in 10.0.0.0/8
    table: int = 0            # capacity; 0: as many that the flows fill three quarters
    rules: int = 0            # of a state machine whose keys are the flows; 0: there is none
    registers: bool = False   # two of them, one condition, two updates

    def device(self):
        if self.pcap:
            return "net_pcap0,rx_pcap=%s,infinite_rx=1" % self.pcap
        return "net_null0,size=%d" % self.frame_bytes

    def aggregates(self):
        """How many the slice under test has, at most."""
        return min(self.flows, 1 << (self.granularity - 8)) if self.granularity else 1

    def table_flows(self):
        return self.table or self.flows + self.flows // 3 + 64

    def source_environment(self):
        result = {"BENCH_FLOWS": str(self.flows), "BENCH_QUEUES": str(self.queues),
                  "BENCH_IP": str(self.ip), "BENCH_VLANS": str(self.vlans),
                  "BENCH_IRREGULAR_PPM": str(self.irregular_ppm),
                  "BENCH_SYN_ROUNDS": str(self.syn_rounds)}
        if self.flood:
            result["BENCH_FLOOD_KNOWN_PPM"] = str(self.known_ppm)
        if self.pcap:
            result["BENCH_BARE"] = "1"
        return result

    def needed_rounds(self):
        """Rounds of the flows before measuring: all were seen, and sent data."""
        return self.syn_rounds + (2 if self.flood else 1)


def irregular_ppm_for(percent):
    """Half of the irregular pairs hold one irregular segment, the others two: of the segments,
    three quarters of that share are irregular."""
    return round(percent * 1e4 / 0.75)


IDLE = Scenario("a-untested", "a", "4,096 slices loaded, traffic of none of them", idle_slices=4096)
ONE = Scenario("b-active-1M", "b", "one slice under test, 1M flows, all known", "active", M)

# Admissions at the default limit: SYNs come for as long as that takes. What is free of the table is
# then the flood's within a second.
FLOOD = replace(ONE, name="e-flood", group="e", flood=True, admissions=200000, flows=M // 2,
                table=M * 2 // 3, syn_rounds=100, settle_seconds=1.5,
                what="every packet a new flow for ever, table of 700k full, 512k of them known")

SIZES = [("1k", K), ("64k", 64 * K), ("256k", 256 * K), ("1M", M), ("4M", 4 * M), ("16M", 16 * M)]


def for_sizes(first, prefix, what, sizes):
    """`first` with other numbers of flows."""
    return [replace(first, name=prefix + n, flows=flows, what="%s, %s flows" % (what, n))
            for n, flows in sizes]


# A state machine, beside l3fwd's exact match of as many flows.
MACHINE = replace(ONE, name="m-machine-1k", group="m", mode=None, idle_slices=1, flows=K, rules=4,
                  what="a state machine of 4 rules, 1k keys; no slice")
IPV6 = replace(ONE, group="c", ip=6, frame_bytes=84)
IMIX = replace(ONE, name="g-imix", group="g", mode=None, idle_slices=4096, flows=K, pcap="imix.pcap",
               what="as a-untested, sizes as of IMIX (7:4:1 of 64, 594, 1518), 1k packets in a ring")
# Ten thousand aggregates are what a monitor may well have to read.
UNSEEN = replace(ONE, name="i-unseen", group="i", shared=True, granularity=22,
                 what="b-active-1M of 16,384 aggregates, in memory that other processes can map")

SCENARIOS = [
    IDLE,
    *for_sizes(ONE, "b-active-", "one slice under test, all known",
               [("100", 100), ("1k", K), ("4k", 4 * K)] + SIZES[1:]),
    *for_sizes(replace(ONE, mode="passive"), "b-passive-", "mode passive", SIZES),
    *for_sizes(replace(ONE, mode="off"), "b-off-", "mode off", SIZES),
    *for_sizes(IPV6, "c-ipv6-", "IPv6, under test", SIZES),
    replace(IPV6, name="c-ipv6-passive-1M", mode="passive", what="IPv6, mode passive, 1M flows"),
    replace(IPV6, name="c-ipv6-off-1M", mode="off", what="IPv6, mode off, 1M flows"),
    replace(ONE, name="d-vlan-1M", group="d", vlans=1, frame_bytes=68, what="one VLAN tag"),
    replace(ONE, name="d-qinq-1M", group="d", vlans=2, frame_bytes=72, what="two VLAN tags"),
    FLOOD,
    replace(FLOOD, name="e-flood-10-known", known_ppm=100000,
            what="the same with 10 % of the packets of the 512k known flows, whose state is checked"),
    replace(ONE, name="f-irregular-1", group="f", irregular_ppm=irregular_ppm_for(1),
            what="1 % of the segments are repeats, leave a hole or fill one"),
    replace(ONE, name="f-irregular-10", group="f", irregular_ppm=irregular_ppm_for(10),
            what="10 % of them"),
    IMIX,
    MACHINE,
    replace(MACHINE, name="m-machine-1M", flows=M, what="1M keys"),
    replace(MACHINE, name="m-256-rules-1k", rules=256, what="256 rules, 1k keys"),
    replace(MACHINE, name="m-256-rules-1M", rules=256, flows=M, what="256 rules, 1M keys"),
    replace(MACHINE, name="m-registers-1k", registers=True, what="4 rules, two registers, 1k keys"),
    replace(MACHINE, name="m-off-1k", rules=0, what="the same traffic without a machine"),
    replace(ONE, name="h-2-queues", group="h", queues=2,
            what="two queues and workers, 1M flows each; the mean of both workers"),
    UNSEEN,
    replace(UNSEEN, name="i-looked-at", looked_at=True,
            what="the same while telemetry, pennyline-info and pennyline-web are asked ten times a "
            "second each"),
    replace(IDLE, name="s-1-slice", group="s", idle_slices=1, what="a-untested with 1 slice"),
    replace(IDLE, name="s-64-slices", group="s", idle_slices=64, what="with 64 slices"),
    replace(ONE, name="s-256-aggregates", group="s", granularity=16,
            what="b-active-1M, the flows of 256 aggregates"),
    replace(ONE, name="s-4k-aggregates", group="s", granularity=20, what="of 4,096"),
    replace(ONE, name="s-64k-aggregates", group="s", granularity=24, what="of 65,536"),
]
