"""What somebody shows or points at while a call runs, kept for its replay.

``note`` only remembers; once a second what was remembered is written in one transaction. Marks
are hints for who watches later: under load some are dropped, and no act ever waits for them.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn

import structlog

from server.calls.rows import calls as call_rows
from server.calls.rows import marks as rows
from server.calls.rules import MarkKind
from server.rights.ids import new_id
from server.store import SYSTEM, Store
from signaling.call.parts import CallId
from signaling.refusals import Refusal
from signaling.wire.envelope import PersonRef

log = structlog.get_logger("marks")

WRITE_EVERY_S: Final = 1.0
SAME_AGAIN_S: Final = 30.0
"""What is only said again (pages repeat it every 5 s) is kept again after this time."""
WAITING_AT_MOST: Final = 5_000
REMEMBERED: Final = 5_000
_OF_CALLS: Final = frozenset({"quality", "worker"})
"""Kinds that are noted of a call itself, and not of whatever call runs about a case."""


@dataclass(frozen=True, slots=True)
class _Noted:
    case_id: str
    """Of those of ``_OF_CALLS`` the call itself."""
    kind: MarkKind
    by: str
    body: dict[str, Any]
    at: datetime


class UnwrittenMarks:
    """The marks of one node that are not written yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Noted] = []
        self._pointers: dict[tuple[str, str], _Noted] = {}
        self._last: dict[tuple[str, str, str], _Noted] = {}

    def note(self, case_id: str, kind: MarkKind, by: PersonRef, body: Mapping[str, Any]) -> None:
        """Remember what this person shows in this case now; never waits, never refuses.

        ``point``: body {field}; ``look``: {material_id, page}; ``pointer``: {material_id, page, x, y}.
        Of the places of a pointer only the last of each second is kept. Outside of a call
        nothing is.
        """
        noted = _Noted(case_id, kind, by.id, dict(body), self._store.clock.now())
        if kind == "pointer":
            self._pointers[(case_id, by.id)] = noted
            return
        key = (case_id, by.id, kind)
        last = self._last.get(key)
        if (
            last is not None
            and last.body == noted.body
            and (noted.at - last.at).total_seconds() < SAME_AGAIN_S
        ):
            return
        self._last[key] = noted
        if len(self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]
        if len(self._waiting) < WAITING_AT_MOST:
            self._waiting.append(noted)

    def note_quality(self, call_id: str, by: str, body: Mapping[str, Any]) -> None:
        """Remember how good a leg's connection was: body {leg_id, quality, sample}."""
        self._note_of_call(call_id, "quality", by, body)

    def note_worker(self, call_id: str, by: str, body: Mapping[str, Any]) -> None:
        """Remember what the media worker counted of a leg, whose person is ``by``: body {leg_id, sample}."""
        self._note_of_call(call_id, "worker", by, body)

    def _note_of_call(self, call_id: str, kind: MarkKind, by: str, body: Mapping[str, Any]) -> None:
        if len(self._waiting) < WAITING_AT_MOST:
            self._waiting.append(_Noted(call_id, kind, by, dict(body), self._store.clock.now()))

    async def run(self) -> NoReturn:
        """Write once a second until cancelled."""
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            try:
                await self.write()
            except Refusal as refusal:
                log.warning("marks_put_off", code=refusal.code.value)

    async def close(self) -> None:
        """Write what is left."""
        try:
            await self.write()
        except Refusal as refusal:
            log.warning("marks_lost", code=refusal.code.value)

    async def write(self) -> None:
        """Write what was noted so far into the running calls of its cases. Raises Refusal."""
        waiting = sorted([*self._waiting, *self._pointers.values()], key=lambda one: one.at)
        if not waiting:
            return
        self._waiting, self._pointers = [], {}
        try:
            async with self._store.change(SYSTEM) as change:
                calls = {
                    case_id: await call_rows.running_about(change.connection, case_id)
                    for case_id in {one.case_id for one in waiting if one.kind not in _OF_CALLS}
                }
                calls |= {
                    one.case_id: CallId(one.case_id) for one in waiting if one.kind in _OF_CALLS
                }
                await rows.add(
                    change.connection,
                    [
                        rows.Mark(new_id(), call_id, one.kind, one.by, one.body, one.at)
                        for one in waiting
                        if (call_id := calls[one.case_id]) is not None
                    ],
                )
        except Refusal:
            self._waiting = [*waiting, *self._waiting][:WAITING_AT_MOST]
            raise
