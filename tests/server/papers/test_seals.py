"""Electronic seals: on each paper that the law wants sealed, by whom, and what a reader finds of them."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, get_args

import pypdfium2  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

from server.case.acts.papers.press import KIND, Press
from server.demo import data as demo
from server.jobs.runner import Jobs
from server.papers import specimen
from server.papers.seals import SealFolder, SealRefused, keep, make_demo
from server.people.rows import staffing
from server.settings import Settings
from server.standards.papers import SEALS, TITLES, PaperKind, Seal
from server.store import Store, upgrade
from server.store.tables import papers
from server.work import paper as drawing
from server.work import seals as sealing
from server.work.child import Children, JobFailed
from tests.kit.casework import Office, hashed
from tests.kit.stores import SQLITE_ALONE
from tests.server.case.test_papers import Desk

UNIT: Final = "unit-qingdao-xihaian"
NAME: Final = "青岛西海岸新区行政审批服务局"
AT: Final = datetime(2026, 11, 23, 1, tzinfo=UTC)
PICTURES: Final = Path(__file__).parents[3] / "docs" / "papers"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seals of one unit, as the demo has them."""
    folder = tmp_path_factory.mktemp("made") / "seals"
    assert make_demo(folder, [(UNIT, NAME)], at=AT) == 3
    assert make_demo(folder, [(UNIT, NAME)], at=AT) == 0, "what is there stays"
    return folder


async def test_a_seal_holds_until_a_byte_is_another_and_only_by_its_authority(
    made: Path, tmp_path: Path
) -> None:
    folder = SealFolder(made, Children())
    found = await folder.find(UNIT, NAME, "approval", AT)
    assert isinstance(found, tuple)
    seal, picture = found
    assert isinstance(seal, Seal)
    assert "演示印章" in seal.subject
    assert picture.startswith("<svg")
    pdf, _ = await asyncio.to_thread(drawing.draw, specimen.facts("grant", NAME), seal=picture)
    sealed = await folder.put_on(UNIT, seal, pdf)
    assert sealed.startswith(pdf), "nothing of the paper was changed"

    valid = await folder.check(sealed)
    assert (valid.state, valid.fingerprint, valid.at) == ("valid", seal.fingerprint, AT)
    assert "演示印章" in valid.subject
    with pytest.raises(JobFailed):
        await folder.put_on("unit-nobody", seal, pdf)

    # replaced since it was found, or broken off between certificate and key: never a signature that does not hold
    await asyncio.to_thread(make_demo, tmp_path, [(UNIT, NAME)], at=AT)
    other, half = SealFolder(tmp_path, Children()), tmp_path / UNIT / "approval.key"
    for why in ("another certificate", "not that of the certificate"):
        with pytest.raises(JobFailed, match=why) as told:
            await other.put_on(UNIT, seal, pdf)
        assert not told.value.final, "the paper is tried again, with the seal as it is then"
        await asyncio.to_thread(shutil.copyfile, made / UNIT / "approval.key", half)


def test_what_is_wrong_with_a_seal_is_named(made: Path) -> None:
    before = dict(os.environ)
    pdf, _ = drawing.draw(specimen.facts("grant", NAME))
    assert dict(os.environ) == before, "what keeps a template off the network stays with it"
    sealed, late = _put(made, pdf, AT), _put(made, pdf, AT + timedelta(days=3000))
    authorities = (made / "authorities.pem").read_text()
    flipped = bytearray(sealed)
    flipped[len(pdf) // 2] ^= 1
    for content, trusted, state in (
        (sealed, authorities, "valid"),
        (pdf, authorities, "unsealed"),
        (bytes(flipped), authorities, "altered"),
        (sealed + b"\n% more\n", authorities, "altered"),
        (sealed[: len(pdf) // 2], authorities, "altered"),
        (late, authorities, "expired"),
        (sealed, _p12(days=30)[1].decode(), "untrusted"),
        (sealed, "", "untrusted"),
    ):
        assert sealing.check(content, trusted)["state"] == state


async def test_without_a_good_seal_there_is_none(made: Path, tmp_path: Path) -> None:
    folder = SealFolder(made, Children())
    assert await folder.find("unit-nobody", "某局", "approval", AT) == "no_seal"
    assert await folder.find(UNIT, NAME, "approval", AT + timedelta(days=3000)) == "expired"
    assert await folder.find(UNIT, NAME, "approval", AT - timedelta(days=9)) == "not_yet"
    key = made / UNIT / "acceptance.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o640)
    assert await folder.find(UNIT, NAME, "acceptance", AT) == "failed", "others may read its key"
    key.chmod(0o600)


def test_a_seal_is_taken_in_from_an_authority_that_is_trusted(tmp_path: Path) -> None:
    p12, root = _p12(days=30)
    folder = tmp_path / "seals"
    unit = (folder, UNIT, NAME, "approval", p12)
    with pytest.raises(SealRefused, match="No authority that is trusted"):
        keep(*unit, b"secret", at=AT)
    with pytest.raises(SealRefused, match="No authority that is trusted"):
        keep(*unit, b"secret", at=AT, authority=_p12(days=30)[1])
    with pytest.raises(SealRefused, match="expired on 2026-12-23: ask for a new one"):
        keep(*unit, b"secret", at=AT + timedelta(days=60), authority=root)
    with pytest.raises(SealRefused, match="wrong password"):
        keep(*unit, b"wrong", at=AT, authority=root)
    assert not folder.exists(), "nothing of what was refused is kept"
    keep(*unit, b"secret", at=AT, authority=root)
    key = folder / UNIT / "approval.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" not in key.read_bytes()
    keep(*unit, b"secret", at=AT)


def test_the_password_of_a_seal_is_no_argument(tmp_path: Path) -> None:
    """It comes from a file, from a pipe or from the keyboard; there it is not shown."""
    data = tmp_path / "data"
    p12, root = _p12(days=3650, at=datetime.now(UTC))
    (tmp_path / "seal.p12").write_bytes(p12)
    (tmp_path / "root.pem").write_bytes(root)
    secret = tmp_path / "password"
    secret.write_text("secret\n", encoding="utf-8")

    async def unit() -> str:
        settings = Settings(data=data).store
        await upgrade(settings.database_url)
        store = await Store.open(settings)
        try:
            await demo.load(store, hashed())
            async with store.read() as connection:
                return str((await staffing.list_units(connection))[0]["credit_code"])
        finally:
            await store.close()

    code = asyncio.run(unit())
    words = (
        "seal", "import", code, "approval", str(tmp_path / "seal.p12"),
        "--authority", str(tmp_path / "root.pem"), "--data", str(data),
    )  # fmt: skip

    def done(*more: str, piped: str = "") -> tuple[int, str]:
        told = subprocess.run(
            [sys.executable, "-m", "server", *words, *more],
            input=piped, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return told.returncode, told.stdout + told.stderr

    status, said = done("--password", "secret")
    assert (status, "No such option" in said) == (2, True), said
    for more, piped in (
        ((), "wrong\n"),
        (("--password-file", str(tmp_path / "root.pem")), "secret\n"),
    ):
        status, said = done(*more, piped=piped)
        assert (status, "wrong password" in said) == (1, True), said
    status, said = done("--password-file", str(tmp_path / "none"))
    assert (status, "none" in said, "Traceback" in said) == (1, True, False), said
    for more, piped in (((), "secret\n"), (("--password-file", str(secret)), "")):
        status, said = done(*more, piped=piped)
        assert (status, "valid until" in said) == (0, True), said
    status, said = _typed([sys.executable, "-m", "server", *words], "secret\n")
    assert (status, "valid until" in said) == (0, True), said
    assert "Password of the file" in said
    assert "secret" not in said


def _typed(command: list[str], answer: str) -> tuple[int, str]:
    """What a command says at a terminal, at which this is typed once it asks."""
    main, terminal = pty.openpty()
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    ) as process:
        os.close(terminal)
        said = b""
        answered = False
        while True:
            if not select.select([main], [], [], 60)[0]:
                process.kill()
                break
            try:
                some = os.read(main, 4096)
            except OSError:  # Linux says so when nobody holds the other end any more
                break
            said += some
            if not some:
                break
            # the blank comes once what was typed before is thrown away, so that nothing is echoed
            if b"file: " in said and not answered:
                answered = True
                os.write(main, answer.encode())
        status = process.wait(60)
    os.close(main)
    return status, said.decode()


def test_each_paper_is_marked_as_a_draft_or_bears_its_seal(made: Path) -> None:
    assert SEALS.keys() == TITLES.keys() == set(get_args(PaperKind))
    kinds = TITLES if os.environ.get("YUNJIAN_SCREENS") else ("receipt", "handover")
    for kind in kinds:
        facts = specimen.facts(kind, NAME)  # type: ignore[arg-type]
        purpose = SEALS[kind]  # type: ignore[index]
        if purpose is None:
            continue
        picture = (made / UNIT / f"{purpose}.svg").read_text()
        sealed, pages = drawing.draw(facts, seal=picture)
        draft, draft_pages = drawing.draw(facts, draft=True)
        assert pages == draft_pages
        assert _red(sealed) > _red(draft) + 2000, kind
        assert "草稿" not in _text(sealed)
        assert _text(draft).count("没有加盖印章") == draft_pages
        _keep(kind, sealed, draft)
    # a unit's own layout that says nothing of it
    plain = drawing.LAYOUT.read_text(encoding="utf-8").replace("sys.inputs.seal", "none")
    plain = plain.replace('if none != ""', "if false")
    facts = specimen.facts("grant", NAME)
    assert "草稿" in _text(drawing.draw(facts, template=plain, draft=True)[0])
    assert _red(drawing.draw(facts, template=plain, seal=picture)[0]) > 2000
    hidden = "#set page(foreground: none)\n" + plain
    with pytest.raises(drawing.Unfit):
        drawing.draw(facts, template=hidden, draft=True)


@SQLITE_ALONE
async def test_a_receipt_bears_the_seal_of_the_window_and_what_has_none_is_a_draft(
    office: Office, tmp_path: Path
) -> None:
    """The window's unit has its seals, the unit that decides has none."""
    folder = tmp_path / "seals"
    await asyncio.to_thread(make_demo, folder, [(demo.JINAN, "济南市市中区政务服务中心")], at=AT)
    desk = Desk(office, tmp_path)
    keeper = SealFolder(folder, Children())
    desk.jobs = Jobs(office.store, {KIND: Press(office.store, Children(), keeper=keeper).kind})
    await desk.fill()
    await desk.submit()
    receipt, text = await desk.made()
    assert receipt["draft"] is None
    assert receipt["seal"]["purpose"] == "receiving"
    assert receipt["seal"]["unit_name"] == "济南市市中区政务服务中心"
    assert "草稿" not in text
    content = await asyncio.to_thread(office.store.blobs.path(receipt["sha256"]).read_bytes)
    found = await keeper.check(content)
    assert (found.state, found.fingerprint) == ("valid", receipt["seal"]["fingerprint"])

    await desk.decide("refused", "不属于本机关职权范围。")
    refusal, text = await desk.made()
    assert (refusal["seal"], refusal["draft"]) == (None, "no_seal")
    assert "草稿：没有加盖印章" in text
    async with office.store.read() as connection:
        kept = await connection.scalar(sa.select(papers.c.seal).where(papers.c.id == receipt["id"]))
    assert kept["subject"] == receipt["seal"]["subject"]
    await office.switchboard.close()


def _put(folder: Path, pdf: bytes, at: datetime) -> bytes:
    chain = (folder / UNIT / "approval.pem").read_bytes()
    key = (folder / UNIT / "approval.key").read_bytes()
    return sealing.put(pdf, key, chain, reason="审批专用章", unit=NAME, at=at)


def _p12(*, days: int, at: datetime = AT) -> tuple[bytes, bytes]:
    """A seal as an authority hands it out, and that authority's certificate (PEM)."""
    keys = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in ("root", "unit")]
    root, leaf = (
        x509.CertificateBuilder()
        .subject_name(names[one])
        .issuer_name(names[0])
        .public_key(keys[one].public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.BasicConstraints(one == 0, None), critical=True)
        .sign(keys[0], hashes.SHA256())
        for one in (0, 1)
    )
    sealed = BestAvailableEncryption(b"secret")
    p12 = pkcs12.serialize_key_and_certificates(b"seal", keys[1], leaf, None, sealed)
    return p12, root.public_bytes(Encoding.PEM)


def _text(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def _red(pdf: bytes) -> int:
    """How many dots of the last page are the red of a seal."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        shown = document[len(document) - 1].render(scale=1.6).to_pil().convert("RGB")
    finally:
        document.close()
    return sum(
        count
        for count, (red, green, blue) in shown.getcolors(1 << 24)
        if red > 180 and green < 120 and blue < 120
    )


def _keep(kind: str, sealed: bytes, draft: bytes) -> None:
    """The last page of each for the documentation, when pictures are asked for."""
    if not os.environ.get("YUNJIAN_SCREENS"):
        return
    for name, pdf in (("sealed", sealed), ("draft", draft)):
        document = pypdfium2.PdfDocument(pdf)
        shown = document[len(document) - 1].render(scale=1.6).to_pil().quantize(64, dither=0)
        shown.save(PICTURES / f"{name}-{kind}.png", optimize=True)
        document.close()
