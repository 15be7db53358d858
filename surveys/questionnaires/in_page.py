"""What the script of a survey page needs to do at once what the server does page by page.

`page_logic` gives None where nothing on the page depends on an answer of the same page, and where
the page would grow too large: then the page has no script. Answers of other pages and of other
rounds go along as constants. What depends on something of this page that the script cannot read
(a place, a ranking, choices in an order of chance, all rounds of a repeat) is left to the server.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from portal import clock
from portal.i18n import _, local, pick
from portal.text import localized_digits

from . import dateparts, flow
from .expressions import NodeSet, labelled_questions, to_tree
from .expressions.nodes import Filter, Reference, walk
from .logic import dependencies, in_order, references_of
from .rounds import ALL_ROUNDS, parsed
from .schema import DATES, OTHER, SELECTS, Page, Question, Questionnaire
from .tables import narrowed
from .texts import REFERENCE

KINDS: Final[Mapping[str, str]] = {
    **{kind: kind for kind in ("text", "integer", "decimal", "select_one", "select_multiple")},
    "range": "decimal",
    "acknowledge": "select_one",
    **{kind: kind for kind in ("date", "time", "dateTime")},
}
"""The types whose answers the script reads, and what it reads them as."""
_MOMENTS: Final = frozenset({"date", "time", "dateTime"})
_SELECTS: Final = frozenset({"select_one", "select_multiple"})
MAX_JSON: Final = 24_000
"""Characters of data on one page: about 5 KB as they travel."""
MAX_ROWS: Final = 200
"""Rows of one table that are sent along."""


@dataclass(frozen=True, slots=True)
class PageLogic:
    """`json` is for the script, safe inside HTML; `hidden` are questions to send along unseen;
    `quoted` are those whose value the script writes into texts; of `filtered` it changes the
    choices."""

    json: Markup
    hidden: frozenset[str]
    quoted: frozenset[str]
    filtered: frozenset[str]
    state: flow.State
    """Relevance and values that it was written from."""


def page_logic(
    q: Questionnaire,
    page: Page,
    answers: Mapping[str, Any],
    lang: str,
    at: datetime | None = None,
    *,
    is_whole: bool = False,
) -> PageLogic | None:
    """The logic of a page as the script takes it, None where it needs none. `is_whole`: the page
    has all questions and does without the server, so the script needs it always."""
    plan = plan_of(q, page)
    if not plan.may_matter and not is_whole:
        return None
    writer = _Writer(plan, page, flow.State(q, answers, at, lang), lang)
    text = htmlsafe_json_dumps(
        writer.data(at), dumps=json.dumps, ensure_ascii=False, separators=(",", ":")
    )
    if len(text) > MAX_JSON and not is_whole:
        return None
    hidden, quoted = frozenset(writer.hidden()), frozenset(plan.quoted)
    return PageLogic(text, hidden, quoted, frozenset(plan.filtered), writer.state)


def plan_of(q: Questionnaire, page: Page) -> "Plan":
    """The plan of a page, remembered with the questionnaire itself."""
    plans: dict[str, Plan] = q.__dict__.setdefault("_page_plans", {})
    if page.base not in plans:
        plans[page.base] = Plan(q, page)
    return plans[page.base]


class Plan:
    """What depends on what on a page, whoever answers and whichever the round.

    `changing`: what may have another value while the page is open; `live`: what of it the script
    can follow; `moving`: the conditions of what may come and go; `placed`: what the script takes
    in and out of the page; `asked`: what it reads from the page."""

    def __init__(self, q: Questionnaire, page: Page) -> None:
        self.q, self.page = q, page
        self.needs = dependencies(q)
        self.names = {question.name for question in page.questions}
        self.small_tables = frozenset(
            name for name, rows in q.tables.items() if len(rows) <= MAX_ROWS
        )
        self.changing = {
            x.name for x in page.questions if x.is_answered and x.read_only is not True
        }
        self.refiltered = {
            x.name for x in page.questions if x.choice_filter and self.depends(x.choice_filter)
        }
        self.asked = {x.name for x in page.questions if self._is_read(x)}
        self.live: set[str] = set()
        self._follow()
        self.asked &= self.live
        self.filtered = {
            name: self.tree(self.q.by_name[name].choice_filter)
            for name in self.refiltered & self.live
        }
        self.moving = {
            name: self._conditions(name) for name in self.live | self.names if self._moves(name)
        }
        self.placed = {x.name for x in page.questions if self._is_placed(x)}
        own = [x for x in page.questions if x.name in self.asked and not x.matrix]
        self.constraints = {
            x.name: tree for x in own if (tree := self.tree(x.constraint)) is not None
        }
        self.required = {
            x.name: self.tree(x.required)
            for x in own
            if isinstance(x.required, str) and self._is_live(x.required)
        }
        self.quoted = self._quoted()
        self.may_matter = bool(self.placed or self.constraints or self.required or self.quoted)

    def _is_read(self, question: Question) -> bool:
        """Whether the script can read the answer from the page."""
        if question.type not in KINDS or question.read_only or question.calculation:
            return False
        parts = dateparts.wanted(question.type, question.looks) if question.type in _MOMENTS else ()
        if question.type in _MOMENTS - {"time"} and "day" not in parts:
            # What month and year a stored day is in, the calendar of the form decides.
            return False
        # Of choices in an order of one's own the script knows no order.
        return question.name not in self.refiltered or (
            question.type in _SELECTS and not question.randomize
        )

    def depends(self, text: str) -> bool:
        """Whether a value depends on this page, at whatever distance."""
        seen: set[str] = set()
        waiting = {name.removeprefix(ALL_ROUNDS) for name in references_of(parsed(text))}
        while waiting:
            name = waiting.pop()
            if name in self.changing:
                return True
            seen.add(name)
            waiting |= self.needs.get(name, frozenset()) - seen
        return False

    def _follow(self) -> None:
        """Find `changing` and `live`, each name after what it depends on."""
        for name in in_order(self.needs):
            question = self.q.by_name.get(name)
            if name not in self.changing and not self.needs[name] & self.changing:
                continue
            own = name in self.changing
            self.changing.add(name)
            if question is None or self.q.repeat_of(name) != self.page.repeat:
                continue
            if own:
                is_followed = name in self.asked
            else:
                is_followed = not (question.choice_filter or question.default_expression)
            texts = [question.calculation, *self.condition_texts(name)]
            if name in self.refiltered:
                texts.append(question.choice_filter)
            if is_followed and all(self.tree(text) is not None for text in texts if text):
                self.live.add(name)

    def tree(self, text: str) -> Any:
        """The tree of an expression that the script computes as the server would, else None."""
        if not text:
            return None
        for name in references_of(parsed(text)):
            base = name.removeprefix(ALL_ROUNDS)
            if base in self.changing and (base not in self.live or name != base):
                return None
            if base == self.page.repeat:
                return None
        if _filters_rounds(text) & self.q.repeat_by_name.keys():
            return None
        return _portable(text, self.small_tables)

    def condition_texts(self, name: str) -> list[str]:
        question = self.q.by_name[name]
        return [text for text in (self.q.page_of[name].relevant, question.relevant) if text]

    def _is_live(self, text: str) -> bool:
        return bool(parsed(text).references() & self.live) and self.tree(text) is not None

    def _moves(self, name: str) -> bool:
        """Whether a question may come and go while the page is open."""
        texts = self.condition_texts(name)
        touched = any(parsed(text).references() & self.live for text in texts)
        return touched and all(self.tree(text) is not None for text in texts)

    def _is_placed(self, question: Question) -> bool:
        # A row stands in a table that others share, and a place has a script of its own.
        return (
            question.is_shown
            and (question.name in self.moving or question.name in self.filtered)
            and (question.name in self.filtered or question.name not in self.refiltered)
            and not question.matrix
            and question.type != "geopoint"
        )

    def _conditions(self, name: str) -> list[Any]:
        return [self.tree(text) for text in self.condition_texts(name)]

    def _quoted(self) -> set[str]:
        """Live questions whose answers stand in texts of this page."""
        texts = [
            text
            for question in self.page.questions
            for texts in (question.label, question.hint, question.guidance)
            for text in texts.values()
        ]
        found = {name for text in texts for name in REFERENCE.findall(text)} & self.live
        return {name for name in found if self.q.by_name[name].type not in DATES | {"time"}}

    def wanted(self) -> set[str]:
        """Everything that an expression of this page reads, at whatever distance."""
        found: set[str] = set()
        waiting = (self.names & set(self.moving)) | self.quoted
        waiting |= {*self.constraints, *self.required, *self.filtered}
        for text in self._own_texts():
            waiting |= parsed(text).references()
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            if name in self.live or name in self.moving:
                question = self.q.by_name[name]
                texts = [question.calculation, *self.condition_texts(name)]
                texts += [question.choice_filter] if name in self.filtered else []
                for text in texts:
                    waiting |= (parsed(text).references() if text else frozenset()) - found
        return found

    def _own_texts(self) -> Iterable[str]:
        for question in self.page.questions:
            if question.name in self.constraints:
                yield question.constraint
            if question.name in self.required and isinstance(question.required, str):
                yield question.required


class _Writer:
    """The plan filled with one respondent's answers."""

    def __init__(self, plan: Plan, page: Page, state: flow.State, lang: str) -> None:
        self.plan, self.page, self.state, self.lang = plan, page, state, lang
        self.q = plan.q

    def hidden(self) -> list[str]:
        return [
            x.name
            for x in self.page.questions
            if x.name in self.plan.placed
            and not self.state.asked(x, self.page.round)
            and (x.name in self.plan.filtered or self._has_choices(x))
        ]

    def _has_choices(self, question: Question) -> bool:
        return not question.choice_filter or bool(self.state.choices(question, self.page.round))

    def data(self, at: datetime | None) -> dict[str, Any]:
        wanted = self.plan.wanted()
        moving = self.plan.moving.keys()
        own = [x.name for x in self.page.questions if x.name in wanted | moving]
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
        tables = {name for text in texts for name in parsed(text).tables()}
        see = self.state.page_context(self.page).lookup
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
            "values": {name: _constant(see(name)) for name in wanted - known},
            "position": max(1, self.page.round),
            "size": max(1, self.state.rounds(self.page.repeat)) if self.page.repeat else 1,
            "labels": {name: self._labels(name) for name in labelled if name in self.q.by_name},
            "tables": {name: narrowed(self.q.tables[name], texts) for name in tables},
        }

    def _texts_of(self, name: str) -> list[str]:
        question = self.q.by_name[name]
        texts = [
            question.calculation if name in self.plan.live else "",
            *(self.plan.condition_texts(name) if name in self.plan.moving else ()),
            question.constraint if name in self.plan.constraints else "",
            question.choice_filter if name in self.plan.filtered else "",
            question.required if name in self.plan.required and question.required else "",
        ]
        return [text for text in texts if isinstance(text, str) and text]

    def _entry(self, question: Question) -> dict[str, Any]:
        name = question.name
        entry: dict[str, Any] = {
            "n": name,
            "k": KINDS[question.type] if name in self.plan.asked else "fixed",
        }
        entry["r"] = self.plan.moving.get(name, self.state.relevant(question, self.page.round))
        if name in self.plan.names and name not in self.plan.placed:
            entry["f"] = 1
        stored = self.state.stored(name, self.page.round)
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
            message = texts.get(self.lang) or pick(texts, self.lang)
            # A message that quotes an answer of this page would be out of date at once.
            if not set(REFERENCE.findall(message)) & self.plan.live:
                entry["c"] = self.plan.constraints[name]
                if message:
                    entry["m"] = flow.fill(message, self.state, self.lang, round=self.page.round)
        if name in self.plan.filtered:
            entry["w"] = self.plan.filtered[name]
            entry["o"] = [
                [
                    x.name,
                    None
                    if question.or_other and x.name == OTHER
                    else {**x.columns, "name": x.name},
                ]
                for x in question.choices
            ]
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
def _filters_rounds(text: str) -> frozenset[str]:
    """What conditions in brackets stand after; of a repeat they see every column."""
    return frozenset(
        node.source.name.removeprefix(ALL_ROUNDS)
        for node in walk(parsed(text).root)
        if isinstance(node, Filter) and isinstance(node.source, Reference)
    )


@lru_cache(maxsize=4096)
def _portable(text: str, small_tables: frozenset[str]) -> Any:
    """The tree of an expression that the browser can compute, else None."""
    expression = parsed(text)
    if not expression.tables() <= small_tables:
        return None
    return to_tree(expression)


def _constant(value: Any) -> Any:
    return {"nodes": list(value.values)} if isinstance(value, NodeSet) else value


__all__ = ["KINDS", "PageLogic", "Plan", "page_logic", "plan_of"]
