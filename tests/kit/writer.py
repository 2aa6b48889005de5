"""A program that writes to a store until it is killed: `python -m tests.kit.writer <database> <folder>`.

Four writers change one subject; each committed version is printed on a line of its own, with the
id of its command, after the commit. It is for the tests that kill it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from server.domain.person import SYSTEM
from server.store import Store, SystemClock, upgrade, version_of
from signaling.protocol import Command
from tests.kit.stores import settings_for

WRITERS = 4
SUBJECT = "case:written"


class Written(Command):
    """A command that leaves one entry."""

    type: str = "case.edit"


async def main(database: str, folder: Path) -> None:
    await upgrade(database)
    store = await Store.open(settings_for(database, folder), SystemClock())
    async with store.read() as connection:
        base = await version_of(connection, SUBJECT)

    async def write(writer: int) -> None:
        for number in range(1_000_000):
            command = Written(id=f"command-{base}-{writer}-{number}")
            async with store.change(SYSTEM, command) as change:
                version = await change.record(
                    SUBJECT, "case.edit", "field:x", {"type": "case.edited"}, payload={"n": number}
                )
                change.ack({"version": version})
            sys.stdout.write(f"{version} {command.id}\n")
            sys.stdout.flush()

    async with asyncio.TaskGroup() as group:
        for writer in range(WRITERS):
            group.create_task(write(writer))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
