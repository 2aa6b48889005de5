"""Items as the wire shows them. Shapes only: no rights, no rules, no storage."""

from server.catalogue.rules.item import Condition, Field, Item, Rule
from server.catalogue.wire import (
    CheckPoint,
    FormCondition,
    FormField,
    FormRule,
    ItemView,
    MaterialLine,
)


def item_view(item: Item, unit_id: str, unit_name: str, place: str) -> ItemView:
    """The item for the wire, as one of this unit."""
    return ItemView(
        id=item.id,
        code=item.code,
        name=item.name,
        version=item.version,
        unit_id=unit_id,
        unit_name=unit_name,
        place=place,
        promised_days=item.promised_days,
        modes=list(item.modes),
        lines=[
            MaterialLine(
                key=line.key,
                name=line.name,
                need=line.need,
                form=line.form,
                originals=line.originals,
                copies=line.copies,
                note=line.note,
                slots=list(line.slots),
                declares=line.declares,
            )
            for line in item.lines
        ],
        form_title=item.form_title,
        form=[form_field(field) for field in item.form],
        rules=[form_rule(rule) for rule in item.rules],
        recording_refusal=item.recording_refusal,
        checklist=[CheckPoint(key=point.key, text=point.text) for point in item.checklist],
        guide=item.guide,
        bases=list(item.bases),
        system=item.system,
        fee_basis=item.fee_basis,
        fee_fen=item.fee_fen,
        fee_first=item.fee_first,
        signature=item.signature,
    )


def form_field(field: Field) -> FormField:
    return FormField(
        name=field.name,
        label=field.label,
        label_en=field.label_en,
        kind=field.kind,
        required=field.required,
        sensitive=field.sensitive,
        choices=list(field.choices),
        hint=field.hint,
        example=field.example,
        max_length=field.max_length,
        group=field.group,
        minimum=field.minimum,
        maximum=field.maximum,
        decimals=field.decimals,
        unit=field.unit,
        level=field.level,
        line=field.line,
        columns=[form_field(one) for one in field.columns],
        min_rows=field.min_rows,
        max_rows=field.max_rows,
        rules=[form_rule(one) for one in field.rules],
        when=_condition(field.when),
        required_when=_condition(field.required_when),
        card=field.card,
    )


def form_rule(rule: Rule) -> FormRule:
    return FormRule(kind=rule.kind, field=rule.field, other=rule.other, total=rule.total)


def _condition(condition: Condition | None) -> FormCondition | None:
    if condition is None:
        return None
    return FormCondition(
        field=condition.field, values=list(condition.values), outside=condition.outside
    )
