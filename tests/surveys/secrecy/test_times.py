"""No moment finer than a day gets into an anonymous answer, whatever the form calculates."""

import datetime as dt

import pytest
from flask import Flask

from portal import clock
from portal.db import db
from portal.i18n import use_language
from surveys.campaigns import launching, services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.questionnaires.schema import Question, Questionnaire
from surveys.secrecy import suitability
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.responses.phone import Phone
from tests.surveys.secrecy.boxes import DAY, close, make_anonymous, opened, sweep

BEGUN = question("begun", "calculate", calculation="once(now())")
TIMED = form(
    [question("a"), BEGUN, question("copy", "calculate", calculation="once(${begun})")],
    [question("b"), question("late", "calculate", calculation="now()")],
)


def test_what_is_calculated_once_is_told_the_day_of_the_launch(
    app: Flask, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surveys.secrecy.services.minimum", lambda: 1)
    monkeypatch.setattr("surveys.secrecy.opening.minimum", lambda: 1, raising=False)
    campaign = make_anonymous(TIMED)
    with clock.freeze(dt.datetime(2026, 3, 4, 10, 17, 23, tzinfo=dt.UTC)):
        phone = Phone(app, make_invitation(campaign)[1])
        phone.open()
        phone.send(a="x")
        clock.shift(minutes=13)
        phone.send(b="y")
        close(campaign)
        clock.shift(2 * DAY)
        sweep()
    (response,) = opened()
    assert {"a", "b", "begun", "copy", "late"} <= response.answers.keys()
    for name in ("begun", "copy", "late"):
        assert "T00:00:00" in response.answers[name], (name, response.answers[name])


def test_a_confidential_survey_keeps_the_first_moment(app: Flask) -> None:
    from tests.surveys.responses.phone import stored

    with clock.freeze(dt.datetime(2026, 3, 4, 10, 17, 23, tzinfo=dt.UTC)):
        phone = Phone(app, make_invitation(make_campaign(make_survey(form=TIMED)))[1])
        phone.open()
        phone.send(a="x")
        clock.shift(minutes=13)
        phone.send(b="y")
    (response,) = stored(app)
    assert "13:47:23" in response.answers["begun"], "10:17 UTC in Tehran"
    assert "14:00:23" in response.answers["late"]


def with_default(text: str, **fields: object) -> Question:
    return question("when", "dateTime", default_expression=text, **fields)


@pytest.mark.parametrize(
    ("q", "names"),
    [
        (form([with_default("now()")]), ["when"]),
        (form([with_default("${begun}"), BEGUN]), ["when"]),
        (form([question("x", calculation="string(now())")]), ["x"]),
        (form([question("fin", "end")], [question("x", default_expression="${fin}")]), ["x"]),
        (form([with_default("today()")]), []),
        (form([with_default("now()", read_only=True)]), []),
        (form([BEGUN, question("x", relevant="${begun} != ''")]), []),
    ],
)
def test_a_moment_proposed_as_an_answer_is_refused(q: Questionnaire, names: list[str]) -> None:
    assert suitability.timed(q) == names


def test_neither_a_launch_nor_a_switch_takes_such_a_form(app: Flask, context: Flask) -> None:
    bad = form([with_default("now()")])
    draft = make_campaign(make_survey(form=bad), state="draft", secrecy="anonymous")
    with use_language("en"):
        problems = launching.plan(db.session.get_one(Campaign, draft.id)).problems
    assert any("now()" in each and "when" in each for each in problems)
    running = make_anonymous(TIMED)
    code = db.session.get_one(Campaign, running.id).version.survey.code
    make_survey(code, bad)
    with pytest.raises(CampaignError) as refused:
        services.switch_version(running.id, 2)
    assert refused.value.code == "secrecy"
    db.session.rollback()
    confidential = make_campaign(make_survey("OPEN", TIMED))
    make_survey("OPEN", bad)
    assert services.switch_version(confidential.id, 2)
