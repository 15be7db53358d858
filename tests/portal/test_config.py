"""The configuration is read once, checked whole, and documented."""

from pathlib import Path

import pytest

from portal.config import ROOT, ConfigurationError, Settings, documentation, parse_hours
from portal.messaging.gateways import catalog
from portal.processes import DEFAULTS
from tests.conftest import make_settings


def test_every_problem_is_listed_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environ(
            {
                "PASOKH_ENV": "production",
                "TIMEZONE": "Mars/Olympus",
                "SMS_GATEWAY": "kavenegar",
                "DATABASE_URL": "mysql://x",
                "DATA_DIR": str(tmp_path),
            }
        )
    text = str(caught.value)
    for name in ("PUBLIC_URL", "SECRET_KEY", "TIMEZONE", "KAVENEGAR_API_KEY", "DATABASE_URL"):
        assert name in text


def test_a_value_of_the_wrong_kind_is_named() -> None:
    with pytest.raises(ConfigurationError, match="TRUSTED_PROXIES='two'"):
        Settings.from_environ({"TRUSTED_PROXIES": "two"})


def test_development_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    first = Settings.from_environ({"DATA_DIR": str(tmp_path)})
    second = Settings.from_environ({"DATA_DIR": str(tmp_path)})
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_links_survive_a_new_secret_key_when_link_key_holds_the_old_one() -> None:
    before = make_settings(secret_key="a" * 40)
    after = make_settings(secret_key="b" * 40, link_key="a" * 40)
    assert after.key_for_links() == before.key_for_links()
    assert make_settings(secret_key="b" * 40).key_for_links() != before.key_for_links()


@pytest.mark.parametrize("text", ["21-9", "25:00-09:00", "21:00", "abc"])
def test_quiet_hours_must_be_two_times(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_hours(text)


def test_the_table_in_the_documentation_is_the_one_in_the_code() -> None:
    table = (ROOT / "docs" / "configuration.md").read_text()
    assert table.count(documentation()) == 1
    assert table.count(catalog.documentation()) == 1
    assert all(f"| `{name}` | `{value}` |" in table for name, value in DEFAULTS.items())


def test_the_api_key_never_travels_in_clear() -> None:
    with pytest.raises(ConfigurationError, match="KAVENEGAR_URL"):
        Settings.from_environ(
            {
                "PASOKH_ENV": "production",
                "SMS_GATEWAY": "kavenegar",
                "KAVENEGAR_URL": "http://gateway.example",
            }
        )
