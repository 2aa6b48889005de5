"""Commands about items (事项): the import of a list of them.

Imports wait until a command needs them, so that --help answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from server.cli.running import Config, Data, act, fail, group, settings_of, told_plainly

items = group("Items (事项) that can be asked for.")


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
        fail("--region-code and --place belong together.")
    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        told = CatalogueImport.model_validate(
            act(
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
