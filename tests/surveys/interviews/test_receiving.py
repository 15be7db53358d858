"""An interview from a phone becomes one answer, or comes back with its reasons."""

import datetime as dt
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import clock
from portal.audit.models import AuditEntry
from portal.db import db
from portal.i18n import local
from surveys.campaigns.models import Campaign, Invitation
from surveys.interviews import forms, views
from surveys.interviews.models import Interview
from surveys.quotas.models import Quota
from surveys.responses.models import Response
from surveys.sampling.models import CampaignSample
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire
from tests.queries import count_queries
from tests.surveys.interviews.phone import Interviewer
from tests.surveys.responses.phone import stored

pytestmark = pytest.mark.usefixtures("app")
FORM = questionnaire(
    [
        question("begun", "start"),
        question("way", "select_one", "bus walk", required=True),
        question(
            "age",
            "integer",
            constraint=". < 120",
            constraint_message={"fa": "کمتر از ۱۲۰", "en": "Less than 120"},
        ),
    ],
    [question("line", relevant="${way} = 'bus'", required=True)],
    [question("idea")],
)
GOOD = {"way": ["bus"], "age": ["۳۴"], "line": ["7"]}


@pytest.fixture
def campaign(app: Flask) -> Campaign:
    return make_campaign(make_survey(form=FORM))


@pytest.fixture
def phone(app: Flask, campaign: Campaign) -> Interviewer:
    return Interviewer(app, campaign)


def change(app: Flask, campaign: Campaign, **fields: Any) -> None:
    with app.app_context():
        db.session.execute(update(Campaign).where(Campaign.id == campaign.id).values(**fields))
        db.session.commit()


def wall_time() -> dt.datetime:
    return local(clock.now()).replace(tzinfo=None)


def refused(phone: Interviewer, interview: Any) -> dict[str, Any]:
    answer = phone.send(interview)
    assert answer.status_code == 422, answer.text
    assert answer.json is not None
    assert answer.json["state"] == "refused"
    assert stored(phone.app) == [], "what is refused leaves nothing"
    with phone.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Interview)) == 0
        assert db.session.scalar(select(func.count()).select_from(Invitation)) == 0
    return answer.json


def test_an_interview_is_one_answer(app: Flask, phone: Interviewer) -> None:
    answer = phone.send(phone.interview(GOOD))
    assert (answer.status_code, answer.json["state"]) == (200, "kept")  # type: ignore[index]
    (response,) = stored(app)
    assert (response.state, response.mode, response.language) == ("complete", "interview", "fa")
    begun = response.answers.pop("begun")
    assert response.answers == {"way": "bus", "age": 34, "line": "7"}
    ago = wall_time() - dt.datetime.fromisoformat(begun)
    assert dt.timedelta(minutes=9) < ago < dt.timedelta(minutes=11), "ten minutes ago"
    with app.app_context():
        invitation = db.session.scalars(select(Invitation)).one()
        assert (invitation.channel, invitation.state, invitation.contact_id) == (
            "interview",
            "answered",
            None,
        )
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "interview.received")
        ).one()
        assert entry.actor_id == phone.user.id


def test_sent_again_it_is_the_same_answer(app: Flask, phone: Interviewer) -> None:
    interview = phone.interview(GOOD)
    first = phone.send(interview)
    again = phone.send({**interview, "answers": {"way": ["walk"]}, "sent": interview["sent"] + 9})
    assert (again.status_code, again.json) == (200, first.json)
    assert [each.answers["way"] for each in stored(app)] == ["bus"]


def test_two_at_once_are_one(app: Flask, campaign: Campaign, phone: Interviewer) -> None:
    interview = phone.interview(GOOD)
    gate = threading.Barrier(2)
    answers: list[Any] = []

    def send() -> None:
        client = app.test_client()
        cookies = phone.client.get_cookie("pasokh")
        assert cookies is not None
        client.set_cookie("pasokh", cookies.value)
        gate.wait()
        answers.append(
            client.post(
                f"/staff/interviews/campaigns/{campaign.id}",
                json=interview,
                headers={"X-CSRFToken": phone.token},
            )
        )

    threads = [threading.Thread(target=send) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(each.status_code, each.json["state"]) for each in answers] == [(200, "kept")] * 2
    assert len(stored(app)) == 1


def test_nobody_meets_the_interview_of_somebody_else(
    app: Flask, campaign: Campaign, phone: Interviewer
) -> None:
    interview = phone.interview(GOOD)
    phone.send(interview)
    answer = Interviewer(app, campaign).send(interview)
    assert answer.status_code == 422
    assert len(stored(app)) == 1


def test_the_clock_of_the_phone_may_be_wrong(app: Flask, phone: Interviewer) -> None:
    sent = dt.datetime(2031, 3, 4, tzinfo=dt.UTC)
    moments = {"started": 7200, "ended": 3600, "sent": 0}
    said = {name: sent - dt.timedelta(seconds=ago) for name, ago in moments.items()}
    phone.send(
        phone.interview(GOOD, **{name: int(x.timestamp() * 1000) for name, x in said.items()})
    )
    with app.app_context():
        interview = db.session.scalars(select(Interview)).one()
        assert interview.device_started_at == said["started"]
        assert interview.device_ended_at == said["ended"]
        assert interview.device_sent_at == said["sent"]
        assert abs(interview.arrived_at - clock.now()) < dt.timedelta(minutes=1)
    begun = dt.datetime.fromisoformat(stored(app)[0].answers["begun"])
    assert abs(wall_time() - dt.timedelta(hours=2) - begun) < dt.timedelta(minutes=1)


def test_what_is_not_relevant_is_not_kept(app: Flask, phone: Interviewer) -> None:
    phone.send(phone.interview({"way": ["walk"], "line": ["7"], "idea": ["نور"]}))
    (response,) = stored(app)
    assert {"way": "walk", "idea": "نور"}.items() <= response.answers.items()
    assert "line" not in response.answers


@pytest.mark.parametrize(
    ("answers", "reasons"),
    [
        ({}, {"way": "Choose one answer."}),
        ({"way": ["train"]}, {"way": "Choose one of the answers shown."}),
        ({"way": ["bus"]}, {"line": "Write your answer."}),
        ({"way": ["walk"], "age": ["130"]}, {"age": "Less than 120"}),
        (
            {"way": ["bus"], "age": ["x"]},
            {"age": "Type a whole number, e.g. 12.", "line": "Write your answer."},
        ),
    ],
)
def test_what_does_not_stand_comes_back_with_every_reason(
    phone: Interviewer, answers: dict[str, list[str]], reasons: dict[str, str]
) -> None:
    """In the language of the interviewer; the interview was in Persian."""
    found = refused(phone, phone.interview(answers))
    assert {each["name"]: each["text"] for each in found["reasons"]} == reasons
    assert all(each["label"].endswith(" en") for each in found["reasons"])


def test_corrected_it_is_taken(app: Flask, phone: Interviewer) -> None:
    interview = phone.interview({"way": ["bus"]})
    refused(phone, interview)
    assert phone.send({**interview, "answers": GOOD}).status_code == 200
    assert len(stored(app)) == 1


@pytest.mark.parametrize("state", ["closed", "cancelled", "draft"])
def test_not_without_a_running_campaign(
    app: Flask, campaign: Campaign, phone: Interviewer, state: str
) -> None:
    change(app, campaign, state=state)
    assert "takes no answers now" in refused(phone, phone.interview(GOOD))["text"]


def test_not_after_the_last_day(app: Flask, campaign: Campaign, phone: Interviewer) -> None:
    change(app, campaign, closes_at=clock.now() - dt.timedelta(minutes=1))
    interview = phone.interview(GOOD)
    assert "it can be put off" in refused(phone, interview)["text"]
    change(app, campaign, closes_at=clock.now() + dt.timedelta(days=1))
    assert phone.send(interview).status_code == 200, "and it was not lost"


def test_not_in_an_anonymous_campaign(app: Flask, campaign: Campaign, phone: Interviewer) -> None:
    change(app, campaign, secrecy="anonymous")
    assert "anonymous" in refused(phone, phone.interview(GOOD))["text"]
    page = phone.client.get(f"/staff/interviews/campaigns/{campaign.id}")
    assert "interviews-start" not in page.text
    assert "This survey is anonymous" in page.text


def test_not_beside_a_random_sample(app: Flask, campaign: Campaign, phone: Interviewer) -> None:
    with app.app_context():
        db.session.add(CampaignSample(campaign_id=campaign.id, plan={}, seed="x", strata=[]))
        db.session.commit()
    assert "random sample" in refused(phone, phone.interview(GOOD))["text"]


def test_a_full_group_keeps_nothing(app: Flask, campaign: Campaign, phone: Interviewer) -> None:
    with app.app_context():
        db.session.add(
            Quota(campaign_id=campaign.id, name="bus", condition="${way} = 'bus'", maximum=1)
        )
        db.session.commit()
    assert phone.send(phone.interview(GOOD)).json["state"] == "kept"  # type: ignore[index]
    interview = phone.interview(GOOD)
    answer = phone.send(interview)
    assert (answer.status_code, answer.json["state"]) == (200, "full")  # type: ignore[index]
    assert phone.send(interview).json == answer.json
    assert len(stored(app)) == 1
    with app.app_context():
        states = select(Interview.state).order_by(Interview.id)
        assert list(db.session.scalars(states)) == ["kept", "full"]


def test_a_version_that_was_on_the_phone_counts(
    app: Flask, campaign: Campaign, phone: Interviewer
) -> None:
    interview = phone.interview(GOOD)
    with app.app_context():
        code = db.session.get_one(Campaign, campaign.id).version.survey.code
    newer = make_survey(code, questionnaire([question("colour", required=True)]))
    change(app, campaign, version_id=newer.id)
    assert phone.send(interview).status_code == 200
    assert stored(app)[0].version_id == campaign.version_id


def test_not_with_the_questionnaire_of_another_survey(phone: Interviewer) -> None:
    other = make_survey(form=FORM)
    found = refused(phone, phone.interview(GOOD, version=other.id))
    assert "does not belong" in found["text"]


def test_not_for_an_unknown_campaign(phone: Interviewer) -> None:
    assert phone.send(phone.interview(GOOD), 999_999).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"uuid": "x"},
        {"uuid": "00000000-0000-4000-8000-00000000000g"},
        {"version": "1"},
        {"version": True},
        {"version": 2**63},
        {"language": None},
        {"language": "de"},
        {"answers": []},
        {"answers": {"way": "bus"}},
        {"answers": {"way": [1]}},
        {"answers": {"way": ["bus\0"]}},
        {"answers": {"way": ["\ud800"]}},
        {"answers": {"way": ["bus"] * 501}},
        {"answers": {f"n{n}": [] for n in range(forms.MOST_NAMES + 1)}},
        {"started": "2026-01-01"},
        {"ended": 1e300},
        {"sent": -1},
        {"sent": 10**18},
    ],
    ids=str,
)
def test_what_no_phone_sends(phone: Interviewer, wrong: Any) -> None:
    interview = {**phone.interview(GOOD), **wrong} if isinstance(wrong, dict) else wrong
    assert refused(phone, interview)["text"]


def test_limits(phone: Interviewer, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = phone.interview({"way": ["x" * (views.LARGEST + 1)]})
    assert phone.send(huge).status_code == 413
    asked = []
    monkeypatch.setattr(
        views, "over_limit", lambda item, name, who: asked.append((item, name, who)) or True
    )
    answer = phone.send(phone.interview(GOOD))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert asked == [(views.UPLOADS, "interviews", str(phone.user.id))]
    assert stored(phone.app) == []


def test_pages(app: Flask, campaign: Campaign, phone: Interviewer) -> None:
    phone.send(phone.interview(GOOD))
    with count_queries() as one:
        page = phone.client.get("/staff/interviews/")
    assert campaign.name in page.text
    for _n in range(3):
        make_campaign(make_survey(form=FORM))
    with count_queries() as four:
        phone.client.get("/staff/interviews/")
    assert len(four.statements) <= len(one.statements)
    worker = phone.client.get("/staff/interviews/worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert (
        phone.client.get(f"/staff/interviews/campaigns/{campaign.id}/questionnaire.json").json[
            "version"
        ]
        == campaign.version_id
    )  # type: ignore[index]


@pytest.mark.parametrize("role", ["analyst", "official"])
def test_others_send_nothing(app: Flask, campaign: Campaign, phone: Interviewer, role: str) -> None:
    from tests.factories.accounts import make_user, sign_in

    client = app.test_client()
    sign_in(client, make_user((role,)))
    assert client.get(f"/staff/interviews/campaigns/{campaign.id}").status_code == 403
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Response)) == 0
