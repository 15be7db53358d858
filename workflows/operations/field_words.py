"""Everything the page of field supervisors says by script, in the language of its reader."""

from typing import Final

from portal.i18n import LazyText, _l, current_language
from portal.text import localized_digits

_TEXTS: Final[dict[str, LazyText]] = {
    "counts": _l(
        "%(waiting)s waiting to be sent, %(sent)s sent", waiting="{waiting}", sent="{sent}"
    ),
    "online": _l("There is a network."),
    "offline": _l("There is no network. Everything is kept on this phone."),
    "ready": _l("Ready to be used without a network."),
    "notReady": _l("Not ready to be used without a network yet. Open this page once with one."),
    "asOf": _l("As of %(time)s", time="{time}"),
    "none": _l("You have no open visit."),
    "due": _l("due %(time)s", time="{time}"),
    "late": _l("Overdue"),
    "urgent": _l("Urgent"),
    "open": _l("Open"),
    "recorded": _l("Recorded, not sent yet"),
    "arrived": _l("Arrival recorded at %(time)s", time="{time}"),
    "draft": _l("Begun"),
    "kept": _l("Kept on this phone."),
    "sending": _l("Sending…"),
    "failed": _l("The network broke off. Nothing is lost; it is sent again later."),
    "busy": _l("Too many at once. The rest is sent in a minute."),
    "error": _l("The portal could not take a record just now. It stays here and is sent again."),
    "signIn": _l("You are no longer signed in. Nothing is lost: sign in, then it is sent."),
    "other": _l("Somebody else is signed in on this phone. Sign in as yourself to send."),
    "toSignIn": _l("Sign in"),
    "full": _l(
        "This phone has no room left: nothing more can be kept. Send what waits, or delete "
        "photos and apps, then save again. What you typed is still in the form."
    ),
    "noStore": _l(
        "This browser keeps nothing, so the page works only with a network. Use the links below."
    ),
    "chooseFinding": _l("Choose what you found."),
    "writeReason": _l("Write why it is not settled, or what else is needed."),
    "writeWords": _l("Write what you saw, or add a photo."),
    "tooMany": _l("At most %(number)s photos of one visit.", number="{number}"),
    "badPhoto": _l("This file is no photo that the phone can read."),
    "located": _l("The place is recorded."),
    "notLocated": _l("The place could not be found."),
    "photoBefore": _l("Photo of before, %(number)s", number="{number}"),
    "photoAfter": _l("Photo of after, %(number)s", number="{number}"),
    "photoCitizen": _l("Photo %(n)s of the citizen", n="{number}"),
    "remove": _l("Remove"),
    "again": _l("Send again"),
    "correct": _l("Correct"),
    "delete": _l("Delete"),
    "sureDelete": _l("Delete this record? It has not been sent."),
    "recordArrival": _l("Arrival"),
    "recordFinding": _l("Finding"),
    "line": _l("%(what)s, %(code)s, %(time)s", what="{what}", code="{code}", time="{time}"),
    "address": _l("Address"),
    "message": _l("What the citizen says"),
    "check": _l("What to check there"),
    "map": _l("Show on the map of the phone"),
}


def texts() -> dict[str, str]:
    found = {name: str(text) for name, text in _TEXTS.items()}
    return {**found, "digits": localized_digits("0123456789", current_language())}
