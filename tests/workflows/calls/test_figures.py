"""Calls are counted every day, with both numbers of every rate."""

import csv
import datetime as dt
import io
import random

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.db import db
from portal.formats import local
from portal.packet import Period
from tests.factories.accounts import make_user, sign_in
from tests.queries import count_queries
from workflows.calls import counting, packet, services
from workflows.calls.models import RESULTS

FIGURES = "/staff/calls/figures"
NOON = dt.datetime(2025, 8, 3, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def recorded(app: Flask) -> list[tuple[dt.date, int, str, str]]:
    """Three hundred calls of forty days, as a list of (day, hour, operator, result)."""
    dice = random.Random(137)
    people = [make_user(("operator",), name=name) for name in ("الف", "ب")]
    made = []
    with app.app_context():
        for _n in range(300):
            at = NOON + dt.timedelta(minutes=dice.randrange(40 * 24 * 60))
            person, result = dice.choice(people), dice.choice(RESULTS)
            with clock.freeze(at):
                services.record(
                    operator_id=person.id, result=result, language="fa", transferred_to="آب"
                )
            wall = local(at)
            made.append((wall.date(), wall.hour, person.name, result))
        db.session.commit()
    return made


def test_the_sums_are_those_of_the_rows(
    app: Flask, recorded: list[tuple[dt.date, int, str, str]]
) -> None:
    first, last = dt.date(2025, 8, 10), dt.date(2025, 8, 30)
    wanted = [row for row in recorded if first <= row[0] <= last]
    with app.app_context():
        found = counting.figures(first, last)
        only = counting.sums(first, last)
        lines = list(
            csv.DictReader(io.StringIO("\n".join(map(",".join, counting.lines(first, last)))))
        )
    assert only.by == found.total.by == {r: sum(row[3] == r for row in wanted) for r in RESULTS}
    assert found.total.taken == sum(row[3] != "dropped" for row in wanted)
    for day, sums in found.days.items():
        assert sums.total == sum(row[0] == day for row in wanted)
    for hour, sums in found.hours.items():
        assert sums.at_once == sum(row[1] == hour and row[3] == "answered" for row in wanted)
    for name, sums in found.operators:
        assert sums.total == sum(row[2] == name for row in wanted)
    assert len(found.days) == 21
    assert sum(int(line["total"]) for line in lines) == len(wanted)
    assert sum(int(line["answered"]) for line in lines) == found.total.at_once


def test_the_page_the_file_and_the_packet_say_the_same(
    app: Flask, client: FlaskClient, recorded: list[tuple[dt.date, int, str, str]]
) -> None:
    sign_in(client, make_user(("communications",), language="en"))
    period = "?first=2025/08/10&last=2025/08/30"
    with count_queries() as queries:
        page = client.get(FIGURES + period)
    assert page.status_code == 200
    assert queries.count <= 6, queries.statements
    with app.app_context():
        total = counting.sums(dt.date(2025, 8, 10), dt.date(2025, 8, 30))
        section = packet.calls(Period(dt.date(2025, 8, 10), dt.date(2025, 8, 30)))
        longer = packet.calls(Period(dt.date(2025, 1, 1), dt.date(2025, 12, 31)))
    assert f"{total.at_once} of {total.taken}" in page.text
    assert section["blocks"][0]["items"][0]["value"] == {
        "part": total.at_once,
        "whole": total.taken,
    }
    assert [block["kind"] for block in section["blocks"]] == ["figures", "note", "table"]
    assert [block["kind"] for block in longer["blocks"]] == ["figures", "note"]
    file = client.get(f"{FIGURES}.csv{period}")
    assert file.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(file.get_data().decode("utf-8-sig"))))
    assert sum(int(row["taken"]) for row in rows) == total.taken
    # A year is shown by months.
    assert client.get(f"{FIGURES}?first=2025/01/01&last=2025/12/31").text.count("2025") >= 12


@pytest.mark.parametrize(
    "wrong", ["first=2025/08/30&last=2025/08/10", "first=2020/01/01&last=2025/01/01", "first=soon"]
)
def test_a_period_that_cannot_be_is_explained(app: Flask, client: FlaskClient, wrong: str) -> None:
    sign_in(client, make_user(("evaluator",), language="en"))
    for page in (FIGURES, f"{FIGURES}.csv"):
        answer = client.get(f"{page}?{wrong}")
        assert answer.status_code == 422
        assert 'id="error-summary"' in answer.text
