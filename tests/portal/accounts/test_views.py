"""The pages of accounts."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts import services
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, post_login, sign_in
from tests.factories.units import make_unit
from tests.queries import count_queries


@pytest.fixture
def administrator(app: Flask, client: FlaskClient, me: User) -> FlaskClient:
    sign_in(client, me)
    return client


@pytest.fixture
def me(app: Flask) -> User:
    return make_user(name="مدیر", language="en")


def form_of(user: User, **changes: object) -> dict[str, object]:
    roles = [role.name for role in user.roles]
    return {"name": user.name, "language": "fa", "roles": roles, "active": "y", **changes}


def save(client: FlaskClient, user: User, **changes: object) -> tuple[int, str]:
    url = f"/staff/users/{user.id}"
    form = {key: value for key, value in form_of(user, **changes).items() if value is not None}
    response = client.post(url, data={**form, "csrf_token": csrf_token(client, url)})
    return response.status_code, response.text


def test_the_list_costs_the_same_for_many_accounts(administrator: FlaskClient) -> None:
    unit = make_unit()
    make_user(("analyst",), unit_id=unit.id)
    administrator.get("/staff/users")
    with count_queries() as few:
        administrator.get("/staff/users")
    for _number in range(8):
        make_user(("analyst", "evaluator"), unit_id=unit.id)
    with count_queries() as many:
        page = administrator.get("/staff/users")
    assert page.text.count('href="/staff/users/') >= 10
    assert many.count == few.count


def test_accounts_stand_in_persian_order_and_can_be_searched(context: Flask) -> None:
    for name in ("یاسر", "گلی", "آرش", "پریسا علی‌پور", "كمال"):
        make_user(("analyst",), name=name)
    assert [u.name for u in services.accounts_page().rows] == [
        "آرش",
        "پریسا علی‌پور",
        "كمال",
        "گلی",
        "یاسر",
    ]
    assert [u.name for u in services.accounts_page("پریسا").rows] == ["پریسا علی‌پور"]
    assert [u.name for u in services.accounts_page("کمال").rows] == ["كمال"]
    assert services.accounts_page("ژ").total == 0
    second = services.accounts_page(page=2, size=2)
    assert ([u.name for u in second.rows], second.pages) == (["كمال", "گلی"], 3)
    assert services.accounts_page(page=99, size=2).page == 3


def test_a_new_account_can_sign_in_with_the_password_shown_once(
    app: Flask, administrator: FlaskClient
) -> None:
    unit = make_unit()
    form = {
        "email": "Sara@City.example",
        "name": "سارا",
        "language": "ar",
        "roles": ["analyst", "communications"],
        "unit_id": str(unit.id),
        "csrf_token": csrf_token(administrator, "/staff/users/new"),
    }
    page = administrator.post("/staff/users/new", data=form)
    shown = re.search(r'id="password">([^<]+)<', page.text)
    assert shown
    assert page.headers["Cache-Control"] == "no-store"
    sign_in(app.test_client(), "sara@city.example", shown[1])
    again = administrator.post("/staff/users/new", data=form)
    assert again.status_code == 422
    assert "already an account" in again.text
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.actor) == ("account.created", "مدیر")
        assert entry.payload
        assert shown[1] not in str(entry.payload.body)


@pytest.mark.parametrize(
    ("field", "value"),
    [("roles", []), ("roles", ["king"]), ("name", " "), ("language", "xx"), ("unit_id", "999")],
)
def test_what_makes_no_account(administrator: FlaskClient, field: str, value: object) -> None:
    form: dict[str, object] = {"email": "a@b.example", "name": "نام", "language": "fa"}
    form |= {"roles": ["analyst"], "csrf_token": csrf_token(administrator, "/staff/users/new")}
    page = administrator.post("/staff/users/new", data={**form, field: value})
    assert page.status_code == 422
    assert "error-summary" in page.text


def test_an_administrator_cannot_lock_the_own_door(administrator: FlaskClient, me: User) -> None:
    make_user()
    status, page = save(administrator, me, roles=["analyst"])
    assert status == 422
    assert "from yourself" in page
    status, page = save(administrator, me, active=None)
    assert status == 422
    assert "deactivate your own account" in page


def test_the_last_administrator_stays(context: Flask) -> None:
    last = make_user()
    make_user(active=False)
    with pytest.raises(services.AccountError):
        services.deactivate(last.id)
    with pytest.raises(services.AccountError):
        services.update_account(
            last.id, name="x", language="fa", roles=("analyst",), unit_id=None, active=True
        )


def test_one_address_gets_one_account_though_the_button_was_pressed_twice(app: Flask) -> None:
    def create(_press: int) -> str:
        with app.app_context():
            try:
                services.create_account("new@city.example", name="N", roles=["analyst"])
                db.session.commit()
            except services.AccountError as error:
                db.session.rollback()
                return error.field
            return "created"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(create, range(2))) == ["created", "email"]


def test_two_administrators_cannot_remove_each_other_at_once(app: Flask) -> None:
    pair = [make_user(), make_user()]

    def remove(mine: User, other: User) -> str:
        with app.app_context():
            try:
                services.deactivate(other.id, by=mine.id)
                db.session.commit()
            except services.AccountError:
                db.session.rollback()
                return "refused"
            return "done"

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(remove, pair, reversed(pair)))
    with app.app_context():
        active = db.session.scalars(select(User).where(User.active)).all()
    assert len(active) == 1
    assert sorted(results) == ["done", "refused"]


def test_changes_are_audited_with_before_and_after(app: Flask, administrator: FlaskClient) -> None:
    user = make_user(("analyst",), name="علی")
    status, page = save(administrator, user, name="علی رضایی", roles=["evaluator"])
    assert status == 302, page
    status, _page = save(administrator, user, name="علی رضایی", roles=["evaluator"])
    assert status == 302
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry)).one()
        assert entry.payload
        assert entry.payload.body["changes"] == {
            "name": ["علی", "علی رضایی"],
            "roles": [["analyst"], ["evaluator"]],
        }


def test_a_password_and_a_second_factor_are_reset(app: Flask, administrator: FlaskClient) -> None:
    user = make_user(("analyst",))
    theirs = app.test_client()
    sign_in(theirs, user)
    token = csrf_token(administrator, f"/staff/users/{user.id}")
    page = administrator.post(f"/staff/users/{user.id}/password", data={"csrf_token": token})
    shown = re.search(r'id="password">([^<]+)<', page.text)
    assert shown
    assert theirs.get("/staff/").status_code == 302
    sign_in(theirs, user, shown[1])
    gone = administrator.post(f"/staff/users/{user.id}/second-factor", data={"csrf_token": token})
    assert gone.status_code == 302
    assert theirs.get("/staff/").status_code == 302


def test_everybody_keeps_the_own_profile(app: Flask, client: FlaskClient) -> None:
    user = make_user(("council_member",), language="fa")
    sign_in(client, user)
    token = csrf_token(client, "/staff/profile")
    form = {"name": "  زهرا   موسوی ", "language": "en", "csrf_token": token}
    # Nothing but name and language is taken from here.
    response = client.post("/staff/profile", data={**form, "roles": ["administrator"]})
    assert response.status_code == 302
    assert '<html lang="en"' in client.get("/staff/profile").text
    with app.app_context():
        stored = db.session.get_one(User, user.id)
        assert (stored.name, [role.name for role in stored.roles]) == (
            "زهرا موسوی",
            ["council_member"],
        )


def test_others_do_not_see_accounts(app: Flask, client: FlaskClient) -> None:
    other = make_user()
    sign_in(client, make_user(("communications",)))
    assert client.get("/staff/users").status_code == 403
    assert client.get(f"/staff/users/{other.id}").status_code == 403
    assert post_login(app.test_client(), other.email, "x").status_code == 200
