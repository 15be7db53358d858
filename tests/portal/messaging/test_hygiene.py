"""Numbers to which messages keep coming back, and how they are forgiven."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.contacts import audience
from portal.contacts.audience import AudienceFilter
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging import hygiene, jobs
from tests.factories.accounts import make_user, sign_in
from tests.factories.contacts import make_contact
from tests.factories.messages import make_inbound, make_message
from tests.queries import count_queries

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _still(app: Flask) -> Iterator[None]:
    with clock.freeze(NOW):
        yield


def bounced(contact: Contact, days_ago: float, state: str = "undelivered", **more: Any) -> None:
    at = NOW - dt.timedelta(days=days_ago)
    make_message(e164=contact.e164, state=state, state_at=at, created_at=at, **more)


def is_unreachable(contact: Contact) -> bool:
    db.session.rollback()
    found = db.session.get_one(Contact, contact.id, populate_existing=True)
    return found.unreachable_since is not None


def swept(contact: Contact) -> bool:
    jobs.mark_unreachable()
    return is_unreachable(contact)


@pytest.mark.usefixtures("context")
def test_three_different_days_mark_a_number() -> None:
    someone = make_contact()
    bounced(someone, 5)
    bounced(someone, 3)
    assert not swept(someone)
    bounced(someone, 1)
    assert swept(someone)


@pytest.mark.usefixtures("context")
def test_three_on_one_day_do_not() -> None:
    someone = make_contact()
    for hours in (0.01, 0.02, 0.03):
        bounced(someone, hours)
    assert not swept(someone)


@pytest.mark.usefixtures("context")
def test_the_day_is_the_citys() -> None:
    someone = make_contact()
    # 20:20 and 20:40 UTC are two days in Tehran.
    for minutes in (20, 40):
        at = dt.datetime(2026, 3, 9, 20, minutes, tzinfo=dt.UTC)
        make_message(e164=someone.e164, state="undelivered", state_at=at)
    bounced(someone, 0.01)
    # The 9th, the 10th after midnight, and the 10th at noon.
    assert not swept(someone)
    bounced(someone, 4)
    assert swept(someone)


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize(
    ("state", "reason", "counts"),
    [
        ("failed", "kavenegar:411", True),
        ("failed", "kavenegar:413", False),
        ("failed", None, False),
        ("blocked", "kavenegar:blocked", False),
        ("expired", None, False),
        ("suppressed", "opted_out", False),
        ("unknown", None, False),
    ],
)
def test_only_what_comes_back_for_good_counts(state: str, reason: str | None, counts: bool) -> None:
    someone = make_contact()
    for days in (0.5, 1.5, 2.5):
        bounced(someone, days, state, reason=reason)
    assert swept(someone) is counts


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("good", ["delivery", "inbound"])
def test_what_came_before_a_good_sign_does_not_count(good: str) -> None:
    someone = make_contact()
    for days in (6, 5, 1):
        bounced(someone, days)
    _good_sign(someone, good, NOW - dt.timedelta(days=2))
    assert not swept(someone)


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("good", ["delivery", "inbound"])
def test_a_good_sign_takes_the_mark_away(good: str) -> None:
    someone, other = make_contact(), make_contact()
    for each in (someone, other):
        for days in (3, 2, 1):
            bounced(each, days)
    assert swept(someone)
    clock.shift(hours=1)
    _good_sign(someone, good, clock.now())
    clock.shift(minutes=1)
    assert not swept(someone)
    assert is_unreachable(other)
    assert not swept(someone), "and it stays away"


def _good_sign(contact: Contact, kind: str, at: dt.datetime) -> None:
    if kind == "delivery":
        make_message(e164=contact.e164, state="delivered", state_at=at, delivered_at=at)
    else:
        make_inbound("سلام", contact.e164, received_at=at)


@pytest.mark.usefixtures("context")
def test_another_number_of_days_or_never(make_app: Callable[..., Flask]) -> None:
    someone = make_contact()
    bounced(someone, 1)
    for days, expected in ((0, False), (1, True)):
        with make_app(unreachable_after=days).app_context():
            hygiene.sweep()
            db.session.commit()
        assert is_unreachable(someone) is expected


@pytest.mark.usefixtures("context")
def test_audiences_leave_them_out_unless_asked() -> None:
    gone, here = make_contact(name="gone"), make_contact(name="here")
    db.session.get_one(Contact, gone.id).unreachable_since = NOW
    db.session.commit()
    counted = audience.count(AudienceFilter())
    assert (counted.total, counted.unreachable) == (1, 1)
    names = [each.name for each in db.session.scalars(audience.contacts(AudienceFilter()))]
    assert names == [here.name]
    everybody = AudienceFilter.from_json(AudienceFilter(include_unreachable=True).to_json())
    assert audience.count(everybody).total == 2
    assert len(db.session.scalars(audience.contacts(everybody)).all()) == 2
    assert "include_unreachable" not in AudienceFilter().to_json()


def test_staff_sees_them_with_the_last_reason(app: Flask, client: FlaskClient) -> None:
    sign_in(client, make_user(roles=("communications",), language="en"))

    def load() -> tuple[str, int]:
        with count_queries() as queries:
            page = client.get("/staff/messages/unreachable?lang=en")
        assert page.status_code == 200
        return page.text, queries.count

    assert "Every number can be reached" in load()[0]

    def mark(name: str, reason: str) -> None:
        contact = make_contact(name=name)
        with app.app_context():
            row = db.session.get_one(Contact, contact.id)
            row.unreachable_since, row.unreachable_reason = NOW, reason
            db.session.commit()

    mark("First", "kavenegar:411")
    page, few = load()
    assert "The number is not valid" in page
    for number in range(60):
        mark(f"N{number}", "undelivered")
    page, many = load()
    assert many == few
    assert "Not delivered" in page
    assert "Next page" in page
    assert "First" not in page
