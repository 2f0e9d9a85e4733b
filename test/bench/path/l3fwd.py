# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's example l3fwd over the same source, unpatched: its rules are the flows and networks that
the source sends. What a rule matches leaves by port 1, what none does by port 0, so that the ports'
own counters say afterwards whether the lookups really hit."""
import os

from . import programs

# What both tables of 4M places (IPv4 and IPv6, as l3fwd was compiled) need, in MiB.
MEMORY_MB = 1200
ALL_BITS = 0xFFFFFFFF


def _scatter(x):
    x ^= x >> 16
    x = x * 0x7FEB352D & ALL_BITS
    x ^= x >> 15
    x = x * 0x846CA68B & ALL_BITS
    return x ^ x >> 16


def _dotted(address):
    return "%d.%d.%d.%d" % (address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255)


def flow(number):
    """(source, source port, destination) as write_packet() of source.c makes them."""
    name = _scatter(number)
    return (0x0A000000 | name & 0xFFFFFF, 1024 + (name >> 24) * 128 + (number & 127),
            0xC6120000 | number * 40503 & 0x1FFFF)


def _write_flows(path, n_flows):
    with open(path, "w", encoding="ascii") as file:
        for number in range(n_flows):
            source, port, destination = flow(number)
            file.write("R%s %s 443 %d 6 1\n" % (_dotted(destination), _dotted(source), port))


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def write_rules(directory, flows):
    """Once for all rounds: a million lines take seconds. `flows`: how many exact-match rules."""
    for n_flows in flows:
        _write_flows(os.path.join(directory, "em-%d" % n_flows), n_flows)
    _write(os.path.join(directory, "lpm"),
           "".join("R198.%d.%d.0/24 1\n" % (18 + (i >> 8), i & 255) for i in range(512)))
    # l3fwd wants rules of both families or takes its own.
    _write(os.path.join(directory, "em-ipv6"), "R2001:db8::1 2001:db8::2 443 1024 6 1\n")
    _write(os.path.join(directory, "lpm-ipv6"), "R2001:db8::/32 1\n")


def command(path, scenario, lookup, directory):
    """`directory` holds the rules."""
    rules = "em-%d" % scenario.flows if lookup == "em" else lookup
    return ([path] +
            programs.eal_arguments([scenario.device(), "net_null1"], 1, memory_mb=MEMORY_MB) +
            ["--", "-p", "3", "-P", "--lookup=" + lookup, "--config=(0,0,1)", "--parse-ptype",
             "--rule_ipv4=" + os.path.join(directory, rules),
             "--rule_ipv6=" + os.path.join(directory, lookup + "-ipv6")])
