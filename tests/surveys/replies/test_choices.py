"""What a reply means: pure rules."""

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.i18n import use_language
from portal.messaging import words
from surveys.questionnaires.schema import Choice, Question, Questionnaire
from surveys.replies import choices
from tests.factories.surveys import question, questionnaire, texts


def form_of(*labels: dict[str, str], **fields: object) -> Questionnaire:
    asked = Question(
        "wish",
        "select_one",
        texts("Wish"),
        choices=tuple(Choice(f"c{n}", label) for n, label in enumerate(labels, 1)),
        **fields,  # type: ignore[arg-type]
    )
    return questionnaire([question("hello", "note"), asked], [question("bye", "note")])


PARK = form_of(
    {"fa": "پارک", "ar": "حديقة", "en": "A park"},
    {"fa": "کتابخانه", "ar": "مكتبة", "en": "A library"},
    {"fa": "روشنایی کوچه", "ar": "إنارة الزقاق", "en": "Street lights"},
)


def read(form: Questionnaire, sms: str) -> str | None:
    poll = choices.poll_of(form)
    assert poll is not None
    return choices.read(poll, words.normalised(sms))


@pytest.mark.parametrize(
    ("sms", "choice"),
    [
        ("1", "c1"),
        ("۲", "c2"),
        ("٣", "c3"),
        (" ۲. ", "c2"),
        ("«2»", "c2"),
        ("كتابخانه", "c2"),
        ("کتابخانه!", "c2"),
        ("a LIBRARY", "c2"),
        ("مكتبة", "c2"),
        ("2 کتابخانه", "c2"),
        ("۲- کتابخانه", "c2"),
        ("2 پارک", None),
        ("2 چراغ کوچهٔ ما خاموش است", None),
        ("4", None),
        ("0", None),
        ("1 2", None),
        ("12", None),
        ("سلام", None),
        ("", None),
    ],
)
def test_reading(sms: str, choice: str | None) -> None:
    assert read(PARK, sms) == choice


@settings(deadline=None)
@given(st.integers(1, 60))
def test_no_choice_ever_has_a_reserved_number(count: int) -> None:
    form = form_of(*(texts(f"Choice {n}") for n in range(count)))
    poll = choices.poll_of(form)
    assert poll is not None
    assert not set(poll.numbers) & {11, 12, 31, 33}
    assert len(poll.numbers) == count
    assert list(poll.numbers.values()) == [f"c{n}" for n in range(1, count + 1)]


@settings(deadline=None)
@given(st.integers(1, 25), st.sampled_from(["0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"]))
def test_every_number_of_the_list_reads_back(count: int, script: str) -> None:
    form = form_of(*(texts(f"Choice {n}") for n in range(count)))
    poll = choices.poll_of(form)
    assert poll is not None
    for number, name in poll.numbers.items():
        typed = "".join(script[int(digit)] for digit in str(number))
        assert choices.read(poll, words.normalised(typed)) == name


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_the_reader_or_means_an_unknown_choice(sms: str) -> None:
    assert read(PARK, sms) in {"c1", "c2", "c3", None}


@pytest.mark.parametrize(
    "form",
    [
        questionnaire([question("a", "select_one", "x y"), question("b")]),
        questionnaire([question("a", "select_multiple", "x y")]),
        questionnaire([question("a", "select_one", "x y", relevant="1 = 1")]),
        questionnaire([question("a", "select_one", "x y", choice_filter="town = 'rey'")]),
        questionnaire([question("a", "note")]),
    ],
)
def test_only_one_question_makes_a_poll(context: Flask, form: Questionnaire) -> None:
    assert choices.poll_of(form) is None
    assert len(list(choices.problems(form))) == 1


@pytest.mark.parametrize(
    ("labels", "count"),
    [
        ([{"en": "Yes"}, {"en": "No"}], 0),
        ([{"fa": "لغو"}, {"fa": "ادامه"}], 1),
        ([{"en": "Stop"}, {"en": "Go on"}], 1),
        ([{"fa": "۳۱"}, {"fa": "۳۲"}], 1),
        ([{"fa": "۲"}, {"fa": "۱"}], 2),
        ([{"fa": "پارك"}, {"ar": "پارک"}], 1),
    ],
)
def test_choices_that_collide_are_refused(
    context: Flask, labels: list[dict[str, str]], count: int
) -> None:
    with use_language("en"):
        found = list(choices.problems(form_of(*labels)))
    assert len(found) == count, found


def test_the_list_is_in_the_readers_language_and_digits(context: Flask) -> None:
    poll = choices.poll_of(PARK)
    assert poll is not None
    assert choices.listing(poll, "fa") == "۱ پارک\n۲ کتابخانه\n۳ روشنایی کوچه"
    assert choices.listing(poll, "en") == "1 A park\n2 A library\n3 Street lights"
