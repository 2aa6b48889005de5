"""How the machine tells that it is well: the page, the figures, readiness, the words of both."""

from __future__ import annotations

import asyncio
import shutil
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import trustme

from media.wire import turn
from server.doctor import examine
from server.health import acts as health
from server.health.api.health import SENTENCES
from server.health.wire import HealthPart
from server.settings import Settings
from server.store import SystemClock, upgrade
from tests.kit.desks import demo_node, desk_of
from tests.kit.nodes import browser, node_settings, served, sign_in


async def test_an_operator_sees_every_part_and_nobody_else_does(
    database: str, tmp_path: Path
) -> None:
    async with served(node_settings(database, tmp_path)) as node, browser(node) as operator:
        await sign_in(operator, "operator-one")
        for language in ("zh-CN", "en"):
            async with operator.get(
                "/api/v1/health", headers={"Accept-Language": language}
            ) as said:
                assert said.status == 200
                view = await said.json()
            parts = {part["key"]: part for part in view["parts"]}
            assert set(parts) == set(get_args(HealthPart.model_fields["key"].annotation))
            assert all(part["detail"] for part in parts.values())
            assert all((language == "en") is part["detail"].isascii() for part in parts.values())
            for key in ("revision", "sequencer", "clock", "queue", "version"):
                assert parts[key]["state"] == "ok", parts[key]
            for key in ("turn", "certificate", "redis", "media", "scanner"):
                assert parts[key]["state"] == "off", parts[key]
            assert float(parts["clock"]["value"].removesuffix(" s")) < 1.0
    async with (
        served(node_settings(database, tmp_path), staff=False) as node,
        browser(node) as other,
    ):
        await sign_in(other, "approver-one")
        async with other.get("/api/v1/health") as said:
            assert said.status == 403
        await sign_in(other, "admin-one")
        async with other.get("/api/v1/health") as said:
            assert said.status == 403


async def test_the_figures_count_calls_uploads_jobs_and_the_ledger(
    demo_database: str, tmp_path: Path
) -> None:
    async with (
        demo_node(demo_database, tmp_path, SystemClock()) as node,
        desk_of(node, "lixiulan") as clerk,
    ):
        case_id = await clerk.open_case()
        await clerk.begin(case_id, "identity", 1_000_000)
        async with clerk.http.get("/metrics") as said:
            figures = dict(
                line.rsplit(" ", 1)
                for line in (await said.text()).splitlines()
                if not line.startswith("#")
            )
    assert float(figures["yunjian_uploads_unfinished"]) == 1
    assert float(figures["yunjian_uploads_announced_bytes"]) == 1_000_000
    assert float(figures["yunjian_calls_live"]) == float(figures["yunjian_calls_ringing"]) == 0
    assert float(figures["yunjian_ledger_refusing"]) == 0
    assert float(figures["yunjian_ledger_behind_s"]) < health.CLOCK_FAILING_S
    assert float(figures["yunjian_jobs_failed"]) == 0


def test_every_sentence_is_there_in_both_languages() -> None:
    for said, words in SENTENCES.items():
        assert words["en"].isascii(), said
        assert not words["zh-CN"].isascii(), said
        for language in ("zh-CN", "en"):
            assert words[language].endswith((".", "。")), said


def test_a_full_disk_and_an_old_certificate_are_told(tmp_path: Path) -> None:
    there = tmp_path / "not" / "yet"
    look = health.disk({"data": there})
    free = shutil.disk_usage(tmp_path).free
    assert look.state == ("ok" if free > health.DISK_WARNING_BYTES else "warning")

    authority = trustme.CA()
    now = datetime.now(UTC)
    path = tmp_path / "certificate.pem"
    for days, state in ((90, "ok"), (20, "warning"), (2, "failing"), (-1, "failing")):
        issued = authority.issue_cert("127.0.0.1", not_after=now + timedelta(days=days, hours=1))
        issued.cert_chain_pems[0].write_to_path(str(path))
        look = health.certificate(path, now)
        assert (look.state, look.facts["days"]) == (state, days)
    path.write_text("nothing")
    assert health.certificate(path, now).state == "failing"
    assert health.certificate(None, now).state == "off"


# ---------------------------------------------------------------- TURN


class _Stun(asyncio.DatagramProtocol):
    """Answers each binding request, with a transaction of its own when it lies."""

    def __init__(self, lies: bool) -> None:
        self._lies = lies

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._send: Any = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        kind, _, cookie = struct.unpack_from("!HHI", data)
        assert (kind, cookie) == (0x0001, 0x2112A442)
        transaction = bytes(12) if self._lies else data[8:20]
        self._send.sendto(struct.pack("!HHI", 0x0101, 0, cookie) + transaction, address)


@pytest.mark.parametrize("lies", [False, True])
async def test_a_server_that_answers_a_binding_request_is_there(lies: bool) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Stun(lies), local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    try:
        assert await turn.reachable(f"turn:127.0.0.1:{port}") is not lies
        look = await health.turns([f"turn:127.0.0.1:{port}"])
        assert look.state == ("failing" if lies else "ok")
    finally:
        transport.close()
    assert not await turn.reachable(f"turn:127.0.0.1:{port}?transport=tcp")


def test_credentials_are_those_of_the_rest_scheme_and_end() -> None:
    """The password was computed with openssl: echo -n 1700000300:leg | openssl dgst -sha1 -hmac."""
    urls = ["stun:s.example", "turn:t.example?transport=tcp"]
    open_to_all, guarded = turn.ice_servers(urls, "north", "leg", now=1_700_000_000)
    assert open_to_all == {"urls": ["stun:s.example"]}
    assert guarded["urls"] == ["turn:t.example?transport=tcp"]
    assert guarded["username"] == "1700000300:leg"
    assert guarded["credential"] == "j47leIdy7HE6dNhfk3ORpnz54hc="
    assert turn.ice_servers([], None, "leg") == []


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("turn:a.example", ("turn", "a.example", 3478, "udp")),
        ("turns:a.example", ("turns", "a.example", 5349, "tcp")),
        ("turn:a.example:99?transport=tcp", ("turn", "a.example", 99, "tcp")),
        ("turn:[2001:db8::1]:99", ("turn", "2001:db8::1", 99, "udp")),
        ("turn:[2001:db8::1]", ("turn", "2001:db8::1", 3478, "udp")),
    ],
)
def test_addresses_are_those_of_rfc_7065(url: str, parts: tuple[str, str, int, str]) -> None:
    server = turn.Server.parse(url)
    assert (server.scheme, server.host, server.port, server.transport) == parts


@pytest.mark.parametrize("url", ["", "turn", "http://a", "turn:", "turn:a:b", "turn:a?transport=x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        turn.Server.parse(url)
    with pytest.raises(ValueError, match="no address"):
        Settings(turn_urls=(url,), turn_secret="secret")


# ---------------------------------------------------------------- the doctor


def test_the_doctor_says_what_is_missing_and_what_is_well(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'data' / 'yunjian.sqlite'}"
    certificate = tmp_path / "certificate.pem"
    key = tmp_path / "key.pem"
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1))
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(key))
    ill = node_settings(
        database,
        tmp_path,
        turn_urls=("turn:127.0.0.1:1",),
        turn_secret="secret",
        tls_certificate=certificate,
        tls_key=key,
    )
    found = {one.name: one for one in asyncio.run(examine(ill))}
    assert not found["database"].well
    assert "db upgrade" in found["database"].told
    assert not found["turn"].well
    assert "turn:127.0.0.1:1" in found["turn"].told
    assert not found["certificate"].well
    assert found["media worker"].well, found["media worker"].told
    assert found["document probe"].well, found["document probe"].told

    asyncio.run(upgrade(database))
    well = {one.name: one for one in asyncio.run(examine(node_settings(database, tmp_path)))}
    for name in ("database", "data folder", "turn", "certificate", "clock", "fonts"):
        assert well[name].well, well[name]
