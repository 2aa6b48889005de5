"""What may keep this machine from serving, looked at one by one, with what to do about it."""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from media.client import spawn
from media.control import PathTooLong, fits_socket, socket_path
from media.rejected import Rejected
from media.wire.port import outward_address
from server.edge.pages import STATIC
from server.health import acts as health
from server.health import rows as standing
from server.health.acts import PartHealth
from server.health.api.health import sentence
from server.people.rows import people, staffing
from server.rights.person import Role, conflicts
from server.settings import Settings
from server.store import Database, check
from server.work import probe
from server.work.child import Children, JobFailed
from signaling.refusals import Refusal

CONFLICTS_TOLD: Final = 20
FREE_BYTES: Final = 2 * 1024**3

_ONE_PAGE: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at, and what was seen. ``warns``: it serves so, and should not stay so."""

    name: str
    well: bool
    told: str
    warns: bool = False


async def examine(settings: Settings) -> list[Diagnosis]:
    """Look at everything a node needs; changes nothing but a few bytes in temporary folders."""
    looks: list[tuple[str, Callable[[Settings], Awaitable[tuple[bool, str]]]]] = [
        ("pages", _aside(_pages)),
        ("data folder", _aside(_folder)),
        ("database", _database),
        ("http port", _aside(_port)),
        ("media worker", _media),
        ("document probe", _probe),
        ("walls", _walls),
        ("disks", _aside(_disks)),
        ("fonts", _fonts),
        ("turn", _turn),
        ("certificate", _aside(_certificate)),
        ("clock", _clock),
    ]
    found = [Diagnosis(name, *await look(settings)) for name, look in looks]
    return [*found, *await rights(settings)]


def _aside(
    look: Callable[[Settings], tuple[bool, str]],
) -> Callable[[Settings], Awaitable[tuple[bool, str]]]:
    """A look that waits for the disk or the network, off the loop."""

    async def looked(settings: Settings) -> tuple[bool, str]:
        return await asyncio.to_thread(look, settings)

    return looked


def _told(looks: Sequence[PartHealth]) -> tuple[bool, str]:
    """A part of the health page in one line; a warning is told and passes."""
    worst = next((one for one in looks if one.state == "failing"), looks[-1])
    return worst.state != "failing", sentence(worst, "en")


def _disks(settings: Settings) -> tuple[bool, str]:
    store = settings.store
    return _told([health.disk({"blobs": store.blob_root, "ledger": store.ledger_dir})])


async def _walls(_: Settings) -> tuple[bool, str]:
    return _told([await health.walled()])


async def _fonts(settings: Settings) -> tuple[bool, str]:
    return _told([await health.fonts(settings.font_dirs)])


async def _turn(settings: Settings) -> tuple[bool, str]:
    return _told([await health.turns(settings.turn_urls)])


def _certificate(settings: Settings) -> tuple[bool, str]:
    return _told([health.certificate(settings.tls_certificate, datetime.now(UTC))])


async def _opened(settings: Settings) -> Database | str:
    """The database to be read, or why there is nothing in it yet."""
    try:
        state = await check(settings.store.database_url)
        if not state.up_to_date:
            return "before yunjian db upgrade"
        return await Database.open(settings.store.database_url, writable=False)
    except (Refusal, OSError):
        return ": the database is not there"


async def rights(settings: Settings) -> list[Diagnosis]:
    """Whether somebody may do what is everybody's, and who has roles that exclude one another; of a database that is not there nothing is told."""
    database = await _opened(settings)
    if isinstance(database, str):
        return []
    try:
        async with database.read() as connection:
            staff = [one for one in await people.list_people(connection) if one["active"]]
            allowed = {
                (one.person_id, one.first, one.second)
                for one in await staffing.exempted(connection)
            }
    finally:
        await database.close()
    operators = [one["login"] for one in staff if Role.OPERATOR in one["roles"]]
    told = ", ".join(operators) or (
        "nobody may change calendar and regions, add units by a list or see how the machine is: "
        "yunjian user roles LOGIN --role operator"
    )
    excluded = [
        f"{one['login']} ({first} and {second})"
        for one in staff
        for first, second in conflicts([Role(role) for role in one["roles"]])
        if (one["id"], first.value, second.value) not in allowed
    ]
    apart = f"exclude one another in {len(excluded)}: {', '.join(excluded[:CONFLICTS_TOLD])}"
    return [
        Diagnosis("operator", True, told, warns=not operators),
        Diagnosis("roles", True, apart if excluded else "none exclude one another", bool(excluded)),
    ]


async def _clock(settings: Settings) -> tuple[bool, str]:
    """Against the database's own clock, and against the newest entry of the ledger."""
    database = await _opened(settings)
    if isinstance(database, str):
        return True, f"nothing to compare with {database}".replace(" :", ":")
    try:
        async with database.read() as connection:
            there = await standing.database_now(connection)
            sealed_at = await standing.newest_sealed_at(connection)
    finally:
        await database.close()
    return _told([health.clock(datetime.now(UTC), there, sealed_at)])


def _pages(_: Settings) -> tuple[bool, str]:
    if (STATIC / "index.html").is_file():
        return True, str(STATIC)
    return False, "not built: npm --prefix web ci && npm --prefix web run build"


def _folder(settings: Settings) -> tuple[bool, str]:
    folder = settings.data.absolute()
    standing = next(one for one in (folder, *folder.parents) if one.is_dir())
    try:
        with tempfile.TemporaryFile(dir=standing):
            free = shutil.disk_usage(standing).free
    except OSError as error:
        return False, f"{folder}: cannot write there ({error.strerror})"
    return free >= FREE_BYTES, f"{folder}: {free / 1024**3:.1f} GiB free"


async def _database(settings: Settings) -> tuple[bool, str]:
    try:
        state = await check(settings.store.database_url)
    except Refusal as refusal:
        return False, f"cannot be reached ({refusal.code.value})"
    except OSError:
        return False, "is not there yet: yunjian db upgrade makes it"
    if state.up_to_date:
        return True, f"at {state.current}"
    return False, f"at {state.current}, newest is {state.newest}: yunjian db upgrade"


def _port(settings: Settings) -> tuple[bool, str]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((settings.host, settings.port))
        except OSError as error:
            return False, f"{settings.host}:{settings.port}: {error.strerror}; choose another"
    return True, f"{settings.host}:{settings.port} is free"


async def _media(settings: Settings) -> tuple[bool, str]:
    address = settings.media_host or await asyncio.to_thread(outward_address)
    try:
        for path in settings.media_workers or (socket_path(settings.data.absolute() / "media"),):
            fits_socket(path)
    except PathTooLong as error:
        return False, str(error)
    with tempfile.TemporaryDirectory(prefix="yunjian-") as folder:
        try:
            worker = await spawn(Path(folder) / "media", host=settings.media_host)
        except (Rejected, OSError):
            return False, f"does not start on {address}"
        await worker.stop()
    return True, f"starts; browsers are told {address}"


async def _probe(_: Settings) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory(prefix="yunjian-") as folder:
        page = Path(folder) / "page"
        await asyncio.to_thread(page.write_bytes, _ONE_PAGE)
        try:
            found = await Children().run(probe.__name__, str(page), reads=[page])
        except JobFailed:
            return False, "the child process that judges files dies"
    return found.get("pages") == 1, f"judges a page as {found}"
