"""A copy of everything a node keeps, made beside a running server, and put back into an empty place.

A backup is a folder or a .tar, sealed by a key file where one is given: the database as its own tool dumps it, every blob, the
ledger's folder with its key, unfinished uploads and unsealed segments of recordings, and
last a manifest with the hash of each file. It knows bytes, tables with hashes and how to
call pg_dump; what the files are about it does not know.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final, Protocol

import sqlalchemy as sa

from server.store.amending import upgrade
from server.store.database import Database, check
from server.store.ledger import Verifier
from server.store.ledger.journal import HEADS, KEY, LEAVES, PUBLIC_KEY
from server.store.sealing import PIECE_BYTES, NotOpened, Opener, Sealer, is_sealed
from server.store.tables import materials, papers, playbacks, recordings

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
CHUNK_BYTES: Final = 1024 * 1024
DUMPS: Final = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
_BLOB: Final = re.compile(r"blobs/[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{64})")
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){0,3}")
_HASHED: Final = (
    materials.c.sha256,
    materials.c.viewed_sha256,
    recordings.c.sha256,
    papers.c.sha256,
    playbacks.c.sha256,
)


class BackupRefused(RuntimeError):
    """It cannot be made or put back; the message says why. Nothing was overwritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a node keeps things. ``beside`` are further folders of plain files, by the name that
    they have in the backup; they are copied before and after the database."""

    database_url: str = field(repr=False)
    blob_root: Path
    ledger_dir: Path
    beside: Mapping[str, Path] = field(default_factory=dict)


@dataclass(slots=True)
class Copied:
    """What was copied, and the blobs that are missing or not what their name says."""

    files: int = 0
    bytes: int = 0
    entries: int = 0
    """Of the ledger; told by a restore."""
    damaged: list[str] = field(default_factory=list)


class _Target(Protocol):
    def add(self, name: str, content: IO[bytes], size: int) -> None: ...
    def close(self) -> None: ...


class _Source(Protocol):
    def names(self) -> list[str]: ...
    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]: ...
    def close(self) -> None: ...


# ---------------------------------------------------------------- making one


async def back_up(kept: Kept, into: Path, key: bytes | None = None) -> Copied:
    """Copy everything into a new folder, or into one file when the name ends with ``.tar``, which
    the key seals (``server.store.sealing``); a folder is never sealed.

    A server may run on meanwhile: what it acknowledged before this began is in the copy. The
    ledger's files are taken before the database, which may be newer than they but never older.
    Refused: BackupRefused when the place is taken, the database is not there, or pg_dump fails.
    """
    state = await check(kept.database_url)
    return await asyncio.to_thread(_back_up, kept, into, state.current, key)


def _back_up(kept: Kept, into: Path, revision: str | None, key: bytes | None) -> Copied:
    if key is not None and into.suffix != ".tar":
        raise BackupRefused("a sealed backup is one file: let its name end with .tar")
    if into.exists() and (into.is_file() or any(into.iterdir())):
        raise BackupRefused(f"{into} is not empty")
    address = sa.make_url(kept.database_url)
    dialect = address.get_backend_name()
    hashes: dict[str, str] = {}
    copied = Copied()
    into.parent.mkdir(parents=True, exist_ok=True)
    # What is dumped stands in clear for a while: never where a sealed backup goes.
    beside = into.parent if key is None else kept.blob_root
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    target: _Target = _TarTarget(into, key) if into.suffix == ".tar" else _FolderTarget(into)

    def add(name: str, path: Path) -> None:
        size, digest = _copy(target, name, path)
        hashes[name] = digest
        copied.files += 1
        copied.bytes += size

    try:
        # A head is written after its leaves: copied in the other order, no leaf of a head is missing.
        for name in (KEY, PUBLIC_KEY, HEADS, LEAVES):
            with contextlib.suppress(FileNotFoundError):
                add(f"ledger/{name}", kept.ledger_dir / name)
        _add_beside(kept, hashes, add)
        with tempfile.TemporaryDirectory(dir=beside, prefix=".yunjian-") as folder:
            dump = Path(folder) / DUMPS[dialect]
            if dialect == "sqlite":
                _dump_sqlite(Path(address.database or ""), dump)
            else:
                _run("pg_dump", address, "--format=custom", "--file", str(dump))
            add(DUMPS[dialect], dump)
        # A blob is there before the row that names it, and only what is quarantined is removed.
        for path in sorted(kept.blob_root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")):
            name = f"blobs/{path.relative_to(kept.blob_root).as_posix()}"
            size, digest = _copy(target, name, path)
            copied.files += 1
            copied.bytes += size
            if digest != path.name:
                copied.damaged.append(path.name)
        _add_beside(kept, hashes, add)
        manifest = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "program": version("yunjian"),
            "database": dialect,
            "revision": revision,
            "blobs": copied.files - len(hashes),
            "files": hashes,
        }
        text = json.dumps(manifest, indent=2).encode()
        with tempfile.TemporaryFile() as file:
            file.write(text)
            file.seek(0)
            target.add(MANIFEST, file, len(text))
    finally:
        target.close()
    return copied


def _add_beside(kept: Kept, known: Mapping[str, str], add: Any) -> None:
    """Add what is there now and was not there before. A file that goes meanwhile was sealed."""
    for folder, root in kept.beside.items():
        if not root.is_dir():
            continue
        for path in sorted(one for one in root.iterdir() if one.is_file()):
            name = f"{folder}/{path.name}"
            if name not in known and _NAME.fullmatch(name):
                with contextlib.suppress(FileNotFoundError):
                    add(name, path)


def _copy(target: _Target, name: str, path: Path) -> tuple[int, str]:
    """Copy as much of the file as there is now; returns its length and SHA-256."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        reading = _Hashed(file, size)
        target.add(name, reading, size)  # type: ignore[arg-type]
    return size, reading.digest.hexdigest()


def _dump_sqlite(path: Path, into: Path) -> None:
    if not path.is_file():
        raise BackupRefused(f"no database at {path}")
    with (
        contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as live,
        contextlib.closing(sqlite3.connect(into)) as copy,
    ):
        live.backup(copy)
        [[told]] = copy.execute("PRAGMA quick_check(1)").fetchall()
    if told != "ok":
        raise BackupRefused(f"the database is damaged: {told}")


# ---------------------------------------------------------------- putting one back


async def restore(kept: Kept, source: Path, key: bytes | None = None) -> Copied:
    """Put a backup back where nothing is, bring the schema to this program's, and check it all.

    A sealed one needs the key that it was sealed by; of one that is not, the key is not asked.

    Every file is hashed on its way; then the ledger is verified, and for each hash that the
    record names there must be a blob. ``damaged`` names the blobs that are not so. Refused:
    BackupRefused when anything is there already or when this is no whole backup: then nothing is
    left behind; and when the ledger does not hold: then all stays, to be looked at.
    """
    await _must_be_empty(kept)
    copied = await asyncio.to_thread(_restore, kept, source, key)
    await upgrade(kept.database_url)
    async with Verifier.opened(kept.database_url, kept.ledger_dir) as verifier:
        report = await verifier.verify()
    if not report.ok:
        first = report.findings[0]
        raise BackupRefused(
            f"the ledger of the backup does not hold: {first.kind} {first.subject} {first.text}"
        )
    copied.entries = report.entries
    known = set(copied.damaged)
    for sha256 in await _named(kept.database_url):
        path = kept.blob_root / sha256[:2] / sha256[2:4] / sha256
        if sha256 not in known and not await asyncio.to_thread(path.is_file):
            copied.damaged.append(sha256)
    return copied


async def _must_be_empty(kept: Kept) -> None:
    for folder in (kept.blob_root, kept.ledger_dir, *kept.beside.values()):
        for path in await asyncio.to_thread(lambda at: [*at.rglob("*")], folder):
            if await asyncio.to_thread(path.is_file):
                raise BackupRefused(f"{folder} is not empty; a backup is put back where nothing is")
    address = sa.make_url(kept.database_url)
    if address.get_backend_name() == "sqlite":
        if await asyncio.to_thread(Path(address.database or "").exists):
            raise BackupRefused(f"{address.database} is there already")
        return
    database = await Database.open(kept.database_url, writable=False)
    try:
        async with database.read() as connection:
            tables = await connection.run_sync(lambda plain: sa.inspect(plain).get_table_names())
    finally:
        await database.close()
    if tables:
        raise BackupRefused(f"the database {address.database} holds {len(tables)} tables")


async def _named(database_url: str) -> list[str]:
    database = await Database.open(database_url, writable=False)
    try:
        async with database.read() as connection:
            return [
                sha256
                for column in _HASHED
                for sha256 in await connection.scalars(
                    sa.select(column).where(column.is_not(None)).distinct()
                )
            ]
    finally:
        await database.close()


def _restore(kept: Kept, path: Path, key: bytes | None) -> Copied:
    source: _Source = _TarSource(path, key) if path.is_file() else _FolderSource(path)
    address = sa.make_url(kept.database_url)
    dialect = address.get_backend_name()
    made: list[Path] = []
    copied = Copied()
    try:
        manifest = _manifest(source, dialect)
        places = {"blobs": kept.blob_root, "ledger": kept.ledger_dir, **kept.beside}
        there = source.names()
        names = [name for name in there if name not in (MANIFEST, DUMPS[dialect])]
        if lost := {*manifest["files"], DUMPS[dialect]} - {*there}:
            raise BackupRefused(f"the backup is not whole: {sorted(lost)[0]} is missing")
        for name in names:
            folder, _, rest = name.partition("/")
            if folder not in places or not _NAME.fullmatch(name) or ".." in name.split("/"):
                raise BackupRefused(f"{name} is nothing that a backup holds")
            size, digest = _put(source, name, places[folder] / rest, made)
            copied.files += 1
            copied.bytes += size
            blob = _BLOB.fullmatch(name)
            if blob is not None:
                if digest != blob.group(1):
                    copied.damaged.append(blob.group(1))
            elif digest != manifest["files"].get(name):
                raise BackupRefused(f"{name} is not what it was when the backup was made")
        dump = DUMPS[dialect]
        place = (
            Path(address.database or "")
            if dialect == "sqlite"
            else Path(tempfile.mkdtemp(prefix="yunjian-")) / dump
        )
        size, digest = _put(source, dump, place, made)
        if digest != manifest["files"][dump]:
            raise BackupRefused(f"{dump} is not what it was when the backup was made")
        copied.files += 1
        copied.bytes += size
        if dialect != "sqlite":
            try:
                _run(
                    "pg_restore", address, "--no-owner", "--no-privileges",
                    "--single-transaction", "--exit-on-error", str(place),
                )  # fmt: skip
            finally:
                shutil.rmtree(place.parent)
        return copied
    except BaseException as error:
        for one in made:
            one.unlink(missing_ok=True)
        if isinstance(error, NotOpened):
            raise BackupRefused(f"{path}: {error}") from None
        raise
    finally:
        source.close()


def _manifest(source: _Source, dialect: str) -> dict[str, Any]:
    try:
        with source.open(MANIFEST) as file:
            manifest: dict[str, Any] = json.loads(file.read())
    except (KeyError, FileNotFoundError, ValueError):
        raise BackupRefused("this is no whole backup: it has no manifest") from None
    if manifest.get("format") != FORMAT:
        raise BackupRefused(f"a backup of format {manifest.get('format')}, not {FORMAT}")
    if manifest["database"] != dialect:
        raise BackupRefused(f"a backup of {manifest['database']} cannot be put into {dialect}")
    return manifest


def _put(source: _Source, name: str, place: Path, made: list[Path]) -> tuple[int, str]:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    size = 0
    mode = 0o400 if _BLOB.fullmatch(name) else 0o600
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    made.append(place)
    with source.open(name) as file, os.fdopen(descriptor, "wb") as out:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            out.write(chunk)
            size += len(chunk)
        out.flush()
        os.fsync(out.fileno())
    return size, digest.hexdigest()


# ---------------------------------------------------------------- the two forms


class _Hashed:
    """The first ``size`` bytes of a file, hashed as they are read. A file cut short meanwhile ends it."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.digest = hashlib.sha256()
        self._file = file
        self._left = size

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        chunk = self._file.read(wanted)
        self._left -= len(chunk)
        self.digest.update(chunk)
        return chunk


class _FolderTarget:
    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root = root

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        place = self._root / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            shutil.copyfileobj(content, out, CHUNK_BYTES)
            out.flush()
            os.fsync(out.fileno())

    def close(self) -> None:
        for folder in (self._root, *(one for one in self._root.rglob("*") if one.is_dir())):
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


class _TarTarget:
    def __init__(self, path: Path, key: bytes | None) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._sealer = None if key is None else Sealer(self._file, key)
        into: Any = self._sealer or self._file
        self._tar = tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, content)

    def close(self) -> None:
        self._tar.close()
        if self._sealer is not None:
            self._sealer.finish()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


class _FolderSource:
    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> list[str]:
        return sorted(
            one.relative_to(self._root).as_posix() for one in self._root.rglob("*") if one.is_file()
        )

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        with (self._root / name).open("rb") as file:
            yield file

    def close(self) -> None:
        pass


class _TarSource:
    def __init__(self, path: Path, key: bytes | None) -> None:
        if is_sealed(path) and key is None:
            raise BackupRefused(f"{path} is sealed: give the key file that it was made with")
        try:
            self._file: IO[bytes] = (
                io.BufferedReader(Opener(path, key), PIECE_BYTES)
                if key is not None and is_sealed(path)
                else path.open("rb")
            )
        except NotOpened as why:
            raise BackupRefused(f"{path}: {why}") from None
        try:
            self._tar = tarfile.open(fileobj=self._file, mode="r:")  # noqa: SIM115
        except tarfile.TarError:
            self._file.close()
            raise BackupRefused(f"{path} is no tar file") from None
        self._members = {one.name: one for one in self._tar.getmembers() if one.isfile()}

    def names(self) -> list[str]:
        return list(self._members)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        file = self._tar.extractfile(self._members[name])
        assert file is not None
        with file:
            yield file

    def close(self) -> None:
        self._tar.close()
        self._file.close()


# ---------------------------------------------------------------- PostgreSQL's own tools


def _run(program: str, address: sa.URL, *arguments: str) -> None:
    """Run a tool of PostgreSQL; the password goes by the environment, never by the command line."""
    path = shutil.which(program) or next(
        (str(one) for one in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))[::-1]),
        None,
    )
    if path is None:
        raise BackupRefused(f"{program} is not installed (Debian: postgresql-client)")
    host = address.host or address.query.get("host") or ""
    environment = {
        **os.environ,
        "PGHOST": str(host),
        "PGPORT": str(address.port or 5432),
        "PGUSER": address.username or "",
        "PGDATABASE": address.database or "",
        **({"PGPASSWORD": address.password} if address.password else {}),
    }
    into = ("--dbname", address.database or "") if program == "pg_restore" else ()
    done = subprocess.run(
        [path, *into, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BackupRefused(f"{program}: {done.stderr.strip()}")
