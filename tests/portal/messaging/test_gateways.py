"""The registry, numbers, and hiding of keys."""

import logging
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging import gateways
from portal.messaging.gateways import catalog
from portal.messaging.gateways.base import Gateway, GatewayError
from portal.messaging.gateways.numbers import international, is_e164, national
from portal.messaging.gateways.redact import Secret, redact
from portal.messaging.simulator.params import receptor


def test_adapters_are_made_by_name() -> None:
    gateway = gateways.create("kavenegar", {"api_key": "some-secret-key"})
    assert isinstance(gateway, Gateway)
    assert (gateway.name, gateway.max_batch, gateway.supports_local_id) == ("kavenegar", 200, True)
    with pytest.raises(ValueError, match=r"no gateway named carrier-pigeon; known:.*kavenegar"):
        gateways.create("carrier-pigeon", {})


def test_others_bring_their_adapters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_added", {})
    spec = catalog.Spec(
        "portal.messaging.gateways.kavenegar",
        (catalog.Option("url", "Its address.", "https://x.example"), catalog.Option("api_key", "")),
    )
    catalog.register("mine", spec)
    catalog.register("mine", spec)
    assert gateways.create("mine", {"api_key": "some-secret-key"}).max_batch == 200
    assert list(catalog.known()) == [*catalog.BUILT_IN, "mine"]
    for name in ("mine", "kavenegar", "Two words"):
        with pytest.raises(ValueError, match=r"exists already|one word"):
            catalog.register(name, catalog.Spec("elsewhere", ()))


def test_settings_are_read_by_the_gateways_name_and_checked_at_once() -> None:
    names = catalog.names_in("kavenegar, smoke ,kavenegar")
    given = {"KAVENEGAR_RATE": "3", "KAVENEGAR_URL": "http://gateway.example", "SMOKE_URL": "x"}
    options = catalog.from_environ(names, given)
    assert options == {"kavenegar": {"rate": "3", "url": "http://gateway.example"}}
    found = "\n".join(catalog.problems(names, options, is_production=True))
    wrong = catalog.problems(
        ["kavenegar"], {"kavenegar": {"url": "http://[x"}}, is_production=False
    )
    assert "KAVENEGAR_URL: write it like" in "".join(wrong)
    for part in (
        "'smoke'", "twice", "KAVENEGAR_API_KEY is required", "KAVENEGAR_RATE: a whole number",
        "KAVENEGAR_URL must begin with https://",
    ):  # fmt: skip
        assert part in found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("09121234567", "+989121234567"),
        ("9121234567", "+989121234567"),
        ("+989121234567", "+989121234567"),
        ("00989121234567", "+989121234567"),
        ("989121234567", "+989121234567"),
        ("۰۹۱۲۱۲۳۴۵۶۷", "+989121234567"),
        ("02188776655", "+982188776655"),
        ("004915112345678", "+4915112345678"),
        ("10004346", "10004346"),
        ("Bank", "Bank"),
        ("00", "00"),
        ("", ""),
    ],
)
def test_numbers_from_a_gateway(given: str, expected: str) -> None:
    assert international(given) == expected


mobiles = st.from_regex(r"\+989[0-9]{9}", fullmatch=True)
foreign = st.from_regex(r"\+(?!98|0)[0-9]{7,14}", fullmatch=True)


@given(number=mobiles | foreign)
def test_numbers_go_there_and_back(number: str) -> None:
    assert is_e164(number)
    assert international(national(number)) == number
    assert receptor(national(number)) == number


@given(text=st.text(st.sampled_from("+0123456789 ۹٨x"), max_size=20))
def test_a_number_is_made_e164_or_left_alone(text: str) -> None:
    found = international(text)
    folded = text.translate(str.maketrans("۹٨", "98")).strip()
    assert is_e164(found) or found == folded
    assert international(found) == found


def test_a_secret_does_not_show_itself(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("p@ss word/key")
    assert secret.reveal() == "p@ss word/key"
    assert [str(secret), repr(secret), f"{secret}", "%s" % secret] == ["[hidden]"] * 4  # noqa: UP031
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    for form in ("p@ss word/key", "p%40ss%20word%2Fkey", "p%40ss+word%2Fkey"):
        assert redact(f"GET /v1/{form}/x") == "GET /v1/[hidden]/x"
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")  # an application quietens it
    logging.getLogger("urllib3.connectionpool").debug("to %s: %d", "/p%40ss%20word%2Fkey/", 200)
    assert "to /[hidden]/: 200" in caplog.text


def test_a_short_secret_is_hidden_in_paths_only() -> None:
    Secret("0")
    assert redact("/v1/0/x answered 200 in 10 s") == "/v1/[hidden]/x answered 200 in 10 s"


def test_an_error_says_what_it_is() -> None:
    error = GatewayError("pause", "418", "no credit")
    assert str(error) == "pause [418] no credit"
    assert (error.retry_after, error.same_gateway_only) == (None, False)
