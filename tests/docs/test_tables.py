"""Tables of the documents say what the program does."""

import re
from typing import Any

import pytest
from flask import Flask

from portal import beat
from portal.config import ROOT
from portal.contacts.labels import reason_of
from portal.contacts.rows import REASONS
from portal.i18n import use_language
from portal.messaging.gateways import smsir
from portal.messaging.gateways.kavenegar import KINDS, PER_MESSAGE
from portal.messaging.models import STATES
from portal.plugin import Plugin
from portal.security import ADMINISTRATOR, permissions


def _rows(page: str) -> list[list[str]]:
    text = (ROOT / "docs" / page).read_text()
    lines = re.findall(r"^\|(.*)\|$", text, re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def _words(cell: str) -> set[str]:
    return {word.strip(" `") for word in cell.split(",") if word.strip()}


@pytest.mark.surveys
@pytest.mark.workflows
def test_the_table_of_roles_is_current(_shared_app: Flask) -> None:
    written = {
        row[0].strip("`"): _words(row[2])
        for row in _rows("administrators.md")
        if len(row) == 3 and row[0].startswith("`")
    }
    with _shared_app.app_context():
        real = {name: set(roles) - {ADMINISTRATOR} for name, roles in permissions().items()}
    assert written == real


@pytest.mark.surveys
@pytest.mark.workflows
def test_the_table_of_periodic_jobs_is_current(_shared_app: Flask) -> None:
    written = {
        row[0].strip("`"): row[1]
        for row in _rows("operate.md")
        if row[0].startswith("`portal.") or row[0].startswith(("`surveys.", "`workflows."))
    }
    with _shared_app.app_context():
        real = {item.job.name: f"{item.every_seconds} s" for item in beat.periodic_jobs()}
    assert written == real


def test_the_table_of_checks_is_complete(app: Flask) -> None:
    from portal.cli import diagnose

    written = {row[0].strip("`") for row in _rows("operate.md")}
    with app.app_context():
        names = {item["check"] for item in diagnose()} - {"configuration"}
    assert {re.sub(r"^(translations) ..$", r"\1", each) for each in names} <= written


def test_the_fields_of_a_plugin_are_all_described() -> None:
    written = {row[0].strip("`") for row in _rows("plugins.md")}
    assert set(Plugin.__dataclass_fields__) <= written


def test_every_reason_for_a_rejected_row_is_described(context: Flask) -> None:
    written = {row[0] for row in _rows("campaigns.md")}
    with use_language("en"):
        assert {reason_of(code) for code in (*REASONS, "duplicate")} <= written


def test_every_state_of_a_message_is_described() -> None:
    written: set[str] = set()
    for row in _rows("gateways.md"):
        written |= _words(row[0])
    assert set(STATES) <= written


def test_what_gateway_codes_lead_to() -> None:
    promised: dict[str, Any] = {
        "401, 403": {"stop_gateway"},
        "407, 412, 416, 424, 426, 427, 432, 501, 607": {"config"},
        "418": {"pause"},
        "420": {"stop_campaign"},
        "402": {"ambiguous"},
        "409, 429, 451": {"retry", "rate_limited"},
    }
    written = {row[0] for row in _rows("gateways.md")}
    for codes, kinds in promised.items():
        assert codes in written
        assert {KINDS[int(code)] for code in codes.split(", ")} == kinds
    listed = {int(code) for codes in promised for code in codes.split(", ")} | PER_MESSAGE
    assert {KINDS[code] for code in set(KINDS) - listed} == {"bug"}


def test_what_the_codes_of_sms_ir_lead_to() -> None:
    promised = {
        "0": "ambiguous",
        "10, 11, 13, 14": "stop_gateway",
        "12, 101, 119, 123": "config",
        "20": "rate_limited",
        "102, 118": "pause",
        "117": "stop_campaign",
    }
    written = {row[0] for row in _rows("gateways.md")}
    for codes, kind in promised.items():
        assert codes in written
        assert {smsir.KINDS[int(code)] for code in codes.split(", ")} == {kind}
    listed = {int(code) for codes in promised for code in codes.split(", ")}
    assert {smsir.KINDS[code] for code in set(smsir.KINDS) - listed} == {"bug"}
    assert ", ".join(map(str, sorted(smsir.PER_MESSAGE))) in written
