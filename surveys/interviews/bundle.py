"""All that a phone needs to ask one version of a questionnaire: every page in every language.

The pages are drawn by the templates of the survey page and checked by its script, so that an
interview looks and behaves as the survey does.
"""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

from flask import render_template

from portal import clock
from portal.i18n import _, digits, direction, local, use_language
from surveys.interviews import offline
from surveys.questionnaires import answers as conversions
from surveys.questionnaires import display, flow, in_page
from surveys.questionnaires.expressions import number_to_string
from surveys.questionnaires.fields import Field
from surveys.questionnaires.schema import Page, Question, Questionnaire


def of(q: Questionnaire, version_id: int) -> dict[str, Any]:
    """The bundle as JSON. `q` must have no obstacles."""
    at = clock.now()
    return {
        "version": version_id,
        "now": int(local(at).replace(tzinfo=dt.UTC).timestamp() * 1000),
        "moments": offline.moments(q),
        "languages": {code: _in(q, code, at) for code in offline.languages(q)},
    }


def _in(q: Questionnaire, lang: str, at: dt.datetime) -> dict[str, Any]:
    page = offline.whole(q)
    answers = flow.initial_answers(q, at)
    with use_language(lang):
        logic = in_page.page_logic(q, page, answers, lang, at, is_whole=True)
        assert logic is not None  # noqa: S101 (a whole form always has one)
        fields = _fields(q, page, logic, answers=answers, lang=lang, at=at)
        sections = []
        for number, each in enumerate(q.pages, 1):
            own = [field for field in fields if q.page_of[field.name] is each]
            if own:
                sections.append((number, display.heading(q, each, answers, lang, at), own))
        html = render_template("interviews/_form.html", sections=sections)
        return {
            "dir": direction(lang),
            "title": display.text_in(q.title, lang, q).text,
            "html": html,
            "logic": json.loads(logic.json),
            "questions": [_entry(q, x, answers, lang, at) for x in page.questions if x.is_answered],
        }


def _fields(
    q: Questionnaire,
    page: Page,
    logic: in_page.PageLogic,
    *,
    answers: dict[str, Any],
    lang: str,
    at: dt.datetime,
) -> list[Field]:
    """Everything that may be asked at any time. Rows of tables and places cannot be moved in and
    out by the script: they lie on the page, and it hides them."""
    moving = in_page.plan_of(q, page).moving
    wanted = {
        x.name
        for x in page.questions
        if x.name in logic.hidden or x.name in moving or logic.state.asked(x)
    }
    drawn = display.fields(
        q, page, answers, lang, at=at, logic=replace(logic, hidden=frozenset(wanted))
    )
    return [
        replace(each, is_hidden=each.name in logic.hidden) for each in drawn if each.name in wanted
    ]


def _entry(
    q: Questionnaire, question: Question, answers: dict[str, Any], lang: str, at: dt.datetime
) -> dict[str, Any]:
    kind = in_page.KINDS.get(question.type, "")
    if question.type in {"date", "dateTime"} and question.looks & {"year", "month-year"}:
        kind = ""
    found: dict[str, Any] = {
        "n": question.name,
        "k": kind or ("rank" if question.type == "rank" else "other"),
        "missing": str(conversions.missing(question)),
        "unusable": _unusable(question),
    }
    if flow.State(q, answers, at, lang).is_required(question):
        found["required"] = 1
    if "numbers" in question.looks:
        found["latin"] = 1
    if question.bounds:
        found["bounds"] = list(question.bounds)
    return found


def _unusable(question: Question) -> str:
    """What to say of what was typed and is no answer."""
    if question.type == "range" and question.bounds:
        first, last, step = question.bounds
        return _(
            "Choose a number from %(first)s to %(last)s in steps of %(step)s.",
            first=digits(number_to_string(min(first, last))),
            last=digits(number_to_string(max(first, last))),
            step=digits(number_to_string(abs(step))),
        )
    match question.type:
        case "integer":
            return _("Type a whole number, e.g. 12.")
        case "decimal":
            return _("Type a number, e.g. 12.5.")
        case "text" | "barcode":
            return _("Your answer is too long. Shorten it to 5,000 characters.")
        case _:
            return str(conversions.missing(question))
