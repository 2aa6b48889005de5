"""Commands that copy everything that is kept, and put a copy back.

Imports wait until a command needs them, so that --help answers at once.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from server.cli.running import Config, Data, fail, run, settings_of, told_plainly

KeyFile = Annotated[
    Path | None,
    typer.Option(
        help="File of 32 random bytes or more that seals the backup (setting backup_key).",
        show_default=False,
    ),
]


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

    settings = settings_of(config, {"data": data, "backup_key": key_file}, serves=False)
    with told_plainly(settings):
        try:
            key = _key(settings.backup_key)
            copied = run(back_up(settings.kept, into, key))
        except BackupRefused as refused:
            fail(str(refused))
    typer.echo(f"{copied.files} files, {copied.bytes} bytes in {into}.")
    if key is None:
        typer.echo("It is not sealed: whoever reads it reads everything (--key-file).", err=True)
    _tell_damaged(copied.damaged)


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

    settings = settings_of(config, {"data": data, "backup_key": key_file}, serves=False)
    settings.data.mkdir(0o700, parents=True, exist_ok=True)
    with told_plainly(settings):
        try:
            named, sealed = settings.backup_key, source.is_file() and is_sealed(source)
            if sealed and named is None and sys.stdin.isatty():
                named = Path(typer.prompt("The backup is sealed. Its key file"))
            key = _key(named) if sealed else None
            if not sealed and named is not None and not unsealed:
                fail("The backup is not sealed, and there is a key: --unsealed takes it anyway.")
            if not sealed:
                typer.echo("The backup is not sealed: nothing says who made it.", err=True)
            copied = run(put_back(settings.kept, source, key))
        except BackupRefused as refused:
            fail(str(refused))
    typer.echo(
        f"{copied.files} files, {copied.bytes} bytes. The ledger holds: {copied.entries} entries."
    )
    _tell_damaged(copied.damaged)


def _key(path: Path | None) -> bytes | None:
    from server.store.sealing import read_key

    try:
        return None if path is None else read_key(path)
    except (OSError, ValueError) as error:
        fail(f"The key file cannot be used: {error}")


def _tell_damaged(damaged: list[str]) -> None:
    for sha256 in damaged:
        typer.echo(f"DAMAGED or missing: {sha256}")
    if damaged:
        raise typer.Exit(1)
