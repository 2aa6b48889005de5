"""The yunjian command as an administrator types it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server import cli
from server.console import ACTS


def yunjian(*words: str, typed: str = "", folder: Path) -> subprocess.CompletedProcess[str]:
    """What the command prints and its status."""
    return subprocess.run(
        [sys.executable, "-m", "server", *words],
        input=typed,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=50,
        check=False,
    )


def test_help_names_every_command(tmp_path: Path) -> None:
    said = yunjian("--help", folder=tmp_path)
    assert said.returncode == 0
    for command in ("demo", "serve", "media", "doctor", "schema", "db", "user", "unit", "ledger"):
        assert f"\n  {command} " in said.stdout


@pytest.mark.timeout(120)
def test_a_fresh_installation_is_set_up_step_by_step(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    unit = (
        *("unit", "create", "济南市市中区政务服务中心", "--place", "济南市中"),
        *("--region-code", "370103", "--credit-code", "11370103MB28455306", "--window", "3号窗口"),
    )
    said = yunjian(*unit, *data, folder=tmp_path)
    assert said.returncode == 1
    assert "db upgrade" in said.stderr
    assert "Traceback" not in said.stderr

    said = yunjian("db", "upgrade", *data, folder=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "was at None" in said.stdout
    assert "already" in yunjian("db", "upgrade", *data, folder=tmp_path).stdout
    assert yunjian("db", "check", *data, folder=tmp_path).returncode == 0
    said = yunjian(*unit, *data, folder=tmp_path)
    assert said.returncode == 0, said.stderr

    review = ("unit", "review", "济南市市中区政务服务中心", "--review-body", "济南市市中区人民政府")
    said = yunjian(*review, "--court", "济南市市中区人民法院", *data, folder=tmp_path)
    assert said.returncode == 0, said.stderr

    user = (
        *("user", "create", "sun", "--name", "孙", "--staff-number", "A-1", "--role", "clerk"),
        *("--unit", "济南市市中区政务服务中心", "--window", "3号窗口"),
    )
    said = yunjian(*user, *data, typed="too short\n", folder=tmp_path)
    assert said.returncode == 1
    said = yunjian(*user, *data, typed="long enough to keep\n", folder=tmp_path)
    assert said.returncode == 0, said.stderr
    said = yunjian(*user, *data, typed="long enough to keep\n", folder=tmp_path)
    assert said.returncode == 1
    assert "login" in said.stderr
    roles = ("user", "roles", "sun", "--role", "supervisor", "--role", "monitor_listen")
    assert yunjian(*roles, *data, folder=tmp_path).returncode == 0
    said = yunjian("user", "roles", "nobody", "--role", "clerk", *data, folder=tmp_path)
    assert said.returncode == 1
    assert "not_found" in said.stderr

    heads = tmp_path / "data" / "ledger" / "heads.jsonl"
    kept = tmp_path / "kept.jsonl"
    shutil.copy(heads, kept)
    verify = ("ledger", "verify", "--against", str(kept))
    said = yunjian(*verify, "--json", *data, folder=tmp_path)
    report = json.loads(said.stdout)
    # the beginning of the ledger, the unit, its review body, the person, his roles
    assert (said.returncode, report["ok"], report["entries"]) == (0, True, 5)
    head = json.loads(kept.read_text().splitlines()[-1])
    kept.write_text(json.dumps({**head, "root": "0" * 64}) + "\n")
    said = yunjian(*verify, *data, folder=tmp_path)
    assert said.returncode == 1
    assert "DOES NOT HOLD" in said.stdout


def test_each_command_asks_the_server_for_an_act_that_it_knows() -> None:
    commands = "".join(one.read_text() for one in Path(cli.__file__).parent.glob("*.py"))
    asked = re.findall(r'\bact\(\s*settings,\s*["\x27]([\w.-]+)', commands)
    assert sorted(asked) == sorted(ACTS)


def test_a_wrong_setting_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "yunjian.toml").write_text("colour = 'red'\n")
    said = yunjian("db", "check", folder=tmp_path)
    assert said.returncode == 2
    assert "colour" in said.stderr
    assert "Traceback" not in said.stderr
    said = yunjian("db", "check", "--config", "missing.toml", folder=tmp_path)
    assert said.returncode == 1
    assert "missing.toml" in said.stderr


@pytest.mark.timeout(120)
def test_a_data_folder_too_long_for_a_socket_is_told_in_a_line(tmp_path: Path) -> None:
    """A Unix socket of the media worker lies in it: 107 bytes, and no try could ever end otherwise."""
    long = tmp_path / ("数据" * 20)
    data = ("--data", str(long), "--port", "0")
    for command in (("serve", *data), ("media", *data[:2]), ("doctor", *data)):
        said = yunjian(*command, folder=tmp_path)
        told = said.stdout + said.stderr
        assert said.returncode == 1, told
        assert "too long for a Unix socket" in told
        assert "control.sock" in told
        assert "Traceback" not in told


def test_the_schema_has_every_message_and_a_valid_description(tmp_path: Path) -> None:
    said = yunjian("schema", "--into", str(tmp_path / "schema"), folder=tmp_path)
    assert said.returncode == 0, said.stderr
    messages = json.loads((tmp_path / "schema" / "messages.json").read_text())
    for name in ("CallDial", "CaseEdited", "MaterialProgress", "CaseView", "Ack", "CallLog"):
        assert name in messages["$defs"]
    dial = messages["$defs"]["CallDial"]
    assert set(dial["required"]) == {"id", "type", "case_id"}
    described = json.loads((tmp_path / "schema" / "openapi.json").read_text())
    assert "/api/v1/uploads/{upload_id}" in described["paths"]
    arms = json.loads((tmp_path / "schema" / "arms.json").read_text())
    assert arms["case.said"] == {"puts": {"sayings": "saying"}}
