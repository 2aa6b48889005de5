"""Refusals of requests and commands themselves, and of a machine that cannot: the status and the sentences of each code."""

from typing import Final

from server.edge.sentences.entry import Sentences
from signaling.refusals import Code

ENTRIES: Final[dict[Code, Sentences]] = {
    Code.NOT_FOUND: Sentences(
        404, "没有找到所请求的内容，可能已转办或不属于本单位。请返回列表查看。", "What you asked for does not exist, or is not yours to see. Please go back to the list."
    ),
    Code.THROTTLED: Sentences(
        429,
        "尝试次数过多，请稍候再试。",
        "Too many tries. Please wait a moment and try again.",
    ),
    Code.FOREIGN_ORIGIN: Sentences(
        403,
        "请求来自其他网站，已拒绝。请从本系统的网址重新打开。",
        "The request came from another site and was refused. Please open this system by its own address.",
    ),
    Code.MALFORMED: Sentences(
        400, "请求内容格式不正确：{fields}。请改正后重试。", "The request is not well formed: {fields}. Please correct it and try again."
    ),
    Code.UNKNOWN_TYPE: Sentences(
        400, "系统不认识这类消息，请刷新页面。", "The system does not know this kind of message. Please reload the page."
    ),
    Code.METHOD_NOT_ALLOWED: Sentences(
        405, "此地址不支持这种请求方式，请查阅接口说明。", "This address does not accept this method. Please see the API description."
    ),
    Code.TOO_LARGE: Sentences(
        413, "请求内容超过大小限制，请减少内容后重试。", "The request is larger than allowed. Please send less."
    ),
    Code.UNSUPPORTED_MEDIA_TYPE: Sentences(
        415, "不支持这种内容类型，请换一种格式。", "This content type is not accepted here. Please use another."
    ),
    Code.COMMAND_ID_REUSED: Sentences(
        409,
        "同一指令编号已用于其他内容，请重新提交。",
        "This command id was already used for something else. Please submit again.",
    ),
    Code.DRAINING: Sentences(
        503,
        "本节点正在停机维护，暂不接受新的云见面，请稍后再试。",
        "This node is being taken out of service and takes no new calls. Please try again later.",
    ),
    Code.NODE_AWAY: Sentences(
        503,
        "接收此文件的服务器暂时无法连接，请稍候；恢复后会从断点继续。",
        "The server that holds this file cannot be reached now. The upload resumes where it stopped once it is back.",
    ),
    Code.BUSY: Sentences(503, "系统繁忙，请稍后再试。", "The system is busy. Please try again soon."),
    Code.LEDGER_UNAVAILABLE: Sentences(
        503,
        "存证账本暂不可写，操作未执行；请稍后重试，或联系平台运维。",
        "The ledger cannot be written right now, so nothing was done. Try again soon, or tell the operator.",
    ),
    Code.INTERNAL: Sentences(
        500,
        "系统出现问题，已记录。请凭编号联系平台运维。",
        "Something went wrong here and was logged. Please name the reference to the operator.",
    ),
}  # fmt: skip
