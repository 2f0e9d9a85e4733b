# SPDX-License-Identifier: BSD-3-Clause
"""The search, beside boxes whose rates are known."""
import random
import unittest

import search

LOWEST, HIGHEST = 1e3, 148.8e6
WIDTH = search.PHASES[-1][1]


class Box:
    """Takes `capacity` packets a second; of those beyond `knee` it loses one in `slope`; noise makes
    a trial's capacity less; hiccups (so many a second) lose a packet; one that is given more than it
    takes may take only a share of that."""

    def __init__(self, capacity, noise=0.0, knee=None, slope=10, hiccups=0.0, seed=1, overload=1.0):
        self.capacity, self.noise, self.knee, self.slope = capacity, noise, knee, slope
        self.overload = overload
        self.hiccups, self.random, self.seconds = hiccups, random.Random(seed), []
        self.most_sent = HIGHEST

    def trial(self, rate, seconds):
        self.seconds.append(seconds)
        sent = round(min(rate, self.most_sent) * seconds)
        taken = round(self.capacity * (1 - self.noise * self.random.random()) * seconds)
        taken = sent if sent <= taken else round(taken * self.overload)
        if self.knee is not None:
            taken -= round(max(0, sent - self.knee * seconds) / self.slope)
        if self.random.random() < 1 - (1 - self.hiccups) ** seconds:
            taken -= 1
        return sent, taken

    def find(self, most_loss, seconds=30):
        return search.search(self.trial, LOWEST, HIGHEST, most_loss, seconds)


class NoDropRate(unittest.TestCase):
    def test_of_a_box_without_noise_it_is_the_capacity_but_for_the_width(self):
        chosen = random.Random(7)
        for _ in range(200):
            capacity = 10 ** chosen.uniform(4, 8.1)
            found = Box(capacity, overload=chosen.uniform(0.1, 1)).find(0)
            self.assertLessEqual(found.rate, capacity + 1)
            self.assertGreaterEqual(found.rate, capacity * (1 - WIDTH) - 1)
            self.assertGreaterEqual(found.upper, capacity)
            self.assertLess(len(found.trials), 40)

    def test_noise_lowers_it_by_no_more_than_the_noise_and_the_width(self):
        for seed in range(100):
            found = Box(60e6, noise=0.01, seed=seed).find(0)
            self.assertLessEqual(found.rate, 60e6)
            self.assertGreaterEqual(found.rate, 60e6 * (1 - 0.01) * (1 - WIDTH))

    def test_what_is_found_was_good_and_what_is_above_was_bad_for_the_full_length(self):
        for seed in range(50):
            found = Box(60e6, noise=0.01, seed=seed).find(0)
            full = [t for t in found.trials if t["seconds"] == 30]
            self.assertTrue(any(t["rate"] == found.rate and t["sent"] == t["received"] for t in full))
            self.assertTrue(any(t["rate"] == found.upper and t["sent"] > t["received"] for t in full))

    def test_a_box_that_takes_the_line_has_the_line(self):
        found = Box(2 * HIGHEST).find(0)
        self.assertEqual((found.rate, found.upper), (HIGHEST, HIGHEST))

    def test_a_box_that_always_loses_has_none(self):
        self.assertEqual(Box(60e6, hiccups=1).find(0).rate, 0)

    def test_a_hiccup_in_a_short_trial_does_not_stay(self):
        box = Box(60e6)
        honest = box.trial
        lied = []

        def trial(rate, seconds):
            sent, received = honest(rate, seconds)
            if seconds < 30 and 30e6 < rate <= 60e6 and not lied:
                lied.append(rate)
                return sent, received - 1
            return sent, received

        found = search.search(trial, LOWEST, HIGHEST, 0)
        self.assertTrue(lied)
        self.assertGreaterEqual(found.rate, 60e6 * (1 - WIDTH))

    def test_a_short_trial_that_flatters_is_corrected_by_a_long_one(self):
        box = Box(60e6)

        def trial(rate, seconds):
            box.capacity = 60e6 if seconds < 30 else 40e6
            return box.trial(rate, seconds)

        found = search.search(trial, LOWEST, HIGHEST, 0)
        self.assertLessEqual(found.rate, 40e6)
        self.assertGreaterEqual(found.rate, 40e6 * (1 - WIDTH))

    def test_beyond_what_the_sender_reaches_nothing_is_claimed(self):
        box = Box(60e6)
        box.most_sent = 20e6
        found = box.find(0)
        self.assertLessEqual(found.rate, 20e6 / search.LEAST_SHARE_SENT)
        self.assertGreaterEqual(found.rate, 20e6 * (1 - WIDTH))

    def test_a_box_that_changes_for_ever_ends_without_an_answer(self):
        box = Box(60e6)

        def trial(rate, seconds):
            box.capacity = 10 ** box.random.uniform(4, 8)
            return box.trial(rate, seconds)

        found = search.search(trial, LOWEST, HIGHEST, 0)
        self.assertLessEqual(len(found.trials), search.MOST_TRIALS)


class PartialDropRate(unittest.TestCase):
    def test_it_is_where_the_loss_is_half_a_percent(self):
        # 1 - knee / rate = slope * 0.005
        knee, slope = 50e6, 10
        at = knee / (1 - slope * 0.005)
        found = Box(HIGHEST, knee=knee, slope=slope).find(0.005)
        self.assertLessEqual(found.rate, at + 1)
        self.assertGreaterEqual(found.rate, at * (1 - WIDTH))

    def test_hiccups_do_not_matter_to_it(self):
        found = Box(60e6, hiccups=1).find(0.005)
        self.assertGreaterEqual(found.rate, 60e6 * (1 - WIDTH))
        self.assertLessEqual(found.rate, 60e6 / (1 - 0.005) + 1)


class Trials(unittest.TestCase):
    def test_they_grow_longer_and_most_are_short(self):
        box = Box(60e6)
        box.find(0)
        self.assertEqual(box.seconds, sorted(box.seconds))
        self.assertLess(box.seconds.count(30), 8)

    def test_short_searches_have_short_trials_only(self):
        box = Box(60e6)
        box.find(0, seconds=0.3)
        self.assertEqual(set(box.seconds), {0.3})

    def test_mrr_is_what_comes_back_of_all(self):
        self.assertEqual(search.mrr(Box(60e6).trial, HIGHEST), [60e6] * 10)


if __name__ == "__main__":
    unittest.main()
