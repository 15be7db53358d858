"""A message becomes a case, whatever way it came."""

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, signals
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging.models import Message
from tests.factories.cases import make_case, make_category
from tests.factories.contacts import make_contact
from tests.factories.units import make_unit
from workflows.cases import codes, intake
from workflows.cases.models import Case, CaseClock, CaseEvent
from workflows.cases.moves import InputRefused

SATURDAY = "2025-11-22T06:00:00+00:00"  # 09:30 in Tehran, within office hours


def clocks_of(case_id: int) -> dict[str, CaseClock]:
    rows = db.session.scalars(select(CaseClock).where(CaseClock.case_id == case_id))
    return {row.kind: row for row in rows}


def test_a_case_has_code_owner_history_and_clocks(context: Flask) -> None:
    unit = make_unit()
    category = make_category(unit_id=unit.id, first_action_hours=2, resolution_hours=4)
    with clock.freeze(SATURDAY) as now:
        case = make_case(category_id=category.id, channel="portal", language="ar")
    assert codes.normalise(case.code.lower()) == case.code
    assert (case.stage, case.unit_id, case.language) == ("assigned", unit.id, "ar")
    running = clocks_of(case.id)
    assert running["first_action"].due_at == now + dt.timedelta(hours=2)
    assert running["resolution"].due_at == now + dt.timedelta(hours=4)
    assert case.next_due_at == now + dt.timedelta(hours=2)
    assert running["first_action"].act_at == now + dt.timedelta(minutes=90)
    events = db.session.scalars(select(CaseEvent).order_by(CaseEvent.id)).all()
    assert [(event.kind, event.public) for event in events] == [
        ("received", True),
        ("assigned", True),
    ]


def test_an_urgent_case_has_two_hours_of_any_night(context: Flask) -> None:
    with clock.freeze("2025-11-20T22:00:00+00:00") as now:  # Thursday night
        case = make_case(urgency="danger")
    first = clocks_of(case.id)["first_action"]
    assert first.calendar == "always"
    assert first.due_at == now + dt.timedelta(hours=2)
    assert first.act_at == now + dt.timedelta(minutes=90)


def test_a_promise_takes_the_place_of_the_limit(context: Flask) -> None:
    with clock.freeze(SATURDAY) as now:
        promised = now + dt.timedelta(hours=1)
        case = make_case(due_at=promised, channel="callin", origin_type="call_in", origin_id=7)
    running = clocks_of(case.id)
    assert set(running) == {"resolution"}
    assert running["resolution"].due_at == promised
    assert (case.next_due_at, case.origin_id) == (promised, 7)


def test_a_message_that_came_earlier_runs_from_then(context: Flask) -> None:
    with clock.freeze(SATURDAY) as now:
        earlier = now - dt.timedelta(hours=1, minutes=58)
        case = make_case(urgency="danger", received_at=earlier)
    assert clocks_of(case.id)["first_action"].due_at == now + dt.timedelta(minutes=2)
    assert case.received_at == earlier


def test_the_code_goes_out_in_the_citizens_language(context: Flask) -> None:
    case = make_case(language="en", notify=True, e164="+989121110001")
    message = db.session.scalars(select(Message)).one()
    assert (message.e164, message.language) == ("+989121110001", "en")
    assert case.code in message.body
    assert f"http://localhost/t/{case.code}" in message.body


def test_nobody_is_written_to_without_a_number_or_wish(context: Flask) -> None:
    make_case(e164=None, notify=True)
    make_case(notify=False)
    assert db.session.scalars(select(Message)).all() == []


def test_a_known_citizen_is_linked_and_a_new_one_becomes_known(context: Flask) -> None:
    known = make_contact(e164="+989121110001")
    assert make_case(e164="+989121110001").contact_id == known.id
    new = make_case(e164="+989121110002", citizen_name="Ahmad", language="ar")
    contact = db.session.get_one(Contact, new.contact_id)
    assert (contact.name, contact.language, contact.source) == ("Ahmad", "ar", "137")


def test_without_a_category_the_centre_gets_it_and_else_the_root(context: Flask) -> None:
    root = make_unit(kind="city")
    make_unit(parent_id=root.id)
    assert make_case().unit_id == root.id
    centre = make_unit(code="centre-137", parent_id=root.id)
    assert make_case().unit_id == centre.id


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("text", {"text": " \u202e "}),
        ("text", {"text": "x" * 5001}),
        ("channel", {"channel": "pigeon"}),
        ("language", {"language": "tr"}),
        ("urgency", {"urgency": "very"}),
        ("phone", {"e164": "0912"}),
        ("category", {"category_id": 12345}),
        ("unit", {"unit_id": 12345}),
    ],
)
def test_bad_input_is_refused_by_field(
    context: Flask, field: str, values: dict[str, object]
) -> None:
    given: dict[str, object] = {"channel": "phone", "text": "سلام", "language": "fa", **values}
    with pytest.raises(InputRefused) as refused:
        intake.receive(**given)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert db.session.scalars(select(Case)).all() == []


def test_codes_forgive_what_people_type() -> None:
    assert codes.normalise("  abcd-efgh-o۱ ") == "ABCDEFGH01"
    assert codes.normalise("ABCDEFGHU1") is None
    assert codes.normalise("x" * 1000) is None


def test_a_calendar_that_is_broken_turns_nobody_away(context: Flask) -> None:
    category = make_category(calendar="no-such-calendar")
    case = make_case(category_id=category.id)
    assert clocks_of(case.id)["resolution"].calendar == "tehran-office"


def test_a_concern_in_a_survey_becomes_a_case(context: Flask) -> None:
    contact = make_contact(neighbourhood="بازار", language="ar")
    signals.concern_raised.send(
        None, contact_id=contact.id, text="الشارع مظلم", language="ar", source="survey"
    )
    signals.concern_raised.send(None, contact_id=None, text=" ", language="ar", source="survey")
    db.session.commit()
    case = db.session.scalars(select(Case)).one()
    assert (case.channel, case.contact_id, case.language) == ("survey", contact.id, "ar")
    assert (case.e164, case.neighbourhood) == (contact.e164, "بازار")
