"""Refusals of files on their way, materials and their copies: the status and the sentences of each code."""

from typing import Final

from server.edge.sentences.entry import Sentences
from signaling.refusals import Code

ENTRIES: Final[dict[Code, Sentences]] = {
    Code.FILE_TYPE: Sentences(
        415,
        "请上传 PDF、OFD、Word（docx）、Excel（xlsx）文件或 JPEG、PNG、WebP、HEIC 图片（按文件内容判断）。",
        "Please upload a PDF, OFD, Word (docx) or Excel (xlsx) file, or a picture as JPEG, PNG, WebP or HEIC (judged by the content).",
    ),
    Code.FILE_BROKEN: Sentences(
        422,
        "文件已损坏或无法打开，请重新扫描后上传。",
        "The file is damaged or cannot be opened. Please scan it again and upload it again.",
    ),
    Code.FILE_PASSWORD: Sentences(
        422,
        "文件设有打开密码，请去掉密码另存后重新上传。",
        "The file has a password. Please save it without one and upload it again.",
    ),
    Code.FILE_DEPTH: Sentences(
        422,
        "这张 JPEG 是 12 位色深，无法查看；请在扫描或拍摄设置中改为 8 位（普通）JPEG 后重新上传。",
        "A 12-bit JPEG cannot be shown. Please choose ordinary 8-bit JPEG at the scanner or camera and upload it again.",
    ),
    Code.FILE_PIXELS: Sentences(
        422,
        "图片像素过多（上限 1.2 亿），请降低分辨率重新扫描，或缩小后上传。",
        "The picture has too many pixels (at most 120 million). Please scan it at a lower resolution or make it smaller.",
    ),
    Code.FILE_BOMB: Sentences(
        422,
        "文件解压后异常大，为安全未接收；请用 Word、Excel 打开原文件另存，或打印为 PDF 后上传。",
        "The file is abnormally large when unpacked and is rejected. Please save it again from Word or Excel, or print it to PDF.",
    ),
    Code.FILE_TOO_LARGE: Sentences(
        413, "文件超过大小限制（{max_size}），请压缩或分成几份后上传。", "The file is larger than {max_size}. Please make it smaller, or send it in parts."
    ),
    Code.FILE_EMPTY: Sentences(422, "文件是空的，请重新选择。", "The file is empty. Please choose it again."),
    Code.UPLOAD_OFFSET: Sentences(
        409,
        "续传位置不符，请从服务器告知的位置继续。",
        "The upload goes on at another offset; please ask for it and continue there.",
    ),
    Code.UPLOAD_CHECKSUM: Sentences(
        460,
        "数据在传输中损坏，请重传这一段。",
        "The bytes were damaged on the way. Please send this part again.",
    ),
    Code.UPLOAD_CHECKSUM_ALGORITHM: Sentences(
        400, "不支持这种校验算法，可用的见接口说明。", "This checksum algorithm is not known here. The description of the interface names those that are."
    ),
    Code.UPLOAD_EXPIRED: Sentences(
        410,
        "上传已过期或已取消，请重新上传。",
        "The upload has expired or was cancelled. Please start it again.",
    ),
    Code.UPLOAD_LOCKED: Sentences(
        423,
        "另一个连接正在上传这个文件，请等它传完或关闭那个页面。",
        "Another connection is sending this file. Wait until it is done, or close that page.",
    ),
    Code.UPLOAD_VERSION: Sentences(
        412,
        "上传协议版本不符，请改用 tus 1.0.0。",
        "The upload protocol must be tus 1.0.0.",
    ),
    Code.UPLOAD_LENGTH: Sentences(
        400,
        "文件总长度已经确定，不能更改；请重新开始上传。",
        "The length of the file was told before and cannot change. Please start the upload again.",
    ),
    Code.UPLOAD_FINAL: Sentences(
        403,
        "由分段合并而成的文件不能再写入；请另建上传。",
        "A file that was joined of parts takes no more bytes. Please make another upload.",
    ),
    Code.UPLOAD_UNFINISHED: Sentences(
        409,
        "分段尚未传完，不能合并；请先传完各段。",
        "A part has not arrived whole, so the parts cannot be joined. Please send each to its end first.",
    ),
    Code.QUOTA_EXCEEDED: Sentences(
        403,
        "已达到 24 小时内的上传限额（{most}），请稍后再传或联系平台运维。",
        "The limit for uploads within 24 hours is reached ({most}). Please continue later or ask the operator.",
    ),
    Code.MATERIAL_NOT_STORED: Sentences(
        409, "文件还没有存好，请等上传和检查完成。", "The file is not stored yet. Please wait until it has arrived and is checked."
    ),
    Code.NO_EARLY_VIEW: Sentences(
        409,
        "这份文件不能边传边看，请等传完。",
        "This file cannot be seen while it arrives. Please wait until it is there.",
    ),
    Code.COPY_NOT_READY: Sentences(
        409,
        "阅看件正在生成，请稍候。",
        "The viewing copy is still being made. Please wait a moment.",
    ),
    Code.NO_COPY: Sentences(
        409,
        "这份文件无法生成阅看件。需要时可说明理由调阅原件。",
        "No copy of this file can be made for viewing. The original can be had with a reason.",
    ),
    Code.NO_OFFICE: Sentences(
        409,
        "本机没有安装文档转换程序，Word 和 Excel 文件不能在线查看；请说明理由调阅原件，或请对方改交 PDF。",
        "No program that converts Word and Excel files is installed here. Take the original with a reason, or ask for a PDF.",
    ),
    Code.NO_OFD: Sentences(
        409,
        "本机没有安装 OFD 转换程序，OFD 文件不能在线查看；请说明理由调阅原件后用本机的 OFD 阅读器打开。",
        "No program that converts OFD files is installed here. Take the original with a reason and open it in an OFD reader.",
    ),
    Code.OFD_BEYOND: Sentences(
        409,
        "这份 OFD 文件含有转换后会缺失或走样的内容，或与其签名不符，不能在线查看；请说明理由调阅原件后用本机的 OFD 阅读器打开。",
        "This OFD file holds what a conversion would lose or change, or is not as it was signed, and is not shown. Take the original with a reason and open it in an OFD reader.",
    ),
    Code.PDF_BEYOND: Sentences(
        409,
        "这份 PDF 含有无法如实显示的表单内容或批注（如没有图样的图章、字库没有的字），不能在线查看；请对方用“打印为 PDF”另存后重新上传，或说明理由调阅原件。",
        "This PDF holds form values or annotations that cannot be shown as they are (a stamp without a picture, a character that no font has). Ask for it to be printed to PDF and uploaded again, or take the original with a reason.",
    ),
    Code.NO_CARD_READER: Sentences(
        409,
        "本机没有安装证件识读组件，请照证件手工填写。",
        "No reader of cards is installed here. Please fill in by hand what the card says.",
    ),
    Code.NO_CARD: Sentences(
        422,
        "没有从这份材料上读出有效的证件号码。请把身份证人像面或营业执照放平、避开反光后重新拍摄，或手工填写。",
        "No card with a valid number was found on this. Please lay the front of the ID card, or the licence, flat and out of glare and scan it again, or fill it in by hand.",
    ),
    Code.MATERIAL_LOCKED: Sentences(
        409,
        "这份文件尚未通过病毒扫描，暂不能查看或认定合格，请等扫描完成。",
        "This file has not been scanned for viruses. It can be neither seen nor accepted yet. Please wait for the scan.",
    ),
    Code.FILE_INFECTED: Sentences(
        422,
        "病毒扫描发现问题，文件已隔离；请换一份文件上传。",
        "The virus scanner found something; the file is quarantined. Please upload another file.",
    ),
    Code.DISK_FULL: Sentences(
        507,
        "服务器存储空间不足，请联系平台运维。",
        "The server has no room left. Please tell the operator.",
    ),
    Code.DISK_READ_ONLY: Sentences(
        507,
        "服务器的存储目录不能写入（只读），请联系平台运维。",
        "The server may only read its storage folder. Please tell the operator.",
    ),
    Code.CONTENT_ALTERED: Sentences(
        409,
        "存储的内容与存证不一致，已停止提供，请联系平台运维。",
        "What is stored no longer matches the ledger and is not given out. Please tell the operator.",
    ),
}  # fmt: skip
