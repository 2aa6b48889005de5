"""Commands about units and the staff who may sign in.

Imports wait until a command needs them, so that --help answers at once.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.running import Config, Data, act, fail, group, settings_of, told_plainly

if TYPE_CHECKING:
    from server.rights.person import Role

units = group("Units of the alliance and their windows.")
users = group("Staff who may sign in.")

Login = Annotated[str, typer.Argument(help="What the person types at sign-in.")]
Both = Annotated[list[str], typer.Option(help="One of the two roles; given twice.")]

ReviewBody = Annotated[
    str, typer.Option(help="复议机关 of the unit's decisions, as its papers name it.")
]
Court = Annotated[str, typer.Option(help="法院 that hears suits against the unit's decisions.")]


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
    review_body: ReviewBody = "",
    court: Court = "",
    config: Config = None,
    data: Data = None,
) -> None:
    """Add a unit with its windows and print its id."""
    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        typer.echo(
            act(
                settings,
                "unit.create",
                name=name,
                place=place,
                region_code=region_code,
                credit_code=credit_code,
                level=level,
                windows=window or [],
                review_body=review_body,
                court=court,
            )
        )


@units.command("review")
def set_review(
    unit: Annotated[str, typer.Argument(help="Id or full name of the unit.")],
    review_body: ReviewBody,
    court: Court,
    config: Config = None,
    data: Data = None,
) -> None:
    """Say before whom the decisions of a unit can be taken; its papers name both from now on."""
    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        act(settings, "unit.review", unit=unit, review_body=review_body, court=court)


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

    settings = settings_of(config, {"data": data})
    roles = _roles(Role, role)
    password = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    with told_plainly(settings):
        typer.echo(
            act(
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

    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        act(settings, "user.roles", login=login, roles=_roles(Role, role))


@users.command("block")
def block_user(
    login: Login,
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Let a person sign in no more; what he is signed in to ends within two seconds."""
    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        act(settings, "user.block", login=login, reason=reason)


@users.command("unblock")
def unblock_user(login: Login, config: Config = None, data: Data = None) -> None:
    """Let a person sign in again, with the password that he had."""
    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        act(settings, "user.unblock", login=login)


@users.command("reset-password")
def reset_password(login: Login, config: Config = None, data: Data = None) -> None:
    """Print a temporary password, which opens nothing but its change, for 24 hours.

    All sessions of the person end.
    """
    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        typer.echo(act(settings, "user.reset", login=login)["password"])


@users.command("sign-out")
def sign_out_user(login: Login, config: Config = None, data: Data = None) -> None:
    """Sign a person out everywhere."""
    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        typer.echo(f"{act(settings, 'user.sign-out', login=login)} sign-ins ended.")


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

    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        act(settings, "user.exempt", login=login, roles=_roles(Role, role), reason=reason)


@users.command("unexempt")
def unexempt_user(login: Login, role: Both, config: Config = None, data: Data = None) -> None:
    """Let two roles exclude one another in a person again; he keeps those he has."""
    from server.rights.person import Role

    settings = settings_of(config, {"data": data})
    with told_plainly(settings):
        act(settings, "user.unexempt", login=login, roles=_roles(Role, role))


def _roles(known: "type[Role]", named: list[str]) -> "list[Role]":
    try:
        return [known(one) for one in named]
    except ValueError:
        fail(f"A role is one of {', '.join(known)}.")
