"""How commands run: their settings, the loop, the act that is done in a running server or without one.

What whoever typed a command can put right is said in one line. Knows no command. Imports wait until
they are needed, so that --help answers at once.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.settings import Settings

T = TypeVar("T")

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


def group(about: str) -> typer.Typer:
    """Commands that stand together; ``about`` is what their help says of them all."""
    return typer.Typer(
        help=about,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


SWITCH_S: Final = 0.0005
"""How long the loop goes on while a thread waits for the interpreter. SQLite answers an act from a
thread of its own, a dozen times; with Python's own 5 ms, waiting for that was most of an act."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do it to its end on a loop of its own, uvloop's where there is one."""
    sys.setswitchinterval(SWITCH_S)
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


def settings_of(
    config: Path | None, flags: Mapping[str, Any], *, serves: bool = True
) -> "Settings":
    """The settings of a command, its flags over all else; what is wrong in them ends it with status 2."""
    from pydantic import ValidationError

    from server.settings import Settings

    try:
        return Settings.load(flags, config, serves=serves)
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            typer.echo(f"{'.'.join(map(str, one['loc']))}: {one['msg']}", err=True)
        raise typer.Exit(2) from None
    except FileNotFoundError as error:
        fail(str(error))


def act(settings: "Settings", act: str, **given: Any) -> Any:
    """Do it in the server that runs on this data folder, or where none does, to the database itself."""
    from server import console, control

    async def done() -> Any:
        try:
            return await control.ask(settings.data.absolute(), act, given)
        except control.NobodyThere:
            async with AsyncExitStack() as stack:
                return await console.do(await _store(stack, settings), act, given)

    return run(done())


async def _store(stack: AsyncExitStack, settings: "Settings") -> Any:
    from server.store import Store

    store = await Store.open(settings.store)
    stack.push_async_callback(store.close)
    return store


@contextmanager
def told_plainly(settings: "Settings") -> "Iterator[None]":
    """What whoever typed the command can put right is said in one line; everything else stays a traceback."""
    from media.control import PathTooLong
    from server.store import AlreadyOpen, LedgerElsewhere, ReferencesBroken, SchemaOutdated
    from signaling.refusals import Refusal

    try:
        yield
    except (
        AlreadyOpen, LedgerElsewhere, PathTooLong, ReferencesBroken, SchemaOutdated
    ) as error:  # fmt: skip
        fail(str(error))
    except Refusal as refusal:
        fail(f"Refused: {refusal.code.value} {refusal.details or ''}".rstrip())
    except FileNotFoundError as error:
        fail(str(error))
    except OSError as error:
        if error.filename is None and "address" not in str(error).lower():
            raise
        fail(f"{error} (port {settings.port}; --port chooses another)")


def fail(why: str) -> NoReturn:
    """End the command with status 1, and say why."""
    typer.echo(why, err=True)
    raise typer.Exit(1)
