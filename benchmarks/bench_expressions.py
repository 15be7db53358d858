"""Relevance of a form of 200 questions, beside the least work in the same run.

`python -m benchmarks.bench_expressions` prints JSON. `floor`: 200 look-ups in a dictionary, which
is what relevance would cost if it were known. `naive`: the same conditions with every expression
parsed anew. `ratio_to_floor` says how many of the cheapest possible forms one evaluation costs.
`page`: what a page of ten questions with in-page logic adds for its script.
"""

import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from portal.i18n import use_language
from surveys.questionnaires import flow, in_page
from surveys.questionnaires.expressions import Context, evaluate, parser, truth
from surveys.questionnaires.schema import Choice, Page, Question, Questionnaire

SEED = 4
QUESTIONS = 200
PER_PAGE = 10
ROUNDS = 5
FORMS = 20
AT = datetime(2026, 3, 21, 12, tzinfo=UTC)


def form() -> Questionnaire:
    """Choices, numbers and texts in turn; most depend on one or two before them."""
    chance = random.Random(SEED)
    questions: list[Question] = []
    for number in range(QUESTIONS):
        before = [question.name for question in questions[-12:]]
        relevant = ""
        if number % 5 and before:
            one, other = chance.choice(before), chance.choice(before)
            relevant = chance.choice(
                [
                    f"${{{one}}} = 'a' or ${{{other}}} > 10",
                    f"selected(${{{one}}}, 'b') and not(${{{other}}} = '')",
                    f"string-length(${{{one}}}) > 0",
                    f"count-selected(${{{one}}}) >= 1 or ${{{other}}} + 1 > 3 * 2",
                ]
            )
        kind: Any = ("select_one", "integer", "text")[number % 3]
        choices = (Choice("a"), Choice("b")) if kind == "select_one" else ()
        questions.append(Question(f"q{number}", kind, relevant=relevant, choices=choices))
    pages = tuple(
        Page(f"p{start}", questions=tuple(questions[start : start + PER_PAGE]))
        for start in range(0, QUESTIONS, PER_PAGE)
    )
    return Questionnaire({"en": "Form"}, ("en",), "en", pages)


def answers(q: Questionnaire) -> dict[str, Any]:
    chance = random.Random(SEED)
    given: dict[str, Any] = {}
    for question in q.questions:
        match question.type:
            case "select_one":
                given[question.name] = chance.choice(["a", "b"])
            case "integer":
                given[question.name] = chance.randrange(40)
            case _:
                given[question.name] = "word"
    return given


def per_second(work: Callable[[], object], number: int, rounds: int = ROUNDS) -> float:
    """The best of several rounds: the others were disturbed."""
    best = float("inf")
    for _round in range(rounds):
        before = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - before)
    return number / best


def measure() -> dict[str, object]:
    q = form()
    given = answers(q)
    questions = q.questions
    state = flow.State(q, given, AT, "en")
    known = {question.name: state.relevant(question) for question in questions}
    texts = [question.relevant for question in questions if question.relevant]
    context = Context(given.get)

    def relevance() -> None:
        for _ in range(FORMS):
            flow.State(q, given, AT, "en")

    def floor() -> None:
        for _ in range(FORMS):
            for question in questions:
                _ = known[question.name]

    def expressions() -> None:
        for text in texts:
            truth(text, context)

    def naive() -> None:
        for text in texts:
            evaluate(parser.parse.__wrapped__(text), context)

    def page() -> None:
        for one in q.pages:
            in_page.page_logic(q, one, given, "en", AT)

    with use_language("en"):
        rates = {
            "forms": per_second(relevance, FORMS),
            "floor": per_second(floor, FORMS),
            "expressions": per_second(expressions, len(texts)),
            "naive": per_second(naive, len(texts), 2),
            "page": per_second(page, len(q.pages)),
        }
    return {
        "relevant": sum(known.values()),
        "per_second": {key: round(value) for key, value in rates.items()},
        "form_ms": round(1000 / rates["forms"], 3),
        "page_ms": round(1000 / rates["page"], 3),
        "ratio_to_floor": round(rates["floor"] / rates["forms"], 1),
        "times_naive": round(rates["expressions"] / rates["naive"], 1),
    }


def main() -> None:
    print(json.dumps({"benchmark": "expressions", "questions": QUESTIONS, **measure()}, indent=2))


if __name__ == "__main__":
    main()
