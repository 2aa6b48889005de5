"""How this machine stands, looked at part by part: for the health page, the doctor and the metrics.

Each look is a state with facts, without a sentence: the edge has the words. A part that
cannot be looked at is failing, never an error. Knows the store's face and the engine's
client; nothing of cases and calls but how many there are.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from media.wire import turn
from server.health import rows as standing
from server.health.wire import HealthState
from server.store import Store, version_of
from server.uploads.acts.scanning import Scanner, ScannerAway
from server.work import cards, ofd, office, walls
from signaling.refusals import Refusal

Facts = Mapping[str, str | int | float]
Figures = Mapping[str, int | float]

GIB: Final = 1024**3
DISK_FAILING_BYTES: Final = 2 * GIB
DISK_WARNING_BYTES: Final = 10 * GIB
BACKLOG_WARNING_S: Final = 1.0
QUEUE_WARNING: Final = timedelta(minutes=1)
FAILED_COUNT_FOR: Final = timedelta(days=1)
CLOCK_WARNING_S: Final = 2.0
CLOCK_FAILING_S: Final = 60.0
"""Tokens are judged with this much slack."""
CERTIFICATE_WARNING: Final = timedelta(days=30)
CERTIFICATE_FAILING: Final = timedelta(days=3)
PATIENCE_S: Final = 10.0
FONTS_BELIEVED_S: Final = 300.0
"""For how long fonts that were found are believed to be there: asking costs a process."""
_ASK_FONTS: Final = (
    "import json, sys; from server.work.paper import missing_fonts; "
    "print(json.dumps(missing_fonts(sys.argv[1:])))"
)


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part of the machine. ``said`` names the sentence that the edge makes of the facts."""

    key: str
    state: HealthState
    said: str
    value: str = ""
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NodeHealth:
    """What is looked at. ``worker`` gives the media worker's figures, empty when it is gone; None
    when this node has no worker by choice."""

    store: Store
    places: Mapping[str, Path]
    """Folders whose disks must have room, by name."""
    worker: Callable[[], Awaitable[Mapping[str, Any]]] | None = None
    turn_urls: Sequence[str] = ()
    certificate: Path | None = None
    font_dirs: Sequence[Path] = ()
    redis: bool = False
    scanner: Scanner | None = None
    log: Callable[[], tuple[int, bool]] = lambda: (0, False)
    """How many lines of the log were refused so far, and whether they are now."""
    _found: dict[str, tuple[float, PartHealth]] = field(default_factory=dict)

    async def looks(self) -> list[PartHealth]:
        """Look at everything, at the same time."""
        parts: dict[str, Callable[[], Awaitable[PartHealth]]] = {
            "version": self._version,
            "revision": self._revision,
            "disk": self._disk,
            "media": self._media,
            "turn": self._turn,
            "certificate": self._certificate,
            "sequencer": self._sequencer,
            "queue": self._queue,
            "fonts": self._fonts,
            "clock": self._clock,
            "redis": self._redis,
            "scanner": self._scanner,
            "walls": self._walls,
            "office": self._office,
            "ofd": self._ofd,
            "cards": self._cards,
            "log": self._log,
        }
        return list(await asyncio.gather(*(_looked(key, look) for key, look in parts.items())))

    async def _version(self) -> PartHealth:
        return PartHealth("version", "ok", "version", await asyncio.to_thread(version, "yunjian"))

    async def _revision(self) -> PartHealth:
        state = await self.store.schema()
        facts: Facts = {"newest": state.newest}
        if state.up_to_date:
            return PartHealth("revision", "ok", "revision", state.current or "", facts)
        return PartHealth("revision", "failing", "revision_old", state.current or "-", facts)

    async def _disk(self) -> PartHealth:
        return await asyncio.to_thread(disk, self.places)

    async def _media(self) -> PartHealth:
        if self.worker is None:
            return PartHealth("media", "off", "media_off")
        figures = await self.worker()
        if not figures:
            return PartHealth("media", "failing", "media_gone")
        facts = {
            "rooms": int(figures.get("rooms", 0)),
            "parties": int(figures.get("parties", 0)),
            "dropped": int(figures.get("recorder_dropped", 0)),
            "restarts": int(figures.get("recorder_restarts", 0)),
            "halted": int(figures.get("recorder_halted", 0)),
        }
        value = f"{figures.get('address', '')}:{figures.get('port', '')}"
        worn = facts["dropped"] or facts["restarts"]
        state: HealthState = "failing" if facts["halted"] else "warning" if worn else "ok"
        return PartHealth("media", state, "media", value, facts)

    async def _turn(self) -> PartHealth:
        return await turns(self.turn_urls)

    async def _certificate(self) -> PartHealth:
        return await asyncio.to_thread(certificate, self.certificate, datetime.now(UTC))

    async def _sequencer(self) -> PartHealth:
        unsealed, behind_s = self.store.ledger_lag
        facts = {"unsealed": unsealed, "behind_s": round(behind_s, 1)}
        if self.store.ledger_failure is not None:
            return PartHealth("sequencer", "failing", "sequencer_refusing", str(unsealed), facts)
        if self.store.ledger_stalled:
            return PartHealth("sequencer", "failing", "sequencer_stalled", str(unsealed), facts)
        return PartHealth("sequencer", "ok", "sequencer", str(unsealed), facts)

    async def _queue(self) -> PartHealth:
        now = self.store.clock.now()
        async with self.store.read() as connection:
            jobs = await standing.queue(connection, now, now - FAILED_COUNT_FOR)
        waits_s = 0.0 if jobs.oldest_due_at is None else (now - jobs.oldest_due_at).total_seconds()
        facts = {
            "waiting": jobs.waiting,
            "running": jobs.running,
            "failed": jobs.failed,
            "oldest_s": round(waits_s),
        }
        late = waits_s >= QUEUE_WARNING.total_seconds() or jobs.failed
        return PartHealth("queue", "warning" if late else "ok", "queue", str(jobs.waiting), facts)

    async def _fonts(self) -> PartHealth:
        known = self._found.get("fonts")
        if known is None or time.monotonic() - known[0] > FONTS_BELIEVED_S:
            look = await fonts(self.font_dirs)
            if look.state != "ok":
                return look
            known = self._found["fonts"] = (time.monotonic(), look)
        return known[1]

    async def _clock(self) -> PartHealth:
        """Against the database's clock, and against the newest entry that is sealed."""
        async with self.store.read() as connection:
            there = await standing.database_now(connection)
            sealed_at = await standing.newest_sealed_at(connection)
        return clock(self.store.clock.now(), there, sealed_at)

    async def _redis(self) -> PartHealth:
        if not self.redis:
            return PartHealth("redis", "off", "redis_off")
        if self.store.bus.connected:
            return PartHealth("redis", "ok", "redis")
        return PartHealth("redis", "failing", "redis_gone")

    async def _scanner(self) -> PartHealth:
        if self.scanner is None:
            return PartHealth("scanner", "off", "scanner_off")
        try:
            return PartHealth("scanner", "ok", "scanner", await self.scanner.ping())
        except ScannerAway:
            return PartHealth("scanner", "failing", "scanner_gone")

    async def _walls(self) -> PartHealth:
        return await walled()

    async def _office(self) -> PartHealth:
        found = await asyncio.to_thread(office.program)
        return PartHealth("office", "ok" if found else "off", "office" if found else "office_off")

    async def _ofd(self) -> PartHealth:
        found = await asyncio.to_thread(ofd.program)
        return PartHealth("ofd", "ok" if found else "off", "ofd" if found else "ofd_off")

    async def _cards(self) -> PartHealth:
        found = await asyncio.to_thread(cards.installed)
        return PartHealth("cards", "ok" if found else "off", "cards" if found else "cards_off")

    async def _log(self) -> PartHealth:
        lost, refuses = await asyncio.to_thread(self.log)
        state: HealthState = "failing" if refuses else "warning" if lost else "ok"
        said = "log_refused" if refuses else "log_lost" if lost else "log"
        return PartHealth("log", state, said, str(lost), {"lost": lost})


async def _looked(key: str, look: Callable[[], Awaitable[PartHealth]]) -> PartHealth:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await look()
    except (Refusal, TimeoutError, OSError, subprocess.SubprocessError):
        return PartHealth(key, "failing", "unknown")


def disk(places: Mapping[str, Path]) -> PartHealth:
    """The fullest of these disks, or one that may not be written. A folder that is not there yet counts as its nearest parent."""
    free: dict[str, int] = {}
    for name, place in places.items():
        standing_ = next(one for one in (place, *place.parents) if one.is_dir())
        if not os.access(standing_, os.W_OK):
            return PartHealth("disk", "failing", "disk_read_only", name, {"place": name})
        free[name] = shutil.disk_usage(standing_).free
    name = min(free, key=lambda name: free[name])
    gib = f"{free[name] / GIB:.1f} GiB"
    state: HealthState = "ok"
    if free[name] < DISK_FAILING_BYTES:
        state = "failing"
    elif free[name] < DISK_WARNING_BYTES:
        state = "warning"
    facts: Facts = {"place": name, "free": gib}
    return PartHealth("disk", state, "disk" if state == "ok" else "disk_full", gib, facts)


async def turns(urls: Sequence[str]) -> PartHealth:
    """Whether each server answers a binding request."""
    if not urls:
        return PartHealth("turn", "off", "turn_off")
    answers = await asyncio.gather(*(turn.reachable(url) for url in urls))
    silent = [url for url, there in zip(urls, answers, strict=True) if not there]
    value = f"{len(urls) - len(silent)}/{len(urls)}"
    if silent:
        return PartHealth("turn", "failing", "turn_silent", value, {"silent": ", ".join(silent)})
    return PartHealth("turn", "ok", "turn", value)


def certificate(path: Path | None, now: datetime) -> PartHealth:
    """How long the first certificate of this file is still good."""
    if path is None:
        return PartHealth("certificate", "off", "certificate_off")
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return PartHealth("certificate", "failing", "certificate_unreadable", path.name)
    ends = found.not_valid_after_utc
    left = ends - now
    facts: Facts = {"ends": f"{ends:%Y-%m-%d}", "days": left.days}
    state: HealthState = "ok"
    if left < CERTIFICATE_FAILING:
        state = "failing"
    elif left < CERTIFICATE_WARNING:
        state = "warning"
    return PartHealth("certificate", state, "certificate", f"{left.days} d", facts)


def clock(now: datetime, there: datetime | None, sealed_at: datetime | None) -> PartHealth:
    """This clock against the database's, read just before, and the newest sealed entry's moment."""
    off_s = 0.0 if there is None else abs((now - there).total_seconds())
    back_s = 0.0 if sealed_at is None else max(0.0, (sealed_at - now).total_seconds())
    worst = max(off_s, back_s)
    facts: Facts = {"off_s": round(off_s, 1), "back_s": round(back_s, 1)}
    value = f"{worst:.1f} s"
    if worst < CLOCK_WARNING_S:
        return PartHealth("clock", "ok", "clock", value, facts)
    state: HealthState = "failing" if worst >= CLOCK_FAILING_S else "warning"
    return PartHealth(
        "clock", state, "clock_back" if back_s >= off_s else "clock_off", value, facts
    )


async def fonts(font_dirs: Sequence[Path] = ()) -> PartHealth:
    """Whether the fonts of the papers are there, asked as a paper would ask, in a child process."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", _ASK_FONTS, *map(str, font_dirs),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        said, _ = await child.communicate()
        missing = json.loads(said)
    except ValueError:
        return PartHealth("fonts", "failing", "unknown")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if missing:
        names = ", ".join(missing)
        return PartHealth("fonts", "failing", "fonts_missing", names, {"missing": names})
    return PartHealth("fonts", "ok", "fonts", "Noto CJK")


async def walled() -> PartHealth:
    """Whether the children that read strangers' files stand within walls; asked again where not."""
    found = await walls.walls()
    if found.program is None:
        found = await walls.walls(anew=True)
    if found.program is not None:
        return PartHealth("walls", "ok", "walls", walls.PROGRAM)
    if found.why == "missing":
        return PartHealth("walls", "warning", "walls_missing")
    return PartHealth("walls", "warning", "walls_forbidden", "", {"told": found.told})


async def _count_calls(store: Store) -> Figures:
    async with store.read() as connection:
        return await standing.running_calls(connection)


async def _count_uploads(store: Store) -> Figures:
    async with store.read() as connection:
        return await standing.unfinished_uploads(connection)


async def _count_jobs(store: Store) -> Figures:
    now = store.clock.now()
    async with store.read() as connection:
        jobs = await standing.queue(connection, now, now - FAILED_COUNT_FOR)
    return {"waiting": jobs.waiting, "running": jobs.running, "failed": jobs.failed}


async def _count_ledger(store: Store) -> Figures:
    unsealed, behind_s = store.ledger_lag
    refusing = int(store.ledger_failure is not None)
    return {"unsealed": unsealed, "behind_s": round(behind_s, 3), "refusing": refusing}


COUNTED: Final[Mapping[str, Callable[[Store], Awaitable[Figures]]]] = {
    "calls": _count_calls,
    "uploads": _count_uploads,
    "jobs": _count_jobs,
    "ledger": _count_ledger,
}
"""The figures of the metrics, by part."""


def checks(store: Store) -> Mapping[str, Callable[[], Awaitable[bool]]]:
    """What readiness asks of the store."""

    async def database() -> bool:
        async with store.read() as connection:
            await version_of(connection, "readiness")
        return True

    async def ledger_writable() -> bool:
        return store.ledger_failure is None

    return {"database": database, "ledger": ledger_writable}
