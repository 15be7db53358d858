"""What the survey path refuses, sends along, and costs."""

import gzip
import re
import secrets

import pytest
from flask import Flask

from portal import links
from surveys.questionnaires.services import load_version
from tests.factories.accounts import make_user, sign_in
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.queries import count_queries
from tests.surveys.responses.phone import Phone, row_counts, stored

BUDGET = 14 * 1024
"""What fits into the first packets of a new connection."""


@pytest.fixture
def phone(app: Flask) -> Phone:
    phone = Phone(app, make_invitation()[1])
    phone.open()
    return phone


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_of_another_site_stores_nothing(
    app: Flask, phone: Phone, headers: dict[str, str]
) -> None:
    before = row_counts(app)
    assert phone.send(headers=headers, project="park").status_code == 403
    assert row_counts(app) == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null"},
    ],
)
def test_our_own_form_is_taken_from_old_and_new_phones(
    app: Flask, phone: Phone, headers: dict[str, str]
) -> None:
    answer = phone.send(headers=headers, project="park", priorities="safety")
    assert answer.status_code == 303
    assert len(stored(app)) == 1


def test_the_page_keeps_to_itself(app: Flask, phone: Phone) -> None:
    headers = phone.page.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers
    text = phone.page.text
    assert "csrf" not in text.lower()
    assert not re.search(r"\son\w+=|style=", text)
    tags = re.findall(r"<script[^>]*>", text)
    assert tags[0] == '<script type="application/json" id="survey-logic">'
    assert re.fullmatch(r'<script src="/static/js/[^"]+" defer>', tags[1])
    assert len(tags) == 2
    assert not re.search(r"""(?:https?:)?//(?!www\.w3\.org)[a-z0-9]""", text)


def test_no_cookie_either_for_somebody_who_is_signed_in(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, make_user())
    token = make_invitation()[1]
    assert "Set-Cookie" not in client.get(f"/s/{token}").headers
    assert "Set-Cookie" not in client.post(f"/s/{token}", data={".go": "next"}).headers


def _over_the_wire(phone: Phone, url: str) -> tuple[int, str]:
    """Bytes of head and body, and the body's text."""
    with phone.client.get(url, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        head = sum(len(name) + len(value) + 4 for name, value in answer.headers)
        return len(answer.data) + head, gzip.decompress(answer.data).decode()


@pytest.mark.parametrize("lang", ["fa", "ar", "en"])
def test_the_first_view_fits_into_14_kilobytes(phone: Phone, lang: str) -> None:
    total, page = _over_the_wire(phone, f"/s/{phone.token}?lang={lang}")
    assert not re.search(r"<(?:img|iframe|video|object)\b", page)
    # The script is deferred: the page is shown, and works, without it. Its data is counted.
    assert all("defer" in tag or "json" in tag for tag in re.findall(r"<script[^>]*>", page))
    loaded = re.findall(r'<link rel="(?:stylesheet|icon)"[^>]*href="([^"]+)"', page)
    assert len(loaded) == 2
    for url in loaded:
        size, text = _over_the_wire(phone, url)
        assert "@import" not in text
        assert ".css" not in url or "url(" not in text
        total += size
    assert total <= BUDGET, total


def test_a_look_costs_one_read_and_a_questionnaire_is_read_once(app: Flask) -> None:
    phone = Phone(app, make_invitation()[1])
    load_version.cache_clear()
    with count_queries() as first:
        phone.open()
    assert first.count <= 2, first.statements
    with count_queries() as second:
        phone.open()
    assert second.count == 1, second.statements
    assert "invitations.token_digest = " in second.statements[0]


def test_unknown_links_are_explained(app: Flask) -> None:
    client = app.test_client()
    for token in ("0" * 11, "nonsense", "0" * 400, "%00", "۱۲۳", "../x"[:2]):
        answer = client.get(f"/s/{token}?lang=en")
        assert answer.status_code == 404, token
        assert "We do not know this link" in answer.text
    assert client.post("/s/00000000000").status_code == 404


def test_guessing_is_slowed_down_but_right_links_still_open(app: Flask, phone: Phone) -> None:
    codes = [
        phone.client.get(f"/s/{''.join(secrets.choice(links.ALPHABET) for _ in range(11))}")
        for _ in range(25)
    ]
    assert [answer.status_code for answer in codes] == [404] * 20 + [429] * 5
    assert codes[-1].headers["Retry-After"] == "60"
    assert phone.open().status_code == 200
    assert phone.send(project="park", priorities="safety").status_code == 303


def test_one_subscriber_of_the_new_internet_is_one_guesser(app: Flask) -> None:
    client = app.test_client()
    codes = [
        client.get(
            "/s/00000000000", environ_overrides={"REMOTE_ADDR": f"2001:db8:1:2::{n:x}"}
        ).status_code
        for n in range(22)
    ]
    assert codes[-1] == 429
    other = client.get("/s/00000000000", environ_overrides={"REMOTE_ADDR": "2001:db8:1:3::1"})
    assert other.status_code == 404


def test_a_page_of_absurd_size_is_refused(app: Flask, phone: Phone) -> None:
    answer = phone.client.post(phone.action, data={"project": "x" * 2_000_000})
    assert answer.status_code == 413
    assert stored(app) == []


def test_answers_that_no_browser_sends_do_no_harm(app: Flask) -> None:
    q = form([question("a", "select_one", "x"), question("b", "integer"), question("t")])
    phone = Phone(app, make_invitation(make_campaign(make_survey(form=q)))[1])
    for data in (
        {"a": ["x", "x"], ".shown": "a"},
        {"b": "9" * 500, ".shown": "b"},
        {"t": "\x00\ud83d", ".shown": "t"},
        {".shown": "a " * 5000},
        {"nobody": "asked", ".shown": "nobody", ".go": "lang:xx"},
        {".lang": "../../etc", ".go": "back", ".shown": "t"},
    ):
        clean = {
            k: v.encode("utf-8", "surrogatepass") if isinstance(v, str) else v
            for k, v in data.items()
        }
        answer = phone.client.post(f"/s/{phone.token}?p=9999999", data=clean)
        assert answer.status_code in {303, 422}, (data, answer.status_code)
        if answer.status_code == 303 and "done" in answer.headers["Location"]:
            break
    assert all("nobody" not in response.answers for response in stored(app))
