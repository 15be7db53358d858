"""The day that an answer promises: what is planned for later has one that the citizen is told."""

import datetime as dt
from typing import Final

from portal.i18n import LANGUAGES, _, _l, format_date, today, use_language
from workflows.cases import moves
from workflows.cases.moves import InputRefused
from workflows.engine.model import FormField

PLANNED: Final = "planned"
FIELD: Final = "promised_on"
LABEL: Final = _l("Promised for")
HINT: Final = _l("Only with “planned for later”: the day by which the citizen will have it")
MISSING: Final = _l("Write the day for which it is promised.")
OVER: Final = _l("This day is over.")


def with_day(text: str, promised_on: dt.date | None, language: str) -> str:
    """The answer with the day first: an SMS shortens what is long. Raises InputRefused."""
    if promised_on is None:
        raise InputRefused(FIELD, MISSING)
    if promised_on < today():
        raise InputRefused(FIELD, OVER)
    with use_language(language):
        day = _("Promised for %(date)s.", date=format_date(promised_on, "long", language))
    return moves.clean(f"{day}\n{text}", "text", required=True)


def asked_for(form: tuple[FormField, ...], *, always: bool) -> tuple[FormField, ...]:
    """The form of a step; where it offers to plan for later, the day is asked for right after.

    `always`: the step plans by itself, so the day is asked for whatever else is.
    """
    if any(field.name == FIELD for field in form):
        return form
    titles = {}
    for code in LANGUAGES:
        with use_language(code):
            titles[code] = str(LABEL)
    day = FormField(FIELD, "date", titles, required=False)
    found: list[FormField] = []
    for field in form:
        found.append(field)
        if field.name == "outcome" and PLANNED in field.choices:
            found.append(day)
    if always and day not in found:
        found.append(day)
    return tuple(found)


def is_asked_for(form: tuple[FormField, ...]) -> bool:
    """Whether somebody who fills it in can name a day."""
    return any(field.name == FIELD and field.kind == "date" for field in form)
