"""Which whole messages stop and restart, and which are ordinary."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging import words

TABLES = Path(__file__).parent
ORDERS: list[tuple[str, str]] = [
    (text, meaning) for text, meaning in json.loads((TABLES / "orders.json").read_text())
]
"""Every spelling with what it means: stop, stop all, start."""
ORDINARY_MESSAGES: list[str] = json.loads((TABLES / "ordinary_messages.json").read_text())
GREETINGS = ["با سلام و خسته نباشید", "سلام خسته نباشید", "سلام وقت بخیر", "مع الشكر", "thank you"]
"""Ordinary by themselves, and nothing but politeness beside an order."""
MEANINGS = {
    "stop": ("opt_out", False),
    "stop all": ("opt_out", True),
    "start": ("rejoin", False),
}
STOP = [
    "11", "۱۱", "١١", " 11 ", "11.", "«۱۱»", "\u200f11\u200e", "لغو", "لغو11", "لغو۱۱", "لغو١١",
    "لغو 11", "لغو\u200c۱۱", "لغو-11", "لغو  ۱۱.", "لـغـو۱۱", "\ufeffلغو۱۱", "لغو\n11", "۱۱ لغو",
    "لغو عضویت", "لغو اشتراك", "انصراف", "إلغاء", "الغاء", "إلغاء الاشتراك", "إلغاء ۱۱", "إيقاف",
    "stop", "STOP", "Stop.", "StOp!", "stop all", "unsubscribe", "UNSUBSCRIBE", "opt out",
    "opt-out", "cancel", "laghv 11",
]  # fmt: skip
START = ["12", "۱۲", "١٢", " ۱۲.", "عضویت", "عضويت", "start", "START", "unstop"]
ORDINARY = [
    "لغو پروانه", "لغو پروانه ۱۱", "لغو مجوز", "لطفا لغو کنید", "قبض 11", "منطقه 11", "خیابان ۱۱",
    "1 1", "1", "1\n1", "111", "11 12", "۱۱/۱۲", "31", "33", "stop the noise", "bus stop",
    "non stop", "ساعت ۱۱", "۱۱ تیر", "لغو11 نمی‌خواهم بفرستم", "الغای طرح ترافیک", "سلام", "",
    " ", "end of road", "cancel my order", "عضویت در کتابخانه", "12 ساعت است آب قطع است", "+",
    "🙂", "1.1", "11,5",
]  # fmt: skip


@pytest.mark.parametrize("text", STOP)
def test_stops(text: str) -> None:
    assert words.command(text) == "opt_out"


@pytest.mark.parametrize("text", START)
def test_restarts(text: str) -> None:
    assert words.command(text) == "rejoin"


@pytest.mark.parametrize("text", ORDINARY)
def test_is_ordinary(text: str) -> None:
    assert words.command(text) is None


def test_no_spelling_of_an_order_is_missed() -> None:
    assert len(ORDERS) >= 300
    missed = [
        (text, meaning)
        for text, meaning in ORDERS
        if (words.command(text), words.means_everything(text)) != MEANINGS[meaning]
    ]
    assert not missed


def test_no_ordinary_message_is_taken_for_an_order() -> None:
    assert len(ORDINARY_MESSAGES) >= 300
    assert [text for text in ORDINARY_MESSAGES if words.command(text)] == []


@pytest.mark.parametrize("greeting", GREETINGS)
def test_words_of_politeness_change_no_order(greeting: str) -> None:
    assert greeting in ORDINARY_MESSAGES
    assert [text for text, _ in ORDERS if words.command(f"{text} {greeting}") is None] == []


def test_an_order_within_other_words_is_none() -> None:
    sentences = [
        text
        for text in ORDINARY_MESSAGES
        if text not in GREETINGS and len(text.split()) > 1 and sum(map(str.isalpha, text)) > 12
    ]
    assert len(sentences) >= 100
    taken = [
        f"{order} {sentence}"
        for order, _ in ORDERS
        for sentence in sentences
        if words.command(f"{order} {sentence}")
    ]
    assert taken == []


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    assert words.command(text) in {"opt_out", "rejoin", None}
    assert "\n" not in words.normalised(text)


@pytest.mark.parametrize(
    ("text", "plain"), [("۳۱", "31"), (" ٣٣. ", "33"), ("گزينه  ۲", "گزینه 2")]
)
def test_answers_are_compared_in_one_spelling(text: str, plain: str) -> None:
    assert words.normalised(text) == plain
