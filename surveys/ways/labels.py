"""Words for the ways and modes of answers."""

from portal.i18n import LazyText, _l

OPEN_KINDS: dict[str, LazyText] = {
    "verified": _l("Open link with a code by SMS"),
    "unverified": _l("Open link, unverifiable"),
}
UNVERIFIABLE: LazyText = _l("Unverifiable")
CHANNELS: dict[str, LazyText] = {
    "sms": _l("Invited by SMS"),
    "verified": _l("Open link, number checked"),
    "open": _l("Open link, unverifiable"),
    "phone": _l("Added by an operator"),
    "interview": _l("Interview"),
    "paper": _l("Paper"),
}
MODES: dict[str, LazyText] = {
    "link": _l("On the web page"),
    "sms": _l("Reply by SMS"),
    "phone": _l("By telephone with an operator"),
    "interview": _l("Interview"),
    "paper": _l("On paper"),
}
