"""A phone without a sign-in: what it may by a link, and that a link that is wrong, old, used or another's gives nothing."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from PIL import Image
from structlog.testing import capture_logs

from server.app import Running
from server.case.rules.materials.phone import LIVES, PAGES_AT_MOST
from server.demo import data as demo
from server.edge.route import STORE
from server.people.acts.accounts import Accounts
from server.store import SYSTEM, tables
from signaling.client import fresh_id
from tests.kit.desks import PIECE, TUS, Desk, demo_node, desk_of, metadata
from tests.kit.stores import SQLITE_ALONE, MovedClock
from tests.kit.until import until

LINE = "licence"
SESSION, UPLOADS = "/api/v1/phones/session", "/api/v1/phones/uploads"


def picture_of(seed: int = 0) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320 + seed, 240), (90, 120, 160)).save(out, "JPEG")
    return out.getvalue()


@asynccontextmanager
async def a_phone(node: Running) -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # which takes cookies of an address without a name
    async with aiohttp.ClientSession(node.address, cookie_jar=jar) as http:
        yield http


async def invite(desk: Desk, case_id: str, line: str = LINE) -> tuple[str, str]:
    secret = fresh_id() + fresh_id()
    digest = hashlib.sha256(secret.encode()).hexdigest()
    result = await desk.command(
        "case.invite_phone", case_id=case_id, line=line, secret_sha256=digest
    )
    return str(result["phone_id"]), secret


async def take(http: aiohttp.ClientSession, link: tuple[str, str]) -> tuple[int, Any]:
    body = {"phone_id": link[0], "secret": link[1]}
    async with http.post(SESSION, json=body) as said:
        return said.status, await said.json()


async def begin(http: aiohttp.ClientSession, size: int) -> tuple[int, str]:
    headers = {
        **TUS,
        "Upload-Length": str(size),
        "Upload-Metadata": metadata({"filename": "1.jpg"}),
    }
    async with http.post(UPLOADS, headers=headers) as said:
        return said.status, said.headers.get("Location", "")


async def patch(http: aiohttp.ClientSession, location: str, data: bytes, at: int = 0) -> int:
    async with http.patch(location, data=data, headers={**PIECE, "Upload-Offset": str(at)}) as said:
        return said.status


async def the_phone(desk: Desk, case_id: str, phone_id: str) -> dict[str, Any]:
    phones: list[dict[str, Any]] = (await desk.case(case_id))["phones"]
    return next(one for one in phones if one["id"] == phone_id)


async def test_a_phone_brings_pages_and_is_done(demo_database: str, tmp_path: Path) -> None:
    async with (
        demo_node(demo_database, tmp_path) as node,
        desk_of(node, "lixiulan") as desk,
        a_phone(node) as phone,
    ):
        case_id = await desk.open_case()
        link = await invite(desk, case_id)
        assert (await the_phone(desk, case_id, link[0]))["state"] == "waiting"
        with capture_logs() as told:
            status, view = await take(phone, link)
        assert status == 200
        assert (view["line_name"] != "", view["sides"]) == (True, [])
        name = (await desk.case(case_id))["applicant"]["name"]
        assert (view["case_id"], view["applicant_masked"]) == (case_id, f"{name[0]}**")
        assert name not in str(view)
        async with a_phone(node) as other:
            card = await invite(desk, await desk.open_case(demo.FOUNDING), "identity")
            assert (await take(other, card))[1]["sides"] == ["正面", "反面"]
        assert view["pages"] == 0
        assert link[1] not in str(told)
        assert link[1] not in str(await desk.case(case_id))
        assert (await the_phone(desk, case_id, link[0]))["state"] == "connected"

        pictures = [picture_of(n) for n in range(2)]
        for data in pictures:
            status, location = await begin(phone, len(data))
            assert status == 201
            assert await patch(phone, location, data[:1000]) == 204
            async with phone.head(location, headers=TUS) as said:
                assert said.headers["Upload-Offset"] == "1000"
            assert await patch(phone, location, data[1000:], 1000) == 204
        brought = (await the_phone(desk, case_id, link[0]))["pages"]
        materials = {one["id"]: one for one in (await desk.case(case_id))["materials"]}
        assert [materials[id]["sha256"] for id in brought] == [
            hashlib.sha256(data).hexdigest() for data in pictures
        ]
        assert {(m["purpose"], m["state"], m["side"]) for m in materials.values()} == {
            ("page", "stored", "window")
        }

        # the phone is told of a page once the window has it, and of no other
        async def taken() -> list[str]:
            async with phone.get(SESSION) as said:
                return list((await said.json())["taken"])

        assert await taken() == []
        about = {"case_id": case_id, "phone_id": link[0]}
        await desk.command("case.take_page", **about, material_id=brought[1])
        assert await taken() == [location.rpartition("/")[2]]
        assert (await the_phone(desk, case_id, link[0]))["taken"] == [brought[1]]
        # none twice, none of another link, and none that has not come
        _, open_one = await begin(phone, 5000)
        coming = (await the_phone(desk, case_id, link[0]))["pages"][2]
        for id in (brought[1], coming, "page-of-nobody"):
            body = {"type": "case.take_page", "id": fresh_id(), **about, "material_id": id}
            async with desk.http.post("/api/v1/commands", json=body) as said:
                assert (await said.json())["code"] == "material_not_stored", id

        # what was begun and never came goes with the link
        async with phone.delete(SESSION) as said:
            assert said.status == 204
        assert (await the_phone(desk, case_id, link[0]))["state"] == "finished"
        assert await patch(phone, open_one, b"x" * 100) == 401
        states = sorted(one["state"] for one in (await desk.case(case_id))["materials"])
        assert states == ["cancelled", "stored", "stored"]
        async with phone.get(SESSION) as said:
            assert said.status == 401

        table = tables.ledger_entries
        async with node.app[STORE].read() as connection:
            found = await connection.execute(
                sa.select(table.c.act, table.c.actor, table.c.on_behalf_of)
                .where(table.c.subject == f"case:{case_id}", table.c.act.like("phone.%"))
                .order_by(table.c.version)
            )
            entries = [tuple(one) for one in found]
        by = ("person-lixiulan", "applicant")
        acts = ["phone.connect", *["phone.bring"] * 3, "phone.finish"]
        assert entries == [(act, *by) for act in acts]


async def test_a_link_gives_nothing_twice_too_late_or_for_another_case(
    demo_database: str, tmp_path: Path
) -> None:
    clock = MovedClock()
    async with (
        demo_node(demo_database, tmp_path, clock) as node,
        desk_of(node, "lixiulan") as desk,
        a_phone(node) as phone,
        a_phone(node) as stranger,
    ):
        case_id, other_case = await desk.open_case(), await desk.open_case()
        link = await invite(desk, case_id)
        foreign = await invite(desk, other_case)
        # wrong secrets, the secret of another link, a link that is not
        for wrong in ((link[0], foreign[1]), (link[0], "x" * 44), ("no-such-link", link[1])):
            status, problem = await take(stranger, wrong)
            assert (status, problem["code"]) == (404, "not_found")
        assert (await take(phone, link))[0] == 200
        # used: not a second time, by whomsoever
        assert (await take(stranger, link))[0] == 404
        assert (await take(phone, link))[0] == 404
        async with stranger.get(SESSION) as said:
            assert said.status == 401

        # a phone reaches its own pages and nothing else
        data = picture_of()
        _, own = await begin(phone, len(data))
        location, _ = await desk.begin(case_id, LINE, 5000)
        clerks = UPLOADS + "/" + location.rpartition("/")[2]
        assert (await take(stranger, foreign))[0] == 200
        assert await patch(phone, clerks, b"%PDF-1.4") == 404
        assert await patch(stranger, own, data) == 404
        for method in ("HEAD", "DELETE"):
            async with stranger.request(method, own, headers=TUS) as said:
                assert said.status == 404
        for path in (
            f"/api/v1/cases/{case_id}", "/api/v1/cases", "/api/v1/session", "/api/v1/limits",
            location,
        ):  # fmt: skip
            async with phone.get(path) as said:
                assert said.status in (401, 405), path
        cookie = {one.key: one.value for one in phone.cookie_jar}["yunjian-phone"]
        bearer = {"Authorization": f"Bearer {cookie}"}
        async with phone.get("/api/v1/cases", headers=bearer) as said:
            assert said.status == 401

        # five minutes, used or not
        unused = await invite(desk, other_case)
        assert (await the_phone(desk, other_case, foreign[0]))["state"] == "withdrawn"
        assert await patch(stranger, own, data) == 401  # the newer link ended the older one
        clock.move(LIVES.total_seconds())
        assert (await take(stranger, unused))[0] == 404
        assert await patch(phone, own, data) == 401
        assert (await begin(phone, 10))[0] == 401

        async def swept() -> str | None:
            states = {
                (await the_phone(desk, case, one))["state"]
                for case, one in ((case_id, link[0]), (other_case, unused[0]))
            }
            cancelled = [
                one["state"]
                for one in (await desk.case(case_id))["materials"]
                if one["purpose"] == "page"
            ]
            done = states == {"expired"} and cancelled == ["cancelled"]
            return None if done else f"{states} {cancelled}"

        await until(swept, 10)

        # the case is refused: a code that was not taken gives nothing any more, nor does a phone that took one
        async with desk_of(node, "zhoumingyuan") as approver:
            refused, taken = await desk.open_case(), await desk.open_case()
            code, held = await invite(desk, refused), await invite(desk, taken)
            assert (await take(phone, held))[0] == 200
            _, own = await begin(phone, len(data))
            for one in (refused, taken):
                about = {"case_id": one, "decision": "refused", "reason": "不属于本机关职权范围"}
                await approver.command("case.decide", **about)
        assert (await take(stranger, code))[0] == 404
        assert (await begin(phone, 10))[0] == 401
        assert await patch(phone, own, data) == 401

        async def shut() -> str | None:
            states = [(await the_phone(desk, refused, code[0]))["state"]]
            states.append((await the_phone(desk, taken, held[0]))["state"])
            files = {one["state"] for one in (await desk.case(taken))["materials"]}
            done = states == ["withdrawn", "withdrawn"] and files == {"cancelled"}
            return None if done else f"{states} {files}"

        await until(shut, 10)

        # withdrawn by the window
        last = await invite(desk, case_id)
        await desk.command("case.withdraw_phone", case_id=case_id, phone_id=last[0])
        assert (await take(stranger, last))[0] == 404

        # who invited is blocked: the phone brings nothing more in his name, what is on its way neither
        last = await invite(desk, case_id)
        assert (await take(phone, last))[0] == 200
        _, own = await begin(phone, len(data))
        store = node.app[STORE]
        await Accounts(store).block(SYSTEM, "lixiulan", "调离")
        assert await patch(phone, own, data) in (401, 404)

        async def dropped() -> str | None:
            links, files = tables.phones.c, tables.uploads.c
            async with store.read() as reading:
                link = await reading.scalar(sa.select(links.state).where(links.id == last[0]))
                file = await reading.scalar(
                    sa.select(files.ended).where(files.id == own.rpartition("/")[2])
                )
            return None if (link, file) == ("withdrawn", "cancelled") else f"{link} {file}"

        await until(dropped, 10)


@SQLITE_ALONE
async def test_links_have_limits_and_guessing_is_slowed_down(
    demo_database: str, tmp_path: Path
) -> None:
    async with (
        demo_node(demo_database, tmp_path) as node,
        desk_of(node, "lixiulan") as desk,
        a_phone(node) as phone,
    ):
        case_id = await desk.open_case()
        link = await invite(desk, case_id)
        assert (await take(phone, link))[0] == 200
        locations = [(await begin(phone, 0))[0] for _ in range(PAGES_AT_MOST + 1)]
        assert locations == [201] * PAGES_AT_MOST + [429]
        # what is no picture is refused, and stands as rejected
        link = await invite(desk, case_id)
        assert (await take(phone, link))[0] == 200
        _, location = await begin(phone, 2000)
        assert await patch(phone, location, b"nothing at all" * 142 + b"xxxxxxxxxxxx") == 415
        statuses = [(await take(phone, (link[0], "guess" * 8)))[0] for _ in range(40)]
        assert statuses[:10] == [404] * 10
        assert 429 in statuses
        # a stranger in the same network of telephones keeps nobody from the link that he holds
        assert (await take(phone, await invite(desk, case_id)))[0] == 200


@SQLITE_ALONE
@pytest.mark.parametrize("side", ["zhoumingyuan", "chenli"])
async def test_only_the_window_invites(demo_database: str, tmp_path: Path, side: str) -> None:
    async with (
        demo_node(demo_database, tmp_path) as node,
        desk_of(node, "lixiulan") as desk,
        desk_of(node, side) as other,
    ):
        case_id = await desk.open_case()
        body = {
            "type": "case.invite_phone", "id": fresh_id(), "case_id": case_id, "line": LINE,
            "secret_sha256": "0" * 64,
        }  # fmt: skip
        async with other.http.post("/api/v1/commands", json=body) as said:
            assert (await said.json())["code"] == "not_yours"
        assert (await desk.case(case_id))["phones"] == []
