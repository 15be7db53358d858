"""Which gateway the demonstration speaks, and what it says where that cannot be."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from demo.world import DemoError, World
from portal.messaging import account
from portal.messaging.simulator.dialects import DIALECTS


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of somebody who has set up a real gateway of his own."""
    monkeypatch.delenv("SMS_GATEWAY", raising=False)
    monkeypatch.setenv("TWILIO_SERVICE", "MG" + "0" * 32)
    monkeypatch.setenv("SMSIR_API_KEY", "a-real-key")
    monkeypatch.setenv("KAVENEGAR_PROXY", "http://proxy.example")


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_simulated_gateway_can_be_chosen(
    dialect: str,
    make_app: Callable[..., Flask],
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SMS_GATEWAY", dialect)
    world = World(tmp_path)
    settings = world.settings()
    assert settings.sms_gateway == dialect
    options = settings.gateway_options[dialect]
    assert world.simulator_url in options["url"]
    assert not {"a-real-key", "http://proxy.example"} & set(options.values())
    assert "service" not in options
    made = make_app(
        sms_gateway=dialect,
        sms_line=settings.sms_line,
        sms_hook_secret=settings.sms_hook_secret,
        gateway_options=settings.gateway_options,
    )
    with made.app_context():
        (only,) = account.accounts()
        assert (only.name, only.line) == (dialect, world.wiring.line)


def test_without_a_wish_it_is_kavenegar(tmp_path: Path) -> None:
    assert World(tmp_path).gateway == "kavenegar"


@pytest.mark.parametrize("wanted", ["sms-ir", "kavenegar,smsir"])
def test_another_name_is_answered_with_the_choices(
    wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMS_GATEWAY", wanted)
    with pytest.raises(DemoError) as caught:
        World(tmp_path / "demo")
    assert f"SMS_GATEWAY={wanted}" in str(caught.value)
    assert all(name in str(caught.value) for name in DIALECTS)
    assert not (tmp_path / "demo").exists()


def test_a_folder_keeps_its_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_GATEWAY", "ippanel")
    begun = World(tmp_path).environ
    monkeypatch.setenv("SMS_GATEWAY", "twilio")
    with pytest.raises(DemoError, match="was begun with ippanel"):
        World(tmp_path)
    monkeypatch.delenv("SMS_GATEWAY")
    again = World(tmp_path)
    assert again.gateway == "ippanel"
    assert again.environ["IPPANEL_API_KEY"] == begun["IPPANEL_API_KEY"]


def test_a_folder_of_before_there_was_a_choice_goes_on(tmp_path: Path) -> None:
    old = {"SECRET_KEY": "s" * 40, "KAVENEGAR_API_KEY": "k" * 48, "SMS_HOOK_SECRET": "h" * 32}
    (tmp_path / "demo.json").write_text(json.dumps({**old, "PORT": ""}))
    world = World(tmp_path)
    assert world.gateway == "kavenegar"
    assert world.environ["KAVENEGAR_API_KEY"] == world.environ["SIMULATOR_API_KEY"] == "k" * 48
