"""Proposals for a shorter text: never dearer, never without a placeholder, never twice."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.messaging import lint, segments
from portal.messaging.segments import LinePlan, Segments

PIECES = [
    *(
        "سلام",
        "می\u200cخواهم",
        "ك",
        "ي",
        "ى",
        "ـ",
        "هـ",
        "ســـلام",
        "۱۴۰۵",
        "١٢",
        "12",
        "Hello",
        "é",
    ),
    *(
        "  ",
        " ",
        "\n",
        "\n\n\n",
        "\t",
        "\u00a0",
        "\u200c",
        "\u200d",
        "!!!",
        "...",
        "…",
        "؟؟",
        " ،",
        ".",
    ),
    *("😀", "❤️", "👩\u200d🚒", "🇮🇷", "1️⃣", "★", "→", "𝗔𝗯", "\ufe0f", "🏴\U000e0067\U000e007f"),
    *(
        "’",
        "“x”",
        "–",
        "•",
        "€",
        "{",
        "}",
        "{link}",
        "{link}.",
        "{link} و",
        "و{link}",
        "{code}",
        "{choices}",
    ),
]
writing = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
long_writing = st.tuples(writing, st.integers(0, 150), st.sampled_from("aم")).map(
    lambda t: t[0] + t[2] * t[1]
)
anything = st.one_of(writing, long_writing, st.text(max_size=100))
languages = st.sampled_from(["fa", "ar", "en"])


def as_sent(text: str) -> Segments:
    """With a link of 31 characters and the ending of the line."""
    return segments.count(text.replace("{link}", "https://city.example/s/00000000000") + "\nلغو11")


measures = st.sampled_from([segments.count, as_sent])


@given(text=anything, language=languages, measure=measures)
@example(text="a" * 150 + "  …’", language="en", measure=segments.count)
def test_a_proposal_is_never_dearer_and_keeps_what_must_stay(
    text: str, language: str, measure: lint.Measure
) -> None:
    before = measure(text)
    for found in lint.findings(text, language, measure=measure):
        if found.proposed is None:
            assert found.code == "over"
            continue
        assert found.proposed != text
        assert measure(found.proposed).segments == before.segments - found.saves
        assert found.saves >= 0
        for kept in ("{link}", "{code}", "{choices}", "\u200c"):
            assert found.proposed.count(kept) == text.count(kept), found.code


@given(text=anything, language=languages, measure=measures)
def test_what_was_taken_is_not_proposed_again(
    text: str, language: str, measure: lint.Measure
) -> None:
    for found in lint.findings(text, language, measure=measure):
        if found.proposed is not None:
            again = lint.findings(found.proposed, language, measure=measure)
            assert [each for each in again if each.code == found.code and each.proposed] == []
            assert lint.proposal(text, language, found.code, measure=measure) == found.proposed


@given(text=anything, language=languages)
def test_taking_everything_comes_to_an_end(text: str, language: str) -> None:
    for _ in range(20):
        offered = [each.proposed for each in lint.findings(text, language) if each.proposed]
        if not offered:
            return
        text = offered[0]
    pytest.fail(f"still proposals for {text!r}")


@pytest.mark.parametrize(
    ("language", "text", "code", "proposed"),
    [
        ("fa", "سلام  شما \nخوب", "spaces", "سلام شما\nخوب"),
        ("fa", "نظر شما\n\n\n\n{link}", "spaces", "نظر شما\n\n{link}"),
        ("fa", "كتابي", "letters", "کتابی"),
        ("ar", "کتاب", "letters", "كتاب"),
        ("fa", "ســـلام", "tatweel", "سلام"),
        ("fa", "سلام 😀 شما", "decoration", "سلام شما"),
        ("fa", "سلام ❤️", "decoration", "سلام"),
        ("fa", "شماره 1️⃣", "decoration", "شماره 1"),
        ("en", "Hello 👩\u200d🚒!", "decoration", "Hello !"),
        ("en", "★ 𝗩𝗼𝘁𝗲 now", "decoration", "Vote now"),
        ("en", "The mayor’s “plan” – see…", "typography", 'The mayor\'s "plan" - see...'),
        ("en", "Reply ۱۱ or ١٢", "digits", "Reply 11 or 12"),
        ("fa", "پاسخ: {link}.", "link", "پاسخ: {link}"),
        ("fa", "{link} را ببینید", "link", "{link}\nرا ببینید"),
        ("fa", "اینجا{link}", "link", "اینجا\n{link}"),
        ("fa", "م" * 68 + "!!!", "over", "م" * 68 + "!"),
    ],
)
def test_each_kind(language: str, text: str, code: str, proposed: str) -> None:
    assert lint.proposal(text, language, code) == proposed


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fa", "می\u200cخواهم نظر شما را در ۱۴۰۵ بدانم: ۳.۵\n{link}"),
        ("fa", "«نظر» شما – چیست…؟"),
        ("ar", "في عام 1447 هـ، ما رأيك؟ علي على"),
        ("en", "The mayor's plan: {link}"),
        ("fa", "ه\u200d و ب"),
        ("fa", "دمای ۲۵° و ۳ × ۴"),
        ("en", ""),
    ],
)
def test_a_good_text_is_left_alone(language: str, text: str) -> None:
    assert lint.findings(text, language) == []


def test_plain_marks_are_not_proposed_where_they_save_nothing() -> None:
    text = "The mayor’s plan"
    assert lint.proposal(text, "en", "typography") == "The mayor's plan"
    assert lint.findings(text, "en", measure=as_sent) == [], "the ending is Persian anyway"


def test_what_only_the_writer_can_cut_is_said_with_its_number() -> None:
    (found,) = lint.findings("م" * 73, "fa")
    assert (found.code, found.over, found.proposed) == ("over", 3, None)
    assert lint.findings("م" * 110, "fa") == [], "far from a whole part"


def test_parts_of_another_line() -> None:
    plan = LinePlan.with_part(66)

    def measure(text: str) -> Segments:
        return segments.count(text, chars_per_part=plan)

    (found,) = lint.findings("م" * 68, "fa", measure=measure, plan=plan)
    assert found.over == 2


def test_savings_and_characters_are_named() -> None:
    (found,) = lint.findings("a" * 100 + "’", "en")
    assert (found.code, found.characters, found.saves) == ("typography", "’", 1)
