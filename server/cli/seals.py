"""Commands about the electronic seals of the units.

Imports wait until a command needs them, so that --help answers at once.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.running import Config, Data, fail, group, run, settings_of, told_plainly

if TYPE_CHECKING:
    from server.settings import Settings

seals = group("Electronic seals of the units, which stand on their papers.")


@seals.command("make-demo")
def make_demo_seals(config: Config = None, data: Data = None) -> None:
    """Make seals marked 演示印章 for all units that have none. They bind nobody."""
    from server.papers.seals import make_demo

    settings = settings_of(config, {"data": data}, serves=False)
    with told_plainly(settings):
        units = [(one["id"], one["name"]) for one in _units(settings)]
        made = make_demo(settings.seals, units, at=datetime.now(UTC), font_dirs=settings.font_dirs)
    typer.echo(f"{made} seals made in {settings.seals}.")


@seals.command("import")
def import_seal(
    credit_code: Annotated[str, typer.Argument(help="统一社会信用代码 of the unit.")],
    purpose: Annotated[str, typer.Argument(help="receiving, acceptance or approval.")],
    file: Annotated[Path, typer.Argument(help="The seal's certificate and key, PKCS #12.")],
    authority: Annotated[
        Path | None, typer.Option(help="Root certificate (PEM) to trust from now on.")
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(help="A file whose first line is the password of the PKCS #12 file."),
    ] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Take a unit's seal, in the place of the one before. Papers that were made stay as they are.

    The password of the file is read from --password-file, or from a pipe, or asked for. It is never an argument, which
    every process of the machine could read.
    """
    from server.papers.seals import SealRefused, keep
    from server.standards.papers import SEAL_NAMES

    settings = settings_of(config, {"data": data}, serves=False)
    known = next((one for one in SEAL_NAMES if one == purpose), None)
    if known is None:
        fail(f"{purpose}: choose one of {', '.join(SEAL_NAMES)}.")
    with told_plainly(settings):
        unit = next((one for one in _units(settings) if one["credit_code"] == credit_code), None)
        if unit is None:
            fail(f"No unit with the code {credit_code}.")
        password = _password(password_file)
        try:
            certificate = keep(
                settings.seals,
                unit["id"],
                unit["name"],
                known,
                file.read_bytes(),
                password.encode() or None,
                at=datetime.now(UTC),
                authority=authority.read_bytes() if authority else None,
                font_dirs=settings.font_dirs,
            )
        except SealRefused as refused:
            fail(str(refused))
    typer.echo(f"{SEAL_NAMES[known]} of {unit['name']}: {certificate.subject.rfc4514_string()},")
    typer.echo(f"valid until {certificate.not_valid_after_utc:%Y-%m-%d}.")


@seals.command("verify")
def verify_seal(
    file: Annotated[Path, typer.Argument(help="A paper, as PDF.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Say whether the seal on a paper holds: valid, or status 1 with what is wrong."""
    from server.papers.seals import SealFolder
    from server.work.child import Children

    settings = settings_of(config, {"data": data}, serves=False)
    with told_plainly(settings):
        found = run(SealFolder(settings.seals, Children(1)).check(file.read_bytes()))
    typer.echo(f"sealed: {found.state}")
    if found.subject:
        typer.echo(f"{found.subject}, {found.at}")
    if found.state != "valid":
        raise typer.Exit(1)


def _password(file: Path | None) -> str:
    """The password of the file: one line of a file or of a pipe, or what is typed and not shown."""
    if file is not None:
        with file.open(encoding="utf-8") as lines:
            return lines.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt(
        "Password of the file", default="", show_default=False, hide_input=True
    )
    return typed


def _units(settings: "Settings") -> "list[dict[str, str]]":
    from server.people.rows import staffing
    from server.store import Database

    async def listed() -> "list[dict[str, str]]":
        database = await Database.open(settings.store.database_url, writable=False)
        try:
            async with database.read() as connection:
                return await staffing.list_units(connection)
        finally:
            await database.close()

    return run(listed())
