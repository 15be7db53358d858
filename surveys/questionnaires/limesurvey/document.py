"""A LimeSurvey file (.lss) as tables of rows, and the survey they describe.

The file is XML, one block per database table. Older LimeSurvey (below DBVersion 400) writes one
row per language, with the texts in it; newer keeps the texts in tables that end with `_l10ns`.
Both come out alike here: objects with `{language: HTML}`, in the order of the survey.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from portal.i18n import _l

from ..workbook import MAX_BYTES, MAX_CELL, WorkbookError

MAX_ROWS = 200_000
"""Rows of all tables together; a survey of 1,000 questions in 10 languages has a third of it."""
Fields = dict[str, str]
Texts = dict[str, str]
_START = re.compile(rb"<LimeSurveyDocType\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the table of the file and its running row, counted from 1."""

    table: str
    row: int | None = None


@dataclass(slots=True)
class Answer:
    """One answer of a list; `scale` is 0, or 1 for the second scale of a dual-scale array."""

    code: str
    scale: int
    place: Place
    texts: Texts = field(default_factory=dict)


@dataclass(slots=True)
class Subquestion:
    """A row (scale 0) or a column (scale 1) of a question."""

    id: str
    code: str
    scale: int
    place: Place
    relevance: str = ""
    texts: Texts = field(default_factory=dict)


@dataclass(slots=True)
class Question:
    """A question. `attributes` are those that are not empty: {name: {language or "": value}}."""

    id: str
    group_id: str
    code: str
    type: str
    place: Place
    other: bool = False
    mandatory: str = ""
    pattern: str = ""
    relevance: str = ""
    texts: Texts = field(default_factory=dict)
    help: Texts = field(default_factory=dict)
    subquestions: list[Subquestion] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    attributes: dict[str, Texts] = field(default_factory=dict)
    defaults: list[Fields] = field(default_factory=list)

    def attribute(self, name: str, empty: str = "") -> str:
        """The value of an attribute, of whichever language comes first."""
        return next(iter(self.attributes.get(name, {}).values()), empty)

    def is_on(self, name: str) -> bool:
        """Whether a yes/no attribute says yes."""
        return self.attribute(name) in {"1", "Y", "yes"}

    def rows(self, scale: int = 0) -> list[Subquestion]:
        """The subquestions of one scale."""
        return [row for row in self.subquestions if row.scale == scale]


@dataclass(slots=True)
class Group:
    """A group of questions, which LimeSurvey shows as one page by default."""

    id: str
    place: Place
    relevance: str = ""
    is_random: bool = False
    names: Texts = field(default_factory=dict)
    descriptions: Texts = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)


@dataclass(slots=True)
class Survey:
    """The whole file. `settings` are the row of the table `surveys`."""

    languages: list[str]
    settings: Fields
    texts: dict[str, Fields]
    """The row of `surveys_languagesettings` of each language."""
    groups: list[Group]
    conditions: list[tuple[int, Fields]]
    quotas: list[tuple[int, Fields]]
    has_assessments: bool

    @property
    def questions(self) -> list[Question]:
        return [question for group in self.groups for question in group.questions]


def is_limesurvey(data: bytes) -> bool:
    """Whether the content, not the name, says that LimeSurvey wrote the file."""
    head = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and _START.search(head) is not None


def read_survey(data: bytes) -> Survey:
    """Raises WorkbookError where nothing can be made of the file."""
    if len(data) > MAX_BYTES:
        raise WorkbookError("too_large", _l("The file is larger than 20 MB. Make it smaller."))
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise WorkbookError(
            "damaged",
            _l("This LimeSurvey file is damaged. Export the survey again and try once more."),
        ) from error
    kind = (root.findtext("LimeSurveyDocType") or "").strip()
    if kind != "Survey":
        raise WorkbookError(
            "not_a_survey",
            _l(
                "This LimeSurvey file holds “%(kind)s”, not a whole survey. In LimeSurvey choose "
                "Export → Survey structure (.lss).",
                kind=kind[:40] or "?",
            ),
        )
    return _Builder(root).survey()


class _Builder:
    def __init__(self, root: Element) -> None:
        self.tables: dict[str, list[Fields]] = {}
        many = 0
        for block in root:
            rows = block.find("rows")
            if rows is None:
                continue
            many += len(rows)
            if many > MAX_ROWS:
                raise WorkbookError(
                    "too_large",
                    _l("This LimeSurvey file has more than 200,000 rows. Split the survey."),
                )
            self.tables[block.tag] = [
                {cell.tag: (cell.text or "").replace("\r\n", "\n")[:MAX_CELL] for cell in row}
                for row in rows
            ]
        named = [(code.text or "").strip() for code in root.iterfind("languages/language")]
        self.settings = next(iter(self.rows("surveys")), {})
        base = self.settings.get("language", "").strip()
        more = self.settings.get("additional_languages", "").split()
        self.languages = list(dict.fromkeys(code for code in (base, *more, *named) if code))

    def rows(self, table: str) -> list[Fields]:
        return self.tables.get(table, [])

    def survey(self) -> Survey:
        groups = self._groups()
        questions = self._questions()
        self._subquestions(questions)
        self._answers(questions)
        self._attributes(questions)
        self._defaults(questions)
        by_group = {group.id: group for group in groups}
        for question in questions.values():
            if question.group_id not in by_group:
                # A file cut out of a bigger one may lack the group; the question is not lost.
                by_group[question.group_id] = Group(question.group_id, question.place)
                groups.append(by_group[question.group_id])
            by_group[question.group_id].questions.append(question)
        settings = {
            row.get("surveyls_language", ""): row for row in self.rows("surveys_languagesettings")
        }
        if not self.languages:
            self.languages = [code for code in settings if code] or ["en"]
        return Survey(
            languages=self.languages,
            settings=self.settings,
            texts=settings,
            groups=groups,
            conditions=list(enumerate(self.rows("conditions"), start=1)),
            quotas=list(enumerate(self.rows("quota"), start=1)),
            has_assessments=bool(self.rows("assessments"))
            or self.settings.get("assessments", "").strip() == "Y",
        )

    def _texts(self, table: str, key: str, fields: Iterable[str]) -> dict[str, dict[str, Texts]]:
        """{id: {field: {language: text}}} of a table of texts."""
        found: dict[str, dict[str, Texts]] = {}
        for row in self.rows(table):
            texts = found.setdefault(row.get(key, ""), {})
            for name in fields:
                if row.get(name, "").strip():
                    texts.setdefault(name, {})[row.get("language", "")] = row[name]
        return found

    def _own_texts(self, row: Fields, name: str, into: Texts) -> None:
        """The text that the row itself has, in the older layout."""
        if row.get(name, "").strip():
            into[row.get("language") or self._base] = row[name]

    @property
    def _base(self) -> str:
        return self.languages[0] if self.languages else "en"

    def _groups(self) -> list[Group]:
        texts = self._texts("group_l10ns", "gid", ("group_name", "description"))
        found: dict[str, Group] = {}
        order: dict[str, int] = {}
        for number, row in enumerate(self.rows("groups"), start=1):
            gid = row.get("gid", "")
            group = found.setdefault(
                gid,
                Group(
                    gid,
                    Place("groups", number),
                    row.get("grelevance", "").strip(),
                    bool(row.get("randomization_group", "").strip()),
                    dict(texts.get(gid, {}).get("group_name", {})),
                    dict(texts.get(gid, {}).get("description", {})),
                ),
            )
            order.setdefault(gid, _number(row.get("group_order")))
            self._own_texts(row, "group_name", group.names)
            self._own_texts(row, "description", group.descriptions)
        return sorted(found.values(), key=lambda group: order[group.id])

    def _questions(self) -> dict[str, Question]:
        texts = self._texts("question_l10ns", "qid", ("question", "help"))
        found: dict[str, Question] = {}
        order: dict[str, int] = {}
        for number, row in enumerate(self.rows("questions"), start=1):
            qid = row.get("qid", "")
            if row.get("parent_qid", "0") not in {"", "0"}:
                continue
            question = found.setdefault(
                qid,
                Question(
                    id=qid,
                    group_id=row.get("gid", ""),
                    code=row.get("title", "").strip(),
                    type=row.get("type", "").strip(),
                    place=Place("questions", number),
                    other=row.get("other", "").strip() == "Y",
                    mandatory=row.get("mandatory", "").strip(),
                    pattern=row.get("preg", "").strip(),
                    relevance=row.get("relevance", "").strip(),
                    texts=dict(texts.get(qid, {}).get("question", {})),
                    help=dict(texts.get(qid, {}).get("help", {})),
                ),
            )
            order.setdefault(qid, _number(row.get("question_order")))
            self._own_texts(row, "question", question.texts)
            self._own_texts(row, "help", question.help)
        return dict(sorted(found.items(), key=lambda pair: order[pair[0]]))

    def _subquestions(self, questions: dict[str, Question]) -> None:
        texts = self._texts("question_l10ns", "qid", ("question",))
        found: dict[str, Subquestion] = {}
        parents: dict[str, tuple[str, int]] = {}
        for table in ("subquestions", "questions"):
            for number, row in enumerate(self.rows(table), start=1):
                parent = row.get("parent_qid", "0")
                if parent not in questions:
                    continue
                qid = row.get("qid", "")
                row_of = found.setdefault(
                    qid,
                    Subquestion(
                        id=qid,
                        code=row.get("title", "").strip(),
                        scale=_number(row.get("scale_id")),
                        place=Place(table, number),
                        relevance=row.get("relevance", "").strip(),
                        texts=dict(texts.get(qid, {}).get("question", {})),
                    ),
                )
                parents.setdefault(qid, (parent, _number(row.get("question_order"))))
                self._own_texts(row, "question", row_of.texts)
        for qid in sorted(found, key=lambda qid: parents[qid][1]):
            questions[parents[qid][0]].subquestions.append(found[qid])

    def _answers(self, questions: dict[str, Question]) -> None:
        texts = self._texts("answer_l10ns", "aid", ("answer",))
        found: dict[tuple[str, str, int], Answer] = {}
        order: dict[tuple[str, str, int], int] = {}
        for number, row in enumerate(self.rows("answers"), start=1):
            scale = _number(row.get("scale_id"))
            key = (row.get("qid", ""), row.get("code", "").strip(), scale)
            if key[0] not in questions:
                continue
            answer = found.setdefault(
                key,
                Answer(
                    key[1],
                    scale,
                    Place("answers", number),
                    dict(texts.get(row.get("aid", ""), {}).get("answer", {})),
                ),
            )
            order.setdefault(key, _number(row.get("sortorder")))
            self._own_texts(row, "answer", answer.texts)
        for key in sorted(found, key=lambda key: order[key]):
            questions[key[0]].answers.append(found[key])

    def _attributes(self, questions: dict[str, Question]) -> None:
        for row in self.rows("question_attributes"):
            question = questions.get(row.get("qid", ""))
            value = row.get("value", "").strip()
            if question is not None and value:
                values = question.attributes.setdefault(row.get("attribute", "").strip(), {})
                values.setdefault(row.get("language", "").strip(), value)

    def _defaults(self, questions: dict[str, Question]) -> None:
        """A default is the base language's; `others` is what another language has instead."""
        texts = self._texts("defaultvalue_l10ns", "dvid", ("defaultvalue",))
        elsewhere: dict[tuple[str, ...], list[str]] = {}
        found: list[Fields] = []
        for number, row in enumerate(self.rows("defaultvalues"), start=1):
            question = questions.get(row.get("qid", ""))
            if question is None:
                continue
            values = texts.get(row.get("dvid", "-"), {}).get("defaultvalue", {})
            value = (row.get("defaultvalue") or values.get(self._base) or "").strip()
            others = elsewhere.setdefault(_default_of(row), [])
            others += [text.strip() for code, text in values.items() if code != self._base]
            # One row per language in the older layout.
            if row.get("language", self._base) not in {"", self._base}:
                others.append(value)
            elif value:
                found.append({**row, "value": value, "row": str(number)})
        for default in found:
            others = [text for text in elsewhere[_default_of(default)] if text]
            differing = (text for text in others if text != default["value"])
            default["others"] = next(differing, "")
            questions[default["qid"]].defaults.append(default)


def _default_of(row: Fields) -> tuple[str, ...]:
    return tuple(row.get(key, "") for key in ("qid", "sqid", "scale_id", "specialtype"))


def _number(text: str | None) -> int:
    """The whole number in a cell, 0 where there is none."""
    found = re.fullmatch(r"\s*(-?[0-9]{1,9})\s*", text or "")
    return int(found[1]) if found else 0
