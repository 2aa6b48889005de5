"""A second opinion on the reducers of the pages: a snapshot and an event give the next snapshot.

Written from the meaning of the messages, on plain JSON; shares no line with the product, nor with
its TypeScript. Late and doubled events change nothing; a gap is an error here, since a page would
ask for a snapshot.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]


class Gap(AssertionError):
    """An event came before the one that goes before it."""


def reduce_case(snapshot: Json, events: Iterable[Mapping[str, Any]]) -> Json:
    """The case after these events; the given snapshot is left as it is."""
    now = copy.deepcopy(snapshot)
    for event in events:
        if event["subject"] != f"case:{now['case']['id']}" or event["version"] <= now["version"]:
            continue
        if event["version"] != now["version"] + 1:
            raise Gap(f"{event['version']} after {now['version']}")
        now["version"] = event["version"]
        _change_case(now["case"], copy.deepcopy(dict(event)))
    return now


def reduce_call(snapshot: Json, events: Iterable[Mapping[str, Any]]) -> Json:
    """The call after these events; whole states need no event before them."""
    now = copy.deepcopy(snapshot)
    for event in events:
        if event["subject"] != f"call:{now['call']['id']}" or event["version"] <= now["version"]:
            continue
        if event["type"] == "call.changed":
            now["call"] = copy.deepcopy(event["call"])
        elif event["version"] != now["version"] + 1:
            raise Gap(f"{event['version']} after {now['version']}")
        now["version"] = event["version"]
    return now


def _change_case(case: Json, event: Json) -> None:
    kind = event["type"]
    if kind == "case.created":
        case.clear()
        case.update(event["case"])
    elif kind == "case.consented":
        case["consent"] = event["consent"]
    elif kind == "case.earlier_consented":
        case["earlier_consent"] = event["consent"]
    elif kind == "case.promised":
        others = [one for one in case["promises"] if one["line"] != event["promise"]["line"]]
        case["promises"] = [*others, event["promise"]]
    elif kind in ("case.called", "case.answered"):
        case["call_id"], case["state"] = event["call_id"], event["state"]
    elif kind == "case.edited":
        case["fields"][event["field"]] = event["field_state"]
        _outdate(case, event["outdated"])
        _unsign(case)
    elif kind == "case.proposed":
        case["proposals"].append(event["proposal"])
    elif kind == "case.proposal_answered":
        _put(case["proposals"], event["proposal"])
    elif kind == "case.proposal_closed":
        closed = event["proposal"]
        _outdate(case, event["outdated"])
        case["proposals"] = [closed if p["id"] == closed["id"] else p for p in case["proposals"]]
        if event["field_state"] is not None:
            case["fields"][closed["field"]] = event["field_state"]
            _unsign(case)
    elif kind == "material.changed":
        changed = event["material"]
        was = {material["id"]: material["state"] for material in case["materials"]}
        came = changed["state"] == "stored" and was.get(changed["id"]) != "stored"
        open_ = case["state"] in ("registered", "reviewing", "to_correct")
        if came and changed["purpose"] == "material" and open_:
            _unsign(case)
        _put(case["materials"], changed)
    elif kind == "case.received":
        case["receipt_number"] = event["receipt_number"]
    elif kind == "case.mode_changed":
        case["mode"] = event["mode"]
    elif kind == "case.tasked":
        for task in event["tasks"]:
            _put(case["unit_tasks"], task)
    elif kind == "case.assigned":
        case["owner"] = event["owner"]
    elif kind == "case.advanced":
        case["state"], case["course"] = event["state"], event["course"]
    elif kind == "material.moved":
        for material in event["materials"]:
            _put(case["materials"], material)
        for comment in event["comments"]:
            _put(case["comments"], comment)
        _unsign(case)
    elif kind == "case.decided":
        for name in ("number", "state", "decision"):
            case[name] = event[name]
        _outdate(case, event["outdated"])
        case["corrections"] += event["decision"]["kind"] == "to_correct"
    elif kind == "case.referred":
        case["referrals"] = [*case["referrals"], event["referral"]]
        case["owner"] = None
        case["item"] = {
            **case["item"],
            "unit_id": event["unit_id"],
            "unit_name": event["referral"]["to_unit_name"],
            "place": event["place"],
        }
    elif kind == "case.recounted":
        case["decision"] = event["decision"]
    elif kind == "case.said":
        _put(case["sayings"], event["saying"])
    elif kind == "case.commented":
        _put(case["comments"], event["comment"])
    elif kind == "case.checked":
        others = [check for check in case["checks"] if check["point"] != event["point"]]
        now = [*others, event["check"]] if event["check"] is not None else others
        case["checks"] = sorted(now, key=lambda check: str(check["point"]))
    elif kind == "case.signed":
        case["signature"] = event["signature"]
    elif kind == "case.submitted":
        case["number"], case["submission"] = event["number"], event["submission"]
    elif kind == "case.rated":
        _put(case["ratings"], event["rating"])
    elif kind == "case.unmasked":
        _put(case["unmaskings"], event["unmasking"])
    elif kind == "case.drawn":
        case["drawings"].append(event["drawing"])
    elif kind == "case.drawings_cleared":
        case["drawings"] = [one for one in case["drawings"] if one["id"] not in event["ids"]]
    elif kind == "case.drawing_kept":
        case["drawing_only"] = event["only"]
    elif kind == "handover.changed":
        _put(case["handovers"], event["handover"])
    elif kind == "phone.changed":
        _put(case["phones"], event["phone"])
    elif kind == "paper.changed":
        _put(case["papers"], event["paper"])
    elif kind not in ("case.shown", "skipped"):
        raise AssertionError(f"no such event: {kind}")


def _outdate(case: Json, ids: list[str]) -> None:
    for proposal in case["proposals"]:
        if proposal["id"] in ids:
            proposal["state"] = "outdated"


def _unsign(case: Json) -> None:
    if case["signature"] is not None:
        case["signature"]["outdated"] = True


def _put(rows: list[Json], one: Json) -> None:
    """Over the one with its id, or behind them all."""
    ids = [row["id"] for row in rows]
    if one["id"] in ids:
        rows[ids.index(one["id"])] = one
    else:
        rows.append(one)
