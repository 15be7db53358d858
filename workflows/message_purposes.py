"""The messages this plugin sends, and the texts they have until somebody writes others."""

import datetime as dt
from typing import Final

from flask import current_app

from portal import formats, links
from portal.i18n import _l, digits, format_date, format_time, today
from portal.messaging.purposes import Placeholder, TemplatePurpose

_CODE: Final = "7K3M9PQ2XW"


def _address(prefix: str) -> str:
    return f"{current_app.extensions['pasokh_settings'].public_url}{prefix}{_CODE}"


CODE: Final = Placeholder("code", _CODE)
TRACKING: Final = Placeholder("url", lambda: _address("/t/"))
TEXT: Final = Placeholder("text", _l("The lamp was repaired on the same day."))

CASES: Final = (
    TemplatePurpose(
        "cases.received",
        _l("A message to the city was registered"),
        _l(
            "Your message was registered. Tracking code: %(code)s\n%(url)s",
            code="{code}",
            url="{url}",
        ),
        (CODE, TRACKING),
    ),
    TemplatePurpose(
        "cases.answered",
        _l("A message to the city was answered"),
        _l("About your message %(code)s: %(text)s", code="{code}", text="{text}"),
        (CODE, TEXT),
    ),
    TemplatePurpose(
        "cases.step",
        _l("A step of the workflow that the citizen is told of"),
        _l("About your message: %(text)s\n%(url)s", text="{text}", url="{url}"),
        (TEXT, TRACKING),
    ),
    TemplatePurpose(
        "cases.feedback",
        _l("Question whether the answer is accepted"),
        _l(
            "About your message %(code)s: %(text)s\nIf you agree, answer %(accept)s; if not, "
            "answer %(object)s and write why.",
            code="{code}",
            text="{text}",
            accept="{accept}",
            object="{object}",
        ),
        (
            CODE,
            TEXT,
            Placeholder("accept", lambda: digits("31")),
            Placeholder("object", lambda: digits("33")),
        ),
    ),
    TemplatePurpose(
        "cases.accepted",
        _l("The citizen accepted the answer"),
        _l("Thank you. Your message %(code)s is closed.", code="{code}"),
        (CODE,),
    ),
    TemplatePurpose(
        "cases.objected",
        _l("The citizen objected to the answer"),
        _l(
            "Your objection was registered; somebody else looks into message %(code)s again."
            "\n%(url)s",
            code="{code}",
            url="{url}",
        ),
        (CODE, TRACKING),
    ),
)

_TITLE: Final = Placeholder("title", _l("Mayor call-in"))
_DATE: Final = Placeholder("date", lambda: format_date(today()))
_TIME: Final = Placeholder("time", lambda: format_time(_hour(16)))
_END: Final = Placeholder("end", lambda: format_time(_hour(18)))
_PAGE: Final = Placeholder("url", lambda: _address("/c/"))
_PLACE: Final = Placeholder("place", _l("Central mosque"), required=False)
_FACTS: Final = {
    name: f"{{{name}}}"
    for name in ("title", "date", "time", "end", "code", "url", "phone", "place")
}


def _hour(hour: int) -> dt.datetime:
    return formats.utc(today(), dt.time(hour))


CALLINS: Final = (
    TemplatePurpose(
        "callins.code",
        _l("Code to register for a call-in"),
        # The code last: phones offer the last number of an SMS for filling in.
        _l("%(title)s: your code to register is\n%(code)s", **_FACTS),
        (_TITLE, Placeholder("code", "0" * links.CODE_LENGTH, late=True)),
    ),
    TemplatePurpose(
        "callins.registered_place",
        _l("Registered for a meeting, press conference or visit"),
        _l(
            "%(title)s, %(date)s at %(time)s, %(place)s: you are registered. Code: %(code)s"
            "\nTo see or cancel: %(url)s",
            **_FACTS,
        ),
        (_TITLE, _DATE, _TIME, _PLACE, CODE, _PAGE),
    ),
    TemplatePurpose(
        "callins.reminder_place",
        _l("Reminder of a meeting, press conference or visit"),
        _l(
            "Reminder: %(title)s, %(date)s from %(time)s to %(end)s, %(place)s. You cannot take "
            "part? Cancel here: %(url)s",
            **_FACTS,
        ),
        (_TITLE, _DATE, _TIME, _END, _PLACE, _PAGE),
    ),
    TemplatePurpose(
        "callins.registered",
        _l("Registered for a call-in"),
        _l(
            "%(title)s, %(date)s at %(time)s: you are registered. We call this number during "
            "the session. Code: %(code)s\nTo see or cancel: %(url)s",
            **_FACTS,
        ),
        (_TITLE, _DATE, _TIME, CODE, _PAGE),
    ),
    TemplatePurpose(
        "callins.waiting",
        _l("On the waiting list of a call-in"),
        _l(
            "%(title)s, %(date)s at %(time)s: you are on the waiting list. We write to you "
            "when a place becomes free. Code: %(code)s\n%(url)s",
            **_FACTS,
        ),
        (_TITLE, _DATE, _TIME, CODE, _PAGE),
    ),
    TemplatePurpose(
        "callins.promoted",
        _l("A place in a call-in became free"),
        _l(
            "A place became free: you are registered for %(title)s, %(date)s at %(time)s. "
            "Code: %(code)s\nTo see or cancel: %(url)s",
            **_FACTS,
        ),
        (_TITLE, _DATE, _TIME, CODE, _PAGE),
    ),
    TemplatePurpose(
        "callins.reminder",
        _l("Reminder of a call-in"),
        _l(
            "Reminder: %(title)s, %(date)s from %(time)s to %(end)s. Please keep this telephone "
            "near you. You cannot take part? Cancel here: %(url)s",
            **_FACTS,
        ),
        (_TITLE, _DATE, _TIME, _END, _PAGE),
    ),
    TemplatePurpose(
        "callins.moved",
        _l("A call-in was moved"),
        _l(
            "%(title)s has been moved to %(date)s, %(time)s to %(end)s. Your registration stays. "
            "Code: %(code)s\n%(url)s",
            **_FACTS,
        ),
        (_TITLE, _DATE, _TIME, _END, CODE, _PAGE),
    ),
    TemplatePurpose(
        "callins.cancelled",
        _l("A call-in was cancelled"),
        _l(
            "%(title)s on %(date)s does not take place. We are sorry. For your request call "
            "%(phone)s or write to us in the portal.",
            **_FACTS,
        ),
        (_TITLE, _DATE, Placeholder("phone", lambda: digits("137"), required=False)),
    ),
    TemplatePurpose(
        "callins.promised",
        _l("A promise was made in a call-in"),
        _l(
            "%(title)s: you were promised “%(promise)s” by %(date)s. "
            "Tracking code: %(code)s\n%(url)s",
            promise="{promise}",
            **_FACTS,
        ),
        (_TITLE, Placeholder("promise", _l("A visit of the street")), _DATE, CODE, TRACKING),
    ),
)

MATTERS: Final = (
    TemplatePurpose(
        "cases.joined",
        _l("A message was joined with another about the same matter"),
        _l(
            "Others have reported the same as your message %(code)s. They are followed up "
            "together, and you hear what becomes of it.\n%(url)s",
            code="{code}",
            url="{url}",
        ),
        (CODE, TRACKING),
    ),
    TemplatePurpose(
        "cases.parted",
        _l("A joined message is followed on its own again"),
        _l(
            "Your message %(code)s is followed up on its own again.\n%(url)s",
            code="{code}",
            url="{url}",
        ),
        (CODE, TRACKING),
    ),
    TemplatePurpose(
        "cases.divided",
        _l("A second matter of a message became a case of its own"),
        _l(
            "Your message %(first)s held two matters. The second has a tracking code of its own: "
            "%(code)s\n%(url)s",
            first="{first}",
            code="{code}",
            url="{url}",
        ),
        (Placeholder("first", "4T8N1R6ZB0"), CODE, TRACKING),
    ),
)

PURPOSES: Final = (*CASES, *CALLINS, *MATTERS)
