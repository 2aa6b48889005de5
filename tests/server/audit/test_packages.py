"""The archive package of a case, and what its own verifier says of it, run alone in a bare Python."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from lxml import etree
from yarl import URL

from server.audit.acts.packages import NotPacked, Packing, Proving, pack
from server.audit.api.packages import PACKING
from server.case import admission
from server.case.wire.course import advancing as wire
from server.demo import data as demo
from server.edge.route import STORE
from server.rights.person import Role
from server.store import SYSTEM, Store, facts, tables
from server.store.ledger.blocks import BLOCK, Blocks
from server.store.ledger.journal import Journal, JournalDamaged, Leaf, Records
from server.store.ledger.merkle import verify_inclusion
from server.work.archive import verify
from signaling.refusals import Code, Refusal
from tests.kit.casework import APPROVER, CLERK, Office
from tests.kit.desks import demo_node, desk_of
from tests.kit.stores import SQLITE_ALONE
from tests.kit.until import until
from tests.server.case.test_course import DAY, LICENCE, Course

VECTORS = (  # RFC 8032, 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_verifiers_own_ed25519_is_that_of_the_standard(
    key: str, message: str, signature: str
) -> None:
    raw, told, signed = map(bytes.fromhex, (key, message, signature))
    assert verify.signed_by(raw, told, signed)
    assert not verify.signed_by(raw, told + b"x", signed)
    for place in (0, 33, 63):
        other = bytearray(signed)
        other[place] ^= 1
        assert not verify.signed_by(raw, told, bytes(other))


@SQLITE_ALONE
async def test_a_package_holds_and_names_whatever_is_another_byte(
    office: Office, tmp_path: Path
) -> None:
    course = Course(office, tmp_path)
    await course.filled()
    await course.handed_in()
    await course.accepted()
    await course.issued({**LICENCE, "name": "营业\x0b执照"})
    left = await course.begin(CLERK, "left", note="社区工作人员见证并拍照")
    await course.do(CLERK, wire.CaseEndDelivery, delivery_id=left, outcome="delivered", on=DAY)
    await course.made()
    with pytest.raises(NotPacked, match="not in the archive"):
        await _packed(office, course.case_id, tmp_path / "early.zip")
    await course.do(APPROVER, wire.CaseArchive)
    with pytest.raises(NotPacked, match="sealed"):
        await _packed(office, course.case_id, tmp_path / "unsealed.zip")
    await office.store.seal()
    first, again = tmp_path / "case.zip", tmp_path / "again.zip"
    manifest = await _packed(office, course.case_id, first)
    assert manifest == await _packed(office, course.case_id, again)
    view = await office.view(course.case_id)
    await office.switchboard.close()
    await asyncio.to_thread(_judge, first, again, view, tmp_path / "open")


def _judge(first: Path, again: Path, view: dict[str, Any], folder: Path) -> None:
    assert first.read_bytes() == again.read_bytes(), "the same bytes for the same content"
    with zipfile.ZipFile(first) as archive:
        names = archive.namelist()
        archive.extractall(folder)
    assert names == sorted(names)
    assert all(name.isascii() for name in names)
    stored = [one for one in view["materials"] if one["state"] == "stored"]
    assert sum(name.startswith("materials/") for name in names) == len(stored) > 0
    assert sum(name.startswith("papers/") for name in names) == len(view["papers"]) > 4
    schema = etree.XMLSchema(etree.parse(folder / "case.xsd"))
    xml = etree.parse(folder / "case.xml")
    schema.assertValid(xml)
    space = {"c": "urn:yunjian:archive:1"}
    assert xml.findtext("c:number", namespaces=space) == view["number"]
    assert xml.findtext("c:receipt_number", namespaces=space) == view["receipt_number"] != ""
    assert xml.findtext("c:applicant/c:name", namespaces=space) == "孙雅宁"
    assert xml.findtext("c:ruling/c:kind", namespaces=space) == "granted"
    assert xml.findtext("c:result/c:name", namespaces=space) == "营业\ufffd执照", (
        "XML has no such character, and the package is read all the same"
    )

    status, told = _verified(folder)
    assert status == 0, told
    assert told.endswith("HOLDS\n")
    assert f"ok {names[-1]}" in told
    assert _verified(folder, first)[0] == 0, "the ZIP as it is, too"

    material = next(name for name in names if name.startswith("materials/"))
    for name in (material, "case.xml", "verify.py"):
        whole = (folder / name).read_bytes()
        at = len(whole) // 2 if name != "verify.py" else whole.index(b"Checks")
        (folder / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        status, told = _verified(folder)
        assert (status, told.count("WRONG")) == (1, 1), told
        assert f"WRONG {name}: altered" in told
        (folder / name).write_bytes(whole)
    whole = (folder / material).read_bytes()
    (folder / material).unlink()
    (folder / "papers" / "more.pdf").write_bytes(b"%PDF")
    told = _verified(folder)[1]
    assert f"WRONG {material}: missing" in told
    assert "WRONG papers/more.pdf: not in the list of files" in told
    (folder / "papers" / "more.pdf").unlink()

    # who makes the list of files anew does not get past the ledger
    other = whole[:-1] + bytes([whole[-1] ^ 1])
    (folder / material).write_bytes(other)
    _listed_anew(folder, material, other)
    assert f"WRONG {material}: no entry of the ledger tells it" in _verified(folder)[1]
    (folder / material).write_bytes(whole)
    _listed_anew(folder, material, whole)
    file = folder / "ledger" / "entries.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for changed, wanted in (
        ([*lines[:3], *lines[4:]], "entry 5: the chain is broken before it"),
        ([lines[0].replace('"act": "', '"act": "x'), *lines[1:]], "entry 1: altered"),
        ([lines[0].replace('"leaf": ', '"leaf": 9'), *lines[1:]], "entry 1: it does not stand"),
    ):
        file.write_text("".join(changed), encoding="utf-8")
        _listed_anew(folder, "ledger/entries.jsonl", file.read_bytes())
        status, told = _verified(folder)
        assert status == 1
        assert f"WRONG ledger/entries.jsonl: {wanted}" in told
    file.write_text("".join(lines), encoding="utf-8")
    _listed_anew(folder, "ledger/entries.jsonl", file.read_bytes())
    head = folder / "ledger" / "head.json"
    told_head = json.loads(head.read_text())
    head.write_text(json.dumps(told_head | {"at": "2026-01-01T00:00:00.000000Z"}))
    _listed_anew(folder, "ledger/head.json", head.read_bytes())
    assert "WRONG ledger/head.json: the signature is not of this key" in _verified(folder)[1]


def test_a_proof_reads_the_blocks_that_it_asks_about(tmp_path: Path) -> None:
    """What was read once is not read again, however large the ledger is; and nothing is proved that does not hold."""
    journal, blocks, records = Journal.open(tmp_path), Blocks(tmp_path), Records(tmp_path)
    assert records.last_head() is None
    hashes = [sha256(str(number).encode()).digest() for number in range(2 * BLOCK + 11)]
    sizes = (1, BLOCK - 1, BLOCK, BLOCK + 1, len(hashes))
    for before, size in pairwise((0, *sizes)):
        new = [Leaf(one.hex(), "case:1", 1) for one in hashes[before:size]]
        head = journal.append(new, "2026-11-23T01:00:00.000000Z")
        assert records.last_head() == head
        asked = {0, size // 2, size - 1, min(BLOCK, size - 1)}
        proofs = blocks.proofs(head, asked)
        assert proofs.keys() == asked
        for number, proof in proofs.items():
            root = bytes.fromhex(head.root)
            assert verify_inclusion(hashes[number], number, size, proof, root)
    with pytest.raises(IndexError):
        blocks.proofs(head, [head.size])

    whole = (tmp_path / "leaves").read_bytes()
    at = whole.index(hashes[100].hex().encode())
    other = bytes([whole[at] ^ 1])
    (tmp_path / "leaves").write_bytes(whole[:at] + other + whole[at + 1 :])
    assert blocks.proofs(head, [BLOCK + 3]), "the first block is known, and not read again"
    for asking in (blocks, Blocks(tmp_path)):
        with pytest.raises(JournalDamaged):
            asking.proofs(head, [99])
    (tmp_path / "leaves").write_bytes(whole)
    assert blocks.proofs(head, [99]) == Blocks(tmp_path).proofs(head, [99])
    for torn in (b'{"size": 9', b'{"size": 9}\n'):
        with (tmp_path / "heads.jsonl").open("ab") as heads:
            heads.write(torn)
        assert records.last_head() == head


async def _packed(office: Office, case_id: str, into: Path) -> str:
    store = office.store
    file = await asyncio.to_thread(into.open, "wb")
    try:
        journal = Proving(into.parent / "ledger")
        return await pack(store.read(), store.blobs, journal, case_id, file, into.parent)
    finally:
        await asyncio.to_thread(file.close)


REASON = {"reason": "移交档案馆"}


async def archived(store: Store, *, unit_id: str, size: int) -> str:
    """A case in the archive, of a window of this unit, with a file of so many bytes that is full of holes."""
    sha256 = "a" * 64
    place = store.blobs.path(sha256)
    await asyncio.to_thread(place.parent.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(place.touch)
    await asyncio.to_thread(os.truncate, place, size)
    async with store.change(SYSTEM) as change:
        facts.begin(change.connection).end()  # nobody's act: as if it had come to its end
        row = tables.cases.c
        case_id = await change.connection.scalar(sa.select(row.id).limit(1))
        values = {"state": "archived", "window_unit_id": unit_id, "unit_id": demo.XIHAIAN}
        await change.connection.execute(
            tables.cases.update().where(row.id == case_id).values(**values)
        )
        await change.connection.execute(
            tables.materials.insert().values(
                id="material-large", case_id=case_id, line="identity", number=1, slot=1, name="a.pdf",
                state="stored", size_bytes=size, sha256=sha256, by=f"person-{CLERK}",
                at=change.at, side="window", purpose="material", version=1, review="none",
                review_reason="",
            )
        )  # fmt: skip
    await store.seal()
    return str(case_id)


async def test_who_decides_where_the_case_was_taken_too_gets_its_package(
    office: Office, tmp_path: Path
) -> None:
    await office.case()
    case_id = await archived(office.store, unit_id=demo.XIHAIAN, size=10)
    packing = Packing(office.store, tmp_path / "ledger")
    both = replace(
        office.actors[APPROVER], roles=frozenset({Role.CLERK, Role.APPROVER}), window_id=None
    )
    async with office.store.read() as connection:
        _, audience = await admission.header(connection, both, case_id)
    assert audience.side == "window"
    with await packing.take(both, case_id, "移交档案馆") as packed:
        assert zipfile.is_zipfile(packed.file)
    clerk = replace(both, roles=frozenset({Role.CLERK}))
    with pytest.raises(Refusal) as told:
        await packing.take(clerk, case_id, "移交档案馆")
    assert told.value.code is Code.FORBIDDEN
    [entry] = [one for one in await office.entries(case_id) if one["act"] == "case.package"]
    assert entry["actor"] == both.person_id


@SQLITE_ALONE
async def test_no_package_is_made_for_which_the_disk_has_no_room(
    office: Office, tmp_path: Path
) -> None:
    await office.case()
    free = shutil.disk_usage(tmp_path).free
    case_id = await archived(office.store, unit_id=demo.JINAN, size=free + (1 << 30))
    packing = Packing(office.store, tmp_path / "ledger")
    with pytest.raises(Refusal) as told:
        await packing.take(office.actors[APPROVER], case_id, "移交档案馆")
    assert told.value.code is Code.DISK_FULL
    assert not [one for one in await office.entries(case_id) if one["act"] == "case.package"]
    assert list(office.store.blobs.partial.iterdir()) == []


@SQLITE_ALONE
async def test_whoever_takes_nothing_of_his_package_is_cut_off_and_holds_two_at_most(
    demo_database: str, tmp_path: Path
) -> None:
    async with demo_node(demo_database, tmp_path) as node, desk_of(node, APPROVER) as desk:
        store, packing = node.app[STORE], node.app[PACKING]
        async with desk_of(node, CLERK) as clerk:
            await clerk.open_case()
        case_id = await archived(store, unit_id=demo.JINAN, size=64 << 20)
        address = URL(node.address)
        body = json.dumps(REASON)
        request = (
            f"POST /api/v1/cases/{case_id}/package HTTP/1.1\r\nHost: {address.host}\r\n"
            f"Authorization: {desk.http.headers['Authorization']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
        ).encode()

        async def slow() -> asyncio.StreamWriter:
            """Somebody who takes the beginning of his package and nothing more."""
            reader, writer = await asyncio.open_connection(address.host, address.port, limit=1)
            writer.write(request)
            assert (await reader.readexactly(12)) == b"HTTP/1.1 200"
            return writer

        async def free() -> None:
            await until(lambda: None if _held(store.blobs.partial) == before else "held", 30)

        before = _held(store.blobs.partial)
        here = [await slow(), await slow()]
        assert _held(store.blobs.partial) == before + 2
        async with desk.http.post(f"/api/v1/cases/{case_id}/package", json=REASON) as said:
            assert (said.status, (await said.json())["code"]) == (429, "throttled")
        for writer in here:
            writer.close()
        await free()
        # who stays and takes nothing is let go as well
        packing.silence_s = 0.2
        stays = await slow()
        await free()
        stays.close()
        packing.silence_s = 60
        async with desk.http.post(f"/api/v1/cases/{case_id}/package", json=REASON) as said:
            assert said.status == 200
            assert len(await said.read()) > 64 << 20


def _held(folder: Path) -> int:
    """How many files below this folder this process holds open that have no name any more."""
    found = 0
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += str(one.readlink()).startswith(str(folder))
    return found


def _listed_anew(folder: Path, name: str, content: bytes) -> None:
    import hashlib

    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _verified(folder: Path, of: Path | None = None) -> tuple[int, str]:
    """Status and words of the verifier that lies in the package, in a Python without any package."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", folder / "verify.py", *([of] if of else [])],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout
