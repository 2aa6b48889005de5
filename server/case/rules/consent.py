"""The words about recording that an applicant is shown before a call, by version.

An answer keeps the version and the language it was given to; a version that
was once shown is never changed, a new text gets a new one.
"""

from typing import Final

from server.standards.languages import Language

CURRENT: Final = "2026-11"

TEXTS: Final[dict[str, dict[Language, str]]] = {
    "2026-11": {
        "zh-CN": (
            "为办理您的事项，本次云见面将由窗口人员与异地审批人员通过音视频共同进行。"
            "征得您同意后，通话的画面和声音将被录制，仅用于办件存证、核查与督查，"
            "由受理单位按档案规定的期限保存，除依法查阅外不对外提供。"
            "您可以不同意录制；不同意不影响您以其他方式办理，"
            "但个别事项按规定须录制后方可连线，工作人员会事先告知。"
            "您有权查阅、复制本人的录制内容，并可就其处理提出意见。"
        ),
        "en": (
            "To handle your matter, a clerk at this window and an approver in another city will meet "
            "by video. With your consent the picture and sound of the call are recorded, only as "
            "evidence of the case and for inspection and supervision. The responsible unit keeps "
            "the recording for the period set by the archive rules and gives it to nobody except as "
            "the law provides. You may refuse the recording; you can then still be served in other "
            "ways, though a few matters can only be handled by video when recorded, which the staff "
            "will tell you beforehand. You may see and copy what was recorded of you, and object to "
            "how it is handled."
        ),
    }
}


def text(version: str, language: Language) -> str | None:
    """The words of a version; None when there never was such a version."""
    known = TEXTS.get(version)
    return None if known is None else known[language]
