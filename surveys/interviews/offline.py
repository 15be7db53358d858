"""Whether a questionnaire can be asked without a network, and what stands in the way.

On a phone all pages are one page to the script of a survey page (`in_page`): what it can follow
there it can follow without the server. What it leaves to the server is an obstacle.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portal.i18n import LANGUAGES, LazyText, _l, pick
from surveys.questionnaires import display, in_page
from surveys.questionnaires.schema import META, Page, Question, Questionnaire, Texts
from surveys.questionnaires.texts import REFERENCE

ROUNDS = _l("The same questions are asked several times.")
PHOTO = _l("A photo is asked for.")
CHANCE = _l("Its choices come in an order of chance.")
PROPOSED = _l("It proposes an answer that is calculated.")
CONDITION = _l("Whether it is asked is calculated in a way that only the server can.")
CHOICES = _l("Which choices it offers is calculated in a way that only the server can.")
CHECK = _l("Its answer is checked in a way that only the server can.")
LOCKED = _l("Whether it can be changed depends on other answers.")
QUOTES = _l("Its text quotes an answer in a way that only the server can.")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One question that cannot be asked without a network, and why."""

    name: str
    label: Texts
    reason: LazyText

    @property
    def text(self) -> str:
        """What the reader knows it by."""
        return REFERENCE.sub("…", pick(self.label)) or self.name


def whole(q: Questionnaire) -> Page:
    """All questions outside repeats, as one page."""
    pages = (page for page in q.pages if not page.repeat)
    return Page(".interview", questions=tuple(x for page in pages for x in page.questions))


def obstacles(q: Questionnaire) -> list[Obstacle]:
    """Everything that makes the questionnaire one for the network only; the first reason of each
    question. Empty: it can be asked without."""
    found: dict[str, Obstacle] = {}
    for repeat in q.repeats:
        found[repeat.name] = Obstacle(repeat.name, repeat.label, ROUNDS)
    page = whole(q)
    plan = in_page.plan_of(q, page)
    for question in page.questions:
        for reason in _reasons(plan, question):
            found.setdefault(question.name, Obstacle(question.name, question.label, reason))
    for each in q.pages:
        if _quoted([each.label]) & plan.changing:
            found.setdefault(each.name, Obstacle(each.name, each.label, QUOTES))
    return list(found.values())


def _reasons(plan: in_page.Plan, question: Question) -> Iterator[LazyText]:
    if not question.is_shown:
        return
    name = question.name
    if question.type == "image":
        yield PHOTO
    if question.randomize:
        yield CHANCE
    if question.default_expression:
        yield PROPOSED
    if isinstance(question.read_only, str) and plan.depends(question.read_only):
        yield LOCKED
    if name not in plan.moving and any(map(plan.depends, plan.condition_texts(name))):
        yield CONDITION
    is_followed = name in plan.filtered and not question.matrix
    if question.choice_filter and plan.depends(question.choice_filter) and not is_followed:
        yield CHOICES
    if question.constraint and name not in plan.constraints:
        yield CHECK
    required = question.required
    if isinstance(required, str) and plan.depends(required) and name not in plan.required:
        yield CHECK
    if _quoted([question.label, question.hint, question.guidance]) & plan.changing - plan.quoted:
        yield QUOTES
    if _quoted(choice.label for choice in question.choices) & plan.changing:
        yield QUOTES


def _quoted(texts: Iterable[Texts]) -> set[str]:
    return {name for each in texts for text in each.values() for name in REFERENCE.findall(text)}


def languages(q: Questionnaire) -> dict[str, str]:
    """code → own name of the languages in which it can be asked."""
    found = display.languages(q, "fa")
    asked = {code.split("-")[0] for code in q.languages}
    return {code: name for code, name in found.items() if code in asked} or dict(LANGUAGES)


def moments(q: Questionnaire) -> dict[str, str]:
    """Name → type of what records by itself when an interview began."""
    return {x.name: x.type for x in q.questions if x.type in META and not q.repeat_of(x.name)}
