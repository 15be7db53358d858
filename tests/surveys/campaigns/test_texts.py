"""What is said of a text before it is sent."""

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.i18n import use_language
from portal.messaging import segments
from surveys.campaigns import texts

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(autouse=True)
def _in_english(context: Flask):  # type: ignore[no-untyped-def]
    with use_language("en"):
        yield


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No link here", "Write {link}"),
        ("{link} and {link}", "more than once"),
        ("Dear {name}, {link}", "{name}"),
        ("{link} " + "a" * 1100, "too long"),
        ("{link} " + "م" * 900, "too long"),
        ("{Link}", "Write {link}"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused(text: str, said: str) -> None:
    assert said in (texts.problem(text) or "")


def test_a_good_text_has_no_problem() -> None:
    assert texts.problem("Dear citizen: {link}") is None


def test_the_ending_makes_an_english_text_dear_and_it_is_said() -> None:
    cost = texts.cost("en", "Short {link}")
    assert cost.found.encoding == "UCS-2"
    assert "لغو11" in cost.reasons[0]
    assert cost.shown.endswith("\nلغو11")


def test_the_ending_is_not_added_twice() -> None:
    assert texts.cost("fa", "سلام {link}\nلغو۱۱").shown.count("لغو") == 1


def test_three_characters_fewer_save_one_part() -> None:
    spare = texts.cost("fa", "م {link}").found.units_left_in_last
    assert texts.cost("fa", "م" * (1 + spare) + " {link}").segments == 1
    dear = texts.cost("fa", "م" * (4 + spare) + " {link}")
    assert dear.segments == 2
    assert "3 characters fewer save one part." in dear.reasons


@pytest.mark.parametrize("parts", [2, 3, 4])
def test_the_advice_is_exact(parts: int) -> None:
    """With one character more than said cut, and not before, the message takes a part less."""
    body = "م" * (67 * (parts - 1) + 3) + " {link}"
    while texts.cost("fa", body).segments > parts:
        body = body[1:]
    cost = texts.cost("fa", body)
    over = texts._over(cost.found)
    assert texts.cost("fa", body[over:]).segments == parts - 1
    assert texts.cost("fa", body[over - 1 :]).segments == parts


def test_one_odd_character_is_named(make_app: Callable[..., Flask]) -> None:
    with make_app(sms_suffix="").app_context(), use_language("en"):
        cost = texts.cost("en", "The mayor’s question: " + "a" * 90 + " {link}")
        assert "Because of “’” a part holds 70 characters instead of 160." in cost.reasons
        assert "Without “’” the message takes 1 part." in cost.reasons


def test_line_ends_of_a_browser_cost_one_unit() -> None:
    assert texts.cost("fa", "الف\r\n{link}").found == texts.cost("fa", "الف\n{link}").found


@given(st.text(alphabet="abcآبپ ۱1€😀\u200c’{}\n", max_size=300))
def test_a_cost_is_the_count_of_what_is_shown(text: str) -> None:
    cost = texts.cost("fa", text + "{link}")
    assert cost.found == segments.count(cost.shown)
