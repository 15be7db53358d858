"""What was typed survives an ended sign-in, and only forms of our own pages come back."""

import html
import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import resend
from portal.contacts.models import Contact
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.context import application

FORM = "/staff/contacts/new"
OURS = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
TYPED = {
    "phone": "09123456789",
    "name": 'مریم "کاظمی" <b>',
    "language": "fa",
    "neighbourhood": "",
    "tags": "ورزش،\r\nبازار",
}
HEADINGS = {
    "fa": "مهلت ورود شما به پایان رسیده است",
    "ar": "انتهت جلسة دخولكم",
    "en": "Your sign-in has ended",
}


@pytest.fixture
def browser(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(("communications",), language="en"))
    return client


def fields_of(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def expire(browser: FlaskClient) -> None:
    browser.delete_cookie("pasokh")


def send(browser: FlaskClient, data: dict[str, Any], **headers: str) -> TestResponse:
    return browser.post(FORM, data=data, headers=headers)


def names() -> list[str]:
    with application():
        return list(db.session.scalars(select(Contact.name)))


def shown_values(page: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'<dd class="pre-line">([^<]*)</dd>', page)]


@pytest.mark.parametrize("language", ["fa", "ar", "en"])
def test_what_was_typed_is_sent_again_after_signing_in(client: FlaskClient, language: str) -> None:
    user = make_user(("communications",), language=language)
    sign_in(client, user)
    typed = {**TYPED, "csrf_token": csrf_token(client, FORM)}
    expire(client)
    page = send(client, typed, **OURS)
    assert page.status_code == 401
    assert f'<html lang="{language}"' in page.text
    assert f"<h1>{HEADINGS[language]}</h1>" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    kept = fields_of(page.text)
    token = kept.pop("csrf_token")
    assert kept == TYPED
    assert [each.split() for each in shown_values(page.text)] == [
        value.split() for value in TYPED.values() if value
    ], "all that is sent is seen"
    assert f'action="{FORM}"' in page.text
    assert 'target="_blank" rel="noopener"' in page.text
    assert "<script" not in page.text
    early = send(client, {**kept, "csrf_token": token}, **OURS)
    assert early.status_code == 401, "sent too early the page comes again"
    assert fields_of(early.text).items() >= TYPED.items()
    sign_in(client, user)
    assert names() == []
    assert send(client, {**kept, "csrf_token": token}, **OURS).status_code == 303
    assert len(names()) == 1


def test_a_form_from_before_a_new_sign_in_comes_back_with_a_new_token(
    app: Flask, browser: FlaskClient
) -> None:
    old = csrf_token(browser, FORM)
    expire(browser)
    sign_in(browser, make_user(("communications",), language="en", name="Anna Weber"))
    page = send(browser, {**TYPED, "csrf_token": old}, **OURS)
    assert page.status_code == 400
    assert "Anna Weber" in page.text, "as whom it will be sent"
    assert "Your sign-in has ended" not in page.text
    assert fields_of(page.text)["csrf_token"] != old
    assert names() == []
    assert send(browser, fields_of(page.text), **OURS).status_code == 303
    assert len(names()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "https://evil.example", "Referer": "http://localhost/staff/"},
        {"Origin": "null", "Referer": "http://localhost/staff/"},
        {"Referer": "https://evil.example/http://localhost/"},
        {"Referer": "http://localhost.evil.example/"},
    ],
    ids=str,
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_a_form_of_another_site_never_becomes_one_of_ours(
    browser: FlaskClient, headers: dict[str, str], signed_in: bool
) -> None:
    if not signed_in:
        expire(browser)
    page = send(browser, TYPED, **headers)
    assert page.status_code == 400
    assert TYPED["phone"] not in page.text
    assert "<form" not in page.text


@pytest.mark.parametrize(
    "headers",
    [
        OURS,
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost"},
        {"Referer": "http://localhost/staff/contacts/new"},
    ],
    ids=str,
)
def test_old_browsers_prove_it_by_what_they_have(
    browser: FlaskClient, headers: dict[str, str]
) -> None:
    expire(browser)
    assert fields_of(send(browser, TYPED, **headers).text)["phone"] == TYPED["phone"]


def test_passwords_and_tokens_never_come_back(browser: FlaskClient) -> None:
    expire(browser)
    secret = {"csrf_token": "old-token", "a-csrf_token": "old-token", "new_Password": "geheim"}
    page = send(browser, {**TYPED, **secret}, **OURS)
    assert page.status_code == 401
    assert "geheim" not in page.text
    assert "old-token" not in page.text
    for url in ("/staff/login", "/staff/change", "/staff/logout"):
        answer = browser.post(url, data={"password": "geheim"}, headers=OURS)
        assert "geheim" not in answer.text
        assert "Send again" not in answer.text


def test_what_is_too_much_is_not_carried_to_and_fro(browser: FlaskClient) -> None:
    expire(browser)
    for data in (
        {"name": "x" * (resend.LARGEST + 1)},
        {f"n{n}": "x" for n in range(resend.MOST_FIELDS + 1)},
    ):
        page = send(browser, data, **OURS)
        assert page.status_code == 400
        assert "<form" not in page.text


def test_files_are_named_to_be_chosen_again(browser: FlaskClient) -> None:
    expire(browser)
    page = browser.post(
        "/staff/contacts/imports/new",
        data={"source": "fair", "file": (io.BytesIO(b"0912"), "people <1>.csv")},
        headers=OURS,
    )
    assert page.status_code == 401
    assert 'enctype="multipart/form-data"' in page.text
    assert fields_of(page.text)["source"] == "fair"
    assert "people &lt;1&gt;.csv" in page.text
    assert re.search(r'<input class="input" type="file" id="file-1" name="file">', page.text)


def test_programs_get_what_they_got(browser: FlaskClient) -> None:
    expire(browser)
    for headers in ({"Accept": "application/json"}, {"HX-Request": "true"}):
        page = send(browser, TYPED, **OURS, **headers)
        assert page.status_code == 400
        assert "Send again" not in page.text
    assert browser.post(FORM, json=TYPED, headers=OURS).status_code == 400
