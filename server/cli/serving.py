"""Commands that run something here: the demo, a node, a media worker, the examination of the machine.

Imports wait until a command needs them, so that --help answers at once.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer

from server.cli.running import Config, Data, Host, Port, run, settings_of, told_plainly

DEMO_DATA: Final = Path("yunjian-demo")


def demo(
    with_approver: Annotated[
        bool,
        typer.Option(
            "--with-approver", help="A scripted approver answers: one person can play the story."
        ),
    ] = False,
    lan: Annotated[
        bool,
        typer.Option(
            "--lan",
            help="https on all addresses with a certificate of its own: two machines can meet.",
        ),
    ] = False,
    with_past: Annotated[
        bool,
        typer.Option(
            "--past/--no-past",
            help="At the first start, make meetings of the last three weeks (about a minute).",
        ),
    ] = True,
    port: Port = None,
    data: Annotated[
        Path, typer.Option(help="Folder for the demo's data; made when missing.")
    ] = DEMO_DATA,
) -> None:
    """Start with invented units, people and items, and print address and accounts.

    Needs nothing but this command: the database is a file, the media worker a child process.
    Ctrl+C ends it; the data stay and are found again at the next start.
    """
    from server.demo.demonstration import play

    settings = settings_of(None, {"data": data, "port": port})
    with told_plainly(settings):
        run(play(settings, with_approver=with_approver, lan=lan, with_past=with_past, say=_say))


def _say(line: str) -> None:
    with suppress(OSError):  # who does not listen any more ends nothing
        typer.echo(line)


def serve(
    config: Config = None,
    data: Data = None,
    host: Host = None,
    port: Port = None,
) -> None:
    """Serve pages, interface and signalling in this process, with a media worker as its child.

    Settings come from the defaults, a TOML file, the environment (YUNJIAN_PORT=...) and the flags,
    later ones winning. The database must be at the newest migration (yunjian db upgrade). A worker
    that is alive in the data folder is taken up, and outlives an orderly end by a minute, so that
    a restart ends no call. Asked to end (SIGTERM, Ctrl+C) it takes no new call and waits, up to
    drain_limit_s, for those that run; asked again it ends at once.
    """
    from server.app import running
    from server.edge.logs import configure
    from server.node import DRAIN, set_aside

    settings = settings_of(config, {"data": data, "host": host, "port": port})
    configure(settings.log_level)

    async def until_ended() -> None:
        async with running(settings, keep_media=True) as node:
            set_aside()
            typer.echo(f"Yunjian serves at {node.address}", err=True)
            await ended()
            drain = node.app[DRAIN]
            drain.begin()
            if drain.calls:
                typer.echo(f"{drain.calls} calls still run; asked again, it ends now.", err=True)
            waits = {asyncio.create_task(ended()), asyncio.create_task(drain.emptied())}
            await asyncio.wait(
                waits, timeout=settings.drain_limit_s, return_when=asyncio.FIRST_COMPLETED
            )
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    with told_plainly(settings):
        run(until_ended())


def media(
    config: Config = None,
    data: Data = None,
    linger: Annotated[
        float, typer.Option(help="Seconds to go on without a server before ending.")
    ] = 24 * 3600.0,
) -> None:
    """Run the media worker by itself; `yunjian serve` on the same data folder takes it up.

    For a service manager that restarts the two apart. Without it, serve starts its own.
    """
    from media.client import LoadLimits, prepare_folder
    from media.node import WorkerSettings, run

    settings = settings_of(config, {"data": data}, serves=False)
    folder = settings.data.absolute() / "media"
    with told_plainly(settings):
        prepare_folder(folder)
        run(
            WorkerSettings(
                workdir=folder,
                host=settings.media_host,
                advertised=settings.media_advertised,
                port=settings.media_port,
                linger_s=linger,
                codec=settings.media_codec,
                limits=LoadLimits(settings.media_calls, settings.media_load),
            )
        )


def doctor(config: Config = None, data: Data = None, host: Host = None, port: Port = None) -> None:
    """Look at everything a node needs on this machine and say what is missing. Changes nothing."""
    from server.doctor import examine

    settings = settings_of(config, {"data": data, "host": host, "port": port})
    findings = run(examine(settings))
    for finding in findings:
        verdict = "FAIL" if not finding.well else "warn" if finding.warns else "ok  "
        typer.echo(f"{verdict}  {finding.name:<15}{finding.told}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


async def ended() -> None:
    """Returns when this process is asked to end (SIGINT, SIGTERM)."""
    from server.demo.demonstration import asked_to_end

    await asked_to_end()
