"""Commands about cases that are in the archive.

Imports wait until a command needs them, so that --help answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from server.cli.running import Config, Data, fail, group, run, settings_of, told_plainly

cases = group("Cases that are in the archive.")


@cases.command("package")
def package_case(
    number: Annotated[str, typer.Argument(help="办件编号.")],
    into: Annotated[Path, typer.Argument(help="The ZIP to write; it must not be there yet.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Write the archive package (归档包) of a case: files, record, ledger with proofs, and what checks it.

    It holds the case whole, with personal data: keep it as the archive keeps its files. Reads only, beside a
    running server or without one.
    """
    from server.audit.acts.packages import NotPacked, Proving, pack
    from server.case.rows import find_by_number
    from server.store import Database
    from server.store.blobs import Blobs
    from signaling.refusals import Code

    settings = settings_of(config, {"data": data}, serves=False)

    async def packed() -> str:
        database = await Database.open(settings.store.database_url, writable=False)
        try:
            async with database.read() as connection:
                found = await find_by_number(connection, number)
                if found is None:
                    raise NotPacked(f"No case has the number {number}.", Code.NOT_FOUND)
            blobs, journal = Blobs(settings.store.blob_root), Proving(settings.store.ledger_dir)
            with into.open("xb") as file:
                try:
                    folder = into.absolute().parent
                    return await pack(database.read(), blobs, journal, found.case.id, file, folder)
                except BaseException:
                    into.unlink()
                    raise
        finally:
            await database.close()

    with told_plainly(settings):
        try:
            manifest = run(packed())
        except FileExistsError:
            fail(f"{into} is there already.")
        except NotPacked as why:
            fail(str(why))
    typer.echo(f"{into}: {into.stat().st_size} bytes, SHA-256 of its manifest {manifest}.")
    typer.echo(f"To check it: unpack verify.py and run python3 verify.py {into.name}")
