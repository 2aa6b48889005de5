"""Calls and their files as they are read afterwards: recordings, playbacks, papers, marks.

A file is given out only while its bytes still have the hash in the record; that a supervisor
watched or read one is kept in the ledger, once a session. Knows no HTTP.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from server.audit import rows as log
from server.audit.acts import histories as supervision
from server.audit.wire import CallCheck, CallDetail, FileCheck, Interruption, Lacking, Silence
from server.calls.acts import asking, playbacks, telling
from server.calls.projection import project_call
from server.calls.rows import calls as call_rows
from server.calls.rows import marks as mark_rows
from server.calls.rows import playbacks as rows
from server.calls.rows import recorded as recorded_rows
from server.calls.rows.playbacks import Playback
from server.calls.rules import PlaybackType
from server.calls.views import call_view
from server.calls.wire import Marks, MarkView, PlaybackView, RecordingState, RecordingView
from server.case import rows as case_rows
from server.case.acts.papers import press as papers
from server.case.admission import watched
from server.case.rows import papers as paper_rows
from server.case.rows import phrases as phrases_rows
from server.case.wire.http import Phrase, Phrases
from server.people.acts.throttle import Limit, spend
from server.people.rows.people import person_refs
from server.rights.person import Actor
from server.rights.subjects import of_call, of_case
from server.standards.identifiers import mask_numbers
from server.standards.papers import TITLES
from server.store import Store, version_of
from signaling.call.parts import CallId
from signaling.refusals import Code, Refusal

CHECKS: Final = Limit(6, 60)
"""So many calls one person may have checked in a minute: each hashes every file anew."""
REMEMBERED: Final = 10_000
INTERRUPTED_S: Final = 5.0
"""From here on a gap in sound or face that nobody asked for is told by the check."""


class Archive:
    """Calls, cases and their files as they are read afterwards."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._whole: dict[str, tuple[Any, bool]] = {}
        self._viewed: dict[tuple[str, str], None] = {}

    # ------------------------------------------------------------ calls

    async def call(self, actor: Actor, call_id: str) -> CallDetail:
        """A call with its files: for supervisors of either unit, and without files for those who were in it.

        Refused: not_found.
        """
        async with self._store.read() as connection:
            call, about = await telling.found(connection, CallId(call_id))
            audience = telling.audience_of(actor, call, about)
            case = await case_rows.find_header(connection, about.case_id)
            if audience not in ("party", "supervisor") or case is None:
                raise Refusal(Code.NOT_FOUND, call=call_id)
            view = await call_view(connection, call, about)
            version = await version_of(connection, of_call(call_id))
            number = await log.case_number(connection, about.case_id, actor.unit_id)
            files: list[recorded_rows.Recorded] = []
            played: list[Playback] = []
            entries: list[recorded_rows.Written] = []
            legs: list[tuple[datetime, list[Mapping[str, Any]]]] = []
            if audience == "supervisor":
                files = await recorded_rows.list_recordings(connection, call_id)
                played = await rows.list_playbacks(connection, call_id)
                entries = await recorded_rows.list_entries(connection, of_call(call_id))
                legs = await log.told_legs(connection, call_id)
            people = await person_refs(connection, {one.person_id or "" for one in played})
        return CallDetail(
            version=version,
            audience=audience,
            call=project_call(view, audience, actor.person_id),
            recordings=[await self._view(one) for one in files],
            case_number=number,
            item_name=case.item.name,
            playbacks=[playbacks.playback_view(one, people) for one in played],
            silences=silences_of(entries),
            lacking=lacking_of(legs),
        )

    async def _view(self, one: recorded_rows.Recorded) -> RecordingView:
        state: RecordingState = "recording"
        if one.state == "lost":
            state = "lost"
        elif one.state == "stored" and one.sha256 is not None:
            state = "stored" if await self.whole(one.sha256) else "tampered"
        return RecordingView.model_validate(
            {name: getattr(one, name) for name in RecordingView.model_fields} | {"state": state}
        )

    async def marks(self, actor: Actor, call_id: str) -> Marks:
        """What was shown and pointed at in a call; for supervisors. Refused: not_found."""
        await self._watched(actor, call_id)
        async with self._store.read() as connection:
            found = await mark_rows.list_marks(connection, call_id)
            people = await person_refs(connection, {one.by for one in found})
        return Marks(
            marks=[
                MarkView.model_validate(
                    {"at": one.at, "kind": one.kind, "by": people[one.by], "body": one.body}
                )
                for one in found
            ]
        )

    async def check(self, actor: Actor, call_id: str) -> CallCheck:
        """Hash every file of a call and of its case anew, and verify their ledgers; for supervisors.

        That it was asked is kept. Refused: not_found, throttled (six a minute).
        """
        case_id = await self._watched(actor, call_id)
        await spend(self._store, ("check", actor.person_id), CHECKS)
        ledger = await supervision.check_ledger(self._store, actor, case_id, call_id)
        async with self._store.read() as connection:
            case = await watched(connection, actor, case_id)
            named = [
                *await self._recorded_files(connection, call_id),
                *[
                    ("material", one.id, mask_numbers(one.name), one.sha256)
                    for one in await case_rows.list_materials(connection, [case_id])
                    if one.sha256 is not None and case.has(f"material:{one.id}")
                ],
                *[
                    ("paper", one.id, f"{TITLES[one.kind]} {one.number}", one.sha256)
                    for one in await paper_rows.list_papers(connection, [case_id])
                    if one.sha256 is not None and case.has(f"paper:{one.id}")
                ],
            ]
        files = [await self._looked_at(*one) for one in named]
        async with self._store.read() as connection:
            recorded = await recorded_rows.list_recordings(connection, call_id)
        sm3 = {one.id: one.sm3 for one in recorded if one.sm3 is not None}
        for number, one in enumerate(files):
            if one.ok and one.id in sm3:
                sha256 = named[number][3]
                if await self._store.blobs.sm3(sha256) != sm3[one.id]:
                    files[number] = one.model_copy(update={"ok": False, "reason": "altered"})
        return CallCheck(
            ok=ledger.ok and all(one.ok for one in files),
            ledger=ledger,
            files=files,
            interruptions=[told for one in recorded for told in _interruptions(one)],
            checked_at=self._store.clock.now(),
        )

    async def _recorded_files(
        self, connection: call_rows.Connection, call_id: str
    ) -> list[tuple[Any, str, str, str]]:
        found = await rows.list_playbacks(connection, call_id)
        people = await person_refs(connection, {one.person_id or "" for one in found})
        return [
            *[
                ("recording", one.id, f"{one.seat} {one.person.name}", one.sha256)
                for one in await recorded_rows.list_recordings(connection, call_id)
                if one.sha256 is not None
            ],
            *[
                (
                    "playback",
                    one.id,
                    f"{one.seat} {people[one.person_id].name}" if one.person_id else one.seat,
                    one.sha256,
                )
                for one in found
                if one.sha256 is not None
            ],
        ]

    async def _looked_at(self, kind: Any, id: str, name: str, sha256: str) -> FileCheck:
        self._whole.pop(sha256, None)
        if not await self._store.blobs.exists(sha256):
            return FileCheck(kind=kind, id=id, name=name, ok=False, reason="missing")
        if not await self.whole(sha256):
            return FileCheck(kind=kind, id=id, name=name, ok=False, reason="altered")
        return FileCheck(kind=kind, id=id, name=name, ok=True)

    async def _watched(self, actor: Actor, call_id: str) -> str:
        """The case of a call that this person may watch. Refused: not_found."""
        async with self._store.read() as connection:
            call, about = await telling.found(connection, CallId(call_id))
        if telling.audience_of(actor, call, about) != "supervisor":
            raise Refusal(Code.NOT_FOUND, call=call_id)
        return about.case_id

    # ------------------------------------------------------------ files

    async def recording(
        self, actor: Actor, recording_id: str, *, download: bool
    ) -> recorded_rows.Recorded:
        """A stored recording that may be watched now; watching is kept in the ledger of its call.

        Refused: not_found, material_not_stored (still being written, or lost), content_altered.
        """
        async with self._store.read() as connection:
            one = await recorded_rows.find_recording(connection, recording_id)
        if one is None:
            raise Refusal(Code.NOT_FOUND)
        await self._watched(actor, one.call_id)
        if one.state != "stored" or one.sha256 is None or one.size_bytes is None:
            raise Refusal(Code.MATERIAL_NOT_STORED)
        if not await self.whole(one.sha256):
            raise Refusal(Code.CONTENT_ALTERED, recording=one.id)
        await self._note(
            actor,
            of_call(one.call_id),
            "recording.view",
            f"recording:{one.id}",
            {"download": download},
        )
        return one

    async def playback(
        self, actor: Actor, playback_id: str, *, download: bool, anyway: bool
    ) -> Playback:
        """A playback that may be watched now; watching is kept in the ledger of its call.

        With ``anyway`` also one whose bytes no longer have the hash in the record, and that is kept
        too. Refused: not_found, material_not_stored (not made yet, or failed), content_altered.
        """
        async with self._store.read() as connection:
            one = await rows.find(connection, playback_id)
        if one is None:
            raise Refusal(Code.NOT_FOUND)
        await self._watched(actor, one.call_id)
        if one.state != "ready" or one.sha256 is None or one.size_bytes is None:
            raise Refusal(Code.MATERIAL_NOT_STORED)
        whole = await self.whole(one.sha256)
        if not whole and not (anyway and await self._store.blobs.exists(one.sha256)):
            raise Refusal(Code.CONTENT_ALTERED, playback=one.id)
        await self._note(
            actor,
            of_call(one.call_id),
            "recording.watch",
            f"playback:{one.id}",
            {"download": download, "seat": one.seat, "whole": whole},
        )
        return one

    async def compose(
        self, actor: Actor, call_id: str, media_type: PlaybackType = "video/webm"
    ) -> PlaybackView:
        """Ask for all parties in one file; for supervisors. Given is what is there or being made.

        Refused: not_found, material_not_stored (the parties' own playbacks are not ready).
        """
        case_id = await self._watched(actor, call_id)
        async with self._store.change(actor) as change:
            call, _ = await telling.found(change.connection, CallId(call_id))
            # Of the whole call, whoever asks first: the file is one for all who may watch it.
            acts = await recorded_rows.list_entries(change.connection, of_case(case_id))
            made = await asking.ask_composition(change, call, acts, media_type)
        return playbacks.playback_view(made, {})

    async def paper(self, actor: Actor, paper_id: str) -> papers.PaperContent:
        """A paper that may be read now; that a supervisor read it is kept in the ledger of its case.

        Refused: not_found, paper_not_ready, content_altered.
        """
        content = await papers.find_content(self._store, actor, paper_id)
        if not await self.whole(content.sha256):
            raise Refusal(Code.CONTENT_ALTERED, paper=paper_id)
        if content.audience.supervises:
            await self._note(actor, of_case(content.case_id), "paper.read", f"paper:{paper_id}", {})
        return content

    async def phrases(self, actor: Actor) -> Phrases:
        """The quick phrases of the asker's unit and of all."""
        async with self._store.read() as connection:
            found = await phrases_rows.list_phrases(connection, actor.unit_id)
        return Phrases(phrases=[Phrase.model_validate(one) for one in found])

    async def whole(self, sha256: str) -> bool:
        """Whether the bytes still have this hash; read anew whenever the file was touched."""
        stamp = await self._store.blobs.stamp(sha256)
        known = self._whole.get(sha256)
        if known is None or known[0] != stamp:
            known = self._whole[sha256] = (stamp, await self._store.blobs.verify(sha256))
            if len(self._whole) > REMEMBERED:
                del self._whole[next(iter(self._whole))]
        return known[1]

    async def _note(
        self, actor: Actor, subject: str, act: str, object: str, payload: Mapping[str, Any]
    ) -> None:
        """Keep that something was looked at; a player asks for many pieces in one session."""
        key = (actor.session_id, f"{act} {object} {sorted(payload.items())}")
        if key in self._viewed:
            return
        async with self._store.change(actor) as change:
            await change.record(subject, act, object, None, payload=payload)
        self._viewed[key] = None
        if len(self._viewed) > REMEMBERED:
            del self._viewed[next(iter(self._viewed))]


def _interruptions(one: recorded_rows.Recorded) -> list[Interruption]:
    return [
        Interruption(
            name=one.person.name,
            mid=gap["mid"],
            from_at=datetime.fromtimestamp(gap["started_at"], UTC),
            to_at=datetime.fromtimestamp(gap["ended_at"], UTC),
            reason=gap["reason"],
        )
        for gap in one.gaps
        if gap["reason"] in ("lost", "dropped", "unwritten")
        and gap["mid"] in ("0", "1")
        and gap["ended_at"] - gap["started_at"] >= INTERRUPTED_S
    ]


def silences_of(entries: Iterable[recorded_rows.Written]) -> list[Silence]:
    """When legs were silent, as the entries of their call tell."""
    since: dict[str, datetime] = {}
    found = []
    for one in entries:
        at = datetime.fromisoformat(one.at)
        if one.act == "leg.silent":
            since.setdefault(one.object, at)
        elif one.act == "leg.heard" and (began := since.pop(one.object, None)) is not None:
            found.append(Silence(leg_id=one.object, from_at=began, to_at=at))
    return found + [Silence(leg_id=leg, from_at=at, to_at=None) for leg, at in since.items()]


def lacking_of(told: Iterable[tuple[datetime, Iterable[Mapping[str, Any]]]]) -> list[Lacking]:
    """When pages had no device for a line, as the changes of their call tell, the earliest first."""
    since: dict[tuple[str, str], datetime] = {}
    found = []
    for at, legs in told:
        now = {(leg["id"], mid) for leg in legs for mid in leg.get("lacking", ())}
        for leg_id, mid in sorted(since.keys() - now):
            began = since.pop((leg_id, mid))
            found.append(Lacking(leg_id=leg_id, mid=mid, from_at=began, to_at=at))
        for one in sorted(now - since.keys()):
            since[one] = at
    found += [
        Lacking(leg_id=leg_id, mid=mid, from_at=at, to_at=None)
        for (leg_id, mid), at in since.items()
    ]
    return sorted(found, key=lambda one: one.from_at)
