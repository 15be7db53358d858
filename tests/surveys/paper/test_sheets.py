"""A sheet from the printer to one answer, through the pages of the office."""

import csv
import datetime as dt
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.audit.models import AuditEntry, AuditPayload
from portal.db import db
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign, Invitation
from surveys.paper import jobs, reading, serials, services
from surveys.paper.models import PaperSheet
from surveys.questionnaires.xlsform import read
from surveys.quotas.models import Quota
from surveys.sampling.models import CampaignSample
from surveys.secrecy.models import SealedAnswer
from tests.factories.accounts import csrf_token
from tests.factories.surveys import (
    make_campaign,
    make_invitation,
    make_survey,
    question,
    questionnaire,
)
from tests.queries import count_queries
from tests.surveys.paper.office import Office, errors_in, sheet_of
from tests.surveys.responses.phone import stored
from tests.surveys.secrecy.boxes import answer, close, make_anonymous, opened, sweep

EVERY_TYPE = Path(__file__).parents[1] / "questionnaires" / "every_type.md"
pytestmark = pytest.mark.usefixtures("app")
FORM = questionnaire(
    [
        question("way", "select_one", "bus walk", required=True),
        question("age", "integer", constraint=". < 120", required=True),
    ],
    [question("idea")],
)


@pytest.fixture
def campaign(app: Flask) -> Campaign:
    return make_campaign(make_survey(form=FORM))


@pytest.fixture
def office(app: Flask) -> Office:
    return Office(app)


def actions(app: Flask) -> list[str]:
    with app.app_context():
        found = select(AuditEntry.action).where(AuditEntry.action.like("paper.%"))
        return list(db.session.scalars(found.order_by(AuditEntry.id)))


def test_typed_twice_alike_a_sheet_is_one_answer(
    app: Flask, office: Office, campaign: Campaign
) -> None:
    (sheet,) = office.print(campaign)
    assert office.one.type(sheet, way="bus", age="۳۴", idea="كوچه").status_code == 303
    assert stored(app) == [], "one entry is no answer"
    assert sheet_of(app, sheet).state == "first"
    assert office.two.type(sheet, way="bus", age="34", idea="کوچه ").status_code == 303
    (response,) = stored(app)
    assert (response.state, response.mode, response.language) == ("complete", "paper", "fa")
    assert response.answers == {"way": "bus", "age": 34, "idea": "كوچه"}
    with app.app_context():
        invitation = db.session.scalars(select(Invitation)).one()
        assert (invitation.channel, invitation.state, invitation.contact_id) == (
            "paper",
            "answered",
            None,
        )
        body = str(db.session.scalars(select(AuditPayload.body)).all())
        assert "کوچه" not in body and "bus" not in body
    done = sheet_of(app, sheet)
    assert (done.state, done.first, done.second, done.compared, done.differing) == (
        "complete", None, None, 3, 0
    )  # fmt: skip
    assert actions(app) == ["paper.printed", "paper.typed", "paper.typed", "paper.completed"]


def test_results_and_exports_name_the_way(
    app: Flask, office: Office, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    campaign = make_campaign(make_survey("PAPER-X", form=FORM))
    (sheet,) = office.print(campaign)
    office.both(sheet, way="bus", age="34")
    page = office.manager.client.get("/staff/results/PAPER-X").text
    assert "On paper" in page
    file = tmp_path / "out.csv"
    done = runner.invoke(args=["surveys", "export", "PAPER-X", "-o", str(file)])
    assert done.exit_code == 0, done.output
    (row,) = csv.DictReader(file.read_text("utf-8-sig").splitlines())
    assert (row["mode"], row["verification"], row["way"]) == ("paper", "", "bus")


def test_a_sheet_counts_once(app: Flask, office: Office, campaign: Campaign) -> None:
    (sheet,) = office.print(campaign)
    page = f"/staff/paper/sheets/{sheet}"
    form = office.supervisor.client.get(page)
    assert form.status_code == 200
    office.both(sheet, way="bus", age="3")
    with app.app_context(), pytest.raises(CampaignError, match="refused"):
        services.enter(sheet, {"way": "walk"}, user_id=office.supervisor.id)
    found = office.supervisor.client.get("/staff/paper/find", query_string={
        "number": serials.printed(sheet)
    })  # fmt: skip
    assert "typed twice already" in errors_in(found)
    assert "typed twice already" in office.supervisor.client.get(page).text
    assert len(stored(app)) == 1


def test_the_second_person_is_another_one_and_sees_nothing_of_the_first_entry(
    app: Flask, office: Office, campaign: Campaign
) -> None:
    (sheet,) = office.print(campaign)
    office.one.type(sheet, way="walk", age="87", idea="پنهان")
    page = office.two.client.get(f"/staff/paper/sheets/{sheet}").text
    assert "پنهان" not in page and "۸۷" not in page and "checked" not in page
    # In a field or as a text of its own: a token, a number or a name may hold the digits.
    assert not re.search(r'name="age"[^>]*\b87\b|>\s*87\s*<', page)
    again = office.one.client.get(f"/staff/paper/sheets/{sheet}").text
    assert "somebody else types it" in again and "<fieldset" not in again
    with app.app_context(), pytest.raises(CampaignError, match="refused"):
        services.enter(sheet, {"way": "walk"}, user_id=office.one.id)
    with app.app_context(), pytest.raises(IntegrityError):
        db.session.execute(update(PaperSheet).values(second_by=office.one.id))
    assert office.one.client.get(f"/staff/paper/sheets/{sheet}/differences").status_code == 403


def test_differences_are_decided_by_a_third_person_who_sees_both(
    app: Flask, office: Office, campaign: Campaign
) -> None:
    (sheet,) = office.print(campaign)
    office.one.type(sheet, way="bus", age="34", idea="نور")
    office.two.type(sheet, way="walk", age="35", idea="نور")
    assert (sheet_of(app, sheet).state, sheet_of(app, sheet).differing) == ("differs", 2)
    assert stored(app) == []
    page = office.manager.client.get(f"/staff/paper/sheets/{sheet}/differences").text
    assert "bus فا" in page and "walk فا" in page and "34" in page and "35" in page
    assert "idea فا" not in page, "what agrees is not asked"
    half = office.manager.decide(sheet, {"way": "second"})
    assert "Decide what the sheet says" in errors_in(half) or "age" in errors_in(half)
    assert (
        office.manager.decide(sheet, {"way": "second", "age": "other"}, age="").status_code == 422
    )
    wrong = office.manager.decide(sheet, {"way": "second", "age": "other"}, age="340")
    assert "age" in errors_in(wrong) and 'value="340"' in wrong.text
    assert stored(app) == []
    done = office.manager.decide(sheet, {"way": "second", "age": "other"}, age="۳۶")
    assert done.status_code == 303
    assert stored(app)[0].answers == {"way": "walk", "age": 36, "idea": "نور"}
    found = sheet_of(app, sheet)
    assert (found.state, found.first_wrong, found.second_wrong, found.decided_by) == (
        "complete", 2, 1, office.manager.id
    )  # fmt: skip
    assert actions(app)[-2:] == ["paper.decided", "paper.completed"]
    with app.app_context():
        typists = {each.name: each for each in reading.typists(campaign.id)}
    assert (typists[office.one.name].differing, typists[office.one.name].wrong) == (2, 2)
    assert (typists[office.two.name].compared, typists[office.two.name].wrong) == (3, 1)
    assert typists[office.two.name].share == pytest.approx(2 / 3)


def test_only_what_is_open_can_be_decided(app: Flask, office: Office, campaign: Campaign) -> None:
    (sheet,) = office.print(campaign)
    office.one.type(sheet, way="bus", age="34", idea="نور")
    office.two.type(sheet, way="walk", age="34", idea="نور")
    decisions = {"way": "first", "age": "other", "idea": "none"}
    assert office.manager.decide(sheet, decisions, age="99").status_code == 303
    assert stored(app)[0].answers == {"way": "bus", "age": 34, "idea": "نور"}


def test_a_decision_that_makes_another_answer_wrong_opens_that_one(
    app: Flask, office: Office
) -> None:
    form = questionnaire(
        [question("born", "integer"), question("since", "integer", constraint=". >= ${born}")]
    )
    (sheet,) = office.print(make_campaign(make_survey(form=form)))
    office.one.type(sheet, born="1340", since="1350")
    office.two.type(sheet, born="1360", since="1350")
    page = office.manager.client.get(f"/staff/paper/sheets/{sheet}/differences").text
    assert "since فا" not in page
    refused = office.manager.decide(sheet, {"born": "second"})
    assert "since" in errors_in(refused) and "As both typed" in refused.text
    done = office.manager.decide(sheet, {"born": "second", "since": "other"}, since="1370")
    assert done.status_code == 303
    assert stored(app)[0].answers == {"born": 1360, "since": 1370}


def test_twice_pressed_is_typed_once(app: Flask, office: Office, campaign: Campaign) -> None:
    one, two = office.print(campaign, 2)
    answers = {"way": "bus", "age": 30}
    with app.app_context():
        for sheet, second in ((one, answers), (two, {**answers, "age": 31})):
            for user, entry in ((office.one.id, answers), (office.two.id, second)):
                states = []
                for _press in range(2):
                    states.append(services.enter(sheet, entry, user_id=user).state)
                    db.session.commit()
                assert states[0] == states[1]
        assert db.session.scalar(select(func.count()).select_from(Invitation)) == 1
    assert actions(app).count("paper.typed") == 4


def test_every_type_is_typed_and_counts(app: Flask, office: Office) -> None:
    form = read(EVERY_TYPE.read_bytes(), EVERY_TYPE.name).questionnaire
    assert form is not None
    (sheet,) = office.print(make_campaign(make_survey(form=form)))
    answers = {
        "likert": "4",
        "score": "۷",
        "rate_a": "1",
        "rate_c": "5",
        "born": ["۱۲", "persian-05", "۱۳۶۰"],
        "order": ["park=2", "bus=1", "clean=3"],
        "place": ["۳۵٫۷", "۵۱٫۴"],
        "ok": "OK",
        "pname__1": "علی",
        "age__1": "۴۰",
        "age__2": "2",
        "prov": "isf",
        "city": "shi",
    }
    assert office.both(sheet, **answers).status_code == 303
    (response,) = stored(app)
    kept = response.answers
    assert kept["person"] == [{"pname": "علی", "age": 40}, {"age": 2}]
    assert (kept["sum"], kept["born"], kept["score"]) == (42, "1981-08-03", 7)
    assert kept["order"] == ["bus", "park", "clean"]
    assert "city" not in kept, "Shiraz is not in Isfahan: the filter of the web holds on paper"


def test_neither_of_the_two_decides(app: Flask, office: Office, campaign: Campaign) -> None:
    (sheet,) = office.print(campaign)
    office.manager.type(sheet, way="bus", age="1")
    office.one.type(sheet, way="bus", age="2")
    page = f"/staff/paper/sheets/{sheet}/differences"
    assert "Neither of the two" in office.manager.client.get(page).text
    answer = office.supervisor.decide(sheet, {"age": "first"})
    assert answer.status_code == 303 and stored(app)[0].answers == {"way": "bus", "age": 1}


def test_an_impossible_answer_that_both_typed_is_decided_too(
    app: Flask, office: Office, campaign: Campaign
) -> None:
    (sheet,) = office.print(campaign)
    office.both(sheet, way="bus", age="340")
    assert sheet_of(app, sheet).state == "second" and stored(app) == []
    page = office.manager.client.get(f"/staff/paper/sheets/{sheet}/differences").text
    assert "cannot be right" in page
    assert office.manager.decide(sheet, {"age": "first"}).status_code == 422
    assert office.manager.decide(sheet, {"age": "none"}).status_code == 303
    assert stored(app)[0].answers == {"way": "bus"}, "paper forces nobody to answer"


def test_what_cannot_be_read_is_said_and_nothing_typed_is_lost(
    app: Flask, office: Office, campaign: Campaign
) -> None:
    (sheet,) = office.print(campaign)
    answer = office.one.type(sheet, way="bus", age="سی", idea="نور")
    assert "age" in errors_in(answer)
    assert 'value="سی"' in answer.text and "نور" in answer.text and "checked" in answer.text
    assert sheet_of(app, sheet).state == "printed"
    assert "Nothing was typed" in errors_in(office.one.type(sheet))


@pytest.mark.parametrize(
    "typed", ["", "12", "0000010", "abc", "999999999999999999999"]
)  # fmt: skip
def test_a_number_that_is_none_is_said(office: Office, typed: str) -> None:
    answer = office.one.client.get("/staff/paper/find", query_string={"number": typed})
    assert "Number of the sheet" in errors_in(answer)


def test_a_number_leads_to_its_sheet_in_any_digits(office: Office, campaign: Campaign) -> None:
    (sheet,) = office.print(campaign)
    typed = serials.printed(sheet).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    answer = office.one.client.get("/staff/paper/find", query_string={"number": typed})
    assert answer.headers["Location"].endswith(f"/staff/paper/sheets/{sheet}")
    unknown = office.one.client.get(
        "/staff/paper/find", query_string={"number": serials.printed(sheet + 1)}
    )
    assert "No sheet with this number" in errors_in(unknown)


def test_a_void_sheet_keeps_its_reason_and_nothing_typed(
    app: Flask, office: Office, campaign: Campaign
) -> None:
    (sheet,) = office.print(campaign)
    office.one.type(sheet, way="bus")
    page = f"/staff/paper/sheets/{sheet}/void"
    assert office.one.client.get(page).status_code == 403
    assert office.manager.post(page, reason="  ").status_code == 422
    assert office.manager.post(page, reason="زیر باران مانده").status_code == 303
    found = sheet_of(app, sheet)
    assert (found.state, found.void_reason, found.first) == ("void", "زیر باران مانده", None)
    assert "void" in office.two.client.get(f"/staff/paper/sheets/{sheet}").text
    assert actions(app)[-1] == "paper.voided"
    (other,) = office.print(campaign)
    office.both(other, way="bus")
    late = office.manager.post(f"/staff/paper/sheets/{other}/void", reason="x")
    assert late.status_code == 422 and len(stored(app)) == 1


def test_a_full_group_takes_no_more_sheets(app: Flask, office: Office, campaign: Campaign) -> None:
    with app.app_context():
        db.session.add(
            Quota(
                campaign_id=campaign.id, name="bus", condition="${way} = 'bus'", maximum=1, filled=0
            )
        )
        db.session.commit()
    one, two = office.print(campaign, 2)
    office.both(one, way="bus")
    office.both(two, way="bus")
    assert len(stored(app)) == 1
    assert (sheet_of(app, two).state, sheet_of(app, two).first) == ("void", None)
    assert (
        "Enough people" in office.manager.client.get(f"/staff/paper/campaigns/{campaign.id}").text
    )


def test_after_the_last_day_no_sheet_counts_and_what_was_typed_is_forgotten(
    app: Flask, office: Office, campaign: Campaign
) -> None:
    one, two = office.print(campaign, 2)
    office.one.type(one, way="bus")
    with app.app_context():
        past = clock.now() - dt.timedelta(minutes=1)
        db.session.execute(update(Campaign).values(closes_at=past))
        db.session.commit()
    assert "takes no answers now" in errors_in(office.two.type(one, way="bus"))
    assert stored(app) == [] and sheet_of(app, one).state == "first"
    with app.app_context():
        jobs.forget_unfinished()
        assert db.session.get_one(PaperSheet, one).state == "first", "it is not closed yet"
        db.session.execute(update(Campaign).values(state="closed"))
        db.session.commit()
        jobs.forget_unfinished()
    assert (sheet_of(app, one).state, sheet_of(app, one).first) == ("void", None)
    assert sheet_of(app, two).state == "printed"


def test_a_sheet_is_read_as_it_was_printed(app: Flask, office: Office) -> None:
    survey = make_survey("PAPER-V", form=FORM)
    campaign = make_campaign(survey)
    (sheet,) = office.print(campaign)
    newer = make_survey("PAPER-V", form=questionnaire([question("other")]))
    with app.app_context():
        db.session.execute(update(Campaign).values(version_id=newer.id))
        db.session.commit()
    office.both(sheet, way="bus", age="20")
    (response,) = stored(app)
    assert (response.version_id, response.answers) == (survey.id, {"way": "bus", "age": 20})


def test_a_random_sample_and_a_draft_take_no_sheets(app: Flask, office: Office) -> None:
    sampled, draft = make_campaign(make_survey(form=FORM)), make_campaign(state="draft")
    with app.app_context():
        db.session.add(CampaignSample(campaign_id=sampled.id, plan={}, seed="seed", strata=[]))
        db.session.commit()
        for campaign in (sampled, draft):
            with pytest.raises(CampaignError, match="not_running"):
                services.print_batch(campaign.id, language="fa", sheets=1, user_id=1)
            db.session.rollback()
    page = office.manager.client.get(f"/staff/paper/campaigns/{sampled.id}").text
    assert "random sample" in page and 'name="sheets"' not in page


@pytest.mark.parametrize("typed", ["", "0", "501", "-3", "many"])
def test_how_many_sheets_is_checked(office: Office, campaign: Campaign, typed: str) -> None:
    page = f"/staff/paper/campaigns/{campaign.id}"
    refused = office.manager.client.post(
        f"{page}/batches",
        data={
            "csrf_token": csrf_token(office.manager.client, page),
            "language": "fa",
            "sheets": typed,
        },
    )
    assert "1 to 500" in errors_in(refused)


def test_an_anonymous_survey_takes_sheets_that_lead_to_nobody(app: Flask, office: Office) -> None:
    campaign = make_anonymous(
        questionnaire([question("way", "select_one", "bus walk"), question("age", "integer")])
    )
    sheets = office.print(campaign, 6)
    for n, sheet in enumerate(sheets):
        office.both(sheet, way="bus", age=str(20 + n))
    assert stored(app) == [], "sealed like all others"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SealedAnswer)) == 6
        assert set(db.session.scalars(select(Invitation.contact_id))) == {None}
        kept = db.session.execute(select(PaperSheet.first, PaperSheet.second)).all()
        assert all(tuple(row) == (None, None) for row in kept)
        for _each in range(30):
            assert answer(make_invitation(campaign)[1], way="walk", age="30") == "done"
        close(campaign)
        sweep()
        found = opened()
        assert sorted(each.answers["age"] for each in found if each.answers["way"] == "bus") == [
            20, 21, 22, 23, 24, 25
        ]  # fmt: skip
        assert all(each.invitation_id is None for each in found)
        assert {each.mode for each in found} == {""}, "so few are not told apart by their way"


def test_two_second_entries_at_once_make_one_answer(
    app: Flask, office: Office, campaign: Campaign
) -> None:
    (sheet,) = office.print(campaign)
    office.one.type(sheet, way="bus", age="20")
    outcomes: list[Any] = []
    start = threading.Barrier(3)

    def enter(user_id: int) -> None:
        with app.app_context():
            start.wait()
            try:
                services.enter(sheet, {"way": "bus", "age": 20}, user_id=user_id)
                db.session.commit()
                outcomes.append("done")
            except CampaignError as error:
                db.session.rollback()
                outcomes.append(error.code)

    people = (office.two.id, office.supervisor.id, office.manager.id)
    threads = [threading.Thread(target=enter, args=(each,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused", "refused"]
    assert len(stored(app)) == 1


def test_the_lists_ask_as_often_for_many_sheets(office: Office, campaign: Campaign) -> None:
    counts = []
    for number in (3, 120):
        sheets = office.print(campaign, number)
        office.both(sheets[0], way="bus")
        make_campaign(make_survey(form=FORM))
        with count_queries() as queries:
            page = office.manager.client.get(f"/staff/paper/campaigns/{campaign.id}")
            office.manager.client.get("/staff/paper/")
        counts.append(queries.count)
    assert counts[0] == counts[1]
    assert page.text.count("Make void") < 60 and 'rel="next"' in page.text
    more = office.manager.client.get(
        f"/staff/paper/campaigns/{campaign.id}", query_string={"after": sheets[-2]}
    ).text
    assert 'rel="next"' not in more
    only = office.manager.client.get(
        f"/staff/paper/campaigns/{campaign.id}", query_string={"state": "complete"}
    ).text
    assert "Make void" not in only and "Counts" in only
