"""The form of a case: edits, the soft lock, and proposals. Functions from a state to the next.

A field is named by its path: ``name``, or ``group.row.column`` for a cell of a repeated group. The
value of a group itself is the list of its rows, in their order (``r1,r2``): adding, removing and
moving a row is an edit of that list, and each cell has a version of its own, so that two people
may fill different rows. Cells of a row that was removed stay and do not count.

The applicant's values are changed at the window and nowhere else: the approver proposes, the
window adopts or declines. An edit names the version that it began from, so that nobody writes
over what he has not seen. Knows no storage and no clock; ``at`` and ``version`` are given.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from server.catalogue.rules import schema
from server.catalogue.rules.item import Field, Rule, field_at
from server.catalogue.rules.schema import Place
from server.catalogue.rules.values import checked, rows_of
from server.rights.hand import APPLICANT, Hand
from server.standards.working_days import china_day
from signaling.refusals import Code, Refusal

ProposalState = Literal["open", "adopted", "declined", "outdated"]
Answer = Literal["yes", "no"]
"""What the applicant says to a proposal on his own screen; the clerk adopts or declines it."""

LEASE: Final = timedelta(seconds=10)
"""How long a field is held without being renewed."""
OPEN_AT_MOST: Final = 100
"""Proposals of a case that wait for an answer."""


@dataclass(frozen=True)
class SavedValue:
    """The saved value of a field; ``version`` is the case's version that brought it."""

    value: str
    version: int
    by: str
    at: datetime
    on_behalf_of: str | None = None


@dataclass(frozen=True)
class FieldLock:
    """The soft lock: a lease of one person on one field."""

    person_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Proposal:
    """A value that the approver suggests, or that was read off a card. open < adopted | declined | outdated.

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
    answer: Answer | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Form:
    """All that an edit needs to know. ``closed``: the case takes no more changes; ``attached``: the
    material lines of which something is stored."""

    fields: Mapping[str, Field]
    entries: Mapping[str, SavedValue]
    holds: Mapping[str, FieldLock]
    proposals: tuple[Proposal, ...]
    closed: bool
    rules: tuple[Rule, ...] = ()
    attached: Set[str] = frozenset()

    @property
    def values(self) -> dict[str, str]:
        """The saved value of each field that has one, by its path."""
        return {path: entry.value for path, entry in self.entries.items() if entry.value}

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
    ``field_held`` (by another, lease running; of a group by another in a row that would go),
    ``stale`` (``base_version`` is not the field's version; 0 when empty), ``field_invalid`` with
    the rule that was broken.
    """
    known = _open_for(form, field, who.fills)
    held_by_other(form, field, who, at)
    _fresh(form, field, base_version)
    new = fitting(form, field, checked(known, value, at))
    if known.kind == "group":
        for row in set(rows_of(form.values.get(field, ""))) - set(rows_of(new)):
            for held in form.holds:
                if held.startswith(f"{field}.{row}."):
                    held_by_other(form, held, who, at)
    return _write(form, field, new, who, at, version, adopted=None)


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
    ``not_yours`` (not the approver, or the field is a list of rows), ``field_unknown``,
    ``field_invalid``, ``throttled`` (100 are open).
    """
    known = _open_for(form, field, who.judges(f"field:{field}"))
    if known.kind == "group":
        raise Refusal(Code.NOT_YOURS, field=field)
    fits = fitting(form, field, checked(known, value, at))
    return _proposed(form, id, field, fits, reason, who, at=at, version=version)


def _proposed(
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
    if sum(one.state == "open" for one in form.proposals) >= OPEN_AT_MOST:
        raise Refusal(Code.THROTTLED)
    entry = form.entries.get(field)
    new = Proposal(
        id=id,
        field=field,
        value=value,
        old_value=entry.value if entry else "",
        field_version=entry.version if entry else 0,
        reason=reason,
        by=who.person_id,
        at=at,
        version=version,
    )
    return replace(form, proposals=(*form.proposals, new))


def offer(
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
    """As ``propose``, at the window: what was read off a card, until a person has compared it.

    Nothing changes when the field says the same, or a proposal that is open does. Refused:
    ``case_closed``, ``not_yours`` (not the window), ``field_unknown``, ``field_invalid``,
    ``throttled``.
    """
    known = _open_for(form, field, who.fills)
    fits = fitting(form, field, checked(known, value, at))
    there = [one.value for one in form.proposals if one.field == field and one.state == "open"]
    if form.values.get(field) == fits or fits in there:
        return form
    return _proposed(form, id, field, fits, reason, who, at=at, version=version)


def answer_proposal(
    form: Form, proposal_id: str, answer: Answer, who: Hand, *, at: datetime
) -> Form:
    """What the applicant says to an open proposal; a later answer replaces it, and the field stays as it is.

    Nothing changes when he says the same again. Refused: ``case_closed``, ``not_found``, ``not_yours``
    (not at the window), ``proposal_closed``.
    """
    proposal = _asked(form, proposal_id, who)
    if proposal.answer == answer:
        return form
    return _with_proposal(form, replace(proposal, answer=answer, answered_at=at))


def close_proposal(
    form: Form, proposal_id: str, adopt: bool, who: Hand, *, at: datetime, version: int
) -> Form:
    """Adopt (write the field and close, in one step) or decline a proposal at the window.

    Refused: ``case_closed``, ``not_found``, ``not_yours`` (not the window), ``proposal_closed``,
    and when adopting ``field_held``, ``stale`` (the field changed since it was proposed).
    """
    proposal = _asked(form, proposal_id, who)
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
    return _write(form, proposal.field, proposal.value, who, at, version, adopted=closed)


def _asked(form: Form, proposal_id: str, who: Hand) -> Proposal:
    """The proposal that waits for a word at the window."""
    proposal = form.proposal(proposal_id)
    if proposal is None:
        raise Refusal(Code.NOT_FOUND, proposal=proposal_id)
    _open_for(form, proposal.field, who.fills)
    if proposal.state != "open":
        raise Refusal(Code.PROPOSAL_CLOSED, proposal=proposal_id, state=proposal.state)
    return proposal


def hold(form: Form, field: str | None, who: Hand, *, at: datetime) -> Form:
    """Take or renew the lease on a field, or drop mine with None. A person holds one field at most.

    Refused: ``case_closed``, ``not_yours`` (not the window), ``field_unknown``, ``field_held``.
    """
    mine_gone = {name: one for name, one in form.holds.items() if one.person_id != who.person_id}
    if field is None:
        return replace(form, holds=mine_gone)
    _open_for(form, field, who.fills)
    held_by_other(form, field, who, at)
    return replace(form, holds={**mine_gone, field: FieldLock(who.person_id, at + LEASE)})


def held_by_other(form: Form, field: str, who: Hand, at: datetime) -> None:
    """Refuse ``field_held`` (with the holder's id) while another person's lease runs."""
    lease = form.holds.get(field)
    if lease and lease.person_id != who.person_id and lease.expires_at > at:
        raise Refusal(Code.FIELD_HELD, field=field, holder=lease.person_id)


def lapsed(proposals: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
    """These when the case is closed: nobody answers the open ones any more, so that they are outdated."""
    return tuple(
        replace(one, state="outdated") if one.state == "open" else one for one in proposals
    )


def outdated(before: tuple[Proposal, ...], after: tuple[Proposal, ...]) -> list[str]:
    """Ids of the proposals that a step made outdated, in their order."""
    was_open = {one.id for one in before if one.state == "open"}
    return [one.id for one in after if one.state == "outdated" and one.id in was_open]


def fitting(form: Form, path: str, value: str) -> str:
    """The value, when no rule that is told at this field is broken by it; else ``field_invalid``
    with the rule and the field ``other`` that it stands against."""
    prefix, _, name = path.rpartition(".")
    group = form.fields.get(prefix.partition(".")[0])
    for rule in group.rules if prefix and group else form.rules:
        if rule.field != name or rule.kind == "sums_to" or not value:
            continue
        other = f"{prefix}.{rule.other}" if prefix else rule.other
        if schema.breaks(rule, value, form.values.get(other, "")):
            raise Refusal(Code.FIELD_INVALID, field=path, rule=rule.kind, other=other)
    return value


def faults(form: Form, at: datetime) -> list[schema.ValueFault]:
    """All that is wrong with the form as it stands, each with its place, in the order of the form:
    required and empty, too few rows, a rule between fields that is broken."""
    return schema.faults(
        tuple(form.fields.values()), form.rules, form.values, form.attached, today=china_day(at)
    )


def empty_required(form: Form, at: datetime) -> list[Place]:
    """Required fields without a value that are there now, in the order of the form."""
    return [one.place for one in faults(form, at) if one.why == "required"]


def known_field(form: Form, field: str) -> Field:
    """The field at that path; refused ``field_unknown``, a cell of a row that is not there too."""
    known = field_at(form.fields, field)
    name, dot, rest = field.partition(".")
    if known is None or (dot and rest.partition(".")[0] not in rows_of(form.values.get(name, ""))):
        raise Refusal(Code.FIELD_UNKNOWN, field=field)
    return known


def _open_for(form: Form, field: str, may: bool) -> Field:
    if form.closed:
        raise Refusal(Code.CASE_CLOSED)
    if not may:
        raise Refusal(Code.NOT_YOURS, field=field)
    return known_field(form, field)


def _fresh(form: Form, field: str, base_version: int) -> None:
    entry = form.entries.get(field)
    current = entry.version if entry else 0
    if base_version != current:
        raise Refusal(Code.STALE, field=field, base_version=base_version, version=current)


def _write(
    form: Form,
    path: str,
    value: str,
    who: Hand,
    at: datetime,
    version: int,
    *,
    adopted: Proposal | None,
) -> Form:
    entry = SavedValue(value, version, who.person_id, at, APPLICANT)
    proposals = tuple(
        replace(one, state="outdated") if one.field == path and one.state == "open" else one
        for one in (_with_proposal(form, adopted) if adopted else form).proposals
    )
    return replace(form, entries={**form.entries, path: entry}, proposals=proposals)


def _with_proposal(form: Form, changed: Proposal) -> Form:
    return replace(
        form,
        proposals=tuple(changed if one.id == changed.id else one for one in form.proposals),
    )
