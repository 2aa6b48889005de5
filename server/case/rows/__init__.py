"""The case record as rows: read whole as the domain's Case, written as the difference of two.

Also lists of cases, the daily serials, drafts, and what stands beside the record: sayings, the
strokes of signatures. Call inside Store.read or Store.change; in a change lock ``case:<id>``
first. Rights are asked in server.case.admission.
"""

from server.case.rows.beside import (
    Draft,
    count_sayings,
    list_drafts,
    list_materials,
    list_sayings,
    looked_at,
    material_of,
    values_at,
)
from server.case.rows.columns import Looked, origin_json
from server.case.rows.listing import (
    ListedCase,
    Owing,
    correcting,
    counts,
    list_cases,
    list_owed,
    named_so,
)
from server.case.rows.reading import (
    CaseHead,
    Connection,
    Record,
    Whole,
    find,
    find_by_number,
    find_form,
    find_header,
    find_whole,
    list_earlier,
    running_limits,
)
from server.case.rows.writing import (
    Strokes,
    add,
    changed_case,
    changed_form,
    changed_material,
    dropped_draft,
    look,
    new_saying,
    new_signature,
    next_serial,
    outdated_signatures,
    save,
    save_draft,
    save_form,
    seen_by_approver,
)

__all__ = [
    "Connection", "Draft", "CaseHead", "ListedCase", "Looked", "Owing", "Record", "Strokes", "Whole", "add",
    "changed_case", "changed_form", "changed_material", "correcting", "count_sayings", "counts",
    "dropped_draft", "find", "find_by_number", "find_form", "find_header", "find_whole", "list_cases",
    "list_drafts", "list_earlier", "list_materials", "list_owed", "list_sayings", "look", "looked_at",
    "material_of", "named_so", "new_saying", "new_signature", "next_serial", "origin_json", "outdated_signatures", "running_limits", "save", "save_draft", "save_form", "seen_by_approver", "values_at",
]  # fmt: skip
