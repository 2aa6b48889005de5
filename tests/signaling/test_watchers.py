"""Who watches what, and how many may be there: the indexes of the gateway, without a socket."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from signaling.gateway import admission
from signaling.gateway.admission import Admission
from signaling.gateway.allowance import Allowances, Bucket
from signaling.gateway.connection import Connection, Connections, Nobody
from signaling.gateway.fanout import FanOut
from signaling.gateway.outlet import Outlet
from signaling.gateway.watchers import Watchers
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import StoredEvent


def test_each_watches_a_subject_as_one_audience() -> None:
    watchers: Watchers[str] = Watchers()
    watchers.watch("ann", "call:1", "party")
    watchers.watch("ann", "call:1", "supervisor")
    watchers.watch("ann", "case:1", "window")
    watchers.watch("ben", "case:1", "window")
    assert watchers.audiences("call:1") == ["supervisor"]
    assert watchers.of("call:1", "party") == []
    assert sorted(watchers.of("case:1", "window")) == ["ann", "ben"]
    assert watchers.subjects("case:") == ["case:1"]
    assert watchers.audience("ann", "call:1") == "supervisor"
    assert watchers.audience("ben", "call:1") is None


def test_what_nobody_watches_is_not_there() -> None:
    watchers: Watchers[str] = Watchers()
    for who, subject in (("ann", "call:1"), ("ann", "case:1"), ("ben", "case:1")):
        watchers.watch(who, subject, "window")
    watchers.unwatch("ben", "call:1")
    watchers.unwatch("ann", "call:1")
    watchers.unwatch("ann", "call:1")
    assert ("call:1" in watchers, len(watchers)) == (False, 1)
    watchers.leave("ann")
    assert list(watchers) == ["case:1"]
    watchers.leave("ben")
    watchers.leave("ben")
    assert list(watchers) == []


def test_sockets_are_found_by_name_and_by_person() -> None:
    connections = Connections()
    ann, again, ben = (
        Connection(Nobody(person), sid=sid)
        for person, sid in (("ann", "1"), ("ann", "2"), ("ben", "3"))
    )
    for one in (ann, again, ben):
        connections.add(one)
    for one in connections:  # whoever goes meanwhile
        connections.remove(one.sid)
        break
    assert connections.get("1") is None
    assert connections.remove("1") is None
    assert connections.of_person("ann") == [again]
    connections.remove("2")
    assert (connections.of_person("ann"), len(connections)) == ([], 1)


def test_tokens_come_back_with_time_and_each_person_has_his_own() -> None:
    now = 0.0
    bucket = Bucket(2.0, 3.0, lambda: now)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now = 60.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    allowances = Allowances(1.0, 1.0, 2, lambda: now)
    assert [allowances.take(one) for one in ("ann", "ann", "ben", "ann")] == [
        True,
        False,
        True,
        False,
    ]
    # The third is one too many: ben was quiet for longest.
    assert [allowances.take(one) for one in ("cem", "ann", "ben")] == [True, False, True]


def test_no_stranger_keeps_out_who_said_his_name() -> None:
    counts, told = Counter[str](), list[Any]()
    doors = Admission(counts, lambda what, ids: told.append((what, dict(ids))))
    for number in range(admission.NAMELESS_OF_A_SOURCE):
        doors.opened(f"far-{number}", doors.admit("far", ""))
    with pytest.raises(Refusal) as refused:
        doors.admit("far", "")
    assert refused.value.code is Code.BUSY
    doors.opened("near", doors.admit("near", ""))
    for number in range(admission.SOCKETS_OF_A_PERSON):
        doors.opened(f"ann-{number}", doors.admit("far", "ann"))
    with pytest.raises(Refusal) as refused:
        doors.admit("far", "ann")
    assert refused.value.code is Code.THROTTLED
    with pytest.raises(Refusal):
        doors.name("near", "ann")
    assert told == [("too_many_sockets", {"person": "ann"})] * 2
    assert counts == {"nameless_refused": 1, "too_many_sockets": 2}


def test_strangers_from_everywhere_are_no_more_than_so_many() -> None:
    doors = Admission(Counter(), lambda what, ids: None)
    for number in range(admission.NAMELESS_AT_ONCE):
        doors.opened(str(number), doors.admit(f"place-{number}", ""))
    with pytest.raises(Refusal):
        doors.admit("elsewhere", "")
    doors.admit("elsewhere", "ann")


def test_who_goes_or_says_his_name_makes_room() -> None:
    doors = Admission(Counter(), lambda what, ids: None)
    for number in range(admission.NAMELESS_OF_A_SOURCE):
        doors.opened(f"far-{number}", doors.admit("far", ""))
    doors.name("far-0", "ann")
    doors.opened("one", doors.admit("far", ""))
    doors.closed("one")
    doors.closed("one")
    doors.opened("two", doors.admit("far", ""))
    with pytest.raises(Refusal):
        doors.admit("far", "")
    assert (doors.person_of("far-0"), doors.person_of("two"), doors.person_of("one")) == (
        "ann",
        "",
        "",
    )
    doors.keep(["far-0"])
    for number in range(admission.NAMELESS_OF_A_SOURCE):
        doors.opened(f"anew-{number}", doors.admit("far", ""))


class Outbox:
    """Reads are counted."""

    def __init__(self) -> None:
        self.asked = 0
        self.kept: list[StoredEvent] = []

    async def following(self, subject: str, after: int, limit: int) -> list[StoredEvent]:
        return [e for e in self.kept if e.subject == subject and e.version > after][:limit]

    async def version(self, subject: str) -> int:
        self.asked += 1
        return sum(e.subject == subject for e in self.kept)

    def add(self, subject: str, people: dict[str, str]) -> int:
        version = 1 + sum(e.subject == subject for e in self.kept)
        at = datetime(2026, 12, 1, tzinfo=UTC)
        self.kept.append(StoredEvent(subject, version, "test.happened", {"n": version}, people, at))
        return version


class Hall:
    """A fan-out, and who hears what of it."""

    def __init__(self) -> None:
        self.connections, self.outbox, self.counts = Connections(), Outbox(), Counter[str]()
        self.heard: list[tuple[str, str, Any]] = []
        self.fan_out = FanOut(
            self.connections,
            self.outbox,
            lambda event, audience: {**event.body, "as": audience},
            lambda event, audience: audience == "guest" and event.version == 2,
            None,
            lambda work: work.close(),
            self.counts,
        )

    def enter(self, person: str, sid: str) -> Connection:
        async def emit(event: str, body: dict[str, Any]) -> None:
            self.heard.append((sid, event, body))

        found = Connection(Nobody(person), sid=sid, watching=self.fan_out)
        found.outlet = Outlet(emit, lambda work: work.close())
        self.connections.add(found)
        return found

    async def happen(self, subject: str, **people: str) -> None:
        version = self.outbox.add(subject, people)
        await self.fan_out._follow(subject, version)


async def test_an_event_reaches_all_sockets_of_whom_it_names_and_nobody_else() -> None:
    hall = Hall()
    for person, sid in (("ann", "1"), ("ann", "2"), ("ben", "3"), ("cem", "4")):
        hall.enter(person, sid)
    await hall.happen("case:1", ann="window", ben="guest")
    assert sorted(one[0] for one in hall.heard) == ["1", "2", "3"]
    assert {body["as"] for sid, _, body in hall.heard if sid != "3"} == {"window"}
    await hall.happen("case:1")
    assert sum(one[0] == "3" for one in hall.heard) == 2, (
        "the last that he is shown is shown to him"
    )
    await hall.happen("case:1")
    assert sum(one[0] == "3" for one in hall.heard) == 2
    assert hall.counts["events"] == 3


async def test_who_is_sent_out_and_who_is_gone_hears_nothing_more() -> None:
    hall = Hall()
    ann, ben = hall.enter("ann", "1"), hall.enter("ben", "2")
    for one in (ann, ben):
        await one.watch("case:1", "window")
    assert hall.outbox.asked == 1, "where a subject stands is asked once"
    assert ann.watches("case:1") == "window"
    hall.fan_out.send_out("ann", "case:1", "approver")
    assert ann.watches("case:1") == "window"
    hall.fan_out.send_out("ann", "case:1", "window")
    await hall.happen("case:1")
    assert [one[0] for one in hall.heard] == ["2"]
    hall.fan_out.leave(ben)
    await hall.happen("case:1")
    assert len(hall.heard) == 1


async def test_an_ephemeral_goes_to_one_audience() -> None:
    hall = Hall()
    ann, ben = hall.enter("ann", "1"), hall.enter("ben", "2")
    await ann.watch("case:1", "window")
    await ben.watch("case:1", "approver")
    await hall.fan_out.deliver("case:1 approver", {"type": "test.wave"})
    assert hall.heard == [("2", "ephemeral", {"type": "test.wave"})]
