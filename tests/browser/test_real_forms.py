"""Real questionnaires of others answered to their end in a browser, with and without script."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from surveys.questionnaires import flow
from surveys.questionnaires.schema import Questionnaire
from tests.browser.checks import go
from tests.factories.surveys import make_campaign, make_invitation, make_survey
from tests.surveys.questionnaires.real_forms import FORMS, REAL, form
from tests.surveys.responses.phone import stored
from tests.surveys.walk import MOST_PAGES, PHOTO, Walker, assert_agrees, picture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.surveys,
    pytest.mark.skipif(not FORMS, reason=f"SKIPPED LOUDLY: no real questionnaires in {REAL}"),
]
NEXT = "main button[name='.go'][value=next]"
ADD = "main button[name='.go'][value=add]"

VISIBLE = """
() => [...new Set([...document.querySelectorAll('#survey [name]')]
  .filter(e => !e.name.startsWith('.') && e.type !== 'hidden' && e.getClientRects().length)
  .map(e => e.name))]
"""
FILL = """
answers => {
  const touched = [];
  for (const [name, values] of Object.entries(answers)) {
    let place = 0;
    for (const e of document.querySelectorAll('#survey [name]')) {
      if (e.name !== name || !e.getClientRects().length) continue;
      if (e.type === 'radio' || e.type === 'checkbox') {
        if (e.checked !== values.includes(e.value)) { e.checked = !e.checked; touched.push(e); }
        continue;
      }
      let value = values[place++] || '';
      if (e.tagName === 'SELECT')
        value = values.find(v => [...e.options].some(o => o.value === v)) || '';
      if (e.value !== value) { e.value = value; touched.push(e); }
    }
  }
  for (const e of touched)
    for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind, {bubbles: true}));
}
"""
"""Answers set in the page's own controls, with the events that a person's typing makes."""


def answer(page: Page, survey: Questionnaire, lang: str, seed: int) -> Walker:
    """Fill in what is visible, until nothing new comes into sight; then on, to the end."""
    walker = Walker(survey, lang, random.Random(seed), answers=flow.initial_answers(survey))
    for _step in range(MOST_PAGES):
        number = re.search(r"[?&]p=([0-9]+)", page.get_attribute("#survey", "action") or "")
        at = survey.page_at(int(number[1])) if number else None
        assert at is not None, page.url
        filled, seen = None, set[str]()
        while filled is None or set(names := page.evaluate(VISIBLE)) != seen:
            seen = set(names) if filled is not None else set(page.evaluate(VISIBLE))
            filled = walker.page(at, seen)
            fill(page, filled.raw, walker.dice)
        walker.send(at, filled)
        adds = page.query_selector(ADD) is not None and at.round < 2 and walker.dice.random() < 0.5
        address = page.url
        go(page, ADD if adds else NEXT)
        if adds and "more=1" not in page.url:
            walker.answers, _page = flow.add_round(survey, at, walker.answers)
        wrong = page.query_selector("#error-summary")
        assert wrong is None, (address, at.name, filled.raw, wrong.inner_text())
        if "done=" in page.url:
            return walker
    raise AssertionError("The survey never ends")


def fill(page: Page, raw: dict[str, list[str]], dice: random.Random) -> None:
    photos = [name for name, values in raw.items() if values == [PHOTO]]
    page.evaluate(FILL, {name: values for name, values in raw.items() if name not in photos})
    for name in photos:
        data: dict[str, Any] = {"name": "sky.png", "mimeType": "image/png"}
        data["buffer"] = picture(dice)[0].getvalue()
        page.set_input_files(f"#survey input[type=file][name='{name}']", [data])


@pytest.mark.parametrize(
    ("lang", "name", "script", "seed"),
    [
        # 14 pages and about a hundred answers; with the other seed 2 pages and about fifty.
        ("fa", "site-profiling-dari-pashto.xlsx", False, 8),
        ("fa", "site-profiling-dari-pashto.xlsx", True, 9),
        ("en", "cht-person.xlsx", False, 8),
        ("en", "cht-person.xlsx", True, 9),
        ("ar", "limesurvey-multilingual-fr-de-en-it.lss", False, 8),
        ("en", "limesurvey-multilingual-fr-de-en-it.lss", True, 9),
    ],
)
def test_what_is_stored_is_what_was_meant(
    app: Flask,
    live: str,
    open_page: Callable[..., Page],
    lang: str,
    name: str,
    script: bool,
    seed: int,
) -> None:
    survey = form(name)
    campaign = make_campaign(make_survey(form=survey))
    _invitation, token = make_invitation(campaign, language=lang)
    page = open_page(360, script=script)
    page.goto(f"{live}/s/{token}?lang={lang}")
    walker = answer(page, survey, lang, seed)
    (response,) = stored(app)
    assert response.state == "complete"
    assert_agrees(survey, response.answers, walker)
    assert len(response.answers) >= 8
