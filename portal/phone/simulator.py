"""The simulated gateway's control address, called by the server; short timeouts."""

from typing import Any
from urllib.parse import quote

import requests
from flask import current_app

from portal.config import Settings

_TIMEOUT = (1.0, 4.0)
_MAX_BODY = 4 * 1024 * 1024


class SimulatorAwayError(Exception):
    """The simulated gateway does not answer, or none is configured."""


class SimulatorRefusedError(Exception):
    """It answered that this cannot be: no such number, an empty text."""


def handsets(limit: int = 50) -> list[dict[str, Any]]:
    """The numbers that got an SMS, the latest first."""
    found = _call("GET", f"/sim/handsets.json?limit={limit}")
    return list(found["handsets"])


def handset(number: str) -> dict[str, Any]:
    """What one telephone shows: number, national, messages."""
    return _call("GET", f"/sim/handset/{quote(number, safe='')}.json")


def reply(number: str, text: str) -> None:
    """Send an SMS from this telephone to the line that wrote to it last."""
    _call("POST", f"/sim/handset/{quote(number, safe='')}/reply", {"text": text})


def _call(verb: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    settings: Settings = current_app.extensions["pasokh_settings"]
    if not settings.simulator_url:
        raise SimulatorAwayError
    with requests.Session() as session:
        session.trust_env = False
        try:
            response = session.request(
                verb, settings.simulator_url.rstrip("/") + path, json=body, timeout=_TIMEOUT
            )
            document = response.json() if len(response.content) <= _MAX_BODY else None
        except (requests.RequestException, ValueError):
            raise SimulatorAwayError from None
    if response.status_code in {400, 404}:
        raise SimulatorRefusedError(str(response.status_code))
    if response.status_code != 200 or not isinstance(document, dict):
        raise SimulatorAwayError
    return document
