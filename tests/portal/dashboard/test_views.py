"""The first page after signing in."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import audit
from portal.db import db
from portal.plugin import DashboardCard, Plugin
from portal.security import ROLES, permissions
from tests.factories.accounts import make_user, sign_in


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_its_own_navigation(app: Flask, client: FlaskClient, role: str) -> None:
    sign_in(client, make_user((role,), language="en"))
    page = client.get("/staff/")
    assert page.status_code == 200
    links = set(re.findall(r'<li><a href="(/(?:staff|council)/[^"]*)"', page.text))
    with app.test_request_context():
        from flask import url_for

        from portal.plugin import active

        table = permissions()
        expected = {
            url_for(item.endpoint)
            for plugin in active()
            for item in plugin.navigation
            if role in table[item.permission]
        }
    assert expected <= links
    for link in links:
        assert client.get(link).status_code == 200, link
    assert ("Work in the background" in page.text) == (role == "administrator")


def test_cards_come_from_plugins_and_only_for_who_may(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = (
        DashboardCard("Contacts here", lambda: 1234567, "units.index", "contacts.read"),
        DashboardCard("Secret figure", lambda: 1 // 0, "accounts.index", "users.manage"),
    )
    extra = replace(Plugin("extra"), dashboard=cards)
    plugins = app.extensions["pasokh_plugins"]
    monkeypatch.setitem(app.extensions, "pasokh_plugins", (*plugins, extra))
    sign_in(client, make_user(("analyst",), language="fa"))
    page = client.get("/staff/").text
    assert "Contacts here" in page
    assert "۱٬۲۳۴٬۵۶۷" in page
    assert "Secret figure" not in page


def test_the_newest_changes_for_those_who_may_see_them(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        audit.record("unit.changed", "unit", 1)
        db.session.commit()
    sign_in(client, make_user(("evaluator",), language="en"))
    assert "Unit changed" in client.get("/staff/").text
    other = app.test_client()
    sign_in(other, make_user(("operator",), language="en"))
    assert "Unit changed" not in other.get("/staff/").text


def test_the_date_stands_in_the_readers_calendar(client: FlaskClient) -> None:
    from portal.i18n import format_date, today

    sign_in(client, make_user(language="fa", name="مریم"))
    with client.application.app_context():
        expected = format_date(today(), "full", "fa")
    page = client.get("/staff/").text
    assert expected in page
    assert "مریم" in page
