"""Bad networks: places of their own (network namespaces), each with one line to this machine's hub.

The servers of a test listen on the hub's address; a browser or peer that is started in a place
reaches them over that place's line alone, and the line is what a test harms: cut, moved to another
address, lossy, narrow, or slow. Needs root and `ip`, `nft` and `tc`; where namespaces are not
permitted the tests say so and are skipped. Nothing of it reaches beyond this machine.

The kernel here may lack netem, so that delay, jitter and loss together are made in user space: a
pair of TUN devices with a loop between them that forwards packets late (`slow`).
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import os
import random
import shutil
import struct
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

TUNSETIFF: Final = 0x400454CA
TUN_WITHOUT_HEADER: Final = 0x1001

_numbers = itertools.count()


class NoNamespaces(RuntimeError):
    """Why namespaces cannot be made here."""


def run(*command: str, told: str | None = None) -> str:
    """Run a program of the system and return what it says; AssertionError with its complaint."""
    done = subprocess.run(
        command, input=told, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()}"
    return done.stdout


@cache
def why_not() -> str | None:
    """Why there can be no namespaces here, None when there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for program in ("ip", "nft", "tc"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    try:
        with _namespace(f"yj{os.getpid()}t") as name:
            run("ip", "netns", "exec", name, "nft", "add table inet trial")
    except AssertionError as error:
        return f"network namespaces are not permitted: {error}"
    return None


@contextmanager
def _namespace(name: str) -> Iterator[str]:
    run("ip", "netns", "add", name)
    try:
        run("ip", "-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        run("ip", "netns", "del", name)


class Place:
    """One namespace with one line. Made by `Network.place`."""

    def __init__(self, name: str, device: str, hub: str, net: str) -> None:
        self.name = name
        self.address = f"{net}.2"
        self._device = device
        self._hub = hub
        self._net = net
        self._moves = itertools.cycle(range(3, 250))

    def inside(self, *command: str) -> list[str]:
        """A command as it is started in this place."""
        return ["ip", "netns", "exec", self.name, *command]

    def program(self, path: str, folder: Path) -> Path:
        """A script that starts a program in this place, for those who take one path."""
        script = folder / f"{self.name}-{Path(path).name}"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {path} "$@"\n')
        script.chmod(0o755)
        return script

    def cut(self) -> None:
        """Take the line away: nobody says goodbye."""
        self._ip("link", "set", self._device, "down")

    def mend(self) -> None:
        self._ip("link", "set", self._device, "up")
        self._route()

    def move(self) -> str:
        """Leave the address and take another one, as on another network; returns it."""
        before, self.address = self.address, f"{self._net}.{next(self._moves)}"
        self._ip("addr", "del", f"{before}/24", "dev", self._device)
        self._ip("addr", "add", f"{self.address}/24", "dev", self._device)
        self._route()
        return self.address

    def lose(self, percent: int, *, of: str = "meta l4proto udp ") -> None:
        """Drop so many packets in a hundred, each way; 0 for none. `of` says which, in nft's words."""
        rules = "add table inet loss\ndelete table inet loss\n"
        if percent:
            some = f"numgen random mod 100 < {percent} " if percent < 100 else ""
            drop = f"{of}{some}counter drop"
            rules += (
                "table inet loss {\n"
                f"chain in {{ type filter hook input priority 0; {drop}; }}\n"
                f"chain out {{ type filter hook output priority 0; {drop}; }}\n"
                "}\n"
            )
        run(*self.inside("nft", "-f", "-"), told=rules)

    def narrow(self, kbit: int) -> None:
        """Let so much out of this place and no more, with a queue of 300 ms."""
        burst = ("burst", "4kb", "latency", "300ms")
        rate = ("rate", f"{kbit}kbit")
        run(
            *self.inside(
                "tc", "qdisc", "replace", "dev", self._device, "root", "tbf", *rate, *burst
            )
        )

    def widen(self) -> None:
        run(*self.inside("tc", "qdisc", "del", "dev", self._device, "root"))

    def _route(self) -> None:
        self._ip("route", "replace", "default", "via", f"{self._net}.1")

    def _ip(self, *words: str) -> None:
        run("ip", "-n", self.name, *words)


class Network:
    """The hub and its places. Made by `network`."""

    def __init__(self, stack: ExitStack, number: int) -> None:
        self._stack = stack
        self._number = number
        self._prefix = f"yj{os.getpid()}n{next(_numbers)}"
        self._count = itertools.count(1)
        # a block of addresses of this process: 10.128.0.0/9 in pieces of 16 places
        self._base = 128 + number // 16, number % 16 * 16
        self.address = self._address(0, 1)
        # beside the loopback's own: a dummy device is not in every kernel
        on_loopback = (f"{self.address}/32", "dev", "lo")
        run("ip", "addr", "add", *on_loopback)
        stack.callback(run, "ip", "addr", "del", *on_loopback)

    def place(self) -> Place:
        """A place on an ordinary line."""
        count = next(self._count)
        name = self._stack.enter_context(_namespace(f"{self._prefix}p{count}"))
        near, far = f"{self._prefix}{count}a", f"{self._prefix}{count}b"
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        # Sockets of those who were killed with something to send keep a namespace for a minute, and
        # its end of the line with this address: the next test would speak to that one.
        self._stack.callback(run, "ip", "link", "del", near)
        run("ip", "addr", "add", f"{self._address(count, 1)}/24", "dev", near)
        run("ip", "link", "set", near, "up")
        place = Place(name, far, self.address, self._address(count, 1).rpartition(".")[0])
        run("ip", "-n", name, "addr", "add", f"{place.address}/24", "dev", far)
        place.mend()
        return place

    @asynccontextmanager
    async def slow(
        self, *, delay_s: float, jitter_s: float = 0.0, loss: float = 0.0
    ) -> AsyncIterator[Place]:
        """A place behind a line that delivers late: so long each way, up to so much longer at random
        (the order stays), and loses a share of the packets each way."""
        count = next(self._count)
        name = self._stack.enter_context(_namespace(f"{self._prefix}p{count}"))
        near, far = f"{self._prefix}{count}a", f"{self._prefix}{count}b"
        net = self._address(count, 1).rpartition(".")[0]
        ends = [_tun(near), _tun(far)]
        loop = asyncio.get_running_loop()
        try:
            run("ip", "link", "set", far, "netns", name)
            for where, device, mine, other in (
                ([], near, f"{net}.1", f"{net}.2"),
                (["-n", name], far, f"{net}.2", f"{net}.1"),
            ):
                run("ip", *where, "addr", "add", mine, "peer", other, "dev", device)
                run("ip", *where, "link", "set", device, "up", "mtu", "1400")
            run("ip", "-n", name, "route", "replace", "default", "dev", far)
            for source, target in (ends, reversed(ends)):
                loop.add_reader(source, _Late(source, target, delay_s, jitter_s, loss).forward)
            yield Place(name, far, self.address, net)
        finally:
            for end in ends:
                loop.remove_reader(end)
                os.close(end)

    def _address(self, net: int, host: int) -> str:
        return f"10.{self._base[0]}.{self._base[1] + net}.{host}"


@contextmanager
def network() -> Iterator[Network]:
    """A hub of this test's own; everything is taken away with the block. Raises NoNamespaces."""
    if (reason := why_not()) is not None:
        raise NoNamespaces(reason)
    with ExitStack() as stack:
        yield Network(stack, os.getpid() % 2048)


class _Late:
    """One direction of a slow line."""

    def __init__(self, source: int, target: int, delay_s: float, jitter_s: float, loss: float):
        self._source = source
        self._target = target
        self._delay_s = delay_s
        self._jitter_s = jitter_s
        self._loss = loss
        self._last = 0.0
        self._chance = random.Random(7)

    def forward(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(64):
            try:
                packet = os.read(self._source, 2048)
            except BlockingIOError:
                return
            if self._chance.random() < self._loss:
                continue
            late = self._delay_s + self._chance.uniform(0, self._jitter_s)
            self._last = max(loop.time() + late, self._last)
            loop.call_at(self._last, self._deliver, packet)

    def _deliver(self, packet: bytes) -> None:
        # the other end may be gone, or full: then the packet is lost, as on a line
        with suppress(OSError):
            os.write(self._target, packet)


def _tun(name: str) -> int:
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", name.encode(), TUN_WITHOUT_HEADER))
    return end
