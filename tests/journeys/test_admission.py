"""A node whose media worker is full: no one is rung in vain, and the call that runs is untouched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.meetings import load, meet_again, met
from tests.kit.peer import BLUE
from tests.kit.processes import serving
from tests.kit.seats import Approver, Window, story
from tests.kit.until import until

pytestmark = pytest.mark.timeout(120)


async def test_a_call_for_which_there_is_no_room_is_refused_before_anyone_is_rung(
    tmp_path: Path,
) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    await load(database, tmp_path)
    async with serving(tmp_path, database_url=database, media_calls=1) as node:
        await node.start()
        async with story(node) as seat:
            window, approver, _, call_id = await met(seat)
            other = await seat(Window, "wangfang", BLUE, 880.0)
            other_case = await other.register()
            await other.take_consent(other_case)
            colleague = await seat(Approver, "gaoxinmin", BLUE, 880.0)
            await colleague.on_duty()
            dial = {"type": "call.dial", "case_id": other_case}
            assert await other.refused(dial) == "media_busy"
            await meet_again(window, approver)
            # A page that comes back to its seat needs no second room.
            assert window.peer is not None
            old = window.peer
            await window.take_seat(call_id, window.leg_id)
            await old.close()
            await meet_again(window, approver)

            await window.ask({"type": "call.hang_up", "call_id": call_id})

            async def there_is_room() -> str | None:
                ack = await other.send(dial)
                return None if ack.ok else str(ack.code)

            await until(there_is_room, 10)
        assert node.errors() == []
