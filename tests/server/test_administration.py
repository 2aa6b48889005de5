"""Who administers what: each unit its own, and what is everybody's the operator."""

from __future__ import annotations

import json
from pathlib import Path

from server.actions import demo
from server.actions.people import add_person, set_roles
from server.api.route import STORE
from server.doctor import rights
from server.domain.person import Role
from server.domain.schema import document
from server.settings import Settings
from server.store import Store, upgrade
from tests.kit.casework import hashed
from tests.kit.desks import Desk, demo_node, desk_of

FAR, FAR_ADMIN = demo.LIAOCHENG, "far-admin"


async def seat(store: Store, login: str, unit: str, *roles: Role) -> None:
    await add_person(
        store, login=login, password=demo.PASSWORD, name=login, staff_number="T-1", unit=unit,
        window=None, roles=roles,
    )  # fmt: skip


async def status(desk: Desk, method: str, path: str, **how: object) -> tuple[int, str]:
    async with desk.http.request(method, f"/api/v1{path}", **how) as said:  # type: ignore[arg-type]
        told = await said.json(content_type=None) if said.status >= 400 else {}
        return said.status, str(told.get("code", ""))


async def test_an_administrator_of_another_unit_changes_reads_and_lists_nothing_of_ours(
    database: str, tmp_path: Path
) -> None:
    async with demo_node(database, tmp_path) as node:
        await seat(node.app[STORE], FAR_ADMIN, FAR, Role.ADMIN)
        async with desk_of(node, FAR_ADMIN) as far, desk_of(node, "admin") as near:
            assert (await far.get("/catalogue")) == {"items": [], "total": 0}
            assert (await near.get("/catalogue"))["total"] == len(demo.ITEMS)
            assert [one["login"] for one in (await far.get("/people"))["people"]] == [
                FAR_ADMIN, "sunlei",
            ]  # fmt: skip
            item = next(one for one in demo.ITEMS if one.id == demo.PRINCIPAL)
            told = document(item.form_title, item.form, item.rules)
            form = {"document": told, "version": 1, "note": "试"}
            row = {"实施编码": item.code, "事项名称": "改名"}
            foreign = (403, "forbidden")
            ours = f"/catalogue/{demo.PRINCIPAL}"
            assert await status(far, "GET", ours) == foreign
            assert await status(far, "GET", f"{ours}/form") == foreign
            assert (
                await status(far, "POST", f"{ours}/form/check", json={"document": told}) == foreign
            )
            assert await status(far, "PUT", f"{ours}/form", json=form) == foreign
            assert await status(far, "PUT", f"{ours}/offer", json={"in_use": False}) == foreign
            sheet = json.dumps([row]).encode()
            named = json.dumps([{**row, "实施主体": "青岛西海岸新区行政审批服务局"}]).encode()
            assert (
                await status(far, "POST", f"/catalogue?unit_id={demo.XIHAIAN}", data=sheet)
                == foreign
            )
            assert await status(far, "POST", "/catalogue", data=named) == (422, "bad_rows")
            day = {"days": [{"on": "2031-05-01", "works": False}], "source": "试"}
            assert await status(near, "POST", "/calendar", json=day) == foreign
            assert await status(near, "GET", "/health") == foreign
            units = "/catalogue?region_code=370211&place=青岛"
            fresh = json.dumps([{**row, "实施主体": "新的局"}]).encode()
            assert await status(near, "POST", units, data=fresh) == foreign
            async with desk_of(node, "yunwei") as operator:
                assert await status(operator, "POST", "/calendar", json=day) == (200, "")
                assert await status(operator, "GET", "/health") == (200, "")
                assert await status(operator, "POST", units, data=fresh) == (200, "")
                # what is there is its unit's, not his
                assert await status(operator, "POST", units, data=named) == (422, "bad_rows")
                assert await status(operator, "GET", "/catalogue") == foreign
                assert await status(operator, "GET", "/people") == foreign


async def test_the_doctor_warns_while_nobody_is_operator(database: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", database_url=database, port=0)
    await upgrade(database)
    store = await Store.open(settings.store)
    try:
        await demo.load(store, hashed())
        await set_roles(store, "yunwei", [Role.ADMIN])
    finally:
        await store.close()

    async def operator() -> tuple[bool, bool, str]:
        [found] = [one for one in await rights(settings) if one.name == "operator"]
        return found.well, found.warns, found.told

    well, warns, told = await operator()
    assert (well, warns) == (True, True)
    assert "--role operator" in told
    store = await Store.open(settings.store)
    try:
        await set_roles(store, "yunwei", [Role.OPERATOR])
    finally:
        await store.close()
    assert await operator() == (True, False, "yunwei")
