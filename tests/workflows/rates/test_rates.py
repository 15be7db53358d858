"""Closed and confirmed: as counted one by one, on the pages, in the file, in the packet."""

import csv
import datetime as dt
import io
import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from portal import clock
from portal.db import db
from portal.packet import Period
from tests.factories.accounts import make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.cases import feedback, ringing, work
from workflows.cases.models import OUTCOMES, Case
from workflows.rates import counting, section, small
from workflows.rates.counting import Tally, Wanted

FIRST, LAST = dt.date(2026, 3, 21), dt.date(2026, 4, 20)
"""Farvardin 1405."""
NOW = "2026-04-25T08:00:00+00:00"
_codes = itertools.count(1)


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with clock.freeze(NOW):
        yield


def row(**facts: object) -> Case:
    values: dict[str, object] = {
        "code": f"C{next(_codes):09d}",
        "channel": "phone",
        "language": "fa",
        "text": "x",
        "stage": "assigned",
        "received_at": dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
        **facts,
    }
    return Case(**values)


ENDS = st.one_of(
    st.just(("assigned", None, None)),
    st.just(("feedback", "done", None)),
    st.tuples(
        st.just("closed"),
        st.sampled_from(OUTCOMES),
        st.sampled_from(("accepted", "timed_out", "not_asked")),
    ),
)
MATTERS = st.lists(
    st.tuples(
        st.integers(-2, 32),  # days after the first one
        st.integers(0, 3),  # unit
        st.integers(0, 2),  # category
        st.sampled_from((None, "danger")),
        st.sampled_from(("phone", "sms", "council", "file")),
        ENDS,
    ),
    max_size=25,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(matters=MATTERS, pick=st.integers(0, 3), urgent=st.sampled_from((None, True, False)))
def test_the_database_counts_as_somebody_with_a_pencil_does(
    context: Flask, matters: list[tuple], pick: int, urgent: bool | None
) -> None:
    if not (kept := db.session.info.get("rate_units")):
        district = make_unit(kind="district").id
        kept = db.session.info["rate_units"] = (
            [
                None,
                district,
                make_unit(parent_id=district, kind="office").id,
                make_unit(kind="organisation").id,
            ],
            [None, make_category().id, make_category().id],
            district,
        )
    units, categories, district = kept
    db.session.execute(delete(Case))
    since = Period(FIRST, LAST).since
    db.session.add_all(
        row(
            received_at=since + dt.timedelta(days=days),
            unit_id=units[unit],
            category_id=categories[category],
            urgency=urgency,
            channel=channel,
            stage=stage,
            outcome=outcome,
            confirmation=said,
        )
        for days, unit, category, urgency, channel, (stage, outcome, said) in matters
    )
    db.session.commit()
    tree = counting.read_units()
    under = tree.under(units[pick]) if units[pick] else ()
    found = counting.count(Wanted(Period(FIRST, LAST), unit_ids=under, urgent=urgent))

    received: Counter[tuple] = Counter()
    done: Counter[tuple] = Counter()
    confirmed: Counter[tuple] = Counter()
    for days, unit, category, urgency, channel, (stage, outcome, said) in matters:
        if not 0 <= days < 31 or channel in {"council", "file"}:
            continue
        if under and units[unit] not in under:
            continue
        if urgent is not None and (urgency is not None) != urgent:
            continue
        keys = (
            ("total", 0),
            ("unit", units[unit]),
            ("category", categories[category]),
            ("urgent", urgency is not None),
            ("channel", channel),
            ("district", district if unit in {1, 2} else None),
        )
        for key in keys:
            received[key] += 1
            if (stage, outcome) == ("closed", "done"):
                done[key] += 1
                confirmed[key] += said == "accepted"

    def penciled(group: str) -> dict:
        return {
            key: Tally(received[group, key], done[group, key], confirmed[group, key])
            for name, key in received
            if name == group
        }

    assert found.total == penciled("total").get(0, Tally())
    assert found.units == penciled("unit")
    assert found.categories == penciled("category")
    assert found.urgent == penciled("urgent")
    assert found.channels == penciled("channel")
    by_district = {
        unit.id if unit else None: tally for unit, tally in tree.by_district(found.units)
    }
    assert by_district == penciled("district")


@given(st.lists(st.integers(0, 12), max_size=8))
def test_what_is_hidden_cannot_be_worked_out(values: list[int]) -> None:
    shown = small.hidden(values)
    assert not any(value is not None and 0 < value < small.LEAST for value in shown)
    assert all(value in {None, was} for value, was in zip(shown, values, strict=True))
    if shown.count(None) == 1:
        # Nothing else is there but zeros: the total itself is then as small and hidden.
        assert sum(values) < small.LEAST


def answered(way: str | None, *, accepted: bool = True, calls: int = 0) -> None:
    case = make_case()
    case_id, number = case.id, case.e164
    work.finish(case_id, by=None, outcome="done", text="انجام شد")
    for _each in range(calls):
        ringing.not_reached(case_id, "busy", by=None)
    if way == "sms":
        assert number is not None
        assert feedback.answer_by_sms(number, "31" if accepted else "33 نه")
    elif way == "call":
        feedback.answer_by_call(case_id, by=None, accepted=accepted, words="نه")
    elif way == "link":
        feedback.answer_by_link(case_id, accepted=accepted, words="نه")
    db.session.commit()


def test_calls_sms_and_link_are_counted_apart(context: Flask) -> None:
    answered("sms")
    answered("sms", accepted=False)
    answered("link")
    answered("call", calls=2)
    answered("call", accepted=False)
    answered(None, calls=1)
    answered(None, calls=3)
    answered(None)
    wanted = Wanted(Period(dt.date(2026, 4, 20), dt.date(2026, 4, 26)))
    found = {way.way: (way.asked, way.accepted, way.objected) for way in counting.ways(wanted)}
    assert found == {"sms": (8, 1, 1), "link": (8, 1, 0), "call": (4, 1, 1)}
    tally = counting.count(wanted).total
    # Closed without an answer is closed as done, and confirmed by nobody.
    assert (tally.received, tally.done, tally.confirmed) == (8, 4, 3)


def fill() -> tuple[str, str]:
    """Two districts of Farvardin, one of them tiny; their names."""
    large, tiny = (
        make_unit(kind="district", names={"fa": name, "ar": name, "en": name})
        for name in ("منطقهٔ بزرگ", "منطقهٔ کوچک")
    )
    office = make_unit(parent_id=large.id, kind="office")
    facts = {"stage": "closed", "outcome": "done"}
    cases = [row(unit_id=office.id, confirmation="accepted", **facts) for _ in range(7)]
    cases += [row(unit_id=large.id, confirmation="timed_out", **facts) for _ in range(6)]
    cases += [row(unit_id=large.id, stage="closed", outcome="planned") for _ in range(2)]
    cases += [row(unit_id=tiny.id, confirmation="accepted", **facts) for _ in range(3)]
    cases += [row(unit_id=None) for _ in range(9)]
    db.session.add_all(cases)
    db.session.commit()
    return large.names["fa"], tiny.names["fa"]


def test_staff_see_both_numbers_of_every_rate_and_take_them_along(
    app: Flask, client: FlaskClient
) -> None:
    sign_in(client, make_user(("evaluator",), language="en"))
    with app.app_context():
        fill()
    url = "/staff/rates/?first=2026/03/21&last=2026/04/20"
    with count_queries() as few:
        page = client.get(url)
    assert page.status_code == 200
    text = client.get("/staff/rates/rates.csv?first=2026/03/21&last=2026/04/20").text
    lines = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    got = {
        (line["group"], line["name"], line["rate"]): (line["numerator"], line["denominator"])
        for line in lines
    }
    assert got["city", "", "closed"] == ("16", "27")
    assert got["city", "", "confirmed"] == ("10", "16")
    assert got["districts", "منطقهٔ بزرگ", "closed"] == ("13", "15")
    assert got["districts", "منطقهٔ کوچک", "confirmed"] == ("3", "3")
    assert {line["first_day"] for line in lines} == {"2026-03-21"}
    for _each in range(4):
        with app.app_context():
            fill()
    with count_queries() as many:
        client.get(url)
    assert many.count == few.count
    # Nonsense in an address is explained or ignored, never an error.
    for odd in (
        "?first=2026/13/45",
        "?last=1300/01/01",
        "?unit=x&category=-1&channel=%00&urgent=q",
    ):
        assert client.get("/staff/rates/" + odd).status_code == 200


def test_everybody_sees_city_and_districts_without_small_numbers(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        fill()
    page = client.get("/en/figures?month=1405-01")
    assert page.status_code == 200
    with app.app_context(), app.test_request_context("/en/figures"):
        from workflows.rates import pages

        found = pages.public_report(Period(FIRST, LAST))
    rows = {line.name: (line.received, line.done, line.confirmed) for line in found.districts}
    assert rows["منطقهٔ کوچک"] == (None, None, None)
    # One more is hidden in each column, or the small ones would follow from the city's.
    assert rows["منطقهٔ بزرگ"] == (15, None, None)
    assert (found.total.received, found.total.done, found.total.confirmed) == (27, 16, 10)
    # What is left out may be large, so the page does not call it small.
    assert "not published" in page.text and ">under" not in page.text
    assert client.get("/fa/figures?month=9999-99").status_code == 200
    assert client.get("/ar/figures").status_code == 200


def test_the_packet_holds_both_rates(context: Flask) -> None:
    fill()
    blocks = section.closed_and_confirmed(Period(FIRST, LAST))["blocks"]
    assert [item["value"] for item in blocks[0]["items"]] == [
        {"part": 16, "whole": 27},
        {"part": 10, "whole": 16},
    ]


@pytest.mark.surveys
def test_satisfaction_is_asked_after_the_confirmation_and_shown(
    app: Flask, client: FlaskClient
) -> None:
    """Through the doors: 31 by SMS closes, the question comes, its answer stands in the rates."""
    import re

    from portal.messaging import services as messaging
    from portal.messaging.models import Message

    with app.app_context():
        answered("sms")
        texts = [messaging.text_of(one) for one in db.session.scalars(select(Message))]
        link = re.search(r"/s/\w+", " ".join(texts))
    assert link
    data = {"satisfaction": "very_satisfied", ".shown": "satisfaction", ".go": "next"}
    assert client.post(f"{link[0]}?p=1", data=data).status_code == 303
    sign_in(client, make_user(("evaluator",)))
    text = client.get("/staff/rates/rates.csv").text
    assert ",satisfied,1,1" in text
