"""The settings of one process: one frozen object, read once where the program is composed.

Later sources win: the defaults below, a TOML file (`--config`, YUNJIAN_CONFIG, or
yunjian.toml in the current folder), files of the folder YUNJIAN_SECRETS (yunjian_bus_secret),
the environment (YUNJIAN_PORT=...), the flags of the command. Unknown names in the file are refused; secrets never appear in repr or logs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from media.wire import turn
from server.standards.codes import ITEM_CODE
from server.standards.languages import Language
from server.standards.numbering import STANDARD_TEMPLATE, Numbering
from server.store import StoreSettings
from server.store.backup import Kept
from server.store.blobs import Digest

CONFIG_VARIABLE: Final = "YUNJIAN_CONFIG"
SECRETS_VARIABLE: Final = "YUNJIAN_SECRETS"
"""A folder of files that are each one setting, named as its variable in lower case (docker, podman)."""
EXTERNAL_SECRET_AT_LEAST: Final = 32
DEFAULT_CONFIG: Final = Path("yunjian.toml")


class Settings(BaseSettings):
    """What whoever runs a node may choose. Make it with `Settings.load(flags, config)`."""

    model_config = SettingsConfigDict(
        env_prefix="YUNJIAN_", extra="forbid", frozen=True, str_strip_whitespace=True
    )

    data: Path = Path("yunjian-data")
    """Folder of everything this node keeps: database, blobs, ledger heads, uploads, recordings."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    """0 lets the system choose; the address is told when the server is up."""
    origins: tuple[str, ...] = ()
    """Further origins whose pages may speak to us, e.g. https://yunjian.example; our own always may."""
    public_url: str | None = Field(None, pattern="^https?://[^/@?#]+$")
    """Where applicants reach the pages, e.g. https://yunjian.example: the code on papers leads to the page
    that tells how the case stands. Without, the code holds the 办件编号 alone."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies whose X-Forwarded-For and -Proto are believed."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    idle_s: float = Field(1800.0, ge=0)
    """Seconds after which a session that nobody uses ends, but in a call, on duty and while a file is
    sent; so long a page on duty waits before it asks whether somebody is there. 0: never."""

    database_url: str | None = Field(None, repr=False)
    """sqlite+aiosqlite:///path or postgresql+asyncpg://...; without: SQLite in `data`."""
    redis_url: str | None = Field(None, repr=False)
    """Needed only with several nodes."""
    bus_secret: SecretStr | None = None
    """Signs what nodes tell each other over Redis; the same on all nodes, 16 characters or more."""
    blob_root: Path | None = None
    ledger_folder: Path | None = None
    """Key and signed heads of the ledger; best on another disk than the database."""
    ledger_key: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """Fingerprint of the key in that folder, as `yunjian ledger key` tells it: with another key, or
    none, the node does not start."""
    ledger_join: bool = False
    """Let a further node make a key of its own, and name it in the ledger, beside a database in which
    entries are sealed; without, it does not start with an empty folder there."""

    seals_dir: Path | None = None
    """Keys, certificates and pictures of the units' electronic seals; read by the node's user alone, the
    same on all nodes."""

    backup_key: Path | None = None
    """File of 32 random bytes or more by which backups are sealed; keep a copy of it elsewhere."""
    rings_at_once: int = Field(12, ge=1, le=200)
    """So many approvers of a unit are rung together, the longest free first; the next ones after a
    ring's time or a decline."""

    sms_url: str | None = Field(
        None,
        pattern=r"^(https://[^@?#\s]+|http://(127\.0\.0\.1|localhost|\[::1\])[:/][^@?#\s]*)$",
        repr=False,
    )
    """Where the gateway for short messages takes one (docs/telling.md); without, people tell applicants."""
    sms_secret: SecretStr | None = None
    """Signs messages and receipts; 16 characters or more."""
    external_secret: SecretStr | None = None
    """From it the keys of external systems are drawn that report by API (docs/external.md); 32 characters or more."""
    external_hosts: tuple[str, ...] = ()
    """To which hosts messages to external systems may go, by https; none: to no system (docs/external.md)."""
    sms_templates: Mapping[str, str] = Field(default_factory=dict)
    """What the gateway calls its approved template for a step, where it is not the name of the step."""

    media_workers: tuple[Path, ...] = ()
    """Control sockets of workers that run by themselves (`yunjian media`) and that all nodes of this
    machine share, by the same paths; without: a worker of this node's own, as its child."""
    media_host: str = ""
    """Address of this machine that the media worker binds (UDP); without: the one that leads outward."""
    media_advertised: tuple[str, ...] = ()
    """Addresses at which browsers reach the worker, when they differ (behind a NAT)."""
    media_port: int = Field(0, ge=0, le=65535)
    """UDP port of the media worker; 0 lets the system choose."""
    media_codec: Literal["VP8", "VP9", "H264", "AV1"] = "VP8"
    """The codec of pictures where everybody in the call has it."""

    media_calls: int = Field(100, ge=0)
    """So many calls a media worker takes; it refuses the next one. 0: any number."""
    media_load: float = Field(0.8, ge=0, le=1)
    """The share of a core from which on a media worker takes no new call. 0: it takes any."""

    early_view: bool = True
    """Whether files may be looked at while they arrive; off where a virus scanner must come first."""
    clamd: str | None = Field(
        None, pattern=r"^(/.+|\[[0-9A-Fa-f:]+\]:[0-9]{1,5}|[^:/]+:[0-9]{1,5})$"
    )
    """Path of clamd's socket, or host:port. With it nothing of a file is shown before it was found
    clean, and there is no early view; while it does not answer, new files stay locked."""
    scan_max_bytes: int = Field(25 * 1024 * 1024, gt=0)
    """Larger files are not scanned, and stay locked. Not above clamd's StreamMaxLength and MaxFileSize."""
    turn_urls: tuple[str, ...] = ()
    """STUN and TURN servers that pages are told, e.g. turn:turn.yunjian.example:3478?transport=udp."""
    turn_secret: SecretStr | None = None
    """What coturn calls static-auth-secret."""
    turn_lives_s: int = Field(turn.CREDENTIAL_LIVES_S, ge=15, le=86_400)
    """How long a credential made with it is good; pages in a call renew it before."""

    hash: Digest = "sha256"
    """sm3: recordings have their SM3 (GB/T 32905) in the ledger too, beside the SHA-256."""

    drain_limit_s: float = Field(1800.0, ge=0)
    """Seconds that running calls are given to end once this node is asked to end."""

    case_number_template: str = STANDARD_TEMPLATE
    """办件编号: {code}, {day} and, last, {serial}, in Python's format language; 50 characters at most."""
    item_code_pattern: str = ITEM_CODE
    """Regular expression that the code of an imported item must match whole."""

    max_upload_bytes: int = Field(200 * 1024 * 1024, gt=0)
    upload_silence_s: float = Field(60.0, gt=0)
    """Seconds after which a sender who brings nothing is cut off; what arrived stays."""
    quota_person_files: int = Field(1000, ge=0)
    """Files that one person may bring within 24 hours; 0, here and below: any number."""
    quota_person_bytes: int = Field(20 * 1024**3, ge=0)
    quota_unit_files: int = Field(20_000, ge=0)
    """The same for all people of a unit together."""
    quota_unit_bytes: int = Field(200 * 1024**3, ge=0)

    keep_acks_days: int = Field(7, ge=1)
    """So long the answer to a command is kept, for a page that sends it again."""
    keep_sign_ins_days: int = Field(30, ge=1)
    """So long a sign-in that is over is kept; that it was is in the ledger for good."""
    keep_jobs_days: int = Field(30, ge=1)
    """So long a job that has ended is kept, with what became of it."""

    keep_events_days: int = Field(30, ge=7)
    """So long events stand as rows for pages that follow; then they are let go, and those of cases, like
    what was measured in calls, packed for the replay. So long a phone's link that has ended is kept, too."""

    node_address: str | None = Field(None, pattern="^https?://[^/@]+/?$")
    """Where other nodes reach this one, e.g. http://10.0.0.2:8080; without: what arrives here is
    looked at and continued here alone."""
    font_dirs: tuple[Path, ...] = ()
    """Folders with the Chinese fonts that papers are set in; without: where systems keep Noto CJK."""
    language: Language = "zh-CN"
    """Language of those who name none."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def load(
        cls,
        flags: Mapping[str, Any] | None = None,
        config: Path | None = None,
        *,
        serves: bool = True,
    ) -> Settings:
        """Read all sources. Flags that are None count as not given. For a process that does not
        serve, other nodes and TURN servers are left out, so that it needs none of their secrets.

        Raises pydantic.ValidationError for a wrong or unknown value and FileNotFoundError
        when a file that was named explicitly is not there.
        """
        named = config or (
            Path(os.environ[CONFIG_VARIABLE]) if CONFIG_VARIABLE in os.environ else None
        )
        if named is not None and not named.is_file():
            raise FileNotFoundError(f"no such settings file: {named}")
        path = named or DEFAULT_CONFIG

        class _Sourced(cls):  # type: ignore[valid-type, misc]
            @classmethod
            def settings_customise_sources(
                cls,
                settings_cls: type[BaseSettings],
                init_settings: PydanticBaseSettingsSource,
                env_settings: PydanticBaseSettingsSource,
                dotenv_settings: PydanticBaseSettingsSource,
                file_secret_settings: PydanticBaseSettingsSource,
            ) -> tuple[PydanticBaseSettingsSource, ...]:
                secret = os.environ.get(SECRETS_VARIABLE)
                files = SecretsSettingsSource(settings_cls, secret) if secret else None
                read = (init_settings, env_settings, *([files] if files else ()))
                return *read, TomlConfigSettingsSource(settings_cls, path)

        given = {name: value for name, value in (flags or {}).items() if value is not None}
        if not serves:
            given |= {"redis_url": None, "node_address": None, "turn_urls": ()}
            given |= {"sms_url": None, "sms_secret": None}
        settings: Settings = _Sourced(**given)
        return settings

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together")
        if self.redis_url is not None and (
            self.bus_secret is None or len(self.bus_secret.get_secret_value()) < 16
        ):
            raise ValueError("redis_url needs a bus_secret of 16 characters or more")
        if (self.sms_url is None) != (self.sms_secret is None) or (
            self.sms_secret is not None and len(self.sms_secret.get_secret_value()) < 16
        ):
            raise ValueError("sms_url and an sms_secret of 16 characters or more belong together")
        if (
            self.external_secret is not None
            and len(self.external_secret.get_secret_value()) < EXTERNAL_SECRET_AT_LEAST
        ):
            raise ValueError("external_secret has 32 characters or more")
        if self.node_address is not None and self.bus_secret is None:
            raise ValueError("node_address needs the bus_secret of all nodes")
        for url in self.turn_urls:
            turn.Server.parse(url)
        Numbering(self.case_number_template)
        try:
            re.compile(self.item_code_pattern)
        except re.error as error:
            raise ValueError(f"item_code_pattern: {error}") from None
        if self.turn_secret is None and any(not url.startswith("stun:") for url in self.turn_urls):
            raise ValueError("turn_urls with a TURN server need a turn_secret")
        return self

    @property
    def shows_early(self) -> bool:
        """Whether files may be looked at while they arrive."""
        return self.early_view and self.clamd is None

    @property
    def seals(self) -> Path:
        """The folder with the seals of the units."""
        return (self.seals_dir or self.data / "seals").absolute()

    @property
    def numbering(self) -> Numbering:
        """How cases are numbered."""
        return Numbering(self.case_number_template)

    @property
    def store(self) -> StoreSettings:
        """What server.store needs of these, with paths inside `data` made whole."""
        data = self.data.absolute()
        return StoreSettings(
            database_url=self.database_url or f"sqlite+aiosqlite:///{data / 'yunjian.sqlite'}",
            redis_url=self.redis_url,
            bus_secret=None
            if self.bus_secret is None
            else self.bus_secret.get_secret_value().encode(),
            blob_root=(self.blob_root or data / "blobs").absolute(),
            ledger_dir=(self.ledger_folder or data / "ledger").absolute(),
            ledger_key=self.ledger_key,
            ledger_join=self.ledger_join,
        )

    @property
    def kept(self) -> Kept:
        """Everything that a backup of this node holds."""
        data, store = self.data.absolute(), self.store
        return Kept(
            database_url=store.database_url,
            blob_root=store.blob_root,
            ledger_dir=store.ledger_dir,
            beside={"uploads": data / "uploads", "segments": data / "media" / "segments"},
        )
