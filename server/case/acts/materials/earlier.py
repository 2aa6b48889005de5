"""Materials of earlier cases of the same applicant: his consent, what there is, and its use.

A file is taken over by its hash, without a new upload; both cases keep that it was. The rules are in
``server.case.rules.materials.earlier``.
"""

from dataclasses import replace
from pathlib import PurePath
from typing import Final

from server.case import rows
from server.case.acts.course import consents
from server.case.acts.course.numbers import receive
from server.case.acts.materials.files import ask_copy, changed, with_material
from server.case.rows import material as material_rows
from server.case.rules.materials import earlier as rules
from server.case.turn import Acts, CaseTurn
from server.case.wire.http import EarlierMaterial, EarlierMaterials
from server.case.wire.materials import CaseConsentEarlier, CaseEarlierConsented, CaseTakeEarlier
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.standards.identifiers import mask_name
from server.store import Store
from server.store.subject import Told, Turn
from signaling.refusals import Code, Refusal

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseConsentEarlier, CaseTurn)
async def consent(turn: CaseTurn, command: CaseConsentEarlier) -> Told:
    """Keep the applicant's answer, with the words that he was shown.

    Refused: ``malformed`` (no such text), and as in ``server.case.rules.materials.earlier.consented``.
    """
    answer = consents.answer_of(turn, command)
    turn.keep(rules.consented(turn.case, answer, turn.hand))
    words = rules.text(command.text_version, command.language)
    if words is None:
        raise Refusal(Code.MALFORMED, fields="text_version")
    return consents.answered(turn, answer, CaseEarlierConsented, words=words)


async def _lent(turn: CaseTurn) -> list[rules.Earlier]:
    """The earlier cases whose files may be used in this one.

    His right to see an earlier case is not asked, and neither is that of his unit: what lets a file
    be used again is the applicant's consent in this case, and that the identity number of both
    cases is the same. Refused as in ``server.case.rules.materials.earlier.admit``.
    """
    rules.admit(turn.case, turn.hand)
    return await rows.list_earlier(turn.connection, turn.case)


async def listing(store: Store, actor: Actor, case_id: str) -> EarlierMaterials:
    """What the applicant lets be used in this case; refused ``not_found``, and as in
    ``server.case.rules.materials.earlier.admit``.

    The ledger of this case keeps who looked, and at which materials.
    """
    async with store.change(actor) as change:
        turn = await CaseTurn.begin(change, actor, case_id)
        offered = [(one, was) for one in await _lent(turn) for was in rules.offered(one)]
        payload = {"materials": sorted(was.id for _, was in offered)}
        await turn.enter("case.list_earlier", payload)
    item = turn.case.item
    return EarlierMaterials(
        materials=[
            EarlierMaterial(
                id=was.id,
                item_name=one.item.name,
                line_name=(name := rules.line_name(one.item, was)),
                name_masked=mask_name(was.name) + PurePath(was.name).suffix[:6],
                place=one.place,
                at=was.at,
                media_type=was.media_type or "",
                size_bytes=was.size_bytes,
                pages=was.pages,
                grade=was.grade,
                fits=rules.fits(item, name),
            )
            for one, was in sorted(offered, key=lambda pair: pair[1].at, reverse=True)
        ]
    )


async def _lender(connection: rows.Connection, command: CaseTakeEarlier) -> list[str]:
    found = await material_rows.find_material(connection, command.material_id)
    return [] if found is None else [of_case(found[1])]


@acts.on(CaseTakeEarlier, CaseTurn, also=_lender)
async def take(turn: CaseTurn, command: CaseTakeEarlier) -> Told:
    """Use an earlier material in this case. Result: ``{material_id}``.

    Refused: as in ``server.case.rules.materials.earlier.taken``.
    """
    new = rules.taken(
        turn.case,
        await _lent(turn),
        command.line,
        command.material_id,
        turn.hand,
        slot=command.slot,
        new_id=new_id(),
        at=turn.at,
        version=turn.version,
    )
    turn.keep(with_material(turn.case, new))

    async def then() -> None:
        await ask_copy(turn.change, turn.case_id, new)
        await receive(turn)
        lent = {"to": turn.subject, "as": f"material:{new.id}", "sha256": new.sha256}
        told = Told(None, f"material:{command.material_id}", lent, on_behalf_of=APPLICANT)
        for one in turn.also:
            await (await Turn.of(turn.change, one)).tell("material.lend", told)

    return replace(
        changed(turn, "case.take_earlier", new, turn.people),
        result={"material_id": new.id},
        beside=[rows.outdated_signatures(turn.case_id)],
        then=then,
    )
