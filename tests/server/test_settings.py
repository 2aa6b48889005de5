"""Settings: defaults < file < environment < flags, frozen, and wrong ones are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.settings import Settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("YUNJIAN_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_later_sources_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings.load().port, Settings.load().host) == (8080, "127.0.0.1")
    file = tmp_path / "some.toml"
    file.write_text('port = 1\nhost = "file"\nlanguage = "en"\norigins = ["https://a.example"]\n')
    monkeypatch.setenv("YUNJIAN_CONFIG", str(file))
    assert Settings.load().port == 1
    monkeypatch.setenv("YUNJIAN_PORT", "2")
    monkeypatch.setenv("YUNJIAN_HOST", "environment")
    settings = Settings.load({"port": 3, "host": None})
    assert (settings.port, settings.host, settings.language) == (3, "environment", "en")
    assert settings.origins == ("https://a.example",)


def test_the_file_of_the_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "yunjian.toml").write_text("port = 4\n")
    assert Settings.load().port == 4
    other = tmp_path / "other.toml"
    other.write_text("port = 5\n")
    assert Settings.load(config=other).port == 5


def test_what_is_wrong_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError):
        Settings.load(config=tmp_path / "missing.toml")
    (tmp_path / "yunjian.toml").write_text("prot = 4\n")
    with pytest.raises(ValidationError, match="prot"):
        Settings.load()
    (tmp_path / "yunjian.toml").unlink()
    for flags in (
        {"port": 65_536},
        {"max_upload_bytes": 0},
        {"language": "fr"},
        {"redis_url": "redis://x"},
        {"redis_url": "redis://x", "bus_secret": "short"},
        {"tls_key": "x"},
    ):
        with pytest.raises(ValidationError):
            Settings.load(flags)
    monkeypatch.setenv("YUNJIAN_PORT", "many")
    with pytest.raises(ValidationError, match="port"):
        Settings.load()


def test_frozen_and_silent_about_secrets() -> None:
    settings = Settings.load({"redis_url": "redis://x", "bus_secret": "sixteen characters"})
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1
    assert "sixteen" not in repr(settings)
    assert "sixteen" not in repr(settings.store)
    assert settings.store.bus_secret == b"sixteen characters"


def test_everything_lies_in_the_data_folder(tmp_path: Path) -> None:
    store = Settings.load({"data": "here"}).store
    assert store.database_url == f"sqlite+aiosqlite:///{tmp_path / 'here' / 'yunjian.sqlite'}"
    assert store.blob_root == tmp_path / "here" / "blobs"
    assert store.ledger_dir == tmp_path / "here" / "ledger"
    elsewhere = Settings.load({"data": "here", "ledger_folder": "/ledger"}).store
    assert elsewhere.ledger_dir == Path("/ledger")
