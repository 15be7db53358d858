"""Simulated citizens: they read the SMS on their handset, open the link and answer over HTTP."""

import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import requests

from demo.browser import Browser, Form, Page

IDEAS = {
    "fa": (
        "پیاده‌راه ۱۷ شهریور سایه‌بان و نیمکت می‌خواهد.",
        "کوچه‌های پشت بازار شب‌ها تاریک‌اند؛ چراغ بگذارید.",
        "برای بچه‌ها یک زمین بازی امن لازم داریم.",
        "ایستگاه دوچرخه کنار مترو بسازید.",
        "درخت‌های خیابان ری تشنه‌اند.",
    ),
    "ar": ("نحتاج إلى لافتات بالعربية قرب السوق.", "نرجو زيادة المقاعد في الساحة."),
    "en": ("Signs in English near the bazaar would help.", "More shade on 17 Shahrivar Street."),
}
LIKELY = {
    "project": {"park": 5, "lighting": 4, "pavement": 3, "other": 1},
    "satisfaction": {"satisfied": 5, "neutral": 4, "dissatisfied": 3},
}
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@dataclass
class Tally:
    """What the citizens did. problems: what a citizen met that must not happen."""

    voted: int = 0
    by_language: dict[str, int] = field(default_factory=dict)
    abandoned: int = 0
    problems: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


def link_in(text: str) -> str | None:
    found = re.search(r"https?://\S+/s/[0-9A-Za-z]+", text)
    return found.group(0) if found else None


def handsets(simulator_url: str) -> Iterator[dict[str, Any]]:
    """Every SMS in the gateway's ledger, oldest first, page by page."""
    after = 0
    while True:
        answer = requests.get(
            f"{simulator_url}/sim/messages.json", params={"after": after, "limit": 500}, timeout=30
        ).json()
        rows = answer["messages"]
        yield from rows
        if not rows:
            return
        after = rows[-1]["messageid"]


def _answer(form: Form, language: str, chance: random.Random) -> dict[str, str | list[str]]:
    """Fill a page as a person would: a choice each, sometimes an idea, digits as one types them."""
    filled: dict[str, str | list[str]] = {}
    for name, control in form.fields.items():
        options = [option for option in control.options if option]
        if control.kind in {"radio", "select"} and options:
            weights = [LIKELY.get(name, {}).get(option, 2) for option in options]
            filled[name] = chance.choices(options, weights)[0]
        elif control.kind == "checkbox" and options:
            filled[name] = chance.sample(options, min(len(options), chance.randint(1, 3)))
        elif control.attributes.get("inputmode") in {"numeric", "decimal"}:
            number = str(chance.randint(1, 6))
            filled[name] = number.translate(PERSIAN) if language == "fa" else number
        elif control.kind in {"text", "textarea"} and chance.random() < 0.35:
            filled[name] = chance.choice(IDEAS[language])
    return filled


def vote(link: str, chance: random.Random, tally: Tally, *, give_up: bool = False) -> None:
    """Open a link and answer to the end, as an in-app browser that refuses cookies would."""
    browser = Browser(cookies=False, agent="Mozilla/5.0 (Linux; Android 9) Chrome/69.0")
    browser.session.headers["Accept-Language"] = "fa"  # as browsers of people say
    page = browser.get(link)
    language = _language(page)
    for _step in range(20):
        form = _survey_form(page)
        if page.status not in {200, 422} or form is None:
            break
        answers = _answer(form, language, chance)
        filled: set[str] = set(answers)
        page = browser.submit(page, form, _with_next(form, answers))
        if page.status == 422:  # a question that only now appeared, or one more is required
            form = _survey_form(page)
            if form is not None:
                extra = _answer(form, language, chance)
                for name, control in form.fields.items():
                    if control.kind in {"text", "textarea"} and name not in filled:
                        extra.setdefault(name, IDEAS[language][0])
                page = browser.submit(page, form, _with_next(form, extra))
        if give_up:
            tally.abandoned += 1
            return
    if page.status == 200 and _survey_form(page) is None:
        with tally.lock:
            tally.voted += 1
            tally.by_language[language] = tally.by_language.get(language, 0) + 1
    else:
        tally.problems.append(f"{page.status} after answering")


def _survey_form(page: Page) -> Form | None:
    return next((form for form in page.forms if form.method == "post"), None)


def _with_next(form: Form, answers: dict[str, Any]) -> dict[str, str | list[str]]:
    forward = [button for button in form.buttons if button[1] not in {"back", "previous"}]
    return {**answers, **({forward[-1][0]: forward[-1][1]} if forward else {})}


def _language(page: Page) -> str:
    found = re.search(r'<html[^>]*\blang="(fa|ar|en)"', page.text)
    return found.group(1) if found else "fa"


def vote_all(links: list[str], seed: int, give_up_every: int = 25) -> Tally:
    """Let everybody behind these links vote, a few at a time; one in 25 gives up midway."""
    tally = Tally()

    def one(numbered: tuple[int, str]) -> None:
        number, link = numbered
        chance = random.Random(f"{seed}:{number}")  # noqa: S311 (a story, not a secret)
        try:
            vote(link, chance, tally, give_up=number % give_up_every == give_up_every - 1)
        except requests.RequestException as error:
            tally.problems.append(type(error).__name__)

    with ThreadPoolExecutor(6) as people:
        list(people.map(one, enumerate(links)))
    return tally
