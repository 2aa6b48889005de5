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
from pydantic import ValidationError

from media.control import SOCKET_NAME
from server.catalogue import api as catalogue
from server.settings import Settings
from tests.kit import proxies
from tests.kit.capabilities import need

DEPLOY = Path(__file__).parents[2] / "deploy"
VARIABLE = re.compile(r"YUNJIAN_([A-Z_]+)")
NOT_SETTINGS = {"CONFIG", "SECRETS"}
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


def test_the_values_of_the_compose_file_are_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As docker would fill them in, with each secret in a file of its own, they make settings that hold
    together: those of the server, and without a secret those of the worker and of the upgrade."""
    secret = {
        "yunjian_database_url": "postgresql+asyncpg://yunjian:one@127.0.0.1/yunjian",
        "yunjian_redis_url": "redis://:two@127.0.0.1:6379/0",
        "yunjian_bus_secret": "a secret between nodes", "yunjian_turn_secret": "three",
    }  # fmt: skip
    services = compose()["services"]
    for name, value in services["serve"]["environment"].items():
        told = value.replace("${PUBLIC_ADDRESS:?}", "192.0.2.10")
        assert "$" not in told, name
        monkeypatch.setenv(name, told)

    def settings_of(service: str, *, serves: bool) -> Settings:
        (folder := tmp_path / service).mkdir()
        for name in services[service].get("secrets", ()):
            (folder / name).write_text(secret[name] + "\n")
        monkeypatch.setenv("YUNJIAN_SECRETS", str(folder))
        return Settings.load(serves=serves)

    settings = settings_of("serve", serves=True)
    assert settings.media_advertised == ("192.0.2.10",)
    assert settings.media_workers == (settings.data / "media" / SOCKET_NAME,)
    assert len(settings.turn_urls) == 2
    assert settings.drain_limit_s == 1800
    assert settings.database_url == secret["yunjian_database_url"]
    assert settings.redis_url == secret["yunjian_redis_url"]
    assert settings.bus_secret is not None
    assert settings.bus_secret.get_secret_value() == secret["yunjian_bus_secret"]
    assert settings_of("upgrade", serves=False).database_url == settings.database_url
    media = settings_of("media", serves=False)
    assert (media.database_url, media.redis_url, media.bus_secret, media.turn_secret) == (None,) * 4


def test_containers_are_bounded_and_told_no_secret() -> None:
    """Read, not run: no test starts a container."""
    told = compose()
    may_add = {"postgres", "nginx"}
    for name, service in told["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert ("cap_add" in service) is (name in may_add), name
        assert "SYS_ADMIN" not in service.get("cap_add", ()), name
        assert service["tmpfs"], name
        words = " ".join(map(str, service.get("command", ())))
        values = " ".join(f"{k}={v}" for k, v in service.get("environment", {}).items())
        assert not re.search(r"(?i)(secret|password|requirepass)[=:\s]", words), name
        assert not re.search(r"(?i)(password|_secret)=", values), name
        assert set(re.findall(r"\$\{(\w+)", words + values)) <= {"PUBLIC_ADDRESS"}, name
        assert set(service.get("secrets", ())) <= set(told["secrets"]), name
    assert "secrets" not in told["services"]["media"]
    assert told["services"]["media"]["volumes"] == ["media:/var/lib/yunjian/media"]
    assert told["services"]["upgrade"]["secrets"] == ["yunjian_database_url"]
    # An image that is read-only and has no ledger of its own to write to would lose it.
    for path in told["services"]["serve"]["volumes"]:
        assert path.partition(":")[0] in told["volumes"]


def test_nobody_is_killed_before_the_drain_limit() -> None:
    limit_s = Settings().drain_limit_s
    minutes = re.fullmatch(r"(\d+)m", compose()["services"]["serve"]["stop_grace_period"])
    assert minutes is not None
    assert int(minutes.group(1)) * 60 >= limit_s + 10
    stops = unit("yunjian.service")["Service"]["TimeoutStopSec"]
    assert int(stops.removesuffix("s")) >= limit_s + 10


def test_every_command_of_units_and_compose_is_ours() -> None:
    from server.__main__ import cli
    from server.cli.record import database

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


EXPOSURE_AT_MOST = {"yunjian": 3.0, "yunjian-media": 2.0, "yunjian-backup": 2.0}
"""By systemd's own count, of 10. The server may make name spaces, for the walls of its children."""


@pytest.mark.parametrize("name", EXPOSURE_AT_MOST)
def test_a_unit_is_bounded(name: str) -> None:
    need("systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         str(DEPLOY / "systemd" / f"{name}.service")],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    [level] = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert float(level) <= EXPOSURE_AT_MOST[name], done.stdout
    told = unit(f"{name}.service")["Service"]
    assert told["CapabilityBoundingSet"] == ""
    assert told["NoNewPrivileges"] == "yes"
    assert told["ProtectSystem"] == "strict"


def test_a_unit_reads_the_secrets_that_it_needs_and_no_others() -> None:
    def read(name: str) -> set[str]:
        text = (DEPLOY / "systemd" / name).read_text()
        found = re.findall(r"^(?:EnvironmentFile=-?|LoadCredential=\S+:)(\S+)$", text, re.MULTILINE)
        return {Path(one).name for one in found}

    assert read("yunjian.service") == {"database.env", "serve.env"}
    assert read("yunjian-media.service") == set()
    assert read("yunjian-backup.service") == {"database.env", "backup.key"}
    assert "TRUSTED_PROXIES" in (DEPLOY / "systemd" / "yunjian.service").read_text()
    media = unit("yunjian-media.service")["Service"]
    assert media["TemporaryFileSystem"] == "/var/lib/yunjian:ro"
    assert media["BindPaths"] == "/var/lib/yunjian/media"


def test_worker_and_backup_take_settings_without_the_secrets_of_the_server(tmp_path: Path) -> None:
    """They read the same file of settings, which names TURN servers and Redis."""
    config = tmp_path / "yunjian.toml"
    config.write_text(
        'turn_urls = ["turn:192.0.2.10:3478"]\nredis_url = "redis://127.0.0.1"\nmedia_port = 40000\n'
    )
    with pytest.raises(ValidationError, match="secret"):
        Settings.load(config=config)
    settings = Settings.load(config=config, serves=False)
    assert (settings.media_port, settings.turn_urls, settings.redis_url) == (40000, (), None)


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    need("nginx")
    done = proxies.tested(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr, done.stderr


def test_nginx_hands_on_what_must_not_be_kept() -> None:
    text = (DEPLOY / "nginx" / "yunjian.conf").read_text()
    blocks = dict(re.findall(r"location ([^{\n]+) \{(.*?)\n    \}", text, re.DOTALL))
    # A location that sets one header of its own loses all that stand above it.
    assert [name for name, block in blocks.items() if "proxy_set_header" in block] == []
    for header in ("Host", "X-Forwarded-For", "X-Forwarded-Proto", "Upgrade", "Connection"):
        assert re.search(rf"^    proxy_set_header {header} ", text, re.MULTILINE), header
    [uploads] = [one for name, one in blocks.items() if "uploads" in name]
    assert "proxy_request_buffering off" in uploads
    assert "client_max_body_size 0" in uploads
    [reading] = [one for name, one in blocks.items() if "materials" in name]
    assert "proxy_buffering off" in reading
    [most] = re.findall(r"client_max_body_size (\d+)m", blocks["= /api/v1/catalogue"])
    assert int(most) * 1024**2 > catalogue.MAX_SHEET_BYTES


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
