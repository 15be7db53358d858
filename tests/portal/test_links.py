"""Tokens of personal links."""

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal import links

KEY = b"k" * 32


@given(st.integers(min_value=1, max_value=2**62), st.sampled_from(["survey", "case"]))
def test_a_token_survives_how_people_retype_it(row_id: int, purpose: str) -> None:
    token = links.token_for(purpose, row_id, KEY)
    assert len(token) == 11
    typed = token.lower().replace("0", "o").replace("1", "l")
    assert links.normalise(f" {typed[:4]}-{typed[4:]} ") == token


@given(st.text(max_size=60))
def test_anything_may_be_typed_as_a_token(text: str) -> None:
    found = links.normalise(text)
    assert found is None or set(found) <= set(links.ALPHABET)


def test_purpose_row_and_key_all_count() -> None:
    tokens = {
        links.token_for("survey", 1, KEY),
        links.token_for("survey", 2, KEY),
        links.token_for("case", 1, KEY),
        links.token_for("survey", 1, b"x" * 32),
    }
    assert len(tokens) == 4


def test_links_are_built_on_the_public_address(context: Flask) -> None:
    context.extensions["pasokh_link_prefixes"].setdefault("survey", "/s/")
    url = links.personal_url("survey", 7)
    assert url.startswith("http://localhost/s/")
    assert links.normalise(url.rsplit("/", 1)[1])
