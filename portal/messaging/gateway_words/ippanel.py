"""IPPanel's codes in words."""

from portal.i18n import _l
from portal.messaging.gateway_words.table import Table

CODES: Table = {
    "400-1": (_l("The gateway refuses the key"), _l("Check IPPANEL_API_KEY.")),
    "404": (
        _l("The gateway's address is wrong"),
        _l("Check the address in the configuration."),
    ),
    "429": (
        _l("The gateway took it for a repetition"),
        _l("The gateway is being asked; it is not sent twice."),
    ),
    "from_number": (
        _l("The sending line is not valid"),
        _l("Check IPPANEL_LINE and the lines in the gateway's panel."),
    ),
    "recipients": (_l("The number is not valid"), _l("Correct it in the contact bank.")),
    "message": (_l("The text is empty or too long"), _l("Shorten the text.")),
    "half": (_l("The text holds a character that cannot be sent"), _l("Correct the text.")),
}
