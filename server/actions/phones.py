"""Phones that bring pages to a line: links made and ended, and what a phone may do by one.

A phone has no person of its own: what it does is done in the name of who invited it, by a session
that is named after the link, and on behalf of the applicant. Its right is this link's line and
nothing else. Rules are in server.domain.phone; bytes go the way of all uploads.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

import structlog

from server.actions.cases import admitted
from server.actions.nodes import Elsewhere
from server.actions.receiving import Checksum
from server.actions.throttle import Throttle
from server.actions.uploads import Standing, Uploads
from server.actions.views import phone_view
from server.domain import phone as rules
from server.domain.item import OTHER_LINE
from server.domain.phone import Ending, Page, Phone
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import SYSTEM, Change, Store
from server.store import phones as phone_rows
from server.store.people import find_actor, person_refs
from server.wire.case import CaseInvitePhone, CaseWithdrawPhone, PhoneChanged
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal

log = structlog.get_logger("phones")
security_log = structlog.get_logger("security")

SWEEP_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Held:
    """A phone as it may act now: its link, who it acts for, and what its owner is told."""

    phone: Phone
    actor: Actor
    item_name: str
    line_name: str
    sides: tuple[str, ...]
    unit_name: str
    window_name: str

    @property
    def expires_at(self) -> datetime:
        return self.phone.expires_at


class Phones:
    """The links of one installation and the phones that hold them."""

    def __init__(self, store: Store, uploads: Uploads, throttle: Throttle | None = None) -> None:
        self._store = store
        self._uploads = uploads
        self._throttle = throttle or Throttle(store, "phone")

    def commands(self) -> dict[type[Command], Handler]:
        """The handlers of this module, by command."""

        async def invited(connection: Connected, command: CaseInvitePhone) -> Ack:
            return await self.invite(actor_of(connection), command)

        async def withdrawn(connection: Connected, command: CaseWithdrawPhone) -> Ack:
            return await self.withdraw(actor_of(connection), command)

        return {CaseInvitePhone: invited, CaseWithdrawPhone: withdrawn}

    # ------------------------------------------------------------ the window's side

    async def invite(self, actor: Actor, command: CaseInvitePhone) -> Ack:
        """Make a link; the one before it ends. Refusals: ``server.domain.phone.invite``."""
        ended: list[Phone] = []
        async with self._store.change(actor, command) as change:
            if change.replayed:
                return change.replayed
            version = await change.lock(of_case(command.case_id)) + 1
            record, hand = await admitted(change.connection, actor, command.case_id)
            before = await phone_rows.list_phones(change.connection, command.case_id)
            phone = rules.invite(
                record.case.item,
                before,
                new_id(),
                command.case_id,
                command.line,
                command.secret_sha256,
                hand,
                shut=record.case.shut(command.line),
                at=change.at,
                version=version,
            )
            for one in before:
                if one.live:
                    ended.append(await _end(change, one, "withdrawn", "phone.withdraw"))
            await phone_rows.add(change.connection, phone)
            await _tell(change, phone, "case.invite_phone")
            ack = change.ack({"phone_id": phone.id, "expires_at": phone.expires_at.isoformat()})
        await self._drop(ended)
        return ack

    async def withdraw(self, actor: Actor, command: CaseWithdrawPhone) -> Ack:
        """End a link. Refused: not_found, not_yours."""
        async with self._store.change(actor, command) as change:
            if change.replayed:
                return change.replayed
            await change.lock(of_case(command.case_id))
            _, hand = await admitted(change.connection, actor, command.case_id)
            if hand.side != "window":
                raise Refusal(Code.NOT_YOURS)
            links = await phone_rows.list_phones(change.connection, command.case_id)
            phone = rules.find(links, command.phone_id)
            phone = await _end(change, phone, "withdrawn", "case.withdraw_phone")
            ack = change.ack()
        await self._drop([phone])
        return ack

    # ------------------------------------------------------------ the phone's side

    async def connect(self, phone_id: str, secret: str, source: str) -> tuple[str, Held]:
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
        async with self._store.change(actor) as change:
            await change.lock(of_case(found.case_id))
            found = await phone_rows.find(change.connection, phone_id)
            assert found is not None
            phone = rules.connect(found, _digest(secret), _digest(token), at=change.at)
            await phone_rows.save(change.connection, phone)
            await _tell(change, phone, "phone.connect")
        return phone, actor

    async def hold(self, token: str | None) -> Held:
        """The link of a token, while its phone may still bring something. Refused: unauthenticated."""
        phone = None
        if token:
            async with self._store.read() as connection:
                phone = await phone_rows.find_by_token(connection, _digest(token))
        if phone is None or not rules.serves(phone, self._store.clock.now()):
            raise Refusal(Code.UNAUTHENTICATED)
        return await self._held(phone, await self._inviter(phone))

    async def finish(self, token: str | None) -> None:
        """The phone is done: its link ends. Refused: unauthenticated."""
        held = await self.hold(token)
        async with self._store.change(held.actor) as change:
            await change.lock(of_case(held.phone.case_id))
            phone = await phone_rows.find(change.connection, held.phone.id)
            assert phone is not None
            phone = await _end(change, phone, "finished", "phone.finish")
        await self._drop([phone])

    async def begin(self, token: str | None, name: str, length: int) -> Standing:
        """Announce a page of so many bytes. Refused as ``hold``, ``server.domain.phone.bring`` and
        ``Uploads.begin``."""
        held = await self.hold(token)
        rules.bring(held.phone, Page("", ""), at=self._store.clock.now())
        standing = await self._uploads.begin(
            held.actor, held.phone.case_id, OTHER_LINE, name, length, purpose="page"
        )
        assert standing.material_id is not None
        try:
            async with self._store.change(held.actor) as change:
                await change.lock(of_case(held.phone.case_id))
                phone = await phone_rows.find(change.connection, held.phone.id)
                assert phone is not None
                page = Page(standing.upload_id, standing.material_id)
                phone = rules.bring(phone, page, at=change.at)
                await phone_rows.save(change.connection, phone)
                await _tell(change, phone, "phone.bring")
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
        """End what is overdue; returns how many."""
        async with self._store.read() as connection:
            overdue = await phone_rows.overdue(connection, self._store.clock.now())
        ended = []
        for one in overdue:
            async with self._store.change(SYSTEM) as change:
                await change.lock(of_case(one.case_id))
                phone = await phone_rows.find(change.connection, one.id)
                if phone is None or not phone.live:
                    continue
                late = phone.expires_at <= change.at
                how: tuple[Ending, str] = (
                    ("expired", "phone.expire") if late else ("withdrawn", "phone.withdraw")
                )
                ended.append(await _end(change, phone, *how))
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

    async def _drop(self, ended: list[Phone]) -> None:
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

    async def _held(self, phone: Phone, actor: Actor) -> Held:
        async with self._store.read() as connection:
            record, _ = await admitted(connection, actor, phone.case_id)
        line = record.case.item.line(phone.line)
        return Held(
            phone,
            actor,
            record.case.item.name,
            line.name if line else "",
            line.slots if line else (),
            record.unit_name,
            record.window_name,
        )


async def _end(change: Change, phone: Phone, how: Ending, act: str) -> Phone:
    ended = rules.end(phone, how, at=change.at)
    await phone_rows.save(change.connection, ended)
    await _tell(change, ended, act)
    return ended


async def _tell(change: Change, phone: Phone, act: str) -> None:
    subject = of_case(phone.case_id)
    people = await person_refs(change.connection, {phone.by})
    by = people[phone.by]
    await change.record(
        subject,
        act,
        f"phone:{phone.id}",
        lambda version: PhoneChanged(
            subject=subject, version=version, at=change.at, phone=phone_view(phone, by)
        ),
        payload={
            "line": phone.line,
            "state": phone.state,
            "expires_at": phone.expires_at.isoformat(),
            "pages": [page.material_id for page in phone.pages],
        },
        on_behalf_of=APPLICANT if act in _BY_PHONE else None,
    )


_BY_PHONE: Final = frozenset({"phone.connect", "phone.bring", "phone.finish"})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
