"""What a worker spends, measured once a second, and whether it takes one more call.

The share of a core that its process uses, smoothed over a few seconds; how late its loop came to
a timer at worst; packets a second. A call that runs is never touched: at a limit only new ones
are refused, so that those that run keep their rate. It knows numbers, no rooms and no network.
"""

from dataclasses import dataclass
from typing import Any

MEASURED_EVERY_S = 1.0
_WEIGHT = 0.4
"""Of the latest second; a single busy one does not turn calls away."""


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Up to how many calls, and up to which share of a core, a worker takes new ones; 0: any."""

    calls: int = 100
    load: float = 0.8


LIMITS = LoadLimits()


class Load:
    """Measures between calls of `tick`; `draining` for good once the worker is to empty."""

    def __init__(self, limits: LoadLimits, period_s: float, now: float, cpu_s: float) -> None:
        self._limits = limits
        self._period_s = period_s
        self._since = self._ticked = now
        self._cpu_s = cpu_s
        self._packets = 0
        self._late_s = 0.0
        self.draining = False
        self.share = 0.0
        self.lag_s = 0.0
        self.packets_per_s = 0.0

    def tick(self, now: float, cpu_s: float, packets: int) -> None:
        """Called by the loop every `period_s`, with what the process has used and how many
        datagrams came since the start."""
        self._late_s = max(self._late_s, now - self._ticked - self._period_s)
        self._ticked = now
        took_s = now - self._since
        if took_s < MEASURED_EVERY_S:
            return
        share = (cpu_s - self._cpu_s) / took_s
        self.share += _WEIGHT * (share - self.share)
        self.packets_per_s = (packets - self._packets) / took_s
        self.lag_s = self._late_s
        self._since, self._cpu_s, self._packets, self._late_s = now, cpu_s, packets, 0.0

    def full(self, calls: int) -> str | None:
        """Why no new call is taken beside these: `draining`, `calls` or `load`; None: one is."""
        if self.draining:
            return "draining"
        if self._limits.calls and calls >= self._limits.calls:
            return "calls"
        if self._limits.load and self.share >= self._limits.load:
            return "load"
        return None

    def figures(self) -> dict[str, Any]:
        return {
            "load": round(self.share, 3),
            "lag_s": round(self.lag_s, 4),
            "packets_per_s": round(self.packets_per_s, 1),
            "draining": int(self.draining),
            "calls_limit": self._limits.calls,
            "load_limit": self._limits.load,
        }
