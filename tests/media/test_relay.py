"""TURN with the shipped configuration of coturn: what it refuses (S15), and that it relays to the worker at all."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterator

import pytest

from tests.kit.capabilities import needs
from tests.kit.relays import IPV6, TCP, Asker, Relay, relay

pytestmark = needs("turnserver")

WORKER = "127.0.0.1"
# One address of every special-purpose range (RFC 6890 and its successors), and other people's.
SPECIAL = [
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.254",
    "100.64.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.1",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.254",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.254",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "8.8.8.8",
    "114.114.114.114",
]
SPECIAL6 = [
    "::",
    "::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2400:3200::1",
]


def spellings(address: str) -> list[str]:
    """The four ways to write an IPv4 address as an IPv6 one: mapped, compatible, NAT64, 6to4."""
    number = int(ipaddress.IPv4Address(address))
    return [
        str(ipaddress.IPv6Address(0xFFFF << 32 | number)),
        str(ipaddress.IPv6Address(number)),
        str(ipaddress.IPv6Address(0x0064_FF9B << 96 | number)),
        str(ipaddress.IPv6Address(0x2002 << 112 | number << 80)),
    ]


@pytest.fixture(scope="module")
def turn() -> Iterator[Relay]:
    # what coturn itself forbids on loopback is left to the ranges that the shipped file names
    with relay(WORKER, WORKER, allow_loopback_peers="") as running:
        yield running


@pytest.fixture(scope="module")
def turn6() -> Iterator[Relay]:
    with relay(WORKER, WORKER, allow_loopback_peers="", relay_ip="::1") as running:
        yield running


async def test_a_page_reaches_the_worker_and_nothing_else(turn: Relay) -> None:
    """Every special-purpose range, by permission and by channel, and what is anybody's."""
    page = await Asker.open(turn, turn.credential())
    assert await page.allocate() == 0
    assert await page.permit(WORKER) == 0
    for peer in SPECIAL:
        assert (peer, await page.permit(peer)) == (peer, 403)
        assert (peer, await page.bind(peer)) == (peer, 403)
    # on an address of IPv4 there is no way to one of IPv6, however it is written
    for peer in SPECIAL6 + [spelt for known in [*SPECIAL, WORKER] for spelt in spellings(known)]:
        code = await page.permit(peer)
        assert code in (403, 443), (peer, code)
    await page.close()


async def test_no_spelling_in_ipv6_leads_round_the_ranges(turn6: Relay) -> None:
    page = await Asker.open(turn6, turn6.credential())
    assert await page.allocate(family=IPV6) == 0
    for peer in SPECIAL6 + [spelt for known in SPECIAL for spelt in spellings(known)]:
        assert (peer, await page.permit(peer)) == (peer, 403)
        assert (peer, await page.bind(peer)) == (peer, 403)
    await page.close()


async def test_no_connection_is_relayed_over_tcp(turn: Relay) -> None:
    with socket.create_server((WORKER, 0)) as listening:
        listening.settimeout(0.2)
        page = await Asker.open(turn, turn.credential())
        assert await page.allocate(transport=TCP) in (403, 442)
        assert await page.connect(WORKER) not in (0, 401)
        for peer in SPECIAL:
            assert await page.connect(peer) not in (0, 401)
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(listening.accept)
        await page.close()


async def test_the_thirteenth_allocation_of_one_page_is_refused(turn: Relay) -> None:
    pages = [await Asker.open(turn, turn.credential("greedy")) for _ in range(13)]
    codes = [await page.allocate() for page in pages]
    assert codes == [0] * 12 + [486]
    other = await Asker.open(turn, turn.credential("modest"))
    assert await other.allocate() == 0
    for page in [*pages, other]:
        await page.close()


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
async def test_only_a_credential_of_the_node_and_only_while_it_is_good(
    turn: Relay, tls: bool
) -> None:
    name, password = turn.credential()
    later = f"{int(name.partition(':')[0]) + 9999}:leg"
    for user, wanted in (
        ((name, password), 0),
        (turn.credential(made_ago_s=270), 0),
        (turn.credential(made_ago_s=301), 401),
        ((later, password), 401),
        ((name, password[:-4] + "AAA="), 401),
        (("leg", password), 401),
        (("", ""), 401),
    ):
        page = await Asker.open(turn, user, tls=tls)
        assert (user[0], await page.allocate()) == (user[0], wanted)
        await page.close()
