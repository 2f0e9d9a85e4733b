# SPDX-License-Identifier: BSD-3-Clause
"""Percentiles from counts in ranges, beside those of the values themselves."""
import random
import unittest

import latency


def range_of(ticks):
    """As range_of() of test/bench/source/lab.c."""
    if ticks < 32:
        return ticks
    octave = ticks.bit_length() - 1
    return (octave - 4) * 32 + (ticks >> (octave - 5) & 31)


class Ranges(unittest.TestCase):
    def test_each_value_lies_below_its_range_s_end_and_not_below_the_last_one_s(self):
        for ticks in list(range(5000)) + [2 ** n + d for n in range(13, 40) for d in (-1, 0, 1)]:
            number = range_of(ticks)
            self.assertLess(ticks, latency.end_of(number))
            self.assertLess(number, latency.N_RANGES)
            if number > 0:
                self.assertGreaterEqual(ticks, latency.end_of(number - 1))

    def test_percentiles_are_within_a_thirty_second(self):
        chosen = random.Random(3)
        values = sorted(int(chosen.lognormvariate(9, 1)) for _ in range(100000))
        counts = [0] * latency.N_RANGES
        for value in values:
            counts[range_of(value)] += 1
        got = latency.percentiles(counts, 1e6)
        for name, share in latency.SHARES:
            true = values[int(share * len(values)) - 1]
            self.assertGreaterEqual(got[name], true)
            self.assertLessEqual(got[name], true * (1 + 1 / 32) + 1)

    def test_nothing_measured_says_nothing(self):
        self.assertEqual(latency.percentiles([0] * latency.N_RANGES, 1e9), {})


if __name__ == "__main__":
    unittest.main()
