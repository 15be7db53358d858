"""SMS.ir's codes in words."""

from portal.i18n import _l
from portal.messaging.gateway_words.table import NOTHING, Table

_ADDRESS = (
    _l("The gateway does not know this server"),
    _l("Register the server's address in the gateway's panel."),
)
_OURS = (_l("The gateway says that it was called wrongly"), _l("Report this code as a defect."))

CODES: Table = {
    "0": (
        _l("The gateway had a problem of its own"),
        _l("The gateway is being asked; it is not sent twice."),
    ),
    "10": (_l("The gateway refuses the key"), _l("Check SMSIR_API_KEY.")),
    "11": (_l("The key is switched off"), _l("Switch the key on in the gateway's panel.")),
    "12": _ADDRESS,
    "13": (_l("The gateway account is disabled"), _l("Call the gateway's support.")),
    "14": (_l("The gateway account is suspended"), _l("Call the gateway's support.")),
    "20": (
        _l("Too many calls in a short time"),
        _l("Sending goes on by itself, more slowly."),
    ),
    "101": (
        _l("The sending line is not valid"),
        _l("Check SMS_LINE and the lines in the gateway's panel."),
    ),
    "102": (_l("The credit is used up"), _l("Charge the account, then go on.")),
    "103": (_l("The text is empty"), _l("Correct the text.")),
    "104": (_l("The number is not valid"), _l("Correct it in the contact bank.")),
    **dict.fromkeys(map(str, range(105, 114)), _OURS),
    "114": _OURS,
    "115": (_l("The number is on the gateway's blacklist"), NOTHING),
    "116": _OURS,
    "117": (
        _l("The gateway does not allow this text"),
        _l("Have the gateway approve the text, then go on."),
    ),
    "118": (
        _l("The gateway's limit on the number of messages is reached"),
        _l("Ask the gateway's support for more, then go on."),
    ),
    "119": (
        _l("The account's plan does not include this"),
        _l("Upgrade the plan in the gateway's panel."),
    ),
    "123": (
        _l("The sending line is not activated"),
        _l("Activate the line in the gateway's panel."),
    ),
    "null": (
        _l("The number is not valid or the text is too long"),
        _l("Correct the number or shorten the text."),
    ),
    "half": (_l("The text holds a character that cannot be sent"), _l("Correct the text.")),
}
