# SPDX-License-Identifier: BSD-3-Clause
"""Mirrors as routers make them, live: the kernel copies packets (tc mirred, nftables dup) from where tools/lab/mirror.py
has its mirror, and pennyline takes the copies.

    fast --+-- plain ------------------------ box   as they are, both directions
           +-- vxlan0 -- vxlan -------------- box   wrapped by the kernel, VNI 4242
           +-- towrap -- wrap -- wrapped ---- box   wrapped by encapsulations.py, in many ways at once
"""

import os

import encapsulations
import mirror
import netlab

WRAPPER = os.path.abspath(encapsulations.__file__)
# The ends' packets leave room for what wraps them.
END_MTU = 1400
# How a slice asks for what each wrapping makes of a packet.
CONDITIONS = {
    "VLAN": {"vlan": 100},
    "QinQ": {"vlan": 2000},
    "MPLS": {"vlan": 0, "tunnel": "none"},
    "IP in IPv4": {"tunnel": "ip_in_ip"},
    "GRE": {"tunnel": "gre", "tunnel_id": 0},
    "GRE over IPv6 with key": {"tunnel": "gre", "tunnel_id": encapsulations.KEY},
    "GRETAP": {"tunnel": "gretap"},
    "ERSPAN I": {"tunnel": "erspan_1"},
    "ERSPAN II": {"tunnel": "erspan_2", "tunnel_id": encapsulations.SESSION},
    "ERSPAN III with subheader": {"tunnel": "erspan_3", "tunnel_id": encapsulations.SESSION},
    "VXLAN over IPv6 of QinQ": {"tunnel": "vxlan", "tunnel_id": encapsulations.VNI},
}


def copy_packets(namespace, device, way, *targets):
    """All that comes in by a device ("ingress"), or leaves by it, goes to the targets as well."""
    copies = [word for target in targets
              for word in ("action", "mirred", "egress", "mirror", "dev", target)]
    if "clsact" not in namespace.run("tc", "qdisc", "show", "dev", device):
        namespace.run("tc", "qdisc", "add", "dev", device, "clsact")
    namespace.run("tc", "filter", "add", "dev", device, way, "protocol", "all", "u32", "match", "u32",
                  0, 0, *copies)


def sample_packets(namespace, device, targets):
    """Of all that comes in by a device, one packet in so many goes to each of the targets as well."""
    rules = "; ".join(f"add rule netdev sampled copies numgen inc mod {one_in} == 0 dup to {target}"
                      for target, one_in in targets.items())
    namespace.nft("add table netdev sampled; add chain netdev sampled copies "
                  f"{{ type filter hook ingress device {device} priority 0; }}; {rules}")


class LiveMirror(mirror.Mirror):
    def build(self):
        super().build()
        for end, device in ((self.sender, "to-r1"), (self.receiver, "to-r2")):
            end.run("ip", "link", "set", device, "mtu", END_MTU)
        self.box, self.wrap = self.namespace("box"), self.namespace("wrap")
        for quiet in (self.box, self.wrap):
            quiet.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        self.link(self.fast, "to-plain", self.box, "plain")
        self.link(self.fast, "to-vxlan", self.box, "vxlan")
        self.link(self.fast, "to-wrap", self.wrap, "unwrapped")
        self.link(self.wrap, "to-box", self.box, "wrapped")
        self.make_vxlan()

    def make_vxlan(self):
        self.fast.addresses("to-vxlan", "10.9.9.1/24")
        self.fast.neighbour("10.9.9.2", netlab.mac(99), "to-vxlan")
        self.fast.run("ip", "link", "add", "vxlan0", "type", "vxlan", "id", encapsulations.VNI, "remote",
                      "10.9.9.2", "local", "10.9.9.1", "dstport", 4789, "dev", "to-vxlan")
        self.fast.run("ip", "link", "set", "vxlan0", "up")

    def lost_copies(self):
        """What the kernel or the wrapper had no room for on the way to the box: a busy machine's, and nobody's
        fault. A veth's queue holds 256 frames."""
        ways = ((self.fast, "to-plain"), (self.fast, "to-vxlan"), (self.fast, "to-wrap"),
                (self.wrap, "to-box"))
        lost = {device: namespace.counters(device)["tx_dropped"] for namespace, device in ways}
        for device in ("plain", "vxlan", "wrapped"):
            lost[device] = self.box.counters(device)["rx_dropped"]
        lost["unwrapped"] = self.wrap.counters("unwrapped")["rx_dropped"]
        return {device: n for device, n in lost.items() if n > 0}

    def start_copies(self):
        """After the box listens, so that it sees every copy."""
        self.wrap.start(WRAPPER, "unwrapped", "to-box", *CONDITIONS).wait_for("ready")
        copy_packets(self.fast, "to-r1", "egress", "to-plain")
        copy_packets(self.fast, "to-r1", "ingress", "to-plain", "vxlan0", "to-wrap")


def ports(driver="af_xdp"):
    return [{"name": name, "device": f"iface:{name}", "driver": driver, "role": "mirror"}
            for name in ("plain", "vxlan", "wrapped")]


def slice_name(wrap):
    return "".join(letter if letter.isalnum() else "-" for letter in wrap)


def slices(source="10.1.1.0/24"):
    """One of each way that a packet comes here."""
    ways = {"plain": {"port": "plain"},
            "vxlan": {"port": "vxlan", "tunnel": "vxlan", "tunnel_id": encapsulations.VNI},
            **{slice_name(name): {"port": "wrapped", **condition}
               for name, condition in CONDITIONS.items()}}
    return [{"name": name, "mode": "passive", "sources": [source], "ingress": ingress}
            for name, ingress in ways.items()]
