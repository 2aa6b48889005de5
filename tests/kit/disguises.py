"""Files that are two things at once, or not what they say: what a browser might be made to run.

Each carries the same script, which would ask this origin for ``/ran`` and change the page's title.
Every one is made here, byte by byte; none is taken from anywhere.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from typing import Final

import pillow_heif
from PIL import Image, PngImagePlugin

SCRIPT: Final = b"document.title='ran';fetch('/ran');new Image().src='/ran'"
TAG: Final = b"<script>" + SCRIPT + b"</script>"
HTML: Final = b'<!doctype html><html><body onload="' + SCRIPT + b'">' + TAG + b"</body></html>"
SVG: Final = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="'
    + SCRIPT
    + b'">'
    + TAG
    + b"</svg>"
)
EVIL_NAME: Final = "\"><img src=x onerror=fetch('/ran')><svg onload=fetch('/ran')>"
PAD: Final = b" " * 1500


def _picture(form: str, **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 210, 220)).save(out, form, **more)
    return out.getvalue()


def _zip(name: str, body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, body)
    return out.getvalue()


def _pdf(*objects: bytes, root: bytes = b"", before: bytes = b"") -> bytes:
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % root,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>",
        *objects,
    ]
    out = bytearray(before + b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, table)
    return bytes(out)


def _png_with(kind: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk before its end."""
    plain = _picture("PNG")
    told = kind + body
    chunk = struct.pack(">I", len(body)) + told + struct.pack(">I", zlib.crc32(told))
    end = plain.rindex(b"IEND") - 4
    return plain[:end] + chunk + plain[end:]


def _jpeg_script() -> bytes:
    """A JPEG whose first segment makes the rest a comment of JavaScript."""
    plain = _picture("JPEG")
    body = b"*/=1;" + SCRIPT + b"/*"
    told = b"\xff\xfe" + struct.pack(">H", len(body) + 2) + body
    return plain[:2] + told + plain[2:] + b"*/"


def _heic() -> bytes:
    pillow_heif.register_heif_opener()
    return _picture("HEIF")


def _png_text() -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", TAG.decode())
    return _picture("PNG", pnginfo=told)


def _exif() -> bytes:
    told = Image.Exif()
    told[0x010E] = HTML.decode()
    return _picture("JPEG", exif=told)


def _action(script: bytes) -> bytes:
    return b"<</S/JavaScript/JS(%s)>>" % script.replace(b"(", rb"\(").replace(b")", rb"\)")


def disguises() -> dict[str, bytes]:
    """The files by the name that they come under."""
    riff = b"RIFF" + struct.pack("<I", 4000) + b"WEBP" + HTML + PAD
    xfa = b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template><script>%s</script></template></xdp:xdp>"
    embedded = b"<</Type/EmbeddedFile/Length %d>>\nstream\n%s\nendstream" % (len(HTML), HTML)
    mhtml = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    return {
        "script.svg": SVG + PAD,
        "svg.jpg": SVG + PAD,
        "html.jpg": HTML + PAD,
        "html.pdf": HTML + PAD,
        "page.xhtml": b'<html xmlns="http://www.w3.org/1999/xhtml">' + TAG + b"</html>" + PAD,
        "style.xml": b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#"?>'
        + SVG
        + PAD,
        "page.mhtml": mhtml + HTML + b"\r\n--b--" + PAD,
        "gif.js.gif": b"GIF89a=1;" + SCRIPT + b"//" + PAD,
        "gifar.gif": b"GIF89a" + PAD + _zip("a.html", HTML),
        "bmp.js.png": b"BM=1;" + SCRIPT + b"//" + PAD,
        "utf7.png": b"+/v8-+ADw-script+AD4-" + SCRIPT + PAD,
        "utf16.png": "\ufeff".encode("utf-16-le") + HTML.decode().encode("utf-16-le") + PAD,
        "packed.svgz": gzip.compress(SVG) + PAD,
        "zip.pdf": _zip("a.pdf", _pdf()) + PAD,
        "riff.webp": riff,
        "flash.jpg": b"FWS\x09" + HTML + PAD,
        "comment.jpg": _picture("JPEG", comment=HTML),
        "behind.jpg": _picture("JPEG") + HTML,
        "exif.jpg": _exif(),
        "js.jpg": _jpeg_script(),
        "text.png": _png_text(),
        "chunk.png": _png_with(b"teSt", HTML),
        "behind.png": _picture("PNG") + HTML,
        "zipped.png": _picture("PNG") + _zip("index.html", HTML),
        "xmp.webp": _picture("WEBP", xmp=SVG),
        "behind.webp": _picture("WEBP") + HTML,
        "behind.heic": _heic() + HTML,
        "html-first.pdf": _pdf(before=HTML[:900] + b"\n"),
        "js-first.pdf": _pdf(before=b"/*") + b"*/" + SCRIPT + PAD + b"%%EOF",
        "action.pdf": _pdf(_action(SCRIPT), root=b"/OpenAction 4 0 R") + PAD + b"%%EOF",
        "form.pdf": _pdf(
            b"<</Fields[]/XFA 5 0 R>>",
            b"<</Length %d>>\nstream\n%s\nendstream" % (len(xfa % SCRIPT), xfa % SCRIPT),
            root=b"/AcroForm 4 0 R",
        )
        + PAD
        + b"%%EOF",
        "address.pdf": _pdf(
            b"<</S/URI/URI(javascript:fetch\\('/ran'\\))>>", root=b"/OpenAction 4 0 R"
        )
        + PAD
        + b"%%EOF",
        "carries.pdf": _pdf(
            b"<</Type/Filespec/F(a.html)/EF<</F 5 0 R>>>>",
            embedded,
            root=b"/Names<</EmbeddedFiles<</Names[(a.html)4 0 R]>>>>",
        )
        + PAD
        + b"%%EOF",
        "zipped.pdf": _pdf() + _zip("index.html", HTML) + PAD + b"%%EOF",
    }
