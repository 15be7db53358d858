"""Answers any questionnaire to its end: valid random answers, page by page.

What is sent and what must come to be stored are drawn together, so that the two can be compared
without trusting the conversion between them. Used over HTTP here; a browser can draw from
`Walker.page` just the same.
"""

import datetime as dt
import io
import random
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import jdatetime
from PIL import Image

from portal.text import localized_digits
from surveys.questionnaires import answers as conversions
from surveys.questionnaires import dateparts, flow
from surveys.questionnaires.schema import Page, Question, Questionnaire
from tests.surveys.responses.phone import Phone

MOST_PAGES = 400
TRIES = 300
TEXTS = (
    "سلام، خیابان می‌خواهیم", "a@b.ir", "09123456789", "0912 345 67 89", "12345", "+98 21 137",
    "عربي ١٢", "Zahra", "X1", "1404", "yes", "a", "0",
)  # fmt: skip
NUMBERS = (0, 1, 2, 3, 5, 7, 10, 12, 18, 25, 30, 45, 60, 75, 99, 150, 300, 1000, -1)
PHOTO = "photo"
"""Stands for a picture in what is sent and for any file's name in what is stored."""


@dataclass
class Filled:
    """One page: `raw` to send, `expected` to be stored (None: nothing)."""

    raw: dict[str, list[str]]
    expected: dict[str, Any]


@dataclass
class Walker:
    """`answers` mirrors what the server knows, for the logic; `expected` what was meant."""

    form: Questionnaire
    lang: str
    dice: random.Random
    seed: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)
    at: str = ""
    """The page that `drawn` is for."""
    drawn: Filled = field(default_factory=lambda: Filled({}, {}))

    def page(self, page: Page, visible: Collection[str] | None = None) -> Filled:
        """Valid answers for everything the page shows: what is relevant at present, or the names
        that a browser shows. What was drawn before for the same page stays where it is valid."""
        if self.at != page.name:
            self.at, self.drawn = page.name, Filled({}, {})
        if visible is None:
            shown = flow.page_questions(self.form, page, self.answers)
        else:
            shown = [question for question in page.questions if question.name in visible]
        state = flow.State(self.form, self.answers, lang=self.lang)
        asked = [
            question
            for question in shown
            if question.is_answered and not state.is_read_only(question, page.round)
        ]
        names = {question.name for question in asked}
        found = Filled(
            {name: raw for name, raw in self.drawn.raw.items() if name in names},
            {name: value for name, value in self.drawn.expected.items() if name in names},
        )
        if found.raw:
            state = self._after(page, self._checked(page, found, shown))
        wrong = names - set(found.raw)
        for attempt in range(TRIES):
            for question in asked:
                if question.name in wrong:
                    raw, expected = self.draw(question, state, page.round, attempt)
                    found.raw[question.name], found.expected[question.name] = raw, expected
            result = self._checked(page, found, shown)
            wrong = set(result.errors)
            # What was valid decides which choices the others have.
            state = self._after(page, result)
            if not wrong:
                self.drawn = found
                return found
        raise AssertionError(f"No valid answers were found for {wrong} on {page.name}")

    def _checked(self, page: Page, found: Filled, shown: list[Question]) -> flow.PageResult:
        sent = {
            name: [conversions.Upload("0" * 32 + ".jpg") if x == PHOTO else x for x in values]
            for name, values in found.raw.items()
        }
        names = [question.name for question in shown]
        return flow.validate_page(self.form, page, sent, self.answers, self.lang, shown=names)

    def _after(self, page: Page, result: flow.PageResult) -> flow.State:
        return flow.State(self.form, {**self.answers, **result.values}, lang=self.lang)

    def send(self, page: Page, found: Filled) -> None:
        """What was drawn is sent."""
        shown = [question for question in page.questions if question.name in found.raw]
        self._learn(page, found.expected, self._checked(page, found, shown).values)

    def _learn(self, page: Page, expected: dict[str, Any], values: dict[str, Any]) -> None:
        self.answers = {**self.answers, **values}
        if not page.repeat:
            self.expected.update(expected)
            return
        rows = self.expected.setdefault(page.repeat, [])
        while len(rows) < page.round:
            rows.append({})
        rows[page.round - 1].update(expected)

    def draw(
        self, question: Question, state: flow.State, round: int, attempt: int
    ) -> tuple[list[str], Any]:
        """(what a browser sends, what must be stored)."""
        dice = self.dice
        if dice.random() < (0.15 if attempt < TRIES // 2 else 0.5):
            parts = len(dateparts.wanted(question.type, question.looks))
            return [""] * (parts if question.type in {"date", "time", "dateTime"} else 1), None
        match question.type:
            case "text" | "barcode":
                text = dice.choice(TEXTS)
                if "numbers" in question.looks:
                    return [text], conversions.latin_digits(text)
                return [text], text
            case "integer":
                number = dice.choice(NUMBERS) if dice.random() < 0.7 else dice.randint(0, 5000)
                return [self.digits(number)], number
            case "decimal":
                number = dice.choice(NUMBERS) + dice.choice((0, 0.5, 0.25))
                return [self.digits(number)], float(number)
            case "range":
                value = dice.choice(conversions.steps_of(question, 100_000))
                whole = all(bound.is_integer() for bound in question.bounds or ())
                return [conversions.number_to_string(value)], int(value) if whole else value
            case "select_one":
                name = dice.choice(state.choices(question, round)).name
                return [name], name
            case "select_multiple":
                names = {choice.name for choice in state.choices(question, round)}
                chosen = dice.sample(sorted(names), dice.randint(1, min(3, len(names))))
                order = [x.name for x in question.choices if x.name in chosen]
                return chosen, list(dict.fromkeys(order))
            case "rank":
                names = [choice.name for choice in state.choices(question, round)]
                order = dice.sample(names, len(names))
                return [f"{name}={order.index(name) + 1}" for name in names], order
            case "acknowledge":
                return ["OK"], "OK"
            case "date" | "time" | "dateTime":
                return self.moment(question)
            case "geopoint":
                place = round_place(dice.uniform(-90, 90)), round_place(dice.uniform(-180, 180))
                text = " ".join(conversions.number_to_string(each) for each in place)
                return [self.digits(each) for each in text.split()], text
            case "image":
                return [PHOTO], PHOTO
            case _:
                raise AssertionError(question.type)

    def moment(self, question: Question) -> tuple[list[str], str]:
        dice = self.dice
        day = dt.date(1950, 1, 1) + dt.timedelta(days=dice.randint(0, 29_000))
        shown = jdatetime.date.fromgregorian(date=day) if self.lang == "fa" else day
        names = dateparts.wanted(question.type, question.looks)
        if "day" not in names:
            shown = shown.replace(day=1)
        if "month" not in names:
            shown = shown.replace(month=1)
        day = shown.togregorian() if self.lang == "fa" else shown
        clock = dt.time(dice.randint(0, 23), dice.randint(0, 59))
        calendar = "persian" if self.lang == "fa" else "gregorian"
        parts = {
            "day": self.digits(shown.day),
            "month": f"{calendar}-{shown.month:02}",
            "year": self.digits(shown.year),
            "hour": self.digits(clock.hour),
            "minute": self.digits(clock.minute),
        }
        raw = [parts[name] for name in names]
        if question.type == "time":
            return raw, clock.isoformat()
        date = day.isoformat()
        return raw, date if question.type == "date" else f"{date}T{clock.isoformat()}"

    def digits(self, value: object) -> str:
        return localized_digits(str(value), self.lang)


def round_place(value: float) -> float:
    return round(value, 6)


def walk(phone: Phone, form: Questionnaire, lang: str, seed: int) -> Walker:
    """Answer the survey behind a phone's link to the end. Raises AssertionError where the server
    refuses what the logic holds for valid."""
    dice = random.Random(seed)
    walker = Walker(form, lang, dice, answers=flow.initial_answers(form))
    phone.open(f"?lang={lang}")
    for _step in range(MOST_PAGES):
        number = re.search(r"[?&]p=([0-9]+)", phone.action)
        page = form.page_at(int(number[1])) if number else None
        assert page is not None, phone.action
        filled = walker.page(page)
        sent: dict[str, Any] = {
            name: picture(dice) if values == [PHOTO] else values
            for name, values in filled.raw.items()
        }
        go = "next"
        if 'value="add"' in phone.page.text and page.round < 3 and dice.random() < 0.5:
            go = "add"
        answer = phone.send(go, **sent)
        walker.send(page, filled)
        assert answer.status_code == 303, (page.name, filled.raw, answer.text[-6000:])
        if go == "add" and "more=1" not in answer.headers["Location"]:
            walker.answers, _page = flow.add_round(form, page, walker.answers)
        if "done=" in answer.headers["Location"]:
            return walker
    raise AssertionError("The survey never ends")


def picture(dice: random.Random) -> tuple[io.BytesIO, str]:
    data = io.BytesIO()
    Image.new("RGB", (8, 6), (dice.randint(0, 255), 9, 9)).save(data, "PNG")
    data.seek(0)
    return data, "sky.png"


def assert_agrees(form: Questionnaire, stored: dict[str, Any], walker: Walker) -> None:
    """What is stored is what was meant, for every question that counts in the end, and nothing
    is stored that was not asked."""
    state = flow.State(form, stored, lang=walker.lang)
    for question in form.questions:
        if not question.is_answered or question.calculation:
            continue
        repeat = form.repeat_of(question.name)
        for number in state.rounds_of(question.name):
            there, meant = stored, walker.expected
            if repeat:
                there, meant = _row(stored, repeat, number), _row(walker.expected, repeat, number)
            value = there.get(question.name)
            if not state.relevant(question, number):
                assert value is None, question.name
            elif question.name in meant:
                wanted = meant[question.name]
                if wanted == PHOTO:
                    assert re.fullmatch(r"[0-9a-f]{32}\.jpg", value), question.name
                elif question.choice_filter and wanted is not None and value is None:
                    continue  # a later answer took the choice away
                else:
                    assert value == wanted, (question.name, number, value, wanted)


def _row(answers: dict[str, Any], repeat: str, number: int) -> dict[str, Any]:
    rows = answers.get(repeat, [])
    return rows[number - 1] if len(rows) >= number else {}
