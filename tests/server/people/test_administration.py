"""Who administers what: each unit its own, and what is everybody's the operator."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.catalogue.rules.schema import document
from server.demo import data as demo
from server.doctor import rights
from server.edge.route import STORE
from server.people.acts.registering import set_review, set_roles
from server.people.rows import people
from server.rights.person import Role
from server.settings import Settings
from server.store import SYSTEM, Store, tables
from signaling.refusals import Code, Refusal
from tests.kit.casework import hashed
from tests.kit.desks import Desk, demo_node, desk_of
from tests.kit.stores import SQLITE_ALONE
from tests.kit.templates import fill

FAR, FAR_ADMIN = demo.LIAOCHENG, "far-admin"


async def seat(store: Store, login: str, unit: str, *roles: Role) -> None:
    async with store.change(SYSTEM) as change:
        await people.add_person(
            change.connection,
            person_id=f"person-{login}",
            login=login,
            password_hash=hashed(),
            name=login,
            staff_number="T-1",
            unit_id=unit,
            window_id=None,
            roles=roles,
        )


async def status(desk: Desk, method: str, path: str, **how: object) -> tuple[int, str]:
    async with desk.http.request(method, f"/api/v1{path}", **how) as said:  # type: ignore[arg-type]
        told = await said.json(content_type=None) if said.status >= 400 else {}
        return said.status, str(told.get("code", ""))


async def test_an_administrator_of_another_unit_changes_reads_and_lists_nothing_of_ours(
    demo_database: str, tmp_path: Path
) -> None:
    async with demo_node(demo_database, tmp_path) as node:
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


async def test_before_whom_decisions_are_taken_is_entered_whole_and_seen_by_all(
    demo_database: str, tmp_path: Path
) -> None:
    async with demo_node(demo_database, tmp_path) as node:
        store = node.app[STORE]
        for unit, names, code in (
            ("no-such-unit", ("某府", "某院"), Code.NOT_FOUND),
            (demo.JINAN, ("某府", ""), Code.MALFORMED),
            (demo.JINAN, ("", "某院"), Code.MALFORMED),
            (demo.JINAN, ("府" * 121, "某院"), Code.MALFORMED),
            (demo.JINAN, ("某\u202e府", "某院"), Code.MALFORMED),
        ):
            with pytest.raises(Refusal) as refused:
                await set_review(store, unit=unit, review_body=names[0], court=names[1])
            assert refused.value.code is code, names
        await set_review(store, unit=demo.JINAN, review_body="济南市人民政府", court="某院")
        async with desk_of(node, "lixiulan") as clerk:
            units = (await clerk.get("/units"))["units"]
        told = {one["id"]: (one["review_body"], one["court"]) for one in units}
        assert told[demo.JINAN] == ("济南市人民政府", "某院")
        assert told[demo.XIHAIAN] == ("青岛市黄岛区人民政府", "青岛市黄岛区人民法院")


@SQLITE_ALONE
async def test_the_doctor_warns_while_nobody_is_operator(
    demo_database: str, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "data", database_url=demo_database, port=0)
    await fill(settings.store)
    store = await Store.open(settings.store)
    try:
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


# ---------------------------------------------------------------- two people for what is shown to more


def opened(told: dict[str, Any], name: str) -> dict[str, Any]:
    """This document with a field that is not sensitive any more."""
    fresh: dict[str, Any] = copy.deepcopy(told)
    del fresh["presentation"]["fields"][name]["sensitive"]
    return fresh


def form_of(item_id: str) -> dict[str, Any]:
    item = next(one for one in demo.ITEMS if one.id == item_id)
    return json.loads(json.dumps(document(item.form_title, item.form, item.rules)))


async def test_a_field_is_made_less_sensitive_by_two_people_of_the_unit(
    demo_database: str, tmp_path: Path
) -> None:
    lower = f"/catalogue/{demo.PRINCIPAL}/lowerings"
    form = f"/catalogue/{demo.PRINCIPAL}/form"
    told = opened(form_of(demo.PRINCIPAL), "new_identity_number")
    body = {"document": told, "version": 1, "note": "试"}

    async def ask(desk: Desk, method: str, path: str, status: int = 200, **json: Any) -> Any:
        async with desk.http.request(method, f"/api/v1{path}", json=json) as said:
            answer = await said.json(content_type=None)
            assert said.status == status, answer
            return answer

    async with demo_node(demo_database, tmp_path) as node:
        store = node.app[STORE]
        await seat(store, FAR_ADMIN, FAR, Role.ADMIN)
        async with (
            desk_of(node, "admin") as first,
            desk_of(node, "hejing") as second,
            desk_of(node, FAR_ADMIN) as far,
            desk_of(node, "lixiulan") as clerk,
        ):
            alone = await ask(first, "PUT", form, 409, **body)
            assert alone["code"] == "second_person"
            assert alone["details"]["fields"] == "new_identity_number"
            checked = await ask(first, "POST", f"{form}/check", document=told)
            assert [one["path"] for one in checked["lowers"]] == ["new_identity_number"]
            await ask(far, "POST", lower, 403, **body)
            nothing = {**body, "document": form_of(demo.PRINCIPAL)}
            assert (await ask(first, "POST", lower, 422, **nothing))["code"] == "field_invalid"

            asked = await ask(first, "POST", lower, **body)
            assert (asked["state"], asked["mine"]) == ("waiting", True)
            answer = f"/lowerings/{asked['id']}"
            assert (await ask(first, "PUT", answer, 409, agree=True))["code"] == "second_person"
            await ask(far, "PUT", answer, 403, agree=True)
            await ask(clerk, "PUT", answer, 403, agree=True)
            [item] = (await clerk.get("/items?q=负责人"))["items"]
            assert item["version"] == 1, "nothing has changed while it waits"
            shown = (await second.get(form))["lowering"]
            assert (shown["by"], shown["mine"], shown["note"]) == ("系统管理员", False, "试")
            for desk, mine in ((first, True), (second, False)):
                [waits] = (await desk.get("/lowerings"))["lowerings"]
                assert (waits["id"], waits["item_id"], waits["mine"]) == (asked["id"], demo.PRINCIPAL, mine)  # fmt: skip
            assert (await far.get("/lowerings"))["lowerings"] == [], "each unit its own"
            assert (await ask(second, "PUT", answer, agree=False))["state"] == "declined"
            assert (await ask(second, "PUT", answer, 409, agree=True))["code"] == "proposal_closed"
            assert (await second.get(form))["lowering"] is None
            assert (await second.get("/lowerings"))["lowerings"] == []

            asked = await ask(first, "POST", lower, **body)
            assert (await ask(first, "POST", lower, 409, **body))["code"] == "lowering_waits"
            agreed = await ask(second, "PUT", f"/lowerings/{asked['id']}", agree=True)
            assert agreed["state"] == "agreed"
            made = await clerk.get(f"/items/{agreed['made_id']}")
            [field] = [one for one in made["form"] if one["name"] == "new_identity_number"]
            assert (made["version"], field["sensitive"]) == (2, False)
            # what two agreed on needs no second person again
            kept = {**body, "version": 2, "note": "再发布"}
            assert (await ask(first, "PUT", form, **kept))["version"] == 3
            # what waits is closed by another version that comes meanwhile
            less = {**body, "document": opened(told, "contact_phone"), "version": 3}
            asked = await ask(first, "POST", lower, **less)
            assert (await second.get(form))["closed"] is None
            assert (await ask(second, "PUT", form, **{**kept, "version": 3}))["version"] == 4
            assert (await second.get("/lowerings"))["lowerings"] == []
            shown = await first.get(form)
            assert (shown["lowering"], shown["closed"]) == (None, "outdated")
            answer = f"/lowerings/{asked['id']}"
            assert (await ask(second, "PUT", answer, 409, agree=True))["code"] == "proposal_closed"
        table = tables.ledger_entries
        async with store.read() as reading:
            found = await reading.execute(
                sa.select(table.c.act, table.c.actor)
                .where(table.c.subject == "catalogue:items", table.c.result == "ok")
                .order_by(table.c.version)
            )
            assert [tuple(one) for one in found] == [
                ("item.lower", "person-admin"),
                ("item.close_lowering", "person-hejing"),
                ("item.lower", "person-admin"),
                ("item.close_lowering", "person-hejing"),
                ("item.form", "person-admin"),
                ("item.lower", "person-admin"),
                ("item.form", "person-hejing"),
                ("item.close_lowering", "person-hejing"),
            ]


@SQLITE_ALONE
async def test_no_way_round_the_second_person(demo_database: str, tmp_path: Path) -> None:
    """Taken away and brought back open, renamed, offered from an old version, imported."""
    whole = form_of(demo.PRINCIPAL)
    form = f"/catalogue/{demo.PRINCIPAL}/form"

    def named(told: dict[str, Any], name: str, fresh: str, label: str) -> dict[str, Any]:
        text = json.dumps(told).replace(f'"{name}"', f'"{fresh}"')
        made: dict[str, Any] = json.loads(text)
        made["schema"]["properties"][fresh]["title"] = label
        return made

    async with demo_node(demo_database, tmp_path) as node, desk_of(node, "admin") as admin:

        async def code(told: dict[str, Any], version: int) -> tuple[int, str]:
            body = {"document": told, "version": version, "note": "试"}
            return await status(admin, "PUT", form, json=body)

        both = (409, "second_person")
        phone = opened(whole, "contact_phone")
        assert await code(phone, 1) == both
        assert await code(named(phone, "contact_phone", "call_me", "电话"), 1) == both
        labels = opened(named(whole, "contact_phone", "call_me", "联系电话"), "call_me")
        assert await code(labels, 1) == both
        without = copy.deepcopy(whole)
        del without["schema"]["properties"]["contact_phone"]
        without["schema"]["required"].remove("contact_phone")
        del without["presentation"]["fields"]["contact_phone"]
        for group in without["presentation"]["sections"]:
            group["fields"] = [one for one in group["fields"] if one != "contact_phone"]
        assert await code(without, 1) == (200, "")
        assert await code(phone, 2) == both, "what one edit took away the next brings back open"

        code_of = next(one.code for one in demo.ITEMS if one.id == demo.PRINCIPAL)
        row = {
            "实施编码": code_of, "事项名称": "分公司负责人变更登记",
            "表单": {"name": "表", "groups": [{"name": "一", "fields": ["联系电话 "]}]},
        }  # fmt: skip
        told = await status(
            admin, "POST", f"/catalogue?unit_id={demo.XIHAIAN}", data=json.dumps([row]).encode()
        )
        assert told == (422, "bad_rows")

        # a version of before there were masks, kept beside the newer one
        async with node.app[STORE].change(SYSTEM) as change:
            await change.connection.execute(
                tables.items.insert().from_select(
                    ["id", "code", "version", "unit_id", "name", "body", "in_use"],
                    sa.select(
                        sa.literal("item-before"), tables.items.c.code, sa.literal(0),
                        tables.items.c.unit_id, tables.items.c.name,
                        tables.items.c.body, sa.false(),
                    ).where(tables.items.c.id == demo.CLOSING),
                )
            )  # fmt: skip
            body = await change.connection.scalar(
                sa.select(tables.items.c.body).where(tables.items.c.id == "item-before")
            )
            for one in body["form"]:
                one["sensitive"] = False
            await change.connection.execute(
                tables.items.update().where(tables.items.c.id == "item-before").values(body=body)
            )
        back = await status(admin, "PUT", "/catalogue/item-before/offer", json={"in_use": True})
        assert back == both
