#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_quic.py QUIC_INITIALS: first flights of QUIC by pennyline and by tshark, on 10000 datagrams.

Headers are made by chance, most of them near what they should be: each type of packet of versions 1 and 2,
other versions, connection IDs of every length, datagrams a little too short, IPv4 and IPv6, VLANs. tshark says
what the header is; what of that makes a client's first flight stands here (RFC 9000 7.2, 14.1, 17.2)."""
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

N_PACKETS = 10000
VERSION_1, VERSION_2 = 1, 0x6B3343CF
FIELDS = ("udp.length", "quic.header_form", "quic.fixed_bit", "quic.version", "quic.long.packet_type",
          "quic.long.packet_type_v2", "quic.dcil", "quic.dcid", "quic.scil")


def header(chance):
    """As a rule a client's Initial, with one thing or two drawn anew."""
    first = chance.choice((0xC0, 0xC0, 0xD0, 0xE0, 0xF0, 0x80, 0x40)) | chance.randrange(16)
    version = chance.choice((VERSION_1, VERSION_1, VERSION_2, VERSION_2, 0, 2, 0x1A2A3A4A, 0xFF00001D))
    lengths = chance.choice(((8, 0), (8, 8), (20, 20), (18, 4), (chance.randrange(24), chance.randrange(24))))
    ids = b"".join(bytes([n]) + chance.randbytes(n) for n in lengths)
    return bytes([first]) + struct.pack("!I", version) + ids


def datagram(chance):
    payload = header(chance) + b"\0\x44\x90"
    n = chance.choice((1200, 1200, 1200, 1252, 1350, 1199, 1198, 600))
    payload += chance.randbytes(n - len(payload))
    udp = struct.pack("!HHHH", chance.randrange(49152, 65536), 443, 8 + n, 0) + payload
    if chance.random() < 0.5:
        ethertype = 0x0800
        packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\xc0\0\x02\x01",
                             b"\xc6\x33\x64\x02") + udp
    else:
        ethertype = 0x86DD
        packet = struct.pack("!IHBB16s16s", 6 << 28, len(udp), 17, 64, b"\x20\x01\x0d\xb8" + bytes(12),
                             b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01") + udp
    tag = struct.pack("!HH", 0x8100, 7) if chance.random() < 0.2 else b""
    return bytes(12) + tag + struct.pack("!H", ethertype) + packet


def write(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, packet in enumerate(packets):
            file.write(struct.pack("<IIII", 1 + i // 1000, i % 1000, len(packet), len(packet)) + packet)


def number(text):
    """tshark has 0x1, 1, True or nothing."""
    return {"": None, "True": 1, "False": 0}[text] if text in ("", "True", "False") else int(text, 0)


def expected(line):
    values = dict(zip(FIELDS, (text.split(",")[0] for text in line.split("\t"))))
    form, fixed, version = (number(values[f"quic.{name}"]) for name in ("header_form", "fixed_bit", "version"))
    of_version = {VERSION_1: ("quic.long.packet_type", 0), VERSION_2: ("quic.long.packet_type_v2", 1)}
    if form != 1 or fixed != 1 or version not in of_version or int(values["udp.length"]) < 8 + 1200:
        return "-"
    field, initial = of_version[version]
    if number(values[field]) != initial or not 8 <= (number(values["quic.dcil"]) or 0) <= 20:
        return "-"
    if (number(values["quic.scil"]) or 0) > 20:
        return "-"
    return f"{version:08x} {values['quic.dcid'].replace(':', '')}"


def main():
    if shutil.which("tshark") is None:
        print("tshark is not installed")
        return 77
    chance = random.Random(20241127)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "quic.pcap")
        write(path, (datagram(chance) for _ in range(N_PACKETS)))
        options = [word for field in FIELDS for word in ("-e", field)]
        tshark = subprocess.run(["tshark", "-n", "-r", path, "-d", "udp.port==443,quic", "-T", "fields", *options],
                                capture_output=True, text=True, check=True).stdout.splitlines()
        ours = subprocess.run([sys.argv[1], path], capture_output=True, text=True, check=True).stdout.splitlines()
    theirs = [expected(line) for line in tshark]
    differ = [i for i in range(N_PACKETS) if ours[i] != theirs[i]]
    for i in differ[:10]:
        print(f"packet {i + 1}: {ours[i]}, by tshark {theirs[i]}: {tshark[i]}")
    n_flights = sum(line != "-" for line in ours)
    print(f"{n_flights} first flights in {len(ours)} packets, {len(differ)} differ")
    return len(ours) != N_PACKETS or len(theirs) != N_PACKETS or bool(differ) or n_flights < N_PACKETS // 20


if __name__ == "__main__":
    sys.exit(main())
