"""A PDF's forms and annotations as the file tells them: which are seen, where, and what they say.

Lines and polygons are drawn here, by their points alone. PDFium is not asked. It runs in the cell of
``server.work.child``.
"""

from typing import Any, Final

from server.work.pdf.outlines import Undrawn, packed

_TELLS_NOTHING: Final = frozenset({"/Link", "/Popup"})
_UNSEEN: Final = 2 | 32
"""Flags of an annotation: hidden, not on a screen."""
_PASSWORD: Final = 1 << 13
_PUSHBUTTON: Final = 1 << 16
_COMBO: Final = 1 << 17

Box = tuple[float, float, float, float]
Place = tuple[int, int]
"""Of an annotation: number of its page, and where it stands in that page's list."""


def annotations(page: Any) -> list[Any]:
    import pikepdf

    listed = page.obj.get("/Annots")
    if not isinstance(listed, pikepdf.Array):
        return []
    return [one for one in listed if isinstance(one, pikepdf.Dictionary)]


def at_place(pdf: Any, at: Place) -> Any:
    return annotations(pdf.pages[at[0]])[at[1]]


def is_seen(one: Any) -> bool:
    flags = one.get("/F", 0)
    if str(one.get("/Subtype")) in _TELLS_NOTHING or (isinstance(flags, int) and flags & _UNSEEN):
        return False
    left, bottom, right, top = rect_of(one)
    return "/Subtype" in one and right > left and top > bottom


def rect_of(one: Any) -> Box:
    import pikepdf

    told = one.get("/Rect")
    if not isinstance(told, pikepdf.Array) or len(told) != 4:
        return (0, 0, 0, 0)
    left, bottom, right, top = (float(x) for x in told)
    return (min(left, right), min(bottom, top), max(left, right), max(bottom, top))


def has_appearance(one: Any) -> bool:
    import pikepdf

    told = one.get("/AP")
    return isinstance(told, pikepdf.Dictionary) and "/N" in told


def chosen(one: Any) -> Any:
    import pikepdf

    told = one.get("/AP")
    stream = told.get("/N") if isinstance(told, pikepdf.Dictionary) else None
    if isinstance(stream, pikepdf.Stream):
        return stream
    if isinstance(stream, pikepdf.Dictionary):
        state = one.get("/AS", pikepdf.Name.Off)
        stream = stream.get(str(state))
        return stream if isinstance(stream, pikepdf.Stream) else None
    return None


def content_of(one: Any) -> bytes:
    stream = chosen(one)
    return b"" if stream is None else bytes(stream.read_bytes())


def holder_of(one: Any, key: str) -> Any:
    """The field that says it: this one or one above."""
    for _ in range(32):
        if one is None or key in one:
            return one
        one = one.get("/Parent")
    return None


def inherited(one: Any, key: str) -> Any:
    holder = holder_of(one, key)
    return None if holder is None else holder.get(key)


def said(value: Any) -> str:
    import pikepdf

    if value is None or isinstance(value, pikepdf.Name):
        return ""
    if isinstance(value, pikepdf.Stream):
        return str(pikepdf.String(value.read_bytes()))
    return str(value)


def expected_of(one: Any) -> str | None:
    """The text that a viewer shows of it, without its spaces; None: none that is known beforehand."""
    import pikepdf

    if one.get("/Subtype") == "/FreeText":
        return packed(said(one.get("/Contents")))
    kind, flags = inherited(one, "/FT"), int(inherited(one, "/Ff") or 0)
    value = inherited(one, "/V")
    if kind == "/Tx":
        longest = inherited(one, "/MaxLen")
        told = packed(said(value)[: None if longest is None else int(longest)])
        return "*" * len(told) if flags & _PASSWORD else told
    if kind == "/Ch":
        options = [
            (said(item[0]), said(item[1])) if isinstance(item, pikepdf.Array) else (said(item),) * 2
            for item in inherited(one, "/Opt") or ()
        ]
        if not flags & _COMBO:  # a list, of which all is seen
            return packed("".join(shown for _, shown in options))
        chosen = said(value[0] if isinstance(value, pikepdf.Array) and len(value) else value)
        return packed(next((shown for said, shown in options if said == chosen), chosen))
    if kind == "/Btn" and flags & _PUSHBUTTON:
        return packed(said((one.get("/MK") or {}).get("/CA")))
    return None


def is_chinese_note(one: Any) -> bool:
    """Of a note PDFium writes Latin letters alone; of a field all."""
    told = said(one.get("/Contents"))
    return one.get("/Subtype") == "/FreeText" and any(ord(c) > 126 for c in told)


def draw_lines(pdf: Any, one: Any, kind: str) -> None:
    from pikepdf import Array, Dictionary, Name

    points = [float(x) for x in one.get("/L" if kind == "/Line" else "/Vertices") or ()]
    ends = one.get("/LE")
    if len(points) < 4 or len(points) % 2 or (ends is not None and "/None" not in str(ends)):
        raise Undrawn(kind)
    if isinstance(ends, Array) and any(str(end) != "/None" for end in ends):
        raise Undrawn(kind)
    width = float((one.get("/BS") or {}).get("/W", 1))
    inside = _colour(one.get("/IC"), b"rg") if kind == "/Polygon" else b""
    path = b" ".join(
        b"%.2f %.2f %s" % (points[at], points[at + 1], b"l" if at else b"m")
        for at in range(0, len(points), 2)
    )
    close = b"h " if kind == "/Polygon" else b""
    paint = b"B" if inside else b"S"
    stroke = _colour(one.get("/C"), b"RG") or b"0 0 0 RG"
    stream = pdf.make_stream(b"%s %s %.2f w %s %s%s" % (stroke, inside, width, path, close, paint))
    around = (
        min(points[::2]) - width,
        min(points[1::2]) - width,
        max(points[::2]) + width,
        max(points[1::2]) + width,
    )
    stream["/Type"], stream["/Subtype"] = Name.XObject, Name.Form
    stream["/BBox"] = one["/Rect"] = Array([round(x, 2) for x in around])
    one["/AP"] = Dictionary(N=stream)


def _colour(told: Any, operator: bytes) -> bytes:
    parts = [float(x) for x in told or ()]
    match len(parts):
        case 1:
            red, green, blue = parts * 3
        case 3:
            red, green, blue = parts
        case 4:
            red, green, blue = (1 - min(1.0, x + parts[3]) for x in parts[:3])
        case _:
            return b""
    return b"%.3f %.3f %.3f %s" % (red, green, blue, operator)
