"""The public pages, tried as a visitor."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import links


@pytest.mark.parametrize(("lang", "direction"), [("fa", "rtl"), ("ar", "rtl"), ("en", "ltr")])
@pytest.mark.parametrize("page", ["", "accessibility", "privacy"])
def test_pages_stand_in_each_language(
    client: FlaskClient, lang: str, direction: str, page: str
) -> None:
    response = client.get(f"/{lang}/{page}")
    assert response.status_code == 200
    assert f'<html lang="{lang}" dir="{direction}">' in response.text
    assert "<script" not in response.text


def test_home_speaks_the_language_of_the_browser(client: FlaskClient) -> None:
    response = client.get("/", headers={"Accept-Language": "ar-IQ,en;q=0.4"})
    assert '<html lang="ar"' in response.text
    assert "Accept-Language" in response.vary
    assert "Set-Cookie" not in response.headers


def test_a_chosen_language_is_kept(client: FlaskClient) -> None:
    client.get("/en/")
    assert '<html lang="en"' in client.get("/", headers={"Accept-Language": "fa"}).text


def test_language_switch_leads_to_the_same_page(client: FlaskClient) -> None:
    assert 'href="/ar/privacy"' in client.get("/fa/privacy").text
    assert 'href="/ar/"' in client.get("/").text


@pytest.mark.parametrize("query", ["endpoint=x", "_scheme=x&_external=1", "_method=x", "a=1&a=2"])
def test_language_switch_keeps_any_query_and_obeys_none(client: FlaskClient, query: str) -> None:
    response = client.get(f"/fa/privacy?{query}")
    assert response.status_code == 200
    assert f'href="/ar/privacy?{query.replace("&", "&amp;")}"' in response.text


@pytest.fixture
def survey_links(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        app.extensions, "pasokh_link_prefixes", {"survey": "/s/", "tracking": "/t/"}
    )


@pytest.mark.usefixtures("survey_links")
@pytest.mark.parametrize(
    "typed", [str, str.lower, " {} ".format, lambda token: f"{token[:4]}-{token[4:]}"]
)
def test_a_survey_code_opens_its_page(client: FlaskClient, typed: Callable[[str], str]) -> None:
    token = links.token_for("survey", 7, b"k" * 32)
    response = client.get("/fa/code", query_string={"code": typed(token)})
    assert response.status_code == 303
    assert response.location == f"/s/{token}"


@pytest.mark.usefixtures("survey_links")
def test_a_tracking_code_may_be_typed_in_persian_digits(client: FlaskClient) -> None:
    response = client.get("/fa/code", query_string={"code": "۱۲۳۴۵۶"})
    assert response.location == "/t/123456"


@pytest.mark.usefixtures("survey_links")
@pytest.mark.parametrize("typed", ["", "//evil.example", "../staff", "a" * 500, "<b>"])
def test_what_is_no_code_is_explained(client: FlaskClient, typed: str) -> None:
    response = client.get("/en/code", query_string={"code": typed})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    assert "<b>" not in response.text


@pytest.mark.parametrize("lang", ["fa", "ar", "en"])
def test_an_address_that_is_not_there(client: FlaskClient, lang: str) -> None:
    response = client.get("/nothing/here", headers={"Accept-Language": lang})
    assert response.status_code == 404
    assert f'<html lang="{lang}"' in response.text
    assert f'href="/{lang}/"' in response.text


def test_errors_of_the_survey_path_stay_light(client: FlaskClient) -> None:
    text = client.get("/s/").text
    assert "css/survey.css" in text
    assert "portal.css" not in text
