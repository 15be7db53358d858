"""Prices: entered by staff, used for estimates; the operator is read from the number."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from phonenumbers import carrier, parse
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging import account, prices, segments, services
from portal.messaging.gateways.base import Accepted
from portal.messaging.models import Message
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.contacts import make_contact
from tests.factories.messages import FakeGateway, make_batch, make_message, use_gateways
from tests.queries import count_queries

PAGE = "/staff/messages/prices"


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(roles=("communications",), language="en"))
    return client


def save(client: FlaskClient, **typed: str):  # type: ignore[no-untyped-def]
    token = csrf_token(client, PAGE)
    data = {name.replace("__", "-"): value for name, value in typed.items()}
    data = {name.replace("UCS2", "UCS-2").replace("GSM7", "GSM-7"): v for name, v in data.items()}
    return client.post(PAGE, data={"csrf_token": token, **data}, follow_redirects=True)


def test_prices_are_entered_changed_and_taken_away(
    app: Flask, staff: FlaskClient, gateway: FakeGateway
) -> None:
    assert "Not all prices are entered" in staff.get(f"{PAGE}?lang=en").text
    done = save(
        staff,
        fake__mci__UCS2="۱٬۲۰۰",
        fake__other__UCS2="1500",
        fake__mci__GSM7="2,400",
        fake__other__GSM7="٣٠٠٠",
    )
    assert done.status_code == 200
    assert "The prices are saved." in done.text
    assert "Not all prices" not in done.text
    with app.app_context():
        assert dict(prices.of("fake").parts) == {
            ("mci", "UCS-2"): 1200,
            ("other", "UCS-2"): 1500,
            ("mci", "GSM-7"): 2400,
            ("other", "GSM-7"): 3000,
        }
    assert (
        "Nothing has changed."
        in save(
            staff,
            fake__mci__UCS2="1200",
            fake__other__UCS2="1500",
            fake__mci__GSM7="2400",
            fake__other__GSM7="3000",
        ).text
    )
    save(staff, fake__mci__UCS2="1300")
    with app.app_context():
        assert dict(prices.of("fake").parts) == {("mci", "UCS-2"): 1300}
        rows = db.session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action == "messages.prices_changed")
            .order_by(AuditEntry.id)
        ).all()
        assert len(rows) == 2, "saving the same is no change"
        assert rows[1].payload.body["before"]["mci UCS-2"] == 1200
        assert rows[1].payload.body["after"] == {"mci UCS-2": 1300}


@pytest.mark.parametrize("typed", ["abc", "-1", "1.5", "1000001", "9" * 30])
def test_a_wrong_price_is_said_and_what_was_typed_stays(
    app: Flask, staff: FlaskClient, gateway: FakeGateway, typed: str
) -> None:
    page = save(staff, fake__mci__UCS2=typed, fake__other__UCS2="1500")
    assert page.status_code == 422
    assert f'value="{typed}"' in page.text
    assert 'value="1500"' in page.text
    with app.app_context():
        assert prices.of("fake").parts == {}


def test_only_who_may_stop_sendings_enters_prices(client: FlaskClient, app: Flask) -> None:
    sign_in(client, make_user(roles=("analyst",)))
    assert client.get(PAGE).status_code == 403


def test_the_page_does_not_ask_more_for_more_gateways(app: Flask, staff: FlaskClient) -> None:
    def load() -> int:
        with count_queries() as queries:
            assert staff.get(PAGE).status_code == 200
        return queries.count

    use_gateways(app, FakeGateway(name="one"))
    few = load()
    use_gateways(app, *(FakeGateway(name=f"g{n}") for n in range(5)))
    assert load() == few <= 5
    del app.extensions["pasokh_accounts"]


def test_the_guess_of_the_operator_agrees_with_the_numbering_plan(context: Flask) -> None:
    """phonenumbers knows which prefix was given to whom."""
    known = 0
    for prefix in range(900, 1000):
        number = f"+98{prefix}1234567"
        name = carrier.name_for_number(parse(number), "en")
        if name:
            known += 1
            assert (prices.operator_of(number) == "mci") == (name == "IR-MCI"), number
    assert known > 30
    assert prices.operator_of("+4915112345678") == "other"
    for e164 in ("+989121234567", "+989351234567", "+989901234567", "+4915112345678"):
        make_contact(e164=e164)
    for e164, mci in db.session.execute(select(Contact.e164, prices.is_mci(Contact.e164))):
        assert mci == (prices.operator_of(e164) == "mci")


def test_an_estimate_is_segments_times_price(context: Flask, gateway: FakeGateway) -> None:
    prices.change("fake", {("mci", "UCS-2"): 1200, ("other", "UCS-2"): 1500})
    estimator = prices.estimator()
    assert estimator.of("+989121234567", "م" * 71, None) == 2400
    assert estimator.of("+989351234567", "م" * 70, None) == 1500
    assert estimator.of("+989351234567", "Hello", None) is None, "no price for Latin"
    code = "م" * 64 + "{code}"
    assert estimator.of("+989351234567", code, "survey") == 1500, "a code of six digits"
    assert segments.count(code).segments == 1


def test_a_lone_message_is_estimated_where_the_gateway_is_silent(
    context: Flask, gateway: FakeGateway
) -> None:
    from portal.messaging import dispatch

    prices.change("fake", {("other", "UCS-2"): 1500})
    gateway.answer = lambda sms: Accepted(
        str(sms.local_id), "accepted", 700 if sms.to.endswith("1") else None
    )
    services.send_one("+989350000001", "سلام")
    services.send_one("+989350000002", "سلام")
    db.session.commit()
    dispatch.run(5)
    db.session.rollback()
    rows = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert [(row.cost_rial, row.cost_estimated) for row in rows] == [(700, False), (1500, True)]


def test_the_dispatcher_reckons_with_the_gateway_that_sends(app: Flask, context: Flask) -> None:
    from portal.messaging import dispatch

    one, two = FakeGateway(name="one"), FakeGateway(name="two")
    use_gateways(app, one, two)
    prices.change("one", {("other", "UCS-2"): 1000})
    prices.change("two", {("other", "UCS-2"): 3000})
    batch = services.create_batch("x", respects_quiet_hours=False)
    services.insert_messages(batch.id, [services.NewMessage(None, "+989350000001", "fa", "سلام")])
    db.session.commit()
    estimate = select(Message.estimate_rial)
    assert db.session.scalar(estimate) == 1000
    account.pause("one", "one:403")
    db.session.commit()
    dispatch.run(5)
    db.session.rollback()
    assert db.session.scalar(estimate) == 3000
    del app.extensions["pasokh_accounts"]


def test_the_page_of_a_sending_compares_estimate_and_bill(
    app: Flask, staff: FlaskClient, gateway: FakeGateway
) -> None:
    batch = make_batch(budget_rial=50_000, committed_rial=17_000)
    make_message(batch_id=batch.id, state="delivered", estimate_rial=15_000, cost_rial=17_000)
    make_message(batch_id=batch.id, state="created", estimate_rial=15_000)
    make_message(batch_id=batch.id, state="failed")
    with count_queries() as queries:
        page = staff.get(f"/staff/messages/batches/{batch.id}?lang=en").text
    assert "+200" in page
    assert "3,000" in page, "both estimates in toman"
    assert "Budget: 5,000 toman. Spent or on its way to be spent: 1,700 toman." in page
    assert "The price of 1 message is not known." in page
    assert queries.count <= 10
