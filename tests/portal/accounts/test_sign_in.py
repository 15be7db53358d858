"""Signing in, over HTTP as a browser does."""

import re
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password
from sqlalchemy import select

from portal.accounts import services
from portal.accounts.models import User
from portal.app import create_app
from portal.audit.models import AuditEntry
from portal.db import db
from portal.services import ServiceUrls
from portal.text import localized_digits
from tests.conftest import close, make_settings
from tests.factories.accounts import PASSWORD, csrf_token, make_user, post_login, sign_in

WRONG = {
    "en": "The email address or the password is not right.",
}


def reload(app: Flask, user: User) -> User:
    with app.app_context():
        return db.session.get_one(User, user.id)


def test_from_the_login_page_to_the_dashboard(client: FlaskClient) -> None:
    user = make_user()
    response = sign_in(client, user)
    assert response.location == "/staff/"
    page = client.get(response.location)
    assert user.name in page.text


@pytest.mark.parametrize("path", ["login", "tf-setup", "mf-recovery-codes", "change"])
def test_pages_of_signing_in_are_not_kept(client: FlaskClient, path: str) -> None:
    if path != "login":
        sign_in(client, make_user())
    assert client.get(f"/staff/{path}").headers["Cache-Control"] == "no-store"


def test_the_page_that_was_asked_for_comes_after_signing_in(client: FlaskClient) -> None:
    user = make_user()
    sent_away = client.get("/staff/audit/?person=x")
    assert sent_away.status_code == 302
    token = csrf_token(client, sent_away.location)
    response = client.post(
        sent_away.location, data={"email": user.email, "password": PASSWORD, "csrf_token": token}
    )
    assert response.location == "/staff/audit/?person=x"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "///x"],
)
def test_nobody_is_sent_to_another_site(client: FlaskClient, elsewhere: str) -> None:
    def here(location: str) -> bool:
        return location.startswith("/") and location[1:2] not in {"/", "\\"}

    response = post_login(client, make_user().email, PASSWORD, elsewhere)
    assert here(response.location), response.location
    other = client.application.test_client()
    token = csrf_token(other, "/staff/login")
    form = {"email": make_user().email, "password": PASSWORD, "next": elsewhere}
    response = other.post("/staff/login", data={**form, "csrf_token": token})
    assert here(response.location), response.location


def test_every_failure_reads_the_same(client: FlaskClient) -> None:
    known, gone = make_user(), make_user(active=False)
    pages = []
    for email, password in (
        (known.email, "wrong-password-1"),
        ("nobody@city.example", PASSWORD),
        (gone.email, PASSWORD),
        ("no address", PASSWORD),
    ):
        response = post_login(client, email, password)
        assert response.status_code == 200
        token_free = re.sub(r'value="[^"]*"', "", response.text)
        pages.append(re.sub(r"<code>.*?</code>|[0-9a-f]{16}", "", token_free))
    assert len(set(pages)) == 1
    client.get("/staff/login?lang=en")
    assert WRONG["en"] in post_login(client, known.email, "x").text


def test_the_address_may_be_written_in_any_case(client: FlaskClient) -> None:
    make_user(email="reza@city.example")
    sign_in(client, "Reza@City.Example")


def test_an_account_that_is_guessed_at_waits(client: FlaskClient) -> None:
    user, other = make_user(), make_user()
    for _number in range(10):
        assert post_login(client, user.email, "wrong-password-1").status_code == 200
    refused = post_login(client, user.email, PASSWORD)
    assert refused.status_code == 429
    assert "Retry-After" in refused.headers
    assert 'class="oops"' in refused.text
    # From another connection too, but other people are let in.
    elsewhere = client.application.test_client()
    token = csrf_token(elsewhere, "/staff/login")
    form = {"email": user.email.upper(), "password": PASSWORD, "csrf_token": token}
    again = elsewhere.post("/staff/login", data=form, environ_base={"REMOTE_ADDR": "10.1.1.1"})
    assert again.status_code == 429
    sign_in(client, other)


def test_a_connection_that_guesses_at_many_accounts_waits(client: FlaskClient) -> None:
    token = csrf_token(client, "/staff/login")
    codes = [
        client.post(
            "/staff/login",
            data={"email": f"n{n}@city.example", "password": "", "csrf_token": token},
        ).status_code
        for n in range(61)
    ]
    assert codes == [200] * 60 + [429]


def test_success_is_not_counted(client: FlaskClient) -> None:
    user = make_user()
    for _number in range(11):
        browser = client.application.test_client()
        assert sign_in(browser, user).status_code == 302


def test_signing_out_is_a_post(client: FlaskClient) -> None:
    sign_in(client, make_user())
    assert client.get("/staff/logout").status_code == 405
    assert client.post("/staff/logout").status_code == 400
    token = csrf_token(client, "/staff/profile")
    response = client.post("/staff/logout", data={"csrf_token": token})
    assert response.location == "/"
    assert client.get("/staff/").status_code == 302


def test_what_a_page_fetches_for_itself_leaves_the_session_alone(client: FlaskClient) -> None:
    sign_in(client, make_user(("operator",)))
    fetched = {"Sec-Fetch-Dest": "empty"}
    with client.get("/static/css/portal.css") as style:
        assert style.status_code == 200
        assert not style.headers.getlist("Set-Cookie")
    assert not client.get("/staff/", headers=fetched).headers.getlist("Set-Cookie")
    opened = client.get("/staff/", headers={"Sec-Fetch-Dest": "document"})
    assert [each for each in opened.headers.getlist("Set-Cookie") if each.startswith("pasokh=")], (
        "a page that was opened prolongs it"
    )


def test_a_changed_password_ends_other_sessions(app: Flask, client: FlaskClient) -> None:
    user = make_user()
    sign_in(client, user)
    elsewhere = app.test_client()
    sign_in(elsewhere, user)
    token = csrf_token(client, "/staff/change")
    new = "another-long-password"
    form = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    response = client.post("/staff/change", data={**form, "csrf_token": token})
    assert response.status_code == 302, response.text
    assert client.get("/staff/").status_code == 200
    assert elsewhere.get("/staff/").status_code == 302
    assert post_login(elsewhere, user.email, PASSWORD).status_code == 200
    sign_in(elsewhere, user, new)
    with app.app_context():
        assert "account.password_changed" in set(db.session.scalars(select(AuditEntry.action)))


@pytest.mark.parametrize("new", ["short", PASSWORD])
def test_a_new_password_is_long_and_new(client: FlaskClient, new: str) -> None:
    sign_in(client, make_user())
    form = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    token = csrf_token(client, "/staff/change")
    response = client.post("/staff/change", data={**form, "csrf_token": token})
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.text


def test_deactivation_ends_the_session_at_once(app: Flask, client: FlaskClient) -> None:
    user = make_user(("analyst",))
    sign_in(client, user)
    with app.app_context():
        services.deactivate(user.id)
        db.session.commit()
    assert client.get("/staff/").status_code == 302


def test_everybody_reads_in_the_own_language(client: FlaskClient) -> None:
    sign_in(client, make_user(language="ar"))
    assert '<html lang="ar" dir="rtl">' in client.get("/staff/").text
    client.get("/staff/?lang=en")
    assert '<html lang="en" dir="ltr">' in client.get("/staff/profile").text


def test_a_language_chosen_on_the_way_in_stays(client: FlaskClient) -> None:
    client.get("/staff/login?lang=en")
    sign_in(client, make_user(language="ar"))
    assert '<html lang="en"' in client.get("/staff/").text


def test_pages_speak_three_languages(client: FlaskClient) -> None:
    for code, direction in (("fa", "rtl"), ("ar", "rtl"), ("en", "ltr")):
        page = client.get(f"/staff/login?lang={code}").text
        assert f'<html lang="{code}" dir="{direction}">' in page


# The second factor


def setup_key(page: str) -> pyotp.TOTP:
    found = re.search(r'id="totp-key">([^<]+)<', page)
    assert found, page
    return pyotp.TOTP(found[1].replace("-", "").replace(" ", ""))


def begin_setup(client: FlaskClient) -> tuple[pyotp.TOTP, str, str]:
    token = csrf_token(client, "/staff/tf-setup")
    page = client.post("/staff/tf-setup", data={"setup": "authenticator", "csrf_token": token}).text
    action = re.search(r'action="([^"]+)" method="post" name="two_factor_verify_code_form"', page)
    assert action
    return setup_key(page), action[1], token


def set_up(client: FlaskClient) -> pyotp.TOTP:
    totp, action, token = begin_setup(client)
    response = client.post(action, data={"code": totp.now(), "csrf_token": token})
    assert response.status_code == 302, response.text
    return totp


def test_the_second_factor_is_set_up_asked_for_and_switched_off(
    app: Flask, client: FlaskClient
) -> None:
    user = make_user()
    sign_in(client, user)
    totp = set_up(client)
    assert reload(app, user).has_second_factor

    browser = app.test_client()
    response = sign_in(browser, user)
    assert response.location.startswith("/staff/tf-validate")
    assert browser.get("/staff/").status_code == 302
    token = csrf_token(browser, response.location)
    wrong = browser.post(response.location, data={"code": "000000", "csrf_token": token})
    assert wrong.status_code == 200
    # Typed on a Persian keyboard, with a space.
    code = localized_digits(totp.now(), "fa")
    right = browser.post(
        response.location,
        data={"code": f"{code[:3]} {code[3:]}", "csrf_token": token},
        follow_redirects=True,
    )
    assert right.request.path == "/staff/"
    assert browser.get("/staff/").status_code == 200

    off = browser.post(
        "/staff/tf-setup",
        data={"setup": "disable", "csrf_token": csrf_token(browser, "/staff/tf-setup")},
    )
    assert off.status_code == 302
    assert not reload(app, user).has_second_factor
    with app.app_context():
        actions = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions == ["account.second_factor_set", "account.second_factor_switched_off"]


def test_a_wrong_code_sets_nothing_up(app: Flask, client: FlaskClient) -> None:
    user = make_user()
    sign_in(client, user)
    _totp, action, token = begin_setup(client)
    client.post(action, data={"code": "000000", "csrf_token": token})
    assert not reload(app, user).has_second_factor


def test_the_page_asked_for_survives_the_second_factor(app: Flask, client: FlaskClient) -> None:
    user = make_user()
    sign_in(client, user)
    totp = set_up(client)
    browser = app.test_client()
    response = post_login(browser, user.email, PASSWORD, "/staff/units/")
    token = csrf_token(browser, response.location)
    done = browser.post(response.location, data={"code": totp.now(), "csrf_token": token})
    assert done.location == "/staff/units/"


def test_guessing_codes_is_slow(app: Flask, client: FlaskClient) -> None:
    user = make_user()
    sign_in(client, user)
    totp = set_up(client)
    browser = app.test_client()
    url = sign_in(browser, user).location
    form = {"csrf_token": csrf_token(browser, url)}
    for _number in range(10):
        assert browser.post(url, data={**form, "code": "000000"}).status_code == 200
    assert browser.post(url, data={**form, "code": totp.now()}).status_code == 429


def test_a_recovery_code_works_once(app: Flask, client: FlaskClient) -> None:
    user = make_user()
    sign_in(client, user)
    set_up(client)
    token = csrf_token(client, "/staff/mf-recovery-codes")
    page = client.post("/staff/mf-recovery-codes", data={"csrf_token": token}).text
    codes = re.findall(r'<li><code class="ltr">([^<]+)</code>', page)
    assert len(codes) == 8
    with app.app_context():
        stored = str(db.session.get_one(User, user.id).mf_recovery_codes)
    assert codes[0] not in stored

    def use(code: str) -> int:
        browser = app.test_client()
        sign_in(browser, user)
        token = csrf_token(browser, "/staff/mf-recovery")
        return browser.post(
            "/staff/mf-recovery", data={"code": code, "csrf_token": token}
        ).status_code

    assert use(codes[0]) == 302
    assert use(codes[0]) == 200
    assert use(codes[1]) == 302


def test_the_rescue_by_letter_is_not_offered(client: FlaskClient) -> None:
    assert client.get("/staff/tf-rescue").status_code == 404


@pytest.fixture
def strict_app(app: Flask, make_app: Callable[..., Flask]) -> Flask:
    return make_app(totp_roles=("administrator",))


def test_a_role_that_demands_it_lets_nobody_in_without(strict_app: Flask) -> None:
    user = make_user()
    client = strict_app.test_client()
    response = sign_in(client, user)
    assert response.location == "/staff/tf-setup"
    assert client.get("/staff/").location.startswith("/staff/login")
    response = sign_in(client, user)
    totp = set_up(client)
    assert client.get("/staff/").status_code == 200
    with strict_app.app_context():
        assert [(e.action, e.actor_id) for e in db.session.scalars(select(AuditEntry))] == [
            ("account.second_factor_set", user.id)
        ]
    # It cannot be switched off, and other roles are not asked.
    form = {"setup": "disable", "csrf_token": csrf_token(client, "/staff/tf-setup")}
    client.post("/staff/tf-setup", data=form)
    assert reload(strict_app, user).has_second_factor
    assert totp.now()
    other = strict_app.test_client()
    assert sign_in(other, make_user(("analyst",))).location == "/staff/"


def test_who_gets_a_demanding_role_while_signed_in_sets_it_up_first(strict_app: Flask) -> None:
    user = make_user(("analyst",))
    client = strict_app.test_client()
    sign_in(client, user)
    with strict_app.app_context():
        services.update_account(
            user.id,
            name=user.name,
            language="fa",
            roles=("analyst", "administrator"),
            unit_id=None,
            active=True,
        )
        db.session.commit()
    for path in ("/staff/", "/staff/users", "/staff/profile", "/staff/change"):
        assert client.get(path).location == "/staff/tf-setup"
    assert client.get("/fa/").status_code == 200
    set_up(client)
    assert client.get("/staff/users").status_code == 200


def test_under_a_prefix_nothing_leaves_it(
    request: pytest.FixtureRequest, app: Flask, make_app: Callable[..., Flask]
) -> None:
    from werkzeug.middleware.dispatcher import DispatcherMiddleware
    from werkzeug.test import Client

    from portal.app import create_app

    template = make_app()
    inner = create_app(template.extensions["pasokh_settings"], prefix="/citizen")
    request.addfinalizer(lambda: close(inner))
    with inner.app_context():
        user = make_user()
    browser = Client(DispatcherMiddleware(Flask("host"), {"/citizen": inner.wsgi_app}))
    sent_away = browser.get("/citizen/staff/units/")
    assert sent_away.location == "/citizen/staff/login?next=/citizen/staff/units/"
    page = browser.get(sent_away.location).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    action = re.search(r'<form action="([^"]+)"', page)
    assert token
    assert action
    assert action[1].startswith("/citizen/staff/login")
    form = {"email": user.email, "password": PASSWORD, "csrf_token": token[1]}
    response = browser.post(sent_away.location, data=form)
    assert response.location == "/citizen/staff/units/"
    shown = browser.get(response.location)
    assert shown.status_code == 200
    assert not re.findall(r'(?:href|action|src)="/(?!citizen/)', shown.text)
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]
    assert cookies
    assert all("Path=/citizen/" in cookie for cookie in cookies)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown.text)
    assert token
    out = browser.post("/citizen/staff/logout", data={"csrf_token": token[1]})
    assert out.location == "/citizen/"


def test_a_password_costs_a_thief_time_and_memory(urls: ServiceUrls, tmp_path: Path) -> None:
    """Of an application as it is shipped: those of tests hash cheaply."""
    where = {"database_url": urls.database_url, "redis_url": urls.redis_url}
    app = create_app(make_settings(data_dir=tmp_path, **where))
    try:
        with app.app_context():
            hashed = hash_password(PASSWORD)
    finally:
        close(app)
    assert "$argon2id$" in hashed
    memory, rounds = (int(re.search(rf"\b{name}=(\d+)", hashed)[1]) for name in "mt")  # type: ignore[index]
    assert memory >= 64 * 1024 and rounds >= 3
