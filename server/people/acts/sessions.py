"""Signing in and out: passwords and sessions.

A sign-in makes a new opaque token of 256 random bits, of which only the SHA-256
is kept; cookie and bearer sessions differ in nothing else. An unknown login
takes as long as a wrong password. Failures go to the security log, sign-in and
sign-out to the ledger of the person. Knows no HTTP and no cookie.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

import structlog

from server.people.acts.passwords import Passwords
from server.people.acts.throttle import DEVICE_LIVES, Throttle, digest, sweep
from server.people.rows import people as staff
from server.people.rows import roster, sessions, throttles
from server.rights.person import SYSTEM, Actor
from server.rights.subjects import of_person, of_unit
from server.store import Store
from server.store.subject import Turn
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Who

Kind = Literal["cookie", "bearer"]

LIVES: Final = timedelta(hours=12)
"""A session ends this long after its sign-in, used or not: a working day."""
WATCH_EVERY_S: Final = 1.0
IDLE_EVERY: Final = 15
"""After so many looks at who is connected, one for sessions that nobody uses."""
SWEEP_EVERY: Final = 600

security_log = structlog.get_logger("security")


@dataclass(frozen=True, slots=True)
class SignedSession:
    """A new session with the token that opens it; the token is told once and never kept."""

    token: str
    actor: Actor
    expires_at: datetime
    must_change: bool
    """Whether the password is a temporary one, which opens nothing but its change."""
    device: str
    """What the browser shows from now on as the device that the account is known from."""


class Sessions:
    """The sessions of one installation."""

    def __init__(
        self,
        store: Store,
        throttle: Throttle | None = None,
        passwords: Passwords | None = None,
        *,
        idle_s: float = 0.0,
    ) -> None:
        """``idle_s``: a session that is not used for so long ends, unless its person is in a call, on
        duty or sends a file; 0: none ends so."""
        self._store = store
        self._throttle = throttle or Throttle(store, "sign-in")
        self._passwords = passwords or Passwords()
        self.idle_s = idle_s
        self._used: set[str] = set()

    async def sign_in(
        self, login: str, password: str, kind: Kind, source: str, device: str | None = None
    ) -> SignedSession:
        """Open a session. ``source`` is where the asker sits (an address), ``device`` what his browser
        was given when somebody last signed in there; both for throttling alone. A client without
        cookies (``bearer``) is known by its source.

        Refused: ``bad_credentials``, ``throttled``.
        """
        name = digest(login)
        shown = f"bearer {source}" if kind == "bearer" else device and f"cookie {device}"
        await self._throttle.look(name, source, shown)
        actor_id = secrets.token_urlsafe(16)
        token = secrets.token_urlsafe(32)
        # Only in its turn: of right ones that come together no more than these count meanwhile.
        async with self._passwords.turn, self._throttle.trying(name, source, shown) as one:
            account = await self._account(login, password, source)
            actor = replace(account.actor, session_id=actor_id)
            async with self._store.change(actor) as change:
                expires_at = change.at + LIVES
                await change.lock(_subject(actor))
                await one.succeeded(change.connection, change.at)
                device = await self._device(change.connection, device, change.at)
                await self._throttle.know(
                    change.connection,
                    name,
                    f"bearer {source}" if kind == "bearer" else f"cookie {device}",
                    change.at,
                )
                await sessions.add_session(
                    change.connection,
                    session_id=actor.session_id,
                    token_hash=digest(token),
                    person_id=actor.person_id,
                    kind=kind,
                    at=change.at,
                    expires_at=expires_at,
                )
                turn = await Turn.of(change, _subject(actor))
                payload = {"kind": kind, "source": source}
                await turn.enter("session.open", payload, f"session:{actor.session_id}")
        return SignedSession(token, actor, expires_at, account.password_until is not None, device)

    async def _account(self, login: str, password: str, source: str) -> staff.Account:
        """The account that this password opens. Hold ``turn`` meanwhile. Refused: ``bad_credentials``."""
        async with self._store.read() as connection:
            account = await staff.find_account(connection, login)
        known = account.password_hash if account else None
        fits = await self._passwords.matches(password, known)
        late = (
            account and account.password_until and account.password_until <= self._store.clock.now()
        )
        if account is None or not fits or late:
            security_log.warning(
                "sign_in_failed",
                source=source,
                person=account.actor.person_id if account else None,
            )
            raise Refusal(Code.BAD_CREDENTIALS)
        return account

    async def _device(
        self, connection: throttles.Connection, shown: str | None, at: datetime
    ) -> str:
        """What the browser shows from now on: what it showed, where it was given that here."""
        if shown is not None and await throttles.is_somebodys(
            connection, digest(f"cookie {shown}"), at - DEVICE_LIVES
        ):
            return shown
        return secrets.token_urlsafe(32)

    async def authenticate(self, token: str) -> Actor | None:
        """Who a token stands for; None when it opens nothing (any more), or nothing yet but the change
        of a temporary password."""
        session = await self.find(token)
        return None if session is None or session.must_change else session.actor

    async def find(self, token: str) -> sessions.Session | None:
        """The running session of a token."""
        async with self._store.read() as connection:
            return await sessions.find_session(connection, digest(token), self._store.clock.now())

    async def blocked(self, token: str) -> bool:
        """Whether this token opened a session, within its time and signed out or not, of somebody who is blocked now."""
        async with self._store.read() as connection:
            return await sessions.of_blocked(connection, digest(token), self._store.clock.now())

    async def authenticate_all(self, tokens: Sequence[str]) -> list[Actor | None]:
        """As ``authenticate``, of all these at once."""
        async with self._store.read() as connection:
            hashes = [digest(token) for token in tokens]
            found = await sessions.find_sessions(connection, hashes, self._store.clock.now())
        shown = [found.get(one) for one in hashes]
        return [None if one is None or one.must_change else one.actor for one in shown]

    async def sign_out(self, actor: Actor) -> None:
        """End the actor's session; ending it twice does nothing more. Who is signed in nowhere else is
        off duty from then on."""
        async with self._store.change(actor) as change:
            turn = await Turn.of(change, _subject(actor))
            if await sessions.end_session(change.connection, actor.session_id, change.at):
                if not await sessions.signed_in(change.connection, actor.person_id, change.at):
                    await roster.stand_down(change.connection, actor.person_id)
                await turn.enter("session.close", {}, f"session:{actor.session_id}")

    def used(self, session_id: str) -> None:
        """Somebody uses this session. It is written down with the others, every 15 s."""
        self._used.add(session_id)

    async def end_idle(self) -> None:
        """Write down which sessions were used, and end those that nobody uses."""
        used, self._used = self._used, set()
        now = self._store.clock.now()
        if used:
            try:
                async with self._store.working() as connection:
                    await sessions.note_used(connection, used, now)
            except BaseException:
                self._used |= used  # to be written down when it can be
                raise
        if not self.idle_s:
            return
        async with self._store.working() as connection:
            await sessions.note_busy(connection, now, timedelta(seconds=self.idle_s))
        async with self._store.read() as connection:
            since = now - timedelta(seconds=self.idle_s)
            idle = await sessions.idle_sessions(connection, since, now)
        for session_id, person_id in idle:
            async with self._store.change(SYSTEM) as change:
                turn = await Turn.of(change, of_person(person_id))
                if await sessions.end_idle_session(change.connection, session_id, change.at, since):
                    await turn.enter("session.close", {"why": "idle"}, f"session:{session_id}")

    async def stand_down(self) -> None:
        """Take off duty who was signed out everywhere, however his sessions ended: idle, at their time, or
        by another hand."""
        async with self._store.read() as connection:
            gone = await sessions.on_duty_signed_out(connection, self._store.clock.now())
        for person_id in gone:
            async with self._store.change(SYSTEM) as change:
                turn = await Turn.of(change, of_person(person_id))
                if await sessions.signed_in(change.connection, person_id, change.at):
                    continue  # he came back meanwhile
                unit_id = await roster.stand_down(change.connection, person_id)
                if unit_id is None:
                    continue
                payload = {"duty": "away", "why": "signed_out"}
                await turn.enter("desk.duty", payload, of_unit(unit_id))

    async def watch(
        self,
        connected: Callable[[], Collection[Who]],
        disconnect: Callable[[str], Awaitable[None]],
        reconnect: Callable[[Who], Awaitable[None]],
        sending: Callable[[], Collection[Who]] = tuple,
    ) -> None:
        """For ever: ``disconnect`` sessions that have ended, expired, or lost their person, and have
        those come back (``reconnect``) of whom something is otherwise than when they connected: a
        role, the unit, the window.

        A sign-out closes the sockets of its own node at once; this finds the others. Who is ``sending``
        a file uses his session.
        """
        looks = 0
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            self._used.update(who.session_id for who in sending())
            try:
                if looks % IDLE_EVERY == 0:
                    await self.end_idle()
                    await self.stand_down()
                if looks % SWEEP_EVERY == 0:
                    await sweep(self._store)
                looks += 1
                await self.close_ended(connected(), disconnect, reconnect)
            except Refusal as refusal:
                security_log.warning("sessions_not_watched", code=refusal.code.value)

    async def close_ended(
        self,
        connected: Collection[Who],
        disconnect: Callable[[str], Awaitable[None]],
        reconnect: Callable[[Who], Awaitable[None]],
    ) -> None:
        """One look of ``watch``."""
        ids = {who.session_id for who in connected}
        async with self._store.read() as connection:
            running = await sessions.running_sessions(connection, ids, self._store.clock.now())
        for session_id in ids - running.keys():
            await disconnect(session_id)
        if ids - running.keys():
            await self.stand_down()
        for who in connected:
            if running.get(who.session_id, who) != who:
                await reconnect(who)


def _subject(actor: Actor) -> str:
    return of_person(actor.person_id)
