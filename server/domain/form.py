"""The form of a case: edits, the soft lock, and proposals. Functions from a state to the next.

The applicant's values are changed at the window and nowhere else: the approver proposes, the
window adopts or declines. An edit names the version that it began from, so that nobody writes
over what he has not seen. Knows no storage and no clock; ``at`` and ``version`` are given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from server.domain import identifiers
from server.domain.item import Field
from server.domain.working_days import china_day
from signaling.refusals import Code, Refusal

Side = Literal["window", "approver", "third", "supervisor"]
"""``third``: a unit that was invited into the live call; reads, says and comments, no more."""
ProposalState = Literal["open", "adopted", "declined", "outdated"]

APPLICANT: Final = "applicant"
"""On whose behalf the window enters values."""
LEASE: Final = timedelta(seconds=10)
"""How long a field is held without being renewed."""
OPEN_AT_MOST: Final = 100
"""Proposals of a case that wait for an answer."""


@dataclass(frozen=True)
class Hand:
    """Who acts, and from which side of the case."""

    person_id: str
    side: Side


@dataclass(frozen=True)
class Entry:
    """The saved value of a field; ``version`` is the case's version that brought it."""

    value: str
    version: int
    by: str
    at: datetime
    on_behalf_of: str | None = None


@dataclass(frozen=True)
class Hold:
    """The soft lock: a lease of one person on one field."""

    person_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Proposal:
    """A value that the approver suggests. open < adopted | declined | outdated.

    ``version`` is the case's version that brought it.
    """

    id: str
    field: str
    value: str
    old_value: str
    field_version: int
    reason: str
    by: str
    at: datetime
    state: ProposalState = "open"
    closed_by: str | None = None
    closed_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True)
class Form:
    """All that an edit needs to know. ``closed``: the case takes no more changes."""

    fields: Mapping[str, Field]
    entries: Mapping[str, Entry]
    holds: Mapping[str, Hold]
    proposals: tuple[Proposal, ...]
    closed: bool

    def proposal(self, proposal_id: str) -> Proposal | None:
        return next((one for one in self.proposals if one.id == proposal_id), None)


def edit(
    form: Form,
    field: str,
    value: str,
    base_version: int,
    who: Hand,
    *,
    at: datetime,
    version: int,
) -> Form:
    """Save one field from the window; open proposals for that field become outdated.

    Refused, in this order: ``case_closed``, ``not_yours`` (not the window), ``field_unknown``,
    ``field_held`` (by another, lease running), ``stale`` (``base_version`` is not the field's
    version; 0 when empty), ``field_invalid`` with the rule that was broken.
    """
    known = _open_for(form, field, who, "window")
    held_by_other(form, field, who, at)
    _fresh(form, field, base_version)
    return _write(form, known, checked(known, value, at), who, at, version, adopted=None)


def propose(
    form: Form,
    id: str,
    field: str,
    value: str,
    reason: str,
    who: Hand,
    *,
    at: datetime,
    version: int,
) -> Form:
    """Suggest a value from the approver's side; the field itself does not change.

    A newer proposal for the same field stands beside the older one. Refused: ``case_closed``,
    ``not_yours`` (not the approver), ``field_unknown``, ``throttled`` (100 are open),
    ``field_invalid``.
    """
    known = _open_for(form, field, who, "approver")
    if sum(one.state == "open" for one in form.proposals) >= OPEN_AT_MOST:
        raise Refusal(Code.THROTTLED)
    entry = form.entries.get(field)
    new = Proposal(
        id=id,
        field=field,
        value=checked(known, value, at),
        old_value=entry.value if entry else "",
        field_version=entry.version if entry else 0,
        reason=reason,
        by=who.person_id,
        at=at,
        version=version,
    )
    return replace(form, proposals=(*form.proposals, new))


def close_proposal(
    form: Form, proposal_id: str, adopt: bool, who: Hand, *, at: datetime, version: int
) -> Form:
    """Adopt (write the field and close, in one step) or decline a proposal at the window.

    Refused: ``case_closed``, ``not_found``, ``not_yours`` (not the window), ``proposal_closed``,
    and when adopting ``field_held``, ``stale`` (the field changed since it was proposed).
    """
    proposal = form.proposal(proposal_id)
    if proposal is None:
        raise Refusal(Code.NOT_FOUND, proposal=proposal_id)
    known = _open_for(form, proposal.field, who, "window")
    if proposal.state != "open":
        raise Refusal(Code.PROPOSAL_CLOSED, proposal=proposal_id, state=proposal.state)
    closed = replace(
        proposal,
        state="adopted" if adopt else "declined",
        closed_by=who.person_id,
        closed_at=at,
    )
    if not adopt:
        return _with_proposal(form, closed)
    held_by_other(form, proposal.field, who, at)
    _fresh(form, proposal.field, proposal.field_version)
    return _write(form, known, proposal.value, who, at, version, adopted=closed)


def hold(form: Form, field: str | None, who: Hand, *, at: datetime) -> Form:
    """Take or renew the lease on a field, or drop mine with None. A person holds one field at most.

    Refused: ``case_closed``, ``not_yours`` (not the window), ``field_unknown``, ``field_held``.
    """
    mine_gone = {name: one for name, one in form.holds.items() if one.person_id != who.person_id}
    if field is None:
        return replace(form, holds=mine_gone)
    _open_for(form, field, who, "window")
    held_by_other(form, field, who, at)
    return replace(form, holds={**mine_gone, field: Hold(who.person_id, at + LEASE)})


def held_by_other(form: Form, field: str, who: Hand, at: datetime) -> None:
    """Refuse ``field_held`` (with the holder's id) while another person's lease runs."""
    lease = form.holds.get(field)
    if lease and lease.person_id != who.person_id and lease.expires_at > at:
        raise Refusal(Code.FIELD_HELD, field=field, holder=lease.person_id)


def outdated(before: Form, after: Form) -> list[str]:
    """Ids of the proposals that this step made outdated, in their order."""
    was_open = {one.id for one in before.proposals if one.state == "open"}
    return [one.id for one in after.proposals if one.state == "outdated" and one.id in was_open]


def checked(field: Field, value: str, at: datetime) -> str:
    """The value as it is saved: blanks around it gone, numbers and days in their canonical form.

    An empty value is always taken: what is required is asked for at the decision. Refused:
    ``field_invalid`` with ``rule`` too_long, not_a_choice, or the code of the broken rule
    (bad_identity_number, bad_credit_code, bad_phone, bad_date).
    """
    text = value.strip()
    if not text:
        return ""
    if len(text) > field.max_length:
        raise Refusal(
            Code.FIELD_INVALID, field=field.name, rule="too_long", max_length=field.max_length
        )
    try:
        match field.kind:
            case "identity_number":
                return identifiers.identity_number(text, today=china_day(at))
            case "credit_code":
                return identifiers.credit_code(text)
            case "phone":
                return identifiers.phone(text)
            case "date":
                return identifiers.day(text)
            case "choice":
                if text not in field.choices:
                    raise Refusal(Code.FIELD_INVALID, field=field.name, rule="not_a_choice")
                return text
            case "text" | "long_text":
                return text
    except Refusal as refusal:
        if refusal.code is Code.FIELD_INVALID:
            raise
        raise Refusal(Code.FIELD_INVALID, field=field.name, rule=refusal.code.value) from None


def empty_required(form: Form) -> list[Field]:
    """Required fields without a value, in the order of the form."""
    return [
        field
        for field in form.fields.values()
        if field.required and not (entry.value if (entry := form.entries.get(field.name)) else "")
    ]


def known_field(form: Form, field: str) -> Field:
    """The field of that name; refused ``field_unknown``."""
    known = form.fields.get(field)
    if known is None:
        raise Refusal(Code.FIELD_UNKNOWN, field=field)
    return known


def _open_for(form: Form, field: str, who: Hand, side: Side) -> Field:
    if form.closed:
        raise Refusal(Code.CASE_CLOSED)
    if who.side != side:
        raise Refusal(Code.NOT_YOURS, field=field)
    return known_field(form, field)


def _fresh(form: Form, field: str, base_version: int) -> None:
    entry = form.entries.get(field)
    current = entry.version if entry else 0
    if base_version != current:
        raise Refusal(Code.STALE, field=field, base_version=base_version, version=current)


def _write(
    form: Form,
    field: Field,
    value: str,
    who: Hand,
    at: datetime,
    version: int,
    *,
    adopted: Proposal | None,
) -> Form:
    entry = Entry(value, version, who.person_id, at, APPLICANT)
    proposals = tuple(
        replace(one, state="outdated") if one.field == field.name and one.state == "open" else one
        for one in (_with_proposal(form, adopted) if adopted else form).proposals
    )
    return replace(form, entries={**form.entries, field.name: entry}, proposals=proposals)


def _with_proposal(form: Form, changed: Proposal) -> Form:
    return replace(
        form,
        proposals=tuple(changed if one.id == changed.id else one for one in form.proposals),
    )
