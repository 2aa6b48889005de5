"""Refusals of calls, desks and the media of calls: the status and the sentences of each code."""

from typing import Final

from server.edge.sentences.entry import Sentences
from signaling.refusals import Code

ENTRIES: Final[dict[Code, Sentences]] = {
    Code.NO_APPROVER_FREE: Sentences(
        409,
        "对方单位目前没有空闲的审批人员，请稍后再呼叫。",
        "No approver of that unit is free now. Please call again later.",
    ),
    Code.CONSENT_MISSING: Sentences(
        409,
        "呼叫前须先征得申请人对录音录像的意见；该事项不同意录制则不能连线。",
        "The applicant's answer about recording is needed before the call; this item cannot be called without it.",
    ),
    Code.ALREADY_IN_CALL: Sentences(
        409, "您已在另一个云见面中，请先回到那次云见面或结束它。", "You are already in another call. Go back to it, or end it first."
    ),
    Code.CALL_ENDED: Sentences(409, "这次云见面已经结束，需要时请重新呼叫。", "This call has already ended. Dial again if you need it."),
    Code.CALL_RUNNING: Sentences(
        409, "云见面还没有结束，请结束后再评价。", "The call is still going on; rate it when it has ended."
    ),
    Code.RING_CLOSED: Sentences(
        409,
        "这次呼叫已由他人接听或已结束，无需再处理；办件可在列表中查看。",
        "This ring was answered by somebody else or is over. There is nothing left to do.",
    ),
    Code.NOT_IN_CALL: Sentences(403, "您不在这次云见面中，请等待呼叫或邀请。", "You are not in this call. Please wait until you are rung or invited."),
    Code.LEG_REPLACED: Sentences(
        409,
        "您已在另一个页面进入这次云见面，此页面已退出；请在那个页面继续。",
        "You are using this seat in another page, so this page has left the call. Please carry on there.",
    ),
    Code.BAD_SDP: Sentences(
        422,
        "音视频协商内容不正确，请重新连接。",
        "The description of the media is not right. Please connect again.",
    ),
    Code.MEDIA_UNAVAILABLE: Sentences(
        503,
        "音视频服务暂不可用，正在恢复，请稍候重试。",
        "The media service is not available right now. Please try again in a moment.",
    ),
    Code.MEDIA_FULL: Sentences(
        503, "音视频服务已满，请稍后再试。", "The media service is full. Please try again later."
    ),
    Code.MEDIA_BUSY: Sentences(
        503,
        "正在进行的云见面已达本系统的承载上限。为保证正在进行的云见面和录像的质量，暂不接受新的云见面，请过几分钟再试。",
        "As many meetings are running as this system carries and records well. Please dial again in "
        "a few minutes.",
    ),
    Code.OFF_DUTY: Sentences(409, "请先点“上岗接听”。", "Please go on duty first."),
    Code.SEAT_TAKEN: Sentences(
        409,
        "正在呼叫受邀单位，或通话席位已满，请稍后再邀请。",
        "Somebody is being rung already, or all seats of this call are taken. Please invite again later.",
    ),
    Code.CALL_HELD: Sentences(
        409, "通话保持中，不能标注；请先恢复通话。", "The call is on hold; nothing can be drawn. Please resume it first."
    ),
}  # fmt: skip
