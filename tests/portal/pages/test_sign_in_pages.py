"""Flask-Security's pages, drawn in our layout and words."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.accounts import csrf_token, make_user, sign_in

# Flask-Security still hands tuples to WTForms 3.3.
pytestmark = pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples")


@pytest.fixture
def staff(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user())
    return client


@pytest.mark.parametrize("path", ["/staff/change", "/staff/tf-setup", "/staff/mf-recovery-codes"])
def test_pages_of_ones_own_account(staff: FlaskClient, path: str) -> None:
    response = staff.get(f"{path}?lang=ar")
    assert response.status_code == 200
    assert 'dir="rtl"' in response.text
    assert 'class="site-header"' in response.text
    assert "<style" not in response.text


def test_setting_up_the_second_factor_shows_the_key(staff: FlaskClient) -> None:
    token = csrf_token(staff, "/staff/tf-setup")
    page = staff.post("/staff/tf-setup", data={"csrf_token": token, "setup": "authenticator"})
    assert page.status_code == 200
    assert 'src="data:image/' in page.text
    assert 'autocomplete="one-time-code"' in page.text
