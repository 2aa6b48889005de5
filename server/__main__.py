"""The yunjian command: reads arguments and hands over; composes and decides nothing itself.

Imports wait until a command needs them, so that --help answers at once.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.rights.person import Role
    from server.settings import Settings

T = TypeVar("T")


def _group(about: str) -> typer.Typer:
    return typer.Typer(
        help=about,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


cli = _group(
    "Yunjian (云见): a service window and an approver far away handle a case together, by live video "
    "and one shared record.\n\n"
    "To try it: yunjian demo. To run it: yunjian db upgrade, yunjian unit create, "
    "yunjian user create, yunjian serve."
)
database = _group("The database: bring it to the newest migration, or tell where it stands.")
users = _group("Staff who may sign in.")
units = _group("Units of the alliance and their windows.")
items = _group("Items (事项) that can be asked for.")
ledger = _group("The ledger of everything that was done.")
cli.add_typer(database, name="db")
cli.add_typer(users, name="user")
cli.add_typer(units, name="unit")
cli.add_typer(items, name="item")
cli.add_typer(ledger, name="ledger")

Config = Annotated[
    Path | None,
    typer.Option(help="Settings as TOML; without: yunjian.toml in this folder, when it is there."),
]
Data = Annotated[
    Path | None, typer.Option(help="Folder for everything that is kept.", show_default=False)
]
Host = Annotated[
    str | None, typer.Option(help="Address to listen on (127.0.0.1).", show_default=False)
]
Port = Annotated[
    int | None, typer.Option(help="Port to listen on (8080); 0: any free one.", show_default=False)
]

Login = Annotated[str, typer.Argument(help="What the person types at sign-in.")]

DEMO_DATA: Final = Path("yunjian-demo")


# ---------------------------------------------------------------- running


@cli.command()
def demo(
    with_approver: Annotated[
        bool,
        typer.Option(
            "--with-approver", help="A scripted approver answers: one person can play the story."
        ),
    ] = False,
    lan: Annotated[
        bool,
        typer.Option(
            "--lan",
            help="https on all addresses with a certificate of its own: two machines can meet.",
        ),
    ] = False,
    with_past: Annotated[
        bool,
        typer.Option(
            "--past/--no-past",
            help="At the first start, make meetings of the last three weeks (about a minute).",
        ),
    ] = True,
    port: Port = None,
    data: Annotated[
        Path, typer.Option(help="Folder for the demo's data; made when missing.")
    ] = DEMO_DATA,
) -> None:
    """Start with invented units, people and items, and print address and accounts.

    Needs nothing but this command: the database is a file, the media worker a child process.
    Ctrl+C ends it; the data stay and are found again at the next start.
    """
    from server.demo.demonstration import play

    settings = _settings(None, {"data": data, "port": port})
    with _told_plainly(settings):
        _run(play(settings, with_approver=with_approver, lan=lan, with_past=with_past, say=_say))


def _say(line: str) -> None:
    with suppress(OSError):  # who does not listen any more ends nothing
        typer.echo(line)


@cli.command()
def serve(
    config: Config = None,
    data: Data = None,
    host: Host = None,
    port: Port = None,
) -> None:
    """Serve pages, interface and signalling in this process, with a media worker as its child.

    Settings come from the defaults, a TOML file, the environment (YUNJIAN_PORT=...) and the flags,
    later ones winning. The database must be at the newest migration (yunjian db upgrade). A worker
    that is alive in the data folder is taken up, and outlives an orderly end by a minute, so that
    a restart ends no call. Asked to end (SIGTERM, Ctrl+C) it takes no new call and waits, up to
    drain_limit_s, for those that run; asked again it ends at once.
    """
    from server.app import running
    from server.edge.logs import configure
    from server.node import DRAIN, set_aside

    settings = _settings(config, {"data": data, "host": host, "port": port})
    configure(settings.log_level)

    async def until_ended() -> None:
        async with running(settings, keep_media=True) as node:
            set_aside()
            typer.echo(f"Yunjian serves at {node.address}", err=True)
            await ended()
            drain = node.app[DRAIN]
            drain.begin()
            if drain.calls:
                typer.echo(f"{drain.calls} calls still run; asked again, it ends now.", err=True)
            waits = {asyncio.create_task(ended()), asyncio.create_task(drain.emptied())}
            await asyncio.wait(
                waits, timeout=settings.drain_limit_s, return_when=asyncio.FIRST_COMPLETED
            )
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    with _told_plainly(settings):
        _run(until_ended())


@cli.command()
def media(
    config: Config = None,
    data: Data = None,
    linger: Annotated[
        float, typer.Option(help="Seconds to go on without a server before ending.")
    ] = 24 * 3600.0,
) -> None:
    """Run the media worker by itself; `yunjian serve` on the same data folder takes it up.

    For a service manager that restarts the two apart. Without it, serve starts its own.
    """
    from media.client import Limits, prepare_folder
    from media.node import WorkerSettings, run

    settings = _settings(config, {"data": data}, serves=False)
    folder = settings.data.absolute() / "media"
    with _told_plainly(settings):
        prepare_folder(folder)
        run(
            WorkerSettings(
                workdir=folder,
                host=settings.media_host,
                advertised=settings.media_advertised,
                port=settings.media_port,
                linger_s=linger,
                codec=settings.media_codec,
                limits=Limits(settings.media_calls, settings.media_load),
            )
        )


@cli.command()
def doctor(config: Config = None, data: Data = None, host: Host = None, port: Port = None) -> None:
    """Look at everything a node needs on this machine and say what is missing. Changes nothing."""
    from server.doctor import examine

    settings = _settings(config, {"data": data, "host": host, "port": port})
    findings = _run(examine(settings))
    for finding in findings:
        verdict = "FAIL" if not finding.well else "warn" if finding.warns else "ok  "
        typer.echo(f"{verdict}  {finding.name:<15}{finding.told}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


# ---------------------------------------------------------------- copies


KeyFile = Annotated[
    Path | None,
    typer.Option(
        help="File of 32 random bytes or more that seals the backup (setting backup_key).",
        show_default=False,
    ),
]


@cli.command()
def backup(
    into: Annotated[Path, typer.Argument(help="A new folder, or a file ending with .tar.")],
    key_file: KeyFile = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Copy everything that is kept: database, files, ledger with its key, what is on its way.

    A server may run on meanwhile. With a key file the copy is sealed: nobody reads it or changes it
    unseen without that. One that is not is as secret as the data. Status 1 when a stored file is no
    longer what it was.
    """
    from server.store.backup import BackupRefused, back_up

    settings = _settings(config, {"data": data, "backup_key": key_file}, serves=False)
    with _told_plainly(settings):
        try:
            key = _key(settings.backup_key)
            copied = _run(back_up(settings.kept, into, key))
        except BackupRefused as refused:
            _fail(str(refused))
    typer.echo(f"{copied.files} files, {copied.bytes} bytes in {into}.")
    if key is None:
        typer.echo("It is not sealed: whoever reads it reads everything (--key-file).", err=True)
    _tell_damaged(copied.damaged)


@cli.command()
def restore(
    source: Annotated[Path, typer.Argument(help="What `yunjian backup` made.")],
    key_file: KeyFile = None,
    unsealed: Annotated[
        bool, typer.Option("--unsealed", help="Take one that is not sealed though there is a key.")
    ] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Put a backup back into an empty place, verify its ledger and every file.

    The key file of a sealed one is asked for. Refused when a database, a file or a ledger is there
    already, and, with a key file, when the backup is not sealed: whoever may write where backups are
    kept could have put it there. Status 1 when something does not hold; the damaged files are named.
    """
    from server.store.backup import BackupRefused
    from server.store.backup import restore as put_back
    from server.store.sealing import is_sealed

    settings = _settings(config, {"data": data, "backup_key": key_file}, serves=False)
    settings.data.mkdir(0o700, parents=True, exist_ok=True)
    with _told_plainly(settings):
        try:
            named, sealed = settings.backup_key, source.is_file() and is_sealed(source)
            if sealed and named is None and sys.stdin.isatty():
                named = Path(typer.prompt("The backup is sealed. Its key file"))
            key = _key(named) if sealed else None
            if not sealed and named is not None and not unsealed:
                _fail("The backup is not sealed, and there is a key: --unsealed takes it anyway.")
            if not sealed:
                typer.echo("The backup is not sealed: nothing says who made it.", err=True)
            copied = _run(put_back(settings.kept, source, key))
        except BackupRefused as refused:
            _fail(str(refused))
    typer.echo(
        f"{copied.files} files, {copied.bytes} bytes. The ledger holds: {copied.entries} entries."
    )
    _tell_damaged(copied.damaged)


def _key(path: Path | None) -> bytes | None:
    from server.store.sealing import read_key

    try:
        return None if path is None else read_key(path)
    except (OSError, ValueError) as error:
        _fail(f"The key file cannot be used: {error}")


def _tell_damaged(damaged: list[str]) -> None:
    for sha256 in damaged:
        typer.echo(f"DAMAGED or missing: {sha256}")
    if damaged:
        raise typer.Exit(1)


# ---------------------------------------------------------------- the database


@database.command("upgrade")
def upgrade_database(config: Config = None, data: Data = None) -> None:
    """Bring the database to the newest migration; make it when it is not there."""
    from server.store import upgrade

    settings = _settings(config, {"data": data}, serves=False)
    settings.data.mkdir(0o700, parents=True, exist_ok=True)
    with _told_plainly(settings):
        before = _run(upgrade(settings.store.database_url))
    if before.up_to_date:
        typer.echo(f"The database was at {before.newest}, the newest, already.")
    else:
        typer.echo(f"The database was at {before.current}, and is at {before.newest} now.")


@database.command("check")
def check_database(config: Config = None, data: Data = None) -> None:
    """Say at which migration the database stands; status 1 when it is not the newest."""
    from server.store import check

    settings = _settings(config, {"data": data}, serves=False)
    with _told_plainly(settings):
        state = _run(check(settings.store.database_url))
    typer.echo(f"The database is at {state.current}, the newest is {state.newest}.")
    if not state.up_to_date:
        raise typer.Exit(1)


# ---------------------------------------------------------------- people


@units.command("create")
def create_unit(
    name: Annotated[str, typer.Argument(help="Full name.")],
    place: Annotated[str, typer.Option(help="Short place shown beside people, e.g. 青岛西海岸.")],
    region_code: Annotated[str, typer.Option(help="GB/T 2260, six digits.")],
    credit_code: Annotated[str, typer.Option(help="统一社会信用代码, 18 characters.")],
    level: Annotated[str, typer.Option(help="行使层级 of GB/T 39046 annex A.")] = "4",
    window: Annotated[
        list[str] | None, typer.Option(help="Name of a window; may be given again.")
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Add a unit with its windows and print its id."""
    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        typer.echo(
            _act(
                settings,
                "unit.create",
                name=name,
                place=place,
                region_code=region_code,
                credit_code=credit_code,
                level=level,
                windows=window or [],
            )
        )


@items.command("import")
def import_items(
    file: Annotated[Path, typer.Argument(help="Excel (.xlsx), CSV or JSON; column names first.")],
    unit: Annotated[
        str | None, typer.Option(help="Id of the unit whose items all rows are.")
    ] = None,
    region_code: Annotated[
        str | None, typer.Option(help="GB/T 2260; with --place: unknown units are added there.")
    ] = None,
    place: Annotated[str | None, typer.Option(help="Short place of units that are added.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell.")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Import the right rows though others are bad.")
    ] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Import a list of items; each row is a new item, a new version, or unchanged.

    Bad rows are named with their reason; with one of them nothing is imported, unless --skip-bad.
    Status 1 when there are bad rows.
    """
    import base64

    from server.catalogue.wire import CatalogueImport

    if (region_code is None) != (place is None):
        _fail("--region-code and --place belong together.")
    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        told = CatalogueImport.model_validate(
            _act(
                settings,
                "item.import",
                content=base64.b64encode(file.read_bytes()).decode(),
                pattern=settings.item_code_pattern,
                unit=unit,
                region_code=region_code,
                place=place,
                dry_run=dry_run,
                skip_bad=skip_bad,
            )
        )
    for one in told.faults:
        typer.echo(f"row {one.row}: {one.column}: {one.why}")
    typer.echo(
        f"{told.rows} rows: {told.new} new, {told.changed} changed, {told.unchanged} unchanged, "
        f"{told.bad} bad; {len(told.new_units)} new units. "
        + ("Imported." if told.written else "Nothing was written.")
    )
    if told.bad:
        raise typer.Exit(1)


@users.command("create")
def create_user(
    login: Annotated[str, typer.Argument(help="What is typed at sign-in.")],
    name: Annotated[str, typer.Option(help="As others see it.")],
    staff_number: Annotated[str, typer.Option(help="工号, shown to applicants.")],
    unit: Annotated[str, typer.Option(help="Id or full name of the unit.")],
    role: Annotated[
        list[str],
        typer.Option(
            help="clerk, approver, head, supervisor, admin, security or operator; for supervisors also "
            "monitor_listen, monitor_whisper, monitor_barge. May be given again."
        ),
    ],
    window: Annotated[str | None, typer.Option(help="Id or name of the clerk's window.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Add a person and print the id. The password is asked for, or read from a pipe."""
    from server.rights.person import Role

    settings = _settings(config, {"data": data})
    roles = _roles(Role, role)
    password = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    with _told_plainly(settings):
        typer.echo(
            _act(
                settings,
                "user.create",
                login=login,
                password=password,
                name=name,
                staff_number=staff_number,
                unit=unit,
                window=window,
                roles=roles,
            )
        )


@users.command("roles")
def set_roles(
    login: Login,
    role: Annotated[list[str], typer.Option(help="As for create; may be given again.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Give a person these roles instead of those he has."""
    from server.rights.person import Role

    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        _act(settings, "user.roles", login=login, roles=_roles(Role, role))


@users.command("block")
def block_user(
    login: Login,
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Let a person sign in no more; what he is signed in to ends within two seconds."""
    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        _act(settings, "user.block", login=login, reason=reason)


@users.command("unblock")
def unblock_user(login: Login, config: Config = None, data: Data = None) -> None:
    """Let a person sign in again, with the password that he had."""
    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        _act(settings, "user.unblock", login=login)


@users.command("reset-password")
def reset_password(login: Login, config: Config = None, data: Data = None) -> None:
    """Print a temporary password, which opens nothing but its change, for 24 hours.

    All sessions of the person end.
    """
    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        typer.echo(_act(settings, "user.reset", login=login)["password"])


@users.command("sign-out")
def sign_out_user(login: Login, config: Config = None, data: Data = None) -> None:
    """Sign a person out everywhere."""
    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        typer.echo(f"{_act(settings, 'user.sign-out', login=login)} sign-ins ended.")


Both = Annotated[list[str], typer.Option(help="One of the two roles; given twice.")]


@users.command("exempt")
def exempt_user(
    login: Login,
    role: Both,
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Let two roles that exclude one another be in a person, as a security officer of the unit may.

    Granting them is another command.
    """
    from server.rights.person import Role

    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        _act(settings, "user.exempt", login=login, roles=_roles(Role, role), reason=reason)


@users.command("unexempt")
def unexempt_user(login: Login, role: Both, config: Config = None, data: Data = None) -> None:
    """Let two roles exclude one another in a person again; he keeps those he has."""
    from server.rights.person import Role

    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        _act(settings, "user.unexempt", login=login, roles=_roles(Role, role))


def _roles(known: "type[Role]", named: list[str]) -> "list[Role]":
    try:
        return [known(one) for one in named]
    except ValueError:
        _fail(f"A role is one of {', '.join(known)}.")


# ---------------------------------------------------------------- the ledger, the wire


@ledger.command("verify")
def verify_ledger(
    subject: Annotated[
        str | None, typer.Option(help="One subject alone, e.g. case:<id> or call:<id>.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Signed heads that were kept elsewhere (heads.jsonl).")
    ] = None,
    files: Annotated[bool, typer.Option(help="Hash the sealed files too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Check every entry, chain and signed head, and the record against them; name what does not hold.

    Status 1 then. What entries told is compared with each row, event and sealed file.

    Reads only, beside a running server or without one.
    """
    from dataclasses import asdict

    from server.store import Report, check, verify

    settings = _settings(config, {"data": data})

    async def verified() -> Report:
        state = await check(settings.store.database_url)
        if not state.up_to_date:
            _fail(
                f"The database is at {state.current}, not at {state.newest}: nothing was checked."
            )
        try:
            return await verify(settings.store, subject, files=files, against=against)
        except ValueError as error:
            if against is None:
                raise
            _fail(str(error))

    began = time.monotonic()
    with _told_plainly(settings):
        report = _run(verified())
    took_s = time.monotonic() - began
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        for one in report.findings:
            where = one.subject or "the tree"
            version = "" if one.version is None else f" version {one.version}"
            leaf = "" if one.leaf is None else f" (leaf {one.leaf})"
            typer.echo(f"{one.kind}: {where}{version}{leaf}: {one.text}")
        verdict = "holds" if report.ok else f"DOES NOT HOLD: {len(report.findings)} findings"
        typer.echo(f"The ledger {verdict}. {report.entries} entries, {report.sealed} sealed.")
        typer.echo(
            f"{report.rows} rows ({report.untold} older than format 2), {report.files} files; "
            f"{report.format_1} entries of format 1, {report.pruned} events pruned, "
            f"{report.erased} payloads erased. "
            f"{took_s:.1f} s, {1000 * took_s / max(1, report.entries):.2f} ms an entry."
        )
    if not report.ok:
        raise typer.Exit(1)


@ledger.command("key")
def ledger_key(config: Config = None, data: Data = None) -> None:
    """Tell the fingerprint of the key that seals the ledger, for the setting ledger_key."""
    from server.store.ledger.journal import Records
    from server.store.ledger.keys import fingerprint

    settings = _settings(config, {"data": data})
    with _told_plainly(settings):
        key = Records(settings.store.ledger_dir).public_key()
        if key is None:
            _fail(f"No key in {settings.store.ledger_dir}.")
        typer.echo(fingerprint(key))


@cli.command()
def schema(
    into: Annotated[Path, typer.Option(help="Folder to write into.")] = Path("build/schema"),
) -> None:
    """Write messages.json, the JSON Schema of all that crosses the wire, and openapi.json."""
    from server.app import ROUTES
    from server.health.api.machine import VERSION
    from server.openapi import describe
    from server.shapes import messages

    into.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("messages.json", messages()),
        ("openapi.json", describe(ROUTES, VERSION)),
    ):
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (into / name).write_text(text, encoding="utf-8")
        typer.echo(into / name)


# ---------------------------------------------------------------- how commands run


async def ended() -> None:
    """Returns when this process is asked to end (SIGINT, SIGTERM)."""
    from server.demo.demonstration import asked_to_end

    await asked_to_end()


SWITCH_S: Final = 0.0005
"""How long the loop goes on while a thread waits for the interpreter. SQLite answers an act from a
thread of its own, a dozen times; with Python's own 5 ms, waiting for that was most of an act."""


def _run(work: Coroutine[Any, Any, T]) -> T:
    sys.setswitchinterval(SWITCH_S)
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


def _settings(config: Path | None, flags: Mapping[str, Any], *, serves: bool = True) -> "Settings":
    from pydantic import ValidationError

    from server.settings import Settings

    try:
        return Settings.load(flags, config, serves=serves)
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            typer.echo(f"{'.'.join(map(str, one['loc']))}: {one['msg']}", err=True)
        raise typer.Exit(2) from None
    except FileNotFoundError as error:
        _fail(str(error))


def _act(settings: "Settings", act: str, **given: Any) -> Any:
    """Do it in the server that runs on this data folder, or where none does, to the database itself."""
    from server import console, control

    async def done() -> Any:
        try:
            return await control.ask(settings.data.absolute(), act, given)
        except control.NobodyThere:
            async with AsyncExitStack() as stack:
                return await console.do(await _store(stack, settings), act, given)

    return _run(done())


async def _store(stack: AsyncExitStack, settings: "Settings") -> Any:
    from server.store import Store

    store = await Store.open(settings.store)
    stack.push_async_callback(store.close)
    return store


@contextmanager
def _told_plainly(settings: "Settings") -> "Iterator[None]":
    """What whoever typed the command can put right is said in one line; everything else stays a traceback."""
    from media.control import PathTooLong
    from server.store import AlreadyOpen, LedgerElsewhere, ReferencesBroken, SchemaOutdated
    from signaling.refusals import Refusal

    try:
        yield
    except (
        AlreadyOpen, LedgerElsewhere, PathTooLong, ReferencesBroken, SchemaOutdated
    ) as error:  # fmt: skip
        _fail(str(error))
    except Refusal as refusal:
        _fail(f"Refused: {refusal.code.value} {refusal.details or ''}".rstrip())
    except FileNotFoundError as error:
        _fail(str(error))
    except OSError as error:
        if error.filename is None and "address" not in str(error).lower():
            raise
        _fail(f"{error} (port {settings.port}; --port chooses another)")


def _fail(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)


def main() -> None:
    """Entry point of the console script."""
    cli()


if __name__ == "__main__":
    main()
