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

UNITS: list[dict[str, str | None]] = [
    {"window_unit_id": window, "unit_id": unit}
    for window, unit in itertools.product([None, HOME, ELSEWHERE], repeat=2)
]
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
    Act.TASK_DO: (frozenset({Role.CLERK, Role.APPROVER, Role.HEAD}), frozenset({"unit_id"})),
    Act.AGENT_DO: (Role.CLERK, frozenset({"unit_id"})),
    Act.TASK_SUPERVISE: (frozenset({Role.HEAD, Role.SUPERVISOR}), frozenset({"unit_id"})),
    Act.TASK_READ: (
        frozenset({Role.CLERK, Role.APPROVER, Role.HEAD, Role.SUPERVISOR}),
        frozenset({"unit_id"}),
    ),
    Act.TEMPLATE_EDIT: (Role.ADMIN, frozenset({"unit_id"})),
    Act.TEMPLATE_READ: (frozenset({Role.ADMIN, Role.SUPERVISOR}), frozenset({"unit_id"})),
    Act.PUBLICITY: (frozenset({Role.ADMIN, Role.SUPERVISOR}), frozenset({"unit_id"})),
    Act.EXTERNAL_READ: (frozenset({Role.ADMIN, Role.SUPERVISOR}), frozenset({"unit_id"})),
}


def test_every_act_has_a_right() -> None:
    assert set(RIGHTS) | set(MONITORING) == set(Act)


def _as(*roles: Role) -> Actor:
    return replace(NOBODY, roles=frozenset(roles))


@pytest.mark.parametrize("act", MONITORING)
def test_each_way_of_following_a_call_is_granted_by_itself(act: Act) -> None:
    """All that are wrong are told at once."""
    needed, scopes = MONITORING[act]
    wrong = []
    for granted, units in itertools.product(set(Role) - {Role.SUPERVISOR}, UNITS):
        expected = granted is needed and any(units[scope] == HOME for scope in scopes)
        if may(_as(Role.SUPERVISOR, granted), act, **units) is not expected:
            wrong.append((granted, units, f"expected {expected}"))
        if may(_as(granted), act, **units):
            wrong.append((granted, units, "is no supervisor"))
    assert not wrong


@pytest.mark.parametrize("act", RIGHTS)
def test_rights(act: Act) -> None:
    """All that are wrong are told at once."""
    needed, scopes = RIGHTS[act]
    wrong = []
    for role, units in itertools.product((None, *Role), UNITS):
        has = role in needed if isinstance(needed, frozenset) else role is needed
        expected = has and (not scopes or any(units[scope] == HOME for scope in scopes))
        if may(_as(*[role] if role else []), act, **units) is not expected:
            wrong.append((role, units, f"expected {expected}"))
    assert not wrong


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
