"""Real PostgreSQL and Redis for tests, each in a temporary folder and on a Unix socket only.

Neither opens a port nor leaves a trace: each is a child of the test process, ended by its own
process id. They are started by the fixtures of tests/conftest.py when a test first asks for
them, once in each pytest worker. PostgreSQL runs without fsync unless a test asks for a durable
one: most tests are about what statements mean, not about power cuts.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import psutil

START_S: Final = 30.0
STOP_S: Final = 20.0
OLDEST_POSTGRESQL: Final = 17


class NotStarted(RuntimeError):
    """A service is not installed or did not come up; the message says which and why."""


class Postgres:
    """One PostgreSQL cluster, as yielded by `postgres()`."""

    def __init__(
        self, binaries: Path, folder: Path, account: str | None, settings: Mapping[str, str]
    ) -> None:
        self._binaries = binaries
        self._account = account
        self._settings = settings
        self._numbers = itertools.count(1)
        self.folder = folder

    def start(self) -> None:
        """Start the server on its folder; also after `kill`."""
        options = [part for one in self._settings.items() for part in ("-c", "=".join(one))]
        data = self.folder / "data"
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [str(self._binaries / "postgres"), "-D", str(data), *options],
                user=self._account,
                group=self._account,
                extra_groups=[] if self._account else None,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

        def why_not() -> str | None:
            try:
                lines = (data / "postmaster.pid").read_text().splitlines()
                status = lines[7].strip() if int(lines[0]) == self._server.pid else "of before"
            except (FileNotFoundError, IndexError, ValueError):
                return "no status yet"
            return None if status == "ready" else f"status {status}"

        _await_start(self._server, why_not, self.folder / "log")

    def kill(self) -> None:
        """SIGKILL to the server and all its backends; returns when they are gone."""
        family = psutil.Process(self._server.pid).children(recursive=True)
        self._server.kill()
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self._server.wait(STOP_S)
        psutil.wait_procs(family, STOP_S)

    def end(self) -> None:
        """End the server in order, when it runs."""
        _end(self._server, signal.SIGINT)

    def url(self, database: str) -> str:
        """The database's address as SQLAlchemy's asyncpg dialect takes it."""
        return f"postgresql+asyncpg://yunjian@/{database}?host={self.folder}"

    def create(self, *, template: str = "template0") -> str:
        """Create an empty database, or a copy of `template`, and return its name.

        Copying takes about 60 ms; nobody may be connected to the template meanwhile.
        """
        name = f"test_{next(self._numbers)}"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, database: str) -> None:
        """Drop the database, closing the connections that are still open to it."""
        self.sql(f'DROP DATABASE "{database}" WITH (FORCE)')

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        """Run one statement through psql; returns the rows, unaligned, without a heading."""
        run = subprocess.run(
            [
                str(self._binaries / "psql"),
                *("--host", str(self.folder), "--username", "yunjian", "--dbname", database),
                *("--no-psqlrc", "--quiet", "--tuples-only", "--no-align"),
                *("--set", "ON_ERROR_STOP=1", "--command", statement),
            ],
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
        if run.returncode != 0:
            raise NotStarted(f"psql: {run.stderr.strip()}")
        return run.stdout.strip()


class Redis:
    """One Redis server, as yielded by `redis()`."""

    def __init__(self, program: str, path: Path) -> None:
        self._program = program
        self.path = path

    def start(self) -> None:
        """Start it, empty; also after `kill`."""
        log = self.path.with_name("log")
        with log.open("ab") as out:
            self._server = subprocess.Popen(
                [
                    *(self._program, "--port", "0", "--unixsocket", str(self.path)),
                    *("--save", "", "--appendonly", "no", "--dir", str(self.path.parent)),
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
            )

        def why_not() -> str | None:
            try:
                answer = self.ask("PING")
            except OSError as error:
                return str(error)
            return None if answer == "+PONG" else answer

        _await_start(self._server, why_not, log)

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        self._server.kill()
        self._server.wait(STOP_S)

    def end(self) -> None:
        """End it in order, when it runs."""
        _end(self._server, signal.SIGTERM)

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def empty(self) -> None:
        """Forget every key of every database; subscribers stay."""
        if self.ask("FLUSHALL") != "+OK":
            raise NotStarted("Redis did not empty itself")

    def ask(self, line: str) -> str:
        """Send one inline command; returns the first line of the answer, with its type byte."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5.0)
            connection.connect(str(self.path))
            connection.sendall(line.encode() + b"\r\n")
            with connection.makefile("rb") as answer:
                return answer.readline().decode().rstrip("\r\n")


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a fresh PostgreSQL cluster (17 or newer, UTF-8, C locale) for the time of the block.

    A durable one writes its log before it acknowledges, as a real one does, and may be killed. As
    root it runs under the account `postgres`, since the server refuses root. Raises NotStarted
    where it is not installed or does not come up within 30 s.
    """
    binaries = _postgresql_binaries()
    account = "postgres" if os.geteuid() == 0 else None
    with _folder(account) as folder:
        subprocess.run(
            [
                str(binaries / "initdb"),
                *("--pgdata", str(folder / "data"), "--username", "yunjian", "--auth", "trust"),
                *("--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"),
            ],
            user=account,
            group=account,
            extra_groups=[] if account else None,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            timeout=START_S,
            check=True,
        )
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "shared_buffers": "32MB",
            "max_connections": "200",
            "autovacuum": "off",
        }
        if not durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        server = Postgres(binaries, folder, account, settings)
        server.start()
        try:
            yield server
        finally:
            server.end()


@contextlib.contextmanager
def redis() -> Iterator[Redis]:
    """Run a fresh Redis that stores nothing on disk, for the time of the block.

    Raises NotStarted where it is not installed or does not come up within 30 s.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise NotStarted("redis-server is not installed (Debian: redis-server)")
    with _folder(None) as folder:
        server = Redis(program, folder / "redis.sock")
        server.start()
        try:
            yield server
        finally:
            server.end()


EICAR: Final = (
    b"X5O!P%@AP[4" + rb"\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTI" + (b"VIRUS-TEST-FILE!$H+H*")
)
"""What every scanner takes for a virus, and is none (eicar.org); put together so that this is none."""


class Clamd:
    """One clamd that knows one signature, EICAR's, in whatever file; as yielded by `clamd()`."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self.socket = folder / "clamd.sock"

    def start(self) -> None:
        """Start it; also after `kill`."""
        database = self._folder / "signatures"
        database.mkdir(exist_ok=True)
        (database / "test.ndb").write_text(f"Eicar.Test:0:*:{EICAR.hex()}\n")
        config = self._folder / "clamd.conf"
        config.write_text(
            f"LocalSocket {self.socket}\nDatabaseDirectory {database}\nForeground yes\n"
            f"TemporaryDirectory {self._folder}\nStreamMaxLength 30M\nMaxFileSize 30M\n"
            "MaxScanSize 60M\nAlertExceedsMax yes\nConcurrentDatabaseReload no\n"
        )
        self.socket.unlink(missing_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._program, "--config-file", str(config)], stdout=log, stderr=subprocess.STDOUT
            )

        def why_not() -> str | None:
            try:
                with socket.socket(socket.AF_UNIX) as asking:
                    asking.connect(str(self.socket))
                    asking.sendall(b"zPING\0")
                    return None if asking.recv(16) == b"PONG\0" else "no pong"
            except OSError as error:
                return type(error).__name__

        _await_start(self._server, why_not, self._folder / "log")

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        self._server.kill()
        self._server.wait(STOP_S)

    def end(self) -> None:
        """End it in order, when it runs."""
        _end(self._server, signal.SIGTERM)


@contextlib.contextmanager
def clamd() -> Iterator[Clamd]:
    """Run a virus scanner that knows the test signature alone, for the time of the block.

    Raises NotStarted where it is not installed or does not come up within 30 s.
    """
    program = shutil.which("clamd") or "/usr/sbin/clamd"
    if not Path(program).is_file():
        raise NotStarted("clamd is not installed (Debian: clamav-daemon)")
    with _folder(None) as folder:
        server = Clamd(program, folder)
        server.start()
        try:
            yield server
        finally:
            server.end()


def _postgresql_binaries() -> Path:
    found = {
        int(number.group(1)): path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")
        if (number := re.search(r"/(\d+)/bin/", str(path)))
    }
    if found and max(found) >= OLDEST_POSTGRESQL:
        return found[max(found)]
    raise NotStarted(
        f"PostgreSQL {OLDEST_POSTGRESQL} or newer is not installed (Debian: postgresql-17)"
    )


@contextlib.contextmanager
def _folder(account: str | None) -> Iterator[Path]:
    """A temporary folder with a path short enough for a Unix socket (107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="yj-", dir="/tmp"))
    try:
        if account is not None:
            owner = pwd.getpwnam(account)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end(server: subprocess.Popen[bytes], how: signal.Signals) -> None:
    if server.poll() is not None:
        return
    server.send_signal(how)
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _await_start(
    server: subprocess.Popen[bytes], why_not: Callable[[], str | None], log: Path
) -> None:
    deadline = time.monotonic() + START_S
    while (reason := why_not()) is not None:
        if server.poll() is not None:
            reason = f"it ended with status {server.returncode}"
        elif time.monotonic() < deadline:
            time.sleep(0.01)
            continue
        raise NotStarted(f"{reason}: {log.read_text(errors='replace')[-2000:]}")
