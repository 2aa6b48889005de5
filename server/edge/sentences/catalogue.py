"""Refusals of values, codes, items, forms and templates: the status and the sentences of each code."""

from typing import Final

from server.edge.sentences.entry import Sentences
from signaling.refusals import Code

ENTRIES: Final[dict[Code, Sentences]] = {
    Code.BAD_IDENTITY_NUMBER: Sentences(
        422,
        "身份证件号码不正确，请核对（校验位不符）。",
        "The ID number is wrong; please check it (the check digit does not match).",
    ),
    Code.BAD_DOCUMENT_NUMBER: Sentences(
        422,
        "这不是所选证件的号码，请核对证件种类和号码。",
        "This is no number of the chosen document; please check its kind and number.",
    ),
    Code.OTHER_DOCUMENT: Sentences(
        422,
        "这个号码属于另一种证件，请改选证件种类。",
        "This number is of another kind of document; please choose that kind.",
    ),
    Code.BAD_CREDIT_CODE: Sentences(
        422,
        "统一社会信用代码不正确，请核对。",
        "The unified social credit code is wrong; please check it.",
    ),
    Code.BAD_PHONE: Sentences(
        422, "手机号码不正确，请核对。", "The phone number is wrong; please check it."
    ),
    Code.BAD_DATE: Sentences(
        422,
        "日期不存在或不合理，请核对。",
        "The date does not exist or is not possible; please check it.",
    ),
    Code.BAD_NUMBER: Sentences(
        422,
        "不是数字，或小数位数过多，请核对。",
        "This is not a number, or has too many decimals; please check it.",
    ),
    Code.BAD_REGION: Sentences(
        422,
        "行政区划代码不存在、已撤销或不够具体，请重新选择。",
        "No such region stands today, or it is too wide; please choose again.",
    ),
    Code.BAD_FORM: Sentences(
        422,
        "申请表定义有 {count} 处错误，未发布任何内容；请按列出的位置改正。",
        "Errors in the form: {count}; nothing was published. Please correct them where they are listed.",
    ),
    Code.LOWERING_WAITS: Sentences(
        409,
        "本事项已有一份降低敏感级别的申请表在等另一名管理员同意，请先同意、不同意或收回那一份，再提请。",
        "A form of this item that makes fields less sensitive is waiting for a second administrator already. Please have that one agreed to, declined or taken back first.",
    ),
    Code.BAD_TEMPLATE: Sentences(
        422,
        "文书模板有 {count} 处不符合要求，未发布任何内容；请按列出的位置改正。",
        "Errors in the template: {count}; nothing was published. Please correct them where they are listed.",
    ),
    Code.REVIEW_BODY_MISSING: Sentences(
        409,
        "本单位还没有登记复议机关和法院，这种文书必须写明，不能发布模板；请告诉平台运维登记。",
        "The review body and the court of this unit are not known yet. This paper must name them, so no template of it can be published. Please have the operator enter them.",
    ),
    Code.UNKNOWN_CODE: Sentences(
        422, "代码表中没有这个代码：{value}。请从列表中选择。", "This code is not in the table: {value}. Please choose one from the list."
    ),
    Code.BAD_ROWS: Sentences(
        422,
        "有 {count} 行不能导入，未写入任何内容；请改正后重试，或选择跳过这些行。",
        "{count} rows cannot be imported; nothing was written. Mend them, or choose to skip them.",
    ),
    Code.BAD_SHEET: Sentences(
        422,
        "读不出表格：请使用 Excel（.xlsx）、CSV 或 JSON 文件，首行为列名。",
        "No table can be read: use Excel (.xlsx), CSV or JSON with column names in the first row.",
    ),
    Code.ITEM_UNAVAILABLE: Sentences(
        409, "该事项目前不能办理，请选择其他事项或询问办理单位。", "This item cannot be asked for at present. Choose another, or ask the unit that handles it."
    ),
}  # fmt: skip
