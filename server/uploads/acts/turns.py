"""Who goes first of those who read what arrives, where they share one line.

A line that carries no more than the senders bring stays behind, once it is, until a sender ends. What
is left of his file would then share the line with all that still comes, and come late. Knows no file
and no HTTP.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final, Protocol

FIRST_FOR_S: Final = 0.1
"""How long the rest of a file that has all come goes before what still comes."""
LOOK_AGAIN_S: Final = 0.002


class HandedBytes(Protocol):
    """How the bytes that were handed over for a reader go on."""

    def waiting(self) -> int:
        """How many of them are not under way to him yet; 0 where that is not known."""
        ...


@dataclass(eq=False, slots=True)
class Reader:
    """Somebody who reads a file, and how the bytes go to him (None: unknown)."""

    way: HandedBytes | None = None
    first_until: float | None = None
    """Up to when, by the loop's clock, he goes before others; None while his file still comes."""
    left: asyncio.Event = field(default_factory=asyncio.Event)


class Turns:
    """The readers behind one line: those whose files have all come go first, in the order in which
    they had, each for 0.1 s at most."""

    def __init__(self) -> None:
        self.readers = 0
        """How many there are; whoever has the turns counts them."""
        self._first: list[Reader] = []

    def complete(self, reader: Reader) -> None:
        """All of his file is there; said again it changes nothing."""
        if reader.first_until is None:
            reader.first_until = asyncio.get_running_loop().time() + FIRST_FOR_S
            self._first.append(reader)

    async def mine(self, reader: Reader) -> None:
        """Wait until nobody goes before him."""
        while self._first and (ahead := self._first[0]) is not reader:
            try:
                async with asyncio.timeout_at(ahead.first_until):
                    await ahead.left.wait()
            except TimeoutError:
                self.leave(ahead)

    async def sent(self, reader: Reader) -> None:
        """Wait until all that was handed over for him is under way, if he goes first."""
        now = asyncio.get_running_loop().time
        while reader in self._first and reader.way is not None and reader.way.waiting():
            # the system tells nobody when it has sent something
            if reader.first_until is None or now() >= reader.first_until:
                return
            await asyncio.sleep(LOOK_AGAIN_S)

    def leave(self, reader: Reader) -> None:
        """Nobody waits for him any more."""
        if reader in self._first:
            self._first.remove(reader)
        reader.left.set()
