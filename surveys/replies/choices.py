"""Polls of one question by SMS: numbers for the choices, and what a reply means. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from portal.i18n import LANGUAGES, _, _l, digits, isolate, pick
from portal.messaging import words
from surveys.campaigns.errors import CampaignError
from surveys.questionnaires.schema import Page, Question, Questionnaire
from surveys.questionnaires.services import load_version

CHOICES: Final = "{choices}"
RESERVED: Final = frozenset({11, 12, 31, 33})
"""Stop, rejoin, agree with the end of a case, object to it: never the number of a choice."""
MOST: Final = 20
"""Choices of a poll by SMS; more fill a long text that nobody reads."""
_NUMBER: Final = re.compile(r"([0-9]{1,3})(?:\W+(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Poll:
    """The one question, its page, and number -> name of the choice."""

    question: Question
    page: Page
    numbers: dict[int, str]


def numbered(question: Question) -> dict[int, str]:
    """1, 2, … without the reserved codes, in the order of the questionnaire."""
    free = (number for number in range(1, 1000) if number not in RESERVED)
    return {number: choice.name for number, choice in zip(free, question.choices, strict=False)}


def poll_of(q: Questionnaire) -> Poll | None:
    """The poll where the questionnaire is exactly one select_one and notes."""
    asked = [question for question in q.questions if question.type != "note"]
    if len(asked) != 1 or asked[0].type != "select_one" or asked[0].relevant:
        return None
    question = asked[0]
    page = q.page_of[question.name]
    if page.relevant or question.choice_filter or question.or_other or not question.choices:
        return None
    return Poll(question, page, numbered(question))


def keep_numbers(before_id: int, after_id: int) -> None:
    """CampaignError where a number in an SMS that was sent would mean another choice."""
    before, after = (poll_of(load_version(each)) for each in (before_id, after_id))
    if before is None or after is None or before.numbers != after.numbers:
        raise CampaignError(
            "numbers",
            _l(
                "People answer this campaign by SMS with the numbers of its choices, and the new "
                "version numbers them otherwise. Start a new campaign for it."
            ),
        )


def listing(poll: Poll, language: str) -> str:
    """The choices as they stand in the SMS: one line each, number and label."""
    labels = {choice.name: choice.label for choice in poll.question.choices}
    return "\n".join(
        f"{digits(str(number), language)} {_one_line(pick(labels[name], language) or name)}"
        for number, name in poll.numbers.items()
    )


def fill(poll: Poll | None, language: str, text: str) -> str:
    return text.replace(CHOICES, listing(poll, language)) if poll else text


def _one_line(label: str) -> str:
    return " ".join(label.split())


def read(poll: Poll, normalised: str) -> str | None:
    """The choice that a reply names by its number, its label in any language, or both.

    `normalised`: portal.messaging.words.normalised of the SMS.
    """
    normalised = normalised.casefold()
    if (by_label := _labels(poll).get(normalised)) is not None:
        return by_label
    found = _NUMBER.fullmatch(normalised)
    if found is None:
        return None
    name = poll.numbers.get(int(found[1]))
    # «2 park» is an answer, «2 lamps are broken» a message to the city.
    if name is None or (found[2] and _labels(poll).get(found[2].strip()) != name):
        return None
    return name


def _labels(poll: Poll) -> dict[str, str]:
    found: dict[str, str] = {}
    for choice in poll.question.choices:
        for label in choice.label.values():
            if text := words.normalised(_one_line(label)).casefold():
                found.setdefault(text, choice.name)
    return found


def problems(q: Questionnaire) -> Iterator[str]:
    """Why a questionnaire cannot be answered by SMS, in the reader's language."""
    poll = poll_of(q)
    if poll is None:
        yield _(
            "Replies by SMS need a questionnaire of exactly one question with one answer, without "
            "conditions and without “other”; notes may stand beside it."
        )
        return
    if len(poll.question.choices) > MOST:
        yield _("Replies by SMS need short lists: this question has too many choices.")
    meant: dict[str, str] = {}
    for choice in poll.question.choices:
        for code in LANGUAGES:
            label = _one_line(choice.label.get(code, ""))
            text = words.normalised(label).casefold()
            if not text:
                continue
            shown = isolate(label)
            if words.command(label) or text in {str(number) for number in RESERVED}:
                yield _(
                    "The choice “%(label)s” reads like an order to stop or start messages or to "
                    "judge a case. Word it differently.",
                    label=shown,
                )
            elif text.isdigit() and poll.numbers.get(int(text), choice.name) != choice.name:
                yield _(
                    "The choice “%(label)s” is the number of another choice. Word it differently.",
                    label=shown,
                )
            elif meant.setdefault(text, choice.name) != choice.name:
                yield _(
                    "Two choices read the same in an SMS: “%(label)s”. Word one differently.",
                    label=shown,
                )
