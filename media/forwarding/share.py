"""What one receiver gets of several senders within its rate: sound always, then pictures by size.

Pure: rates in, choices out. A party with a bad line gets less and nobody else does, since
each receiver is decided for by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

RAISE_MARGIN = 1.15
KEEP_MARGIN = 1.1
"""What is added must leave room to spare; what is there is not taken away for the noise of measuring."""
RAISE_AFTER_S = 2.0
RAISE_AFTER_AT_MOST_S = 60.0
FAILED_WITHIN_S = 10.0
TRIAL_S = 3.0
TRIAL_AFTER_S = 4.0
"""With no picture at all nothing proves that there is room for one: the smallest is tried for some
seconds, whatever the budget says."""


def choose(budget_bps: float, sources: Sequence[Sequence[float]]) -> list[int | None]:
    """One picture of each source: the index of its rate (ascending, bit/s), or None for none.

    Earlier sources come first. Everybody is seen small before anybody is seen large.
    """
    chosen: list[int | None] = [None] * len(sources)
    left = budget_bps
    for index, rates in enumerate(sources):
        if rates and rates[0] <= left:
            chosen[index] = 0
            left -= rates[0]
    raised = True
    while raised:
        raised = False
        for index, rates in enumerate(sources):
            at = chosen[index]
            if at is not None and at + 1 < len(rates) and rates[at + 1] - rates[at] <= left:
                left -= rates[at + 1] - rates[at]
                chosen[index] = at + 1
                raised = True
    return chosen


@dataclass(slots=True)
class Share:
    """One receiver's choices over time: down at once, up one step after a while.

    `sent_bps` is what its receiver gets by them. A step up that the way does not bear is tried again ever more seldom.
    """

    chosen: dict[str, int | None] = field(default_factory=dict)
    sent_bps: float = 0.0
    wait_s: float = RAISE_AFTER_S
    raised_at: float = float("-inf")
    lowered_at: float = float("-inf")
    trial_until: float = float("-inf")

    def decide(
        self,
        now: float,
        budget_bps: float | None,
        sources: Mapping[str, Sequence[float]],
        *,
        pausing: bool = True,
    ) -> dict[str, int | None]:
        """The choice for each source (by any name, in the order of their weight).

        `budget_bps` is what is left for pictures; None while nothing says that there is a bound.
        Without `pausing` everybody is seen at least small: packets are late, but not lost.
        """
        for name in set(self.chosen) - set(sources):
            del self.chosen[name]
        if budget_bps is None:
            self.chosen = {
                name: len(rates) - 1 if rates else None for name, rates in sources.items()
            }
            return self.chosen
        for name, rates in sources.items():
            at = self.chosen.setdefault(name, None)
            if at is not None and at >= len(rates):
                self.chosen[name] = len(rates) - 1 if rates else None
        rates_of = list(sources.values())
        if not pausing:
            budget_bps = max(budget_bps, sum(rates[0] for rates in rates_of if rates))
        fits = choose(budget_bps, rates_of)
        spent = sum(
            rates[at] for (name, rates) in sources.items() if (at := self.chosen[name]) is not None
        )
        if spent > KEEP_MARGIN * budget_bps and now >= self.trial_until:
            if now - self.raised_at < FAILED_WITHIN_S:
                self.wait_s = min(2 * self.wait_s, RAISE_AFTER_AT_MOST_S)
            self.lowered_at = now
            self.chosen = dict(zip(sources, fits, strict=True))
            return self.chosen
        if now - self.raised_at >= 2 * RAISE_AFTER_AT_MOST_S:
            self.wait_s = RAISE_AFTER_S
        if spent == 0 and any(rates_of):
            if now - self.lowered_at >= max(TRIAL_AFTER_S, self.wait_s):
                first = next(name for name, rates in sources.items() if rates)
                self.chosen[first] = 0
                self.raised_at = now
                self.trial_until = now + TRIAL_S
            return self.chosen
        if now - max(self.raised_at, self.lowered_at) >= self.wait_s:
            roomy = choose(budget_bps / RAISE_MARGIN, rates_of)
            for name, wanted, fit in zip(sources, roomy, fits, strict=True):
                at = self.chosen[name]
                if at is None:
                    # To be seen at all needs no room to spare.
                    wanted = fit
                if wanted is not None and (at is None or wanted > at):
                    self.chosen[name] = 0 if at is None else at + 1
                    self.raised_at = now
                    break
        return self.chosen
