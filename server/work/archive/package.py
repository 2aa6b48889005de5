"""Writes the archive package of a case: one ZIP, the same bytes for the same content.

Names are ASCII and sorted, nothing is compressed, each file bears the first day that ZIP knows. ``manifest.json``
tells the SHA-256 of every other file. After DA/T 85-2019 in its spirit: files, metadata as XML with a schema of
ours, and what proves both.
"""

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final
from xml.etree import ElementTree

HERE: Final = Path(__file__).parent
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_DAY: Final = (1980, 1, 1, 0, 0, 0)
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAMESPACE: Final = "urn:yunjian:archive:1"


def write(into: BinaryIO, documents: Mapping[str, bytes], files: Mapping[str, Path]) -> str:
    """Write the package; returns the SHA-256 of its manifest, hex. ``verify.py`` and ``case.xsd`` come with it.

    ``documents`` and ``files`` (sealed files by their place) are by the name in the package.
    """
    texts = {
        **documents,
        "verify.py": (HERE / "verify.py").read_bytes(),
        "case.xsd": (HERE / "case.xsd").read_bytes(),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in texts.items()}
    for name, path in files.items():
        with path.open("rb") as file:
            hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
    manifest = {"format": FORMAT, "files": dict(sorted(hashes.items()))}
    texts[MANIFEST] = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n"
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name in sorted({*texts, *files}):
            about = zipfile.ZipInfo(name, _DAY)
            about.external_attr = 0o644 << 16
            with archive.open(about, "w", force_zip64=True) as target:
                if name in texts:
                    target.write(texts[name])
                else:
                    with files[name].open("rb") as source:
                        shutil.copyfileobj(source, target, 1 << 20)
    return hashlib.sha256(texts[MANIFEST]).hexdigest()


def as_xml(told: Mapping[str, Any]) -> bytes:
    """``case.xml``: a mapping becomes elements in its order, a list the same element again. A character that XML does
    not have (a file may be named with one) stands there as U+FFFD; ``case.json`` tells it as it is."""
    root = ElementTree.Element("case", {"xmlns": NAMESPACE})
    _fill(root, told)
    ElementTree.indent(root)
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def _fill(element: ElementTree.Element, told: Mapping[str, Any]) -> None:
    for name, value in told.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            child = ElementTree.SubElement(element, name)
            if isinstance(one, Mapping):
                _fill(child, one)
            else:
                child.text = _NO_XML.sub("\ufffd", str(one))
