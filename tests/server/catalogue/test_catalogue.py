"""Lists of items: what an import takes, what it says of bad rows, and that running cases keep theirs."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa

from server.case import rows as case_rows
from server.catalogue.acts.importing import NewUnits
from server.catalogue.api import IMPORTER
from server.demo import data as demo
from server.edge.route import STORE
from server.standards.numbering import STANDARD
from server.store import SYSTEM, tables
from tests.kit.capabilities import REAL_ITEMS, needs
from tests.kit.desks import Desk, demo_node, desk_of
from tests.kit.stores import SQLITE_ALONE, opened

ROWS = [
    {"实施编码": "11370211MB287554194000131014001", "事项名称": "食品经营许可", "事项类型": "行政许可",
     "法定办结时限": "20个工作日", "承诺办结时限": "5", "通办形式": "全程网办、异地代收代办"},
    {"实施编码": "11370211MB287554194000131015001", "事项名称": "户外广告设置审批", "事项类型": "1"},
]  # fmt: skip


def as_json(rows: Any) -> bytes:
    return json.dumps(rows, ensure_ascii=False).encode()


def as_csv(rows: list[dict[str, str]], encoding: str) -> bytes:
    written = io.StringIO()
    table = csv.DictWriter(written, sorted({name for row in rows for name in row}))
    table.writeheader()
    table.writerows(rows)
    return written.getvalue().encode(encoding)


def as_excel(rows: list[dict[str, str]], materials: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    names = sorted({name for row in rows for name in row})
    book.active.append(names)
    for row in rows:
        book.active.append([row.get(name) for name in names])
    lines = book.create_sheet("材料")
    for line in materials:
        lines.append(line)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


async def take(desk: Desk, content: bytes, status: int = 200, **query: Any) -> dict[str, Any]:
    """What the import of this file answers."""
    asked = {
        name: str(value).lower() if value is True else str(value) for name, value in query.items()
    }
    async with desk.http.post(
        "/api/v1/catalogue",
        params=asked,
        data=content,
        headers={"Content-Type": "application/octet-stream"},
    ) as said:
        assert said.status == status, await said.text()
        told: dict[str, Any] = await said.json(content_type=None)
        return told


@pytest.mark.parametrize(
    "content",
    [as_json(ROWS), as_json({"items": ROWS}), as_csv(ROWS, "utf-8-sig"), as_csv(ROWS, "gb18030"),
     as_excel(ROWS, [])],
    ids=["json", "json-items", "csv", "csv-gb18030", "excel"],
)  # fmt: skip
async def test_a_list_of_each_kind_is_taken_once(content: bytes, tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(database, tmp_path) as node, desk_of(node, "admin") as admin:
        would = await take(admin, content, dry_run=True, unit_id=demo.XIHAIAN)
        assert (would["new"], would["bad"], would["written"]) == (2, 0, False)
        did = await take(admin, content, unit_id=demo.XIHAIAN)
        assert (did["rows"], did["new"], did["changed"], did["written"]) == (2, 2, 0, True)
        again = await take(admin, content, unit_id=demo.XIHAIAN)
        assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 2)
        [food] = (await admin.get("/catalogue?q=食品"))["items"]
        assert (food["item_type"], food["promised_days"], food["in_use"]) == ("行政许可", 5, True)
        [found] = (await admin.get("/items?q=食品"))["items"]
        assert found["modes"] == ["online", "proxy"]
        for typed in ("spjyxk", "JYXK", "yx"):
            assert found["id"] in {
                one["id"] for one in (await admin.get(f"/items?q={typed}"))["items"]
            }
        assert (await admin.get("/items?q=xyjy"))["items"] == []


async def test_what_changed_becomes_a_version_and_running_cases_keep_theirs(
    database: str, tmp_path: Path
) -> None:
    async with (
        demo_node(database, tmp_path) as node,
        desk_of(node, "admin") as admin,
        desk_of(node, "lixiulan") as clerk,
    ):
        case_id = await clerk.open_case()
        code = next(item.code for item in demo.ITEMS if item.id == demo.PRINCIPAL)
        row = {"实施编码": code, "事项名称": "分公司负责人变更登记", "承诺办结时限": "2"}
        did = await take(admin, as_json([row]), unit_id=demo.XIHAIAN)
        assert (did["new"], did["changed"]) == (0, 1)
        [item] = (await clerk.get("/items?q=负责人"))["items"]
        assert (item["version"], item["promised_days"]) == (2, 2)
        seen = await admin.get(f"/catalogue/{item['id']}")
        assert [one["version"] for one in seen["versions"]] == [2, 1]
        assert len(seen["item"]["form"]) == 10, "a row without a form keeps the one that is there"
        kept = (await clerk.case(case_id))["item"]
        assert (kept["version"], kept["promised_days"]) == (1, 3)

        async with admin.http.put(
            f"/api/v1/catalogue/{demo.PRINCIPAL}/offer", json={"in_use": True}
        ) as said:
            assert said.status == 204
        [item] = (await clerk.get("/items?q=负责人"))["items"]
        assert item["version"] == 1, "the older version is offered again, in place of the newer"
        async with admin.http.put(
            f"/api/v1/catalogue/{demo.PRINCIPAL}/offer", json={"in_use": False}
        ) as said:
            assert said.status == 204
        assert (await clerk.get("/items?q=负责人"))["items"] == []
        async with admin.http.put(
            f"/api/v1/catalogue/{demo.PRINCIPAL}/offer", json={"in_use": 1}
        ) as said:
            assert (said.status, (await said.json())["code"]) == (400, "malformed")


async def test_columns_say_what_is_granted_on_which_law_and_where(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/yunjian.sqlite"
    async with demo_node(url, tmp_path) as node, desk_of(node, "admin") as admin:

        async def taken(code: str, **columns: str) -> dict[str, Any]:
            row = {"实施编码": code, "事项名称": "样本登记", **columns}
            await take(admin, as_json([row]), unit_id=demo.XIHAIAN)
            newest = sa.select(tables.items.c.body).where(
                tables.items.c.code == code, tables.items.c.newest
            )
            async with node.app[STORE].read() as connection:
                body = await connection.scalar(newest)
            kept: dict[str, Any] = body
            return kept

        async def registers(code: str, **columns: str) -> bool:
            return bool((await taken(code, **columns))["registers"])

        [known, new] = demo.ITEMS[0].code, ROWS[0]["实施编码"]
        assert await registers(known, 承诺办结时限="2"), "what the row does not say stays"
        assert not await registers(known, 登记类="否")
        assert not await registers(new)
        assert await registers(new, 登记类="是")

        told = await taken(
            new,
            设定依据="《样本法》第一条； 《样本条例》第二条；《样本法》第一条",
            办理系统="省审批平台",
        )
        assert told["bases"] == ["《样本法》第一条", "《样本条例》第二条"]
        assert told["system"] == "省审批平台"
        told = await taken(new, 承诺办结时限="3")
        assert (len(told["bases"]), told["system"]) == (2, "省审批平台"), (
            "what the row does not say stays"
        )
        assert (await taken(new, 办理系统="本系统"))["system"] == ""
        costs = {"收费标准": "125.5元", "收费依据": "发改价格〔2017〕1号", "先缴费后制证": "是"}
        for row, fee in (
            (costs, (12_550, costs["收费依据"], True)),
            ({"承诺办结时限": "4"}, (12_550, costs["收费依据"], True)),
            ({"收费标准": "不收费", "先缴费后制证": "否"}, (0, "", False)),
        ):
            told = await taken(new, **row)
            assert (told["fee_fen"], told["fee_basis"], told["fee_first"]) == fee


@SQLITE_ALONE
async def test_each_bad_row_is_told_with_its_reason_and_nothing_is_imported(
    database: str, tmp_path: Path
) -> None:
    rows = [
        *ROWS,
        {"实施编码": "", "事项名称": "没有编码"},
        {"实施编码": "11370211MB287554194000131016001", "事项名称": ""},
        {"实施编码": "<script>", "事项名称": "坏编码"},
        {"实施编码": "11370211MB287554194000131017001", "事项名称": "x" * 201},
        {"实施编码": "11370211MB287554194000131018001", "事项名称": "坏类型", "事项类型": "77"},
        {
            "实施编码": "11370211MB287554194000131019001",
            "事项名称": "坏时限",
            "承诺办结时限": "很快",
        },
        {**ROWS[0], "事项名称": "重复的编码"},
        {"实施编码": "11370211MB287554194000131020001", "事项名称": "坏材料", "材料": [{"名": 1}]},
        {
            "实施编码": "11370211MB287554194000131021001",
            "事项名称": "坏表单",
            "表单": {"groups": []},
        },
        {"实施编码": "11370211MB287554194000131022001", "事项名称": "坏方式", "通办形式": "邮寄"},
        # As a sheet has it: one cell of text.
        {"实施编码": "11370211MB287554194000131023001", "事项名称": "坏单元", "表单": "见附件"},
        {"实施编码": "11370211MB287554194000131024001", "事项名称": "坏单元", "表单": [1]},
    ]
    async with demo_node(database, tmp_path) as node, desk_of(node, "admin") as admin:
        before = (await admin.get("/catalogue"))["total"]
        would = await take(admin, as_json(rows), dry_run=True, unit_id=demo.XIHAIAN)
        assert [(one["row"], one["column"], one["why"]) for one in would["faults"]] == [
            (3, "code", "missing"),
            (4, "name", "missing"),
            (5, "code", "bad_code"),
            (6, "name", "too_long"),
            (7, "item_type", "unknown_code"),
            (8, "promised_days", "bad_number"),
            (9, "code", "duplicate"),
            (10, "materials", "bad_materials"),
            (11, "form", "bad_form"),
            (12, "modes", "unknown_code"),
            (13, "form", "bad_form"),
            (14, "form", "bad_form"),
        ]
        refused = await take(admin, as_json(rows), 422, unit_id=demo.XIHAIAN)
        assert (refused["code"], refused["details"]["count"]) == ("bad_rows", 12)
        assert (await admin.get("/catalogue"))["total"] == before
        did = await take(admin, as_json(rows), unit_id=demo.XIHAIAN, skip_bad=True)
        assert (did["new"], did["bad"]) == (2, 12)
        assert (await admin.get("/catalogue"))["total"] == before + 2

        nobody = await take(admin, as_json(ROWS), dry_run=True)
        assert {one["why"] for one in nobody["faults"]} == {"unit_unknown"}
        assert (await take(admin, as_json(ROWS), 404, unit_id="unit-nowhere"))[
            "code"
        ] == "not_found"


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01", b"PK\x03\x04 no archive", b"{", b"[1, 2]", b"[]", "\xff".encode("utf-16")],
)
async def test_what_is_no_table_is_refused(content: bytes, tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(database, tmp_path) as node, desk_of(node, "admin") as admin:
        assert (await take(admin, content, 422, dry_run=True))["code"] == "bad_sheet"


async def test_materials_stand_on_a_sheet_of_their_own(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    code = ROWS[0]["实施编码"]
    content = as_excel(
        ROWS,
        [
            ["实施编码", "材料名称", "材料必要性", "材料形式", "纸质材料份数", "填报须知", "分面"],
            [code, "营业执照", "1", "电子化", 1, None, None],
            [code, "健康证明", "容缺后补", "3", 2.0, "从业人员每人一份", "正面、反面"],
        ],
    )
    async with demo_node(database, tmp_path) as node, desk_of(node, "admin") as admin:
        await take(admin, content, unit_id=demo.XIHAIAN)
        [food] = (await admin.get("/catalogue?q=食品"))["items"]
        lines = (await admin.get(f"/catalogue/{food['id']}"))["item"]["lines"]
        assert [
            (one["name"], one["need"], one["form"], one["copies"], one["note"]) for one in lines
        ] == [
            ("营业执照", "required", "electronic", 1, ""),
            ("健康证明", "later", "both", 2, "从业人员每人一份"),
        ]
        # a line that may follow has sides as well as one that is required
        assert [one["slots"] for one in lines] == [[], ["正面", "反面"]]


async def test_a_form_is_published_as_a_new_version_and_no_faulty_one(
    database: str, tmp_path: Path
) -> None:
    async with (
        demo_node(database, tmp_path) as node,
        desk_of(node, "admin") as admin,
        desk_of(node, "lixiulan") as clerk,
    ):
        running = await clerk.open_case(demo.FOUNDING)
        told = await admin.get(f"/catalogue/{demo.FOUNDING}/form")
        assert (told["item"]["version"], told["newest"]) == (1, 1)
        document = told["document"]
        document["schema"]["properties"]["seal"] = {"title": "印章数", "type": "integer"}
        address = f"/api/v1/catalogue/{demo.FOUNDING}/form"
        publication = {"document": document, "version": 1, "note": "增加印章数"}
        async with admin.http.put(address, json=publication) as refused:
            assert refused.status == 422
            said = await refused.json()
        assert (said["code"], said["details"]["count"]) == ("bad_form", 1)
        assert said["details"]["places"] == "/schema/properties/seal: not_placed"
        check = {"document": document}
        async with admin.http.post(f"{address}/check", json=check) as checked:
            would = await checked.json()
        assert (would["item"], would["faults"][0]["why"]) == (None, "not_placed")
        document["presentation"]["sections"][0]["fields"].append("seal")
        async with admin.http.post(f"{address}/check", json=check) as checked:
            would = await checked.json()
        assert "seal" in [one["name"] for one in would["item"]["form"]]
        assert would["faults"] == []
        async with admin.http.put(address, json=publication) as published:
            assert published.status == 200, await published.text()
            version = await published.json()
        assert (version["version"], version["note"]) == (2, "增加印章数")
        async with admin.http.put(address, json=publication) as late:
            assert (await late.json())["code"] == "stale"
        [known] = (await clerk.get("/items?q=设立登记"))["items"]
        assert (known["id"], known["version"]) == (version["id"], 2)
        kept = (await clerk.case(running))["item"]
        assert (kept["version"], "seal" in [one["name"] for one in kept["form"]]) == (1, False)
        history = (await admin.get(f"/catalogue/{version['id']}"))["versions"]
        assert [(one["version"], one["made_by"], one["note"]) for one in history] == [
            (2, "系统管理员", "增加印章数"), (1, "", ""),
        ]  # fmt: skip


@needs("real items")
async def test_the_1135_real_items_come_in_with_their_codes(database: str, tmp_path: Path) -> None:
    content = await asyncio.to_thread(REAL_ITEMS.read_bytes)
    local = json.loads(content)["local_catalogue"]
    where = {"region_code": local["area_code"][:6], "place": "广安广安区"}
    bad = [{**local["items"][0], "item_code": ""}, {**local["items"][1], "task_type": "八"}]
    async with (
        demo_node(database, tmp_path) as node,
        desk_of(node, "admin") as admin,
        desk_of(node, "yunwei") as operator,
        desk_of(node, "lixiulan") as clerk,
    ):
        spoilt = as_json(local["items"] + bad)
        refused = await take(operator, spoilt, dry_run=True, **where)
        assert [(one["row"], one["why"]) for one in refused["faults"]] == [
            (1136, "missing"), (1137, "unknown_code"),
        ]  # fmt: skip
        assert (await take(admin, content, 403, **where))["code"] == "forbidden"
        did = await take(operator, content, **where)
        assert (did["rows"], did["new"], did["bad"]) == (1135, 1135, 0)
        assert len(did["new_units"]) == len({one["department"] for one in local["items"]})
        async with node.app[STORE].read() as reading:
            stored = set(await reading.scalars(sa.select(tables.items.c.code)))
        assert {one["item_code"] for one in local["items"]} <= stored
        found = (await clerk.get("/items?q=转移接续"))["items"]
        assert len(found) == sum("转移接续" in one["name"] for one in local["items"])
        # from now on they are their own units', which the command line alone may pass over
        late = await take(operator, content, dry_run=True, **where)
        assert {one["why"] for one in late["faults"]} == {"unit_foreign"}
        again = await node.app[IMPORTER].take(
            SYSTEM, content, new_units=NewUnits(where["region_code"], where["place"])
        )
        assert (again.unchanged, again.new, again.new_units) == (1135, 0, [])


@needs("real items")
async def test_a_real_guide_works_as_item_materials_and_form(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    told = json.loads(await asyncio.to_thread(REAL_ITEMS.read_text, encoding="utf-8"))
    [guide] = [one for one in told["guides"] if "社会保险关系转移接续" in one["name"]]
    guide["item_code"] = "11360900014910355T2000130001001"
    async with (
        demo_node(database, tmp_path) as node,
        desk_of(node, "admin") as admin,
        desk_of(node, "lixiulan") as clerk,
    ):
        await take(admin, as_json([guide]), unit_id=demo.XIHAIAN)
        [item] = (await clerk.get("/items?q=社会保险"))["items"]
        assert item["promised_days"] == 15
        made = await clerk.command(
            "case.create",
            item_id=item["id"],
            mode="online",
            applicant_name="孙雅宁",
            identity_number="11010519491231002X",
            phone="13805316217",
        )
        case = await clerk.case(made["case_id"])
        form = {one["label"]: one for one in case["item"]["form"]}
        labels = [label for group in guide["form"]["groups"] for label in group["fields"]]
        assert list(form) == labels
        assert form["人员状态"]["choices"] == ["流动就业", "申请领失业金"]
        assert "江西省" in form["转入地"]["hint"]
        assert (form["联系电话"]["kind"], form["证件号码"]["sensitive"]) == ("phone", True)
        assert [one["name"] for one in case["item"]["lines"]] == [
            one["name"] for one in guide["materials"]
        ]
        values = {
            "姓名": "孙雅宁", "联系电话": "13805316217", "性别": "女", "证件类型": "居民身份证",
            "证件号码": "11010519491231002X", "转出地": "370211", "转入地": "360902",
            "人员状态": "流动就业", "户籍地": "370211",
        }  # fmt: skip
        for label, value in values.items():
            edit = {"field": form[label]["name"], "value": value, "base_version": 0}
            await clerk.command("case.edit", case_id=made["case_id"], **edit)
        summary = await clerk.command("case.summarise", case_id=made["case_id"])
        assert summary["missing_fields"] == []
        assert len(summary["missing_lines"]) == 1
        shown = {one["label"]: one["value"] for one in summary["fields"]}
        assert shown["转入地"] == "江西省 宜春市 袁州区"
        status = form["人员状态"]["name"]
        at = (await clerk.case(made["case_id"]))["fields"][status]["version"]
        async with clerk.http.post(
            "/api/v1/commands",
            json={"type": "case.edit", "id": "x" * 22, "case_id": made["case_id"],
                  "field": status, "value": "在职", "base_version": at},
        ) as said:  # fmt: skip
            assert (await said.json())["code"] == "field_invalid"


async def test_fifty_writers_at_once_get_fifty_numbers(database: str, tmp_path: Path) -> None:
    async with opened(database, tmp_path) as store:
        prefix = STANDARD.prefix("11370211MB287554194000131012001", date(2026, 11, 25))

        async def number() -> str:
            async with store.change(SYSTEM) as change:
                serial = await case_rows.next_serial(change.connection, prefix)
                return STANDARD.number(prefix, serial)

        numbers = await asyncio.gather(*(number() for _ in range(50)))
    assert sorted(numbers) == [STANDARD.number(prefix, serial) for serial in range(1, 51)]
