"""Word and Excel files as PDF, once, by LibreOffice where it is installed (Debian: libreoffice-writer-nogui,
libreoffice-calc-nogui).

It runs within the cell of ``server.work.child``, whose limits and missing network it inherits, under
a profile of its own that is deleted with it, so that nothing of one file reaches the next. The
profile says that no macro is run and no link followed: a file could name a picture that lies on
this machine, and would have it drawn into the copy.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 150.0
_SETTINGS: Final = {
    "Office.Common/Security/Scripting": {
        "BlockUntrustedRefererLinks": "true",
        "DisableMacrosExecution": "true",
        "MacroSecurityLevel": "3",
    },
    "Office.Writer/Content/Update": {"Link": "0", "Field": "false"},
    "Office.Calc/Content/Update": {"Link": "1"},
}
"""No link is followed, to a file of this machine or elsewhere: never, in the numbers of each program."""
_PROGRAMS: Final = ("soffice", "libreoffice")
_PLACES: Final = "/usr/bin:/usr/local/bin:/opt/libreoffice/program:/usr/lib/libreoffice/program"


class NoOffice(Exception):
    """LibreOffice is not installed here."""


class NotConverted(Exception):
    """It made no PDF of this file."""


def program(places: str = _PLACES) -> str | None:
    """Where LibreOffice is, on the path or in one of these places; None when it is not."""
    path = f"{os.environ.get('PATH', '')}:{places}"
    return next((found for one in _PROGRAMS if (found := shutil.which(one, path=path))), None)


def convert(source: Path, ending: str, folder: Path, office: str | None) -> Path:
    """The PDF of a file, in ``folder``, made by that program. Raises NoOffice, NotConverted."""
    if office is None:
        raise NoOffice
    with tempfile.TemporaryDirectory(dir=folder, prefix="office-") as home:
        named = Path(home) / f"file.{ending}"
        shutil.copyfile(source, named)
        settings = Path(home) / "profile" / "user" / "registrymodifications.xcu"
        settings.parent.mkdir(parents=True)
        settings.write_text(_settings())
        asked = [
            office, f"-env:UserInstallation=file://{home}/profile", "--headless", "--norestore",
            "--nologo", "--nolockcheck", "--convert-to", "pdf", "--outdir", home, str(named),
        ]  # fmt: skip
        try:
            subprocess.run(
                asked,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"HOME": home, "TMPDIR": home, "PATH": _PLACES, "LANG": "C.UTF-8"},
                timeout=PATIENCE_S,
                check=False,
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise NotConverted(type(error).__name__) from None
        made = named.with_suffix(".pdf")
        if not made.is_file() or made.stat().st_size == 0:
            raise NotConverted(ending)
        kept = folder / f"{Path(home).name}.pdf"
        made.replace(kept)
        return kept


def _settings() -> str:
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, props in _SETTINGS.items()
        for name, value in props.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'
    )
