"""The doors exist in demonstration mode only, and sign in who stands behind them."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.accounts import csrf_token, make_user
from tests.queries import count_queries


@pytest.fixture(scope="module")
def stage(make_app: Callable[..., Flask]) -> Flask:
    return make_app(pasokh_env="demo")


@pytest.fixture
def visitor(stage: Flask, app: Flask) -> Iterator[FlaskClient]:
    make_user(roles=("administrator",), name="سارا مدیری")
    make_user(roles=("communications",), name="مریم روابطی")
    yield stage.test_client()


def test_without_demonstration_mode_there_is_no_door(client: FlaskClient) -> None:
    assert client.get("/demo").status_code == 404
    assert client.post("/demo/enter", data={"endpoint": "dashboard.home"}).status_code in {400, 404}


def test_one_click_signs_in(visitor: FlaskClient) -> None:
    page = visitor.get("/demo?lang=en")
    assert page.status_code == 200
    assert "سارا مدیری" in page.text
    data = {
        "endpoint": "dashboard.home",
        "role": "administrator",
        "csrf_token": csrf_token(visitor, "/demo"),
    }
    answer = visitor.post("/demo/enter", data=data)
    assert answer.status_code == 303
    assert visitor.get(answer.headers["Location"]).status_code == 200


def test_a_door_that_does_not_exist_opens_nothing(visitor: FlaskClient) -> None:
    data = {"endpoint": "accounts.index", "csrf_token": csrf_token(visitor, "/demo")}
    assert visitor.post("/demo/enter", data=data).status_code == 404


def test_the_page_asks_little_of_the_database(visitor: FlaskClient) -> None:
    with count_queries() as queries:
        visitor.get("/demo")
    assert queries.count <= 3


def test_every_door_leads_to_a_page(stage: Flask, visitor: FlaskClient) -> None:
    doors = [door for plugin in stage.extensions["pasokh_plugins"] for door in plugin.doors]
    for role in {door.role for door in doors if door.role}:
        make_user(roles=(role,))
    for door in doors:
        if door.endpoint == "phone.index":
            continue  # asks the simulated gateway, which does not run here
        data = {
            "endpoint": door.endpoint,
            "role": door.role or "",
            "csrf_token": csrf_token(visitor, "/demo"),
        }
        answer = visitor.post("/demo/enter", data=data)
        assert answer.status_code == 303, door.endpoint
        page = visitor.get(answer.headers["Location"], follow_redirects=True)
        assert page.status_code == 200, door.endpoint
