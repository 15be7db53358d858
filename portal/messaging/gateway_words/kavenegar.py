"""Kavenegar's codes in words."""

from portal.i18n import _l
from portal.messaging.gateway_words.table import Table

CODES: Table = {
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
