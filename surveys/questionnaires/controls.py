"""Questions that take more than one field: dates, places, rankings."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.i18n import _, digits

from . import dateparts
from .schema import Choice, Question


@dataclass(frozen=True, slots=True)
class Part:
    """One field of several under one question; all are sent under the question's name, in order.
    With `options` (value, text) it is a list to choose from."""

    id: str
    label: str
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    inputmode: str = "numeric"
    size: str = "short"
    """How wide: short (2 digits), year, long."""
    autocomplete: str = "off"


def of_moment(question: Question, values: Sequence[str], lang: str) -> tuple[Part, ...]:
    """Day, month, year, hour, minute, as far as asked. `values`: one stored, or parts as sent."""
    names = dateparts.wanted(question.type, question.looks)
    calendar = dateparts.calendar_of(lang)
    if len(values) == len(names) and (len(names) > 1 or len(values[0]) < 5):
        typed = list(values)
        # What was typed stays in the calendar it was typed in.
        for value in typed:
            if value.partition("-")[0] in (dateparts.PERSIAN, dateparts.GREGORIAN):
                calendar = value.partition("-")[0]
    else:
        stored = next((value for value in values if value), "")
        typed = dateparts.split(stored, names, calendar)
        typed = [text if "-" in text else digits(text, lang) for text in typed]
    labels = {
        "day": _("Day"),
        "month": _("Month"),
        "year": _("Year"),
        "hour": _("Hour"),
        "minute": _("Minute"),
    }
    return tuple(
        Part(
            f"q-{question.name}-{name}",
            labels[name],
            value,
            dateparts.months(calendar, lang) if name == "month" else (),
            size={"year": "year", "month": "month"}.get(name, "short"),
        )
        for name, value in zip(names, typed, strict=True)
    )


def of_place(question: Question, values: Sequence[str], lang: str) -> tuple[Part, ...]:
    """Latitude and longitude."""
    typed = values[0].split() if len(values) == 1 else list(values)
    typed = [*typed, "", ""][:2]
    if len(values) == 1:
        typed = [digits(text, lang) for text in typed]
    return tuple(
        Part(f"q-{question.name}-{name}", label, value, inputmode="text", size="place")
        for name, label, value in zip(
            ("latitude", "longitude"), (_("Latitude"), _("Longitude")), typed, strict=True
        )
    )


def of_ranking(
    question: Question, choices: Sequence[tuple[Choice, str]], values: Sequence[str], lang: str
) -> tuple[Part, ...]:
    """A list of places for each choice (with its text). `values`: names in order, or as sent."""
    names = [choice.name for choice, _text in choices]
    places = {name: f"{name}={place}" for place, name in enumerate(values, 1) if name in names}
    for value in values:
        name, equals, place = value.rpartition("=")
        if equals and name in names and place.isdigit():
            places[name] = value
    return tuple(
        Part(
            f"q-{question.name}-{number}",
            text,
            places.get(choice.name, ""),
            tuple(
                (f"{choice.name}={place}", digits(place, lang))
                for place in range(1, len(choices) + 1)
            ),
            size="rank",
        )
        for number, (choice, text) in enumerate(choices)
    )
