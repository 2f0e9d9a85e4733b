# SPDX-License-Identifier: BSD-3-Clause
"""A capture of 1,000 TCP packets in the sizes of IMIX: of twelve, seven of 64 bytes, four of 594 and
one of 1518 (with their frame check sequence, which is not in the capture)."""
import struct

SIZES = [60] * 7 + [590] * 4 + [1514]
N_PACKETS = 1000


def _frame(number, size):
    n_ip = size - 14
    # Spread over 1,000 flows; sequence numbers stand still, so nothing is in order twice.
    source = 0x0A000000 + number * 257
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, n_ip, 0, 0x4000, 64, 6, 0, source, 0xC6120001 + number)
    tcp = struct.pack(">HHIIBBHHH", 1024 + number, 443, number * 1000003, 0, 0x50, 0x18, 8192, 0, 0)
    frame = bytes.fromhex("020000000002020000000001") + b"\x08\x00" + ip + tcp
    return frame + bytes(size - len(frame))


def write(path):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number in range(N_PACKETS):
            frame = _frame(number, SIZES[number % len(SIZES)])
            file.write(struct.pack("<IIII", 0, number, len(frame), len(frame)) + frame)
