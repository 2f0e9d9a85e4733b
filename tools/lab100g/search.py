# SPDX-License-Identifier: BSD-3-Clause
"""Rates that a box can take, by trials: MRR, and the rate up to which no more than a share is lost
(NDR: none; PDR: 0.5 %), searched in the manner of MLRsearch (draft-ietf-bmwg-mlrsearch): trials grow
longer as the interval narrows, and a bound that a longer trial contradicts is asked for again.

`trial(rate_pps, seconds)` sends and returns (sent, received); it is the sender's (senders.py)."""
from dataclasses import dataclass, field

FIRST_SECONDS, LAST_SECONDS = 1.0, 30.0
FIRST_WIDTH, LAST_WIDTH = 0.05, 0.005  # of the upper bound
MOST_TRIALS = 60


@dataclass
class Found:
    rate: float               # highest that was good in a trial of full length; 0: none was
    upper: float              # lowest that was bad
    trials: list = field(default_factory=list)


def loss(sent, received):
    return 1.0 if sent == 0 else max(0.0, (sent - received) / sent)


def mrr(trial, highest, n_trials=10, seconds=1.0):
    """What comes back a second when all is sent that the line takes."""
    result = []
    for _ in range(n_trials):
        _sent, received = trial(highest, seconds)
        result.append(received / seconds)
    return result


def _good(trial, rate, seconds, most_loss, trials):
    sent, received = trial(rate, seconds)
    trials.append({"rate": rate, "seconds": seconds, "sent": sent, "received": received})
    # A sender that did not reach its rate has shown nothing about it.
    if sent < 0.99 * rate * seconds:
        return False
    return loss(sent, received) <= most_loss


def search(trial, highest, lowest, most_loss, first_guess=None, last_seconds=LAST_SECONDS):
    """The highest rate with a loss of at most `most_loss`, to LAST_WIDTH of it."""
    trials = []
    seconds, width = min(FIRST_SECONDS, last_seconds), FIRST_WIDTH
    low, high = lowest, highest
    guess = first_guess or highest
    while len(trials) < MOST_TRIALS:
        if _good(trial, guess, seconds, most_loss, trials):
            low = max(low, guess)
        else:
            high = min(high, guess)
        if low >= highest or high - low <= width * high:
            if seconds >= last_seconds and width <= LAST_WIDTH:
                break
            seconds = min(last_seconds, seconds * 5)
            width = max(LAST_WIDTH, width / 3)
            # The lower bound must hold for the longer trial too; what contradicts it moves it down.
            while low > lowest and not _good(trial, low, seconds, most_loss, trials):
                high, low = low, max(lowest, low * (1 - 2 * width))
                if len(trials) >= MOST_TRIALS:
                    break
            if low >= highest:
                continue
            high = min(highest, max(high, low * (1 + width)))
        guess = (low + high) / 2 if low < highest else highest
    ok = any(t["rate"] == low and t["seconds"] >= last_seconds and
             loss(t["sent"], t["received"]) <= most_loss for t in trials)
    return Found(low if ok else 0.0, high, trials)
