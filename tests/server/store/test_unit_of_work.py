"""The one road: what a change writes, what a repeat gets, what a failure leaves."""

from __future__ import annotations

import asyncio
from itertools import chain

import pytest
import sqlalchemy as sa

from server.rights.person import SYSTEM
from server.store import Store, tables, version_of
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command
from tests.kit.until import until


class Asked(Command):
    type: str = "case.edit"
    value: str = ""


async def test_records_event_entry_and_ack_together(store: Store) -> None:
    told: list[tuple[str, int]] = []

    async def hint(subject: str, version: int) -> None:
        told.append((subject, version))

    store.bus.subscribe(hint)
    command = Asked(id="command-1", value="孙")
    async with store.change(SYSTEM, command) as change:
        assert change.replayed is None
        assert await change.lock("case:one") == 0
        version = await change.record(
            "case:one",
            "case.edit",
            "field:name",
            {"type": "case.edited", "value": "孙"},
            payload={"value": "孙"},
            people={"person-1": "window"},
        )
        first = change.ack({"version": version})
    assert version == 1

    async with store.change(SYSTEM, command) as change:
        assert change.replayed == first
    with pytest.raises(Refusal) as refused:
        async with store.change(SYSTEM, Asked(id="command-1", value="李")):
            pass
    assert refused.value.code is Code.COMMAND_ID_REUSED

    [event] = await store.events("case:one", 0)
    assert (event.version, event.type, event.people) == (1, "case.edited", {"person-1": "window"})
    assert event.body["value"] == "孙"
    assert event.at == store.clock.now()
    assert await store.events("case:one", 1) == []
    assert await store.following("case:one", 0, 9) == [event]
    assert await store.following("case:one", 1, 9) == []
    async with store.read() as connection:
        assert await version_of(connection, "case:one") == 1
        assert await version_of(connection, "case:two") == 0
        entries = await connection.scalar(
            sa.select(sa.func.count(tables.ledger_entries.c.hash)).where(
                tables.ledger_entries.c.subject == "case:one"
            )
        )
    assert entries == 1

    def why_not() -> str | None:
        return None if told == [("case:one", 1)] else f"told {told}"

    await until(why_not)


async def test_a_failure_leaves_nothing(store: Store) -> None:
    async def fail() -> None:
        async with store.change(SYSTEM, Asked(id="command-1")) as change:
            await change.record("case:one", "case.edit", "x", None, payload={})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await store.events("case:one", 0) == []
    async with store.change(SYSTEM, Asked(id="command-1")) as change:
        assert change.replayed is None
        assert await change.record("case:one", "case.edit", "x", None, payload={}) == 1


async def test_a_repeat_may_not_record(store: Store) -> None:
    async with store.change(SYSTEM, Asked(id="command-1")):
        pass
    async with store.change(SYSTEM, Asked(id="command-1")) as change:
        with pytest.raises(RuntimeError, match="repeated"):
            await change.record("case:one", "case.edit", "x", None, payload={})


@pytest.mark.parametrize("of", [None, "case:one"])
@pytest.mark.parametrize("known", [False, True])
async def test_the_same_command_at_once_happens_once(
    store: Store, of: str | None, known: bool
) -> None:
    if known:
        async with store.change(SYSTEM) as change:
            await change.record("case:one", "case.create", "x", None, payload={})

    async def ask() -> bool:
        async with store.change(SYSTEM, Asked(id="command-1"), of=of) as change:
            if change.replayed:
                return False
            await change.record("case:one", "case.edit", "x", None, payload={})
            return True

    assert sorted(await asyncio.gather(*(ask() for _ in range(5)))) == [False] * 4 + [True]
    with pytest.raises(Refusal) as refused:
        async with store.change(SYSTEM, Asked(id="command-1", value="李"), of=of):
            pass
    assert refused.value.code is Code.COMMAND_ID_REUSED


async def test_eight_writers_leave_contiguous_versions(store: Store) -> None:
    async def write(writer: int) -> list[int]:
        versions = []
        for number in range(12):
            async with store.change(SYSTEM) as change:
                versions.append(
                    await change.record(
                        "case:one", "case.edit", f"{writer}", {"type": "n"}, payload={"n": number}
                    )
                )
        return versions

    versions = await asyncio.gather(*(write(writer) for writer in range(8)))
    assert sorted(chain.from_iterable(versions)) == list(range(1, 97))
    assert [event.version for event in await store.events("case:one", 0)] == list(range(1, 97))


async def test_a_change_that_is_cancelled_anywhere_leaves_all_or_nothing(store: Store) -> None:
    """The task is cancelled after every possible number of steps of its loop."""

    async def edit(number: int) -> None:
        async with store.change(SYSTEM, Asked(id=f"cancelled-{number}"), of="case:one") as change:
            await change.record("case:one", "case.edit", "x", {"type": "n"}, payload={"n": number})

    finished = 0
    for steps in range(0, 120, 3):
        task = asyncio.create_task(edit(steps))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        [outcome] = await asyncio.gather(task, return_exceptions=True)
        assert outcome is None or isinstance(outcome, asyncio.CancelledError)
        finished += outcome is None
    await edit(1_000)
    versions = [event.version for event in await store.events("case:one", 0)]
    assert versions == list(range(1, len(versions) + 1))
    assert len(versions) > finished
    assert (await store.verifier.verify()).ok


async def test_an_act_whose_entry_cannot_be_written_does_not_happen(store: Store) -> None:
    """The place of the next entry is taken: nothing of the act remains, its event included."""
    async with store.change(SYSTEM) as change:
        await change.connection.execute(
            tables.ledger_payloads.insert().values(
                subject="case:one", version=1, salt="00", payload="{}"
            )
        )
    with pytest.raises(Refusal) as refused:
        async with store.change(SYSTEM, Asked(id="command-1")) as change:
            await change.record("case:one", "case.edit", "x", {"type": "n"}, payload={})
    assert refused.value.code is Code.LEDGER_UNAVAILABLE
    assert await store.events("case:one", 0) == []
    async with store.read() as connection:
        assert await version_of(connection, "case:one") == 0
        assert await connection.scalar(sa.select(sa.func.count(tables.commands.c.id))) == 0
    for version in (None, {}):  # a fault of the act's own rows is told as what it is
        row = {"subject": "case:two", "version": version, "head": ""}
        with pytest.raises(sa.exc.DBAPIError, match=r"version|binding|argument"):
            async with store.change(SYSTEM, Asked(id="command-1")) as change:
                await change.record(
                    "case:three", "case.edit", "x", {"type": "n"}, payload={},
                    beside=[(tables.subjects.insert(), row)],
                )  # fmt: skip
