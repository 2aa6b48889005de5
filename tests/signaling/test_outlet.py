"""What goes to one socket, without a socket: held behind an ack, in order, and nothing of what is forgotten."""

import asyncio
from typing import Any

from signaling.beside import Beside
from signaling.gateway.outlet import Outlet


class Wire:
    """Takes what is emitted, when it is let."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.let = asyncio.Event()
        self.let.set()

    async def emit(self, event: str, body: dict[str, Any]) -> None:
        await self.let.wait()
        self.sent.append((event, body["n"]))


async def test_what_comes_while_a_command_is_answered_goes_behind_its_ack() -> None:
    wire, beside = Wire(), Beside()
    outlet = Outlet(wire.emit, beside.begin)
    await outlet.send("a", "event", {"n": 1})
    with outlet.answering():
        with outlet.answering():
            await outlet.send("a", "event", {"n": 2})
        await asyncio.sleep(0)
        await beside.wait()
        await outlet.send("b", "event", {"n": 3})
        assert wire.sent == [("event", 1)]
    wire.sent.append("ack")
    await asyncio.sleep(0)
    await beside.wait()
    assert wire.sent == [("event", 1), "ack", ("event", 2), ("event", 3)]


async def test_nothing_overtakes_what_was_held() -> None:
    wire, beside = Wire(), Beside()
    outlet = Outlet(wire.emit, beside.begin)
    with outlet.answering():
        await outlet.send("a", "event", {"n": 1})
    wire.let.clear()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await outlet.send("a", "event", {"n": 2})
    wire.let.set()
    await beside.wait()
    assert wire.sent == [("event", 1), ("event", 2)]


async def test_what_is_forgotten_is_not_sent_and_of_a_closed_one_nothing() -> None:
    wire, beside = Wire(), Beside()
    outlet = Outlet(wire.emit, beside.begin)
    with outlet.answering():
        await outlet.send("a", "event", {"n": 1})
        await outlet.send("b", "event", {"n": 2})
        outlet.forget("a")
    await asyncio.sleep(0)
    await beside.wait()
    assert wire.sent == [("event", 2)]
    with outlet.answering():
        await outlet.send("a", "event", {"n": 3})
        outlet.close()
    await asyncio.sleep(0)
    await beside.wait()
    await outlet.send("a", "event", {"n": 4})
    assert wire.sent == [("event", 2)]
