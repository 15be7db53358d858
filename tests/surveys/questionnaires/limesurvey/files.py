"""Small LimeSurvey files in both layouts, for tests."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

Texts = dict[str, str] | str


@dataclass
class Sub:
    code: str
    text: Texts = ""
    scale: int = 0
    relevance: str = "1"
    default: str = ""


@dataclass
class Q:
    """A question of a test's survey; a text without languages is the base language's."""

    code: str
    type: str
    text: Texts = "?"
    subs: list[Sub] = field(default_factory=list)
    answers: list[tuple[str, Texts]] = field(default_factory=list)
    second: list[tuple[str, Texts]] = field(default_factory=list)
    help: Texts = ""
    other: bool = False
    mandatory: str = "N"
    preg: str = ""
    relevance: str = "1"
    default: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class G:
    name: Texts
    questions: list[Q]
    relevance: str = ""
    description: Texts = ""


Row = dict[str, object]


def lss(
    groups: list[G],
    *,
    new: bool = True,
    languages: tuple[str, ...] = ("fa",),
    title: Texts = "Survey",
    conditions: list[Row] | None = None,
    quotas: list[Row] | None = None,
    settings: Row | None = None,
    language_settings: Row | None = None,
) -> bytes:
    """A whole survey: new layout with `_l10ns` tables, or the older one."""
    tables: dict[str, list[Row]] = {
        name: [] for name in ("groups", "questions", "subquestions", "answers")
    }
    base = languages[0]
    qid = 100

    def put(table: str, row: Row, texts: dict[str, Texts], key: tuple[str, object]) -> None:
        spelled = {
            name: text if isinstance(text, dict) else {base: text} for name, text in texts.items()
        }
        if new:
            tables[table].append({key[0]: key[1], **row})
            name = {"groups": "group_l10ns", "answers": "answer_l10ns"}.get(table, "question_l10ns")
            for language in languages:
                found = {field: by.get(language, "") for field, by in spelled.items()}
                tables.setdefault(name, []).append({key[0]: key[1], "language": language, **found})
            return
        for language in languages:
            found = {field: by.get(language, "") for field, by in spelled.items()}
            tables[table].append({key[0]: key[1], "language": language, **row, **found})

    for gid, group in enumerate(groups, start=1):
        row: Row = {"sid": 5, "group_order": gid, "grelevance": group.relevance}
        texts = {"group_name": group.name, "description": group.description}
        put("groups", row, texts, ("gid", gid))
        for order, question in enumerate(group.questions):
            qid += 1
            own = qid
            row = {
                "parent_qid": 0, "sid": 5, "gid": gid, "type": question.type,
                "title": question.code, "other": "Y" if question.other else "N",
                "mandatory": question.mandatory, "question_order": order, "scale_id": 0,
                "relevance": question.relevance, "preg": question.preg,
            }  # fmt: skip
            texts = {"question": question.text, "help": question.help}
            put("questions", row, texts, ("qid", own))
            for name, value in question.attributes.items():
                tables.setdefault("question_attributes", []).append(
                    {"qid": own, "attribute": name, "value": value, "language": ""}
                )
            defaults = [(0, question.default)]
            for number, sub in enumerate(question.subs):
                qid += 1
                row = {
                    "parent_qid": own, "sid": 5, "gid": gid, "type": question.type,
                    "title": sub.code, "question_order": number, "scale_id": sub.scale,
                    "relevance": sub.relevance,
                }  # fmt: skip
                texts = {"question": sub.text or sub.code}
                put("subquestions", row, texts, ("qid", qid))
                defaults.append((qid, sub.default))
            for sqid, value in defaults:
                if value:
                    _default(tables, own, sqid, value, base, new=new)
            for scale, answers in enumerate((question.answers, question.second)):
                for number, (code, text) in enumerate(answers):
                    aid = f"{own}{scale}{number}"
                    row = {"qid": own, "code": code, "sortorder": number, "scale_id": scale}
                    put("answers", row, {"answer": text}, ("aid", aid))
    titles = title if isinstance(title, dict) else {base: title}
    tables["surveys"] = [
        {
            "sid": 5,
            "language": base,
            "additional_languages": " ".join(languages[1:]),
            "format": "G",
            **(settings or {}),
        }
    ]
    tables["surveys_languagesettings"] = [
        {
            "surveyls_language": language,
            "surveyls_title": titles.get(language, ""),
            **(language_settings or {}),
        }
        for language in languages
    ]
    tables["conditions"] = conditions or []
    tables["quota"] = quotas or []
    return _xml(tables, languages, new=new)


def _default(
    tables: dict[str, list[Row]], qid: int, sqid: int, value: str, base: str, *, new: bool
) -> None:
    row: Row = {"qid": qid, "sqid": sqid, "scale_id": 0, "specialtype": ""}
    if new:
        tables.setdefault("defaultvalues", []).append({"dvid": f"{qid}{sqid}", **row})
        tables.setdefault("defaultvalue_l10ns", []).append(
            {"dvid": f"{qid}{sqid}", "language": base, "defaultvalue": value}
        )
    else:
        row |= {"language": base, "defaultvalue": value}
        tables.setdefault("defaultvalues", []).append(row)


def _xml(tables: dict[str, list[Row]], languages: tuple[str, ...], *, new: bool) -> bytes:
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<document>',
        "<LimeSurveyDocType>Survey</LimeSurveyDocType>",
        f"<DBVersion>{623 if new else 177}</DBVersion>",
        "<languages>",
        *(f"<language>{code}</language>" for code in languages),
        "</languages>",
    ]
    for name, rows in tables.items():
        parts.append(f"<{name}><rows>")
        for row in rows:
            cells = (f"<{tag}>{escape(str(value))}</{tag}>" for tag, value in row.items())
            parts.append(f"<row>{''.join(cells)}</row>")
        parts.append(f"</rows></{name}>")
    parts.append("</document>")
    return "\n".join(parts).encode()
