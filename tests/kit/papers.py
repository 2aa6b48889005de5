"""Documents of any size that a node takes: a PDF of one page with noise in a stream beside it."""

from __future__ import annotations

import random


def pdf_of(size: int, seed: int = 0) -> bytes:
    """A valid PDF of exactly so many bytes (700 at least)."""
    head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    fixed = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ]
    padding = size
    for _ in range(3):  # the digits of lengths and places settle at once
        made = _written(head, fixed, random.Random(seed).randbytes(max(0, padding)))
        if len(made) == size:
            return made
        padding -= len(made) - size
    raise ValueError(f"no PDF of {size} bytes")


def _written(head: bytes, fixed: list[bytes], noise: bytes) -> bytes:
    objects = [*fixed, b"<</Length %010d>>\nstream\n%s\nendstream" % (len(noise), noise)]
    out = bytearray(head)
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%010d\n%%%%EOF\n" % table
    return bytes(out)
