"""/api/v1/health: how this machine stands, in words, for administrators.

The sentences of each look, zh-CN and en. What is looked at, and when it is failing, is
said in ``server.health.acts``.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from server.edge.route import Ask, Nothing, Routes
from server.health.acts import NodeHealth, PartHealth
from server.health.wire import HealthPart, HealthStatus, HealthView
from server.rights.person import Act, may
from server.standards.languages import Language
from signaling.refusals import Code, Refusal

routes: Final = Routes("health")
HEALTH: Final = web.AppKey("health", NodeHealth)

SENTENCES: Final[dict[str, dict[Language, str]]] = {
    "version": {"zh-CN": "正在运行的版本。", "en": "The version that runs."},
    "revision": {"zh-CN": "数据库结构是最新的。", "en": "The schema of the database is the newest."},
    "revision_old": {
        "zh-CN": "数据库结构不是最新的（应为 {newest}）：请运行 yunjian db upgrade。",
        "en": "The schema is not the newest ({newest}): run yunjian db upgrade.",
    },
    "disk": {
        "zh-CN": "剩余空间最少的是 {place}，还有 {free}。",
        "en": "Least room is left for {place}: {free}.",
    },
    "disk_full": {
        "zh-CN": "{place} 所在磁盘只剩 {free}：请扩容或清理，写满后上传、录制与办理都会被拒绝。",
        "en": "Only {free} left for {place}: make room. When it is full, uploads, recording and acts are refused.",
    },
    "disk_read_only": {
        "zh-CN": "{place} 所在目录不能写入（只读）：请检查挂载方式和目录权限，在此之前上传、录制与办理会被拒绝。",
        "en": "The folder of {place} may not be written: look at how it is mounted and whose it is. Uploads, recording and acts are refused meanwhile.",
    },
    "media": {
        "zh-CN": "音视频服务运行中：{rooms} 个房间，{parties} 方；录制丢包 {dropped}，重启 {restarts} 次，{halted} 方因磁盘写不进而未录。",
        "en": "The media worker runs: {rooms} rooms, {parties} parties; the recorder dropped {dropped} packets and was restarted {restarts} times; {halted} parties are not recorded because the disk refuses.",
    },
    "media_gone": {
        "zh-CN": "音视频服务不在运行，正在重新启动；通话没有画面和声音。",
        "en": "The media worker is not there and is being started again; calls have no picture and no sound.",
    },
    "media_off": {"zh-CN": "本节点没有音视频服务。", "en": "This node has no media worker."},
    "turn": {"zh-CN": "所有 TURN 服务器都有应答。", "en": "Every TURN server answers."},
    "turn_silent": {
        "zh-CN": "没有应答：{silent}。只能经 TURN 接入的窗口将没有画面。",
        "en": "No answer from {silent}. Windows that need TURN will have no picture.",
    },
    "turn_off": {"zh-CN": "未配置 TURN 服务器。", "en": "No TURN server is configured."},
    "certificate": {
        "zh-CN": "证书有效期至 {ends}，还有 {days} 天。",
        "en": "The certificate is good until {ends}, {days} days from now.",
    },
    "certificate_unreadable": {
        "zh-CN": "证书文件无法读取。",
        "en": "The certificate file cannot be read.",
    },
    "certificate_off": {
        "zh-CN": "本节点不自带证书，由前置代理提供 https。",
        "en": "This node has no certificate of its own; the proxy before it serves https.",
    },
    "sequencer": {
        "zh-CN": "存证账本正常封存；等待封存 {unsealed} 条。",
        "en": "The ledger is being sealed; {unsealed} entries wait for it.",
    },
    "sequencer_stalled": {
        "zh-CN": "存证账本已有 {behind_s} 秒没有封存，{unsealed} 条在等待。",
        "en": "Nothing of the ledger was sealed for {behind_s} s; {unsealed} entries wait.",
    },
    "sequencer_refusing": {
        "zh-CN": "存证账本无法封存，所有办理操作都被拒绝：请查看日志 ledger.not_sealed。",
        "en": "The ledger cannot be sealed and every act is refused: see ledger.not_sealed in the log.",
    },
    "queue": {
        "zh-CN": "后台任务：等待 {waiting}，进行中 {running}，一天内失败 {failed}；最久已等 {oldest_s} 秒。",
        "en": "Jobs: {waiting} wait, {running} run, {failed} failed within a day; the oldest has waited {oldest_s} s.",
    },
    "fonts": {"zh-CN": "文书所需的中文字体已安装。", "en": "The Chinese fonts of the papers are installed."},
    "fonts_missing": {
        "zh-CN": "缺少字体 {missing}，无法生成文书：请安装 fonts-noto-cjk。",
        "en": "Fonts are missing ({missing}), no paper can be made: install fonts-noto-cjk.",
    },
    "clock": {
        "zh-CN": "本机时钟与数据库、账本一致。",
        "en": "The clock agrees with the database and the ledger.",
    },
    "clock_off": {
        "zh-CN": "本机时钟与数据库相差 {off_s} 秒：请检查时间同步。",
        "en": "The clock is {off_s} s off the database's: look at time synchronisation.",
    },
    "clock_back": {
        "zh-CN": "本机时钟比账本最后一条记录早 {back_s} 秒：请检查时间同步。",
        "en": "The clock is {back_s} s before the newest entry of the ledger: look at time synchronisation.",
    },
    "redis": {"zh-CN": "与其他节点互通。", "en": "The other nodes are heard."},
    "redis_gone": {
        "zh-CN": "Redis 不可达：本节点独立运行，其他节点的变化会晚到。",
        "en": "Redis is away: this node goes on alone and hears of other nodes late.",
    },
    "redis_off": {"zh-CN": "单节点运行，不需要 Redis。", "en": "One node alone; no Redis is needed."},
    "walls": {
        "zh-CN": "解析外来文件的子进程在隔离环境中运行：看不到密钥、数据库、网络和其他进程。",
        "en": "The children that read strangers' files stand within walls: they see no key, no database, no network and no other process.",
    },
    "walls_missing": {
        "zh-CN": "没有安装 bubblewrap：解析外来文件的子进程只有资源限制，能读到本服务账户能读的一切。请安装 bubblewrap。",
        "en": "bubblewrap is not installed: the children that read strangers' files are only limited, and can read what this account can. Install bubblewrap.",
    },
    "walls_forbidden": {
        "zh-CN": "本机不允许 bubblewrap 建立命名空间（{told}）：解析外来文件的子进程只有资源限制，能读到本服务账户能读的一切。见 docs/operations.md。",
        "en": "This machine forbids bubblewrap its name spaces ({told}): the children that read strangers' files are only limited, and can read what this account can. See docs/operations.md.",
    },
    "office": {
        "zh-CN": "已安装文档转换程序，Word 和 Excel 文件可以在线查看。",
        "en": "LibreOffice is there: Word and Excel files can be looked at.",
    },
    "office_off": {
        "zh-CN": "没有安装文档转换程序（libreoffice-writer-nogui、libreoffice-calc-nogui），Word 和 Excel 文件只能调阅原件。",
        "en": "LibreOffice is not installed (libreoffice-writer-nogui, libreoffice-calc-nogui): of Word and Excel files only the original can be had.",
    },
    "ofd": {
        "zh-CN": "已安装 OFD 转换程序，OFD 文件可以在线查看。",
        "en": "ofd-cli is there: OFD files can be looked at.",
    },
    "ofd_off": {
        "zh-CN": "没有安装 OFD 转换程序（pip install yunjian[ofd]，见 docs/operations.md），OFD 文件只能调阅原件。",
        "en": "ofd-cli is not installed (pip install yunjian[ofd], docs/operations.md): of OFD files only the original can be had.",
    },
    "cards": {
        "zh-CN": "已安装证件识读组件，窗口可以识读身份证和营业执照。",
        "en": "RapidOCR is there: identity cards and business licences are read at the window.",
    },
    "cards_off": {
        "zh-CN": "没有安装证件识读组件（pip install yunjian[cards]），证件上的内容由窗口手工填写。",
        "en": "RapidOCR is not installed (pip install yunjian[cards]): what a card says is filled in by hand.",
    },
    "scanner": {"zh-CN": "病毒扫描有应答。", "en": "The virus scanner answers."},
    "scanner_gone": {
        "zh-CN": "病毒扫描没有应答：新上传的文件保持锁定，恢复后自动补扫。",
        "en": "The virus scanner does not answer: new files stay locked, and are scanned once it is back.",
    },
    "scanner_off": {"zh-CN": "未配置病毒扫描。", "en": "No virus scanner is configured."},
    "log": {"zh-CN": "日志写入正常。", "en": "The log is written."},
    "log_lost": {
        "zh-CN": "日志已恢复写入；启动以来丢失 {lost} 行。",
        "en": "The log is written again; {lost} lines were lost since the start.",
    },
    "log_refused": {
        "zh-CN": "日志无法写入，已丢失 {lost} 行，安全日志也在其中：请检查日志所在磁盘和接收程序；业务办理不受影响。",
        "en": "The log cannot be written and {lost} lines are lost, those of security too: look at its disk and at who reads it; work goes on.",
    },
    "unknown": {"zh-CN": "无法检查。", "en": "It cannot be looked at."},
}  # fmt: skip


def sentence(look: PartHealth, language: Language) -> str:
    """What a person is told of this look."""
    return SENTENCES[look.said][language].format_map(dict(look.facts))


def view(looks: Sequence[PartHealth], language: Language) -> HealthView:
    """The looks in words, worst state first in ``status``."""
    states = {look.state for look in looks}
    status: HealthStatus = (
        "failing" if "failing" in states else "warning" if "warning" in states else "ok"
    )
    return HealthView(
        status=status,
        parts=[
            HealthPart.model_validate(
                {
                    "key": look.key,
                    "state": look.state,
                    "value": look.value,
                    "detail": sentence(look, language),
                }
            )
            for look in looks
        ],
        at=datetime.now(UTC),
    )


@routes.route("GET", "/api/v1/health", problems=(Code.FORBIDDEN,))
async def read_machine(ask: Ask[Nothing, Nothing]) -> HealthView:
    """How this machine stands, part by part, for operators."""
    if not may(ask.actor, Act.OPERATE):
        raise Refusal(Code.FORBIDDEN)
    return view(await ask.request.app[HEALTH].looks(), ask.language)
