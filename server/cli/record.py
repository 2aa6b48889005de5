"""Commands about the database and the ledger: what stands there, and whether it holds.

Imports wait until a command needs them, so that --help answers at once.
"""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from server.cli.running import Config, Data, fail, group, run, settings_of, told_plainly

database = group("The database: bring it to the newest migration, or tell where it stands.")
ledger = group("The ledger of everything that was done.")


@database.command("upgrade")
def upgrade_database(config: Config = None, data: Data = None) -> None:
    """Bring the database to the newest migration; make it when it is not there."""
    from server.store import upgrade

    settings = settings_of(config, {"data": data}, serves=False)
    settings.data.mkdir(0o700, parents=True, exist_ok=True)
    with told_plainly(settings):
        before = run(upgrade(settings.store.database_url))
    if before.up_to_date:
        typer.echo(f"The database was at {before.newest}, the newest, already.")
    else:
        typer.echo(f"The database was at {before.current}, and is at {before.newest} now.")


@database.command("check")
def check_database(config: Config = None, data: Data = None) -> None:
    """Say at which migration the database stands; status 1 when it is not the newest."""
    from server.store import check

    settings = settings_of(config, {"data": data}, serves=False)
    with told_plainly(settings):
        state = run(check(settings.store.database_url))
    typer.echo(f"The database is at {state.current}, the newest is {state.newest}.")
    if not state.up_to_date:
        raise typer.Exit(1)


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

    settings = settings_of(config, {"data": data})

    async def verified() -> Report:
        state = await check(settings.store.database_url)
        if not state.up_to_date:
            fail(f"The database is at {state.current}, not at {state.newest}: nothing was checked.")
        try:
            return await verify(settings.store, subject, files=files, against=against)
        except ValueError as error:
            if against is None:
                raise
            fail(str(error))

    began = time.monotonic()
    with told_plainly(settings):
        report = run(verified())
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

    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        key = Records(settings.store.ledger_dir).public_key()
        if key is None:
            fail(f"No key in {settings.store.ledger_dir}.")
        typer.echo(fingerprint(key))
