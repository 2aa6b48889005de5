"""Commands about external systems that report by API.

Imports wait until a command needs them, so that --help answers at once.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.running import Config, Data, act, fail, group, settings_of, told_plainly

if TYPE_CHECKING:
    from server.settings import Settings

systems = group(
    "External systems that report by API what they did with cases that are decided in them."
)

Id = Annotated[str, typer.Argument(help="Id of the system, as add printed it.")]


@systems.command("add")
def add_system(
    unit: Annotated[str, typer.Option(help="Id or full name of the unit for which it reports.")],
    system: Annotated[str, typer.Option(help="The system, called as the list of items calls it.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Let a system report for a unit; prints its id and both keys, once."""
    settings = settings_of(config, {"data": data})
    secret = _secret(settings)
    with told_plainly(settings):
        _tell(secret, act(settings, "external.add", unit=unit, system=system))


@systems.command("rotate")
def rotate_key(id: Id, config: Config = None, data: Data = None) -> None:
    """Give a system other keys and print them, once; those before hold no more."""
    settings = settings_of(config, {"data": data})
    secret = _secret(settings)
    with told_plainly(settings):
        _tell(secret, act(settings, "external.rotate", id=id))


@systems.command("revoke")
def revoke_key(id: Id, config: Config = None, data: Data = None) -> None:
    """Take nothing more from a system. What it reported stays."""
    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        act(settings, "external.revoke", id=id)


@systems.command("tell")
def tell_system(
    id: Id,
    url: Annotated[
        str | None, typer.Option(help="Where the system takes messages, by https.")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Tell it of nothing any more.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Tell a system at this address of the cases that are decided in it."""
    settings = settings_of(config, {"data": data})
    if (url is None) is not off:
        fail("Name the address by --url, or say --off.")
    if url is not None:
        _secret(settings)
    with told_plainly(settings):
        act(settings, "external.tell", id=id, url=url, hosts=list(settings.external_hosts))


@systems.command("list")
def list_systems(config: Config = None, data: Data = None) -> None:
    """Print each system with its id, its unit and whether its key holds; no key."""
    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        for one in act(settings, "external.list"):
            state = "revoked" if one["revoked"] else f"key {one['generation']}"
            told = one["url"] or "told of nothing"
            typer.echo(f"{one['id']}  {one['system']}  {one['unit']}  {state}  {told}")


def _secret(settings: "Settings") -> bytes:
    if settings.external_secret is None:
        fail("Set external_secret first (docs/external.md).")
    return settings.external_secret.get_secret_value().encode()


def _tell(secret: bytes, given: dict[str, object]) -> None:
    from server.case.acts.elsewhere.systems import key, key_out
    from server.standards import webhooks

    id, generation = str(given["id"]), int(str(given["generation"]))
    typer.echo(f"id: {id}\nkey: {webhooks.told(key(secret, id, generation))}")
    typer.echo(f"our messages are signed with: {webhooks.told(key_out(secret, id, generation))}")
