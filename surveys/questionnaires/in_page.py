"""What the script of a survey page needs to do at once what the server does page by page.

`page_logic` gives None where nothing on the page depends on an answer of the same page, and where
the page would grow too large: then the page has no script. Answers of other pages go along as
constants; expressions that only the server can compute stay as the server computed them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from portal import clock
from portal.i18n import _, local, pick
from portal.text import localized_digits

from . import flow
from .expressions import NodeSet, labelled_questions, parse, to_tree
from .logic import dependencies, in_order
from .schema import SELECTS, Page, Question, Questionnaire
from .texts import REFERENCE

LIVE = frozenset({"text", "integer", "decimal", "select_one", "select_multiple"})
"""The types whose answers the script reads."""
MAX_JSON = 24_000
"""Characters of data on one page: about 5 KB as they travel."""
MAX_ROWS = 200
"""Rows of one table that are sent along."""


@dataclass(frozen=True, slots=True)
class PageLogic:
    """`json` is for the script, safe inside HTML; `hidden` are questions to send along unseen;
    `live` are those whose value the script knows, so that a text may follow it."""

    json: Markup
    hidden: frozenset[str]
    live: frozenset[str]
    state: flow.State
    """Relevance and values that it was written from."""


def page_logic(
    q: Questionnaire,
    page: Page,
    answers: Mapping[str, Any],
    lang: str,
    at: datetime | None = None,
) -> PageLogic | None:
    """The logic of a page as the script takes it, None where it needs none."""
    plan = _plan(q, page)
    if not plan.may_matter:
        return None
    writer = _Writer(plan, flow.State(q, answers, at, lang), lang)
    text = htmlsafe_json_dumps(
        writer.data(at), dumps=json.dumps, ensure_ascii=False, separators=(",", ":")
    )
    if len(text) > MAX_JSON:
        return None
    return PageLogic(text, frozenset(writer.hidden()), frozenset(plan.live), writer.state)


def _plan(q: Questionnaire, page: Page) -> "_Plan":
    """The plan of a page, remembered with the questionnaire itself."""
    plans: dict[str, _Plan] = q.__dict__.setdefault("_page_plans", {})
    if page.name not in plans:
        plans[page.name] = _Plan(q, page)
    return plans[page.name]


class _Plan:
    """What depends on what on a page, whoever answers."""

    def __init__(self, q: Questionnaire, page: Page) -> None:
        self.q, self.page = q, page
        self.needs = dependencies(q)
        self.names = {question.name for question in page.questions}
        self.asked = {x.name for x in page.questions if x.type in LIVE and not x.read_only}
        self.live = self._live()
        self.moving = {
            name: self._conditions(name) for name in self.live | self.names if self._moves(name)
        }
        self.constraints = {
            x.name: tree
            for x in page.questions
            if x.name in self.asked and (tree := self.tree(x.constraint)) is not None
        }
        self.required = {
            x.name: self.tree(x.required)
            for x in page.questions
            if isinstance(x.required, str) and x.name in self.asked and self._is_live(x.required)
        }
        self.quoted = self._quoted()
        shown = {question.name for question in page.questions if question.is_shown}
        self.may_matter = bool(
            (shown & set(self.moving)) or self.constraints or self.required or self.quoted
        )

    def _live(self) -> set[str]:
        """Questions whose value may change while the page is open, and the script can follow."""
        live = set(self.asked)
        for name in in_order(self.needs):
            question = self.q.by_name[name]
            if name in live or not self.needs[name] & live:
                continue
            texts = [question.calculation, *self.condition_texts(name)]
            if all(self.tree(text) is not None for text in texts if text):
                live.add(name)
        return live

    def tree(self, text: str) -> Any:
        return _portable(text, self._small_tables()) if text else None

    def _small_tables(self) -> frozenset[str]:
        return frozenset(name for name, rows in self.q.tables.items() if len(rows) <= MAX_ROWS)

    def condition_texts(self, name: str) -> list[str]:
        question = self.q.by_name[name]
        return [text for text in (self.q.page_of[name].relevant, question.relevant) if text]

    def _is_live(self, text: str) -> bool:
        return bool(parse(text).references() & self.live) and self.tree(text) is not None

    def _moves(self, name: str) -> bool:
        """Whether a question may come and go while the page is open."""
        texts = self.condition_texts(name)
        touched = any(parse(text).references() & self.live for text in texts)
        return touched and all(self.tree(text) is not None for text in texts)

    def _conditions(self, name: str) -> list[Any]:
        return [self.tree(text) for text in self.condition_texts(name)]

    def _quoted(self) -> set[str]:
        """Live questions whose answers stand in texts of this page."""
        texts = [
            text
            for question in self.page.questions
            for texts in (question.label, question.hint)
            for text in texts.values()
        ]
        return {name for text in texts for name in REFERENCE.findall(text)} & self.live

    def wanted(self) -> set[str]:
        """Everything that an expression of this page reads, at whatever distance."""
        found: set[str] = set()
        waiting = (self.names & set(self.moving)) | self.quoted
        waiting |= set(self.constraints) | set(self.required)
        for text in self._own_texts():
            waiting |= parse(text).references()
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            if name in self.live or name in self.moving:
                waiting |= self.needs.get(name, frozenset()) - found
        return found

    def _own_texts(self) -> Iterable[str]:
        for question in self.page.questions:
            if question.name in self.constraints:
                yield question.constraint
            if question.name in self.required and isinstance(question.required, str):
                yield question.required


class _Writer:
    """The plan filled with one respondent's answers."""

    def __init__(self, plan: _Plan, state: flow.State, lang: str) -> None:
        self.plan, self.state, self.lang = plan, state, lang
        self.q, self.page = plan.q, plan.page

    def hidden(self) -> list[str]:
        return [
            x.name
            for x in self.page.questions
            if x.is_shown and x.name in self.plan.moving and not self.state.relevant(x)
        ]

    def data(self, at: datetime | None) -> dict[str, Any]:
        wanted = self.plan.wanted()
        own = [x.name for x in self.page.questions if x.name in wanted | set(self.plan.moving)]
        others = [
            name
            for name in self.q.by_name
            if name in wanted & self.plan.live - {x.name for x in self.page.questions}
        ]
        entries = [self._entry(self.q.by_name[name]) for name in [*own, *others]]
        known = {entry["n"] for entry in entries}
        now = local(at or clock.now()).replace(tzinfo=None)
        texts = [text for name in known for text in self._texts_of(name)]
        trees = [self.plan.tree(text) for text in texts]
        labelled = self.plan.quoted.union(*map(labelled_questions, trees))
        tables = {name for text in texts for name in parse(text).tables()}
        return {
            "now": now.isoformat(timespec="milliseconds"),
            "digits": localized_digits("0123456789", self.lang),
            "comma": "، " if self.lang in {"fa", "ar"} else ", ",
            "required": _("(required)"),
            "error": _("Error:"),
            "wrong": _("This answer does not fit the question. Check it and change it."),
            "more": _("Because of your answers there is one thing more on this page."),
            "shown": [x.name for x in self.page.questions if x.is_shown],
            "questions": entries,
            "values": {name: _constant(self.state.value(name)) for name in wanted - known},
            "labels": {name: self._labels(name) for name in labelled if name in self.q.by_name},
            "tables": {name: [dict(row) for row in self.q.tables[name]] for name in tables},
        }

    def _texts_of(self, name: str) -> list[str]:
        question = self.q.by_name[name]
        texts = [
            question.calculation if name in self.plan.live else "",
            *(self.plan.condition_texts(name) if name in self.plan.moving else ()),
            question.constraint if name in self.plan.constraints else "",
            question.required if name in self.plan.required and question.required else "",
        ]
        return [text for text in texts if isinstance(text, str) and text]

    def _entry(self, question: Question) -> dict[str, Any]:
        name = question.name
        entry: dict[str, Any] = {
            "n": name,
            "k": question.type if name in self.plan.asked else "fixed",
        }
        entry["r"] = self.plan.moving.get(name, self.state.relevant(question))
        stored = self.state.answers.get(name)
        if stored is not None:
            entry["s"] = stored
        if name not in self.plan.asked:
            if question.calculation and name in self.plan.live:
                entry["v"] = self.plan.tree(question.calculation)
            elif stored is None and question.default and not question.is_answered:
                entry["s"] = question.default
        if "numbers" in question.appearance.split():
            entry["latin"] = True
        if name in self.plan.constraints:
            texts = question.constraint_message
            message = texts.get(self.lang) or pick(texts) or ""
            # A message that quotes an answer of this page would be out of date at once.
            if not set(REFERENCE.findall(message)) & self.plan.live:
                entry["c"] = self.plan.constraints[name]
                if message:
                    entry["m"] = flow.fill(message, self.state, self.lang)
        if name in self.plan.required:
            entry["q"] = self.plan.required[name]
        return entry

    def _labels(self, name: str) -> dict[str, str]:
        question = self.q.by_name[name]
        if question.type not in SELECTS:
            return {}
        return {
            choice.name: self.state.choice_label(name, choice.name) for choice in question.choices
        }


@lru_cache(maxsize=4096)
def _portable(text: str, small_tables: frozenset[str]) -> Any:
    """The tree of an expression that the browser can compute, else None."""
    expression = parse(text)
    if not expression.tables() <= small_tables:
        return None
    return to_tree(expression)


def _constant(value: Any) -> Any:
    return {"nodes": list(value.values)} if isinstance(value, NodeSet) else value


__all__ = ["LIVE", "PageLogic", "page_logic"]
