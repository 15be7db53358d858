"""What the generic gateway says of itself; the codes of the provider are in its own manual."""

from portal.i18n import _l
from portal.messaging.gateway_words.table import Table

_REFUSED = (_l("The gateway refuses the key"), _l("Check GENERIC_SECRET and GENERIC_HEADER."))
_NOT_THERE = (
    _l("There is nothing at the gateway's address"),
    _l("Check GENERIC_URL and GENERIC_VERB."),
)
_ASKED = _l("The gateway is being asked, if it can be; it is not sent twice.")

CODES: Table = {
    "http-401": _REFUSED,
    "http-403": _REFUSED,
    "http-404": _NOT_THERE,
    "http-405": _NOT_THERE,
    "http-429": (
        _l("Too many calls in a short time"),
        _l("Sending goes on by itself, more slowly."),
    ),
    "http-500": (_l("The gateway had a problem of its own"), _ASKED),
    "http-502": (_l("The gateway had a problem of its own"), _ASKED),
    "http-503": (_l("The gateway had a problem of its own"), _ASKED),
    "no_id": (_l("The gateway accepted it without naming it"), _l("Check GENERIC_ID_POINTER.")),
    "no_success": (
        _l("The gateway's answer was not understood"),
        _l("Check GENERIC_SUCCESS_POINTER and the gateway's manual."),
    ),
    "number": (_l("The number is not valid"), _l("Correct it in the contact bank.")),
    "text": (_l("The text is empty"), _l("Correct the text.")),
    "half": (_l("The text holds a character that cannot be sent"), _l("Correct the text.")),
}
