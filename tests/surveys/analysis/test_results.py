"""Figures of the database against a naive count."""

import statistics
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.db import db
from surveys.analysis import free_texts, services
from surveys.analysis.histogram import MOST, bins
from surveys.analysis.rates import rates
from surveys.analysis.services import Result
from surveys.responses.models import Response
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire
from tests.queries import count_queries
from tests.surveys.analysis.answers import FORM, add, make_answers

pytestmark = pytest.mark.usefixtures("context")

ANSWER = st.fixed_dictionaries(
    {},
    optional={
        "way": st.sampled_from(["bus", "walk", "car", "gone"]),
        "wishes": st.lists(st.sampled_from(["park", "lamp", "bench"]), min_size=1, unique=True),
        "age": st.integers(-(10**6), 10**15),
        "metres": st.floats(-1e9, 1e9, allow_nan=False),
        "idea": st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=5),
    },
)


def by_name(survey_id: int, campaign_id: int | None = None) -> dict[str, Result]:
    return {r.variable.name: r for r in services.results(survey_id, campaign_id)}


@pytest.fixture
def survey(app: Flask) -> tuple[Any, Any]:
    return make_answers([])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ANSWER, max_size=12))
def test_the_figures_are_those_of_a_naive_count(
    survey: tuple[Any, Any], answers: list[dict[str, Any]]
) -> None:
    version, campaign = survey
    db.session.execute(db.delete(Response))
    db.session.commit()
    add(campaign, answers)
    found = by_name(version.survey_id)

    way = Counter(a["way"] for a in answers if "way" in a)
    assert {k: v for k, v in found["way"].counts.items() if v} == way
    assert found["way"].n == way.total()

    wishes = Counter(w for a in answers for w in a.get("wishes", []))
    assert {k: v for k, v in found["wishes"].counts.items() if v} == wishes
    assert found["wishes"].n == sum("wishes" in a for a in answers)

    for name in ("age", "metres"):
        numbers = [a[name] for a in answers if name in a]
        assert found[name].n == len(numbers)
        figures = found[name].figures
        if not numbers:
            assert figures is None
            continue
        assert figures is not None
        assert figures.least == pytest.approx(min(numbers))
        assert figures.greatest == pytest.approx(max(numbers))
        assert figures.median == pytest.approx(statistics.median(numbers), abs=1e-3)
        assert figures.mean == pytest.approx(statistics.fmean(numbers), rel=1e-9, abs=1e-3)
        assert sum(figures.counts) == len(numbers)
    assert found["idea"].n == sum("idea" in a for a in answers)
    assert "sum" not in found


def test_a_number_next_to_nothing_is_counted_beside_a_large_one() -> None:
    version, _campaign = make_answers([{"metres": n} for n in (0.0, 5e-324, 1e9)])
    figures = by_name(version.survey_id)["metres"].figures
    assert figures is not None
    assert (figures.counts[0], figures.counts[-1], sum(figures.counts)) == (2, 1, 3)


def test_choices_stand_in_the_order_of_the_questionnaire() -> None:
    version, _campaign = make_answers([{"way": "car"}, {"way": "zeppelin"}])
    assert by_name(version.survey_id)["way"].counts == {
        "bus": 0, "walk": 0, "car": 1, "zeppelin": 1,
    }  # fmt: skip


def test_drafts_and_other_surveys_do_not_count() -> None:
    version, campaign = make_answers([{"way": "bus"}])
    add(campaign, [{"way": "bus"}], state="draft", submitted_at=None)
    make_answers([{"way": "bus"}])
    assert by_name(version.survey_id)["way"].n == 1


def test_one_campaign_of_two() -> None:
    version, first = make_answers([{"age": 1}])
    second = make_campaign(version)
    add(second, [{"age": 5}, {"age": 7}])
    assert by_name(version.survey_id)["age"].n == 3
    figures = by_name(version.survey_id, second.id)["age"].figures
    assert figures is not None
    assert (figures.least, figures.counts) == (5, [1, 0, 1])
    assert services.complete_count(version.survey_id, first.id) == 1


def test_versions_are_read_together() -> None:
    old = make_survey(
        "PARK-1",
        questionnaire([question("way", "select_one", "bus horse"), question("age", "text")]),
    )
    first = make_campaign(old)
    add(first, [{"way": "horse", "age": "بیست"}, {"way": "bus"}])
    new = make_survey(
        "PARK-1",
        questionnaire([question("age", "integer"), question("way", "select_one", "walk bus")]),
    )
    add(make_campaign(new), [{"way": "walk", "age": 20}])
    found = services.results(new.survey_id)
    assert [(r.variable.name, r.variable.kind) for r in found] == [
        ("age", "number"), ("way", "one"), ("age", "text"),
    ]  # fmt: skip
    assert found[1].counts == {"walk": 1, "bus": 1, "horse": 1}
    assert (found[0].n, found[2].n) == (1, 1)


def test_the_number_of_queries_does_not_grow_with_questions_or_answers() -> None:
    version, _campaign = make_answers([{"way": "bus", "age": 1}])
    services.results(version.survey_id)
    with count_queries() as few:
        services.results(version.survey_id)
    wide = questionnaire([question(f"q{n}", "integer") for n in range(30)] + list(FORM.questions))
    large, _campaign = make_answers(
        [{f"q{n}": n for n in range(30)} for _ in range(20)], make_survey(form=wide)
    )
    services.results(large.survey_id)
    with count_queries() as many:
        services.results(large.survey_id)
    assert many.count <= few.count + 1 <= 9, many.statements


def test_texts_are_found_whatever_the_keyboard() -> None:
    version, _campaign = make_answers(
        [{"idea": "پارک کوچک برای بچه‌ها"}, {"idea": "حديقة كبيرة ١٢"}, {"idea": "100% lamps_"}, {}]
    )
    variable = next(
        r.variable for r in services.results(version.survey_id) if r.variable.name == "idea"
    )

    def search(words: str) -> list[str]:
        return [a.text for a in free_texts.answers(variable, search=words)[0]]

    assert len(search("")) == 3
    assert search("") == [a.text for a in free_texts.answers(variable)[0]]
    assert search("كوچك پارک") == ["پارک کوچک برای بچه‌ها"]
    assert search("بچهها") == ["پارک کوچک برای بچه‌ها"]
    assert search("کبیره 12") == ["حديقة كبيرة ١٢"]
    assert search("100%") == search("LAMPS_") == ["100% lamps_"]
    assert search("a%s") == search("نیست") == []


def test_texts_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_texts, "PAGE", 2)
    version, _campaign = make_answers([{"idea": str(n)} for n in range(5)])
    variable = next(
        r.variable for r in services.results(version.survey_id) if r.variable.name == "idea"
    )
    seen, before, more = [], None, True
    while more:
        page, more = free_texts.answers(variable, before=before)
        seen += [a.text for a in page]
        before = page[-1].id
    assert seen == ["4", "3", "2", "1", "0"]


@given(st.integers(-(10**15), 10**15), st.integers(0, 10**15))
def test_whole_classes_cover_everything(low: int, span: int) -> None:
    plan = bins(low, low + span, whole=True)
    assert plan.count <= MOST + 1
    assert plan.start <= low
    assert plan.start + plan.count * plan.width > low + span or plan.single


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_classes_of_decimals_are_few(a: float, b: float) -> None:
    plan = bins(min(a, b), max(a, b), whole=False)
    assert 1 <= plan.count <= MOST + 1


def test_rates_by_hand() -> None:
    found = {
        r.name: (r.numerator, r.denominator)
        for r in rates(
            {
                "complete": 300, "partial": 50, "refused": 20, "delivered": 600, "sent": 10,
                "unknown": 5, "undeliverable": 15, "waiting": 7, "not_sent": 3,
            }
        )
    }  # fmt: skip
    assert found == {
        "RR1": (300, 1000), "RR2": (350, 1000), "RR5": (300, 970), "RR6": (350, 970),
        "COOP1": (300, 370), "REF1": (20, 1000), "CON1": (370, 1000),
    }  # fmt: skip


def test_rates_of_nothing_have_no_value() -> None:
    assert all(rate.value is None for rate in rates({}))
