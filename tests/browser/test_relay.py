"""TURN in a real browser: by UDP, TCP and TLS; refused without a good credential; renewed in a call.

On the wire alone, a Chromium that may use nothing but the relay meets a scripted peer. On the real
pages, a window from whose network no UDP comes through meets an approver over the relay by itself,
and stays when its credential ends.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from media.client import spawn
from tests.browser.test_networks import Tell, flows, meeting, proof
from tests.browser.test_wire import Exchange
from tests.kit.browsers import chromium
from tests.kit.capabilities import needs
from tests.kit.networks import network
from tests.kit.peer import GREEN, RED, Peer, near
from tests.kit.relays import Relay, relay
from tests.kit.until import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    needs("turnserver"),
]
namespaces = needs("namespaces")


def servers(turn: Relay, kind: str, user: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"urls": turn.urls(kind), "username": user[0], "credential": user[1]}]


async def test_chromium_over_the_relay_alone(tmp_path: Path) -> None:
    """Three ways to the relay, then a credential that has ended and one that nobody made."""
    worker = await spawn(tmp_path / "media")
    host = (await worker.client.figures())["worker"]["address"]
    exchange = Exchange(worker.client)
    application = web.Application()
    application.add_routes(exchange.routes())
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    peer = Peer(GREEN, 880)
    try:
        await worker.client.open_room("room")
        offer = await worker.client.add_party("room", "peer", record=False)
        await worker.client.answer("room", "peer", await peer.answer(offer))
        with relay(host, host) as turn:
            # the test's own authority is nobody's: Chromium is told not to ask who signed
            async with chromium(
                tmp_path, RED, 440, more=["--ignore-certificate-errors"]
            ) as browser:
                page = await browser.new_page()
                await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
                for kind in ("udp", "tcp", "tls"):
                    asked = servers(turn, kind, turn.credential(kind))
                    await page.evaluate(
                        "join",
                        {"name": "page", "servers": asked, "policy": "relay"},
                    )

                    async def meets() -> str | None:
                        got = await page.evaluate("report()")
                        return None if near(got["colour"], GREEN) else f"{got}"

                    await until(meets, 20, every_s=0.2)
                    peer.forget()
                    await until(lambda: peer.meets(RED, 440), 15)
                    got = await page.evaluate("report()")
                    assert (got["candidate"], got["protocol"]) == ("relay", kind)
                for user in (
                    turn.credential(made_ago_s=301),
                    (turn.credential()[0], "bm90aGluZyBhdCBhbGw="),
                ):
                    asked = servers(turn, "udp", user)
                    await page.evaluate(
                        "join",
                        {"name": "page", "servers": asked, "policy": "relay"},
                    )

                    async def refused() -> str | None:
                        codes = await page.evaluate("refused()")
                        return None if 401 in codes else f"refusals so far: {codes}"

                    await until(refused, 10, every_s=0.1)
                    state = (await page.evaluate("report()"))["state"]
                    assert state in ("new", "connecting"), state
    finally:
        await peer.close()
        await runner.cleanup()
        await worker.stop()


@namespaces
@proof
@pytest.mark.parametrize("kind", ["udp", "tcp", "tls"])
async def test_a_window_from_which_no_udp_comes_through(
    tmp_path: Path, kind: str, record_property: Tell
) -> None:
    """It finds the relay by itself, and a new credential in good time, without a gap."""
    with network() as net, relay(net.address, net.address) as turn:
        place = net.place()
        # nothing but the relay itself may be spoken to by UDP
        place.lose(100, of=f"udp dport != {turn.port} udp sport != {turn.port} ")
        settings = {
            "turn_urls": tuple(turn.urls(kind)),
            "turn_secret": turn.secret,
            "turn_lives_s": 20,
        }
        flags = ["--ignore-certificate-errors"]
        async with meeting(net, place, tmp_path, flags=flags, **settings) as held:
            got = await held.window.media()
            assert (got["relay"], got["protocol"]) == ("relay", kind), got
            [before] = {name for users in got["users"] for name in users if name}
            legs = await held.legs()

            async def renewed() -> str | None:
                now = await held.window.media()
                return None if before not in now["users"][-1] else "the credential is the old one"

            looking = asyncio.create_task(held.approver.stalls(14))
            await until(renewed, 20, every_s=0.2)
            stalls = await looking
            record_property("stalls", stalls)
            assert all(ends is not None and ends - begins < 1 for _, begins, ends in stalls), stalls
            await flows(held, 20, 10)
            now = await held.window.media()
            assert now["connections"] == 1
            assert now["relay"] == "relay"
            assert await held.legs() == legs
