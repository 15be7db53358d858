"""The JavaScript twin of the evaluator gives the values that Python gives."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Page

from surveys.questionnaires import answers as conversions
from surveys.questionnaires.expressions import parse, to_tree
from tests.browser.checks import go, look
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.questionnaires.forms import questionnaire
from tests.surveys.questionnaires.world import (
    ODK,
    UNLIKE,
    XPATH,
    browser_context,
    is_close,
    odk,
    value_of,
    xpath1,
)
from tests.surveys.responses.phone import stored

pytestmark = [pytest.mark.browser, pytest.mark.surveys]

LOST = f"{'0' * 40}-40x20.jpg"
ROUNDED = 1e-14
"""How far pow(), exp(), logarithms and angles of two machines may be apart."""
EVALUATE = """
([trees, world]) => trees.map(tree => {
  const context = Object.assign({lookup: name => world.values[name]}, world);
  let value;
  try { value = PasokhLogic.evaluate(tree, context); }
  catch (error) {
    if (error instanceof TypeError) return {type: 'defect', value: String(error)};
    return {type: 'error', value: null};
  }
  if (Array.isArray(value)) return {type: 'nodeset', value: Array.from(value)};
  const isWritten = typeof value !== 'number' || Number.isFinite(value);
  return {type: typeof value, value: isWritten ? value : String(value)};
})
"""


@pytest.fixture
def twin(live: str, open_page: Callable[..., Page]) -> Callable[[list[Any]], list[dict[str, Any]]]:
    """Evaluate trees in the browser."""
    page = open_page()
    page.goto(f"{live}/healthz")
    page.add_script_tag(url=f"{live}/static/js/survey-logic.js")
    return lambda trees: page.evaluate(EVALUATE, [trees, browser_context()])


def unlike(
    texts: list[str], twin: Callable[[list[Any]], list[dict[str, Any]]]
) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(expression, by Python, by JavaScript) where they differ in value or type."""
    trees = [(text, to_tree(parse(text))) for text in texts]
    portable = [(text, tree) for text, tree in trees if tree is not None]
    values = twin([tree for _text, tree in portable])
    ours = [value_of(text) for text, _tree in portable]
    return [
        (text, one, other)
        for (text, _tree), one, other in zip(portable, ours, values, strict=True)
        if not is_close(one, other, ROUNDED)
    ]


def test_the_whole_corpus(twin: Callable[[list[Any]], list[dict[str, Any]]]) -> None:
    texts = [text for text, _value in XPATH + UNLIKE + ODK]
    left_out = [text for text in texts if to_tree(parse(text)) is None]
    assert all(text.startswith(("digest(", "base64-decode(")) for text in left_out), left_out
    assert len(texts) - len(left_out) > 700
    assert unlike(texts, twin) == []


def test_several_hundred_random_expressions(
    twin: Callable[[list[Any]], list[dict[str, Any]]],
) -> None:
    texts: list[str] = []

    @given(xpath1(), odk(), odk())
    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def draw(pure: str, one: str, other: str) -> None:
        texts.extend((pure, one, other))

    draw()
    assert len(texts) >= 300
    assert unlike(texts, twin) == []


TYPED = [
    "", " ", "۱۲", "٣", "-5", "+7", "1,234", "1٬234٬567", "1,23", "12.5", "12٫5", "12/5", "1.",
    ".5", "−3", "007", "1e3", "x", "1 2", "9" * 16, "0.00000000000000001", "\u200f۴۲\u200f", "12.0",
    "سلام", " a\r\nb ", "a\u0000b", "x" * 5001, "\u202eabc", "😀",
]  # fmt: skip


def test_what_is_typed_is_read_as_the_server_reads_it(
    live: str, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.goto(f"{live}/healthz")
    page.add_script_tag(url=f"{live}/static/js/survey-logic.js")
    for kind in ("integer", "decimal", "text"):
        asked = question("q", kind)
        theirs = page.evaluate(
            "([kind, texts]) => texts.map(text =>"
            " PasokhLogic.answer({k: kind}, [{type: 'text', value: text}]))",
            [kind, TYPED],
        )
        ours = [conversions.convert(asked, [text])[0] for text in TYPED]
        assert theirs == ours, kind


PETS = form(
    [
        question("pet", "select_one", "yes no"),
        question("called", required=True, relevant="${pet} = 'yes'"),
        question("many", "integer", relevant="${pet} = 'yes'", constraint=". < 100"),
        question("legs", "calculate", calculation="${many} * 4"),
        question("herd", "note", label={"fa": "${legs} پا"}, relevant="${legs} > 8"),
        question("why", required="${many} > 5", relevant="${pet} = 'yes'"),
        question("wish", "select_multiple", "a b c", constraint="count-selected(.) <= 2"),
    ],
    [question("more", relevant="${legs} > 8")],
)
NEXT = "main button[value=next]"


def test_questions_come_and_go_by_keyboard(
    app: Flask, live: str, open_page: Callable[..., Page], shots: Path
) -> None:
    token = make_invitation(make_campaign(make_survey(form=PETS)))[1]
    page = open_page(360)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(f"{live}/s/{token}")
    shown = page.locator("[name='.shown']")
    assert page.locator("#q-called").count() == 0
    assert shown.input_value() == "pet wish"
    page.focus("input[value=yes]")
    page.keyboard.press("Space")
    assert page.locator("#q-called").is_visible()
    assert shown.input_value() == "pet called many why wish"
    assert "یک مورد دیگر" in page.locator("[role=status]").first.inner_text()
    page.keyboard.press("Tab")
    page.keyboard.type("Rex")
    page.keyboard.press("Tab")
    page.keyboard.type("۳۰۰")
    page.keyboard.press("Tab")
    assert page.locator(".error--live").count() == 1
    assert page.locator("#q-many").get_attribute("aria-invalid") == "true"
    assert page.locator("#q-many").get_attribute("aria-describedby") == "q-many-live"
    assert page.locator("#q-herd").inner_text() == "\u2066۱۲۰۰\u2069 پا"
    assert page.locator("label[for=q-why] .optional").count() == 1
    assert look(page, "survey-live", "fa", 360, shots) == []
    page.fill("#q-many", "۳")
    assert page.locator(".error--live").count() == 0
    assert page.locator("#q-herd").inner_text() == "\u2066۱۲\u2069 پا"
    assert page.locator("label[for=q-why] .optional").count() == 0
    page.focus("input[value=yes]")
    page.keyboard.press("ArrowDown")
    assert page.locator("#q-called, #q-many, #q-herd, #q-why").count() == 0
    assert shown.input_value() == "pet wish"
    page.keyboard.press("ArrowUp")
    assert page.locator("#q-called").input_value() == "Rex"
    assert shown.input_value() == "pet called many herd why wish"
    page.check("input[value=a]")
    go(page, NEXT)
    page.wait_for_url("**p=2")
    page.fill("#q-more", "yes")
    go(page, NEXT)
    page.wait_for_url("**done=**")
    assert errors == []
    assert stored(app)[0].answers == {
        "pet": "yes", "called": "Rex", "many": 3, "legs": 12, "wish": ["a"], "more": "yes",
    }  # fmt: skip


@pytest.mark.parametrize("change_of_mind", [False, True])
def test_the_same_journey_without_script_stores_the_same(
    app: Flask, live: str, open_page: Callable[..., Page], change_of_mind: bool
) -> None:
    kept = []
    for script in (True, False):
        token = make_invitation(make_campaign(make_survey(form=PETS)))[1]
        page = open_page(360, script=script)
        page.goto(f"{live}/s/{token}")
        page.check("input[value=yes]")
        if not script:
            go(page, NEXT)
            page.wait_for_url("**more=1**")
        page.fill("#q-called", "Rex")
        page.fill("#q-many", "3")
        page.check("input[value=b]")
        if change_of_mind:
            page.check("input[value=no]")
        go(page, NEXT)
        if not change_of_mind and not script:
            page.wait_for_url("**more=1**")
            go(page, NEXT)
        if not change_of_mind:
            page.wait_for_url("**p=2")
            page.fill("#q-more", "m")
            go(page, NEXT)
        page.wait_for_url("**done=**")
        kept.append(stored(app)[-1].answers)
    assert kept[0] == kept[1]
    assert ("called" in kept[0]) is not change_of_mind


def test_an_error_of_the_server_and_a_step_back_keep_what_the_script_showed(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    token = make_invitation(make_campaign(make_survey(form=PETS)))[1]
    page = open_page(360)
    page.goto(f"{live}/s/{token}")
    page.check("input[value=yes]")
    page.fill("#q-many", "7")
    go(page, NEXT)
    page.wait_for_function("document.activeElement?.id === 'error-summary'")
    assert page.locator("#q-many").input_value() == "7"
    assert page.locator("#q-called-error, #q-why-error").count() == 2
    page.fill("#q-called", "Rex")
    page.fill("#q-why", "so")
    go(page, NEXT)
    page.wait_for_url("**p=2")
    page.go_back()
    assert page.locator("#q-called").input_value() in {"Rex", ""}
    page.goto(f"{live}/s/{token}?p=1")
    assert page.locator("#q-called").input_value() == "Rex"
    page.check("input[value=no]")
    assert page.locator("#q-called").count() == 0


CASCADE = """
type | name | label::فارسی (fa) | label::English (en) | choice_filter | appearance | relevant
select_one province | province | استان | Province | | |
select_one city | city | شهر | City | province = ${province} | |
select_one part | part | محله | Part | city = ${city} | minimal |
select_multiple part | parts | محله‌ها | Parts | city = ${city} | | ${city} = 'kas'
text | why | چرا؟ | Why? | | | ${part} = 'fin' and count-selected(${parts}) > 1
"""
PLACES = """
list_name | name | label::فارسی (fa) | label::English (en) | province | city
province | esf | اصفهان | Isfahan | |
province | teh | تهران | Tehran | |
city | kas | کاشان | Kashan | esf |
city | naj | نجف‌آباد | Najafabad | esf |
city | rey | ری | Rey | teh |
part | fin | فین | Fin | | kas
part | raq | راوند | Ravand | | kas
part | azi | عظیمیه | Azimiyeh | | rey
part | fin | فینِ ری | Fin of Rey | | rey
"""
TWICE = "allow_choice_duplicates\nyes"


def test_choices_follow_the_answers_of_the_same_page(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    cascade = questionnaire(CASCADE, PLACES, TWICE)
    kept = []
    for script in (True, False):
        token = make_invitation(make_campaign(make_survey(form=cascade)))[1]
        page = open_page(360, script=script)
        errors: list[str] = []
        page.on("pageerror", lambda error, seen=errors: seen.append(str(error)))
        page.goto(f"{live}/s/{token}")
        assert page.locator("#q-city").count() == 0
        page.check("input[value=esf]")
        if script:
            page.check("input[value=naj]")
            assert page.locator("#q-part, #q-parts").count() == 0
            assert page.locator("input[name=city]").count() == 2
            page.check("input[value=teh]")
            assert page.locator("input[name=city]").count() == 1
            assert page.locator("input[name=city]:checked").count() == 0
            page.check("input[value=esf]")
            assert page.locator("input[name=city]:checked").count() == 0
        else:
            go(page, NEXT)
            page.wait_for_url("**more=1**")
        page.check("input[value=kas]")
        if not script:
            go(page, NEXT)
            page.wait_for_selector("#q-part")
        assert page.locator("#q-part option").all_inner_texts() == ["انتخاب کنید…", "فین", "راوند"]
        page.select_option("#q-part", "fin")
        page.check("input[name=parts][value=fin]")
        page.check("input[name=parts][value=raq]")
        if not script:
            go(page, NEXT)
            page.wait_for_selector("#q-why")
        page.fill("#q-why", "چون")
        go(page, NEXT)
        page.wait_for_url("**done=**")
        assert errors == []
        kept.append(stored(app)[-1].answers)
    assert kept[0] == kept[1]
    assert kept[0] == {
        "province": "esf", "city": "kas", "part": "fin", "parts": ["fin", "raq"], "why": "چون",
    }  # fmt: skip


def test_a_filter_that_is_a_number_or_names_no_column_offers_the_same_in_the_browser(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    survey = """
type | name | label | choice_filter
integer | n | N |
select_one c | place | Place | number(${n})
select_one c or_other | other | Other | ${n} = no_column
"""
    form_of = questionnaire(survey, "list_name | name | label\nc | a | A\nc | b | B\nc | d | D")
    token = make_invitation(make_campaign(make_survey(form=form_of)), language="en")[1]
    page = open_page(360)
    page.goto(f"{live}/s/{token}")
    assert page.locator("#q-place").count() == 0
    for number in ("", "2"):
        page.fill("input[name=n]", number)
        assert page.locator("input[name=other]").count() == 1
    page.check("input[name=place][value=b]")
    assert page.locator("input[name=place]").count() == 1
    page.check("input[name=other][value=other]")
    page.fill("input[name=other_other]", "More")
    go(page, NEXT)
    page.wait_for_url("**done=**")
    assert stored(app)[-1].answers == {
        "n": 2, "place": "b", "other": "other", "other_other": "More",
    }  # fmt: skip


def test_dates_in_parts_are_read_as_the_server_reads_them(
    live: str, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.goto(f"{live}/healthz")
    page.add_script_tag(url=f"{live}/static/js/survey-logic.js")
    dice = random.Random(7)
    days = [
        [str(day), f"persian-{month:02}", str(year)]
        for year in range(1250, 1501)
        for month, day in ((1, 1), (6, 31), (7, 31), (12, 29), (12, 30))
    ]
    for _ in range(300):
        month, year = dice.randint(0, 13), dice.randint(1848, 2152)
        days.append([str(dice.randint(0, 32)), f"gregorian-{month:02}", str(year)])
    days += [["۳۰", "persian-01", "۱۴۰۴"], ["", "", ""], ["1", "", "1404"]]
    days += [["x", "persian-01", "1404"], ["5", "persian-02", "99999"]]
    days += [["05", "persian-02", "1400"], ["", "persian-02", "1400"]]
    hours = [["7", ""], ["۲۳", "59"], ["24", "0"], ["", "5"], ["0", "60"], ["", ""], ["1.5", "0"]]
    both = [[*day, *hour] for day in days[::97] for hour in hours]
    for kind, tried in (("date", days), ("time", hours), ("dateTime", both)):
        asked = question("q", kind)
        theirs = page.evaluate(
            "([kind, many]) => many.map(texts => PasokhLogic.answer({k: kind},"
            " texts.map(value => ({type: 'text', value: value}))))",
            [kind, tried],
        )
        ours = [conversions.convert(asked, texts, "fa")[0] for texts in tried]
        wrong = [x for x in zip(tried, ours, theirs, strict=True) if x[1] != x[2]]
        assert wrong == [], kind


MOMENTS = """
type | name | label | relevant | constraint | constraint_message
date | born | زاده | | . < '2020-01-01' | خیلی دیر است.
text | adult | شغل | ${born} < '2000-01-01' | |
date | since | از کی؟ | ${adult} != '' | . > ${born} | پیش از تولد است.
"""


def test_dates_show_and_check_at_once(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    token = make_invitation(make_campaign(make_survey(form=questionnaire(MOMENTS))))[1]
    page = open_page(360)
    page.goto(f"{live}/s/{token}")

    def date(name: str, day: str, month: int, year: str) -> None:
        page.fill(f"#q-{name}-day", day)
        page.select_option(f"#q-{name}-month", index=month)
        page.fill(f"#q-{name}-year", year)
        page.keyboard.press("Tab")

    date("born", "۱", 1, "۱۴۰۲")
    assert "خیلی دیر است." in page.locator("#q-born .error--live").inner_text()
    assert page.locator("#q-adult").count() == 0
    date("born", "۱", 1, "۱۳۶۰")
    assert page.locator(".error--live").count() == 0
    page.fill("#q-adult", "نانوا")
    date("since", "۱", 1, "۱۳۵۰")
    assert "پیش از تولد است." in page.locator("#q-since .error--live").inner_text()
    date("since", "۳۱", 6, "۱۳۸۰")
    assert page.locator(".error--live").count() == 0
    go(page, NEXT)
    page.wait_for_url("**done=**")
    assert stored(app)[0].answers == {
        "born": "1981-03-21", "adult": "نانوا", "since": "2001-09-22",
    }  # fmt: skip


def test_pictures_of_headings_and_names_that_objects_have_come_and_go_with_their_question(
    app: Flask, live: str, open_page: Callable[..., Page]
) -> None:
    shop = {"relevant": "${way} = 'shop'"}
    poll = form(
        [
            question("way", "select_one", "park shop"),
            question("plan", "note", appearance="heading", image={"fa": LOST}, **shop),
            question("constructor", "calculate", calculation="'me'", **shop),
            question("toString", label={"fa": "Built by ${constructor}"}),
            question("valueOf", relevant="${constructor} = 'me'"),
        ]
    )
    token = make_invitation(make_campaign(make_survey(form=poll)))[1]
    page = open_page(360)
    page.goto(f"{live}/s/{token}")
    label = page.locator("label[for=q-toString]")
    shown = [page.locator("#q-plan"), page.locator(f"img[src*='{LOST}']")]
    shown.append(page.locator("#q-valueOf"))
    page.check("#q-way-0")
    assert [each.count() for each in shown] == [0, 0, 0]
    assert "me" not in label.inner_text()
    page.check("#q-way-1")
    assert [each.count() for each in shown] == [1, 1, 1]
    assert "me" in label.inner_text()
    page.check("#q-way-0")
    assert [each.count() for each in shown] == [0, 0, 0]
    assert "me" not in label.inner_text()
