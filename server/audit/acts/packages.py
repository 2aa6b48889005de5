"""The archive package of a case: what goes into it, read from record, files and ledger. Writes nothing of them.

It holds the case whole, with the applicant's numbers and what each entry tells, since that is what an archive
keeps: whoever runs commands on the machine may make one, and the unit that decided the case. Recordings are named by their hashes alone.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, Self

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic_core import to_jsonable_python

from server.audit import rows as log
from server.audit.rows import SealedEntry
from server.calls.rows import recorded
from server.case import admission, rows
from server.case.rows.reading import Whole
from server.case.rules.applying import Principal
from server.case.turn import HeaderTurn
from server.case.views import case_view
from server.people.acts.throttle import Limit, spend
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_case
from server.standards.papers import TITLES
from server.store import Store
from server.store.blobs import Blobs
from server.store.files import has_room, opened
from server.store.ledger.blocks import Blocks
from server.store.ledger.journal import JournalDamaged, Records
from server.uploads.acts.receiving import written
from server.work.archive import package
from signaling.refusals import Code, Refusal

SEALED_WITHIN_S: Final = 5.0
"""How long a package waits until the newest entries of its case stand under a signed head."""
ASKS: Final = Limit(6, 60)
"""So many packages one person may have made in a minute: each reads every file of a case."""
AT_ONCE: Final = 2
"""So many packages of one person are handed out at a time by a node: each is a file as large as the case."""
SILENCE_S: Final = 60.0
"""Whoever takes nothing of a package for so long is cut off."""
TAKEN_AT_LEAST: Final = 32 * 1024
"""Bytes a second: a package is not handed out for longer than it takes at that, and a silence."""
_PLAIN: Final = re.compile(r"[^A-Za-z0-9]+")
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,8}$")


class NotPacked(Exception):
    """No package can be made: a sentence that says why, and the refusal that an interface gives."""

    def __init__(self, why: str, code: Code) -> None:
        super().__init__(why)
        self.code = code


class Proving:
    """What the ledger keeps outside the database, as far as a package proves its entries by it. One a process: it
    remembers what it has read."""

    def __init__(self, ledger_dir: Path) -> None:
        self.records, self.blocks = Records(ledger_dir), Blocks(ledger_dir)


class Packed:
    """A package that is handed out: an open file without a name, at its beginning, closed by the end of the block."""

    def __init__(
        self, file: BinaryIO, name: str, size_bytes: int, over: Callable[[], None]
    ) -> None:
        self.file, self.name, self.size_bytes = file, name, size_bytes
        self._over = over

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self._over()


class Packing:
    """Makes the packages that are asked for, one at a time on a node.

    ``silence_s``: how long somebody may take nothing of his.
    """

    def __init__(self, store: Store, ledger_dir: Path, *, silence_s: float = SILENCE_S) -> None:
        self._store, self._journal = store, Proving(ledger_dir)
        self._turn = asyncio.Lock()
        self._out: Counter[str] = Counter()
        """How many of each person's are being made or handed out."""
        self.silence_s = silence_s

    async def take(self, actor: Actor, case_id: str, reason: str) -> Packed:
        """The package of a case for the unit that decided it, for a reason; who took it, why and which one
        is kept in the ledger of the case. The caller closes it.

        Refused: not_found (also to a guest, and to a former unit), forbidden (the window's side),
        reason_missing, not_archived, content_altered (a file is gone), throttled (six a minute, or two that are
        still being handed out), busy (the ledger does not seal), disk_full (less room than it takes), disk_read_only.
        """
        async with self._store.read() as connection:
            case, audience = await admission.header(connection, actor, case_id)
            number = await log.case_number(connection, case_id, actor.unit_id)
        # who decides at the unit of the window too sees the case as its clerk
        judges = audience.judges() or may(actor, Act.CASE_JUDGE, unit_id=case.unit_id)
        if not (judges or audience.supervises) or actor.unit_id != case.unit_id:
            raise Refusal(Code.FORBIDDEN)
        if not reason.strip():
            raise Refusal(Code.REASON_MISSING)
        if self._out[actor.person_id] >= AT_ONCE:
            raise Refusal(Code.THROTTLED)
        self._out[actor.person_id] += 1
        try:
            await spend(self._store, ("package", actor.person_id), ASKS)
            with written():
                file = await opened(self._new)
            try:
                manifest = await self._written(case_id, file)
                async with self._store.change(actor) as change:
                    turn = await HeaderTurn.begin(change, actor, case_id)
                    await turn.enter(
                        "case.package", {"reason": reason.strip(), "manifest": manifest}
                    )
                size = await asyncio.to_thread(_length, file)
            except BaseException:
                file.close()
                raise
        except BaseException:
            self._let_go(actor.person_id)
            raise
        name = f"{_plain(number or case_id)}.zip"
        return Packed(file, name, size, lambda: self._let_go(actor.person_id))

    def _new(self) -> BinaryIO:
        file: BinaryIO = TemporaryFile(dir=self._store.blobs.partial)  # noqa: SIM115 - closed by Packed
        return file

    async def _written(self, case_id: str, file: BinaryIO) -> str:
        with written():
            async with self._turn:
                return await self._made(case_id, file)

    def _let_go(self, person_id: str) -> None:
        self._out[person_id] -= 1
        if not self._out[person_id]:
            del self._out[person_id]

    async def _made(self, case_id: str, file: BinaryIO) -> str:
        until = asyncio.get_running_loop().time() + SEALED_WITHIN_S
        while True:
            try:
                store = self._store
                return await pack(
                    store.read(), store.blobs, self._journal, case_id, file, store.blobs.partial
                )
            except NotPacked as why:
                if why.code != Code.BUSY or asyncio.get_running_loop().time() > until:
                    raise Refusal(why.code, case=case_id) from why
            await asyncio.sleep(0.25)


def _length(file: BinaryIO) -> int:
    size = file.tell()
    file.seek(0)
    return size


async def pack(
    reading: AbstractAsyncContextManager[rows.Connection],
    blobs: Blobs,
    journal: Proving,
    case_id: str,
    into: BinaryIO,
    folder: Path,
) -> str:
    """Write the package of a case that is in the archive into a file in this folder; returns the SHA-256 of its manifest.
    What is read of the database is read at one moment; while files are written nothing of it is held.

    NotPacked: there is no such case, it is not in the archive, not all of its entries are sealed yet, a
    file of it is gone, the ledger's files contradict its newest head, or the disk has no room for it.
    """
    async with reading as connection:
        documents, files, entries = await _read(connection, blobs, case_id)
    return await asyncio.to_thread(_write, into, folder, documents, files, entries, journal)


async def _read(
    connection: rows.Connection, blobs: Blobs, case_id: str
) -> tuple[dict[str, bytes], dict[str, Path], Sequence[SealedEntry]]:
    """The documents of the package, its files by their names, and the entries that are to be proved."""
    whole = await rows.find_whole(connection, case_id)
    if whole is None:
        raise NotPacked("There is no such case.", Code.NOT_FOUND)
    case = whole.record.case
    if case.state != "archived":
        raise NotPacked(f"The case is not in the archive: {case.state}.", Code.NOT_ARCHIVED)
    entries = await log.list_sealed(connection, of_case(case_id))
    calls = await log.calls_about(connection, case_id)
    recordings = [
        one
        for call in calls
        for one in await recorded.list_recordings(connection, call)
        if one.sha256 is not None
    ]
    files: dict[str, Path] = {}
    materials, papers = _materials(whole, files, blobs), _papers(whole, files, blobs)
    told = _case(whole, entries) | {
        "material": materials,
        "paper": papers,
        "recording": [
            {"id": one.id, "call": one.call_id, "sha256": one.sha256} for one in recordings
        ],
    }
    documents = {
        "case.xml": package.as_xml(told),
        "case.json": _json(case_view(whole).model_dump(mode="json")),
        "form.json": _json({name: one.value for name, one in case.entries.items()}),
        "recordings.json": _json([asdict(one) for one in recordings]),
    }
    return documents, files, entries


def _write(
    into: BinaryIO,
    folder: Path,
    documents: Mapping[str, bytes],
    files: Mapping[str, Path],
    entries: Sequence[SealedEntry],
    journal: Proving,
) -> str:
    size = 0
    for name, path in files.items():
        if not path.is_file():
            raise NotPacked(f"A file is gone: {name}.", Code.CONTENT_ALTERED)
        size += path.stat().st_size
    texts = {**documents, **_proofs(entries, journal)}
    if not has_room(folder, size + sum(map(len, texts.values()))):
        raise NotPacked(f"The disk has no room for it: {size} bytes.", Code.DISK_FULL)
    return package.write(into, texts, files)


def _proofs(entries: Sequence[SealedEntry], journal: Proving) -> dict[str, bytes]:
    """The entries, each with its path to the newest signed head, and that head with its key."""
    head, key = journal.records.last_head(), journal.records.public_key()
    if head is None or key is None:
        raise NotPacked("Nothing was sealed yet.", Code.BUSY)
    asked = [one.leaf for one in entries if one.leaf is not None and one.leaf < head.size]
    if len(asked) != len(entries):
        raise NotPacked("Not all entries are sealed yet: try again in a moment.", Code.BUSY)
    try:
        proofs = journal.blocks.proofs(head, asked)
    except JournalDamaged as damaged:
        raise NotPacked(f"The ledger does not hold: {damaged}.", Code.CONTENT_ALTERED) from None
    lines = []
    for one, leaf in zip(entries, asked, strict=True):
        proof = [step.hex() for step in proofs[leaf]]
        told = asdict(one.entry) | {
            "hash": one.hash, "leaf": leaf, "salt": one.salt, "payload": one.payload, "proof": proof
        }  # fmt: skip
        lines.append(json.dumps(told, ensure_ascii=False, sort_keys=True))
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return {
        "ledger/entries.jsonl": ("\n".join(lines) + "\n").encode(),
        "ledger/head.json": _json(asdict(head) | {"key": raw}),
    }


def _principal(who: Principal | None) -> dict[str, Any] | None:
    """For whom he came."""
    if who is None:
        return None
    return {
        "capacity": who.capacity,
        "name": who.name,
        "document": who.document,
        "number": who.number,
        "representative": who.representative or None,
        "mandate_until": who.mandate_until and who.mandate_until.isoformat(),
    }


def _case(whole: Whole, entries: Sequence[SealedEntry]) -> dict[str, Any]:
    """The metadata in the order of ``case.xsd``."""
    record, case = whole.record, whole.record.case
    decided, course = case.decision, case.course
    return {
        "number": case.number,
        "receipt_number": case.receipt_number,
        "state": case.state,
        "mode": case.mode,
        "registered_at": _at(case.created_at),
        "item": {"code": case.item.code, "name": case.item.name},
        "applicant": {
            "name": case.applicant.name,
            "document": case.applicant.document,
            "identity_number": case.applicant.identity_number,
            "phone": case.applicant.phone,
            "credit_code": case.applicant.credit_code or None,
            "principal": _principal(case.applicant.principal),
        },
        "window": {"unit": record.window_unit_name, "name": record.window_name},
        "unit": record.unit_name,
        "acceptance": decided
        and {"kind": decided.kind, "reason": decided.reason, "at": _at(decided.at)},
        "ruling": course.ruling
        and {
            "kind": course.ruling.kind,
            "reason": course.ruling.reason,
            "basis": list(course.ruling.bases),
            "at": _at(course.ruling.at),
        },
        "ending": course.ending
        and {
            "kind": course.ending.kind,
            "reason": course.ending.reason,
            "at": _at(course.ending.at),
        },
        "result": [
            {
                "name": one.name,
                "number": one.number,
                "valid_from": one.valid_from.isoformat(),
                "valid_until": _day(one.valid_until),
            }
            for one in course.results
        ],
        "follows": case.sequel_of
        and {
            "case": case.sequel_of.case_id,
            "number": case.sequel_of.number or None,
            "kind": case.sequel_of.kind,
            "begun_by": case.sequel_of.begun_by,
            "reason": case.sequel_of.reason or None,
        },
        "sequel": [
            {
                "case": one.case_id,
                "kind": one.kind,
                "outcome": one.outcome,
                "ended_on": _day(one.ended_on),
            }
            for one in course.sequels
        ],
        "step": [
            {
                "version": one.entry.version,
                "act": one.entry.act,
                "at": one.entry.at,
                "by": one.entry.actor,
            }
            for one in entries
        ],
    }


def _materials(whole: Whole, files: dict[str, Path], blobs: Blobs) -> list[dict[str, Any]]:
    """Every version that was stored, as it came; its place goes into ``files``."""
    told = []
    stored = [one for one in whole.record.case.materials if one.sha256 is not None]
    for place, one in enumerate(sorted(stored, key=lambda one: (one.line, one.number, one.id)), 1):
        assert one.sha256 is not None
        suffix = _SUFFIX.search(one.name)
        name = (
            f"materials/{place:03}-{_plain(one.line)}-{one.number}"
            f"{suffix.group(0).lower() if suffix else ''}"
        )
        files[name] = blobs.path(one.sha256)
        told.append(
            {
                "line": one.line,
                "name": one.name,
                "number": one.number,
                "pages": one.pages,
                "at": _at(one.at),
                "sha256": one.sha256,
                "path": name,
            }
        )
    return told


def _papers(whole: Whole, files: dict[str, Path], blobs: Blobs) -> list[dict[str, Any]]:
    told = []
    for one in whole.papers:
        if one.sha256 is None:
            continue
        name = f"papers/{one.kind}-{_plain(one.number)}.pdf"
        files[name] = blobs.path(one.sha256)
        told.append(
            {
                "title": TITLES[one.kind],
                "number": one.number,
                "sealed": "true" if one.seal else "false",
                "at": _at(one.at),
                "sha256": one.sha256,
                "path": name,
            }
        )
    return told


def _plain(name: str) -> str:
    return _PLAIN.sub("-", name).strip("-") or "file"


def _at(at: datetime) -> str:
    return at.isoformat()


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _json(value: Any) -> bytes:
    made = json.dumps(to_jsonable_python(value), ensure_ascii=False, indent=1, sort_keys=True)
    return made.encode() + b"\n"
