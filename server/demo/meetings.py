"""The demo's past as it is told: which meetings there were, and what is drawn for them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from stdnum.cn import ric

from server.demo import data as demo
from server.work.paper import FONT_DIRS

CHINA: Final = timedelta(hours=8)
SIGNATURE: Final = [
    [[0.10, 0.55, 0.3, 0], [0.28, 0.22, 0.6, 60], [0.46, 0.70, 0.8, 130]],
    [[0.58, 0.30, 0.5, 260], [0.74, 0.66, 0.6, 330], [0.90, 0.52, 0.4, 400]],
]
Course = Literal["accepted", "to_correct", "refused", "open", "referred", "missed"]
REASONS: Final[Mapping[str, str]] = {
    "accepted": "材料齐全，符合法定形式，予以受理。",
    "to_correct": "申请书缺少公章，请补正后再交。",
    "refused": "不属于本行政机关职权范围，请向有关行政机关申请。",
}
RETURNED: Final = "图像不够清晰，边角被裁切，请重新拍摄后上传。"


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """One case and the call about it; ``days`` before today, at ``at`` of China's time."""

    days: int
    at: time
    clerk: str
    approver: str
    applicant: str
    number: str
    """The identity number without its check digit."""
    phone: str
    company: str
    code: str
    """The credit code without its check digit."""
    item: str = demo.PRINCIPAL
    course: Course = "accepted"
    returned: bool = False
    """The first material is sent back once."""
    consented: bool = True
    guest: bool = False
    level: str | None = "1"
    words: str = ""
    said: Sequence[tuple[str, str]] = field(
        default=(("approver", "请稍等，我正在核对。"), ("window", "材料已经全部扫描。"))
    )


MEETINGS: Final = (
    Meeting(
        days=20, at=time(9, 40), clerk="lixiulan", approver="zhoumingyuan", applicant="刘启明",
        number="37010319780412331", phone="13805310011", company="济南禾川检测技术有限公司",
        code="91370103MA3D7KQ42", words="在家门口就办好了，很方便。",
    ),
    Meeting(
        days=20, at=time(9, 40), clerk="wangfang", approver="gaoxinmin", applicant="张立群",
        number="37010419850923171", phone="13805310022", company="济南泽远商贸有限公司",
        code="91370104MA3D8LRX1", returned=True, level="2",
    ),
    Meeting(
        days=16, at=time(14, 15), clerk="lixiulan", approver="gaoxinmin", applicant="宋雨桐",
        number="37010219911107082", phone="13805310033", company="山东清岳环保科技有限公司",
        code="91370102MA3DAB5C7", item=demo.CLOSING, level="1",
        said=(("approver", "请申请人对照屏幕核对一遍。"), ("window", "申请人已经核对，没有异议。")),
    ),
    Meeting(
        days=16, at=time(14, 15), clerk="wangfang", approver="zhoumingyuan", applicant="韩国梁",
        number="37011219690305553", phone="13805310044", company="济南广成建材有限公司",
        code="91370112MA3DCD8E2", course="to_correct", returned=True, level="3",
        said=(("approver", "缺少公章，请盖章后再扫描。"), ("window", "申请人下次带公章来。")),
    ),
    Meeting(
        days=12, at=time(10, 5), clerk="lixiulan", approver="zhoumingyuan", applicant="赵思远",
        number="37010519880618291", phone="13805310055", company="济南远图测绘有限公司",
        code="91370105MA3DEF2G9", guest=True, level="1", words="三地一起办，没有白跑。",
        said=(("approver", "请聊城的同志核对原登记地址。"), ("window", "申请人带来了原件。")),
    ),
    Meeting(
        days=12, at=time(10, 5), clerk="wangfang", approver="gaoxinmin", applicant="孟庆华",
        number="37011319740220191", phone="13805310066", company="济南金穗农资有限公司",
        code="91370113MA3DGH6J4", course="refused", level="4",
        said=(("approver", "这一项由市局办理，不属于本局职权范围。"), ("window", "我向申请人说明。")),
    ),
    Meeting(
        days=7, at=time(15, 20), clerk="lixiulan", approver="gaoxinmin", applicant="孙雅宁",
        number="37010319920815284", phone="13805310077", company="济南云杉软件有限公司",
        code="91370103MA3DJK1L8",
    ),
    Meeting(
        days=7, at=time(15, 20), clerk="wangfang", approver="zhoumingyuan", applicant="齐鸣",
        number="37010219830730375", phone="13805310088", company="山东鸣远机械有限公司",
        code="91370102MA3DMN4P5", item=demo.CLOSING, level="2",
    ),
    Meeting(
        days=4, at=time(9, 10), clerk="lixiulan", approver="zhoumingyuan", applicant="范志强",
        number="37011219810126193", phone="13805310099", company="济南恒泰物流有限公司",
        code="91370112MA3DQR7T3", consented=False, level="2",
    ),
    Meeting(
        days=4, at=time(9, 10), clerk="wangfang", approver="gaoxinmin", applicant="于晓岚",
        number="37010519950511184", phone="13805310100", company="济南晓岚文化传媒有限公司",
        code="91370105MA3DTU9W6", course="referred", level=None,
        said=(("approver", "住所在聊城，转聊城东昌府办理。"), ("window", "好的，申请人同意。")),
    ),
    Meeting(
        days=1, at=time(11, 0), clerk="lixiulan", approver="zhoumingyuan", applicant="丁海涛",
        number="37010419870914235", phone="13805310111", company="济南海涛餐饮管理有限公司",
        code="91370104MA3DWX2Y1", course="open", returned=True, level=None,
    ),
    Meeting(
        days=1, at=time(11, 0), clerk="wangfang", approver="gaoxinmin", applicant="苏婉清",
        number="37011319960203262", phone="13805310122", company="济南婉清家政服务有限公司",
        code="91370113MA3DYA5B7", course="accepted",
    ),
    Meeting(
        days=1, at=time(16, 40), clerk="lixiulan", approver="zhoumingyuan", applicant="魏长河",
        number="37010219761019313", phone="13805310133", company="济南长河水处理有限公司",
        code="91370102MA3DBC8D4", course="missed",
    ),
)  # fmt: skip
"""Oldest first; those of one moment run beside each other."""


CONSULTED: Final[Sequence[tuple[str | None, str, str]]] = (
    (
        demo.CLOSING,
        "分公司还有未缴的税，能先办注销吗？",
        "不能，先到税务机关办清税证明，带来再登记。",
    ),
    (
        demo.PRINCIPAL,
        "新负责人在外地，要本人到窗口吗？",
        "不用。带任免文件和身份证复印件，当场核对。",
    ),
    (None, "外地的食品经营许可证，能在这里换吗？", ""),
)
"""咨询: the item, or none; what was asked; and what it was answered, or nothing as yet."""


def moment_of(meeting: Meeting) -> datetime:
    """On that day, or the Friday before a weekend."""
    day = (datetime.now(UTC) + CHINA).date() - timedelta(days=meeting.days)
    day -= timedelta(days=max(0, day.weekday() - 4))
    return datetime.combine(day, meeting.at, UTC) - CHINA


def by_moment(meetings: Sequence[Meeting]) -> list[tuple[datetime, list[Meeting]]]:
    """The meetings in the order in which they are held, with the moment at which they begin."""
    found: dict[datetime, list[Meeting]] = {}
    for one in meetings:
        found.setdefault(moment_of(one), []).append(one)
    return sorted(found.items())


def values_of(meeting: Meeting) -> dict[str, str]:
    branch = f"{meeting.company}青岛西海岸分公司"
    appointed = (moment_of(meeting) + CHINA).date() - timedelta(days=5)
    return {
        "branch_name": branch,
        "branch_credit_code": "91370211MA3N5XGY1G",
        "old_principal": "王建国",
        "new_principal": meeting.applicant,
        "new_identity_number": meeting.number + ric.calc_check_digit(f"{meeting.number}0"),
        "appointed_on": appointed.isoformat(),
        "contact_phone": meeting.phone,
        "appointment_way": "公司任命",
        "delivery": "邮寄送达",
        "closing_reason": "公司调整经营布局，不再保留该分公司。",
    }


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for folder in map(Path, FONT_DIRS):
        for file in sorted(folder.glob("NotoSansCJK-Regular*")):
            return ImageFont.truetype(file, size)
    return ImageFont.load_default(size)


def scan_of(title: str, meeting: Meeting) -> bytes:
    """An invented paper of A4 as a scanner gives it (JPEG, 75 dpi)."""
    page = Image.new("RGB", (620, 877), (250, 249, 244))
    draw = ImageDraw.Draw(page)
    draw.text((310, 110), title, (30, 30, 36), _font(26), anchor="mm")
    lines = (
        meeting.company,
        f"负责人：{meeting.applicant}",
        f"{meeting.company}青岛西海岸分公司",
        "以上内容真实、准确、完整。（演示数据，内容均为虚构）",
    )
    for number, line in enumerate(lines):
        draw.text((80, 200 + 56 * number), line, (60, 60, 66), _font(17))
        draw.line((80, 236 + 56 * number, 540, 236 + 56 * number), (205, 205, 200))
    draw.ellipse((380, 610, 520, 750), outline=(190, 40, 36), width=4)
    draw.text((450, 680), "演示", (190, 40, 36), _font(30), anchor="mm")
    out = io.BytesIO()
    page.save(out, "JPEG", quality=80)
    return out.getvalue()


def face_of(person: demo.Person) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """A drawn person, head and shoulders, with the name (RGB, 240 x 320 x 3)."""
    window = person.window_id is not None
    wall, coat = ((214, 224, 238), (29, 95, 194)) if window else ((228, 220, 234), (122, 59, 158))
    picture = Image.new("RGB", (320, 240), wall)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((80, 150, 240, 300), 60, fill=coat)
    draw.ellipse((120, 48, 200, 148), fill=(236, 205, 180))
    draw.pieslice((114, 38, 206, 130), 180, 360, fill=(46, 40, 40))
    draw.ellipse((143, 94, 150, 101), fill=(40, 34, 34))
    draw.ellipse((170, 94, 177, 101), fill=(40, 34, 34))
    draw.arc((146, 104, 174, 126), 20, 160, fill=(150, 70, 62), width=3)
    draw.text((12, 10), f"{person.name} · 演示", (40, 44, 52), _font(16))
    return np.asarray(picture, np.uint8)
