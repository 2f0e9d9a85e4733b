# SPDX-License-Identifier: BSD-3-Clause
"""Rates that a box can take, by trials: MRR, and the highest rate at which no more than a share is lost
(NDR: none; PDR: 0.5 %), searched in the manner of MLRsearch (draft-ietf-bmwg-mlrsearch).

Two bounds, a rate that was good and one that was bad, are brought together in phases. Each phase
sends longer and narrows the interval further; it begins by asking for both bounds again at its own
length, and moves one that does not hold any more. So what is found was good, and what is a little
above was bad, in trials of full length.

`trial(rate_pps, seconds)` sends and returns (sent, received); it is the sender's (senders.py)."""
from dataclasses import dataclass, field

# (seconds of a trial, width of the interval beside its upper bound)
PHASES = [(1.0, 0.05), (5.0, 0.015), (30.0, 0.005)]
MOST_TRIALS = 80
LEAST_SHARE_SENT = 0.99


@dataclass
class Found:
    rate: float   # highest that was good in a trial of full length; 0: none was
    upper: float  # lowest that was bad, or `highest` when none was
    trials: list = field(default_factory=list)


class OutOfTrials(Exception):
    """The box does not do the same twice; what is known is no answer."""


def loss(sent, received):
    return 1.0 if sent == 0 else max(0.0, (sent - received) / sent)


def phases_to(seconds):
    """The phases with trials of at most so many seconds; the last has just that many."""
    shorter = [phase for phase in PHASES[:-1] if phase[0] < seconds]
    return shorter + [(seconds, PHASES[-1][1])]


def mrr(trial, highest, n_trials=10, seconds=1.0):
    """What comes back a second when all is sent that the line takes."""
    return [trial(highest, seconds)[1] / seconds for _ in range(n_trials)]


class _Search:
    def __init__(self, trial, lowest, highest, most_loss):
        self.trial, self.lowest, self.highest, self.most_loss = trial, lowest, highest, most_loss
        self.trials, self.known = [], {}

    def good(self, rate, seconds):
        """A sender that did not reach the rate has shown nothing about it: not good."""
        if (rate, seconds) not in self.known:
            if len(self.trials) >= MOST_TRIALS:
                raise OutOfTrials
            sent, received = self.trial(rate, seconds)
            self.trials.append({"rate": rate, "seconds": seconds, "sent": sent,
                                "received": received})
            self.known[rate, seconds] = (sent >= LEAST_SHARE_SENT * rate * seconds and
                                         loss(sent, received) <= self.most_loss)
        return self.known[rate, seconds]

    def settle(self, low, high, seconds, width):
        """Both bounds as trials of this length have them; None where there is none."""
        step = width
        while not self.good(low, seconds):
            high = low
            if low <= self.lowest:
                return None, high
            low = max(self.lowest, low * (1 - step))
            step *= 2
        step = width
        while high is not None and self.good(high, seconds):
            low = high
            high = min(self.highest, high * (1 + step)) if high < self.highest else None
            step *= 2
        return low, high

    def phase(self, low, high, seconds, width):
        low, high = self.settle(low, high, seconds, width)
        while low is not None and high is not None and high - low > width * high:
            middle = (low + high) / 2
            if self.good(middle, seconds):
                low = middle
            else:
                high = middle
        return low, high

    def first_guess(self, seconds):
        """What comes back of all that the line takes."""
        self.good(self.highest, seconds)
        received = self.trials[-1]["received"] / seconds
        return max(self.lowest, min(self.highest, received))


def search(trial, lowest, highest, most_loss, seconds=PHASES[-1][0]):
    """The highest rate from `lowest` to `highest` with a loss of at most `most_loss`."""
    s = _Search(trial, lowest, highest, most_loss)
    phases = phases_to(seconds)
    low, high = s.first_guess(phases[0][0]), highest
    try:
        for length, width in phases:
            low, high = s.phase(low, high, length, width)
            if low is None:
                # The lowest rate was too much for a short trial; a long one has a say too.
                low = lowest
        found = low if s.good(low, seconds) else 0.0
    except OutOfTrials:
        found = 0.0
    return Found(found, high if high is not None else highest, s.trials)
