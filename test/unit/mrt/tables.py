# SPDX-License-Identifier: BSD-3-Clause
"""Tables of routes, and how they are written: MRT (RFC 6396, RFC 8050) and the text of bgpdump -m."""

import ipaddress
import struct

SET, SEQUENCE, CONFED_SEQUENCE, CONFED_SET = 1, 2, 3, 4
AS_TRANS = 23456
DUMPED = 1735689600


class Route:
    """A route of one peer. `path` is a list of (kind, [AS, ...])."""

    def __init__(self, prefix, peer, peer_as, next_hop, path, since=DUMPED - 60, path_id=0, link_local=False):
        self.prefix = ipaddress.ip_network(prefix)
        self.peer = ipaddress.ip_address(peer)
        self.peer_as = peer_as
        self.next_hop = ipaddress.ip_address(next_hop)
        self.path = path
        self.since = since
        self.path_id = path_id
        self.link_local = link_local  # a second next hop, as of a peer on the same link


def path_text(path):
    forms = {SET: "{%s}", SEQUENCE: "%s", CONFED_SEQUENCE: "(%s)", CONFED_SET: "[%s]"}
    return " ".join(forms[kind] % ("," if kind in (SET, CONFED_SET) else " ").join(map(str, numbers))
                    for kind, numbers in path)


def record(kind, subtype, body, time=DUMPED):
    return struct.pack(">IHHI", time, kind, subtype, len(body)) + body


def attribute(kind, value, flags=0x40):
    if len(value) > 255:
        return struct.pack(">BBH", flags | 0x10, kind, len(value)) + value
    return struct.pack(">BBB", flags, kind, len(value)) + value


def path_bytes(path, as_bytes):
    out = b""
    for kind, numbers in path:
        if as_bytes == 2:
            numbers = [n if n < 65536 else AS_TRANS for n in numbers]
        out += struct.pack(">BB", kind, len(numbers))
        out += b"".join(n.to_bytes(as_bytes, "big") for n in numbers)
    return out


def attributes(route, as_bytes, is_whole=False):
    """`is_whole`: MP_REACH_NLRI as it was received, not the next hop alone."""
    out = attribute(1, b"\0")
    out += attribute(2, path_bytes(route.path, as_bytes))
    if route.prefix.version == 4 and route.next_hop.version == 4:
        out += attribute(3, route.next_hop.packed)
    else:
        hop = route.next_hop.packed + (ipaddress.ip_address("fe80::1").packed if route.link_local else b"")
        value = bytes([len(hop)]) + hop
        if is_whole:
            value = struct.pack(">HB", 2 if route.prefix.version == 6 else 1, 1) + value + b"\0" + nlri(route.prefix)
        out += attribute(14, value, 0x80)
    out += attribute(4, struct.pack(">I", 20), 0x80) + attribute(8, struct.pack(">HH", 64500, 1), 0xc0)
    new = [(kind, numbers) for kind, numbers in route.path if kind in (SET, SEQUENCE)]
    if as_bytes == 2 and any(n > 65535 for _, numbers in new for n in numbers):
        out += attribute(17, path_bytes(new, 4), 0xc0)
    return out


def nlri(prefix):
    return bytes([prefix.prefixlen]) + prefix.network_address.packed[:(prefix.prefixlen + 7) // 8]


def peer_table(peers, time=DUMPED):
    body = struct.pack(">4sH4sH", bytes([192, 0, 2, 255]), 4, b"view", len(peers))
    for address, number in peers:
        body += struct.pack(">B4s", (address.version == 6) | 2 * (number > 65535), bytes([192, 0, 2, 1]))
        body += address.packed + number.to_bytes(4 if number > 65535 else 2, "big")
    return record(13, 1, body, time)


def rib(prefix, entries, sequence=0, add_path=False):
    """`entries`: (number of the peer, route or bytes of attributes)."""
    body = struct.pack(">I", sequence) + nlri(prefix) + struct.pack(">H", len(entries))
    for peer, route in entries:
        body += struct.pack(">HI", peer, route.since)
        if add_path:
            body += struct.pack(">I", route.path_id)
        value = attributes(route, 4, is_whole=route.since % 2 == 1)
        body += struct.pack(">H", len(value)) + value
    return record(13, (8 if add_path else 2) + 2 * (prefix.version == 6), body)


def grouped(routes):
    groups = {}
    for route in routes:
        groups.setdefault(route.prefix, []).append(route)
    return groups


def table_dump_v2(routes, add_path=False):
    peers = sorted({(r.peer, r.peer_as) for r in routes}, key=lambda p: (p[0].version, p))
    number = {peer: i for i, peer in enumerate(peers)}
    out = [peer_table(peers)]
    for i, (prefix, group) in enumerate(grouped(routes).items()):
        out.append(rib(prefix, [(number[(r.peer, r.peer_as)], r) for r in group], i, add_path))
    return out


def table_dump(routes):
    out = []
    for i, r in enumerate(routes):
        value = attributes(r, 2, is_whole=r.since % 2 == 1)
        out.append(record(12, 1 if r.prefix.version == 4 else 2, struct.pack(
            ">HH", 0, i % 65536) + r.prefix.network_address.packed + struct.pack(
            ">BBI", r.prefix.prefixlen, 1, r.since) + r.peer.packed + struct.pack(
            ">HH", r.peer_as if r.peer_as < 65536 else AS_TRANS, len(value)) + value))
    return out


def bgpdump_text(routes, add_path=False):
    kind = "TABLE_DUMP2_AP" if add_path else "TABLE_DUMP2"
    return "".join(f"{kind}|{DUMPED}|B|{r.peer}|{r.peer_as}|{r.prefix}|{f'{r.path_id}|' if add_path else ''}"
                   f"{path_text(r.path)}|IGP|{r.next_hop}|0|20|64500:1|NAG||\n" for r in routes).encode()
