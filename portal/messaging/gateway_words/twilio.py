"""Twilio's codes in words."""

from portal.i18n import _l
from portal.messaging.gateway_words.table import NOTHING, Table

_SLOWER = _l("Sending goes on by itself, more slowly.")
_NUMBER = _l("Correct it in the contact bank.")

CODES: Table = {
    "14107": (_l("Too many calls in a short time"), _SLOWER),
    "20003": (
        _l("The gateway refuses the key"),
        _l("Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."),
    ),
    "20404": (_l("The gateway does not know the account"), _l("Check TWILIO_ACCOUNT_SID.")),
    "20429": (_l("Too many calls in a short time"), _SLOWER),
    "21211": (_l("The number is not valid"), _NUMBER),
    "21408": (
        _l("The account may not send to that country"),
        _l("Allow the country in the gateway's panel, under Geo Permissions."),
    ),
    "21602": (_l("The text is empty or too long"), _l("Correct the text.")),
    "21603": (_l("No sending line is set"), _l("Set TWILIO_LINE or TWILIO_SERVICE.")),
    "21606": (
        _l("The sending line is not valid"),
        _l("Check TWILIO_LINE and the lines in the gateway's panel."),
    ),
    "21608": (
        _l("The account may only send test messages"),
        _l("Have the gateway complete the account."),
    ),
    "21609": (
        _l("The gateway refuses the address for reports"),
        _l("Check PUBLIC_URL, or TWILIO_STATUS_CALLBACK if it is set."),
    ),
    "21610": (_l("The person stopped messages at the gateway"), NOTHING),
    "21611": (_l("The gateway's queue is full"), _SLOWER),
    "21612": (_l("The line cannot reach that number"), NOTHING),
    "21614": (_l("The number is no mobile number"), _NUMBER),
    "21617": (_l("The text is empty or too long"), _l("Shorten the text.")),
    "21703": (
        _l("The messaging service has no number"),
        _l("Add a number to it in the gateway's panel."),
    ),
    "21705": (_l("The messaging service is not known"), _l("Check TWILIO_SERVICE.")),
    "30001": (_l("The gateway's queue is full"), _l("Sending goes on by itself.")),
    "30002": (_l("The gateway account is disabled"), _l("Call the gateway's support.")),
    "30003": (_l("The handset was out of reach"), NOTHING),
    "30004": (_l("The subscriber blocks such messages"), NOTHING),
    "30005": (_l("The number does not exist"), _NUMBER),
    "30006": (_l("The number is a landline or out of reach"), _NUMBER),
    "30007": (
        _l("The operator filtered the message"),
        _l("Ask the gateway's support about the text."),
    ),
    "30008": (_l("The operator gave no reason"), NOTHING),
    "30010": (
        _l("The message costs more than the account allows"),
        _l("Raise the highest price in the gateway's panel."),
    ),
    "30410": (
        _l("The operator did not answer in time"),
        _l("The gateway is being asked; it is not sent twice."),
    ),
}
