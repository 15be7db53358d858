"""Typed configuration, read once from the environment.

Every setting is declared in `Settings`; `python -m portal.config` prints the table that stands in
docs/configuration.md, and a test holds the two together.
"""

import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal import tiles
from portal.messaging.gateways import catalog

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
MODES = ("production", "development", "demo", "test")


class ConfigurationError(Exception):
    """The environment does not describe a portal that can start; `problems` lists every reason."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "The configuration has problems:\n" + "\n".join(f"  - {p}" for p in problems)
        )


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Settings:
    """What the operator decides. Names are environment variables in capitals."""

    pasokh_env: str = _setting(
        "development", "`production`, `development`, `demo` (doors and simulated phones) or `test`."
    )
    public_url: str = _setting(
        "http://127.0.0.1:5000",
        "The address citizens type, without a slash at the end; links in SMS begin with it. "
        "Required in production.",
    )
    secret_key: str = _setting(
        "", "At least 32 random characters. Required in production; otherwise made and kept."
    )
    link_key: str = _setting(
        "",
        "The key that personal links in SMS are made with. Empty: SECRET_KEY. Before you change "
        "SECRET_KEY set this to its old value, or messages still waiting get links that open "
        "nothing.",
    )
    data_dir: Path = _setting(
        ROOT / "var", "Folder of embedded services, uploads and generated secrets."
    )
    answer_key_dir: str = _setting(
        "",
        "Folder of the keys that open anonymous answers. Never in a backup, never in the database. "
        "Empty: `answer-keys` in DATA_DIR.",
    )
    anonymous_minimum: int = _setting(
        20, "How many anonymous answers are opened together at least (5 or more)."
    )
    database_url: str = _setting("", "PostgreSQL 15 or newer. Empty: the embedded server.")
    redis_url: str = _setting("", "Redis 7 / Valkey 8 or newer. Empty: the bundled server.")
    plugins: tuple[str, ...] = _setting(
        ("surveys", "workflows"), "Comma-separated Python modules that hold a `plugin`."
    )
    city_name_fa: str = _setting("شهرداری نمونه", "The city's name on every page, in Persian.")
    city_name_ar: str = _setting("بلدية المدينة النموذجية", "The same in Arabic.")
    city_name_en: str = _setting("Sample City", "The same in English.")
    city_phone: str = _setting("137", "The telephone number citizens know, shown on every page.")
    default_language: str = _setting("fa", "`fa`, `ar` or `en`: when the reader asked for none.")
    timezone: str = _setting("Asia/Tehran", "The city's zone (IANA name), for every date shown.")
    trusted_proxies: int = _setting(
        0, "How many reverse proxies stand in front and set X-Forwarded-*."
    )
    sms_gateway: str = _setting(
        "",
        "A gateway's name, or several with commas: the next takes what an earlier one cannot. "
        "Empty: messages wait in the database.",
    )
    sms_line: str = _setting("", "The sending line's number.")
    sms_suffix: str = _setting("لغو11", "What the line demands at the end of every bulk SMS.")
    sms_hook_secret: str = _setting(
        "", "Secret part of the gateway's callback addresses, at least 22 characters."
    )
    exchange_hook_secret: str = _setting(
        "",
        "Secret part of the address that the telephone exchange calls, at least 22 characters. "
        "Empty: it cannot call.",
    )
    quiet_hours: str = _setting(
        "21:00-09:00", "Campaign messages wait in these local hours; empty: never."
    )
    closed_days: str = _setting(
        "wait",
        "What campaign messages do on the city's holidays and days of mourning: `wait` or `send`. "
        "Weekends are no such days; single messages always go.",
    )
    approval_above: int = _setting(
        1000, "A launch to more people needs a second person's approval; 0: never."
    )
    unreachable_after: int = _setting(
        3,
        "On how many different days in a row messages to a number must come back until it is "
        "left out of audiences; 0: never.",
    )
    totp_roles: tuple[str, ...] = _setting(
        (), "Comma-separated roles that must sign in with a second factor."
    )
    map_tiles_url: str = _setting(
        "",
        "Pictures of the map, like `https://tiles.example/{z}/{x}/{y}.png`. Empty: no map is "
        "drawn; places are typed.",
    )
    map_attribution: str = _setting("", "Whose map it is, as its owner wants it written.")
    map_centre: str = _setting(
        "35.6892,51.3890", "Latitude and longitude that an empty map begins with."
    )
    upload_limit_mb: int = _setting(16, "Largest request body, in MiB.")
    log_level: str = _setting("INFO", "`DEBUG`, `INFO`, `WARNING` or `ERROR`.")
    metrics_token: str = _setting(
        "", "Bearer token for /metrics. Empty: only from the machine itself."
    )
    simulator_url: str = _setting(
        "", "Demonstration only: the simulated gateway, for the handsets under /phone/."
    )
    gateway_options: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict, metadata={"about": ""}, repr=False
    )
    """Settings of each gateway, from variables that begin with its name."""

    @property
    def gateways(self) -> list[str]:
        """The configured gateways, the preferred one first."""
        return catalog.names_in(self.sms_gateway)

    @property
    def is_production(self) -> bool:
        return self.pasokh_env == "production"

    @property
    def is_demo(self) -> bool:
        return self.pasokh_env == "demo"

    @property
    def city_names(self) -> dict[str, str]:
        return {"fa": self.city_name_fa, "ar": self.city_name_ar, "en": self.city_name_en}

    @property
    def answer_keys(self) -> Path:
        return Path(self.answer_key_dir) if self.answer_key_dir else self.data_dir / "answer-keys"

    def key_for_links(self) -> bytes:
        """The 32-byte key of personal links, from LINK_KEY or else SECRET_KEY."""
        origin = self.link_key or self.secret_key
        return hmac.digest(origin.encode(), b"pasokh personal links", "sha256")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> "Settings":
        """Read and check the environment. Raises ConfigurationError with every problem at once."""
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        problems: list[str] = []
        for item in _variables():
            raw = environ.get(item.name.upper())
            if raw is None or (raw == "" and item.default != ""):
                if raw == "" and item.name in {
                    "quiet_hours",
                    "sms_suffix",
                    "totp_roles",
                    "plugins",
                }:
                    values[item.name] = () if isinstance(item.default, tuple) else ""
                continue
            try:
                values[item.name] = _parse(item, raw)
            except ValueError as error:
                problems.append(f"{item.name.upper()}={raw!r}: {error}")
        if problems:
            raise ConfigurationError(problems)
        names = catalog.names_in(overrides.get("sms_gateway", values.get("sms_gateway", "")))
        values["gateway_options"] = catalog.from_environ(names, environ)
        settings = cls(**{**values, **overrides})
        if not settings.is_production and not settings.secret_key:
            settings = cls(**{**values, **_kept_secrets(settings.data_dir), **overrides})
        problems = list(settings._problems(given=set(values) | set(overrides)))
        if problems:
            raise ConfigurationError(problems)
        return settings

    def _problems(self, given: set[str]) -> list[str]:
        found: list[str] = []
        if self.pasokh_env not in MODES:
            found.append(f"PASOKH_ENV={self.pasokh_env!r}: choose one of {', '.join(MODES)}")
        url = urlsplit(self.public_url)
        if url.scheme not in {"http", "https"} or not url.netloc or self.public_url.endswith("/"):
            found.append(
                f"PUBLIC_URL={self.public_url!r}: write it like https://city.example, "
                "without a slash at the end"
            )
        if self.is_production:
            if "public_url" not in given:
                found.append("PUBLIC_URL is required in production: links in SMS begin with it")
            if len(self.secret_key) < 32:
                found.append("SECRET_KEY is required in production: at least 32 random characters")
        if self.default_language not in {"fa", "ar", "en"}:
            found.append(f"DEFAULT_LANGUAGE={self.default_language!r}: choose fa, ar or en")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            found.append(f"TIMEZONE={self.timezone!r}: no such IANA zone, e.g. Asia/Tehran")
        if self.database_url and not self.database_url.startswith(
            ("postgresql://", "postgresql+psycopg://")
        ):
            found.append("DATABASE_URL must begin with postgresql://; only PostgreSQL is supported")
        if self.redis_url and not self.redis_url.startswith(("redis://", "rediss://", "unix://")):
            found.append("REDIS_URL must begin with redis://, rediss:// or unix://")
        if self.anonymous_minimum < 5:
            found.append(f"ANONYMOUS_MINIMUM={self.anonymous_minimum}: 5 is the least")
        found += catalog.problems(
            self.gateways, self.gateway_options, is_production=self.is_production
        )
        if self.sms_gateway and len(self.sms_hook_secret) < 22:
            found.append("SMS_HOOK_SECRET needs at least 22 random characters")
        if self.exchange_hook_secret and len(self.exchange_hook_secret) < 22:
            found.append("EXCHANGE_HOOK_SECRET needs at least 22 random characters")
        if self.quiet_hours:
            try:
                parse_hours(self.quiet_hours)
            except ValueError as error:
                found.append(f"QUIET_HOURS={self.quiet_hours!r}: {error}")
        if self.map_tiles_url and (why := tiles.problem_of(self.map_tiles_url)):
            found.append(f"MAP_TILES_URL={self.map_tiles_url!r}: {why}")
        try:
            tiles.centre_of(self.map_centre)
        except ValueError as error:
            found.append(f"MAP_CENTRE={self.map_centre!r}: {error}")
        if self.closed_days not in {"wait", "send"}:
            found.append(f"CLOSED_DAYS={self.closed_days!r}: choose wait or send")
        if self.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            found.append(f"LOG_LEVEL={self.log_level!r}: choose DEBUG, INFO, WARNING or ERROR")
        return found


def parse_hours(text: str) -> tuple[int, int]:
    """`21:00-09:00` as minutes of the day (1260, 540). Raises ValueError."""
    try:
        start, end = (
            int(hour) * 60 + int(minute)
            for hour, minute in (part.strip().split(":") for part in text.split("-"))
        )
    except ValueError:
        raise ValueError("write it like 21:00-09:00") from None
    if not (0 <= start < 1440 and 0 <= end <= 1440):
        raise ValueError("hours go from 00:00 to 24:00")
    return start, end


def _parse(item: "Field[Any]", raw: str) -> Any:
    kind = type(item.default)
    if kind is int:
        try:
            number = int(raw)
        except ValueError:
            raise ValueError("a whole number is needed") from None
        if number < 0:
            raise ValueError("it cannot be negative")
        return number
    if kind is tuple:
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    if isinstance(item.default, Path):
        return Path(raw).expanduser().resolve()
    return raw


def _kept_secrets(data_dir: Path) -> dict[str, str]:
    """Secrets of a development or demonstration machine: made once, kept with mode 0600."""
    path = data_dir / "secrets.json"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        made = {"secret_key": secrets.token_urlsafe(48)}
        scratch = data_dir / f".secrets-{secrets.token_hex(4)}"
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(made))
        try:
            # Hard link, not rename: of two processes that start at once the first one wins.
            path.hardlink_to(scratch)
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _variables() -> "list[Field[Any]]":
    return [item for item in fields(Settings) if item.name != "gateway_options"]


def documentation() -> str:
    """The table of every setting, as Markdown."""
    lines = ["| variable | default | what it decides |", "| --- | --- | --- |"]
    for item in _variables():
        default = item.default if item.default is not MISSING else ""
        if isinstance(default, Path):
            default = default.relative_to(ROOT)
        if isinstance(default, tuple):
            default = ",".join(default)
        shown = f"`{default}`" if default != "" else "empty"
        lines.append(f"| `{item.name.upper()}` | {shown} | {item.metadata['about']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    import sys

    sys.stdout.write(documentation() + "\n\n" + catalog.documentation() + "\n")
