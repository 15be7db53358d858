"""Whole forms answered over HTTP by a phone without script, to the end."""

from pathlib import Path

import pytest
from flask import Flask

from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import read
from tests.factories.surveys import MAYOR, make_campaign, make_invitation, make_survey
from tests.surveys.responses.phone import Phone, stored
from tests.surveys.walk import assert_agrees, walk

from .real_forms import FORMS, HOUSEHOLD, NAMES, REAL, form

HERE = Path(__file__).parent
EVERY_TYPE = HERE / "every_type.md"
IN_FARSI = {"site-profiling-dari-pashto.xlsx"}
LANGUAGES_OF = [
    ("fa" if name in IN_FARSI else "ar" if name == HOUSEHOLD else "en", name) for name in NAMES
]


def form_of(path: Path) -> Questionnaire:
    found = read(path.read_bytes(), path.name)
    assert found.questionnaire is not None, [str(problem.message) for problem in found.problems]
    return found.questionnaire


def answered(app: Flask, form: Questionnaire, lang: str, seed: int) -> None:
    campaign = make_campaign(make_survey(form=form))
    _invitation, token = make_invitation(campaign, language=lang)
    walker = walk(Phone(app, token), form, lang, seed)
    (response,) = stored(app)
    assert response.state == "complete"
    assert_agrees(form, response.answers, walker)


@pytest.mark.parametrize(("lang", "seed"), [("fa", 1), ("ar", 2), ("en", 3), ("fa", 4)])
def test_every_type_of_question(app: Flask, lang: str, seed: int) -> None:
    answered(app, form_of(EVERY_TYPE), lang, seed)


def test_the_poll_of_the_demonstration(app: Flask) -> None:
    answered(app, form_of(MAYOR), "fa", 5)


@pytest.mark.skipif(not FORMS, reason=f"SKIPPED LOUDLY: no real questionnaires in {REAL}")
@pytest.mark.parametrize(("lang", "name"), LANGUAGES_OF, ids=lambda x: x)
def test_a_real_form_without_what_its_problems_name(app: Flask, name: str, lang: str) -> None:
    answered(app, form(name), lang, 6)
