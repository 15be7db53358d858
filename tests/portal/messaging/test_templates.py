"""Texts of messages: checked, kept for ever, rendered, and written on staff's pages."""

import dataclasses
import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.db import db
from portal.i18n import _l
from portal.messaging import purposes, services, wording
from portal.messaging.models import Message
from portal.messaging.purposes import Placeholder, TemplatePurpose
from portal.messaging.segments import LinePlan
from portal.messaging.template_models import MessageTemplateVersion
from portal.messaging.wording import TemplateError
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.messages import (
    FakeGateway,
    account_of,
    make_batch,
    make_message,
    use_gateways,
)
from tests.factories.templates import make_template
from tests.queries import count_queries

LIGHT = TemplatePurpose(
    "test.light",
    _l("Test"),
    lambda: "The lamp {code} shines: {link}",
    (
        Placeholder("code", "K7"),
        Placeholder("link", "https://city.example/s/TEST0000000", late=True),
        Placeholder("due", "tomorrow", required=False),
    ),
)
MANY = TemplatePurpose("test.many", _l("Beginnings"), "Hello", bulk=True, many=True)
GOOD = {"fa": "چراغ {code}: {link}", "ar": "المصباح {code}: {link}", "en": "Lamp {code}: {link}"}


@pytest.fixture(autouse=True)
def _declared(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    own = purposes.purposes
    monkeypatch.setattr(purposes, "purposes", lambda: [LIGHT, MANY, *own()])


def _versions(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(MessageTemplateVersion)).all())


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(roles=("communications",), language="en"))
    return client


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write a text"),
        (" \u200e\n ", "Write a text"),
        ("Lamp {code}", "{link} is missing"),
        ("Lamp {link}", "{code} is missing"),
        ("{name}: {code} {link}", "{name} is no placeholder"),
        ("{Code}: {code} {link}", "{Code} is no placeholder"),
        ("{ code }: {code} {link}", "{ code } is no placeholder"),
        ("{}: {code} {link}", "{} is no placeholder"),
        ("{code} {link} {", "A brace stands alone"),
        ("{code} {link}}", "A brace stands alone"),
        ("{code} {li\nnk} {link}", "A brace stands alone"),
        ("{code} {link} {link}", "{link} stands more than once"),
        ("{code} {link} " + "و" * 700, "too long"),
    ],
)
@pytest.mark.usefixtures("context")
def test_what_is_wrong_is_said(typed: str, said: str) -> None:
    from portal.i18n import use_language

    with use_language("en"):
        found = " ".join(wording.preview(LIGHT, "en", typed).problems)
    assert said in found.replace("\u2068", "").replace("\u2069", "").replace("\u2066", "")


@pytest.mark.parametrize("typed", [*GOOD.values(), "{due} {code} {code} {link}"])
@pytest.mark.usefixtures("context")
def test_what_is_right_has_no_problem(typed: str) -> None:
    assert wording.preview(LIGHT, "en", typed).problems == ()


@pytest.mark.usefixtures("context")
def test_a_wrong_text_is_saved_nowhere() -> None:
    with pytest.raises(TemplateError) as refused:
        wording.save(LIGHT, {**GOOD, "ar": ""}, user_id=None, seen=0)
    assert set(refused.value.problems) == {"ar"}
    assert db.session.scalars(select(MessageTemplateVersion)).all() == []


@pytest.mark.usefixtures("context")
def test_versions_grow_and_never_change() -> None:
    assert wording.render("test.light", "en", code="A1").version_id is None
    first = wording.save(LIGHT, GOOD, user_id=None, seen=0)
    assert first is not None
    assert wording.save(LIGHT, GOOD, user_id=None, seen=1) is None, "nothing differs"
    with pytest.raises(TemplateError, match="changed"):
        wording.save(LIGHT, {**GOOD, "en": "{code} {link}!"}, user_id=None, seen=0)
    second = wording.save(LIGHT, {**GOOD, "en": "{code} {link}!"}, user_id=None, seen=1)
    assert second is not None
    db.session.commit()
    assert wording.render("test.light", "en", code="A1") == wording.Rendered(
        "A1 {link}!", second.id
    )
    third = wording.reset(LIGHT, user_id=None, seen=2)
    assert third is not None
    assert [third.number, third.texts, third.origin] == [3, {}, "reset"]
    assert wording.render("test.light", "en", code="A1").body == "The lamp A1 shines: {link}"
    assert wording.reset(LIGHT, user_id=None, seen=3) is None
    db.session.commit()
    for statement in (
        "UPDATE message_template_versions SET texts = '{}'",
        "DELETE FROM message_template_versions",
    ):
        with pytest.raises(DBAPIError, match="never change"):
            db.session.execute(text(statement))
        db.session.rollback()


@pytest.mark.usefixtures("context")
def test_braces_in_a_value_stay_as_they_are() -> None:
    wording.save(LIGHT, GOOD, user_id=None, seen=0)
    assert wording.render("test.light", "en", code="{due}").body == "Lamp {due}: {link}"


@pytest.mark.usefixtures("context")
def test_every_text_of_the_product_passes_its_own_checks() -> None:
    wrong = {
        (purpose.name, code): found
        for purpose in purposes.purposes()
        for code in ("fa", "ar", "en")
        if purpose is not MANY
        and (found := wording.preview(purpose, code, wording.default(purpose, code)).problems)
    }
    assert wrong == {}


@pytest.mark.usefixtures("context")
def test_names_of_purposes_are_unique() -> None:
    names = [purpose.name for purpose in purposes.purposes()]
    assert len(names) == len(set(names))


# Pages


def test_a_text_is_written_previewed_and_taken_back(app: Flask, staff: FlaskClient) -> None:
    url = "/staff/messages/templates/test.light?lang=en"
    page = html.unescape(staff.get(url).text)
    assert "The lamp K7 shines: https://city.example/s/TEST0000000" in page
    token = csrf_token(staff, url)
    fields = {f"text_{code}": words for code, words in GOOD.items()}
    bad = staff.post(url, data={"csrf_token": token, "seen": "0", **fields, "text_en": "Lamp"})
    assert bad.status_code == 422
    assert "is missing" in bad.text
    assert "Lamp</textarea>" in bad.text, "what was typed stays"
    done = staff.post(
        url, data={"csrf_token": token, "seen": "0", **fields}, follow_redirects=True
    ).text
    assert "Messages from now on have this text" in done
    assert "Lamp K7" in done
    late = staff.post(url, data={"csrf_token": token, "seen": "0", **fields})
    assert late.status_code == 422
    assert "meanwhile" in late.text
    listed = staff.get("/staff/messages/templates/?lang=en").text
    assert "version 1" in listed
    reset = "/staff/messages/templates/test.light/reset"
    staff.post(reset, data={"csrf_token": token, "seen": "1"})
    assert "The lamp K7 shines" in staff.get(url).text
    with app.app_context():
        assert wording.render("test.light", "en", code="1").body == "The lamp 1 shines: {link}"


def test_the_live_count_changes_nothing(app: Flask, staff: FlaskClient) -> None:
    token = csrf_token(staff, "/staff/messages/templates/test.light")
    page = staff.post(
        "/staff/messages/templates/test.light/cost/en?lang=en",
        data={"csrf_token": token, "text_en": "Lamp {code} {x}"},
    ).text
    assert "1 part" in page
    assert "is no placeholder" in page
    assert "Lamp K7 {x}" in page
    assert _versions(app) == 0


def test_several_beginnings_have_names(app: Flask, staff: FlaskClient) -> None:
    url = "/staff/messages/templates/test.many?lang=en"
    token = csrf_token(staff, url)
    fields = {"text_fa": "سلام", "text_ar": "مرحبا", "text_en": "Good day", "seen": "0"}
    nameless = staff.post(url, data={"csrf_token": token, **fields})
    assert nameless.status_code == 422
    for _ in range(2):
        twice = staff.post(url, data={"csrf_token": token, **fields, "name": " Spring  poll "})
    assert twice.status_code == 422
    assert "of this name already" in twice.text
    with app.app_context():
        assert [pair[0].name for pair in wording.named("test.many")] == ["Spring poll"]
    page = staff.get("/staff/messages/templates/test.many?name=Spring+poll&lang=en").text
    assert "Good day" in page
    assert staff.get("/staff/messages/templates/test.many?name=Other").status_code == 404
    assert staff.get("/staff/messages/templates/no.such").status_code == 404


def test_the_list_asks_as_often_for_many_as_for_one(staff: FlaskClient) -> None:
    def load() -> int:
        with count_queries() as queries:
            assert staff.get("/staff/messages/templates/").status_code == 200
        return queries.count

    load()
    few = load()
    for number in range(12):
        make_template("test.many", f"Poll {number}", en=f"Hello {number}")
    assert load() == few <= 6


def test_only_communications_writes(client: FlaskClient) -> None:
    sign_in(client, make_user(roles=("analyst",)))
    assert client.get("/staff/messages/templates/").status_code == 403


# Proof


def test_a_message_shows_its_words_without_its_link(app: Flask, staff: FlaskClient) -> None:
    user = make_user(name="Launcher")
    second = make_user(name="Second person")
    version = make_template("test.light", **GOOD)
    batch = make_batch(label="Lamps", launched_by=user.id, approved_by=second.id)
    message = make_message(
        batch_id=batch.id,
        body="Lamp A1: {link}",
        link_purpose="survey" if "surveys" in _names(app) else None,
        link_id=7,
        template_version_id=version.id,
        state="delivered",
        cost_rial=1500,
        segments=1,
    )
    page = html.unescape(staff.get(f"/staff/messages/sms/{message.id}?lang=en").text)
    assert "Lamp A1: \u2068[personal link]\u2069" in page
    assert "Launcher" in page
    assert "Second person" in page
    assert "version 1" in page
    assert "150" in page
    if message.link_purpose:
        with app.app_context():
            assert services.text_of(message).removeprefix("Lamp A1: ") not in page
    assert staff.get("/staff/messages/sms/999999").status_code == 404


@pytest.mark.usefixtures("context")
def test_a_single_message_carries_the_version_of_its_text() -> None:
    version = make_template("test.light", **GOOD)
    words = wording.render("test.light", "fa", code="A1")
    services.send_one("+989121234567", words.body, template_version_id=words.version_id)
    db.session.commit()
    sent = db.session.scalars(select(Message)).one()
    assert (sent.body, sent.template_version_id) == ("چراغ A1: {link}", version.id)


def _names(app: Flask) -> set[str]:
    return {plugin.name for plugin in app.extensions["pasokh_plugins"]}


# Lines


def _lines(app: Flask, *parts: int, suffix: str = "") -> None:
    """Sending lines 1000, 2000, … whose parts hold so many units."""
    use_gateways(
        app,
        *(
            dataclasses.replace(
                account_of(FakeGateway(name=f"gateway{number}"), line=f"{number}000"),
                plan=LinePlan.with_part(units),
                suffix=suffix,
            )
            for number, units in enumerate(parts, 1)
        ),
    )


def _counted(staff: FlaskClient, purpose: str, typed: str) -> str:
    url = f"/staff/messages/templates/{purpose}"
    form = {"csrf_token": csrf_token(staff, url), "text_fa": typed}
    answer = staff.post(f"{url}/cost/fa", data=form)
    assert answer.status_code == 200
    return re.sub("[\u2066-\u2069]", "", html.unescape(answer.text))


@pytest.mark.parametrize(
    ("parts", "count", "said"),
    [
        ((70,), "1 part", None),
        ((66,), "2 parts", None),
        ((66, 66), "2 parts", None),
        ((70, 66), "1 part", "Parts if gateway2 has to send it, over the line 2000: 2."),
        ((66, 70), "2 parts", "Parts if gateway2 has to send it, over the line 2000: 1."),
    ],
)
def test_parts_are_those_of_the_line_that_sends(
    app: Flask, staff: FlaskClient, parts: tuple[int, ...], count: str, said: str | None
) -> None:
    _lines(app, *parts)
    try:
        page = _counted(staff, "test.light", "{code} {link}\n" + "م" * (66 - 36))
        assert f"<strong>{count}</strong>" in page
        assert ("has to send it" in page) is (said is not None)
        assert said is None or said in page
    finally:
        del app.extensions["pasokh_accounts"]


def test_too_long_is_too_long_for_the_line_that_sends(app: Flask, staff: FlaskClient) -> None:
    typed = "{code} {link}\n" + "م" * (670 - 38)
    try:
        for units, is_too_long in ((70, False), (66, True)):
            _lines(app, units)
            assert ("too long" in _counted(staff, "test.light", typed)) is is_too_long
    finally:
        del app.extensions["pasokh_accounts"]


def test_another_ending_makes_another_length(app: Flask, staff: FlaskClient) -> None:
    first = dataclasses.replace(account_of(FakeGateway(name="first"), line="1000"), suffix="-")
    second = account_of(FakeGateway(name="second"), line="2000")
    use_gateways(
        app,
        dataclasses.replace(first, suffix=""),
        dataclasses.replace(second, suffix="لغو۱۱"),
    )
    try:
        page = _counted(staff, "test.many", "م" * 68)
        assert "<strong>1 part</strong>" in page
        assert "Parts if second has to send it, over the line 2000: 2." in page
        # A single message has no ending.
        assert "has to send it" not in _counted(staff, "test.light", "{code} {link}\n" + "م" * 30)
    finally:
        del app.extensions["pasokh_accounts"]
