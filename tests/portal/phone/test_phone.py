"""The simulated handsets, over a real simulator."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.messaging.gateways import create
from portal.messaging.gateways.base import Gateway, Outgoing
from portal.messaging.simulator.dialects import DIALECTS
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from portal.messaging.simulator.wiring import WIRING
from tests.factories.accounts import csrf_token
from tests.factories.messages import make_message

NUMBER = "+989121234500"
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(params=sorted(DIALECTS))
def simulator(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunningSimulator]:
    with running_simulator(
        tmp_path, api_key=KEY, dialect=request.param, delivery_seconds=0
    ) as running:
        yield running


@pytest.fixture
def visitor(make_app: Callable[..., Flask], app: Flask, simulator: RunningSimulator) -> FlaskClient:
    return make_app(pasokh_env="demo", simulator_url=simulator.url).test_client()


@pytest.fixture
def gateway(simulator: RunningSimulator, request: pytest.FixtureRequest) -> Gateway:
    dialect = request.node.callspec.params["simulator"]
    wiring = WIRING[dialect]
    return create(dialect, {**wiring.options(simulator.url, KEY), "line": wiring.line})


def test_a_telephone_shows_its_sms_with_a_link_that_opens(
    visitor: FlaskClient, gateway: Gateway
) -> None:
    body = "صوّت <b>هنا</b>: http://localhost/s/7K3MQ9XFABC\nلغو11"
    message = make_message(e164=NUMBER, language="ar", body=body)
    gateway.send([Outgoing(message.local_id, NUMBER, body)])
    assert "/phone/+989121234500" in visitor.get("/phone/?lang=en").text
    page = visitor.get(f"/phone/{NUMBER}?lang=en").text
    assert '<a href="http://localhost/s/7K3MQ9XFABC"' in page
    assert "&lt;b&gt;" in page
    assert 'lang="ar" dir="rtl"' in page
    assert 'http-equiv="refresh"' not in page
    assert 'http-equiv="refresh"' in visitor.get(f"/phone/{NUMBER}?refresh=1").text


def test_an_answer_leaves_the_telephone(
    visitor: FlaskClient, simulator: RunningSimulator, gateway: Gateway
) -> None:
    gateway.send([Outgoing(5, NUMBER, "سلام")])
    url = f"/phone/{NUMBER}"
    token = csrf_token(visitor, url)
    response = visitor.post(f"{url}/reply", data={"text": "۱۱", "csrf_token": token})
    assert response.status_code == 303
    sent = [m for m in simulator.handset(NUMBER)["messages"] if m["direction"] == "out"]
    assert [m["text"] for m in sent] == ["۱۱"]
    assert "stopped messages" in visitor.get(f"{url}?lang=en").text
    assert visitor.post(f"{url}/reply", data={"text": "x"}).status_code == 400


def test_a_number_is_found_as_people_write_it(visitor: FlaskClient) -> None:
    response = visitor.get("/phone/?number=۰۹۱۲ ۱۲۳ ۴۵۰۰")
    assert response.headers["Location"].endswith("/phone/+989121234500")
    assert visitor.get("/phone/?number=x").status_code == 422
    assert visitor.get("/phone/nobody").status_code == 303


def test_a_simulator_that_is_away_is_said_in_words(
    visitor: FlaskClient, simulator: RunningSimulator
) -> None:
    page = visitor.get(f"/phone/{NUMBER}")
    token = csrf_token(visitor, f"/phone/{NUMBER}")
    assert page.status_code == 200
    simulator.stop()
    for url in ("/phone/?lang=en", f"/phone/{NUMBER}?lang=en"):
        response = visitor.get(url)
        assert response.status_code == 503
        assert "does not answer" in response.text
    response = visitor.post(f"/phone/{NUMBER}/reply", data={"text": "1", "csrf_token": token})
    assert response.status_code == 303


def test_outside_the_demonstration_there_are_no_telephones(client: FlaskClient) -> None:
    assert client.get("/phone/").status_code == 404
    assert client.get(f"/phone/{NUMBER}").status_code == 404
