"""What is done otherwise with the answers of an anonymous survey."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portal import formats
from portal.i18n import _
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.state import order_name
from surveys.responses import travelling
from surveys.responses.link import Link


def without_orders(q: Questionnaire, answers: dict[str, Any]) -> dict[str, Any]:
    """Answers without the order in which choices were shown: that comes from the token, and would
    tell whoever can make tokens whose answers these are."""
    orders = {order_name(question.name) for question in q.questions if question.randomize}

    def kept(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: [kept(each) if isinstance(each, dict) else each for each in value]
            if isinstance(value, list)
            else value
            for name, value in row.items()
            if name not in orders
        }

    return kept(answers) if orders else answers


def told_moment(link: Link, now: dt.datetime) -> dt.datetime:
    """The moment that calculations to be stored see as now(): in an anonymous survey the day of
    the launch, for a time in the answers would be that of the invitation."""
    if not link.is_anonymous:
        return now
    return formats.utc(formats.local(link.launched_at or now).date())


def told_day(link: Link, now: dt.datetime) -> dt.datetime:
    """A moment as it may be written beside an invitation: of an anonymous survey its day alone."""
    return formats.utc(formats.local(now).date()) if link.is_anonymous else now


def with_luggage(link: Link, luggage: str, at: dt.datetime) -> Link:
    """The link of an anonymous survey with the answers that travelled in its form."""
    found = travelling.unpack(link.invitation_id, luggage, at)
    if found is None:
        return link
    version_id, answers = found
    return replace(link, version_id=version_id, answers=answers, response_state="draft")


def too_long() -> str:
    return _("Your answers together are too long to be sent. Shorten this one.")
