"""Refusals of what is done with a case: the status and the sentences of each code."""

from typing import Final

from server.edge.sentences.entry import Sentences
from signaling.refusals import Code

ENTRIES: Final[dict[Code, Sentences]] = {
    Code.CASE_CLOSED: Sentences(
        409, "办件已受理或不予受理，不能再修改；如需更正，请另行登记。", "The case is decided and can no longer be changed. For a correction please register a new case."
    ),
    Code.CASE_ARCHIVED: Sentences(
        409, "办件已归档，不能再办理或连线；如需变更，请另行登记。", "The case is archived: nothing more is done or called about it. Please register a new one."
    ),
    Code.NOT_ARCHIVED: Sentences(
        409, "办件尚未归档，归档后才有归档包。请先归档。", "The case is not in the archive yet: there is a package once it is. Please archive it first."
    ),
    Code.OTHER_STEP: Sentences(
        409, "办件现在不在这一步，请刷新后按页面上的下一步办理。", "The case is at another step now. Please go on with the next step that the page shows."
    ),
    Code.OWED_STILL: Sentences(
        409, "承诺后补的材料还没有补齐，不能准予。请先收齐并审看。", "What was promised to follow has not come yet, so nothing can be granted."
    ),
    Code.FEE_UNFOUNDED: Sentences(
        409,
        "事项清单没有写明收费依据，不得收费；确需收费的，请先更正清单。",
        "The list names no legal basis for a fee of this item, so none may be asked. Please correct the list first.",
    ),
    Code.FEE_NOT_ASKED: Sentences(
        409, "还没有告知缴费，请先告知。", "No fee was asked for yet. Please tell the applicant first."
    ),
    Code.FEE_SETTLED: Sentences(
        409, "费用已缴或已减免，可在办理进程中查看。", "The fee is paid or waived already; you can see it on the course of the case."
    ),
    Code.FEE_UNPAID: Sentences(
        409, "本事项先缴费后制证，请先登记缴费或减免。", "Of this item the fee is paid before anything is issued. Please enter the payment or the waiver first."
    ),
    Code.BASIS_UNKNOWN: Sentences(
        422, "这条法律依据不在事项的设定依据里，请从列出的依据中选择。", "This legal basis is not one of the item's. Please choose from those listed."
    ),
    Code.DECIDED_HERE: Sentences(
        409, "这个事项在本系统作出决定，请按页面上的下一步办理。", "This item is decided here. Please go on with the next step that the page shows."
    ),
    Code.DECIDED_ELSEWHERE: Sentences(
        409, "这个事项在外部系统作出决定，请录入那里的结果。", "This item is decided in an external system. Please enter what was decided there."
    ),
    Code.NUMBER_MISSING: Sentences(
        422, "请填写外部系统给的受理号。", "Please give the number that the external system gave."
    ),
    Code.PROOF_MISSING: Sentences(
        422, "请选择证明这个结果的文件；还没有的，请先收进本办件。", "Please choose the file that proves it; if there is none yet, please take it into the case first."
    ),
    Code.RESULT_MISSING: Sentences(
        422, "请填写证照或批文的名称和编号。", "Please give the name and the number of what is issued."
    ),
    Code.RESULT_UNKNOWN: Sentences(404, "没有这一份证照或批文，请刷新页面。", "There is no such result. Please reload the page."),
    Code.ADDRESS_MISSING: Sentences(
        422, "请填写申请人确认的电子送达地址。", "Please give the address that the applicant confirmed."
    ),
    Code.AGREEMENT_MISSING: Sentences(
        409, "申请人还没有签电子送达确认书，不能电子送达。", "The applicant has not agreed to electronic delivery yet."
    ),
    Code.TRACKING_MISSING: Sentences(
        422, "请填写快递公司和运单号。", "Please give the courier and the tracking number."
    ),
    Code.ON_ITS_WAY: Sentences(
        409, "这些结果已经在送达中或已送达，请看送达记录。", "These results are on their way, or there already."
    ),
    Code.OTHER_WAY: Sentences(
        409, "这种送达方式没有这一步，请按页面上的下一步办理。", "This way of delivery has no such step."
    ),
    Code.OTHER_MODE: Sentences(
        409,
        "本件的通办形式没有这一步。请改用该形式的办法，或在决定前更改通办形式。",
        "The mode of this case has no such step. Use the ways that it has, or change the mode before the decision.",
    ),
    Code.ORIGINALS_SENT: Sentences(
        409,
        "本件已寄送过纸质原件，不能改为全程网办；请按现在的通办形式办理。",
        "Paper originals of this case were sent already; go on in its mode of now.",
    ),
    Code.DELIVERY_ENDED: Sentences(
        409, "这一次送达已经登记过结果，请看送达记录。", "The outcome of this delivery is entered already."
    ),
    Code.PRINCIPAL_MISSING: Sentences(
        422,
        "请填写委托人姓名或单位名称，单位还请填写法定代表人。",
        "Please give the name of whom he comes for, and of a company its legal representative.",
    ),
    Code.RECEIVER_MISSING: Sentences(
        409, "请先核对领取人身份，再登记领取。", "Please check who fetches it before you enter that it was fetched."
    ),
    Code.ANSWER_MISSING: Sentences(422, "请写明答复内容。", "Please write down what was answered."),
    Code.CAUSE_MISSING: Sentences(422, "请选择终止的法定情形。", "Please choose the legal cause of the termination."),
    Code.TIME_LEFT: Sentences(
        409, "补正期限还没有过，请在期满后再退件。", "There is still time to correct, so the papers cannot be returned yet."
    ),
    Code.UNFINISHED: Sentences(
        409, "还有文书没有制作完成，或材料原件没有签收，请办妥后再归档。", "A paper is still being made, or originals were not received. Please finish that first."
    ),
    Code.TASK_OVER: Sentences(
        409, "任务已经办结或取消，请刷新页面。", "The task is over already. Please reload the page."
    ),
    Code.TASK_SUSPENDED: Sentences(
        409, "任务已中止，请先续办再登记结果。", "The task is suspended. Please resume it first."
    ),
    Code.TASK_RUNNING: Sentences(409, "任务正在办理，请刷新页面。", "The task is not suspended. Please reload the page."),
    Code.TASK_CLAIMED: Sentences(
        409, "同事已经认领，请由他转给您。", "A colleague has claimed the task. Please let him hand it to you."
    ),
    Code.CASE_CLAIMED: Sentences(
        409, "本件的承办人刚有变化，请核对后再办理。", "Who handles this case has just changed. Please look again."
    ),
    Code.NEXT_MISSING: Sentences(
        422, "请写明下一步和以后一年之内的日期。", "Please say what is next, and when: within a year from now."
    ),
    Code.DEMAND_OPEN: Sentences(
        409, "上一次督办还没有答复，请等答复后再督办。", "The demand before has not been answered yet. Please wait for its answer."
    ),
    Code.NOT_ACCEPTED: Sentences(
        409, "帮办代办请求还没有受理，请先认领。", "Nobody has accepted this request yet. Please claim it first."
    ),
    Code.MANDATE_MISSING: Sentences(
        409, "代办要有申请人签的委托书，请先登记委托书。", "Acting for the applicant needs his signed mandate. Please enter it first."
    ),
    Code.MANDATE_OVER: Sentences(
        409, "委托书已过期，请申请人续签并由窗口登记后再办理。", "The mandate is over. Please have the applicant sign a new one, and the window enter it, first."
    ),
    Code.NOTHING_STANDS: Sentences(
        409, "本件没有仍然有效、可以后续办理的许可，请核对证照状态。", "Nothing that this case granted still stands for this. Please check its results."
    ),
    Code.OTHER_SEQUEL: Sentences(
        422, "这一种后续办件不由您这一方发起，请选择其他种类。", "A case of this kind is not begun from your side. Please choose another kind."
    ),
    Code.SEQUEL_OPEN: Sentences(
        409, "本件已有同一种后续办件正在办理，请打开那一件办理。", "A case of this kind already follows this one. Please go on with that one."
    ),
    Code.VALIDITY_OVER: Sentences(
        409, "有效期已过，不能延续，可以请申请人重新申请。", "Its validity is over and cannot be prolonged. The applicant may apply anew."
    ),
    Code.MANDATE_UNFIT: Sentences(
        422, "请选择本办件的委托书扫描件，并核对签署日期和期限（不超过一年）。", "Please choose the scanned mandate of this case, and check when it was signed and its last day (a year at most)."
    ),
    Code.UNIT_TASK_OVER: Sentences(
        409, "这项联办任务已经结束，请刷新页面。", "This unit's task is over. Please reload the page."
    ),
    Code.UNIT_TASK_CLAIMED: Sentences(
        409, "这项联办任务由本单位其他同事承办，请由他答复或先转给您。", "A colleague of your unit has this task. Please let him answer, or have it handed to you first."
    ),
    Code.UNIT_TASKS_OPEN: Sentences(
        409, "还有协办单位没有办完，请等各单位都有结果后再作出决定。", "Not every unit has finished its part. Please wait until each task has ended before deciding."
    ),
    Code.HEAD_ALONE: Sentences(
        409, "这项任务在单位内已转办两次，请转给本单位负责人。", "This task was handed on twice already. Please hand it to the head of the unit."
    ),
    Code.BAD_OPINION: Sentences(
        422, "这类任务不能这样答复，请选择所列的答复。", "This kind of task cannot be answered so. Please choose one of the answers shown."
    ),
    Code.CLAUSE_MISSING: Sentences(
        422, "附条件同意须写明条件和所依据的条款，请补充；没有条款的请写成提示。", "Agreeing on a condition needs the condition and its clause. Please add them; what has no clause is a hint."
    ),
    Code.BAD_PLAN: Sentences(
        422, "联办方案有误，请检查各步的先后、编号和依据。", "This plan does not hold. Please check the order, keys and bases of its steps."
    ),
    Code.NO_COLLEAGUE: Sentences(
        409, "他不能在本单位办理任务，请选择其他同事。", "He cannot take tasks at this unit. Please choose another colleague."
    ),
    Code.STALE: Sentences(
        409,
        "内容已被他人更新，请核对后再保存。您输入的内容仍在。",
        "Somebody changed this in the meantime. Please compare and save again; what you typed is kept.",
    ),
    Code.FIELD_UNKNOWN: Sentences(404, "申请表中没有这一项，请刷新页面。", "The form has no such field. Please reload the page."),
    Code.FIELD_HELD: Sentences(
        409, "同事正在填写这一项，请稍候。", "A colleague is filling in this field. Please wait."
    ),
    Code.FIELD_INVALID: Sentences(
        422, "这一项填写不符合要求，请按提示修改。", "This field does not meet its rule. Please correct it as the hint says."
    ),
    Code.NOT_YOURS: Sentences(
        403, "这一步须由另一方办理，请在通话或消息中请对方办理。", "This step belongs to the other side. Please ask them in the call or by a message."
    ),
    Code.BOTH_SIDES: Sentences(
        403,
        "您已在本办件的另一方经办，或为其申请人帮办代办，与审批不能为同一人。请由其他同事办理。",
        "You have acted on the other side of this case, or for its applicant, and nobody may do both. Please leave it to another colleague.",
    ),
    Code.PROPOSAL_CLOSED: Sentences(
        409, "这条修改建议已处理或已过期，请按最新内容重新提出。", "This proposal was already closed or is outdated. Please propose again."
    ),
    Code.RATING_CLOSED: Sentences(
        409,
        "这次服务现在不能评价：已经评价过、没有接通，或已过评价期限。有意见可拨打 12345。",
        "This service cannot be rated now: it was rated already, was never answered, or it is too late. Call 12345 with what you want to say.",
    ),
    Code.REASON_MISSING: Sentences(422, "请填写理由后再提交。", "Please give a reason, then send it again."),
    Code.INCOMPLETE: Sentences(
        409,
        "还有未办妥的事项：必要材料、后补承诺、必填项、待解决的审查意见、告知要点或申请人签名。请按页面列出的各项办妥后再提交。",
        "Something is still open: a required material or field, a comment, a point of the checklist or the signature. Please complete what the page lists first.",
    ),
    Code.CHANGED: Sentences(
        409,
        "页面显示之后，办件内容又有变化。请核对变化后再办理。",
        "The case has changed since your page showed it. Look at what changed, then decide again.",
    ),
    Code.OTHER_CASE_IN_CALL: Sentences(
        409,
        "您正在就另一办件进行云见面。请确认要办理的是本件。",
        "You are in a call about another case. Confirm that you mean this one.",
    ),
    Code.SECOND_NOTICE: Sentences(
        409,
        "本办件已发过补正通知。依照《行政许可法》第三十二条，须一次告知全部补正内容；确需再次告知的，请确认后发出。",
        "A correction notice was already given. Article 32 of the Administrative Licence Law asks for everything at once; confirm if another one is really needed.",
    ),
    Code.SAME_UNIT: Sentences(
        409, "本办件已由该单位审批，无需转办；请选择其他单位。", "This case is decided by that unit already. Please choose another unit."
    ),
    Code.NO_APPROVER: Sentences(
        409,
        "该单位没有审批人员，不能转办；请选择其他单位。",
        "Nobody at that unit could decide; the case cannot be referred to it. Please choose another unit.",
    ),
    Code.LIMIT_NOT_RUNNING: Sentences(
        409,
        "本办件现在没有正在计算的办理期限：尚未受理，或者已经作出决定。受理后、决定前可暂停或延长。",
        "No limit runs in this case: it was not accepted yet, or is decided. It can be stopped or extended in between.",
    ),
    Code.LIMIT_PASSED: Sentences(
        409,
        "法定期限已届满，不能再暂停或延长；请尽快作出决定。",
        "The legal limit is over: it can neither be stopped nor extended. Please decide soon.",
    ),
    Code.CLOCK_STOPPED: Sentences(409, "计时已经暂停，需要时请恢复计时。", "The clock is already stopped. Resume it when it is time."),
    Code.CLOCK_RUNNING: Sentences(409, "计时没有暂停，可继续办理。", "The clock is already running. There is nothing left to do."),
    Code.EXTENDED_ALREADY: Sentences(
        409,
        "依照《行政许可法》第四十二条，办理期限只能延长一次，本办件已经延长；请在现有期限内办理。",
        "Article 42 of the Administrative Licence Law knows one extension, and it was given. Please decide within the current limit.",
    ),
    Code.EXTENSION_TOO_LONG: Sentences(
        422,
        "依照《行政许可法》第四十二条，最多延长 {at_most} 个工作日，请减少天数。",
        "Article 42 of the Administrative Licence Law allows {at_most} working days more at most. Please ask for fewer.",
    ),
    Code.SIGNATURE_MISSING: Sentences(
        409,
        "申请人尚未对当前内容签名，请先打开申请人屏，或把本屏转给申请人，请其核对并签名。",
        "The applicant has not signed the current content. Please have the applicant read the summary and sign.",
    ),
    Code.COMMENT_UNKNOWN: Sentences(404, "没有这条审查意见，请刷新页面。", "There is no such comment. Please reload the page."),
    Code.POINT_UNKNOWN: Sentences(
        404, "一次性告知清单中没有这一项，请刷新页面。", "The checklist has no such point. Please reload the page."
    ),
    Code.LINE_UNKNOWN: Sentences(
        404, "材料清单中没有这一项，请刷新页面后重新选择。", "The material list has no such line. Please reload the page and choose again."
    ),
    Code.LINE_NOT_LATER: Sentences(
        409,
        "这项材料不能容缺后补，请在受理前提交。",
        "This material may not follow later; it has to come before acceptance.",
    ),
    Code.LINE_NOT_DECLARED: Sentences(
        409,
        "这项材料不适用告知承诺，请提交材料。",
        "This material cannot be replaced by a declaration; it has to be brought.",
    ),
    Code.VERIFIED_ALREADY: Sentences(
        409, "这项承诺已经核查过，请刷新页面查看结果。", "This declaration was verified already. Please reload the page."
    ),
    Code.DECLARED_UNTRUE: Sentences(
        409,
        "有承诺经核查不实，不能准予，请不予或依法终止办理。",
        "A declaration was found untrue, so this cannot be granted. Please deny it, or end the procedure by law.",
    ),
    Code.UNVERIFIED: Sentences(
        409,
        "告知承诺还没有核查，请先登记核查结果再归档。",
        "What was declared is not verified yet. Please enter the result before archiving.",
    ),
    Code.EARLIER_CONSENT_MISSING: Sentences(
        409,
        "申请人尚未同意使用以前的材料，请先向其说明并征得同意。",
        "The applicant has not agreed to the use of earlier materials. Please explain it and ask first.",
    ),
    Code.PAPER_NOT_READY: Sentences(
        409, "文书正在生成，请稍候。", "The paper is still being made. Please wait a moment."
    ),
}  # fmt: skip
