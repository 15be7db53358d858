"""What a survey is, for archives: DDI-Codebook 2.5.

Source: the schema of the DDI Alliance, https://ddialliance.org/Specification/DDI-Codebook/2.5/.
Texts are given in every language the questionnaire has, each with its xml:lang; categories come
with how often they were chosen. It describes the file that `--format csv` or `sav` writes.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from surveys.analysis.columns import Column
from surveys.questionnaires.schema import Texts

NAMESPACE: Final = "ddi:codebook:2_5"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
# XML 1.0 has no way to write these, not even escaped.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTERVALS: Final = {"integer": "contin", "decimal": "contin", "degrees": "contin"}
_FORMATS: Final = {
    "integer": "numeric",
    "decimal": "numeric",
    "mark": "numeric",
    "place": "numeric",
    "degrees": "numeric",
    "date": "character",
    "time": "character",
    "datetime": "character",
}


def document(
    *,
    code: str,
    titles: Texts,
    producer: str,
    columns: Sequence[Column],
    counts: Mapping[str, Mapping[str, int]],
    cases: int,
    created: dt.datetime,
    notes: Sequence[str] = (),
) -> bytes:
    """The whole document. `counts`: question -> choice name -> how many chose it."""
    root = Element("codeBook", {"xmlns": NAMESPACE, "version": "2.5"})
    _citation(SubElement(SubElement(root, "docDscr"), "citation"), code, titles, producer, created)
    study = SubElement(root, "stdyDscr")
    _citation(SubElement(study, "citation"), code, titles, producer, None)
    if notes:
        access = SubElement(study, "dataAccs")
        for note in notes:
            _text(SubElement(access, "notes"), note)
    file = SubElement(SubElement(root, "fileDscr", {"ID": "F1"}), "fileTxt")
    _text(SubElement(file, "fileName"), f"{code}.csv")
    dimensions = SubElement(file, "dimensns")
    _text(SubElement(dimensions, "caseQnty"), str(cases))
    _text(SubElement(dimensions, "varQnty"), str(len(columns)))
    _text(SubElement(file, "fileType"), "text/csv; charset=utf-8")
    data = SubElement(root, "dataDscr")
    for number, column in enumerate(columns, 1):
        _variable(data, number, column, counts.get(column.source, {}), has_counts=not column.round)
    indent(root)
    declared: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return declared


def _citation(
    parent: Element, code: str, titles: Texts, producer: str, created: dt.datetime | None
) -> None:
    statement = SubElement(parent, "titlStmt")
    (first, *others) = list(titles.items()) or [("", code)]
    _text(SubElement(statement, "titl", _lang(first[0])), first[1] or code)
    for lang, title in others:
        _text(SubElement(statement, "parTitl", _lang(lang)), title)
    _text(SubElement(statement, "IDNo"), code)
    production = SubElement(parent, "prodStmt")
    _text(SubElement(production, "producer"), producer)
    if created:
        day = created.date().isoformat()
        _text(SubElement(production, "prodDate", {"date": day}), day)


def _variable(
    parent: Element, number: int, column: Column, counts: Mapping[str, int], *, has_counts: bool
) -> None:
    """`has_counts`: not of a round of a repeat, whose questions are counted over all rounds."""
    interval = _INTERVALS.get(column.storage, "discrete")
    found = SubElement(
        parent,
        "var",
        {"ID": f"V{number}", "name": _clean(column.name), "files": "F1", "intrvl": interval},
    )
    choice = column.choice
    if choice:
        for lang, text in choice.label.items():
            _text(SubElement(found, "labl", _lang(lang)), text)
    for lang, text in column.label.items():
        if not choice:
            _text(SubElement(found, "labl", _lang(lang)), text)
    if column.label:
        question = SubElement(found, "qstn")
        for lang, text in column.label.items():
            _text(SubElement(question, "qstnLit", _lang(lang)), text)
    if column.storage == "mark" and choice:
        ticked = counts.get(choice.name, 0) if has_counts else None
        _category(found, "1", {"en": "chosen"}, ticked)
        _category(found, "0", {"en": "not chosen"}, None)
    elif column.storage == "code":
        for each in column.choices:
            _category(
                found, each.name, each.label, counts.get(each.name, 0) if has_counts else None
            )
    kind = _FORMATS.get(column.storage, "character")
    SubElement(found, "varFormat", {"type": kind, "schema": "other"})


def _category(parent: Element, value: str, label: Texts, count: int | None) -> None:
    category = SubElement(parent, "catgry")
    _text(SubElement(category, "catValu"), value)
    for lang, text in label.items():
        _text(SubElement(category, "labl", _lang(lang)), text)
    if count is not None:
        _text(SubElement(category, "catStat", {"type": "freq"}), str(count))


def _lang(code: str) -> dict[str, str]:
    return {_XML_LANG: code} if code else {}


def _text(element: Element, text: str) -> None:
    element.text = _clean(text)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
