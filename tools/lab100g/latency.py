# SPDX-License-Identifier: BSD-3-Clause
"""Latencies as the source counts them in ranges (test/bench/source/lab.h)."""
SUB_BITS = 5
N_RANGES = (8 * 5 - SUB_BITS + 1) << SUB_BITS
SHARES = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)]


def end_of(number):
    """The least number of cycles beyond this range."""
    if number < 1 << SUB_BITS:
        return number + 1
    octave = (number >> SUB_BITS) + SUB_BITS - 1
    sub = number & ((1 << SUB_BITS) - 1)
    return ((1 << SUB_BITS) + sub + 1) << (octave - SUB_BITS)


def percentiles(counts, tsc_hz):
    """Microseconds below which each share lies (ranges are a thirty-second wide); {} without any."""
    total, seen, result = sum(counts), 0, {}
    if total == 0:
        return result
    wanted = list(SHARES)
    for number, count in enumerate(counts):
        seen += count
        while wanted and seen >= wanted[0][1] * total:
            result[wanted.pop(0)[0]] = end_of(number) / tsc_hz * 1e6
    result["most"] = end_of(max(i for i, n in enumerate(counts) if n > 0)) / tsc_hz * 1e6
    return result
