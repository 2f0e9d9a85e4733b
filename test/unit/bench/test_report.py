# SPDX-License-Identifier: BSD-3-Clause
"""Ratios, goals and cores from made-up figures."""
import os
import tempfile
import unittest

from path import report, scaling


def figures(tsc_mhz="2600", **cycles):
    """Cycles of each name, round by round."""
    return report.Figures({"tsc_mhz": tsc_mhz}, {
        name.replace("_", "-"): dict(enumerate(values)) for name, values in cycles.items()})


def row(text, start):
    return [cell.strip() for line in text.splitlines() if line.startswith("| " + start)
            for cell in line.strip("|").split("|")]


class Goals(unittest.TestCase):
    def test_a_ratio_is_the_median_of_those_within_a_round(self):
        f = figures(a_untested=[80, 200, 90], l3fwd_lpm=[80, 100, 60])
        self.assertEqual(f.ratio("a-untested", "l3fwd-lpm"), 1.5)
        self.assertEqual(row(report.goals(f), "untested")[1:], ["1.25", "1.5", "1.33", "missed"])

    def test_rounds_that_only_one_has_do_not_count(self):
        f = figures(a_untested=[80, 80, 80, 8000], l3fwd_lpm=[80, 80, 80])
        self.assertEqual(f.ratio("a-untested", "l3fwd-lpm"), 1)

    def test_just_at_the_limit_it_is_met(self):
        f = figures(b_active_16M=[140], b_active_1M=[100])
        self.assertEqual(row(report.goals(f), "16M flows")[1:], ["1.4", "1.4", "1.4", "met"])

    def test_what_is_not_in_the_run_is_taken_by_ratio_and_by_difference(self):
        f = figures(testpmd_io=[27], b_active_100=[100])
        lines = [line for line in report.goals(f).splitlines() if "100 flows beside" in line]
        # 518 of 54 is 259 of 27; 518 - 54 more than 27 is 491.
        self.assertIn("taken as 259 cycles, by ratio to io | 0.417 | 0.386 | 0.386 | met", lines[0])
        self.assertIn("taken as 491 cycles, by difference to io | 0.417 | 0.204 | 0.204 | met", lines[1])

    def test_what_was_not_measured_is_said(self):
        self.assertEqual(row(report.goals(figures()), "passive")[2:], ["not measured", "", ""])


class Scaling(unittest.TestCase):
    def test_cores_are_the_line_s_frames_times_cycles(self):
        text = scaling.cores(figures(a_untested=[100], tsc_mhz="2600"))
        # 100e9 / 8 / 84 frames a second, of 100 cycles, by 2.6e9.
        self.assertEqual(row(text, "a-untested")[1:], ["100", "5.7", "1.3", "0.3"])

    def test_flows_have_a_row_each_and_only_series_that_were_measured(self):
        text = scaling.by_flows(figures(b_active_1k=[10], b_active_1M=[30], c_ipv6_1M=[40]))
        self.assertEqual(row(text, "flows")[1:], ["active", "IPv6, active"])
        self.assertEqual(row(text, "1k"), ["1k", "10.0", ""])
        self.assertEqual(row(text, "1M"), ["1M", "30.0", "40.0"])


class Files(unittest.TestCase):
    def test_the_page_keeps_what_lies_outside_the_marks_and_the_raw_file_is_kept(self):
        with tempfile.TemporaryDirectory() as directory:
            raw, page = os.path.join(directory, "raw.csv"), os.path.join(directory, "performance.md")
            with open(raw, "w", encoding="utf-8") as file:
                file.write("# tsc_mhz: 2600\n" + ",".join(report.FIELDS) +
                           "\n0,pennyline,b-active-1M,120.00,20,1,1000,0.1,0.0\n"
                           "0,pennyline,b-active-64k,60.00,40,1,1000,0.1,0.0\n")
            with open(page, "w", encoding="utf-8") as file:
                file.write("before\n%sold\n%sbetween\n%sold\n%safter\n" % (
                    *report.FIGURES, *report.SCALING))
            report.document(report.load(raw), raw, directory)
            with open(page, encoding="utf-8") as file:
                text = file.read()
            for word in ("before\n", "between\n", "after\n", "| 1M | 120.0 |", "**120.0**"):
                self.assertIn(word, text)
            self.assertNotIn("old", text)
            for name in ("performance.csv", "performance.svg", "performance-scaling.svg"):
                self.assertGreater(os.path.getsize(os.path.join(directory, name)), 0)


if __name__ == "__main__":
    unittest.main()
