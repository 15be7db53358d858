"""A member of staff at the editor: opens pages, fills in the forms that are there."""

import html
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.db import db
from surveys.editor.models import SurveyDraft
from tests.factories.accounts import make_user, sign_in

ALL = "/staff/surveys"


def staff(app: Flask, role: str = "analyst") -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user((role,)))
    client.get("/en/")
    return client


def fields(page: str) -> dict[str, str]:
    """What the largest form of a page would send without another touch."""
    forms = re.findall(r'<form method="post".*?</form>', page, re.S)
    form = max(forms, key=len)
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = attribute(tag, "name"), attribute(tag, "value")
        if name and (("checkbox" not in tag and "radio" not in tag) or " checked" in tag):
            found[name] = value
    for tag, text in re.findall(r"<textarea([^>]*)>\n?(.*?)</textarea>", form, re.S):
        if name := attribute(tag, "name"):
            found[name] = html.unescape(text)
    return found


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


def send(client: FlaskClient, url: str, page: str | None = None, **changes: Any) -> TestResponse:
    """Fill in the form of `page` (else of `url` itself) and send it to `url`."""
    data = {**fields(client.get(page or url).text), **changes}
    return client.post(url, data=data)


def press(client: FlaskClient, url: str, page: str, **data: Any) -> TestResponse:
    """A small button: the CSRF token and the revision are the page's."""
    text = client.get(page).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
    revision = re.search(r'name="revision" value="(\d+)"', text)
    assert token, text[:2000]
    known = {"csrf_token": token[1], **({"revision": revision[1]} if revision else {})}
    return client.post(url, data={**known, **data})


def begin(client: FlaskClient, code: str) -> str:
    """Open the draft; its address."""
    answer = press(client, f"{ALL}/{code}/draft", f"{ALL}/{code}")
    assert answer.status_code == 303, answer.text[:2000]
    return f"{ALL}/{code}/draft"


def definition(app: Flask) -> dict[str, Any]:
    """Of the only draft there is."""
    with app.app_context():
        return dict(db.session.query(SurveyDraft).one().definition)
