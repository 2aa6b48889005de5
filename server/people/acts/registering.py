"""Units, windows and staff as the command line adds them, and roles that exclude one another."""

import asyncio
from collections.abc import Collection

from server.people.acts.accounts import judge, words_of
from server.people.acts.passwords import Passwords
from server.people.rows import people as staff
from server.people.rows import staffing
from server.rights.ids import new_id
from server.rights.person import EXCLUDED, Act, Actor, Role, System, conflicts, may
from server.rights.subjects import of_person, of_unit
from server.standards.identifiers import plain
from server.store import SYSTEM, Change, Store
from server.store.subject import Turn
from signaling.refusals import Code, Refusal


async def add_unit(
    store: Store,
    *,
    name: str,
    place: str,
    region_code: str,
    credit_code: str,
    level: str,
    windows: Collection[str] = (),
    review_body: str = "",
    court: str = "",
) -> str:
    """Keep a new unit with its windows; returns its id. ``review_body`` and ``court``: as ``set_review``.

    Refused: malformed (a name with characters that are not seen, or one without the other)."""
    _seen(name=name, place=place, window="".join(windows))
    _review(review_body, court)
    unit_id = new_id()
    async with store.change(SYSTEM) as change:
        await staffing.add_unit(
            change.connection,
            unit_id=unit_id,
            name=name,
            place=place,
            region_code=region_code,
            credit_code=credit_code,
            level=level,
            review_body=review_body,
            court=court,
        )
        for window in windows:
            await staffing.add_window(
                change.connection, window_id=new_id(), unit_id=unit_id, name=window
            )
        turn = await Turn.of(change, of_unit(unit_id))
        payload = {"name": name, "place": place, "windows": list(windows)}
        payload |= {"review_body": review_body, "court": court}
        await turn.enter("unit.create", payload)
    return unit_id


async def set_review(store: Store, *, unit: str, review_body: str, court: str) -> None:
    """Say before whom the decisions of a unit can be taken (复议机关, 法院): its papers name both from now on.
    ``unit`` is an id or a name.

    Refused: not_found, malformed (one without the other, longer than 120 characters, or with characters
    that are not seen)."""
    _review(review_body, court)
    async with store.change(SYSTEM) as change:
        units = await staffing.list_units(change.connection)
        found = next((one for one in units if unit in (one["id"], one["name"])), None)
        if found is None:
            raise Refusal(Code.NOT_FOUND, unit=unit)
        turn = await Turn.of(change, of_unit(found["id"]))
        await staffing.set_review(change.connection, found["id"], review_body, court)
        await turn.enter("unit.review", {"review_body": review_body, "court": court})


async def add_person(
    store: Store,
    *,
    login: str,
    password: str,
    name: str,
    staff_number: str,
    unit: str,
    window: str | None,
    roles: Collection[Role],
) -> str:
    """Keep a new person; ``unit`` and ``window`` are ids or names. Returns the person's id.

    Refused: malformed (login taken, or a name with characters that are not seen), not_found,
    roles_exclude (two of the roles exclude one another; of a person who is there it may be allowed),
    and as by ``accounts.judge``.
    """
    _seen(login=login, name=name, staff_number=staff_number)
    _apart(roles, ())
    await asyncio.to_thread(judge, password, words_of(login, name, staff_number))
    password_hash = await asyncio.to_thread(Passwords().hash, password)
    person_id = new_id()
    async with store.change(SYSTEM) as change:
        await change.lock("people")
        if await staff.find_account(change.connection, login) is not None:
            raise Refusal(Code.MALFORMED, fields="login")
        units = await staffing.list_units(change.connection)
        home = next((one for one in units if unit in (one["id"], one["name"])), None)
        if home is None:
            raise Refusal(Code.NOT_FOUND, unit=unit)
        seat = None
        if window is not None:
            seat = next((w for w in home["windows"] if window in (w["id"], w["name"])), None)
            if seat is None:
                raise Refusal(Code.NOT_FOUND, window=window)
        await staff.add_person(
            change.connection,
            person_id=person_id,
            login=login,
            password_hash=password_hash,
            name=name,
            staff_number=staff_number,
            unit_id=home["id"],
            window_id=seat["id"] if seat else None,
            roles=roles,
        )
        turn = await Turn.of(change, of_person(person_id))
        granted = sorted(role.value for role in roles)
        payload = {"login": login, "unit": home["id"], "roles": granted}
        await turn.enter("person.create", payload)
    return person_id


async def exempt(
    store: Store, actor: Actor | System, who: str, first: Role, second: Role, reason: str
) -> None:
    """Let two roles that exclude one another be in this person, for a reason; granting them is another act.
    ``who`` is an id, for the machine also a login.

    Refused: ``forbidden`` (no security officer of the person's unit), ``not_found``, ``not_yours``
    (for oneself), ``field_invalid`` (these do not exclude one another), ``reason_missing``.
    """
    async with store.change(actor) as change:
        turn, person_id = await _checked(change, actor, who)
        pair = _excluded(first, second)
        if not reason.strip():
            raise Refusal(Code.REASON_MISSING)
        new = staffing.Exemption(
            new_id(), person_id, *pair, reason.strip(), actor.person_id, change.at
        )
        await staffing.add_exemption(change.connection, new)
        payload = {"first": new.first, "second": new.second, "reason": new.reason}
        await turn.enter("person.exempt", payload)


async def end_exemption(
    store: Store, actor: Actor | System, who: str, first: Role, second: Role
) -> None:
    """These two roles exclude one another in this person again; taking one from him is another act. Twice
    does nothing. Refused as ``exempt``."""
    async with store.change(actor) as change:
        turn, person_id = await _checked(change, actor, who)
        pair = _excluded(first, second)
        if await staffing.end_exemption(change.connection, person_id, *pair):
            await turn.enter("person.unexempt", {"first": pair[0], "second": pair[1]})


async def _checked(change: Change, actor: Actor | System, who: str) -> tuple[Turn, str]:
    """The turn and the id of the person whose roles a security officer of his unit, or the machine, lets be or no more."""
    await change.lock("people")
    officer = isinstance(actor, Actor)
    if isinstance(actor, Actor) and not may(actor, Act.EXEMPT, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)
    person = await staff.find_named(change.connection, who, by_login=not officer)
    if person is None:
        raise Refusal(Code.NOT_FOUND, person=who)
    if isinstance(actor, Actor) and not may(actor, Act.EXEMPT, unit_id=person.unit_id):
        raise Refusal(Code.FORBIDDEN)
    if person.id == actor.person_id:
        raise Refusal(Code.NOT_YOURS, person=person.id)
    return await Turn.of(change, of_person(person.id)), person.id


def _excluded(first: Role, second: Role) -> tuple[Role, Role]:
    pair = next((one for one in EXCLUDED if set(one) == {first, second}), None)
    if pair is None:
        raise Refusal(Code.FIELD_INVALID, fields="first, second")
    return pair


def _apart(roles: Collection[Role], allowed: Collection[tuple[Role, Role]]) -> None:
    for first, second in conflicts(roles):
        if (first, second) not in allowed:
            raise Refusal(Code.ROLES_EXCLUDE, first=first.value, second=second.value)


def _review(review_body: str, court: str) -> None:
    _seen(review_body=review_body, court=court)
    if (
        bool(review_body.strip()) != bool(court.strip())
        or max(map(len, (review_body, court))) > 120
    ):
        raise Refusal(Code.MALFORMED, fields="review_body, court")


def _seen(**names: str) -> None:
    if hidden := [what for what, name in names.items() if plain(name) != name]:
        raise Refusal(Code.MALFORMED, fields=", ".join(hidden))


async def set_roles(store: Store, login: str, roles: Collection[Role]) -> None:
    """Give this person these roles and no other, within two seconds also where he is
    connected. Refused: not_found, roles_exclude (unless a security officer has allowed both)."""
    async with store.change(SYSTEM) as change:
        await change.lock("people")
        allowed = await staffing.exempted(change.connection, login)
        _apart(roles, [(Role(one.first), Role(one.second)) for one in allowed])
        person_id = await staffing.set_roles(change.connection, login, roles)
        if person_id is None:
            raise Refusal(Code.NOT_FOUND, login=login)
        turn = await Turn.of(change, of_person(person_id))
        await turn.enter("person.roles", {"roles": sorted(role.value for role in roles)})
