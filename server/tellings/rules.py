"""A telling (告知申请人): that one step of a case is told to its applicant, by a short message or by a person. Pure.

    waiting -> sent -> received        waiting | sent -> handed -> received        waiting | sent -> lapsed

State only moves forward. Nothing is called received (已达) without the gateway's receipt; what cannot be sent, was
not delivered or has no receipt in time is handed to people, as a task (待告知). The text names the receipt number
or the last digits of the case's number, the unit and the day, never a person or what the case is about.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, get_args

from server.standards.working_days import CHINA

TellingStep = Literal[
    "accepted", "to_correct", "refused", "granted", "denied", "ready", "posted", "returned", "terminated",
    "fee",
    "stopped",
    "extended",
]  # fmt: skip
"""受理, 补正, 不予受理, 准予, 不予, 制证完成可取, 已寄出, 退件, 终止, 需缴费, 暂停计时, 延长期限: each has its approved template at the gateway."""
SystemStep = Literal[
    "handed_in", "complete", "declined", "withdrawn", "sent_back", "ended", "delivered"
]
"""收件, 材料齐全并受理, 不予受理, 撤回, 退件, 终止, 送达: what an external system is told of a case that is decided in it."""
TellingState = Literal["waiting", "sent", "received", "handed", "lapsed"]
"""待发, 已发, 已达 (with receipt), handed to people, or not told before the case went into the archive."""
Untold = Literal[
    "off", "no_mobile", "rejected", "unreachable", "undelivered", "no_receipt", "revoked"
]
"""Why people tell it: no gateway is set, no mobile number, the gateway took it not, it did not answer, the message
did not arrive, no receipt came in time, or the external system has no key or no address any more."""
Arrival = Literal["delivered", "undelivered"]
SignedKind = Literal["message", "receipt"]
"""What is signed: so that nothing of ours comes back as a receipt."""

STEPS: Final[tuple[TellingStep, ...]] = get_args(TellingStep)
TEXTS: Final[dict[TellingStep, str]] = {
    "accepted": "已受理",
    "to_correct": "需要补正材料",
    "refused": "不予受理，决定书已作出",
    "granted": "已准予",
    "denied": "不予许可，决定书已作出",
    "ready": "的证照文书已备好，可到窗口领取",
    "posted": "的证照文书已寄出",
    "returned": "因未补正已退件",
    "terminated": "已终止办理",
    "fee": "需要缴费，请按缴费告知办理",
    "stopped": "已暂停计算办理期限，告知书已作出",
    "extended": "已延长办理期限，告知书已作出",
}
SYSTEM_TEXTS: Final[dict[SystemStep, str]] = {
    "handed_in": "已收件",
    "complete": "材料齐全，已受理",
    "declined": "不予受理",
    "withdrawn": "申请人撤回",
    "sent_back": "未补正退件",
    "ended": "终止办理",
    "delivered": "已送达",
}
"""What people tell an external system that could not be told."""
BEGINS, ENDS = 8, 21
"""The hours of China's clock in which messages are sent."""
AGAIN_AFTER: Final = tuple(timedelta(seconds=s) for s in (30, 120, 600, 1800))
"""How long after each try in vain the next one comes; after the last none does."""
RECEIPT_WITHIN: Final = timedelta(hours=24)
TOLD_WITHIN: Final = timedelta(days=1)
"""So soon somebody has to tell what was handed to people."""
OLDEST_S: Final = 300
"""How far the clock of the gateway may differ."""
_MOBILE: Final = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class Telling:
    """``unit_id`` answers for it: whose act the step was. ``due_at``: when it is tried next, or, once sent, when its
    receipt is waited for no longer; None when nothing more is done by itself."""

    id: str
    case_id: str
    step: TellingStep | SystemStep
    unit_id: str
    number: str
    day: date
    made_at: datetime
    due_at: datetime | None
    state: TellingState = "waiting"
    tries: int = 0
    sent_at: datetime | None = None
    received_at: datetime | None = None
    why: Untold | None = None
    task_id: str | None = None
    external_id: str | None = None
    """It is told to this external system, and not to the applicant."""


def opened(
    id: str,
    case_id: str,
    step: TellingStep | SystemStep,
    unit_id: str,
    number: str,
    day: date,
    at: datetime,
    external_id: str | None = None,
) -> Telling:
    """A new one, due at once: whether the hour allows a message is asked when one is to be sent."""
    return Telling(id, case_id, step, unit_id, number, day, at, at, external_id=external_id)


def short_number(receipt_number: str | None, number: str | None) -> str:
    """收件号, or the last four digits of the 办件编号, in which nobody's data stand."""
    return receipt_number or (f"尾号{number[-4:]}" if number else "")


def text(telling: Telling) -> str:
    """What is said on the telephone, or to who runs the external system, in Chinese."""
    of = f"（{telling.number}）" if telling.number else ""
    if telling.external_id is not None:
        return "".join(words for step, words in SYSTEM_TEXTS.items() if step == telling.step)
    words = "".join(words for step, words in TEXTS.items() if step == telling.step)
    return f"您的办件{of}{words}"


def step_of(telling: Telling) -> TellingStep:
    """The step of which an applicant is told."""
    return next(one for one in STEPS if one == telling.step)


def mobile(phone: str) -> str | None:
    """The number to which a short message can go; None where it is none of a mobile in China."""
    digits = re.sub(r"[\s-]", "", phone).removeprefix("+86")
    return digits if _MOBILE.fullmatch(digits) else None


def allowed(at: datetime) -> datetime:
    """This moment, or the next morning where it is night."""
    here = at.astimezone(CHINA)
    if BEGINS <= here.hour < ENDS:
        return at
    morning = here.replace(hour=BEGINS, minute=0, second=0, microsecond=0)
    if here.hour >= ENDS:
        morning += timedelta(days=1)
    return morning.astimezone(UTC)


def again_at(tries: int, at: datetime, *, by_day: bool = True) -> datetime | None:
    """When what failed at its ``tries``-th try is tried once more; None: never. ``by_day``: never at night."""
    if tries > len(AGAIN_AFTER):
        return None
    again = at + AGAIN_AFTER[tries - 1]
    return allowed(again) if by_day else again


def sent(telling: Telling, at: datetime) -> Telling:
    """The gateway took it. Itself when a receipt was quicker."""
    if telling.state != "waiting":
        return telling
    return replace(telling, state="sent", sent_at=at, due_at=at + RECEIPT_WITHIN)


def received(telling: Telling, at: datetime) -> Telling:
    """The gateway's receipt: it arrived, whatever was done meanwhile. A second receipt changes nothing."""
    if telling.state == "received":
        return telling
    return replace(
        telling, state="received", sent_at=telling.sent_at or at, received_at=at, due_at=None
    )


def handed(telling: Telling, why: Untold, task_id: str) -> Telling:
    """It is for people to tell. Itself when it is theirs already, or told."""
    if telling.state not in ("waiting", "sent"):
        return telling
    return replace(telling, state="handed", why=why, task_id=task_id, due_at=None)


def lapsed(telling: Telling, why: Untold) -> Telling:
    """The case lies in the archive: nobody is asked to tell it any more."""
    if telling.state not in ("waiting", "sent"):
        return telling
    return replace(telling, state="lapsed", why=why, due_at=None)


def sign(secret: bytes, kind: SignedKind, body: bytes, at: datetime) -> str:
    """What proves to the other end that this body was written by who knows the secret, at that second."""
    second = str(int(at.timestamp()))
    return f"{second} {_mac(secret, kind, second, body)}"


def believe(secret: bytes, kind: SignedKind, said: str, body: bytes, at: datetime) -> bool:
    """Whether ``said`` signs this body, not more than five minutes from now."""
    second, _, mac = said.partition(" ")
    if not (second.isascii() and second.isdigit() and len(second) <= 12 and mac.isascii()):
        return False
    fits = hmac.compare_digest(mac, _mac(secret, kind, second, body))
    return fits and abs(at.timestamp() - int(second)) <= OLDEST_S


def _mac(secret: bytes, kind: SignedKind, second: str, body: bytes) -> str:
    text = f"yunjian {kind}\n{second}\n".encode() + body
    return hmac.digest(secret, text, hashlib.sha256).hex()
