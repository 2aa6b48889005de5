"""Reading an identity card or a licence that was brought as a material: offered, field by field, as proposals.

A child reads the text off the picture (``server.work.cards``), ``server.catalogue.rules.card`` finds in it what the
card says, and each field of the form that names it gets a proposal, which the window adopts or
declines after looking at both. Nothing is written into a field by itself. Knows no HTTP.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.case.acts.form.forms import proposed
from server.case.acts.materials.files import find
from server.case.admission import filling
from server.case.rules import form as rules
from server.case.rules.materials.material import Material
from server.case.turn import FormTurn
from server.case.wire.http import CardReading
from server.catalogue.rules import card
from server.catalogue.rules.card import Card, Kind, Text
from server.rights.ids import new_id
from server.rights.person import Actor
from server.standards.identifiers import mask_numbers
from server.standards.working_days import china_day
from server.store import Change, Store
from server.work import cards
from server.work.child import MIB, ChildLimits, Children, JobFailed
from signaling.refusals import Code, Refusal

PATIENCE_S: Final = 60.0
LIMITS: Final = ChildLimits(memory_bytes=4096 * MIB, processor_s=60, files=256)
"""Address space, of which the libraries map much and use little."""
REASON_MAX: Final = 500
SOURCES: Final = {"identity": "身份证", "licence": "营业执照"}


@dataclass(frozen=True)
class CardReader:
    """Reads cards on this node, where the libraries for it are installed."""

    store: Store
    children: Children
    installed: bool

    async def read(self, actor: Actor, material_id: str) -> CardReading:
        """Read a stored material of a case of this window and propose what it says.

        Refused: not_found, not_yours (not the window), case_closed, material_not_stored,
        material_locked, no_card_reader, no_card (no number with a right check digit was read).
        """
        material, case_id = await self._wanted(actor, material_id)
        if not self.installed:
            raise Refusal(Code.NO_CARD_READER)
        assert material.sha256 is not None
        path = self.store.blobs.path(material.sha256)
        today = china_day(self.store.clock.now())
        found = card.read(await self._texts(path, material), today=today)
        if found is None:
            raise Refusal(Code.NO_CARD, material=material_id)
        async with self.store.change(actor) as change:
            return await _offer(change, actor, case_id, material, found)

    async def _wanted(self, actor: Actor, material_id: str) -> tuple[Material, str]:
        material, case_id, audience = await find(self.store, actor, material_id)
        if not audience.fills:
            raise Refusal(Code.NOT_YOURS)
        if material.state != "stored":
            raise Refusal(Code.MATERIAL_NOT_STORED)
        if material.viewed_state == "locked":
            raise Refusal(Code.MATERIAL_LOCKED, material=material_id)
        async with self.store.read() as connection:
            form, _ = await filling(connection, actor, case_id)
        if form.closed:
            raise Refusal(Code.CASE_CLOSED)
        return material, case_id

    async def _texts(self, path: Path, material: Material) -> list[Text]:
        try:
            told = await self.children.run(
                cards.__name__,
                given={"source": str(path), "media_type": material.media_type},
                limits=LIMITS,
                patience_s=PATIENCE_S,
                reads=[path],
            )
        except JobFailed as failure:
            raise Refusal(Code.NO_CARD, material=material.id, why=str(failure)) from None
        return [Text(one["text"], tuple(one["box"])) for one in told["texts"]]


async def _offer(
    change: Change, actor: Actor, case_id: str, material: Material, found: Card
) -> CardReading:
    turn = await FormTurn.begin(change, actor, case_id)
    asked = {
        name: found.says[field.card]
        for name, field in turn.form.fields.items()
        if field.card and field.card in found.says
    }
    payload = {"kind": found.kind, "sha256": material.sha256, "fields": list(asked)}
    await turn.enter("material.read_card", payload, f"material:{material.id}")
    reason = read_off(found.kind, material.name)
    offered, same = [], []
    for name, value in asked.items():
        try:
            after = rules.offer(
                turn.form,
                new_id(),
                name,
                value,
                reason,
                turn.hand,
                at=turn.at,
                version=turn.version,
            )
        except Refusal as refusal:
            if refusal.code is not Code.FIELD_INVALID:
                raise
            continue  # the form asks for something else under that word
        if after is turn.form:
            same.append(name)
            continue
        await turn.tell("case.propose", proposed(turn, after))
        offered.append(name)
    return CardReading(kind=found.kind, offered=offered, same=same)


def read_off(kind: Kind, name: str) -> str:
    """The reason of a proposal that was read off a file of this name; everybody of the case reads it."""
    return f"{SOURCES[kind]}识读：{mask_numbers(name)}"[:REASON_MAX]
