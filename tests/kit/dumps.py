"""Dumps of a filled database, one for each migration: `python -m tests.kit.dumps` writes the newest.

A dump is made by the code of its own revision, which serves the demo's units in a process of its own
while people at their desks do what they do; the rows are written down as SQLite holds them, with the
signed heads of the ledger (no private key, and nothing of the files). Once written it is never
changed. `--tree FOLDER` lets the code of another checkout fill it: what that one does not know yet
is left out. Packed JSON, a row a line: `xz -dc` shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import lzma
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Awaitable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncConnection

from server.demo import data as demo
from server.standards.working_days import china_day
from server.store.ledger.journal import HEADS, LEAVES, PUBLIC_KEY
from signaling.client import Refused
from tests.kit.desks import metadata
from tests.kit.peer import GREEN, RED
from tests.kit.seats import TUS, Approver, Seat, Supervisor, Window, story
from tests.kit.until import until

ROOT: Final = Path(__file__).parents[2]
DUMPS: Final = ROOT / "tests" / "server" / "dumps"
SUFFIX: Final = ".jsonl.xz"
_ROWS: Final = 5_000
"""Of a table: all of them. The dumps to 0022 have 100 days of the calendar."""
_PEOPLE: Final = """
import asyncio
from server.demo import data as demo
from server.settings import Settings
from server.store import Store, upgrade

async def load():
    settings = Settings().store
    await upgrade(settings.database_url)
    store = await Store.open(settings)
    await demo.load(store)
    await store.close()

asyncio.run(load())
"""
"""Units, people and items of the demo, by the code of that time."""
_STARTS_WITHIN_S: Final = 60.0
_ENDS_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Dump:
    """What one file holds: its revision, the ledger's files, and the rows of each table."""

    revision: str
    ledger: dict[str, str]
    rows: dict[str, list[dict[str, Any]]]


def revisions() -> list[str]:
    """The revisions of which a dump is kept, oldest first."""
    return sorted(path.name.removesuffix(SUFFIX) for path in DUMPS.glob(f"*{SUFFIX}"))


def read(revision: str) -> Dump:
    """The dump of this revision."""
    head, *lines = (
        lzma.decompress((DUMPS / f"{revision}{SUFFIX}").read_bytes()).decode().splitlines()
    )
    about = json.loads(head)
    rows: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        table, values = json.loads(line)
        rows.setdefault(table, []).append(dict(zip(about["tables"][table], values, strict=True)))
    return Dump(about["revision"], about["ledger"], rows)


async def load(connection: AsyncConnection, dump: Dump) -> int:
    """Put all rows into tables that stand at the dump's revision; returns how many."""
    tables = await connection.run_sync(_tables)
    there = {table.name: table for table in tables}
    assert set(dump.rows) <= set(there), set(dump.rows) - set(there)
    count = 0
    for table in tables:
        rows = dump.rows.get(table.name, [])
        if rows:
            await connection.execute(table.delete())
            await connection.execute(
                table.insert().values(
                    {name: _bound(table.c[name], connection.dialect.name) for name in rows[0]}
                ),
                [
                    {f"_{name}": _value(table.c[name], value) for name, value in row.items()}
                    for row in rows
                ],
            )
        count += len(rows)
    return count


def put_ledger(dump: Dump, folder: Path) -> None:
    """Lay what the ledger keeps outside the database into this folder."""
    folder.mkdir(parents=True)
    for name, text in dump.ledger.items():
        (folder / name).write_text(text)


def _tables(connection: sa.Connection) -> list[sa.Table]:
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return metadata.sorted_tables


def _bound(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """JSON goes in as the text that it was, for which NULL and null are two things. To SQLite a cast to
    JSON is one to a number."""
    if isinstance(column.type, sa.JSON):
        if dialect == "sqlite":
            return sa.bindparam(f"_{column.name}", type_=sa.Text())
        return sa.cast(sa.bindparam(f"_{column.name}", type_=sa.Text()), sa.JSON())
    return sa.bindparam(f"_{column.name}", type_=column.type)


def _value(column: sa.Column[Any], raw: Any) -> Any:
    if raw is None:
        return None
    if isinstance(column.type, sa.DateTime):
        moment = datetime.fromisoformat(raw)
        return moment.replace(tzinfo=UTC) if column.type.timezone else moment
    if isinstance(column.type, sa.Date):
        return date.fromisoformat(raw)
    return bool(raw) if isinstance(column.type, sa.Boolean) else raw


# ---------------------------------------------------------------- writing one


def _write(data: Path, revision: str | None) -> Path:
    with closing(sqlite3.connect(data / "yunjian.sqlite")) as database:
        [[stands_at]] = database.execute("SELECT version_num FROM alembic_version").fetchall()
        names = [
            name
            for [name] in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                "AND name != 'alembic_version' ORDER BY name"
            ).fetchall()
        ]
        lines: list[str] = []
        columns: dict[str, list[str]] = {}
        for name in names:
            rows = database.execute(f'SELECT * FROM "{name}" ORDER BY rowid')
            found = [_line([name, list(row)]) for row in rows.fetchmany(_ROWS)]
            if found:
                columns[name] = [each[0] for each in rows.description]
            lines += found
    ledger = {name: (data / "ledger" / name).read_text() for name in (PUBLIC_KEY, LEAVES, HEADS)}
    told = {"revision": revision or stands_at, "tables": columns, "ledger": ledger}
    DUMPS.mkdir(exist_ok=True)
    path = DUMPS / f"{told['revision']}{SUFFIX}"
    path.write_bytes(lzma.compress("\n".join([_line(told), *lines, ""]).encode()))
    return path


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Acts:
    """Does one act after another; where `known` is false, what is refused is left out."""

    def __init__(self, known: bool) -> None:
        self._known = known
        self.left_out: list[str] = []

    async def __call__(self, name: str, act: Awaitable[Any]) -> Any:
        try:
            return await act
        except (Refused, AssertionError, KeyError) as error:
            if self._known:
                raise AssertionError(f"{name}: {error}") from error
            self.left_out.append(f"{name}: {str(error)[:90]}")
            return None


def _photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (160, 120), (180, 180, 170)).save(out, "JPEG")
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Served:
    address: str


async def _fill(address: str, acts: _Acts) -> None:
    """One case that is decided after a call, one that is sent back, one that waits, one missed call."""
    async with story(_Served(address)) as seat:
        window = await seat(Window, "lixiulan", RED, 440.0)
        approver = await seat(Approver, "zhoumingyuan", GREEN, 660.0)
        supervisor = await seat(Supervisor, "chenli", GREEN, 550.0)
        await approver.on_duty()

        case_id = await window.register()
        about = {"case_id": case_id}
        await window.fill(case_id, {"new_principal": "孙雅宁", "contact_phone": "13805316217"})
        await window.fill(case_id, {"new_principal": "孙丽华"})
        draft = {"field": "old_principal", "value": "刘启", "base_version": 0}
        await acts("draft", window.ask({"type": "case.draft", **about, **draft}))
        await window.take_consent(case_id)
        identity = await window.upload(case_id, "identity", "身份证.jpg", _photo())
        await acts("other", window.upload(case_id, "other", "坏.jpg", b"not a picture", last=415))
        await acts("unfinished", _begin(window, case_id))

        call_id = await window.dial(case_id)
        ring = await approver.rung(call_id)
        await approver.ask({"type": "call.answer", "call_id": call_id, "ring_id": ring["id"]})
        await window.sees_call(call_id, lambda call: call["state"] == "live")
        await approver.ask({"type": "case.open", **about})
        monitor = await acts(
            "monitor",
            supervisor.ask({"type": "monitor.begin", "call_id": call_id, "reason": "抽查"}),
        )
        propose = {"field": "old_principal", "value": "刘启明", "reason": "与执照一致"}
        proposed = await acts("propose", approver.ask({"type": "case.propose", **about, **propose}))
        if proposed:
            said = {"proposal_id": proposed["proposal_id"], "answer": "yes"}
            await acts(
                "open_turned", window.ask({"type": "case.open", **about, "as_applicant": True})
            )
            await acts("answer", window.ask({"type": "case.answer_proposal", **about, **said}))
            await acts("open_again", window.ask({"type": "case.open", **about}))
            adopt = {"proposal_id": proposed["proposal_id"], "adopt": True}
            await acts("adopt", window.ask({"type": "case.close_proposal", **about, **adopt}))
        thread = await acts("comment", approver.comments(case_id, "field:new_principal", "请核对"))
        reply = {"comment_id": thread, "text": "已核对"}
        await acts("reply", window.ask({"type": "case.reply", **about, **reply}))
        solved = {"comment_id": thread, "resolved": True}
        await acts("resolve", approver.ask({"type": "case.resolve", **about, **solved}))
        await acts("say", window.says(case_id, "身份证已上传", call_id=call_id))
        await acts("review", approver.review(case_id, identity, "returned", "缺反面"))
        grade = {"material_id": identity, "grade": "B"}
        await acts("grade", window.ask({"type": "case.grade", **about, **grade}))
        draw = {"material_id": identity, "page": 1, "points": [[0.1, 0.1], [0.2, 0.2]]}
        await acts("draw", approver.ask({"type": "case.draw", **about, **draw}))
        phone = {"line": "licence", "secret_sha256": sha256(b"secret").hexdigest()}
        await acts("phone", window.ask({"type": "case.invite_phone", **about, **phone}))
        unmask = {"what": "identity_number", "reason": "核对身份"}
        await acts("unmask", approver.ask({"type": "case.unmask", **about, **unmask}))
        if monitor:
            ended = {"type": "monitor.end", "monitor_id": monitor["monitor_id"]}
            await acts("monitor ends", supervisor.ask({**ended, "call_id": call_id}))
        await acts("hold", approver.ask({"type": "call.hold", "call_id": call_id}))
        await acts("resume", approver.ask({"type": "call.resume", "call_id": call_id}))
        await window.ask({"type": "call.hang_up", "call_id": call_id})
        await window.sees_call(call_id, lambda call: call["state"] == "ended")
        applicant = {"type": "case.open", **about, "as_applicant": True}
        await acts("applicant", window.ask(applicant))
        rating = {"call_id": call_id, "level": "1"}
        await acts("rate", window.ask({"type": "case.rate", **about, **rating}))
        sent = {"courier": "EMS", "tracking": "1234567890123"}
        lines = [{"line": "licence", "originals": 1, "copies": 0}]
        await acts(
            "originals",
            window.ask({"type": "case.send_originals", **about, **sent, "lines": lines}),
        )
        refuse = {"type": "case.decide", **about, "decision": "refused", "reason": "不属于本机关"}
        await approver.ask(refuse)

        second = await window.register(applicant_name="王建国")
        promised = await acts("text", window.get("/consent-text?language=zh-CN&kind=earlier"))
        earlier = {"given": True, "text_version": (promised or {}).get("version", "")}
        await acts(
            "earlier consent",
            window.ask(
                {"type": "case.consent_earlier", "case_id": second, "language": "zh-CN", **earlier}
            ),
        )
        await window.upload(second, "identity", "身份证.jpg", _photo())
        await approver.ask({"type": "case.open", "case_id": second})
        await window.take_consent(second)
        missed = await window.dial(second)
        await approver.rung(missed)
        await window.ask({"type": "call.hang_up", "call_id": missed})
        back = {"type": "case.decide", "case_id": second, "decision": "to_correct"}
        await acts("corrections", approver.ask({**back, "reason": "请补正材料"}))
        withdrawn = {"type": "case.finish", "case_id": second, "kind": "withdrawn"}
        await acts("withdrawal", window.ask({**withdrawn, "reason": "改日另行申请"}))

        third = await window.register(applicant_name="赵新民", item_id=demo.CLOSING)
        await window.take_consent(third)
        missed = await window.dial(third)
        await approver.rung(missed)
        await window.ask({"type": "call.hang_up", "call_id": missed})
        refer = {"unit_id": demo.LIAOCHENG, "reason": "由登记地办理"}
        await acts("refer", approver.ask({"type": "case.refer", "case_id": third, **refer}))

        await acts("sequel", _followed(window, approver))
        await acts("consultations", _consulted(window, approver))
        await acts("lowering", _lowered(await seat(Seat, "admin", GREEN, 330.0)))
        await acts("exemption", _exempted(await seat(Seat, "anquan", GREEN, 330.0)))

        async def papers() -> str | None:
            waits = [
                paper["kind"]
                for case in (case_id, second)
                for paper in (await window.case(case)).get("papers", [])
                if paper["state"] == "waiting"
            ]
            return f"papers wait: {waits}" if waits else None

        await until(papers, 60)


async def _followed(window: Window, approver: Approver) -> None:
    """A case that was granted in an external system, and one that follows it."""
    case_id = await window.register(applicant_name="钱立", item_id=demo.FILING)
    await window.fill(case_id, {"project_name": "沐川路厂房", "contact_phone": "13805316217"})
    proof = ""
    for line in ("application", "report"):
        proof = await window.upload(case_id, line, f"{line}.jpg", _photo())
        await approver.review(case_id, proof, "accepted")
    about = {"case_id": case_id}
    await approver.ask({"type": "case.open", **about})
    yes = {"type": "case.decide", **about, "decision": "accepted"}
    await approver.ask({**yes, "reason": "材料齐全"})
    granted = {"type": "case.report", **about, "step": "granted", "number": "37-2026-118"}
    on = china_day(datetime.now(UTC)).isoformat()
    await approver.ask({**granted, "on": on, "proof": proof})
    follows = {"type": "case.begin_sequel", **about, "kind": "altered"}
    await window.ask({**follows, "reason": "项目名称变更"})


async def _consulted(window: Window, approver: Approver) -> None:
    """One that is open, one that is answered, and one that becomes a case."""
    question = "换负责人要带什么？"
    await window.consult(question)
    answered = await window.consult(question)
    await approver.ask({"type": "case.open", "case_id": answered})
    await approver.ask({"type": "case.conclude", "case_id": answered, "answer": "任免文件。"})
    await window.register_consulted(await window.consult(question))


async def _lowered(administrator: Seat) -> None:
    form = await administrator.get(f"/catalogue/{demo.PRINCIPAL}/form")
    del form["document"]["presentation"]["fields"]["contact_phone"]["sensitive"]
    told = {"document": form["document"], "version": form["newest"], "note": "座机号码公开"}
    path = f"/api/v1/catalogue/{demo.PRINCIPAL}/lowerings"
    async with administrator.http.post(path, json=told) as said:
        assert said.status == 200, await said.text()


async def _exempted(officer: Seat) -> None:
    told = {"first": "supervisor", "second": "approver", "reason": "本局仅一名督查"}
    path = "/api/v1/people/person-hanmei/exemptions"
    async with officer.http.post(path, json=told) as said:
        assert said.status == 204, await said.text()


async def _begin(window: Window, case_id: str) -> None:
    about = metadata({"case_id": case_id, "line": "application", "filename": "申请书.pdf"})
    headers = {**TUS, "Upload-Length": "1000", "Upload-Metadata": about}
    async with window.http.post("/api/v1/uploads", headers=headers) as said:
        assert said.status == 201, await said.text()


async def _served(server: subprocess.Popen[bytes], log: Path, acts: _Acts) -> None:
    await _fill(await _address(server, log), acts)


async def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    found: list[str] = []

    async def why_not() -> str | None:
        text = await asyncio.to_thread(log.read_text)
        assert server.poll() is None, text
        found[:] = [line.split()[-1] for line in text.splitlines() if "serves at" in line]
        return None if found else text

    await until(why_not, _STARTS_WITHIN_S)
    return found[0]


def _make(tree: Path, revision: str | None) -> None:
    acts = _Acts(known=tree == ROOT)
    with tempfile.TemporaryDirectory(prefix="yj-") as folder:
        data, log = Path(folder) / "data", Path(folder) / "log"
        data.mkdir()
        environment = {**os.environ, "YUNJIAN_DATA": str(data), "YUNJIAN_PORT": "0"}
        with log.open("wb") as said:
            subprocess.run([sys.executable, "-c", _PEOPLE], cwd=tree, env=environment, check=True)
            server = subprocess.Popen(
                [sys.executable, "-m", "server", "serve"], cwd=tree, env=environment, stderr=said
            )
        try:
            asyncio.run(_served(server, log, acts))
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(_ENDS_WITHIN_S)
        path = _write(data, revision)
    sys.stdout.write(f"{path}: {path.stat().st_size} bytes; left out: {acts.left_out}\n")


def main() -> None:
    """Write the dump of the newest revision."""
    said = argparse.ArgumentParser(description=main.__doc__)
    said.add_argument("--tree", type=Path, default=ROOT, help="checkout whose code fills it")
    said.add_argument("--revision", help="its number today, where it had another one then")
    chosen = said.parse_args()
    _make(chosen.tree.absolute(), chosen.revision)


if __name__ == "__main__":
    main()
