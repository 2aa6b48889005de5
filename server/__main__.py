"""The yunjian command.

Reads arguments, composes nothing itself: each command hands over to the one
place that can do it. ``--help`` of every command says what it does and needs.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

cli = typer.Typer(
    name="yunjian",
    help="Yunjian (云见): a service window and an approver far away handle a case together.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@cli.callback()
def _yunjian() -> None:
    pass


@cli.command()
def schema(
    into: Annotated[Path, typer.Option(help="Folder to write into.")] = Path("build/schema"),
) -> None:
    """Write messages.json, the JSON Schema of all that crosses the wire."""
    from server.api.schema import messages

    into.mkdir(parents=True, exist_ok=True)
    file = into / "messages.json"
    file.write_text(json.dumps(messages(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    typer.echo(file)


def main() -> None:
    """Entry point of the console script."""
    cli()


if __name__ == "__main__":
    main()
