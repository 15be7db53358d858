"""Melipayamak's codes in words."""

from portal.i18n import _l
from portal.messaging.gateway_words.table import Table

_SUPPORT = _l("Call the gateway's support.")
_TEXT = _l("Ask the gateway's support about the text.")

CODES: Table = {
    "0": (_l("The gateway refuses the key"), _l("Check MELIPAYAMAK_TOKEN.")),
    "2": (_l("The credit is used up"), _l("Charge the account, then go on.")),
    "3": (
        _l("The day's limit of the account is reached"),
        _l("Go on tomorrow, or have the gateway raise the limit."),
    ),
    "4": (
        _l("The account's limit is reached"),
        _l("Have the gateway raise the limit, then go on."),
    ),
    "5": (
        _l("The sending line is not valid"),
        _l("Check MELIPAYAMAK_LINE and the lines in the gateway's panel."),
    ),
    "6": (_l("The gateway is being updated"), _l("Sending goes on by itself.")),
    "7": (_l("The text holds a word that the gateway does not allow"), _l("Correct the text.")),
    "9": (
        _l("This line cannot be used by programs"),
        _l("Use a line of your own."),
    ),
    "10": (_l("The gateway account is disabled"), _SUPPORT),
    "11": (
        _l("The gateway did not send it"),
        _l("Correct the number, or call the gateway's support."),
    ),
    "12": (
        _l("The account's documents are incomplete"),
        _l("Have the gateway complete the account."),
    ),
    "14": (
        _l("The gateway does not allow links in the text"),
        _l("Have the gateway allow the portal's address, then go on."),
    ),
    "15": (
        _l("The text does not end with the words for stopping"),
        _l("Set SMS_SUFFIX to what the line demands."),
    ),
    "number": (_l("The number is not valid"), _l("Correct it in the contact bank.")),
    "empty": (_l("The text is empty or too long"), _l("Correct the text.")),
    "half": (_l("The text holds a character that cannot be sent"), _l("Correct the text.")),
    "text": (_l("The gateway refused for a reason it gave in words only"), _TEXT),
    "http-404": (
        _l("The gateway's address is wrong"),
        _l("Check the address in the configuration."),
    ),
    "http-429": (
        _l("Too many calls in a short time"),
        _l("Sending goes on by itself, more slowly."),
    ),
}
