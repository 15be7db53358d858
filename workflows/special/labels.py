"""Words and colours of the pages of special messages."""

from typing import Final

from portal.i18n import LazyText, _l

WAYS: Final[dict[str, LazyText]] = {
    "unit": _l("Special follow-up unit"),
    "social": _l("Reflection on social networks"),
    "letter": _l("Official letter"),
}
REFERRAL: Final = _l("Council member")
WAY_STATES: Final[dict[str, LazyText]] = {
    "open": _l("Under way"),
    "ended": _l("Ended with an outcome"),
    "dropped": _l("Given up"),
}
REFERRAL_STATES: Final[dict[str, LazyText]] = {
    "open": _l("Under way"),
    "reported": _l("Reported back"),
    "withdrawn": _l("Withdrawn"),
}
TONES: Final = {
    "open": "info",
    "ended": "good",
    "reported": "good",
    "dropped": "",
    "withdrawn": "",
}
VIEWS: Final[dict[str, LazyText]] = {"open": _l("Under way"), "done": _l("All ways ended")}
