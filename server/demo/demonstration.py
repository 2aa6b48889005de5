"""The demo: invented data on a folder of its own, on this machine or for two in one network.

Brings database, demo data and node together and says where to go. Not for real
cases: every account has the same known password.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import trustme

from media.wire.port import outward_address
from server.app import running
from server.demo import data as demo
from server.demo import past
from server.demo.messages import DemoGateway
from server.edge.logs import configure
from server.node import set_aside
from server.papers.seals import make_demo
from server.settings import Settings
from server.store import Store, upgrade

APPROVER: Final = "zhoumingyuan"
ENDS_WITHIN_S: Final = 10.0

Say = Callable[[str], None]


async def play(
    settings: Settings, *, with_approver: bool, lan: bool, with_past: bool, say: Say
) -> None:
    """Serve the demo until this process is asked to end; ``say`` prints a line for the person.

    ``with_past``: at the first start meetings of the last three weeks are made, in about a minute.
    """
    configure("WARNING")
    await asyncio.to_thread(settings.data.mkdir, 0o700, True, True)
    if lan:
        settings = await asyncio.to_thread(_for_the_network, settings)
    await upgrade(settings.store.database_url)
    store = await Store.open(settings.store)
    try:
        accounts = await demo.load(store)
        await asyncio.to_thread(_seal, settings)
    finally:
        await store.close()
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(DemoGateway())
        own = settings.sms_url is None
        if own:
            settings = settings.model_copy(update=gateway.settings)
        if with_past:
            await past.make(settings, partial(_tell_past, say), gateway=gateway)
        node = await stack.enter_async_context(running(settings))
        gateway.reports_to(node.address.replace("//0.0.0.0", "//127.0.0.1"))
        set_aside()
        address = node.address
        if lan:
            address = f"https://{outward_address()}:{node.port}"
        _tell(address, accounts, say, lan=lan, data=settings.data)
        if own:
            say(f"  演示短信 Messages to applicants (nothing is sent): {gateway.page}")
            say("")
        if not with_approver:
            await asked_to_end()
            return
        local = node.address.replace("//0.0.0.0", "//127.0.0.1")
        async with _scripted(local, own_certificate=lan):
            say(f"{APPROVER} is played by a program: sign in as lixiulan, open a case and dial.")
            say("")
            await asked_to_end()


def _seal(settings: Settings) -> None:
    units = [(unit_id, name) for unit_id, name, *_ in demo.UNITS]
    # without the fonts there is no picture, and no paper either: the health page says so
    with suppress(FileNotFoundError):
        make_demo(settings.seals, units, at=datetime.now(UTC), font_dirs=settings.font_dirs)


def _tell_past(say: Say, done: int, of: int) -> None:
    say(f"  演示数据 The past of the demo: {done} of {of} meetings")


def _tell(address: str, accounts: list[str], say: Say, *, lan: bool, data: Path) -> None:
    say("")
    say(f"  云见 Yunjian   {address}")
    say("")
    for account in accounts:
        say(f"  {account}")
    say("")
    say(f"  password of all: {demo.PASSWORD}      data: {data.absolute()}      end: Ctrl+C")
    if not lan:
        say("  手机扫码 The phone's code and a second machine: start with --lan.")
    if lan:
        say("  The certificate was made here: each browser asks once whether to trust it.")
        say(f"  To be asked no more, import {(data / 'certificate' / 'ca.pem').absolute()}.")
    say("")


def _for_the_network(settings: Settings) -> Settings:
    """https on all addresses, with a certificate for this machine's names and addresses."""
    folder = settings.data.absolute() / "certificate"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    address = outward_address()
    authority = trustme.CA(organization_name="Yunjian demo")
    names = {address, "127.0.0.1", "localhost", socket.gethostname()}
    certificate = authority.issue_cert(*sorted(names), common_name=address)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    key = folder / "key.pem"
    key.unlink(missing_ok=True)
    descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(certificate.private_key_pem.bytes())
    chain = folder / "certificate.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    return settings.model_copy(
        update={
            "host": "0.0.0.0",  # noqa: S104 - all addresses is what --lan asks for
            "tls_certificate": chain,
            "tls_key": key,
            "media_host": address,
            **({"public_url": f"https://{address}:{settings.port}"} if settings.port else {}),
        }
    )


@asynccontextmanager
async def _scripted(address: str, *, own_certificate: bool) -> AsyncIterator[None]:
    environment = {
        **os.environ,
        "YUNJIAN_ADDRESS": address,
        "YUNJIAN_LOGIN": APPROVER,
        "YUNJIAN_PASSWORD": demo.PASSWORD,
    }
    if own_certificate:
        environment["YUNJIAN_OWN_CERTIFICATE"] = "1"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.demo.approver", env=environment, stdin=asyncio.subprocess.PIPE
    )
    try:
        yield
    finally:
        if child.returncode is None:
            child.terminate()
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()


async def asked_to_end() -> None:
    """Returns when this process is asked to end (SIGINT, SIGTERM)."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()
