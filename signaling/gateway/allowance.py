"""How much somebody may send: tokens that come back with time."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

COMMANDS_PER_S, COMMANDS_AT_ONCE = 30.0, 120.0
"""Of one person, over all his sockets and requests."""
EPHEMERALS_PER_S, EPHEMERALS_AT_ONCE = 60.0, 120.0
"""Of one socket."""
PEOPLE_REMEMBERED: Final = 10_000


class Bucket:
    """A token bucket: ``rate`` a second, ``size`` at once. ``clock`` is monotonic, in seconds."""

    def __init__(
        self, rate: float, size: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._size, self._clock = rate, size, clock
        self._left, self._at = size, clock()

    def take(self) -> bool:
        now = self._clock()
        self._left = min(self._size, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Allowances:
    """A bucket for each person; of ``remembered`` people, whoever was quiet for longest begins anew."""

    def __init__(
        self,
        rate: float = COMMANDS_PER_S,
        size: float = COMMANDS_AT_ONCE,
        remembered: int = PEOPLE_REMEMBERED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._size, self._remembered, self._clock = rate, size, remembered, clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, person_id: str) -> bool:
        """Whether this person may send one more now."""
        bucket = self._buckets.get(person_id)
        if bucket is None:
            bucket = self._buckets[person_id] = Bucket(self._rate, self._size, self._clock)
        self._buckets.move_to_end(person_id)
        if len(self._buckets) > self._remembered:
            self._buckets.popitem(last=False)
        return bucket.take()
