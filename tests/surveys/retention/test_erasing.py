"""Answers are erased on time, once, for good, and nothing but them."""

import datetime as dt
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal import clock
from portal.audit.models import AuditEntry
from portal.db import db
from surveys.analysis import counting
from surveys.analysis.models import ResultCount
from surveys.campaigns.models import Campaign
from surveys.questionnaires.models import Survey, SurveyVersion
from surveys.questionnaires.schema import Repeat
from surveys.responses import photos
from surveys.responses.models import Response
from surveys.retention import erasing, reading, services
from surveys.retention.jobs import erase_due
from surveys.retention.models import ErasedAnswers, ErasedPhoto
from surveys.retention.naming import harmless
from surveys.retention.services import Days
from surveys.secrecy import services as secrecy
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.analysis.answers import add
from tests.surveys.responses.phone import Phone

START = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
SECRET = "zahra-of-17-shahrivar"
PHOTO = "0123456789abcdef" * 2 + ".jpg"
FORM = form(
    [
        question("way", "select_one", "bus walk", randomize=True),
        question("idea"),
        question("badge", "barcode"),
        question("place", "geopoint"),
        question("picture", "image"),
        question("age", "integer"),
        question("greeting", "calculate", calculation="concat('x', ${idea})"),
        question("again", "calculate", calculation="concat(${greeting}, '!')"),
        question("older", "calculate", calculation="${age} + 1"),
    ]
)
FULL: dict[str, Any] = {
    "way": "bus", "way_order": ["walk", "bus"], "idea": SECRET, "badge": SECRET,
    "place": f"35.7 51.4 {SECRET}", "picture": PHOTO, "age": 30, "greeting": f"x{SECRET}",
    "again": f"x{SECRET}!", "older": 31.0, "nobody_knows": SECRET,
}  # fmt: skip
LEFT = {"way": "bus", "age": 30, "older": 31.0}


@pytest.fixture(autouse=True)
def _march(context: Flask) -> Iterator[None]:
    with clock.freeze(START):
        yield


def rule(version: SurveyVersion, texts: int | None = None, responses: int | None = None) -> None:
    survey = db.session.get_one(Survey, version.survey_id)
    services.change(survey, Days(texts, responses), None)
    db.session.commit()


def polled(number: int = 1, **fields: Any) -> tuple[SurveyVersion, Campaign]:
    version = make_survey(form=FORM)
    campaign = make_campaign(version)
    add(campaign, [dict(FULL)] * number, **fields)
    return version, campaign


def left() -> list[Response]:
    db.session.rollback()
    return list(db.session.scalars(select(Response).order_by(Response.id)))


def everywhere() -> str:
    """Every column of every row that may hold an answer, and all that was written down."""
    db.session.rollback()
    tables = ("responses", "audit_entries", "audit_payloads", "result_counts", "erased_photos")
    rows = [
        str(row)
        for table in (*tables, "erased_answers", "retention_rules")
        for row in db.session.execute(text(f"SELECT to_jsonb(t) FROM {table} AS t")).scalars()
    ]
    return "\n".join(rows)


def batches() -> list[dict[str, Any]]:
    found = select(AuditEntry).where(AuditEntry.action == "survey.answers_erased")
    return [entry.payload.body for entry in db.session.scalars(found.order_by(AuditEntry.id))]


def test_texts_go_on_their_day_and_the_rest_stays() -> None:
    version, campaign = polled()
    rule(version, texts=10)
    clock.shift(days=10, seconds=-1)
    erase_due()
    assert left()[0].answers == FULL
    assert SECRET in everywhere(), "the search finds what is there"
    clock.shift(seconds=1)
    erase_due()
    (response,) = left()
    kept = {name: value for name, value in response.answers.items() if "order" not in name}
    assert kept == LEFT
    assert response.texts_erased
    assert (response.state, response.submitted_at) == ("complete", START)
    assert SECRET not in everywhere()
    assert PHOTO not in everywhere()
    assert reading.erased(version.survey_id, campaign.id) == (0, 1)


def test_whole_responses_go_and_their_numbers_stay() -> None:
    version, campaign = polled(3)
    other, _campaign = polled()
    rule(version, texts=1, responses=30)
    clock.shift(days=30)
    erase_due()
    assert [each.version_id for each in left()] == [other.id], "another survey has no rule"
    assert reading.erased(version.survey_id) == reading.erased(version.survey_id, campaign.id)
    assert reading.erased(version.survey_id) == (3, 0)
    assert reading.erased(other.survey_id) == (0, 0)
    (said,) = batches()
    assert said == {"responses": 3, "texts": 0, "drafts": 0, "test_answers": 0, "photos": 1}


def test_twice_is_once() -> None:
    version, _campaign = polled(2)
    rule(version, texts=1, responses=5)
    clock.shift(days=1)
    erase_due()
    erase_due()
    assert reading.erased(version.survey_id) == (0, 2)
    clock.shift(days=4)
    erase_due()
    erase_due()
    assert reading.erased(version.survey_id) == (2, 2)
    assert len(batches()) == 2


def test_tests_of_both_kinds_go_and_are_not_counted() -> None:
    version, campaign = polled(is_test=True)
    preview = Response(
        version_id=version.id, state="complete", language="fa", answers=dict(FULL),
        mode="preview", is_test=True, submitted_at=START,
    )  # fmt: skip
    db.session.add(preview)
    db.session.commit()
    rule(version, texts=1, responses=2)
    clock.shift(days=1)
    erase_due()
    assert len(left()) == 2
    assert SECRET not in everywhere()
    clock.shift(days=1)
    erase_due()
    assert left() == []
    assert reading.erased(version.survey_id, campaign.id) == (0, 0)
    assert batches()[-1]["test_answers"] == 2


@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_drafts_wait_for_the_end_of_their_campaign(state: str) -> None:
    version, campaign = polled(state="draft", submitted_at=None)
    rule(version, texts=3, responses=9)
    clock.shift(days=2)
    db.session.get_one(Campaign, campaign.id).state = state
    db.session.commit()
    erase_due()
    assert len(left()) == 1, "too young"
    db.session.get_one(Campaign, campaign.id).state = "paused"
    db.session.commit()
    clock.shift(days=20)
    erase_due()
    assert len(left()) == 1, "the person may still go on"
    db.session.get_one(Campaign, campaign.id).state = state
    db.session.commit()
    erase_due()
    assert left() == []
    assert SECRET not in everywhere()
    assert reading.erased(version.survey_id) == (0, 0), "a draft was never counted"


def test_rounds_of_repeats_and_names_of_other_versions(context: Flask) -> None:
    from dataclasses import replace

    pages = form([question("child"), question("grade", "integer")], [question("end", "integer")])
    q = replace(
        pages,
        pages=(replace(pages.pages[0], repeat="kids"), pages.pages[1]),
        repeats=(Repeat("kids"),),
    )
    assert harmless(q) == {"grade", "end"}
    version = make_survey(form=q)
    add(
        make_campaign(version),
        [{"kids": [{"child": SECRET, "grade": 3}, {"child": SECRET}], "end": 1, "old": SECRET}],
    )
    rule(version, texts=1)
    clock.shift(days=1)
    erase_due()
    assert left()[0].answers == {"kids": [{"grade": 3}, {}], "end": 1}


def test_photos_go_from_the_disk_also_after_a_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    version, _campaign = polled()
    path = photos.folder() / PHOTO
    other = photos.folder() / ("f" * 32 + ".jpg")
    path.touch()
    other.touch()
    rule(version, texts=1)
    clock.shift(days=1)

    class KilledError(Exception):
        pass

    def kill(_names: set[str]) -> None:
        if _names:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(photos, "discard", kill)
        with pytest.raises(KilledError):
            erase_due()
    db.session.rollback()
    assert path.exists(), "killed between the commit and the deletion"
    assert PHOTO not in str(left()[0].answers)
    erase_due()
    assert not path.exists()
    assert other.exists()
    assert db.session.scalars(select(ErasedPhoto)).all() == []
    other.unlink()


def test_nothing_of_a_batch_is_lost_when_it_is_rolled_back() -> None:
    """The file stays as long as its answer does."""
    version, _campaign = polled()
    path = photos.folder() / PHOTO
    path.touch()
    rule(version, responses=1)
    clock.shift(days=1)
    assert erasing.erase_batch(version.survey_id) == 1
    db.session.rollback()
    assert len(left()) == 1
    assert path.exists()
    assert reading.erased(version.survey_id) == (0, 0)
    path.unlink()


def test_killed_between_batches_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "BATCH", 2)
    version, _campaign = polled(5)
    rule(version, responses=1)
    clock.shift(days=1)
    assert erasing.erase_batch(version.survey_id) == 2
    db.session.commit()
    assert erasing.erase_batch(version.survey_id) == 2
    db.session.rollback()  # killed before the commit
    assert len(left()) == 3
    assert reading.erased(version.survey_id) == (2, 0)
    erase_due()
    assert left() == []
    assert reading.erased(version.survey_id) == (5, 0)
    assert [each["responses"] for each in batches()] == [2, 2, 1]


def test_sweeps_at_once_count_each_response_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 3)
    version, _campaign = polled(40)
    rule(version, texts=1, responses=2)
    clock.shift(days=1)

    def sweep(_number: int) -> None:
        with app.app_context():
            erase_due()

    for expected in ((0, 40), (40, 40)):
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(sweep, range(6)))
        erase_due()
        assert reading.erased(version.survey_id) == expected
        assert sum(each["texts"] for each in batches()) == 40
        clock.shift(days=1)
    assert left() == []
    assert sum(each["responses"] for each in batches()) == 40


def test_while_results_are_counted_nothing_is_erased_and_kept_counts_are_dropped(
    app: Flask,
) -> None:
    version, _campaign = polled()
    rule(version, texts=1)
    clock.shift(days=1)
    counting.refresh(version.survey_id, None)  # its transaction is open
    with ThreadPoolExecutor(1) as pool:

        def other() -> int:
            with app.app_context():
                number = erasing.erase_batch(version.survey_id)
                db.session.rollback()
                return number

        assert pool.submit(other).result() == 0
    db.session.commit()
    assert db.session.query(ResultCount).count() == 1
    erase_due()
    assert db.session.query(ResultCount).count() == 0
    assert left()[0].texts_erased


def test_a_rule_that_was_lifted_erases_nothing() -> None:
    version, _campaign = polled()
    rule(version, texts=1, responses=1)
    rule(version)
    clock.shift(days=400)
    erase_due()
    assert left()[0].answers == FULL


def test_who_answered_may_not_answer_again(app: Flask) -> None:
    version = make_survey(form=form([question("idea")]))
    _invitation, token = make_invitation(make_campaign(version))
    phone = Phone(app, token)
    phone.open()
    data = {".shown": "idea", "idea": SECRET, ".go": "next"}
    assert phone.client.post(f"/s/{token}?p=1", data=data).status_code in {200, 303}
    assert SECRET in everywhere()
    rule(version, responses=1)
    clock.shift(days=1)
    erase_due()
    assert left() == []
    phone.client.post(f"/s/{token}?p=1", data=data)
    assert left() == []
    assert SECRET not in everywhere()


def test_an_anonymous_survey_stays_opened() -> None:
    version = make_survey(form=FORM)
    campaign = make_campaign(version, secrecy="anonymous", state="closed")
    number = secrecy.minimum()
    add(campaign, [dict(FULL)] * number)
    assert secrecy.hidden([campaign]) == []
    rule(version, responses=1)
    clock.shift(days=1)
    erase_due()
    assert left() == []
    assert secrecy.hidden([campaign]) == []


def test_the_next_erasure() -> None:
    version, campaign = polled()
    assert reading.next_erasure(version.survey_id, Days()) is None
    rule(version, texts=10, responses=30)
    days = services.of(version.survey_id)
    clock.shift(days=2)
    add(campaign, [dict(FULL)])
    assert reading.next_erasure(version.survey_id, days) == START + dt.timedelta(days=10)
    clock.shift(days=8)
    erase_due()
    assert reading.next_erasure(version.survey_id, days) == START + dt.timedelta(days=12)
    clock.shift(days=2)
    erase_due()
    assert reading.next_erasure(version.survey_id, days) == START + dt.timedelta(days=30)
    clock.shift(days=30)
    assert reading.next_erasure(version.survey_id, days) == clock.now(), "overdue: at once"
    erase_due()
    assert reading.next_erasure(version.survey_id, days) is None
    assert db.session.scalars(select(ErasedAnswers.last_at)).all() == [clock.now()]


def test_the_audit_trail_holds_numbers_alone() -> None:
    version, _campaign = polled()
    rule(version, texts=1, responses=2)
    clock.shift(days=1)
    erase_due()
    for body in batches():
        assert all(isinstance(value, int) for value in body.values()), json.dumps(body)
