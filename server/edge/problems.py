"""The one table of refusals at the edge: HTTP status and sentence of each code.

Turns a ``Refusal``, or a fault of our own, into an RFC 9457 problem in the
asker's language. The gateway says the same sentences in its acks. Knows codes
and languages; never a person, a value or a path of the machine.
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from aiohttp import web

from server.edge.wire import Problem
from server.standards.languages import Language
from signaling.refusals import Code, Refusal

CONTENT_TYPE: Final = "application/problem+json"
REASONS: Final = {460: "Checksum Mismatch"}
"""Reason phrases of statuses that HTTP itself does not know."""


class Entry(NamedTuple):
    """Status and sentences of a code. A sentence may name details in braces; it does without missing ones."""

    status: int
    zh: str
    en: str


TABLE: Final[dict[Code, Entry]] = {
    Code.UNAUTHENTICATED: Entry(401, "请先登录。", "Please sign in first."),
    Code.ACCOUNT_BLOCKED: Entry(
        401,
        "账户已停用，请联系管理员。",
        "This account has been blocked. Please contact your administrator.",
    ),
    Code.FORBIDDEN: Entry(403, "您没有办理此操作的权限。如确需办理，请联系本单位管理员。", "You do not have the right to do this. If you need it, ask your unit's administrator."),
    Code.NOT_FOUND: Entry(
        404, "没有找到所请求的内容，可能已转办或不属于本单位。请返回列表查看。", "What you asked for does not exist, or is not yours to see. Please go back to the list."
    ),
    Code.BAD_CREDENTIALS: Entry(
        401, "账号或密码不正确，请核对后重试；忘记密码请联系本单位管理员。", "The login or the password is wrong. Check both, or ask your unit's administrator."
    ),
    Code.PASSWORD_SHORT: Entry(
        422, "密码至少要有 {least} 个字符，请再长一些。", "A password has {least} characters or more. Please make it longer."
    ),
    Code.PASSWORD_LONG: Entry(
        422, "密码最多 {most} 个字符，请缩短一些。", "A password has {most} characters at most. Please make it shorter."
    ),
    Code.PASSWORD_COMMON: Entry(
        422,
        "这个密码太常见，或主要由您的登录名、姓名、工号组成，容易被猜中。请换一个，例如几个不相干的词。",
        "This password is common, or little more than your own names, and easily guessed. Please choose another, for example a few unrelated words.",
    ),
    Code.PASSWORD_SAME: Entry(422, "新密码与原密码相同，请换一个。", "The new password is the same as the old one. Please choose another."),
    Code.THROTTLED: Entry(
        429,
        "尝试次数过多，请稍候再试。",
        "Too many tries. Please wait a moment and try again.",
    ),
    Code.FOREIGN_ORIGIN: Entry(
        403,
        "请求来自其他网站，已拒绝。请从本系统的网址重新打开。",
        "The request came from another site and was refused. Please open this system by its own address.",
    ),
    Code.MALFORMED: Entry(
        400, "请求内容格式不正确：{fields}。请改正后重试。", "The request is not well formed: {fields}. Please correct it and try again."
    ),
    Code.UNKNOWN_TYPE: Entry(
        400, "系统不认识这类消息，请刷新页面。", "The system does not know this kind of message. Please reload the page."
    ),
    Code.METHOD_NOT_ALLOWED: Entry(
        405, "此地址不支持这种请求方式，请查阅接口说明。", "This address does not accept this method. Please see the API description."
    ),
    Code.TOO_LARGE: Entry(
        413, "请求内容超过大小限制，请减少内容后重试。", "The request is larger than allowed. Please send less."
    ),
    Code.UNSUPPORTED_MEDIA_TYPE: Entry(
        415, "不支持这种内容类型，请换一种格式。", "This content type is not accepted here. Please use another."
    ),
    Code.COMMAND_ID_REUSED: Entry(
        409,
        "同一指令编号已用于其他内容，请重新提交。",
        "This command id was already used for something else. Please submit again.",
    ),
    Code.NO_APPROVER_FREE: Entry(
        409,
        "对方单位目前没有空闲的审批人员，请稍后再呼叫。",
        "No approver of that unit is free now. Please call again later.",
    ),
    Code.CONSENT_MISSING: Entry(
        409,
        "呼叫前须先征得申请人对录音录像的意见；该事项不同意录制则不能连线。",
        "The applicant's answer about recording is needed before the call; this item cannot be called without it.",
    ),
    Code.ALREADY_IN_CALL: Entry(
        409, "您已在另一个云见面中，请先回到那次云见面或结束它。", "You are already in another call. Go back to it, or end it first."
    ),
    Code.CALL_ENDED: Entry(409, "这次云见面已经结束，需要时请重新呼叫。", "This call has already ended. Dial again if you need it."),
    Code.CALL_RUNNING: Entry(
        409, "云见面还没有结束，请结束后再评价。", "The call is still going on; rate it when it has ended."
    ),
    Code.RING_CLOSED: Entry(
        409,
        "这次呼叫已由他人接听或已结束，无需再处理；办件可在列表中查看。",
        "This ring was answered by somebody else or is over. There is nothing left to do.",
    ),
    Code.NOT_IN_CALL: Entry(403, "您不在这次云见面中，请等待呼叫或邀请。", "You are not in this call. Please wait until you are rung or invited."),
    Code.LEG_REPLACED: Entry(
        409,
        "您已在另一个页面进入这次云见面，此页面已退出；请在那个页面继续。",
        "You are using this seat in another page, so this page has left the call. Please carry on there.",
    ),
    Code.BAD_SDP: Entry(
        422,
        "音视频协商内容不正确，请重新连接。",
        "The description of the media is not right. Please connect again.",
    ),
    Code.MEDIA_UNAVAILABLE: Entry(
        503,
        "音视频服务暂不可用，正在恢复，请稍候重试。",
        "The media service is not available right now. Please try again in a moment.",
    ),
    Code.MEDIA_FULL: Entry(
        503, "音视频服务已满，请稍后再试。", "The media service is full. Please try again later."
    ),
    Code.MEDIA_BUSY: Entry(
        503,
        "正在进行的云见面已达本系统的承载上限。为保证正在进行的云见面和录像的质量，暂不接受新的云见面，请过几分钟再试。",
        "As many meetings are running as this system carries and records well. Please dial again in "
        "a few minutes.",
    ),
    Code.OFF_DUTY: Entry(409, "请先点“上岗接听”。", "Please go on duty first."),
    Code.SEAT_TAKEN: Entry(
        409,
        "正在呼叫受邀单位，或通话席位已满，请稍后再邀请。",
        "Somebody is being rung already, or all seats of this call are taken. Please invite again later.",
    ),
    Code.DRAINING: Entry(
        503,
        "本节点正在停机维护，暂不接受新的云见面，请稍后再试。",
        "This node is being taken out of service and takes no new calls. Please try again later.",
    ),
    Code.CASE_CLOSED: Entry(
        409, "办件已受理或不予受理，不能再修改；如需更正，请另行登记。", "The case is decided and can no longer be changed. For a correction please register a new case."
    ),
    Code.STALE: Entry(
        409,
        "内容已被他人更新，请核对后再保存。您输入的内容仍在。",
        "Somebody changed this in the meantime. Please compare and save again; what you typed is kept.",
    ),
    Code.FIELD_UNKNOWN: Entry(404, "申请表中没有这一项，请刷新页面。", "The form has no such field. Please reload the page."),
    Code.FIELD_HELD: Entry(
        409, "同事正在填写这一项，请稍候。", "A colleague is filling in this field. Please wait."
    ),
    Code.FIELD_INVALID: Entry(
        422, "这一项填写不符合要求，请按提示修改。", "This field does not meet its rule. Please correct it as the hint says."
    ),
    Code.NOT_YOURS: Entry(
        403, "这一步须由另一方办理，请在通话或消息中请对方办理。", "This step belongs to the other side. Please ask them in the call or by a message."
    ),
    Code.BOTH_SIDES: Entry(
        403,
        "您已在本办件的另一方经办，受理与审批不能为同一人。请由同事办理。",
        "You have acted on the other side of this case, and nobody may do both. Please leave it to a colleague.",
    ),
    Code.PROPOSAL_CLOSED: Entry(
        409, "这条修改建议已处理或已过期，请按最新内容重新提出。", "This proposal was already closed or is outdated. Please propose again."
    ),
    Code.RATING_CLOSED: Entry(
        409,
        "这次服务现在不能评价：已经评价过、没有接通，或已过评价期限。有意见可拨打 12345。",
        "This service cannot be rated now: it was rated already, was never answered, or it is too late. Call 12345 with what you want to say.",
    ),
    Code.REASON_MISSING: Entry(422, "请填写理由后再提交。", "Please give a reason, then send it again."),
    Code.INCOMPLETE: Entry(
        409,
        "还有未办妥的事项：必要材料、后补承诺、必填项、待解决的审查意见、告知要点或申请人签名。请按页面列出的各项办妥后再提交。",
        "Something is still open: a required material or field, a comment, a point of the checklist or the signature. Please complete what the page lists first.",
    ),
    Code.CHANGED: Entry(
        409,
        "页面显示之后，办件内容又有变化。请核对变化后再办理。",
        "The case has changed since your page showed it. Look at what changed, then decide again.",
    ),
    Code.OTHER_CASE_IN_CALL: Entry(
        409,
        "您正在就另一办件进行云见面。请确认要办理的是本件。",
        "You are in a call about another case. Confirm that you mean this one.",
    ),
    Code.SECOND_NOTICE: Entry(
        409,
        "本办件已发过补正通知。依照《行政许可法》第三十二条，须一次告知全部补正内容；确需再次告知的，请确认后发出。",
        "A correction notice was already given. Article 32 of the Administrative Licence Law asks for everything at once; confirm if another one is really needed.",
    ),
    Code.SAME_UNIT: Entry(
        409, "本办件已由该单位审批，无需转办；请选择其他单位。", "This case is decided by that unit already. Please choose another unit."
    ),
    Code.NO_APPROVER: Entry(
        409,
        "该单位没有审批人员，不能转办；请选择其他单位。",
        "Nobody at that unit could decide; the case cannot be referred to it. Please choose another unit.",
    ),
    Code.LIMIT_NOT_RUNNING: Entry(
        409,
        "本办件尚未受理，没有正在计算的办理期限；请先作出受理决定。",
        "This case was not accepted: no limit runs in it. Please decide on acceptance first.",
    ),
    Code.LIMIT_PASSED: Entry(
        409,
        "法定期限已届满，不能再暂停或延长；请尽快作出决定。",
        "The legal limit is over: it can neither be stopped nor extended. Please decide soon.",
    ),
    Code.CLOCK_STOPPED: Entry(409, "计时已经暂停，需要时请恢复计时。", "The clock is already stopped. Resume it when it is time."),
    Code.CLOCK_RUNNING: Entry(409, "计时没有暂停，可继续办理。", "The clock is already running. There is nothing left to do."),
    Code.EXTENDED_ALREADY: Entry(
        409,
        "依照《行政许可法》第四十二条，办理期限只能延长一次，本办件已经延长；请在现有期限内办理。",
        "Article 42 of the Administrative Licence Law knows one extension, and it was given. Please decide within the current limit.",
    ),
    Code.EXTENSION_TOO_LONG: Entry(
        422,
        "依照《行政许可法》第四十二条，最多延长 {at_most} 个工作日，请减少天数。",
        "Article 42 of the Administrative Licence Law allows {at_most} working days more at most. Please ask for fewer.",
    ),
    Code.SIGNATURE_MISSING: Entry(
        409,
        "申请人尚未对当前内容签名，请先打开申请人屏，或把本屏转给申请人，请其核对并签名。",
        "The applicant has not signed the current content. Please have the applicant read the summary and sign.",
    ),
    Code.COMMENT_UNKNOWN: Entry(404, "没有这条审查意见，请刷新页面。", "There is no such comment. Please reload the page."),
    Code.POINT_UNKNOWN: Entry(
        404, "一次性告知清单中没有这一项，请刷新页面。", "The checklist has no such point. Please reload the page."
    ),
    Code.BAD_IDENTITY_NUMBER: Entry(
        422,
        "身份证件号码不正确，请核对（校验位不符）。",
        "The ID number is wrong; please check it (the check digit does not match).",
    ),
    Code.BAD_CREDIT_CODE: Entry(
        422,
        "统一社会信用代码不正确，请核对。",
        "The unified social credit code is wrong; please check it.",
    ),
    Code.BAD_PHONE: Entry(
        422, "手机号码不正确，请核对。", "The phone number is wrong; please check it."
    ),
    Code.BAD_DATE: Entry(
        422,
        "日期不存在或不合理，请核对。",
        "The date does not exist or is not possible; please check it.",
    ),
    Code.BAD_NUMBER: Entry(
        422,
        "不是数字，或小数位数过多，请核对。",
        "This is not a number, or has too many decimals; please check it.",
    ),
    Code.BAD_REGION: Entry(
        422,
        "行政区划代码不存在、已撤销或不够具体，请重新选择。",
        "No such region stands today, or it is too wide; please choose again.",
    ),
    Code.BAD_FORM: Entry(
        422,
        "申请表定义有 {count} 处错误，未发布任何内容；请按列出的位置改正。",
        "Errors in the form: {count}; nothing was published. Please correct them where they are listed.",
    ),
    Code.ROLES_EXCLUDE: Entry(
        409,
        "“{first}”与“{second}”为不相容岗位，不能由同一人担任；确需兼任的，请先由安全管理员说明理由并准许。",
        "The roles {first} and {second} exclude one another. Where it cannot be helped, a security officer has to allow it first, with a reason.",
    ),
    Code.SECOND_PERSON: Entry(
        409,
        "降低字段的敏感级别（{fields}）须由本单位另一名管理员同意，请先提请同意。",
        "Making fields less sensitive ({fields}) needs the consent of a second administrator of the unit. Please ask for it first.",
    ),
    Code.LOWERING_WAITS: Entry(
        409,
        "本事项已有一份降低敏感级别的申请表在等另一名管理员同意，请先同意、不同意或收回那一份，再提请。",
        "A form of this item that makes fields less sensitive is waiting for a second administrator already. Please have that one agreed to, declined or taken back first.",
    ),
    Code.BAD_TEMPLATE: Entry(
        422,
        "文书模板有 {count} 处不符合要求，未发布任何内容；请按列出的位置改正。",
        "Errors in the template: {count}; nothing was published. Please correct them where they are listed.",
    ),
    Code.UNKNOWN_CODE: Entry(
        422, "代码表中没有这个代码：{value}。请从列表中选择。", "This code is not in the table: {value}. Please choose one from the list."
    ),
    Code.BAD_ROWS: Entry(
        422,
        "有 {count} 行不能导入，未写入任何内容；请改正后重试，或选择跳过这些行。",
        "{count} rows cannot be imported; nothing was written. Mend them, or choose to skip them.",
    ),
    Code.BAD_SHEET: Entry(
        422,
        "读不出表格：请使用 Excel（.xlsx）、CSV 或 JSON 文件，首行为列名。",
        "No table can be read: use Excel (.xlsx), CSV or JSON with column names in the first row.",
    ),
    Code.ITEM_UNAVAILABLE: Entry(
        409, "该事项目前不能办理，请选择其他事项或询问办理单位。", "This item cannot be asked for at present. Choose another, or ask the unit that handles it."
    ),
    Code.LINE_UNKNOWN: Entry(
        404, "材料清单中没有这一项，请刷新页面后重新选择。", "The material list has no such line. Please reload the page and choose again."
    ),
    Code.FILE_TYPE: Entry(
        415,
        "请上传 PDF、OFD、Word（docx）、Excel（xlsx）文件或 JPEG、PNG、WebP、HEIC 图片（按文件内容判断）。",
        "Please upload a PDF, OFD, Word (docx) or Excel (xlsx) file, or a picture as JPEG, PNG, WebP or HEIC (judged by the content).",
    ),
    Code.FILE_BROKEN: Entry(
        422,
        "文件已损坏或无法打开，请重新扫描后上传。",
        "The file is damaged or cannot be opened. Please scan it again and upload it again.",
    ),
    Code.FILE_PASSWORD: Entry(
        422,
        "文件设有打开密码，请去掉密码另存后重新上传。",
        "The file has a password. Please save it without one and upload it again.",
    ),
    Code.FILE_DEPTH: Entry(
        422,
        "这张 JPEG 是 12 位色深，无法查看；请在扫描或拍摄设置中改为 8 位（普通）JPEG 后重新上传。",
        "A 12-bit JPEG cannot be shown. Please choose ordinary 8-bit JPEG at the scanner or camera and upload it again.",
    ),
    Code.FILE_PIXELS: Entry(
        422,
        "图片像素过多（上限 1.2 亿），请降低分辨率重新扫描，或缩小后上传。",
        "The picture has too many pixels (at most 120 million). Please scan it at a lower resolution or make it smaller.",
    ),
    Code.FILE_BOMB: Entry(
        422,
        "文件解压后异常大，为安全未接收；请用 Word、Excel 打开原文件另存，或打印为 PDF 后上传。",
        "The file is abnormally large when unpacked and is rejected. Please save it again from Word or Excel, or print it to PDF.",
    ),
    Code.FILE_TOO_LARGE: Entry(
        413, "文件超过大小限制（{max_size}），请压缩或分成几份后上传。", "The file is larger than {max_size}. Please make it smaller, or send it in parts."
    ),
    Code.FILE_EMPTY: Entry(422, "文件是空的，请重新选择。", "The file is empty. Please choose it again."),
    Code.UPLOAD_OFFSET: Entry(
        409,
        "续传位置不符，请从服务器告知的位置继续。",
        "The upload goes on at another offset; please ask for it and continue there.",
    ),
    Code.UPLOAD_CHECKSUM: Entry(
        460,
        "数据在传输中损坏，请重传这一段。",
        "The bytes were damaged on the way. Please send this part again.",
    ),
    Code.UPLOAD_CHECKSUM_ALGORITHM: Entry(
        400, "不支持这种校验算法，可用的见接口说明。", "This checksum algorithm is not known here. The description of the interface names those that are."
    ),
    Code.UPLOAD_EXPIRED: Entry(
        410,
        "上传已过期或已取消，请重新上传。",
        "The upload has expired or was cancelled. Please start it again.",
    ),
    Code.UPLOAD_LOCKED: Entry(
        423,
        "另一个连接正在上传这个文件，请等它传完或关闭那个页面。",
        "Another connection is sending this file. Wait until it is done, or close that page.",
    ),
    Code.UPLOAD_VERSION: Entry(
        412,
        "上传协议版本不符，请改用 tus 1.0.0。",
        "The upload protocol must be tus 1.0.0.",
    ),
    Code.UPLOAD_LENGTH: Entry(
        400,
        "文件总长度已经确定，不能更改；请重新开始上传。",
        "The length of the file was told before and cannot change. Please start the upload again.",
    ),
    Code.UPLOAD_FINAL: Entry(
        403,
        "由分段合并而成的文件不能再写入；请另建上传。",
        "A file that was joined of parts takes no more bytes. Please make another upload.",
    ),
    Code.UPLOAD_UNFINISHED: Entry(
        409,
        "分段尚未传完，不能合并；请先传完各段。",
        "A part has not arrived whole, so the parts cannot be joined. Please send each to its end first.",
    ),
    Code.QUOTA_EXCEEDED: Entry(
        403,
        "已达到 24 小时内的上传限额（{most}），请稍后再传或联系平台运维。",
        "The limit for uploads within 24 hours is reached ({most}). Please continue later or ask the operator.",
    ),
    Code.NODE_AWAY: Entry(
        503,
        "接收此文件的服务器暂时无法连接，请稍候；恢复后会从断点继续。",
        "The server that holds this file cannot be reached now. The upload resumes where it stopped once it is back.",
    ),
    Code.MATERIAL_NOT_STORED: Entry(
        409, "文件还没有存好，请等上传和检查完成。", "The file is not stored yet. Please wait until it has arrived and is checked."
    ),
    Code.NO_EARLY_VIEW: Entry(
        409,
        "这份文件不能边传边看，请等传完。",
        "This file cannot be seen while it arrives. Please wait until it is there.",
    ),
    Code.CALL_HELD: Entry(
        409, "通话保持中，不能标注；请先恢复通话。", "The call is on hold; nothing can be drawn. Please resume it first."
    ),
    Code.COPY_NOT_READY: Entry(
        409,
        "阅看件正在生成，请稍候。",
        "The viewing copy is still being made. Please wait a moment.",
    ),
    Code.LINE_NOT_LATER: Entry(
        409,
        "这项材料不能容缺后补，请在受理前提交。",
        "This material may not follow later; it has to come before acceptance.",
    ),
    Code.EARLIER_CONSENT_MISSING: Entry(
        409,
        "申请人尚未同意使用以前的材料，请先向其说明并征得同意。",
        "The applicant has not agreed to the use of earlier materials. Please explain it and ask first.",
    ),
    Code.NO_COPY: Entry(
        409,
        "这份文件无法生成阅看件。需要时可说明理由调阅原件。",
        "No copy of this file can be made for viewing. The original can be had with a reason.",
    ),
    Code.NO_OFFICE: Entry(
        409,
        "本机没有安装文档转换程序，Word 和 Excel 文件不能在线查看；请说明理由调阅原件，或请对方改交 PDF。",
        "No program that converts Word and Excel files is installed here. Take the original with a reason, or ask for a PDF.",
    ),
    Code.NO_OFD: Entry(
        409,
        "本机没有安装 OFD 转换程序，OFD 文件不能在线查看；请说明理由调阅原件后用本机的 OFD 阅读器打开。",
        "No program that converts OFD files is installed here. Take the original with a reason and open it in an OFD reader.",
    ),
    Code.OFD_BEYOND: Entry(
        409,
        "这份 OFD 文件含有转换后会缺失或走样的内容，或与其签名不符，不能在线查看；请说明理由调阅原件后用本机的 OFD 阅读器打开。",
        "This OFD file holds what a conversion would lose or change, or is not as it was signed, and is not shown. Take the original with a reason and open it in an OFD reader.",
    ),
    Code.PDF_BEYOND: Entry(
        409,
        "这份 PDF 含有无法如实显示的表单内容或批注（如没有图样的图章、字库没有的字），不能在线查看；请对方用“打印为 PDF”另存后重新上传，或说明理由调阅原件。",
        "This PDF holds form values or annotations that cannot be shown as they are (a stamp without a picture, a character that no font has). Ask for it to be printed to PDF and uploaded again, or take the original with a reason.",
    ),
    Code.NO_CARD_READER: Entry(
        409,
        "本机没有安装证件识读组件，请照证件手工填写。",
        "No reader of cards is installed here. Please fill in by hand what the card says.",
    ),
    Code.NO_CARD: Entry(
        422,
        "没有从这份材料上读出有效的证件号码。请把身份证人像面或营业执照放平、避开反光后重新拍摄，或手工填写。",
        "No card with a valid number was found on this. Please lay the front of the ID card, or the licence, flat and out of glare and scan it again, or fill it in by hand.",
    ),
    Code.MATERIAL_LOCKED: Entry(
        409,
        "这份文件尚未通过病毒扫描，暂不能查看或认定合格，请等扫描完成。",
        "This file has not been scanned for viruses. It can be neither seen nor accepted yet. Please wait for the scan.",
    ),
    Code.FILE_INFECTED: Entry(
        422,
        "病毒扫描发现问题，文件已隔离；请换一份文件上传。",
        "The virus scanner found something; the file is quarantined. Please upload another file.",
    ),
    Code.PAPER_NOT_READY: Entry(
        409, "文书正在生成，请稍候。", "The paper is still being made. Please wait a moment."
    ),
    Code.DISK_FULL: Entry(
        507,
        "服务器存储空间不足，请联系平台运维。",
        "The server has no room left. Please tell the operator.",
    ),
    Code.DISK_READ_ONLY: Entry(
        507,
        "服务器的存储目录不能写入（只读），请联系平台运维。",
        "The server may only read its storage folder. Please tell the operator.",
    ),
    Code.CONTENT_ALTERED: Entry(
        409,
        "存储的内容与存证不一致，已停止提供，请联系平台运维。",
        "What is stored no longer matches the ledger and is not given out. Please tell the operator.",
    ),
    Code.BUSY: Entry(503, "系统繁忙，请稍后再试。", "The system is busy. Please try again soon."),
    Code.LEDGER_UNAVAILABLE: Entry(
        503,
        "存证账本暂不可写，操作未执行；请稍后重试，或联系平台运维。",
        "The ledger cannot be written right now, so nothing was done. Try again soon, or tell the operator.",
    ),
    Code.INTERNAL: Entry(
        500,
        "系统出现问题，已记录。请凭编号联系平台运维。",
        "Something went wrong here and was logged. Please name the reference to the operator.",
    ),
}  # fmt: skip


class _Gentle(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def status(code: Code) -> int:
    """The HTTP status of a code."""
    return TABLE[code].status


def sentence(code: Code, language: str, details: Mapping[str, object] | None = None) -> str:
    """What a person is told; ``language`` is a BCP 47 tag, and what is not English is answered in Chinese.

    A field that breaks the rule of an identifier is told about in that rule's own words.
    """
    rule = (details or {}).get("rule") if code is Code.FIELD_INVALID else None
    entry = TABLE[next((one for one in Code if one.value == rule), code)]
    text = entry.en if language.lower().startswith("en") else entry.zh
    shown = _Gentle(details or {})
    if isinstance(most := shown.get("max_bytes"), int):
        shown["max_size"] = f"{most / 1024**2:g} MB"
    if code is Code.QUOTA_EXCEEDED:
        shown["most"] = _quota(shown, english=language.lower().startswith("en"))
    return text.format_map(shown)


def _quota(details: Mapping[str, object], *, english: bool) -> str:
    """Whose limit it is, and how much."""
    unit = details.get("whose") == "unit"
    whose = ("the unit's " if unit else "yours, ") if english else ("本单位" if unit else "本人")
    if isinstance(most := details.get("bytes"), int):
        return f"{whose}{most / 1024**2:g} MB"
    return f"{whose}{details.get('files')}{' files' if english else ' 个文件'}"


def choose_language(wish: str) -> Language:
    """The best of our languages for an ``Accept-Language`` value (RFC 9110, 12.5.4); zh-CN when in doubt."""
    best: tuple[float, Language] = (0.0, "zh-CN")
    for part in wish.split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        name = tag.strip().lower()
        ours: Language | None = (
            "zh-CN" if name == "*" or name.startswith("zh") else "en" if name[:2] == "en" else None
        )
        quality = _quality(parameters)
        if ours is not None and quality > best[0]:
            best = (quality, ours)
    return best[1]


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def new_reference() -> str:
    """A fresh reference: 12 hex digits, short enough to be read out on the phone."""
    return secrets.token_hex(6)


def problem(refusal: Refusal, language: str, reference: str) -> Problem:
    """The refusal as problem details."""
    return Problem(
        type=f"/problems/{refusal.code.value}",
        title=sentence(refusal.code, language, refusal.details),
        status=status(refusal.code),
        code=refusal.code.value,
        reference=reference,
        details=dict(refusal.details),
    )


def answer(
    refusal: Refusal, language: str, reference: str, headers: Iterable[tuple[str, str]] = ()
) -> web.Response:
    """The refusal as a response; ``headers`` are added."""
    told = problem(refusal, language, reference)
    response = web.Response(
        status=told.status,
        reason=REASONS.get(told.status),
        text=told.model_dump_json(),
        content_type=CONTENT_TYPE,
        headers=list(headers),
    )
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = "no-store"
    retry = refusal.details.get("retry_after_s")
    if isinstance(retry, int | float):
        response.headers["Retry-After"] = str(max(1, round(retry)))
    if refusal.code in (Code.UNAUTHENTICATED, Code.ACCOUNT_BLOCKED, Code.BAD_CREDENTIALS):
        response.headers["WWW-Authenticate"] = 'Bearer realm="yunjian"'
    return response
