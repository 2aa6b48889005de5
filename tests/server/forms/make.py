"""How the PDFs of this folder were made, once: ``python make.py FOLDER``, beside ``node_modules``.

Filled forms and annotations of programs that people have: reportlab, pypdf, fpdf2 and pikepdf (PyPI),
pdf-lib, PDFKit and jsPDF (npm, ``make.mjs``), qpdf (Debian). The tests read the files and need none of
these.
"""

import subprocess
import sys
from pathlib import Path

NAME, ADDRESS = "张三", "青岛市市南区香港中路11号 Qingdao"


def reportlab(folder: Path) -> None:
    """An empty form with its appearances, in Latin letters."""
    from reportlab.lib import colors
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(folder / "reportlab.pdf"), pagesize=(420, 300))
    canvas.drawString(20, 270, "Application")
    form = canvas.acroForm
    form.textfield(name="name", value="Zhang San", x=20, y=220, width=180, height=24)
    form.textfield(name="address", x=20, y=180, width=380, height=24, borderColor=colors.blue)
    form.checkbox(name="agreed", checked=True, x=20, y=140)
    form.radio(name="sex", value="m", selected=True, x=60, y=140)
    form.radio(name="sex", value="f", x=90, y=140)
    form.choice(name="kind", options=["one", "two"], value="two", x=130, y=140, width=80, height=20)
    canvas.save()


def pypdf(folder: Path) -> None:
    """That form filled with Chinese, and notes and marks of which nothing is drawn."""
    from pypdf import PdfReader, PdfWriter
    from pypdf.annotations import FreeText, Highlight, Rectangle, Text
    from pypdf.generic import ArrayObject, FloatObject

    writer = PdfWriter(clone_from=PdfReader(folder / "reportlab.pdf"))
    writer.update_page_form_field_values(
        writer.pages[0], {"name": NAME, "address": ADDRESS}, auto_regenerate=True
    )
    corners = [FloatObject(x) for x in (20, 282, 80, 282, 20, 268, 80, 268)]
    for one in (
        FreeText(text="请补盖公章", rect=(220, 215, 400, 250), font_size="12pt"),
        Highlight(rect=(20, 268, 80, 282), quad_points=ArrayObject(corners)),
        Rectangle(rect=(20, 60, 120, 100)),
        Text(rect=(200, 60, 220, 80), text="便签", open=False),
    ):
        one.flags = 4
        writer.add_annotation(0, one)
    writer.write(folder / "pypdf.pdf")


def fpdf2(folder: Path) -> None:
    """Annotations alone."""
    from fpdf import FPDF

    pdf = FPDF(unit="pt", format=(420, 300))
    pdf.add_page()
    pdf.set_font("Helvetica", size=14)
    pdf.text(20, 40, "Contract, page one")
    with pdf.highlight("stressed"):
        pdf.text(20, 70, "marked words")
    pdf.ink_annotation([(40, 100), (80, 60), (120, 110), (160, 60)], border_width=2)
    pdf.text_annotation(300, 60, text="看这里")
    pdf.free_text_annotation("金额以大写为准", x=40, y=160, w=200, h=40)
    pdf.output(str(folder / "fpdf2.pdf"))


def pikepdf(folder: Path) -> None:
    """A form that says that nothing of it is drawn: each kind of field once."""
    import pikepdf
    from pikepdf import Array, Dictionary, Name, String

    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(420, 300))
        latin = Dictionary(
            Type=Name.Font,
            Subtype=Name.Type1,
            BaseFont=Name.Helvetica,
            Encoding=Name.WinAnsiEncoding,
        )
        fields = Array()

        def add(name: str, kind: str, value: object, rect: list[int], **more: object) -> None:
            told = {"DA": String("/Helv 12 Tf 0 g"), **more}
            fields.append(
                pdf.make_indirect(
                    Dictionary(
                        Type=Name.Annot, Subtype=Name.Widget, FT=Name(kind), T=String(name), F=4,
                        V=value, Rect=Array(rect), **told,
                    )
                )
            )  # fmt: skip

        add("name", "/Tx", String(NAME), [20, 260, 200, 284])
        add("address", "/Tx", String(ADDRESS), [20, 230, 200, 254], DA=String("/Helv 0 Tf 0 g"))
        add("reason", "/Tx", String("经营场所变更，新址见附件，原址不再使用\n其余不变"),
            [20, 160, 200, 224], Ff=1 << 12, DA=String("/Helv 0 Tf 0 0 1 rg"))  # fmt: skip
        add(
            "number",
            "/Tx",
            String("370202199001011234"),
            [20, 130, 400, 154],
            Ff=1 << 24,
            MaxLen=18,
        )
        add("right", "/Tx", String("右对齐"), [220, 260, 400, 284], Q=2)
        add("kind", "/Ch", String("two"), [220, 230, 400, 254], Ff=1 << 17,
            Opt=Array([Array([String("one"), String("新办")]), Array([String("two"), String("变更")])]))  # fmt: skip
        add(
            "list",
            "/Ch",
            String("乙"),
            [220, 160, 400, 224],
            Opt=Array([String(c) for c in "甲乙丙"]),
        )
        add("agreed", "/Btn", Name.Yes, [20, 90, 40, 110], AS=Name.Yes, DA=String("/ZaDb 0 Tf 0 g"),
            MK=Dictionary(CA=String("4"), BC=Array([0])))  # fmt: skip
        page.obj["/Annots"] = fields
        pdf.Root["/AcroForm"] = Dictionary(
            Fields=fields,
            DA=String("/Helv 12 Tf 0 g"),
            NeedAppearances=True,
            DR=Dictionary(
                Font=Dictionary(
                    Helv=latin,
                    ZaDb=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.ZapfDingbats),
                )
            ),
        )
        pdf.save(folder / "pikepdf.pdf")


def qpdf(folder: Path) -> None:
    """The last form with the appearances that qpdf writes, which have question marks for Chinese."""
    made = [str(folder / name) for name in ("pikepdf.pdf", "qpdf.pdf")]
    subprocess.run(["qpdf", "--generate-appearances", *made], check=True)


def main() -> None:
    """Make them all in FOLDER."""
    folder = Path(sys.argv[1]).resolve()
    for one in (reportlab, pypdf, fpdf2, pikepdf, qpdf):
        one(folder)
    subprocess.run(["node", str(Path(__file__).with_suffix(".mjs")), str(folder)], check=True)


if __name__ == "__main__":
    main()
