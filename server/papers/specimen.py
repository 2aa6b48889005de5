"""What a template of a paper is tried out with: the facts of a case that never was.

The same members as on a real paper (``server.case.acts.papers.press``; a test holds them side by side), each
filled, with numbers that stand on no paper by chance. Pure; invented throughout.
"""

from typing import Any, Final

from server.standards.papers import AGENT_PAPERS, TITLES, PaperKind

_ON: Final = "2026年11月24日"
_MATERIALS: Final = [
    {
        "name": name,
        "file": f"{name}.pdf",
        "number": number,
        "originals": 13,
        "copies": 27,
        "pages": 4,
        "at": "2026年11月24日 09:12:45",
        "sha256": f"{number}" * 64,
    }
    for number, name in enumerate(("变更登记申请书", "负责人任职文件", "营业执照正、副本"), 1)
]
_STROKES: Final = [
    [[0.1, 0.6, 0.4, 0], [0.25, 0.3, 0.6, 90], [0.4, 0.7, 0.5, 180]],
    [[0.5, 0.3, 0.4, 300], [0.6, 0.7, 0.6, 390], [0.85, 0.4, 0.5, 480]],
]
_STOPPED: Final = {
    "why": "听证",
    "reason": "样本事由：申请人要求听证，约需十五日。",
    "began": "2026年11月25日",
    "by": "样本审批人",
}
_EXTENSION: Final = {
    "days": 10,
    "reason": "样本理由：案情复杂，需要核实的事项较多。",
    "on": "2026年11月25日",
    "by": "样本负责人",
}
_PERSON: Final = {"by": "样本决定人", "staff_number": "YB-0231"}
_RULING: Final = {
    "kind": "准予",
    "reason": "样本说明：现场核查的结果符合要求。",
    "bases": ["《样本管理条例》第二十三条第一款", "《样本登记办法》第七条"],
    **_PERSON,
    "on": "2026年12月7日",
    "deliver_by": "2026年12月21日",
}
_RESULTS: Final = [
    {
        "name": "样本许可证", "number": "样许字〔2026〕第0815号", "kind": "证照",
        "originals": 1, "copies": 3, "valid": "2026年12月7日至2031年12月6日",
    },
    {
        "name": "关于样本事项的批复", "number": "样审批〔2026〕64号", "kind": "批文",
        "originals": 2, "copies": 0, "valid": "2026年12月7日至长期",
    },
]  # fmt: skip
_DELIVERY: Final = {
    "way": "邮寄",
    "place": "样本政务服务中心 3号窗口",
    "courier": "中国邮政 EMS",
    "tracking": "EX987654321CN",
    "given": [
        {name: one[name] for name in ("name", "number", "originals", "copies")} for one in _RESULTS
    ],
    "receiver": {
        "name": "样本领取人",
        "who": "代理人",
        "document": "居民身份证",
        "number": "370211************",
        "how": "读卡核验",
    },
    "note": "样本备注：收件人当面拆封。",
    "begun_on": "2026年12月8日",
    "ended_on": "2026年12月10日",
    **_PERSON,
}
_ENDING: Final = {
    "kind": "终止",
    "cause": "",
    "reason": "样本事由：情况已经核实，不再继续办理。",
    **_PERSON,
    "on": "2026年12月9日",
}
_AGENT: Final[dict[str, Any]] = {
    "kind": "代办",
    "name": "样本帮办人",
    "staff_number": "YB-0417",
    "asked_on": "2026年11月16日",
    "cause": "来电未接，本人请求",
    "wish": "样本请求：行动不便，请代为递交并领取证照。",
    "wanted": "按委托书代申请人把办件办下去",
    "accepted_on": "2026年11月17日",
}
_BEFORE: Final = {"signed_on": "2026年11月17日", "until": "2026年11月20日"}
_AGENTS: Final[dict[PaperKind, dict[str, Any]]] = {
    "agent_start": {},
    "mandate": {"scope": "样本事务：代领、代寄证照", "until": "2027年1月19日", "before": None},
    "renewal": {"scope": "样本事务：代领、代寄证照", "until": "2027年1月19日", "before": _BEFORE},
    "agent_pause": {
        "reason": "样本原因：申请人住院。", "paused_on": "2026年11月18日", "again_on": "2026年12月2日",
    },
    "agent_end": {
        "reason": "样本结果：证照已经送到申请人手里。",
        "result": "办结",
        "ended_on": "2026年12月3日",
        "steps": [
            {"what": "联系上了", "text": "说好怎么代办", "on": "2026年11月18日"},
            {"what": "记录", "text": "已代领证照", "on": "2026年12月2日"},
        ],
    },
}  # fmt: skip
_COURSE: Final[dict[str, Any]] = {
    "accepted_on": _ON, "ruling": None, "used": None, "results": [], "delivery": None, "ending": None,
}  # fmt: skip
_COURSES: Final[dict[PaperKind, dict[str, Any]]] = {
    "grant": {"ruling": _RULING, "used": 9},
    "registration": {"ruling": _RULING, "used": 9},
    "denial": {"ruling": {**_RULING, "kind": "不予"}, "used": 9},
    "delivery": {"ruling": _RULING, "used": 9, "results": _RESULTS, "delivery": _DELIVERY},
    "closing": {"ruling": _RULING, "used": 9, "results": _RESULTS, "delivery": _DELIVERY},
    "withdrawal": {"accepted_on": "", "ending": {**_ENDING, "kind": "撤回"}},
    "return": {"accepted_on": "", "ending": {**_ENDING, "kind": "退件"}},
    "termination": {"ending": {**_ENDING, "cause": "样本情形：法人或者其他组织依法终止"}},
}


def facts(kind: PaperKind, unit: str) -> dict[str, Any]:
    """The facts of a paper of this kind, issued by the unit of that name."""
    undecided = {"receipt", "application", "handover", "withdrawal", *AGENT_PAPERS}
    decided = kind not in undecided
    told: dict[str, Any] = {
        "kind": kind,
        "title": TITLES[kind],
        "number": "370211-YB-20261124-0042",
        "case_number": "11370211MB287554194000131012001202611240042",
        "receipt_number": "S-1124-0031",
        "unit": unit,
        "place": "样本地区",
        "made_at": "2026年11月24日 09:30:17",
        "made_epoch_s": 1_795_483_817,
        "made_on": _ON,
        "item": {
            "name": "分公司负责人变更登记",
            "code": "11370211MB287554194000131012001",
            "days": 17,
        },
        "mode": "异地代收代办",
        "applicant": {
            "name": "样本申请人",
            "document": "居民身份证",
            "identity_number": "370103************",
            "phone": "138****6217",
            "credit_code": "91370103MA3D7KQ42E",
            "principal": None,
        },
        "asked_on": "2026年11月23日",
        "window": {
            "unit": "样本政务服务中心",
            "name": "3号窗口",
            "clerk": "样本接收人",
            "staff_number": "YB-0306",
        },
        "hotline": "12345",
        "review_body": "样本市人民政府",
        "court": "样本市样本区人民法院",
        "materials": [dict(one) for one in _MATERIALS],
        "signature": None,
        "decision": None,
    }
    if decided:
        told["decision"] = {
            "reason": "样本理由：申请材料已经逐项核对，情况如上所述。",
            "points": ["印章不清晰，请重新扫描变更登记申请书", "负责人任职文件缺少任职日期"],
            "by": "样本审批人",
            "staff_number": "YB-0217",
            "on": _ON,
            "due_on": "2026年12月17日",
            "provisional": True,
            "notice": 2,
        }
    match kind:
        case "receipt":
            told["submitted_at"] = "2026年11月24日 09:30:16"
            told["signature"] = {
                "strokes": _STROKES,
                "width": 900,
                "height": 300,
                "hash": "9f" * 32,
                "shown_at": "2026年11月24日 09:28:03",
                "at": "2026年11月24日 09:29:40",
            }
        case "acceptance":
            told["promised"] = [{"name": "清税证明", "until": "2026年12月29日"}]
        case "correction" | "return":
            told["correct_by"] = "2026年12月15日"
        case "application":
            told["title"] = "分公司负责人变更登记申请表"
            told["form"] = [
                {"name": "分公司", "rows": [["分公司名称", "样本科技有限公司第一分公司"]]},
                {
                    "name": "新负责人",
                    "rows": [["新负责人姓名", "样本负责人"], ["任职日期", "2026-11-18"]],
                },
            ]
        case "handover":
            told["handover"] = {
                "number": 2,
                "courier": "中国邮政 EMS",
                "tracking": "EX123456789CN",
                "sent_at": "2026年11月24日 10:05:00",
                "sent_by": "样本接收人（工号 YB-0306）",
                "received_at": "2026年11月26日 15:20:00",
                "received_by": "样本审批人（工号 YB-0217）",
                "note": "外包装完好",
                "lines": [
                    {
                        "name": "变更登记申请书", "originals": 13, "copies": 27,
                        "told": "已收到", "note": "",
                    },
                    {
                        "name": "营业执照正、副本", "originals": 2, "copies": 1,
                        "told": "未收到", "note": "只有正本",
                    },
                ],
            }  # fmt: skip
        case _:
            pass
    if kind in _AGENTS:
        told["agent"] = {**_AGENT, **_AGENTS[kind]}
    if kind in _COURSES:
        told["course"] = {**_COURSE, **_COURSES[kind]}
    if kind in ("acceptance", "suspension", "extension"):
        told["clock"] = {
            "started_on": "2026年11月10日",
            "promised_days": 17,
            "legal_days": 20,
            "promised_on": "2026年12月19日",
            "legal_on": "2026年12月22日",
            "stopped": _STOPPED if kind == "suspension" else None,
            "extension": _EXTENSION if kind == "extension" else None,
        }
    return told
