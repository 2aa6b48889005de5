"""A program that writes to a store: `python -m tests.kit.writer <database> <folder> [<entries> <subject>]`.

Four writers change one subject until they are killed, or have written so many entries; each
committed version is printed on a line of its own, with the id of its command, after the commit.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.rights.person import SYSTEM
from server.store import Store, SystemClock, upgrade
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command
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


async def main(database: str, folder: Path, entries: int, subject: str) -> None:
    if not entries:
        await upgrade(database)
    numbers = iter(range(entries or 1_000_000))
    store = await Store.open(settings_for(database, folder), SystemClock())
    run = secrets.token_hex(8)

    async def written(command: Written) -> int:
        async with store.change(SYSTEM, command) as change:
            if change.replayed:
                return int(change.replayed.result["version"])
            version = await change.record(
                subject, "case.edit", "field:x", {"type": "case.edited"}, payload={"n": command.id}
            )
            change.ack({"version": version})
        return version

    async def write(writer: int) -> None:
        for number in numbers:
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
    await store.close()


if __name__ == "__main__":
    asyncio.run(
        main(
            sys.argv[1],
            Path(sys.argv[2]),
            int(sys.argv[3]) if len(sys.argv) > 3 else 0,
            sys.argv[4] if len(sys.argv) > 4 else SUBJECT,
        )
    )
