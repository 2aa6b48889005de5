"""Signing in and out: passwords, sessions, throttling.

A sign-in makes a new opaque token of 256 random bits, of which only the SHA-256
is kept; cookie and bearer sessions differ in nothing else. An unknown login
takes as long as a wrong password. Failures go to the security log, sign-in and
sign-out to the ledger of the person. Knows no HTTP and no cookie.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final, Literal

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from server.domain.person import Actor
from server.store import Store
from server.store import people as staff
from signaling.protocol import Who
from signaling.refusals import Code, Refusal

Kind = Literal["cookie", "bearer"]

LIVES: Final = timedelta(hours=12)
"""A session ends this long after its sign-in, used or not: a working day."""
FREE_FAILURES: Final = parse("10/15 minutes")
"""So many failures of one source or account are an ordinary bad morning."""
AFTERWARDS: Final = parse("20/minute")
"""Beyond them so many tries go on being heard."""
WATCH_EVERY_S: Final = 1.0
HASHED_AT_ONCE: Final = 2
"""Password hashes take a core and 64 MiB each; more wait."""

security_log = structlog.get_logger("security")


@dataclass(frozen=True, slots=True)
class SignedSession:
    """A new session with the token that opens it; the token is told once and never kept."""

    token: str
    actor: Actor
    expires_at: datetime


class Passwords:
    """Argon2id hashes (RFC 9106, low-memory profile of argon2-cffi), computed off the loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self.turn = asyncio.Semaphore(HASHED_AT_ONCE)
        """Who holds it may compare one password."""

    def hash(self, password: str) -> str:
        """The PHC string of a password. Takes a core for some 30 ms: not for the loop."""
        return self._hasher.hash(password)

    async def matches(self, password: str, known: str | None) -> bool:
        """Whether the password fits the hash; without one the same work is done, and it does not.

        Hold ``turn`` meanwhile.
        """
        return await asyncio.to_thread(self._verify, password, known)

    def _verify(self, password: str, known: str | None) -> bool:
        nobody = _nobody()  # made by the first call whoever asks, so that its time tells nothing
        try:
            self._hasher.verify(known or nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return known is not None


@cache
def _nobody() -> str:
    """The hash that an unknown login is compared with."""
    return PasswordHasher().hash(secrets.token_urlsafe())


class Throttle:
    """Slows down guessing, by source and by account. In the memory of this node."""

    def __init__(
        self, free: RateLimitItem = FREE_FAILURES, afterwards: RateLimitItem = AFTERWARDS
    ) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._free = free
        self._afterwards = afterwards

    async def check(self, *keys: str) -> None:
        """Refused with ``throttled`` when a key has failed too often and tries on too fast."""
        for key in keys:
            if await self._limiter.test(self._free, "failed", key):
                continue
            if not await self._limiter.hit(self._afterwards, "tried", key):
                window = await self._limiter.get_window_stats(self._afterwards, "tried", key)
                now = datetime.now().astimezone().timestamp()
                raise Refusal(Code.THROTTLED, retry_after_s=max(1, round(window.reset_time - now)))

    async def failed(self, *keys: str) -> None:
        """Count a failure."""
        for key in keys:
            await self._limiter.hit(self._free, "failed", key)


class Sessions:
    """The sessions of one installation."""

    def __init__(self, store: Store, throttle: Throttle | None = None) -> None:
        self._store = store
        self._throttle = throttle or Throttle()
        self._passwords = Passwords()

    async def sign_in(self, login: str, password: str, kind: Kind, source: str) -> SignedSession:
        """Open a session. ``source`` is where the asker sits (an address), for throttling alone.

        Refused: ``bad_credentials``, ``throttled``.
        """
        keys = (f"source {source}", f"account {_digest(login)}")
        # Only in its turn is a try held against the failures before it: a thousand tries at once
        # would all have been let through by the time that the first of them failed.
        async with self._passwords.turn:
            await self._throttle.check(*keys)
            async with self._store.read() as connection:
                account = await staff.find_account(connection, login)
            known = account.password_hash if account else None
            fits = await self._passwords.matches(password, known)
            if account is None or not fits:
                await self._throttle.failed(*keys)
                security_log.warning(
                    "sign_in_failed",
                    source=source,
                    person=account.actor.person_id if account else None,
                )
                raise Refusal(Code.BAD_CREDENTIALS)
        actor = replace(account.actor, session_id=secrets.token_urlsafe(16))
        token = secrets.token_urlsafe(32)
        async with self._store.change(actor) as change:
            expires_at = change.at + LIVES
            await change.lock(_subject(actor))
            await staff.add_session(
                change.connection,
                session_id=actor.session_id,
                token_hash=_digest(token),
                person_id=actor.person_id,
                kind=kind,
                at=change.at,
                expires_at=expires_at,
            )
            await change.record(
                _subject(actor),
                "session.open",
                f"session:{actor.session_id}",
                None,
                payload={"kind": kind, "source": source},
            )
        return SignedSession(token, actor, expires_at)

    async def authenticate(self, token: str) -> Actor | None:
        """Who a token stands for; None when it opens nothing (any more)."""
        session = await self.find(token)
        return session.actor if session else None

    async def find(self, token: str) -> staff.Session | None:
        """The running session of a token."""
        async with self._store.read() as connection:
            return await staff.find_session(connection, _digest(token), self._store.clock.now())

    async def authenticate_all(self, tokens: Sequence[str]) -> list[Actor | None]:
        """As ``authenticate``, of all these at once."""
        async with self._store.read() as connection:
            hashes = [_digest(token) for token in tokens]
            found = await staff.find_sessions(connection, hashes, self._store.clock.now())
        return [found[one].actor if one in found else None for one in hashes]

    async def sign_out(self, actor: Actor) -> None:
        """End the actor's session; ending it twice does nothing more."""
        async with self._store.change(actor) as change:
            await change.lock(_subject(actor))
            if await staff.end_session(change.connection, actor.session_id, change.at):
                await change.record(
                    _subject(actor),
                    "session.close",
                    f"session:{actor.session_id}",
                    None,
                    payload={},
                )

    async def watch(
        self,
        connected: Callable[[], Collection[Who]],
        disconnect: Callable[[str], Awaitable[None]],
        reconnect: Callable[[Who], Awaitable[None]],
    ) -> None:
        """For ever: ``disconnect`` sessions that have ended, expired, or lost their person, and have
        those come back (``reconnect``) of whom something is otherwise than when they connected: a
        role, the unit, the window.

        A sign-out closes the sockets of its own node at once; this finds the others.
        """
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            try:
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
            running = await staff.running_sessions(connection, ids, self._store.clock.now())
        for session_id in ids - running.keys():
            await disconnect(session_id)
        for who in connected:
            if running.get(who.session_id, who) != who:
                await reconnect(who)


def _subject(actor: Actor) -> str:
    return f"person:{actor.person_id}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
