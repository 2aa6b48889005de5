"""OFD files (GB/T 33190-2016) for tests, written part by part: text, pictures, paths, templates, stamps, seals.

A page is 210 by 140 mm. What is made here is what a test needs and no more; real programs write more.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cryptography.hazmat.primitives import hashes
from fontTools import subset  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from PIL import Image

FONT: Final = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
NAMED: Final = '<ofd:Font ID="1" FontName="宋体" FamilyName="宋体"/>'
"""A font that is named and not embedded."""
SM3: Final = "1.2.156.10197.1.401"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE: Final = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def part(root: str, body: str, told: str = "") -> str:
    """One XML part of a file."""
    return f"{_HEAD}<ofd:{root} {_SPACE} {told}>{body}</ofd:{root}>"


def text(
    number: int, x: float, y: float, words: str, *, size: float = 6, font: int = 1,
    told: str = "", inner: str = "", step: float | None = None,
) -> str:  # fmt: skip
    """A line of text whose characters are ``step`` mm apart."""
    steps = " ".join([str(step or size)] * (len(words) - 1))
    spread = f' DeltaX="{steps}"' if steps else ""
    return (
        f'<ofd:TextObject ID="{number}" Boundary="{x} {y} 180 10" Font="{font}" Size="{size}" {told}>{inner}'
        f'<ofd:TextCode X="0" Y="{size}"{spread}>{words}</ofd:TextCode></ofd:TextObject>'
    )


def box(number: int, x: float, y: float, color: str, *, told: str = "", inner: str = "") -> str:
    """A filled box of 30 by 20 mm without a border; ``color`` is RGB, or the whole element."""
    filled = color if color.startswith("<") else f'<ofd:FillColor Value="{color}"/>'
    return (
        f'<ofd:PathObject ID="{number}" Boundary="{x} {y} 30 20" Fill="true" Stroke="false" {told}>{inner}'
        f"{filled}<ofd:AbbreviatedData>M 0 0 L 30 0 L 30 20 L 0 20 C</ofd:AbbreviatedData></ofd:PathObject>"
    )


def picture(number: int, x: float, y: float, w: float, h: float, what: int, told: str = "") -> str:
    """A picture of the resources, drawn over so many mm."""
    return (
        f'<ofd:ImageObject ID="{number}" Boundary="{x} {y} {w} {h}" CTM="{w} 0 0 {h} 0 0" '
        f'ResourceID="{what}" {told}/>'
    )


def page(*objects: str, before: str = "") -> str:
    """The content of a page, or of a template."""
    layer = f'<ofd:Layer ID="90" Type="Body">{"".join(objects)}</ofd:Layer>'
    return f"{before}<ofd:Content>{layer}</ofd:Content>"


def ofd(
    *pages: str,
    fonts: str = NAMED,
    media: Mapping[int, tuple[str, bytes]] | None = None,
    resources: str = "",
    files: Mapping[str, bytes] | None = None,
    templates: Sequence[str] = (),
    stamp: str = "",
    signed: bool | None = None,
    area: str = "0 0 210 140",
    more: Iterable[tuple[str, str | bytes]] = (),
    body: str = "",
) -> bytes:
    """A whole file. ``media`` and ``files`` lie in Doc_0/Res; ``stamp`` stands in an annotation of the
    first page; ``signed`` adds an electronic seal over the pages whose digests are right, or not."""
    media = media or {}
    shown = "".join(
        f'<ofd:MultiMedia ID="{number}" Type="Image"><ofd:MediaFile>{name}</ofd:MediaFile></ofd:MultiMedia>'
        for number, (name, _) in media.items()
    )
    places = [f"Pages/Page_{number}/Content.xml" for number in range(len(pages))]
    listed = "".join(f'<ofd:Page ID="{10 + at}" BaseLoc="{one}"/>' for at, one in enumerate(places))
    held = "".join(
        f'<ofd:TemplatePage ID="{50 + at}" BaseLoc="Tpls/{at}.xml"/>'
        for at in range(len(templates))
    )
    parts: dict[str, str | bytes] = {
        "Doc_0/Document.xml": part(
            "Document",
            f"<ofd:CommonData><ofd:MaxUnitID>999</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>{area}"
            "</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
            f"{held}</ofd:CommonData><ofd:Pages>{listed}</ofd:Pages>"
            + ("<ofd:Annotations>Annots/All.xml</ofd:Annotations>" if stamp else ""),
        ),
        "Doc_0/PublicRes.xml": part(
            "Res",
            f"<ofd:Fonts>{fonts}</ofd:Fonts><ofd:MultiMedias>{shown}</ofd:MultiMedias>{resources}",
            'BaseLoc="Res"',
        ),
        **{f"Doc_0/{place}": part("Page", one) for place, one in zip(places, pages, strict=True)},
        **{f"Doc_0/Tpls/{at}.xml": part("Page", one) for at, one in enumerate(templates)},
        **{f"Doc_0/Res/{name}": data for name, data in media.values()},
        **{f"Doc_0/Res/{name}": data for name, data in (files or {}).items()},
    }
    if stamp:
        parts["Doc_0/Annots/All.xml"] = part(
            "Annotations", '<ofd:Page PageID="10"><ofd:FileLoc>0.xml</ofd:FileLoc></ofd:Page>'
        )
        parts["Doc_0/Annots/0.xml"] = part(
            "PageAnnot",
            '<ofd:Annot ID="201" Type="Stamp" Creator="t" LastModDate="2026-01-01">'
            f'<ofd:Appearance Boundary="0 0 210 140">{stamp}</ofd:Appearance></ofd:Annot>',
        )
    signatures = ""
    if signed is not None:
        signatures = "<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures>"
        parts |= _signatures(parts, right=signed)
    parts["OFD.xml"] = part(
        "OFD",
        "<ofd:DocBody><ofd:DocInfo><ofd:DocID>0</ofd:DocID></ofd:DocInfo>"
        f"<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>{body}{signatures}</ofd:DocBody>",
        'Version="1.0" DocType="OFD"',
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [*parts.items(), *more]:
            archive.writestr(name, content)
    return out.getvalue()


def _signatures(parts: Mapping[str, str | bytes], *, right: bool) -> dict[str, str | bytes]:
    """A seal over all parts; its value is no signature, which nobody here verifies."""
    references = "".join(
        f'<ofd:Reference FileRef="/{name}"><ofd:CheckValue>{_sm3(content if right else b"")}'
        "</ofd:CheckValue></ofd:Reference>"
        for name, content in parts.items()
    )
    return {
        "Doc_0/Signs/Signatures.xml": part(
            "Signatures",
            '<ofd:MaxSignId>1</ofd:MaxSignId><ofd:Signature ID="1" Type="Seal" BaseLoc="0/Signature.xml"/>',
        ),
        "Doc_0/Signs/0/Signature.xml": part(
            "Signature",
            '<ofd:SignedInfo><ofd:Provider ProviderName="t"/>'
            "<ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>"
            "<ofd:SignatureDateTime>20260101000000Z</ofd:SignatureDateTime>"
            f'<ofd:References CheckMethod="{SM3}">{references}</ofd:References>'
            '<ofd:StampAnnot ID="1" PageRef="10" Boundary="120 60 40 40"/></ofd:SignedInfo>'
            "<ofd:SignedValue>SignedValue.dat</ofd:SignedValue>",
        ),
        "Doc_0/Signs/0/SignedValue.dat": b"\x30\x00",
    }


def _sm3(content: str | bytes) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(content.encode() if isinstance(content, str) else content)
    return base64.b64encode(digest.finalize()).decode()


def drawn(kind: str, size: tuple[int, int] = (60, 40), color: str = "#0000c8") -> bytes:
    """A picture of one colour in this format."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind)
    return out.getvalue()


def subset_of(words: str) -> TTFont:
    """Noto's simplified Chinese with these characters alone."""
    font = TTFont(FONT, fontNumber=2)
    cut = subset.Subsetter()
    cut.populate(text=words)
    cut.subset(font)
    return font


def saved(font: TTFont) -> bytes:
    """The bytes of a font file."""
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def licence() -> bytes:
    """电子证照 as a window brings it: a template, two pages, a picture, a stamp and an electronic seal."""
    frame = page(
        text(60, 20, 8, "电子证照样本", size=9, told='DrawParam="20"'),
        '<ofd:PathObject ID="61" Boundary="20 22 170 2" DrawParam="20">'
        "<ofd:AbbreviatedData>M 0 1 L 170 1</ofd:AbbreviatedData></ofd:PathObject>",
    )
    before = '<ofd:Template TemplateID="50" ZOrder="Background"/>'
    return ofd(
        page(
            text(101, 20, 32, "名称：云见区示例商贸有限公司"),
            text(102, 20, 44, "统一社会信用代码：", step=6),
            text(103, 74, 44, "91110000MA00000000", step=3.2),
            text(104, 20, 56, "法定代表人：张示例"),
            text(105, 20, 68, "经营范围：日用百货销售；办公用品销售。"),
            picture(106, 20, 84, 45, 30, 30),
            before=before,
        ),
        page(text(111, 20, 40, "第二页：附记"), before=before),
        media={30: ("photo.png", drawn("PNG"))},
        templates=[frame],
        resources='<ofd:DrawParams><ofd:DrawParam ID="20" LineWidth="0.8"><ofd:FillColor Value="200 0 0"/>'
        '<ofd:StrokeColor Value="200 0 0"/></ofd:DrawParam></ofd:DrawParams>',
        stamp=text(202, 74, 94, "骑缝处已核验", told="", inner='<ofd:FillColor Value="200 0 0"/>'),
        signed=True,
    )
