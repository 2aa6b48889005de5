"""Refusals of sign-ins, passwords and rights: the status and the sentences of each code."""

from typing import Final

from server.edge.sentences.entry import Sentences
from signaling.refusals import Code

ENTRIES: Final[dict[Code, Sentences]] = {
    Code.UNAUTHENTICATED: Sentences(401, "请先登录。", "Please sign in first."),
    Code.ACCOUNT_BLOCKED: Sentences(
        401,
        "账户已停用，请联系管理员。",
        "This account has been blocked. Please contact your administrator.",
    ),
    Code.FORBIDDEN: Sentences(403, "您没有办理此操作的权限。如确需办理，请联系本单位管理员。", "You do not have the right to do this. If you need it, ask your unit's administrator."),
    Code.BAD_CREDENTIALS: Sentences(
        401, "账号或密码不正确，请核对后重试；忘记密码请联系本单位管理员。", "The login or the password is wrong. Check both, or ask your unit's administrator."
    ),
    Code.PASSWORD_SHORT: Sentences(
        422, "密码至少要有 {least} 个字符，请再长一些。", "A password has {least} characters or more. Please make it longer."
    ),
    Code.PASSWORD_LONG: Sentences(
        422, "密码最多 {most} 个字符，请缩短一些。", "A password has {most} characters at most. Please make it shorter."
    ),
    Code.PASSWORD_COMMON: Sentences(
        422,
        "这个密码太常见，或主要由您的登录名、姓名、工号组成，容易被猜中。请换一个，例如几个不相干的词。",
        "This password is common, or little more than your own names, and easily guessed. Please choose another, for example a few unrelated words.",
    ),
    Code.PASSWORD_SAME: Sentences(422, "新密码与原密码相同，请换一个。", "The new password is the same as the old one. Please choose another."),
    Code.ROLES_EXCLUDE: Sentences(
        409,
        "“{first}”与“{second}”为不相容岗位，不能由同一人担任；确需兼任的，请先由安全管理员说明理由并准许。",
        "The roles {first} and {second} exclude one another. Where it cannot be helped, a security officer has to allow it first, with a reason.",
    ),
    Code.SECOND_PERSON: Sentences(
        409,
        "降低字段的敏感级别（{fields}）须由本单位另一名管理员同意，请先提请同意。",
        "Making fields less sensitive ({fields}) needs the consent of a second administrator of the unit. Please ask for it first.",
    ),
}  # fmt: skip
