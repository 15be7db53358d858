"""Large surveys: counts are kept, and noticed when they are old."""

import datetime as dt

import pytest
from flask import Flask

from portal import clock
from portal.db import db
from surveys.analysis import counting, jobs, services
from tests.surveys.analysis.answers import add, make_answers

ANSWERS = [
    {"way": "bus", "wishes": ["park", "lamp"], "age": 34, "metres": 2.5, "idea": "نور"},
    {"way": "car", "age": 7},
    {"way": "bus", "wishes": []},
]


@pytest.fixture
def large(context: Flask, monkeypatch: pytest.MonkeyPatch):
    """Three answers are many here."""
    monkeypatch.setattr(counting, "LIVE", 2)
    return make_answers(ANSWERS)


def test_small_surveys_are_counted_at_once(context: Flask) -> None:
    version, campaign = make_answers(ANSWERS)
    counted = counting.find(version.survey_id, None, [campaign])
    assert (counted.complete, counted.counted_at, counted.is_old) == (3, None, False)
    add(campaign, [{"way": "walk"}])
    assert counting.find(version.survey_id, None, [campaign]).complete == 4


def test_what_is_kept_is_what_was_counted(large) -> None:
    version, campaign = large
    waiting = counting.find(version.survey_id, None, [campaign])
    assert waiting.is_waiting
    assert waiting.is_old
    for campaign_id in (None, campaign.id):
        jobs.count(version.survey_id, campaign_id)
        counted = counting.find(version.survey_id, campaign_id, [campaign])
        assert counted.complete == 3
        assert counted.results == services.results(version.survey_id, campaign_id)
        assert counted.dispositions["complete"] == 3
        assert not counted.is_old


def test_new_answers_are_found_whatever_their_order(large) -> None:
    version, campaign = large
    jobs.count(version.survey_id, None)
    assert counting.refresh(version.survey_id, None) is False
    # An anonymous answer: of an earlier day than the counting.
    add(campaign, [{"way": "walk"}], submitted_at=clock.now() - dt.timedelta(days=3))
    add(campaign, [{"way": "walk"}], is_test=True)
    add(campaign, [{"way": "walk"}], state="draft")
    assert counting.find(version.survey_id, None, [campaign]).complete == 3
    assert counting.refresh(version.survey_id, None) is True
    db.session.commit()
    counted = counting.find(version.survey_id, None, [campaign])
    assert counted.complete == 4
    assert counted.results[0].counts == {"bus": 2, "walk": 1, "car": 1}


def test_the_sweep_looks_at_old_counts(large, monkeypatch: pytest.MonkeyPatch) -> None:
    version, campaign = large
    jobs.count(version.survey_id, None)
    add(campaign, [{"way": "walk"}])
    jobs.count_due()
    assert counting.find(version.survey_id, None, [campaign]).complete == 3
    later = clock.now() + dt.timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert counting.find(version.survey_id, None, [campaign]).is_old
    jobs.count_due()
    counted = counting.find(version.survey_id, None, [campaign])
    assert (counted.complete, counted.counted_at) == (4, later)


def test_forgotten_counts_are_made_anew(large) -> None:
    version, campaign = large
    jobs.count(version.survey_id, None)
    counting.forget(version.survey_id)
    db.session.commit()
    assert counting.find(version.survey_id, None, [campaign]).is_waiting
