"""Every right, for every role, at its own unit and elsewhere."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from server.rights.person import Act, Actor, Role, may, ranked

HOME, ELSEWHERE = "unit-home", "unit-elsewhere"
NOBODY = Actor(
    person_id="person-1",
    login="someone",
    name="某人",
    staff_number="XHA-0001",
    unit_id=HOME,
    unit_name="青岛西海岸新区行政审批服务局",
    place="青岛西海岸",
    roles=frozenset(),
    window_id="window-1",
    window_name="3号窗口",
    session_id="session-1",
)

# Whose unit counts for an act: the one of the window, the one that decides, either, or none.
MONITORING = {
    Act.CALL_LISTEN: (Role.MONITOR_LISTEN, frozenset({"window_unit_id", "unit_id"})),
    Act.CALL_WHISPER: (Role.MONITOR_WHISPER, frozenset({"unit_id"})),
    Act.CALL_BARGE: (Role.MONITOR_BARGE, frozenset({"window_unit_id", "unit_id"})),
}
"""Each is granted to a supervisor by itself; to nobody else it gives anything."""
RIGHTS: dict[Act, tuple[Role | frozenset[Role], frozenset[str]]] = {
    Act.CASE_CREATE: (Role.CLERK, frozenset()),
    Act.CASE_FILL: (Role.CLERK, frozenset({"window_unit_id"})),
    Act.CALL_DIAL: (Role.CLERK, frozenset({"window_unit_id"})),
    Act.CASE_JUDGE: (Role.APPROVER, frozenset({"unit_id"})),
    Act.CALL_ANSWER: (Role.APPROVER, frozenset({"unit_id"})),
    Act.LIMIT_EXTEND: (Role.HEAD, frozenset({"unit_id"})),
    Act.DUTY: (Role.APPROVER, frozenset()),
    Act.CASE_WATCH: (Role.SUPERVISOR, frozenset({"window_unit_id", "unit_id"})),
    Act.REHEARSE: (frozenset({Role.CLERK, Role.APPROVER, Role.SUPERVISOR}), frozenset()),
    Act.ADMINISTER: (Role.ADMIN, frozenset({"unit_id"})),
    Act.EXEMPT: (Role.SECURITY, frozenset({"unit_id"})),
    Act.STAFF_READ: (frozenset({Role.ADMIN, Role.SECURITY}), frozenset({"unit_id"})),
    Act.OPERATE: (Role.OPERATOR, frozenset()),
    Act.TEMPLATE_EDIT: (Role.ADMIN, frozenset({"unit_id"})),
    Act.TEMPLATE_READ: (frozenset({Role.ADMIN, Role.SUPERVISOR}), frozenset({"unit_id"})),
}


def test_every_act_has_a_right() -> None:
    assert set(RIGHTS) | set(MONITORING) == set(Act)


@pytest.mark.parametrize("act", MONITORING)
@pytest.mark.parametrize("granted", [role for role in Role if role is not Role.SUPERVISOR])
@pytest.mark.parametrize(
    ("window_unit_id", "unit_id"), list(itertools.product([None, HOME, ELSEWHERE], repeat=2))
)
def test_each_way_of_following_a_call_is_granted_by_itself(
    act: Act, granted: Role, window_unit_id: str | None, unit_id: str | None
) -> None:
    needed, scopes = MONITORING[act]
    supervisor = replace(NOBODY, roles=frozenset({Role.SUPERVISOR, granted}))
    units = {"window_unit_id": window_unit_id, "unit_id": unit_id}
    expected = granted is needed and any(units[scope] == HOME for scope in scopes)
    assert may(supervisor, act, **units) is expected
    assert not may(replace(NOBODY, roles=frozenset({granted})), act, **units)


@pytest.mark.parametrize("act", RIGHTS)
@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize(
    ("window_unit_id", "unit_id"), list(itertools.product([None, HOME, ELSEWHERE], repeat=2))
)
def test_rights(
    act: Act, role: Role | None, window_unit_id: str | None, unit_id: str | None
) -> None:
    actor = replace(NOBODY, roles=frozenset({role} if role else ()))
    needed, scopes = RIGHTS[act]
    at_home = {"window_unit_id": window_unit_id == HOME, "unit_id": unit_id == HOME}
    has = role in needed if isinstance(needed, frozenset) else role is needed
    expected = has and (not scopes or any(at_home[scope] for scope in scopes))
    assert may(actor, act, window_unit_id=window_unit_id, unit_id=unit_id) is expected


@pytest.mark.parametrize("act", [Act.CASE_FILL, Act.CALL_DIAL])
def test_a_case_may_be_one_clerks(act: Act) -> None:
    clerk = replace(NOBODY, roles=frozenset({Role.CLERK}))
    assert may(clerk, act, window_unit_id=HOME, clerk_id="person-1")
    assert not may(clerk, act, window_unit_id=HOME, clerk_id="person-2")


def test_without_a_window_no_case() -> None:
    clerk = replace(NOBODY, roles=frozenset({Role.CLERK}), window_id=None, window_name=None)
    assert not may(clerk, Act.CASE_CREATE)


def test_several_roles_add_up() -> None:
    both = replace(NOBODY, roles=frozenset({Role.CLERK, Role.SUPERVISOR}))
    assert may(both, Act.CASE_CREATE)
    assert may(both, Act.CASE_WATCH, unit_id=HOME)
    assert not may(both, Act.CASE_JUDGE, unit_id=HOME)


def test_roles_are_named_by_rank() -> None:
    some = [Role.ADMIN, Role.CLERK, Role.SUPERVISOR, Role.MONITOR_BARGE, Role.APPROVER, Role.HEAD]
    assert ranked(some) == [
        Role.HEAD,
        Role.APPROVER,
        Role.CLERK,
        Role.SUPERVISOR,
        Role.ADMIN,
        Role.MONITOR_BARGE,
    ]
    assert ranked(Role) == ranked([*Role][::-1])
