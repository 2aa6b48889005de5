"""The examples of deploy/: what they configure exists, and the programs they are for take them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from media.control import SOCKET_NAME
from server.settings import Settings
from tests.kit.capabilities import need

DEPLOY = Path(__file__).parents[2] / "deploy"
VARIABLE = re.compile(r"YUNJIAN_([A-Z_]+)")
NOT_SETTINGS = {"CONFIG"}
"""Read by the program, but no setting."""


def compose() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return told


def unit(name: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((DEPLOY / "systemd" / name).read_text())
    return parser


def test_every_variable_is_a_setting() -> None:
    named = {
        (path.name, name.lower())
        for path in DEPLOY.rglob("*")
        if path.is_file()
        for name in VARIABLE.findall(path.read_text())
        if name not in NOT_SETTINGS
    }
    assert len(named) > 10
    assert {one for one in named if one[1] not in Settings.model_fields} == set()


def test_the_values_of_the_compose_file_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """As docker would fill them in, they make settings that hold together."""
    filled = {
        "POSTGRES_PASSWORD": "one", "REDIS_PASSWORD": "two", "PUBLIC_ADDRESS": "192.0.2.10",
        "YUNJIAN_BUS_SECRET": "a secret between nodes", "YUNJIAN_TURN_SECRET": "three",
    }  # fmt: skip
    environment = compose()["services"]["serve"]["environment"]
    for name, value in environment.items():
        told = re.sub(r"\$\{(\w+):\?\}", lambda found: filled[found.group(1)], value)
        assert "$" not in told, name
        monkeypatch.setenv(name, told)
    settings = Settings.load()
    assert settings.media_advertised == ("192.0.2.10",)
    assert settings.media_workers == (settings.data / "media" / SOCKET_NAME,)
    assert len(settings.turn_urls) == 2
    assert settings.drain_limit_s == 1800


def test_nobody_is_killed_before_the_drain_limit() -> None:
    limit_s = Settings().drain_limit_s
    minutes = re.fullmatch(r"(\d+)m", compose()["services"]["serve"]["stop_grace_period"])
    assert minutes is not None
    assert int(minutes.group(1)) * 60 >= limit_s + 10
    stops = unit("yunjian.service")["Service"]["TimeoutStopSec"]
    assert int(stops.removesuffix("s")) >= limit_s + 10


def test_every_command_of_units_and_compose_is_ours() -> None:
    from server.__main__ import cli, database

    commands = {
        one.name or one.callback.__name__ for one in cli.registered_commands if one.callback
    }
    assert {"serve", "media", "backup", "restore", "doctor"} <= commands
    for path in (DEPLOY / "systemd").glob("*.service"):
        for line in re.findall(r"/opt/yunjian/bin/yunjian (\w+)", path.read_text()):
            assert line in {*commands, "db"}, path.name
    for name, service in compose()["services"].items():
        if service.get("image") == "yunjian":
            first, *more = service["command"]
            assert first in {*commands, "db"}, name
            if first == "db":
                assert more[0] in {one.name for one in database.registered_commands}


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    need("systemd-analyze")
    program = shutil.which("systemd-analyze")
    assert program is not None
    for path in (DEPLOY / "systemd").iterdir():
        # The program and the account of the examples are not on this machine.
        text = path.read_text().replace("/opt/yunjian/bin/yunjian", "/bin/true")
        text = re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
    done = subprocess.run(
        [program, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, timeout=30, check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "yunjian" in line]
    assert ours == []


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    need("nginx")
    assert program is not None
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("yunjian.example")
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "fullchain.pem"))
    text = (DEPLOY / "nginx" / "yunjian.conf").read_text().replace("/etc/yunjian", str(tmp_path))
    (tmp_path / "yunjian.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {tmp_path}/{kind}; " for kind in kinds)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {folders}include {tmp_path}/yunjian.conf; }}\n"
    )
    done = subprocess.run(
        [program, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr, done.stderr


def test_nginx_hands_on_what_must_not_be_kept() -> None:
    text = (DEPLOY / "nginx" / "yunjian.conf").read_text()
    blocks = dict(re.findall(r"location (\S+(?: \S+)?) \{(.*?)\n    \}", text, re.DOTALL))
    assert "proxy_set_header Upgrade" in blocks["/socket.io/"]
    assert "proxy_request_buffering off" in blocks["/api/v1/uploads"]
    assert "client_max_body_size 0" in blocks["/api/v1/uploads"]
    [reading] = [one for name, one in blocks.items() if "materials" in name]
    assert "proxy_buffering off" in reading


def test_turn_relays_to_nothing_but_the_worker() -> None:
    lines = (DEPLOY / "coturn" / "turnserver.conf").read_text().splitlines()
    told = [line for line in lines if line and not line.startswith("#")]
    assert "use-auth-secret" in told
    assert "no-cli" in told
    assert [line for line in told if line.startswith("denied-peer-ip")] == [
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]
    assert not any("secret=" in line for line in told)
