"""Materials of earlier cases of the same applicant: his consent, what there is, and its use.

A file is taken over by its hash, without a new upload; both cases keep that it was. Who may is
asked in ``server.actions.cases.admission``, the rules are in ``server.domain.earlier``.
"""

from pathlib import PurePath

from server.actions import consents
from server.actions.cases import admitted
from server.actions.cases import earlier as admitted_earlier
from server.actions.materials import record_change
from server.actions.viewing import ask_copy
from server.domain import earlier as rules
from server.domain.identifiers import mask_name
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Store
from server.store import cases as rows
from server.store import uploads as upload_rows
from server.wire.case import CaseConsentEarlier, CaseEarlierConsented, CaseTakeEarlier
from server.wire.http import EarlierMaterial, EarlierMaterials
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def consented(connection: Connected, command: CaseConsentEarlier) -> Ack:
        return await consent(store, actor_of(connection), command)

    async def taken(connection: Connected, command: CaseTakeEarlier) -> Ack:
        return await take(store, actor_of(connection), command)

    return {CaseConsentEarlier: consented, CaseTakeEarlier: taken}


async def consent(store: Store, actor: Actor, command: CaseConsentEarlier) -> Ack:
    """Keep the applicant's answer, with the words that he was shown.

    Refused: ``malformed`` (no such text), and as in ``server.domain.earlier.consented``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        await change.lock(of_case(command.case_id))
        record, hand = await admitted(change.connection, actor, command.case_id)
        answer = consents.answer_of(command, actor, change)
        after = rules.consented(record.case, answer, hand)
        words = rules.text(command.text_version, command.language)
        if words is None:
            raise Refusal(Code.MALFORMED, fields="text_version")
        await consents.keep(
            change,
            actor,
            record.case,
            after,
            answer,
            "case.consent_earlier",
            CaseEarlierConsented,
            words=words,
        )
        return change.ack()


async def listing(store: Store, actor: Actor, case_id: str) -> EarlierMaterials:
    """What the applicant lets be used in this case; refused as in ``cases.admission.earlier``.

    The ledger of this case keeps who looked, and at which materials.
    """
    subject = of_case(case_id)
    async with store.change(actor) as change:
        await change.lock(subject)
        record, _, found = await admitted_earlier(change.connection, actor, case_id)
        offered = [(one, was) for one in found for was in rules.offered(one)]
        await change.record(
            subject,
            "case.list_earlier",
            subject,
            None,
            payload={"materials": sorted(was.id for _, was in offered)},
        )
    item = record.case.item
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


async def take(store: Store, actor: Actor, command: CaseTakeEarlier) -> Ack:
    """Use an earlier material in this case. Result: ``{material_id}``.

    Refused: as in ``server.domain.earlier.taken``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        found = await upload_rows.find_material(change.connection, command.material_id)
        subject, other = of_case(command.case_id), of_case(found[1]) if found else ""
        # both in one order, so that two who take from each other's cases do not wait for each other
        for one in sorted({subject, other} - {""}):
            await change.lock(one)
        record, hand, cases = await admitted_earlier(change.connection, actor, command.case_id)
        new = rules.taken(
            record.case,
            cases,
            command.line,
            command.material_id,
            hand,
            slot=command.slot,
            new_id=new_id(),
            at=change.at,
            version=await change.lock(subject) + 1,
        )
        await rows.outdate_signatures(change.connection, command.case_id)
        await rows.save_material(change.connection, command.case_id, new, new=True)
        await record_change(change, command.case_id, new, "case.take_earlier")
        await ask_copy(change, command.case_id, new)
        await change.record(
            other,
            "material.lend",
            f"material:{command.material_id}",
            None,
            payload={"to": subject, "as": f"material:{new.id}", "sha256": new.sha256},
            on_behalf_of=APPLICANT,
        )
        return change.ack({"material_id": new.id})
