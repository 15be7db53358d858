"""Names and colours of what a letter is."""

from portal.i18n import LazyText, _l

DIRECTIONS: dict[str, LazyText] = {"out": _l("Outgoing"), "in": _l("Incoming")}
STATES: dict[str, LazyText] = {
    "draft": _l("Draft"),
    "issued": _l("Issued"),
    "sent": _l("Sent out"),
    "answered": _l("Reply received"),
    "closed": _l("Closed without a reply"),
    "cancelled": _l("Cancelled"),
    "registered": _l("Entered in the register"),
}
TONES = {
    "draft": "",
    "issued": "info",
    "sent": "info",
    "answered": "good",
    "closed": "",
    "cancelled": "warn",
    "registered": "",
}
RELATIONS: dict[str, LazyText] = {
    "correction": _l("Correction of"),
    "follow_up": _l("Further to"),
    "reply": _l("Reply to"),
}
SENT_BY: dict[str, LazyText] = {
    "secretariat": _l("By the secretariat's system"),
    "post": _l("By post"),
    "courier": _l("By courier"),
    "email": _l("By e-mail"),
    "by_hand": _l("Handed over"),
}
NUMBERINGS: dict[str, LazyText] = {
    "own": _l("The unit's own numbers, one after the other in each year"),
    "secretariat": _l("Number and date come from the city's secretariat"),
}
VIEWS: dict[str, LazyText] = {
    "": _l("All states"),
    "waiting": _l("Waiting for a reply"),
    "attention": _l("Reply is due soon or late"),
    "late": _l("Reply is late"),
    **STATES,
}
"""What the register can be narrowed to."""
INVOCATION = {"fa": "بسمه تعالی", "ar": "بسم الله الرحمن الرحيم", "en": ""}
"""A set formula of the language of the letter, not a translation."""
GREETING = {
    "fa": "با سلام و احترام",
    "ar": "السلام عليكم ورحمة الله وبركاته،",
    "en": "Dear Sir or Madam,",
}
"""How a new letter begins; whoever writes it may change it."""
