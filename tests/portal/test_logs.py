"""What never stands in a log."""

import pytest
from flask import Flask

from portal.logs import redact
from portal.messaging.simulator.testing import API_KEY


def test_no_personal_link_stands_in_a_log(app: Flask) -> None:
    prefixes = {*app.extensions["pasokh_link_prefixes"].values(), "/c/"}
    for prefix in prefixes:
        line = f"GET https://city.example{prefix}7K3MQ9XFABC?lang=fa failed"
        assert redact(line) == f"GET https://city.example{prefix}***?lang=fa failed"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"POST /v1/{API_KEY}/sms/send.json", "POST /v1/***/sms/send.json"),
        (
            "/hooks/sms/kavenegar/a-secret-of-22-characters/inbound",
            "/hooks/sms/kavenegar/***/inbound",
        ),
        ("GET /fa/message/7K3MQ9XFAB?x=1 failed", "GET /fa/message/***?x=1 failed"),
        ("postgresql://city:word@db/pasokh", "postgresql://city:***@db/pasokh"),
    ],
)
def test_keys_and_passwords_do_not(text: str, kept: str) -> None:
    assert redact(text) == kept
