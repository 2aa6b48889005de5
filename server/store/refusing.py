"""What was refused to a person, kept under him: each of the first, then as one entry a minute."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NoReturn

from server.rights.person import Actor
from server.rights.subjects import of_person
from server.store import Store
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command, Who

_NOT_KEPT: Final = frozenset({Code.UNAUTHENTICATED, Code.THROTTLED, Code.BUSY, Code.INTERNAL})
_NO_PROPER_REQUEST: Final = frozenset(
    {
        Code.MALFORMED, Code.TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE, Code.METHOD_NOT_ALLOWED,
        Code.UPLOAD_VERSION, Code.UPLOAD_CHECKSUM_ALGORITHM,
    }
)  # fmt: skip
_SUBJECTS: Final = ("case", "call", "unit", "item", "task")
ONE_BY_ONE: Final = 10
"""So many refusals of one person, act and code within a minute are an entry each."""
TOGETHER_S: Final = 60.0
FLUSHED_EVERY_S: Final = 10.0
OBJECTS_NAMED: Final = 20


@dataclass(slots=True)
class _Repeated:
    """Refusals of one kind within a minute: those that were kept, and those that are only counted."""

    who: Actor
    since: datetime
    kept: int = 0
    more: int = 0
    objects: set[str] = field(default_factory=set)


class Refusals:
    """Keeps, under the person, what was refused to him: the first ones of a kind one by one, what
    follows within the minute as one entry with their number. So nobody fills the ledger by asking."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._repeated: dict[tuple[str, str, Code], _Repeated] = {}

    async def command(self, who: Who, command: Command, refusal: Refusal) -> None:
        """A command of the socket."""
        if isinstance(who, Actor):
            await self._keep(who, str(getattr(command, "type", "")), object_of(command), refusal)

    async def request(self, who: Actor, act: str, about: str, refusal: Refusal) -> None:
        """A request of HTTP; not when it was no proper one."""
        if refusal.code not in _NO_PROPER_REQUEST:
            await self._keep(who, act, about, refusal)

    async def _keep(self, who: Actor, act: str, about: str, refusal: Refusal) -> None:
        if refusal.code in _NOT_KEPT:
            return
        key, now = (who.person_id, act, refusal.code), self._store.clock.now()
        one = self._repeated.get(key)
        if one is not None and now - one.since >= timedelta(seconds=TOGETHER_S):
            await self._write(key)
            one = None
        if one is None:
            one = self._repeated[key] = _Repeated(who, now)
        if one.kept < ONE_BY_ONE:
            one.kept += 1
            await self._store.refused(who, act, about, refusal)
            return
        one.more += 1
        if len(one.objects) < OBJECTS_NAMED:
            one.objects.add(about)

    async def flush(self, *, all_of_them: bool = False) -> None:
        """Write down what was counted and whose minute is over."""
        now = self._store.clock.now()
        for key, one in list(self._repeated.items()):
            if all_of_them or now - one.since >= timedelta(seconds=TOGETHER_S):
                await self._write(key)

    async def _write(self, key: tuple[str, str, Code]) -> None:
        one = self._repeated.pop(key, None)
        if one is None or not one.more:
            return
        _, act, code = key
        try:
            async with self._store.change(one.who) as change:
                await change.record(
                    of_person(one.who.person_id),
                    act,
                    next(iter(one.objects)) if len(one.objects) == 1 else "none",
                    None,
                    payload={
                        "times": one.more,
                        "since": one.since.isoformat(),
                        "objects": sorted(one.objects),
                    },
                    result=code.value,
                )
        except BaseException:
            self._put_back(key, one)
            raise

    def _put_back(self, key: tuple[str, str, Code], one: _Repeated) -> None:
        """To be written when it can be, with what was counted meanwhile."""
        newer = self._repeated.get(key)
        if newer is not None:
            one.kept += newer.kept
            one.more += newer.more
            one.objects.update(sorted(newer.objects)[: OBJECTS_NAMED - len(one.objects)])
        self._repeated[key] = one

    async def run(self) -> NoReturn:
        """Write them down for ever."""
        while True:
            await asyncio.sleep(FLUSHED_EVERY_S)
            with suppress(Refusal):  # the database is away: the next time
                await self.flush()


def object_of(command: Command) -> str:
    """What a command is about, as the ledger names it: ``case:<id>``, ``call:<id>``, or ``none``."""
    for noun in _SUBJECTS:
        if isinstance(named := getattr(command, f"{noun}_id", None), str):
            return f"{noun}:{named}"
    return "none"
