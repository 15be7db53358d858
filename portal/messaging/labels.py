"""The words for states and reasons, and what to do about a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal.i18n import LazyText, _, _l

STATES: Final[Mapping[str, LazyText]] = {
    "created": _l("Waiting"),
    "claimed": _l("Being sent"),
    "accepted": _l("Accepted by the gateway"),
    "at_operator": _l("At the operator"),
    "delivered": _l("Delivered"),
    "undelivered": _l("Not delivered"),
    "blocked": _l("Blocked by the subscriber"),
    "expired": _l("No report came"),
    "unknown": _l("Outcome unknown"),
    "suppressed": _l("Not sent: opted out"),
    "cancelled": _l("Cancelled"),
    "failed": _l("Failed"),
}

BATCH_STATES: Final[Mapping[str, LazyText]] = {
    "running": _l("Sending"),
    "paused": _l("Paused"),
    "cancelled": _l("Cancelled"),
    "finished": _l("Finished"),
}

HANDLERS: Final[Mapping[str, LazyText]] = {
    "opt_out": _l("Stopped messages"),
    "rejoin": _l("Takes messages again"),
    "unreadable": _l("Could not be read"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code in words. `advice` is empty where nothing need be done."""

    code: str
    text: str
    advice: str


_NOTHING: Final = ""
_CODES: Final[Mapping[str, tuple[LazyText, LazyText | str]]] = {
    "opted_out": (_l("The person does not want messages"), _NOTHING),
    "batch_cancelled": (_l("The sending was cancelled"), _NOTHING),
    "no_link": (
        _l("No personal link could be made"),
        _l("The part of the portal that makes these links is not configured."),
    ),
    "not_accepted": (_l("The gateway had not taken it; it is sent again"), _NOTHING),
    "lease_lapsed": (
        _l("A sending process ended in the middle"),
        _l("The gateway is being asked; it is not sent twice."),
    ),
    "outcome_unknown": (
        _l("The gateway never said what became of it"),
        _l("Ask the gateway's support about this time of day."),
    ),
    "no_report": (_l("The operator sent no report for two days"), _NOTHING),
    "timeout": (
        _l("The gateway did not answer in time"),
        _l("The gateway is being asked; it is not sent twice."),
    ),
    "connection": (
        _l("The connection broke"),
        _l("The gateway is being asked; it is not sent twice."),
    ),
    "connect": (
        _l("The gateway cannot be reached"),
        _l("Sending goes on by itself. If it lasts, check the server's network."),
    ),
    "certificate": (
        _l("The gateway's certificate is not trusted"),
        _l("Check KAVENEGAR_URL and the server's certificates."),
    ),
    "address": (_l("The gateway's address is wrong"), _l("Check KAVENEGAR_URL.")),
    "sender": (_l("No sending line is set"), _l("Set SMS_LINE.")),
    "blocked": (_l("The subscriber blocks such messages"), _NOTHING),
    "cancelled": (_l("Cancelled at the gateway"), _NOTHING),
    "failed": (_l("The gateway could not send it"), _NOTHING),
}
_KAVENEGAR: Final[Mapping[str, tuple[LazyText, LazyText | str]]] = {
    "401": (_l("The gateway account is disabled"), _l("Call the gateway's support.")),
    "402": (
        _l("The gateway says the operation failed"),
        _l("The gateway is being asked; it is not sent twice."),
    ),
    "403": (_l("The gateway refuses the key"), _l("Check KAVENEGAR_API_KEY.")),
    "407": (
        _l("The gateway does not know this server"),
        _l("Register the server's address in the gateway's panel."),
    ),
    "409": (_l("The gateway is too busy"), _l("Sending goes on by itself.")),
    "411": (_l("The number is not valid"), _l("Correct it in the contact bank.")),
    "412": (
        _l("The sending line is not valid"),
        _l("Check SMS_LINE and the lines in the gateway's panel."),
    ),
    "413": (_l("The text is empty or too long"), _l("Shorten the text.")),
    "416": (
        _l("The gateway does not know this server"),
        _l("Register the server's address in the gateway's panel."),
    ),
    "418": (_l("The credit is used up"), _l("Charge the account, then go on.")),
    "420": (
        _l("The gateway does not allow links in the text"),
        _l("Have the gateway allow the portal's address, then go on."),
    ),
    "422": (_l("The text holds a character that cannot be sent"), _l("Correct the text.")),
    "427": (_l("The line lacks a permission"), _l("Ask the gateway's support for it.")),
    "429": (_l("The gateway limits this server"), _l("Sending goes on by itself, more slowly.")),
    "451": (_l("Too many calls in a short time"), _l("Sending goes on by itself, more slowly.")),
    "501": (
        _l("The account may only send test messages"),
        _l("Have the gateway complete the account."),
    ),
}


def explain(reason: str | None) -> Reason | None:
    """A reason code in words; an unknown code is shown as it is."""
    if not reason:
        return None
    gateway, _colon, rest = reason.rpartition(":")
    if gateway.count(":"):  # "kavenegar:timeout: no answer in time"
        gateway, rest = reason.split(":", 2)[0], reason.split(":", 2)[1]
    found = (_KAVENEGAR.get(rest) if gateway == "kavenegar" else None) or _CODES.get(rest)
    if found is None:
        return Reason(
            reason, _("Code %(code)s", code=reason), _("Look it up in the gateway's manual.")
        )
    return Reason(reason, str(found[0]), str(found[1]))


def batch_state(state: str, done: bool) -> str:
    """The word for a batch: a running one with nothing left to send is finished."""
    return "finished" if state == "running" and done else state
