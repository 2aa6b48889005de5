"""Templates of papers that a unit lays out by itself: tried out, published by version, taken back.

An administrator of the unit writes them, its supervisors may read them; a template of another unit
cannot be named. What is published is drawn first, with facts that were invented, in the cell that
draws every paper; one that has a fault, or that does not say what the law wants said, is refused.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from server.papers import rows, specimen
from server.papers.rows import Template
from server.papers.wire import (
    TemplateCheck,
    TemplateFault,
    TemplateRow,
    Templates,
    TemplateSource,
    TemplateVersion,
    TemplateWhole,
)
from server.rights.ids import new_id
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_template, of_templates
from server.standards import template as rules
from server.standards.papers import TITLES, PaperKind
from server.store import Store
from server.store.subject import Turn
from server.work import paper as drawing
from server.work.child import MIB, ChildLimits, Children, JobFailed
from signaling.refusals import Code, Refusal

OWN_LIMITS: Final = ChildLimits(memory_bytes=1024 * MIB, processor_s=10, files=256)
"""For a template that a unit laid out by itself."""

WAITING_AT_MOST: Final = 4
PLACES_TOLD: Final = 20


class TemplateStudio:
    """Where templates are tried out and published: one child of this node at a time."""

    def __init__(
        self,
        store: Store,
        children: Children,
        font_dirs: Sequence[Path] = (),
        *,
        limits: ChildLimits = OWN_LIMITS,
    ) -> None:
        self._store = store
        self._limits = limits
        self._children = children
        self._fonts = [*font_dirs]
        self._waiting = 0

    async def templates(self, actor: Actor) -> Templates:
        """The papers, and by which template the asker's unit lays each out. Refused: ``forbidden``."""
        _reader(actor)
        async with self._store.read() as connection:
            found = await rows.list_versions(connection, actor.unit_id)
        newest: dict[PaperKind, tuple[Template, str]] = {}
        for one in found:
            newest.setdefault(one[0].kind, one)
        return Templates(
            unit_name=actor.unit_name,
            may_edit=may(actor, Act.TEMPLATE_EDIT, unit_id=actor.unit_id),
            templates=[
                TemplateRow(
                    kind=kind,
                    title=title,
                    newest=_version(*newest[kind]) if kind in newest else None,
                )
                for kind, title in TITLES.items()
            ],
        )

    async def whole(self, actor: Actor, kind: str) -> TemplateWhole:
        """A template as it is used now, its versions, and the facts that it is tried out with.

        Refused: ``forbidden``, ``not_found``.
        """
        _reader(actor)
        of = _kind(kind)
        async with self._store.read() as connection:
            found = await rows.list_versions(connection, actor.unit_id, of)
        source = found[0][0].source if found else None
        return TemplateWhole(
            kind=of,
            title=TITLES[of],
            source=await _built_in() if source is None else source,
            built_in=source is None,
            versions=[_version(*one) for one in found],
            facts=specimen.facts(of, actor.unit_name),
        )

    async def source(self, actor: Actor, kind: str, version: str) -> TemplateSource:
        """The text of one version; ``0`` is the built-in one. Refused: ``forbidden``, ``not_found``."""
        _reader(actor)
        of = _kind(kind)
        if version == "0":
            return TemplateSource(version=0, source=await _built_in())
        async with self._store.read() as connection:
            found = await rows.list_versions(connection, actor.unit_id, of)
        for one, _ in found:
            if str(one.version) == version:
                source = await _built_in() if one.source is None else one.source
                return TemplateSource(version=one.version, source=source)
        raise Refusal(Code.NOT_FOUND)

    async def check(self, actor: Actor, kind: str, source: str) -> TemplateCheck:
        """What would come of a text as a template: the paper of an invented case, or all its faults.

        Nothing is written. Refused: ``forbidden``, ``not_found``, ``throttled`` (others wait).
        """
        _writer(actor)
        made, faults = await self._draw(actor, _kind(kind), source, pictures=True)
        return TemplateCheck(
            pages=made.get("pages", 0), pictures=made.get("pictures", []), faults=faults
        )

    async def publish(
        self, actor: Actor, kind: str, source: str | None, *, over: int, note: str
    ) -> TemplateVersion:
        """Lay out the unit's papers of a kind by this text from now on; None: by the built-in layout.

        Papers that were asked for before keep what they were asked for with. Refused: ``forbidden``,
        ``not_found``, ``stale`` (``over`` is not the newest version), ``throttled``, and
        ``bad_template`` with the ``count`` of faults and the first ``places``; ``review_body_missing`` for a
        paper that names before whom the decision can be taken, while that is not known of the unit.
        """
        _writer(actor)
        of = _kind(kind)
        if source is not None:
            if of in rules.NAMES_REVIEW:
                async with self._store.read() as connection:
                    if not await rows.names_review(connection, actor.unit_id):
                        raise Refusal(Code.REVIEW_BODY_MISSING)
            _, faults = await self._draw(actor, of, source)
            if faults:
                places = ", ".join(f"{one.line}: {one.why} {one.name}" for one in faults)
                raise Refusal(Code.BAD_TEMPLATE, count=len(faults), places=places[:500])
        async with self._store.change(actor) as change:
            turn = await Turn.of(change, of_templates(actor.unit_id))
            before = await rows.newest(change.connection, actor.unit_id, of)
            version = before.version if before else 0
            if version != over:
                raise Refusal(Code.STALE, version=version, base_version=over)
            new = Template(
                id=new_id(),
                unit_id=actor.unit_id,
                kind=of,
                version=version + 1,
                source=source,
                sha256=None if source is None else hashlib.sha256(source.encode()).hexdigest(),
                by=actor.person_id,
                at=change.at,
                note=note,
            )
            await rows.add(change.connection, new)
            payload = {"kind": of, "version": new.version, "sha256": new.sha256, "note": note}
            await turn.enter("template.publish", payload, of_template(new.id))
        return _version(new, actor.name)

    async def _draw(
        self, actor: Actor, kind: PaperKind, source: str, *, pictures: bool = False
    ) -> tuple[dict[str, Any], list[TemplateFault]]:
        if self._waiting >= WAITING_AT_MOST:
            raise Refusal(Code.THROTTLED)
        self._waiting += 1
        try:
            made = await self._children.run(
                drawing.__name__,
                given={
                    "facts": specimen.facts(kind, actor.unit_name),
                    "font_dirs": [*map(str, self._fonts)],
                    "template": source,
                    "pictures": pictures,
                },
                limits=self._limits,
                reads=self._fonts,
            )
        except JobFailed as failure:
            # killed for what it used, or without the fonts that papers are set in
            why: rules.Why = "font" if failure.final else "endless"
            return {}, [TemplateFault(line=0, why=why)]
        finally:
            self._waiting -= 1
        return made, [TemplateFault.model_validate(one) for one in made.get("faults", ())]


async def _built_in() -> str:
    return await asyncio.to_thread(drawing.LAYOUT.read_text, encoding="utf-8")


def _kind(word: str) -> PaperKind:
    for kind in TITLES:
        if kind == word:
            return kind
    raise Refusal(Code.NOT_FOUND)


def _reader(actor: Actor) -> None:
    if not may(actor, Act.TEMPLATE_READ, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)


def _writer(actor: Actor) -> None:
    if not may(actor, Act.TEMPLATE_EDIT, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)


def _version(one: Template, made_by: str) -> TemplateVersion:
    return TemplateVersion(
        version=one.version,
        built_in=one.source is None,
        made_at=one.at,
        made_by=made_by,
        note=one.note,
    )
