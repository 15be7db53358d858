"""The audit trail's pages."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import audit
from portal.audit import queries
from portal.db import db
from tests.factories.accounts import make_user, sign_in
from tests.queries import count_queries


@pytest.fixture
def evaluator(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(("evaluator",), language="en"))
    return client


def write(app: Flask, count: int, action: str = "unit.changed", **payload: object) -> list[int]:
    with app.app_context():
        entries = [audit.record(action, "unit", n, **payload) for n in range(count)]
        db.session.commit()
        return [entry.id for entry in entries]


def shown(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'href="/staff/audit/(\d+)"', page)]


def test_pages_walk_down_and_up_again_without_gaps(app: Flask, evaluator: FlaskClient) -> None:
    ids = write(app, 120)[::-1]
    url: str | None = "/staff/audit/"
    pages = []
    while url:
        page = evaluator.get(url).text
        pages.append((url, shown(page)))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        url = following[1].replace("&amp;", "&") if following else None
    assert [entry for _url, rows in pages for entry in rows] == ids
    back = re.search(r'rel="prev" href="([^"]+)"', evaluator.get(pages[2][0]).text)
    assert back
    assert shown(evaluator.get(back[1].replace("&amp;", "&")).text) == pages[1][1]


def test_the_list_costs_the_same_for_many_entries(app: Flask, evaluator: FlaskClient) -> None:
    write(app, 2)
    evaluator.get("/staff/audit/")
    with count_queries() as few:
        evaluator.get("/staff/audit/")
    write(app, 40)
    with count_queries() as many:
        evaluator.get("/staff/audit/")
    assert many.count == few.count


def test_filters(app: Flask, evaluator: FlaskClient) -> None:
    write(app, 2)
    (created,) = write(app, 1, "unit.created")
    assert shown(evaluator.get("/staff/audit/?action=unit.created").text) == [created]
    assert len(shown(evaluator.get("/staff/audit/?subject_type=unit&subject_id=۱").text)) == 1
    assert len(shown(evaluator.get("/staff/audit/?person=SYST").text)) == 3
    assert shown(evaluator.get("/staff/audit/?person=nobody").text) == []
    for odd in ("before=x", "before=99999999999999999999", "after=-1", "action=%00"):
        assert evaluator.get(f"/staff/audit/?{odd}").status_code == 200, odd


def test_an_entry_in_words_with_its_details(app: Flask, evaluator: FlaskClient) -> None:
    (entry_id,) = write(app, 1, name="<b>نام</b>")
    page = evaluator.get(f"/staff/audit/{entry_id}").text
    assert "Unit changed" in page
    assert "&lt;b&gt;نام" in page
    assert "not sealed yet" in page
    with app.app_context():
        queries.erase_payload(entry_id, "x")
        db.session.commit()
    assert "were erased" in evaluator.get(f"/staff/audit/{entry_id}").text
    assert evaluator.get("/staff/audit/99999999999999999999").status_code == 404
    assert evaluator.get("/staff/audit/999999").status_code == 404


def test_an_action_nobody_described_shows_its_code(app: Flask, evaluator: FlaskClient) -> None:
    write(app, 1, "plugin.did")
    assert "plugin.did" in evaluator.get("/staff/audit/").text
