"""The yunjian command: joins the commands of `server.cli`; composes and decides nothing itself.

Imports wait until a command needs them, so that --help answers at once.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from server.cli import copies, externals, items, packages, people, record, seals, serving
from server.cli.running import group

cli = group(
    "Yunjian (云见): a service window and an approver far away handle a case together, by live video "
    "and one shared record.\n\n"
    "To try it: yunjian demo. To run it: yunjian db upgrade, yunjian unit create, "
    "yunjian user create, yunjian serve."
)
for command in (
    serving.demo,
    serving.serve,
    serving.media,
    serving.doctor,
    copies.backup,
    copies.restore,
):
    cli.command()(command)
cli.add_typer(record.database, name="db")
cli.add_typer(people.users, name="user")
cli.add_typer(people.units, name="unit")
cli.add_typer(externals.systems, name="external")
cli.add_typer(items.items, name="item")
cli.add_typer(seals.seals, name="seal")
cli.add_typer(packages.cases, name="case")
cli.add_typer(record.ledger, name="ledger")


@cli.command()
def schema(
    into: Annotated[Path, typer.Option(help="Folder to write into.")] = Path("build/schema"),
) -> None:
    """Write messages.json, the JSON Schema of all that crosses the wire, openapi.json, and arms.json: what
    those events of a case change that do no more than they declare."""
    from server.app import ROUTES
    from server.case.wire.messages import EVENTS
    from server.case.wire.view import CaseView
    from server.health.api.machine import VERSION
    from server.openapi import describe
    from server.rights.arms import arms
    from server.shapes import messages

    into.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("messages.json", messages()),
        ("openapi.json", describe(ROUTES, VERSION)),
        ("arms.json", arms(CaseView, EVENTS)),
    ):
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (into / name).write_text(text, encoding="utf-8")
        typer.echo(into / name)


def main() -> None:
    """Entry point of the console script."""
    cli()


if __name__ == "__main__":
    main()
