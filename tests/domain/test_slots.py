"""Lines that hold several files: slots with their versions, the two sides of a card, and moving."""

from dataclasses import replace

import pytest

from server.case.rules.materials import bringing, judging
from server.case.rules.materials import material as materials
from server.case.rules.materials.bringing import NEW_SLOT
from server.case.rules.materials.material import Grade, Material
from server.case.rules.talk import comment
from server.case.rules.talk.comment import Comment, Remark
from server.catalogue.rules.item import OTHER_LINE, Line
from signaling.refusals import Code, Refusal
from tests.domain.test_case import APPROVER, AT, CLERK, ITEM, SUPERVISOR, stored, texts

CARD = Line("card", "身份证", "required", "both", 1, 1, slots=("正面", "反面"))
LIST = replace(ITEM, lines=(*ITEM.lines, CARD))


def at(one: Material, slot: int, number: int = 1, name: str = "a.pdf") -> Material:
    return replace(one, id=f"{one.line}-{slot}-{number}", slot=slot, number=number, name=name)


FIRST = at(stored("licence"), 1)
BESIDE = at(stored("licence", review="none"), 2, 2, "副本.pdf")
FRONT = at(stored("card"), 1)
BACK = at(stored("card"), 2, 2)


def test_a_line_is_judged_by_all_of_its_files() -> None:
    licence = LIST.lines[1:2]
    assert materials.current([FIRST, BESIDE], "licence") == [FIRST, BESIDE]
    assert judging.unsettled(licence, [FIRST]) == []
    assert judging.unsettled(licence, [FIRST, BESIDE]) == list(licence)
    back = replace(BESIDE, review="returned", review_reason="看不清")
    assert texts(judging.points(licence, [FIRST, back])) == ["营业执照（副本.pdf）：看不清"]
    again = replace(back, id="again", number=3, review="accepted")
    assert materials.current([FIRST, back, again], "licence") == [FIRST, again]
    assert judging.unsettled(licence, [FIRST, back, again]) == []
    arrives = at(stored("licence", state="receiving"), 3, 4)
    assert judging.missing(licence, [FIRST, again, arrives]) == list(licence)
    lost = replace(arrives, state="rejected")
    assert judging.missing(licence, [FIRST, again, lost]) == []
    assert materials.counted(LIST, [again, FIRST, back]) == [FIRST, again]
    for brought, judged in (
        ([], "none"),
        ([BESIDE], "none"),
        ([FIRST, BESIDE], "some"),
        ([FIRST, back, arrives, lost], "all"),
    ):
        assert judging.judged(LIST, brought) == judged


def test_both_sides_of_a_card_are_wanted() -> None:
    assert judging.missing([CARD], [FRONT]) == [CARD]
    assert judging.unsettled([CARD], [FRONT]) == [CARD]
    assert texts(judging.points([CARD], [FRONT])) == ["缺少：身份证（反面）"]
    assert texts(judging.points([CARD], [])) == ["缺少：身份证"]
    assert judging.unsettled([CARD], [FRONT, BACK]) == []
    assert judging.missing([CARD], [replace(FRONT, pages=2)]) == []
    assert judging.missing([CARD], [replace(FRONT, review="not_needed")]) == []
    back = replace(BACK, review="returned", review_reason="反光")
    assert texts(judging.points([CARD], [FRONT, back])) == ["身份证（反面）：反光"]


@pytest.mark.parametrize(
    ("brought", "line", "slot", "to"),
    [
        ([], "licence", None, 1),
        ([FIRST], "licence", None, 1),
        ([FIRST], "licence", NEW_SLOT, 2),
        ([FIRST, BESIDE], "licence", 2, 2),
        ([BESIDE], "licence", None, 2),
        ([], "card", None, 1),
        ([FRONT], "card", None, 2),
        ([BACK], "card", NEW_SLOT, 1),
        ([FRONT, BACK], "card", NEW_SLOT, 3),
        ([FRONT, BACK], "card", None, 1),
        ([], "card", 2, 2),
        ([at(stored(OTHER_LINE), 1)], OTHER_LINE, None, 2),
    ],
)
def test_where_a_file_comes_to(
    brought: list[Material], line: str, slot: int | None, to: int
) -> None:
    assert bringing.placed(LIST, brought, line, "material", slot) == to


def test_a_slot_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        bringing.placed(LIST, [FIRST], "licence", "material", 2)
    assert refused.value.code is Code.NOT_FOUND


def test_a_file_moves_with_its_versions_and_is_judged_anew() -> None:
    older = replace(BESIDE, review="returned", review_reason="看不清", reviewed_by="x")
    newer = replace(older, id="newer", number=3)
    brought = [FIRST, older, newer, FRONT]
    moved = bringing.moved(LIST, brought, newer.id, "card", None, APPROVER, closed=False)
    assert [(one.id, one.line, one.slot, one.number, one.review) for one in moved] == [
        (older.id, "card", 2, 2, "returned"),
        ("newer", "card", 2, 3, "none"),
    ]
    assert (moved[1].review_reason, moved[1].reviewed_by) == ("", None)


def test_two_sides_that_were_mixed_up_change_places() -> None:
    moved = bringing.moved(LIST, [FRONT, BACK], FRONT.id, "card", 2, CLERK, closed=False)
    assert [(one.id, one.slot, one.review) for one in moved] == [
        (FRONT.id, 2, "none"),
        (BACK.id, 1, "none"),
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"closed": True}, Code.CASE_CLOSED),
        ({"who": SUPERVISOR}, Code.NOT_YOURS),
        ({"material_id": "gone"}, Code.NOT_FOUND),
        ({"line": "gone"}, Code.LINE_UNKNOWN),
        ({"line": "licence"}, Code.MALFORMED),
        ({"line": "licence", "slot": 7}, Code.NOT_FOUND),
        ({"material_id": "sent"}, Code.NOT_YOURS),
        ({"material_id": BACK.id}, Code.MATERIAL_NOT_STORED),
    ],
)
def test_a_move_is_refused(change: dict[str, object], code: Code) -> None:
    sent = replace(FIRST, id="sent", side="approver", purpose="sample", number=9)
    brought = [FIRST, sent, replace(BACK, state="receiving")]
    asked = {"material_id": FIRST.id, "line": "card", "slot": None, "who": CLERK, "closed": False}
    assert bringing.moved(LIST, brought, **asked)  # type: ignore[arg-type]
    with pytest.raises(Refusal) as refused:
        bringing.moved(LIST, brought, **{**asked, **change})  # type: ignore[arg-type]
    assert refused.value.code is code


def test_comments_go_along_between_lines_of_the_list() -> None:
    said = Comment("c", 1, "line:licence", "open", (Remark("p", AT, "？"),))
    assert comment.moved([said], "licence", "card") == [replace(said, on="line:card")]
    assert comment.moved([said], "card", "licence") == []
    assert comment.moved([said], "licence", OTHER_LINE) == []


def test_a_copy_says_what_is_known_of_it() -> None:
    where = "济南市市中区政务服务中心 3 号窗口  2026-11-24 14:00"

    def said(grade: Grade | None, note: str = "") -> list[str]:
        graded = replace(FIRST, grade=grade, grade_note=note)
        return materials.mark(graded, "济南市市中区政务服务中心 3 号窗口", "2026-11-24 14:00")

    assert said(None) == []
    assert said("C") == ["未核对原件", where]
    assert said("B") == ["B级 此件经与原件核对无误，仅供办理政务服务事项时使用", where]
    assert said("A", "某局")[0].startswith("A级 此件由某局提供，")
