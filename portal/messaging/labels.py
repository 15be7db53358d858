"""The words for states and reasons, and what to do about a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal.i18n import LazyText, _, _l
from portal.messaging import gateway_words

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
    "budget": (
        _l("The budget is used up"),
        _l("Raise the budget on the page of the campaign, then go on sending."),
    ),
    "no_price": (
        _l("There is a budget, but the price of an SMS is not known"),
        _l("Enter the prices under Messages, then go on sending."),
    ),
    "busy": (_l("It waits for its turn under the gateway's limit"), _NOTHING),
    "late": (_l("A sending process was too slow; it is sent again"), _NOTHING),
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
        _l("Check the address in the configuration and the server's certificates."),
    ),
    "address": (
        _l("The gateway's address is wrong"),
        _l("Check the address in the configuration."),
    ),
    "sender": (_l("No sending line is set"), _l("Set SMS_LINE.")),
    "blocked": (_l("The subscriber blocks such messages"), _NOTHING),
    "cancelled": (_l("Cancelled at the gateway"), _NOTHING),
    "failed": (_l("The gateway could not send it"), _NOTHING),
}


def explain(reason: str | None) -> Reason | None:
    """A reason code in words; an unknown code is shown as it is."""
    if not reason:
        return None
    gateway, _colon, rest = reason.rpartition(":")
    if gateway.count(":"):  # "kavenegar:timeout: no answer in time"
        gateway, rest = reason.split(":", 2)[0], reason.split(":", 2)[1]
    found = gateway_words.of(gateway, rest) or _CODES.get(rest)
    if found is None:
        return Reason(
            reason, _("Code %(code)s", code=reason), _("Look it up in the gateway's manual.")
        )
    return Reason(reason, str(found[0]), str(found[1]))


def batch_state(state: str, done: bool) -> str:
    """The word for a batch: a running one with nothing left to send is finished."""
    return "finished" if state == "running" and done else state
