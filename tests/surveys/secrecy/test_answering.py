"""An anonymous survey as a person meets it: nothing is kept before the end, nothing is lost."""

import random
import re
import string
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.audit.models import AuditEntry
from portal.db import db
from surveys.responses import travelling
from tests.factories.surveys import make_invitation, mayor, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.responses.phone import Phone, row_counts, states, stored
from tests.surveys.secrecy.boxes import make_anonymous, sealed

THREE = form(
    [question("first", required=True)],
    [question("second", "integer"), question("third", "select_one", "a b")],
    [question("last", required=True)],
)


@pytest.fixture
def phone(app: Flask) -> Phone:
    phone = Phone(app, make_invitation(make_anonymous(THREE), language="en")[1])
    phone.open()
    return phone


@pytest.mark.parametrize(
    ("lang", "words"),
    [("fa", "این نظرسنجی بی‌نام است"), ("ar", "هذا الاستطلاع مجهول الهوية"), ("en", "is anonymous")],
)
def test_the_first_page_names_the_secrecy(phone: Phone, lang: str, words: str) -> None:
    assert words in phone.open(f"?lang={lang}").text


def test_nothing_is_stored_before_the_last_page(app: Flask, phone: Phone) -> None:
    before = row_counts(app)
    assert phone.send(first="secret one").status_code == 200
    phone.send(second="5", third="b")
    after = row_counts(app)
    assert {**after, "changed": 0} == {**before, "changed": 0}
    assert states(app) == ["started"]
    assert "secret one" not in phone.page.text
    assert phone.send(last="secret two").status_code == 303
    assert "Your answers have arrived." in phone.page.text
    with app.app_context():
        (envelope,) = sealed()
        assert b"secret" not in envelope.ciphertext
    assert stored(app) == []
    assert states(app) == ["answered"]
    assert "already answered" in phone.open().text


def test_back_and_forth_and_the_language_keep_what_was_typed(phone: Phone) -> None:
    phone.send(first="یک")
    phone.send("back", second="7", third="a")
    assert phone.fields["first"] == ["یک"]
    phone.send()
    assert phone.fields["second"] == ["7"]
    phone.send("lang:fa", second="8")
    assert '<html lang="fa"' in phone.page.text
    assert phone.fields["second"] == ["8"]
    assert phone.fields["third"] == ["a"]
    phone.send()
    phone.send("back")
    assert phone.fields["second"] == ["8"]


def test_an_error_keeps_what_was_typed(phone: Phone) -> None:
    phone.send(first="x")
    answer = phone.send(second="seven", third="b")
    assert answer.status_code == 422
    assert phone.fields["second"] == ["seven"]
    assert phone.fields["third"] == ["b"]
    phone.send(second="7")
    assert phone.shows("last")


def test_two_tabs_and_two_presses_are_one_answer(app: Flask, phone: Phone) -> None:
    phone.send(first="x")
    other = Phone(app, phone.token)
    other.open()
    other.send(first="y")
    phone.send()
    action, data = phone.action, {**phone.fields, "last": "z", ".go": "next"}
    first, second = (phone.client.post(action, data=data) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert other.send().status_code == 303
    assert "Thank you" in other.page.text
    with app.app_context():
        assert len(sealed()) == 1


def test_fifty_at_once_are_one_sealed_answer(app: Flask, phone: Phone) -> None:
    phone.send(first="x")
    phone.send()
    action, data = phone.action, {**phone.fields, "last": "z", ".go": "next"}

    def press(_: int) -> int:
        return app.test_client(use_cookies=False).post(action, data=data).status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(press, range(50))) == {303}
    with app.app_context():
        assert len(sealed()) == 1


def test_a_form_that_is_a_day_old_begins_again_kindly(app: Flask, phone: Phone) -> None:
    with clock.freeze():
        phone.open()
        phone.send(first="x")
        phone.send()
        clock.shift(hours=25)
        answer = phone.send(last="y")
    assert answer.status_code == 200
    assert "Please go through the pages once more" in phone.page.text
    assert phone.shows("first")
    with app.app_context():
        assert sealed() == []
    phone.send(first="x")
    phone.send()
    assert phone.fields["last"] == ["y"], "what was just typed is kept"


@pytest.mark.parametrize("spoiled", ["", "nonsense", "A" * 4000, "é", "none of ours=="])
def test_spoiled_luggage_never_completes_half_an_answer(
    app: Flask, phone: Phone, spoiled: str
) -> None:
    phone.send(first="x")
    phone.send()
    answer = phone.send(last="y", **{travelling.FIELD: spoiled})
    assert answer.status_code == 200
    with app.app_context():
        assert sealed() == []


def test_the_form_of_another_person_is_worth_nothing(app: Flask, phone: Phone) -> None:
    phone.send(first="x")
    phone.send()
    theirs = phone.fields[travelling.FIELD]
    other = Phone(app, make_invitation(make_anonymous(THREE))[1])
    other.open()
    other.send(first="mine")
    other.send()
    other.send(last="y", **{travelling.FIELD: theirs})
    assert other.shows("first")


def test_more_than_travels_in_a_form_is_said_and_kept(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(travelling, "LARGEST", 300)
    long = "".join(random.Random(4).choices(string.ascii_letters, k=900))
    assert phone.send(first=long).status_code == 422
    assert phone.fields["first"] == [long]
    assert phone.send(first="short").status_code == 200
    assert phone.shows("second")


def test_no_audit_entry_for_an_answer(app: Flask, phone: Phone) -> None:
    with app.app_context():
        before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    phone.send(first="x")
    phone.send()
    phone.send(last="y")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_no_page_may_be_asked_for_by_its_number(phone: Phone) -> None:
    phone.open("?p=3")
    assert phone.shows("first")


def test_a_one_tap_link_goes_on_to_the_end(app: Flask) -> None:
    phone = Phone(app, make_invitation(make_anonymous(mayor()))[1])
    phone.open("/park")
    assert phone.fields["project"] == ["park"]
    phone.send(priorities=["safety"])
    phone.send(satisfaction="neutral")
    phone.send(age="30_44", household="4")
    with app.app_context():
        assert len(sealed()) == 1


def test_the_luggage_grows_slowly(phone: Phone) -> None:
    phone.send(first="کتاب " * 500)
    assert len(re.sub(r"\s", "", phone.page.text)) < 12_000
