"""The code that proves a proposer's number is read by the proposer alone."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from portal.db import db
from portal.messaging import dispatch, services
from portal.messaging.models import Message
from portal.text import ascii_digits
from tests.factories.accounts import make_user, sign_in
from tests.factories.ballots import make_scheme
from tests.factories.contacts import make_contact
from tests.factories.messages import FakeGateway, use_gateways
from tests.surveys.ballots.test_the_scheme import confirm, propose

NUMBER = "+989123456789"


@pytest.fixture
def gateway(app: Flask) -> Iterator[FakeGateway]:
    fake = FakeGateway()
    use_gateways(app, fake)
    yield fake
    del app.extensions["pasokh_accounts"]


def _sent(app: Flask, gateway: FakeGateway) -> str:
    """The text of the one SMS that left."""
    with app.app_context():
        dispatch.run(5)
    (sms,) = gateway.ledger
    return sms.text


def test_neither_the_stored_text_nor_a_page_of_staff_holds_the_code(
    app: Flask, gateway: FakeGateway
) -> None:
    contact = make_contact(e164=NUMBER)
    page = propose(app, make_scheme(projects=())).headers["Location"]
    found = re.search(r"\d{6}", _sent(app, gateway))
    assert found
    code = found[0]
    with app.app_context():
        message = db.session.query(Message).one()
        assert not re.search(r"\d", ascii_digits(message.body))
        message_id, contact_id = message.id, contact.id
        db.session.rollback()
    staff = app.test_client()
    sign_in(staff, make_user(roles=("administrator",)))
    for address in (
        f"/staff/messages/sms/{message_id}",
        "/staff/messages/number?number=09123456789",
        f"/staff/contacts/{contact_id}",
    ):
        answer = staff.get(address)
        assert answer.status_code == 200, address
        assert "[کد]" in answer.text, address
        assert code not in ascii_digits(answer.text), address
    assert confirm(app, page, code).status_code == 303


def test_what_was_sent_can_be_told_again_word_for_word(app: Flask, gateway: FakeGateway) -> None:
    propose(app, make_scheme(projects=()))
    sent = _sent(app, gateway)
    with app.app_context():
        assert services.text_of(db.session.query(Message).one()) == sent


def test_each_proposal_has_a_code_of_its_own(app: Flask, gateway: FakeGateway) -> None:
    made = make_scheme(projects=())
    first, second = (propose(app, made).headers["Location"] for _ in range(2))
    with app.app_context():
        dispatch.run(5)
    codes = [re.findall(r"\d{6}", sms.text)[0] for sms in gateway.ledger]
    assert codes[0] != codes[1]
    assert confirm(app, first, codes[1]).status_code == 422
    assert confirm(app, second, codes[1]).status_code == 303
