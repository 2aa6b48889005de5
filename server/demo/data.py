"""Demo data: four units, their windows and people, four items, quick phrases. Invented throughout.

Loaded once into an empty store by ``yunjian demo`` and by tests; a second load changes nothing.
Every account has the same known password: never load this where the public can sign in.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from server.case.rows import phrases as phrases_rows
from server.case.rules.talk.saying import PhraseKind
from server.catalogue.acts.reading import seed_calendar
from server.catalogue.rows import catalogue as catalogue_rows
from server.catalogue.rules.item import CheckPoint, Condition, Field, Item, Line, Rule
from server.people.acts.passwords import Passwords
from server.people.rows import people as staff
from server.people.rows import staffing
from server.rights.person import Role
from server.store import SYSTEM, Change, Store, version_of

PASSWORD: Final = "yunjian-demo"
SUBJECT: Final = "demo:data"

JINAN: Final = "unit-jinan-shizhong"
XIHAIAN: Final = "unit-qingdao-xihaian"
LIAOCHENG: Final = "unit-liaocheng-dongchangfu"
YANTAI: Final = "unit-yantai"
WINDOW_3: Final = "window-jinan-3"
PRINCIPAL: Final = "item-branch-principal-1"
"""分公司负责人变更登记, decided in 青岛西海岸."""
CLOSING: Final = "item-branch-closing-1"
"""分公司注销登记, decided in 青岛西海岸; not accepted before the applicant signed and handed in."""
FOUNDING: Final = "item-company-founding-1"
"""有限责任公司设立登记, decided in 青岛西海岸; its form has groups, conditions and rules."""
FILING: Final = "item-fire-filing-1"
"""建设工程消防验收备案, decided in a system of the province; what is decided there is entered here."""


MONITORING: Final = (Role.MONITOR_LISTEN, Role.MONITOR_WHISPER, Role.MONITOR_BARGE)


@dataclass(frozen=True)
class Person:
    """One demo account."""

    login: str
    name: str
    staff_number: str
    unit_id: str
    roles: tuple[Role, ...]
    window_id: str | None = None

    @property
    def id(self) -> str:
        return f"person-{self.login}"


UNITS: Final = (
    (JINAN, "济南市市中区政务服务中心", "济南市中", "370103", "11370103MB28455306", "4", "济南市市中区人民政府", "济南市市中区人民法院"),
    (XIHAIAN, "青岛西海岸新区行政审批服务局", "青岛西海岸", "370211", "11370211MB28755419", "4", "青岛市黄岛区人民政府", "青岛市黄岛区人民法院"),
    (LIAOCHENG, "聊城市东昌府区政务服务中心", "聊城东昌府", "371502", "11371502MB2865560B", "4", "聊城市东昌府区人民政府", "聊城市东昌府区人民法院"),
    (YANTAI, "烟台市行政审批服务局", "烟台", "370600", "11370600MB2815573T", "3", "烟台市人民政府", "烟台市莱山区人民法院"),
)  # fmt: skip
"""With 复议机关 and 法院 of each."""
WINDOWS: Final = (
    (WINDOW_3, JINAN, "3号窗口"),
    ("window-jinan-1", JINAN, "1号窗口"),
    ("window-liaocheng-1", LIAOCHENG, "1号窗口"),
)
PEOPLE: Final = (
    Person("lixiulan", "李秀兰", "SZ-0306", JINAN, (Role.CLERK,), WINDOW_3),
    Person("wangfang", "王芳", "SZ-0112", JINAN, (Role.CLERK,), "window-jinan-1"),
    Person("zhoumingyuan", "周明远", "XHA-0217", XIHAIAN, (Role.APPROVER,)),
    Person("gaoxinmin", "高新民", "XHA-0231", XIHAIAN, (Role.APPROVER, Role.HEAD)),
    Person("sunlei", "孙蕾", "LC-0107", LIAOCHENG, (Role.APPROVER,)),
    Person("chenli", "陈立", "SZ-0009", JINAN, (Role.SUPERVISOR, *MONITORING)),
    Person("hanmei", "韩梅", "XHA-0009", XIHAIAN, (Role.SUPERVISOR, *MONITORING)),
    Person("admin", "系统管理员", "XHA-0001", XIHAIAN, (Role.ADMIN,)),
    Person("hejing", "何静", "XHA-0002", XIHAIAN, (Role.ADMIN,)),
    Person("anquan", "安全管理员", "XHA-0003", XIHAIAN, (Role.SECURITY,)),
    Person("yunwei", "平台运维", "SZ-0001", JINAN, (Role.OPERATOR,)),
)

_BRANCH: Final = "分公司"
_NEW: Final = "新负责人"
_DELIVERY: Final = "经办与送达"
_COMPANY: Final = "公司信息"
_TERM: Final = "营业期限"
_CAPITAL: Final = "出资情况"
_PEOPLE: Final = "人员与附件"

ITEMS: Final = (
    Item(
        id=PRINCIPAL,
        code="11370211MB287554194000131012001",
        name="分公司负责人变更登记",
        version=1,
        unit_id=XIHAIAN,
        promised_days=3,
        registers=True,
        bases=(
            "《中华人民共和国公司法》第三十四条",
            "《中华人民共和国市场主体登记管理条例》第二十四条",
        ),
        modes=("online", "proxy", "joint"),
        lines=(
            Line("application", "变更登记申请书", "required", "both", 1, 0, "由公司盖章"),
            Line(
                "appointment",
                "原负责人免职文件与新负责人任职文件",
                "required",
                "both",
                1,
                1,
                "写明免职、任职的日期",
            ),
            Line(
                "identity", "新负责人身份证件", "required", "both", 1, 1, "正反两面",
                slots=("正面", "反面"),
            ),
            Line("licence", "营业执照正、副本", "required", "both", 1, 0, "变更后换发"),
        ),
        form_title="分公司负责人变更登记申请表",
        form=(
            Field(
                "branch_name", "分公司名称", "Name of the branch", "text", True,
                example="济南禾川检测技术有限公司青岛西海岸分公司", max_length=100, group=_BRANCH,
                card="unit_name",
            ),
            Field(
                "branch_credit_code", "分公司信用代码", "Credit code of the branch", "credit_code",
                True, hint="18 位，见营业执照", example="91370211MA3N5XGY1G", max_length=18,
                group=_BRANCH, card="credit_code",
            ),
            Field(
                "old_principal", "原负责人", "Principal until now", "text", True,
                example="刘启明", max_length=60, group=_BRANCH,
            ),
            Field(
                "new_principal", "新负责人姓名", "New principal", "text", True,
                example="孙雅宁", max_length=60, group=_NEW, card="name",
            ),
            Field(
                "new_identity_number", "新负责人身份证号", "Identity number of the new principal",
                "identity_number", True, sensitive=True, hint="18 位，末位可为 X", max_length=18,
                group=_NEW, card="identity_number",
            ),
            Field(
                "appointed_on", "任职日期", "Day of appointment", "date", True,
                hint="与任职文件一致", example="2026-11-18", max_length=12, group=_NEW,
            ),
            Field(
                "contact_phone", "联系电话", "Telephone", "phone", True, sensitive=True,
                hint="手机或带区号的座机", max_length=20, group=_NEW,
            ),
            Field(
                "appointment_way", "任免方式", "Way of appointment", "choice", True,
                choices=("公司任命", "股东会决定", "其他"), max_length=20, group=_NEW,
            ),
            Field(
                "delivery", "送达方式", "Delivery", "choice", True,
                choices=("邮寄送达", "窗口领取"), max_length=20, group=_DELIVERY,
            ),
            Field("remark", "备注", "Remark", "long_text", False, max_length=500, group=_DELIVERY),
        ),
        recording_refusal="not_recorded",
        checklist=(
            CheckPoint("seal", "变更登记申请书加盖公司公章，并由法定代表人签字"),
            CheckPoint("dates", "任职文件与免职文件写明日期，且前后衔接"),
            CheckPoint("names", "新负责人姓名与身份证件一致"),
            CheckPoint("licence", "交回营业执照正、副本原件；遗失的已公告作废"),
            CheckPoint("delivery", "送达方式和联系电话经申请人本人确认"),
        ),
        guide=(
            "适用于分公司负责人的变更登记，由分公司住所地的审批服务局办理。\n\n"
            "公司应当自作出任免决定之日起三十日内申请变更登记。申请人可以在就近的政务服务窗口交件，"
            "由窗口核对身份和原件，审批人员远程审核。\n\n"
            "材料齐全、符合法定形式的，当场受理，三个工作日内办结；需要补正的，一次性告知全部内容。"
            "变更后的营业执照可以邮寄送达，也可以在窗口领取。"
        ),
    ),
    Item(
        id=CLOSING,
        code="11370211MB287554194000131013001",
        name="分公司注销登记",
        version=1,
        unit_id=XIHAIAN,
        promised_days=5,
        registers=True,
        bases=(
            "《中华人民共和国公司法》第三十七条",
            "《中华人民共和国市场主体登记管理条例》第三十一条",
        ),
        modes=("online", "proxy"),
        lines=(
            Line("application", "注销登记申请书", "required", "both", 1, 0, "由公司盖章"),
            Line("decision", "公司关于注销分公司的决定", "required", "both", 1, 0),
            Line("tax", "清税证明", "later", "electronic", 0, 1, "可在受理后五日内补交"),
            Line("licence", "营业执照正、副本", "required", "paper", 1, 0),
            Line("seal", "分公司公章缴销说明", "optional", "both", 1, 0),
        ),
        form_title="分公司注销登记申请表",
        form=(
            Field("branch_name", "分公司名称", "Name of the branch", "text", True, max_length=100),
            Field(
                "branch_credit_code", "分公司信用代码", "Credit code of the branch", "credit_code",
                True, max_length=18,
            ),
            Field("closing_reason", "注销原因", "Reason", "long_text", True, max_length=500),
            Field(
                "contact_phone", "联系电话", "Telephone", "phone", True, sensitive=True,
                max_length=20,
            ),
        ),
        recording_refusal="no_call",
        checklist=(
            CheckPoint("debts", "分公司的债权债务已由公司承接，并在决定中写明"),
            CheckPoint("tax", "清税证明已取得，或已承诺在受理后五日内补交"),
            CheckPoint("seal", "公章已缴销，或已说明去向"),
        ),
        guide=(
            "适用于分公司的注销登记，由分公司住所地的审批服务局办理。\n\n"
            "分公司注销前，其债权债务由公司承接。申请人须当场核对办件内容并签名后提交。\n\n"
            "材料齐全的，五个工作日内办结。"
        ),
        signature="required",
    ),
    Item(
        id=FOUNDING,
        code="11370211MB287554194000131001001",
        name="有限责任公司设立登记",
        version=1,
        unit_id=XIHAIAN,
        promised_days=3,
        registers=True,
        bases=(
            "《中华人民共和国公司法》第二十九条",
            "《中华人民共和国市场主体登记管理条例》第十九条",
        ),
        modes=("online", "proxy"),
        lines=(
            Line("application", "公司登记（备案）申请书", "required", "both", 1, 0),
            Line("articles", "公司章程", "required", "both", 1, 0, "由全体股东签署"),
            Line(
                "identity", "股东身份证件", "required", "both", 0, 1, "正反两面",
                slots=("正面", "反面"),
            ),
            Line("premises", "住所使用相关文件", "required", "both", 0, 1, declares=True),
        ),
        form_title="有限责任公司设立登记申请表",
        form=(
            Field(
                "company_name", "公司名称", "Name of the company", "text", True,
                hint="与名称自主申报的结果一致", example="青岛沐川精密仪器有限公司", max_length=100,
                group=_COMPANY,
            ),
            Field(
                "region", "住所所在区县", "Region", "region", True,
                hint="选到区县（GB/T 2260）", example="370211", group=_COMPANY,
            ),
            Field(
                "address", "详细住所", "Address", "text", True, hint="写明门牌号", max_length=200,
                group=_COMPANY,
            ),
            Field(
                "capital", "注册资本", "Registered capital", "money", True,
                hint="认缴的总额", example="1000000.00", minimum="1", unit="元", group=_COMPANY,
            ),
            Field(
                "staff", "从业人数", "Staff", "number", False, example="12", minimum="0",
                maximum="100000", unit="人", group=_COMPANY,
            ),
            Field(
                "term", "期限类型", "Term", "choice", True, choices=("长期", "固定期限"),
                group=_TERM,
            ),
            Field(
                "begins_on", "期限自", "From", "date", True, example="2026-12-01", max_length=12,
                when=Condition("term", ("固定期限",)), group=_TERM,
            ),
            Field(
                "ends_on", "期限至", "Until", "date", True, hint="不得早于“期限自”",
                example="2046-11-30", max_length=12, when=Condition("term", ("固定期限",)),
                group=_TERM,
            ),
            Field(
                "owners", "股东", "Shareholders", "group", True, hint="出资比例合计为 100%",
                columns=(
                    Field(
                        "kind", "类型", "Kind", "choice", True, choices=("自然人", "单位"),
                    ),
                    Field("name", "姓名或名称", "Name", "text", True, max_length=100),
                    Field(
                        "identity_number", "身份证号", "Identity number", "identity_number", True,
                        sensitive=True, max_length=18, when=Condition("kind", ("自然人",)),
                    ),
                    Field(
                        "credit_code", "统一社会信用代码", "Credit code", "credit_code", True,
                        max_length=18, when=Condition("kind", ("单位",)),
                    ),
                    Field(
                        "share", "出资比例", "Share", "number", True, minimum="0.01",
                        maximum="100", decimals=2, unit="%",
                    ),
                ),
                min_rows=1, max_rows=50, group=_CAPITAL,
            ),
            Field(
                "in_kind", "有无实物出资", "Paid in kind", "choice", True, choices=("无", "有"),
                group=_CAPITAL,
            ),
            Field(
                "goods", "实物出资", "Goods", "group", True,
                columns=(
                    Field("name", "名称", "Name", "text", True, max_length=100),
                    Field("value", "评估价值", "Value", "money", True, minimum="0.01", unit="元"),
                ),
                when=Condition("in_kind", ("有",)), min_rows=1, group=_CAPITAL,
            ),
            Field(
                "manager", "联系人", "Contact", "text", True, max_length=60, group=_PEOPLE,
            ),
            Field(
                "contact_phone", "联系电话", "Telephone", "phone", True, sensitive=True,
                hint="手机或带区号的座机", max_length=20, group=_PEOPLE,
            ),
            Field(
                "articles", "公司章程", "Articles", "attachment", True, line="articles",
                group=_PEOPLE,
            ),
        ),
        rules=(
            Rule("not_before", "ends_on", "begins_on"),
            Rule("sums_to", "owners", "share", "100"),
        ),
        recording_refusal="not_recorded",
        checklist=(
            CheckPoint("name", "公司名称与名称自主申报的结果一致"),
            CheckPoint("owners", "股东、出资比例与公司章程一致"),
        ),
        guide=(
            "适用于有限责任公司的设立登记，由公司住所地的审批服务局办理。\n\n"
            "股东的出资比例合计为 100%；有实物出资的，逐项填写名称和评估价值。"
        ),
    ),
    Item(
        id=FILING,
        code="11370211MB287554194000117045001",
        name="建设工程消防验收备案",
        version=1,
        unit_id=XIHAIAN,
        promised_days=5,
        bases=(
            "《中华人民共和国消防法》第十三条第二款",
            "《建设工程消防设计审查验收管理暂行规定》第三十四条",
        ),
        system="山东省工程建设项目审批管理系统",
        modes=("proxy",),
        lines=(
            Line("application", "消防验收备案表", "required", "both", 1, 0, "由建设单位盖章"),
            Line("report", "工程竣工验收报告", "required", "both", 1, 0),
        ),
        form_title="建设工程消防验收备案表",
        form=(
            Field("project_name", "工程名称", "Name of the project", "text", True, max_length=100),
            Field(
                "contact_phone",
                "联系电话",
                "Telephone",
                "phone",
                True,
                sensitive=True,
                max_length=20,
            ),
        ),
        recording_refusal="not_recorded",
        guide=(
            "适用于其他建设工程的消防验收备案，由工程所在地的主管部门在省工程建设项目审批管理系统办理。\n\n"
            "窗口代收材料；受理号、备案结果和证明文件由办理地录入本系统，送达和归档在本系统完成。"
        ),
    ),
)  # fmt: skip

PHRASES: Final[tuple[tuple[str | None, PhraseKind, str], ...]] = (
    (None, "message", "请稍等，我正在核对。"),
    (None, "message", "请把材料放平，再扫描一次。"),
    (None, "message", "请申请人对照屏幕核对一遍。"),
    (None, "message", "材料已收到，谢谢。"),
    (None, "reason", "扫描件不清晰，请重新上传。"),
    (None, "reason", "缺少公章或签字。"),
    (None, "accepted", "材料齐全，符合法定形式。"),
    (None, "refused", "不属于本行政机关职权范围，请向有关行政机关申请。"),
    (None, "comment", "请与身份证件核对。"),
    (None, "comment", "日期前后不一致，请核对。"),
    (XIHAIAN, "message", "营业执照可以邮寄到您登记的地址。"),
    (XIHAIAN, "reason", "任免文件未写明日期。"),
    (JINAN, "message", "原件已在本窗口核对，与扫描件一致。"),
)


async def load(store: Store, password_hash: str | None = None) -> list[str]:
    """Load everything that is not there yet and return one line for each account: login, name, roles.

    The whole load is one transaction with one entry in the ledger, and so is what a later version of
    the demo adds to the people of an older one. ``password_hash`` (PHC string) replaces the hash of
    PASSWORD.
    """
    await seed_calendar(store)
    async with store.read() as reading:
        loaded = await version_of(reading, SUBJECT) > 0
        there = await staff.person_refs(reading, [person.id for person in PEOPLE])
    lacking = [person for person in PEOPLE if person.id not in there]
    if lacking:
        hashed = password_hash
        if hashed is None:
            hashed = await asyncio.to_thread(Passwords().hash, PASSWORD)
        async with store.change(SYSTEM) as change:
            if await change.lock(SUBJECT) == 0:
                await _add(change, hashed)
            elif loaded:
                await _add_people(change, hashed, lacking)
                await change.record(
                    SUBJECT,
                    "demo.load",
                    SUBJECT,
                    None,
                    payload={"people": [person.id for person in lacking]},
                )
    names = {unit_id: name for unit_id, name, *_ in UNITS}
    return [
        f"{person.login:<14}{person.name}  {'、'.join(person.roles)}  {names[person.unit_id]}"
        for person in PEOPLE
    ]


async def _add_people(change: Change, password_hash: str, people: Iterable[Person]) -> None:
    for person in people:
        await staff.add_person(
            change.connection,
            person_id=person.id,
            login=person.login,
            password_hash=password_hash,
            name=person.name,
            staff_number=person.staff_number,
            unit_id=person.unit_id,
            window_id=person.window_id,
            roles=person.roles,
        )


async def _add(change: Change, password_hash: str) -> None:
    connection = change.connection
    for unit_id, name, place, region_code, credit_code, level, review_body, court in UNITS:
        await staffing.add_unit(
            connection,
            unit_id=unit_id,
            name=name,
            place=place,
            region_code=region_code,
            credit_code=credit_code,
            level=level,
            review_body=review_body,
            court=court,
        )
    for window_id, unit_id, name in WINDOWS:
        await staffing.add_window(connection, window_id=window_id, unit_id=unit_id, name=name)
    await _add_people(change, password_hash, PEOPLE)
    for item in ITEMS:
        await catalogue_rows.add_item(connection, item)
    for position, (of_unit, kind, text) in enumerate(PHRASES, 1):
        await phrases_rows.add_phrase(
            connection,
            phrase_id=f"phrase-{position}",
            unit_id=of_unit,
            kind=kind,
            text=text,
            position=position,
        )
    await change.record(
        SUBJECT,
        "demo.load",
        SUBJECT,
        None,
        payload={
            "units": [unit_id for unit_id, *_ in UNITS],
            "people": [person.id for person in PEOPLE],
            "items": [item.id for item in ITEMS],
        },
    )
