"""Telling applicants: every change in every state, the hours, the tries, what the text may say, and the signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, get_args

import pytest

from server.tellings import rules
from server.tellings.rules import Telling, TellingState

AT: Final = datetime(2026, 12, 2, 1, tzinfo=UTC)  # 09:00 in China
NEW: Final = rules.opened("t", "c", "granted", "unit", "S-1202-0001", date(2026, 12, 2), AT)
CHANGES: Final[Mapping[str, Callable[[Telling], Telling]]] = {
    "sent": lambda one: rules.sent(one, AT),
    "received": lambda one: rules.received(one, AT),
    "handed": lambda one: rules.handed(one, "undelivered", "task"),
    "lapsed": lambda one: rules.lapsed(one, "off"),
}
AFTER: Final[Mapping[TellingState, tuple[TellingState, ...]]] = {
    # sent, received, handed, lapsed
    "waiting": ("sent", "received", "handed", "lapsed"),
    "sent": ("sent", "received", "handed", "lapsed"),
    "received": ("received", "received", "received", "received"),
    "handed": ("handed", "received", "handed", "handed"),
    "lapsed": ("lapsed", "received", "lapsed", "lapsed"),
}


@pytest.mark.parametrize("state", get_args(TellingState))
def test_it_only_goes_forward_and_nothing_is_tried_once_it_is_over(state: TellingState) -> None:
    before = replace(NEW, state=state, due_at=AT if state in ("waiting", "sent") else None)
    for change, expected in zip(CHANGES.values(), AFTER[state], strict=True):
        after = change(before)
        assert after.state == expected
        assert (after.due_at is not None) == (after.state in ("waiting", "sent"))
        assert (after is before) == (expected == state)
        # 已达 stands on a receipt alone
        assert (after.received_at is not None) == (
            after.state == "received" and state != "received"
        )


@pytest.mark.parametrize(
    ("hour", "minute", "waits_h"),
    [(8, 0, 0), (20, 59, 0), (21, 0, 11), (23, 30, 8.5), (0, 0, 8), (7, 59, 1 / 60)],
)
def test_no_message_goes_out_at_night(hour: int, minute: int, waits_h: float) -> None:
    at = datetime(2026, 12, 2, hour, minute, tzinfo=rules.CHINA)
    assert rules.allowed(at) - at == timedelta(hours=waits_h)


def test_tries_are_bounded_and_further_apart_each_time() -> None:
    waits = [rules.again_at(n, AT) for n in range(1, 5)]
    assert [one - AT for one in waits if one] == sorted(rules.AGAIN_AFTER)
    assert rules.again_at(5, AT) is None


def test_a_text_names_a_number_and_nobody() -> None:
    assert rules.text(NEW) == "您的办件（S-1202-0001）已准予"
    assert rules.short_number(None, "113702110000000000202612020007") == "尾号0007"
    assert rules.short_number("S-1202-0001", "113702110000000000202612020007") == "S-1202-0001"
    assert rules.text(replace(NEW, number=rules.short_number(None, None))) == "您的办件已准予"
    assert rules.TEXTS.keys() == set(rules.STEPS)


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("13805316217", "13805316217"),
        ("+86 138-0531-6217", "13805316217"),
        ("0532-86988888", None),
        ("12805316217", None),
        ("+85261234567", None),
        ("", None),
    ],
)
def test_a_message_goes_to_mobiles_alone(phone: str, number: str | None) -> None:
    assert rules.mobile(phone) == number


def test_a_signature_is_of_one_kind_one_body_and_five_minutes() -> None:
    secret, body = b"a secret of the gateway", b'{"id":"t"}'
    said = rules.sign(secret, "receipt", body, AT)
    late, early = (AT + timedelta(seconds=s) for s in (301, -301))
    assert rules.believe(secret, "receipt", said, body, AT + timedelta(seconds=299))
    assert not rules.believe(secret, "receipt", said, body, late)
    assert not rules.believe(secret, "receipt", said, body, early)
    assert not rules.believe(secret, "message", said, body, AT)
    assert not rules.believe(secret, "receipt", said, body + b" ", AT)
    assert not rules.believe(b"another secret", "receipt", said, body, AT)
    for wrong in ("", "x", said.partition(" ")[2], f"²{said}", "9" * 4000, f"1 {'é' * 64}"):
        assert not rules.believe(secret, "receipt", wrong, body, AT)
