"""Phones that bring pages to a line: links made and ended, and what a phone may do by one.

A phone has no person of its own: what it does is done in the name of who invited it, by a session
that is named after the link, and on behalf of the applicant. Its right is this link's line and
nothing else. Rules are in server.case.rules.materials.phone; bytes go the way of all uploads.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final, NoReturn

import structlog

from server.case.admission import admitted
from server.case.rows import phones as phone_rows
from server.case.rules.materials import phone as rules
from server.case.rules.materials.phone import Ending, Page, Phone
from server.case.turn import Acts, CaseTurn, HeaderTurn, House
from server.case.views import phone_view
from server.case.wire.phones import (
    CaseInvitePhone,
    CaseTakePage,
    CaseWithdrawPhone,
    PhoneChanged,
)
from server.catalogue.rules.item import OTHER_LINE
from server.neighbours.nodes import Elsewhere
from server.people.acts.throttle import Throttle
from server.people.rows.people import find_actor, person_refs
from server.rights.connected import Handler
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.standards.identifiers import mask_name
from server.store import SYSTEM, Store
from server.store.batch import Write
from server.store.subject import Told, Turn
from server.uploads.acts.receiving import Checksum
from server.uploads.acts.uploads import Standing, Uploads
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command

log = structlog.get_logger("phones")
security_log = structlog.get_logger("security")

SWEEP_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class ActingPhone:
    """A phone as it may act now: its link, who it acts for, and what its owner is told."""

    phone: Phone
    actor: Actor
    applicant_masked: str
    item_name: str
    line_name: str
    sides: tuple[str, ...]
    unit_name: str
    window_name: str
    shut: bool
    """Nothing comes to its line any more: the case is decided."""

    @property
    def expires_at(self) -> datetime:
        return self.phone.expires_at


acts: Final = Acts()


@acts.on(CaseInvitePhone, CaseTurn)
async def invite(turn: CaseTurn, command: CaseInvitePhone) -> Told:
    """Make a link; the one before it ends. Result: ``{phone_id, expires_at}``. Refusals:
    ``server.case.rules.materials.phone.invite``."""
    before = await phone_rows.list_phones(turn.connection, turn.case_id)
    phone = rules.invite(
        turn.case.item,
        before,
        new_id(),
        turn.case_id,
        command.line,
        command.secret_sha256,
        turn.hand,
        shut=turn.case.shut(command.line) and not turn.case.takes_shown(command.line),
        at=turn.at,
        version=turn.version,
    )
    ended = [await _end(turn, one, "withdrawn", "phone.withdraw") for one in before if one.live]
    return replace(
        await _changed(turn, phone, phone_rows.new_phone(phone)),
        result={"phone_id": phone.id, "expires_at": phone.expires_at.isoformat()},
        after=partial(turn.house.unlink, ended),
    )


@acts.on(CaseWithdrawPhone, HeaderTurn)
async def withdraw(turn: HeaderTurn, command: CaseWithdrawPhone) -> Told:
    """End a link. Refused: not_found, not_yours."""
    if not turn.hand.fills:
        raise Refusal(Code.NOT_YOURS)
    links = await phone_rows.list_phones(turn.connection, turn.case_id)
    phone = rules.end(rules.find(links, command.phone_id), "withdrawn", at=turn.at)
    told = await _changed(turn, phone, phone_rows.changed_phone(phone))
    return replace(told, after=partial(turn.house.unlink, [phone]))


@acts.on(CaseTakePage, CaseTurn)
async def take_page(turn: CaseTurn, command: CaseTakePage) -> Told:
    """Keep that the window has a page among its papers. Refused: not_yours, not_found, and as
    ``server.case.rules.materials.phone.take``."""
    if not turn.hand.fills:
        raise Refusal(Code.NOT_YOURS)
    links = await phone_rows.list_phones(turn.connection, turn.case_id)
    stored = {one.id for one in turn.case.materials if one.state == "stored"}
    phone = rules.take(rules.find(links, command.phone_id), command.material_id, stored)
    return await _changed(turn, phone, phone_rows.changed_phone(phone))


class Phones:
    """The links of one installation and the phones that hold them."""

    def __init__(self, store: Store, uploads: Uploads, throttle: Throttle | None = None) -> None:
        self._store = store
        self._uploads = uploads
        self._throttle = throttle or Throttle(store, "phone")

    def commands(self) -> dict[type[Command], Handler]:
        """The handlers of this module, by command."""
        return acts.commands(self._store, House(unlink=self._drop))

    # ------------------------------------------------------------ the phone's side

    async def connect(self, phone_id: str, secret: str, source: str) -> tuple[str, ActingPhone]:
        """Take a link by its secret: the token that opens it from now on, told once, and what it is for.

        Refused: not_found, whatever is wrong with the link; throttled, and never for a right one: a whole
        network of telephones is one source, and nobody guesses 256 bits.
        """
        token = secrets.token_urlsafe(32)
        try:
            phone, actor = await self._connected(phone_id, secret, token)
        except Refusal as refusal:
            if refusal.code is not Code.NOT_FOUND:
                raise
            async with self._throttle.trying(None, source):
                security_log.warning("phone_refused", source=source)
                raise
        return token, await self._held(phone, actor)

    async def _connected(self, phone_id: str, secret: str, token: str) -> tuple[Phone, Actor]:
        async with self._store.read() as connection:
            found = await phone_rows.find(connection, phone_id)
        if found is None:
            raise Refusal(Code.NOT_FOUND)
        rules.connect(found, _digest(secret), _digest(token), at=self._store.clock.now())
        actor = await self._inviter(found)
        if (await self._held(found, actor)).shut:
            raise Refusal(Code.NOT_FOUND)
        async with self._store.change(actor) as change:
            turn = await Turn.of(change, of_case(found.case_id))
            found = await phone_rows.find(change.connection, phone_id)
            assert found is not None
            phone = rules.connect(found, _digest(secret), _digest(token), at=change.at)
            await _by_phone(turn, phone, "phone.connect")
        return phone, actor

    async def hold(self, token: str | None) -> ActingPhone:
        """The link of a token, while its phone may still bring something. Refused: unauthenticated."""
        phone = None
        if token:
            async with self._store.read() as connection:
                phone = await phone_rows.find_by_token(connection, _digest(token))
        if phone is None or not rules.serves(phone, self._store.clock.now()):
            raise Refusal(Code.UNAUTHENTICATED)
        held = await self._held(phone, await self._inviter(phone))
        if held.shut:
            raise Refusal(Code.UNAUTHENTICATED)
        return held

    async def finish(self, token: str | None) -> None:
        """The phone is done: its link ends. Refused: unauthenticated."""
        held = await self.hold(token)
        async with self._store.change(held.actor) as change:
            turn = await Turn.of(change, of_case(held.phone.case_id))
            phone = await phone_rows.find(change.connection, held.phone.id)
            assert phone is not None
            phone = rules.end(phone, "finished", at=change.at)
            await _by_phone(turn, phone, "phone.finish")
        await self._drop([phone])

    async def begin(self, token: str | None, name: str, length: int) -> Standing:
        """Announce a page of so many bytes. Refused as ``hold``, ``server.case.rules.materials.phone.bring`` and
        ``Uploads.begin``."""
        held = await self.hold(token)
        rules.bring(held.phone, Page("", ""), at=self._store.clock.now())
        standing = await self._uploads.begin(
            held.actor, held.phone.case_id, OTHER_LINE, name, length, purpose="page"
        )
        assert standing.material_id is not None
        try:
            async with self._store.change(held.actor) as change:
                turn = await Turn.of(change, of_case(held.phone.case_id))
                phone = await phone_rows.find(change.connection, held.phone.id)
                assert phone is not None
                page = Page(standing.upload_id, standing.material_id)
                phone = rules.bring(phone, page, at=change.at)
                await _by_phone(turn, phone, "phone.bring")
        except BaseException:
            # The link ended meanwhile: nobody could send this page any more.
            await asyncio.shield(self._uploads.abandon(held.actor, standing.upload_id))
            raise
        return standing

    async def standing(self, token: str | None, upload_id: str) -> Standing:
        """How far a page has come."""
        return await self._uploads.standing(await self._own(token, upload_id), upload_id)

    async def append(
        self,
        token: str | None,
        upload_id: str,
        offset: int,
        chunks: AsyncIterator[bytes],
        *,
        size: int | None = None,
        checksum: Checksum | None = None,
    ) -> Standing:
        """Bytes of a page, as ``Uploads.append`` takes them."""
        actor = await self._own(token, upload_id)
        return await self._uploads.append(
            actor, upload_id, offset, chunks, size=size, checksum=checksum
        )

    async def cancel(self, token: str | None, upload_id: str) -> None:
        """Give a page up that is not there yet."""
        await self._uploads.cancel(await self._own(token, upload_id), upload_id)

    async def _own(self, token: str | None, upload_id: str) -> Actor:
        """Who acts for a phone on an upload of its own; any other does not exist for it."""
        held = await self.hold(token)
        if all(page.upload_id != upload_id for page in held.phone.pages):
            raise Refusal(Code.NOT_FOUND)
        return held.actor

    # ------------------------------------------------------------ what ends by itself

    async def sweep(self) -> int:
        """End what is overdue, and what a decision has shut; returns how many."""
        async with self._store.read() as connection:
            overdue = await phone_rows.overdue(connection, self._store.clock.now())
            decided = await phone_rows.of_decided(connection)
        ended = []
        for one in overdue:
            async with self._store.change(SYSTEM) as change:
                turn = await Turn.of(change, of_case(one.case_id))
                phone = await phone_rows.find(change.connection, one.id)
                if phone is None or not phone.live:
                    continue
                late = phone.expires_at <= change.at
                how: tuple[Ending, str] = (
                    ("expired", "phone.expire") if late else ("withdrawn", "phone.withdraw")
                )
                ended.append(await _end(turn, phone, *how))
        for one in decided:
            async with self._store.change(SYSTEM) as change:
                case_turn = await CaseTurn.open(change, one.case_id)
                phone = await phone_rows.find(change.connection, one.id)
                if phone is not None and phone.live and case_turn.case.shut(phone.line):
                    ended.append(await _end(case_turn, phone, "withdrawn", "phone.withdraw"))
        await self._drop(ended)
        return len(ended)

    async def run(self) -> NoReturn:
        """For ever: end what is overdue."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self.sweep()
            except Refusal as refusal:
                log.warning("sweep_refused", code=refusal.code.value)

    async def _drop(self, ended: Sequence[Phone]) -> None:
        """Give up what the phones of ended links were still sending."""
        for phone in ended:
            for page in phone.pages:
                async with self._store.read() as connection:
                    actor = await find_actor(connection, phone.by, f"phone:{phone.id}")
                with suppress(Refusal, Elsewhere):
                    await self._uploads.abandon(actor or SYSTEM, page.upload_id)

    # ------------------------------------------------------------ who

    async def _inviter(self, phone: Phone) -> Actor:
        async with self._store.read() as connection:
            actor = await find_actor(connection, phone.by, f"phone:{phone.id}")
        if actor is None:
            raise Refusal(Code.NOT_FOUND)
        return actor

    async def _held(self, phone: Phone, actor: Actor) -> ActingPhone:
        async with self._store.read() as connection:
            record, _ = await admitted(connection, actor, phone.case_id)
        line = record.case.item.line(phone.line)
        return ActingPhone(
            phone,
            actor,
            mask_name(record.case.applicant.name),
            record.case.item.name,
            line.name if line else "",
            line.slots if line else (),
            record.unit_name,
            record.window_name,
            record.case.shut(phone.line) and not record.case.takes_shown(phone.line),
        )


async def _end(turn: Turn, phone: Phone, how: Ending, act: str) -> Phone:
    ended = rules.end(phone, how, at=turn.at)
    await turn.tell(act, await _changed(turn, ended, phone_rows.changed_phone(ended)))
    return ended


async def _by_phone(turn: Turn, phone: Phone, act: str) -> None:
    """What the applicant's phone did."""
    told = await _changed(turn, phone, phone_rows.changed_phone(phone))
    await turn.tell(act, replace(told, on_behalf_of=APPLICANT))


async def _changed(turn: Turn, phone: Phone, written: Write) -> Told:
    people = await person_refs(turn.connection, {phone.by})
    return Told(
        PhoneChanged(**turn.stamp, phone=phone_view(phone, people[phone.by])),
        f"phone:{phone.id}",
        {
            "line": phone.line,
            "state": phone.state,
            "expires_at": phone.expires_at.isoformat(),
            "pages": [page.material_id for page in phone.pages],
            "taken": [page.material_id for page in phone.pages if page.taken],
        },
        beside=[written],
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
