"""What a portal must be told to send through the simulator, dialect by dialect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from portal.messaging.simulator.twilio import ACCOUNT


@dataclass(frozen=True, slots=True)
class Wiring:
    """`options(url, key)`: the gateway's settings as the catalog names them."""

    line: str
    options: Callable[[str, str], dict[str, str]]
    reaches_abroad: bool = True
    """Whether it takes numbers of other countries."""


def _with_api_key(url: str, key: str) -> dict[str, str]:
    return {"url": url, "api_key": key}


def _generic(url: str, key: str) -> dict[str, str]:
    """Also in docs/gateways.md."""
    return {
        "url": f"{url}/messages",
        "body": '{"to": "{to}", "from": "{line}", "text": "{text}", "reference": "{id}"}',
        "header": "X-Api-Key",
        "secret": key,
        "success_pointer": "/status",
        "success_value": "accepted",
        "id_pointer": "/id",
        "error_pointer": "/code",
        "errors": "permanent=413,422;blocked=409;pause=402;stop_campaign=403;retry=503",
        "status_url": f"{url}/messages/{{message_id}}",
        "status_pointer": "/state",
        "states": "accepted=QUEUED;at_operator=SENT;delivered=DELIVRD;undelivered=UNDELIV;"
        "blocked=BLOCKED;failed=FAILED",
        "find_url": f"{url}/references/{{id}}",
        "find_missing": "404",
        "callback_id": "id",
        "callback_state": "state",
        "inbound_time": "time",
    }


def _melipayamak(url: str, key: str) -> dict[str, str]:
    return {"url": url, "token": key}


def _twilio(url: str, key: str) -> dict[str, str]:
    return {"url": url, "account_sid": ACCOUNT, "auth_token": key, "suffix": "-"}


WIRING: Final[Mapping[str, Wiring]] = {
    "kavenegar": Wiring("30001370", _with_api_key),
    "smsir": Wiring("30004455", _with_api_key, reaches_abroad=False),
    "generic": Wiring("50001", _generic),
    "ippanel": Wiring("3000505", _with_api_key, reaches_abroad=False),
    "melipayamak": Wiring("50002710001", _melipayamak),
    "twilio": Wiring("+15005550006", _twilio),
}
"""One for each dialect of portal.messaging.simulator.dialects."""


def environment(dialect: str, url: str, key: str) -> dict[str, str]:
    """The settings as variables, for a simulator at `url`."""
    wiring = WIRING[dialect]
    given = {"line": wiring.line, **wiring.options(url, key)}
    return {f"{dialect}_{name}".upper(): text for name, text in given.items()}
