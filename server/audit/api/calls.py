"""/api/v1/calls, playbacks, recordings, papers, materials: what is read afterwards, and sealed bytes."""

import asyncio
from datetime import date
from typing import Annotated, Any, Final

from aiohttp import hdrs, web
from pydantic import Field, StringConstraints

from server.audit.acts import histories as supervision
from server.audit.acts.archive import Archive
from server.audit.wire import CallCheck, CallDetail, CallLog
from server.calls.wire import Marks, PlaybackView
from server.case.acts.form.cards import CardReader
from server.case.acts.materials import files as materials
from server.case.acts.papers import signing
from server.case.api.cases import Cursor, Text
from server.case.wire.http import CardReading, Phrases, SignatureImage
from server.edge.edge import DOWNLOADED, attachment
from server.edge.route import STORE, Ask, Nothing, Routes, read_cursor, write_cursor
from server.papers.seals import SealFolder
from server.papers.wire import SealCheck
from server.people.acts.throttle import SEARCHES, spend
from server.store import Store
from server.uploads.acts import copies as viewing
from server.work.probe import MEDIA_TYPES, PDF
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Message

routes: Final = Routes("calls")
ARCHIVE: Final = web.AppKey("archive", Archive)
CARDS: Final = web.AppKey("cards", CardReader)
SEALS: Final = web.AppKey("seals", SealFolder)
PAGE: Final = 50
PLAYED: Final = "video/webm"
"""VP8 and Opus in Matroska, as WebM says; what browsers play from a page."""
PLAYED_H264: Final = "video/mp4"
KEPT: Final = "video/x-matroska"


Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


class CallSearch(Message):
    number: Text = ""
    """Part of the 办件编号."""
    person: Text = ""
    """Part of the name, or the login or staff number, of anybody who had a seat."""
    file: Text = ""
    """Part of the name of a file of the case."""
    text: Text = ""
    """Part of a message that was written in the case."""
    from_: Annotated[Day | None, Field(alias="from")] = None
    """First day, in China."""
    to: Day | None = None
    """Last day, in China."""
    cursor: Cursor | None = None


class ContentQuery(Message):
    download: Annotated[str, StringConstraints(pattern="^[01]$")] = "0"
    """1: as a file to keep."""


class OriginalAsked(Message):
    reason: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
    """Why the original is needed; kept in the ledger."""


class PlaybackQuery(ContentQuery):
    anyway: Annotated[str, StringConstraints(pattern="^[01]$")] = "0"
    """1: also when the bytes no longer have the hash in the record. That is kept."""


class CompositionQuery(Message):
    kind: Annotated[str, StringConstraints(pattern="^(webm|mp4)$")] = "webm"
    """webm: VP8 and Opus; mp4: H264 and AAC."""


@routes.route("POST", "/api/v1/search/calls", problems=(Code.FORBIDDEN, Code.THROTTLED))
async def search_calls(ask: Ask[Nothing, CallSearch]) -> CallLog:
    """The log of calls from and to my unit, or what is found in it, newest first; for supervisors. Of what is
    looked for 120 a minute, with searches of cases.

    What is looked for may be a person's name: it comes in the body, because addresses are logged.
    """
    body = ask.body
    if body.number or body.person or body.file or body.text:
        await spend(ask.request.app[STORE], ("search", ask.actor.person_id), SEARCHES)
    rows = await supervision.call_log(
        ask.request.app[STORE],
        ask.actor,
        number=ask.body.number,
        person=ask.body.person,
        file=ask.body.file,
        text=ask.body.text,
        first=ask.body.from_,
        last=ask.body.to,
        before=read_cursor(ask.body.cursor),
        limit=PAGE + 1,
    )
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return CallLog(
        calls=rows[:PAGE],
        next_cursor=write_cursor(last.opened_at, last.call_id) if last else None,
    )


@routes.route("GET", "/api/v1/calls/{call_id}", problems=(Code.NOT_FOUND,))
async def read_call(ask: Ask[Nothing, Nothing]) -> CallDetail:
    """A call with its playbacks and recordings (for supervisors only), each recording hashed."""
    return await ask.request.app[ARCHIVE].call(ask.actor, ask.path("call_id"))


@routes.route("GET", "/api/v1/calls/{call_id}/marks", problems=(Code.NOT_FOUND,))
async def read_marks(ask: Ask[Nothing, Nothing]) -> Marks:
    """What was shown and pointed at during a call; for supervisors."""
    return await ask.request.app[ARCHIVE].marks(ask.actor, ask.path("call_id"))


@routes.route(
    "POST",
    "/api/v1/calls/{call_id}/check",
    problems=(Code.NOT_FOUND, Code.FORBIDDEN, Code.THROTTLED),
    act="call.check",
)
async def check_call(ask: Ask[Nothing, Nothing]) -> CallCheck:
    """Verify the ledgers of a call and its case and hash all their files anew; for supervisors."""
    return await ask.request.app[ARCHIVE].check(ask.actor, ask.path("call_id"))


@routes.route(
    "POST",
    "/api/v1/calls/{call_id}/composition",
    problems=(Code.NOT_FOUND, Code.MATERIAL_NOT_STORED),
    act="playback.ask",
)
async def compose_call(ask: Ask[CompositionQuery, Nothing]) -> PlaybackView:
    """Have all parties of a call composed into one file, or be told how far it is; for supervisors."""
    return await ask.request.app[ARCHIVE].compose(
        ask.actor,
        ask.path("call_id"),
        PLAYED_H264 if ask.query.kind == "mp4" else PLAYED,
    )


@routes.route(
    "GET",
    "/api/v1/playbacks/{playback_id}/content",
    produces=(PLAYED, PLAYED_H264),
    ranges=True,
    problems=(Code.NOT_FOUND, Code.MATERIAL_NOT_STORED, Code.CONTENT_ALTERED),
)
async def read_playback(ask: Ask[PlaybackQuery, Nothing]) -> web.StreamResponse:
    """A playback as a seekable file, whole or by ``Range``; for supervisors. Watching is kept."""
    download = ask.query.download == "1"
    one = await ask.request.app[ARCHIVE].playback(
        ask.actor, ask.path("playback_id"), download=download, anyway=ask.query.anyway == "1"
    )
    assert one.sha256 is not None
    assert one.started_at is not None
    store = ask.request.app[STORE]
    suffix = "mp4" if one.media_type == PLAYED_H264 else "webm"
    what = one.seat if one.source == "face" else f"{one.seat}-{one.source}"
    name = f"{one.started_at:%Y%m%d-%H%M%S}-{what}.{suffix}"
    return await _stream(
        ask.request,
        store,
        one.sha256,
        await store.blobs.size(one.sha256),
        {
            hdrs.CONTENT_TYPE: one.media_type,
            hdrs.CONTENT_DISPOSITION: attachment(name),
        },
    )


@routes.route(
    "GET",
    "/api/v1/recordings/{recording_id}/content",
    produces=(PLAYED, KEPT),
    ranges=True,
    problems=(Code.NOT_FOUND, Code.MATERIAL_NOT_STORED, Code.CONTENT_ALTERED),
)
async def read_recording(ask: Ask[ContentQuery, Nothing]) -> web.StreamResponse:
    """One party's file, whole or by ``Range``; for supervisors. That it was watched is kept."""
    download = ask.query.download == "1"
    one = await ask.request.app[ARCHIVE].recording(
        ask.actor, ask.path("recording_id"), download=download
    )
    assert one.sha256 is not None
    assert one.size_bytes is not None
    name = f"{one.started_at:%Y%m%d-%H%M%S}-{one.seat}.mkv"
    return await _stream(
        ask.request,
        ask.request.app[STORE],
        one.sha256,
        one.size_bytes,
        {
            hdrs.CONTENT_TYPE: KEPT if download else PLAYED,
            hdrs.CONTENT_DISPOSITION: attachment(name),
        },
    )


@routes.route(
    "GET",
    "/api/v1/materials/{material_id}/content",
    produces=MEDIA_TYPES,
    ranges=True,
    problems=(
        Code.NOT_FOUND,
        Code.MATERIAL_NOT_STORED,
        Code.COPY_NOT_READY,
        Code.NO_COPY,
        Code.NO_OFFICE,
        Code.NO_OFD,
        Code.OFD_BEYOND,
        Code.PDF_BEYOND,
        Code.MATERIAL_LOCKED,
        Code.CONTENT_ALTERED,
    ),
)
async def read_material(ask: Ask[Nothing, Nothing]) -> web.StreamResponse:
    """The copy of a stored material that people look at: written anew, bare of metadata, marked.

    Nothing in it can run: attachment, nosniff, sandbox.
    """
    store = ask.request.app[STORE]
    content = await viewing.find_viewed(store, ask.actor, ask.path("material_id"))
    return await _material(ask, content)


@routes.route(
    "POST",
    "/api/v1/materials/{material_id}/original",
    produces=MEDIA_TYPES,
    problems=(
        Code.NOT_FOUND,
        Code.REASON_MISSING,
        Code.MATERIAL_NOT_STORED,
        Code.MATERIAL_LOCKED,
        Code.CONTENT_ALTERED,
    ),
    act="material.original",
)
async def read_original(ask: Ask[Nothing, OriginalAsked]) -> web.StreamResponse:
    """The sealed original of a material, for a reason that is kept with who asked."""
    content = await viewing.take_original(
        ask.request.app[STORE], ask.actor, ask.path("material_id"), ask.body.reason
    )
    return await _material(ask, content)


@routes.route(
    "POST",
    "/api/v1/materials/{material_id}/card",
    problems=(
        Code.NOT_FOUND,
        Code.NOT_YOURS,
        Code.CASE_CLOSED,
        Code.MATERIAL_NOT_STORED,
        Code.MATERIAL_LOCKED,
        Code.NO_CARD_READER,
        Code.NO_CARD,
        Code.THROTTLED,
    ),
    act="material.read_card",
)
async def read_card(ask: Ask[Nothing, Nothing]) -> CardReading:
    """Read the identity card or the licence that a material shows; what it says is proposed to the
    window, field by field. Takes some seconds."""
    return await ask.request.app[CARDS].read(ask.actor, ask.path("material_id"))


async def _material(ask: Ask[Any, Any], content: materials.MaterialContent) -> web.StreamResponse:
    if not await ask.request.app[ARCHIVE].whole(content.sha256):
        raise Refusal(Code.CONTENT_ALTERED, material=content.material.id)
    return await _stream(
        ask.request,
        ask.request.app[STORE],
        content.sha256,
        content.size_bytes,
        {
            hdrs.CONTENT_TYPE: content.media_type,
            hdrs.CONTENT_DISPOSITION: attachment(content.name),
        },
    )


@routes.route(
    "GET",
    "/api/v1/papers/{paper_id}/content",
    produces=PDF,
    ranges=True,
    problems=(Code.NOT_FOUND, Code.PAPER_NOT_READY, Code.CONTENT_ALTERED),
)
async def read_paper(ask: Ask[ContentQuery, Nothing]) -> web.StreamResponse:
    """An official paper as PDF. Nothing in it can run: attachment, nosniff, sandbox."""
    content = await ask.request.app[ARCHIVE].paper(ask.actor, ask.path("paper_id"))
    return await _stream(
        ask.request,
        ask.request.app[STORE],
        content.sha256,
        content.size_bytes,
        {
            hdrs.CONTENT_TYPE: PDF,
            hdrs.CONTENT_DISPOSITION: attachment(content.name),
        },
    )


@routes.route(
    "GET",
    "/api/v1/papers/{paper_id}/seal",
    problems=(Code.NOT_FOUND, Code.PAPER_NOT_READY, Code.CONTENT_ALTERED, Code.THROTTLED),
)
async def check_seal(ask: Ask[Nothing, Nothing]) -> SealCheck:
    """Whether the electronic seal on a paper holds, for everybody who may read the paper."""
    content = await ask.request.app[ARCHIVE].paper(ask.actor, ask.path("paper_id"))
    file = ask.request.app[STORE].blobs.path(content.sha256)
    found = await ask.request.app[SEALS].check(await asyncio.to_thread(file.read_bytes))
    return SealCheck(
        state=found.state, subject=found.subject, fingerprint=found.fingerprint, at=found.at
    )


@routes.route("GET", "/api/v1/signatures/{signature_id}", problems=(Code.NOT_FOUND,))
async def read_signature(ask: Ask[Nothing, Nothing]) -> SignatureImage:
    """The strokes of a signature, for everybody who may see its case."""
    return await signing.image(ask.request.app[STORE], ask.actor, ask.path("signature_id"))


@routes.route("GET", "/api/v1/phrases")
async def list_phrases(ask: Ask[Nothing, Nothing]) -> Phrases:
    """The quick phrases (常用语) of my unit and of all."""
    return await ask.request.app[ARCHIVE].phrases(ask.actor)


async def _stream(
    request: web.Request, store: Store, sha256: str, size: int, headers: dict[str, str]
) -> web.StreamResponse:
    """The bytes of a blob, or the one range that was asked for (RFC 9110, 14)."""
    asked = _range(request, size)
    start, end = asked or (0, size)
    response = web.StreamResponse(status=206 if asked else 200, headers={**headers, **DOWNLOADED})
    response.headers[hdrs.ACCEPT_RANGES] = "bytes"
    response.content_length = end - start
    if asked:
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{size}"
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        return response
    async with store.blobs.open(sha256, start, end) as chunks:
        await response.prepare(request)
        try:
            async for chunk in chunks:
                await response.write(chunk)
            await response.write_eof()
        except ConnectionResetError:
            raise
        except ConnectionError as gone:
            # aiohttp's word for who goes while his full buffer is waited for
            raise ConnectionResetError from gone
    return response


def _range(request: web.Request, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last. A unit or form that is not known counts as not asked."""
    try:
        asked = request.http_range
    except ValueError:
        return None
    start, end = asked.start, asked.stop
    if start is None:
        return None
    if start < 0:
        return max(0, size + start), size
    if start >= size:
        raise web.HTTPRequestRangeNotSatisfiable(headers={hdrs.CONTENT_RANGE: f"bytes */{size}"})
    return start, size if end is None else min(end, size)
