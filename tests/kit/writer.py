"""A program that writes to a store until it is killed: `python -m tests.kit.writer <database> <folder>`.

Four writers change one subject; each committed version is printed on a line of its own, with the
id of its command, after the commit. It is for the tests that kill it.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.domain.person import SYSTEM
from server.store import Store, SystemClock, upgrade
from signaling.protocol import Command
from signaling.refusals import Code, Refusal
from tests.kit.stores import settings_for

WRITERS = 4
SUBJECT = "case:written"


class Written(Command):
    """A command that leaves one entry."""

    type: str = "case.edit"


@contextmanager
def suppress_busy() -> Iterator[None]:
    """Go on when the store is busy."""
    try:
        yield
    except Refusal as refusal:
        if refusal.code is not Code.BUSY:
            raise


async def main(database: str, folder: Path) -> None:
    await upgrade(database)
    store = await Store.open(settings_for(database, folder), SystemClock())
    run = secrets.token_hex(8)

    async def written(command: Written) -> int:
        async with store.change(SYSTEM, command) as change:
            if change.replayed:
                return int(change.replayed.result["version"])
            version = await change.record(
                SUBJECT, "case.edit", "field:x", {"type": "case.edited"}, payload={"n": command.id}
            )
            change.ack({"version": version})
        return version

    async def write(writer: int) -> None:
        for number in range(1_000_000):
            command = Written(id=f"command-{run}-{writer}-{number}")
            version = None
            while version is None:
                # As a page does: the same command again, with the same id.
                with suppress_busy():
                    version = await written(command)
            sys.stdout.write(f"{version} {command.id}\n")
            sys.stdout.flush()

    async with asyncio.TaskGroup() as group:
        for writer in range(WRITERS):
            group.create_task(write(writer))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
