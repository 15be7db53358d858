"""The `type` cell of a survey row."""

import difflib
import re
from dataclasses import dataclass
from typing import Literal

from .schema import QuestionType

Kind = Literal["begin", "end", "question", "meta", "unsupported", "unknown"]

_CONTAINER = re.compile(r"(begin|end)[ _](group|repeat|loop)\b.*", re.IGNORECASE)
_SELECT = re.compile(
    r"(select[ _]?one|select1|select[ _]?multiple|select all that apply)"
    r"(?: from)?\s+(\S+?)(\s+or[ _](?:specify[ _])?other)?",
    re.IGNORECASE,
)
_SELECT_WORD = re.compile(
    r"(?:select[ _]?one|select1|select[ _]?multiple|select all that apply)(?: from)?", re.IGNORECASE
)
_SIMPLE: dict[str, QuestionType] = {
    "text": "text", "string": "text",
    "integer": "integer", "int": "integer",
    "decimal": "decimal",
    "note": "note",
    "calculate": "calculate", "calculation": "calculate",
    "hidden": "hidden",
}  # fmt: skip
_META = frozenset({
    "start", "end", "today", "deviceid", "device id", "simserial", "sim id", "subscriberid",
    "phonenumber", "username", "email", "audit", "start-geopoint", "background-audio",
    "start time", "end time", "background-geopoint",
})  # fmt: skip
_UNSUPPORTED = frozenset({
    "range", "date", "time", "datetime", "date time", "acknowledge", "trigger", "rank",
    "geopoint", "gps", "location", "geotrace", "geoshape", "image", "photo", "audio", "video",
    "file", "barcode", "tel", "phone number", "xml-external", "csv-external", "osm",
    "select_one_from_file", "select_multiple_from_file", "select_one_external", "odk:rank",
})  # fmt: skip
_SUGGEST = [*_SIMPLE, "select_one", "select_multiple", "begin group", "end group"]


@dataclass(frozen=True, slots=True)
class RowType:
    """What a row is. `word` is the type as the author named it, for messages."""

    kind: Kind
    word: str
    question: QuestionType = "note"
    list_name: str = ""
    or_other: bool = False
    container: str = ""


def read_type(cell: str) -> RowType:
    """Understand one `type` cell."""
    text = re.sub(r"\s+", " ", cell.strip())
    if found := _CONTAINER.fullmatch(text):
        kind: Kind = "begin" if found[1].lower() == "begin" else "end"
        return RowType(kind, text, container=found[2].lower())
    lower = text.lower()
    first = lower.split(" ")[0]
    if lower in _SIMPLE:
        return RowType("question", text, _SIMPLE[lower])
    if lower in _META or lower.startswith("uri:"):
        return RowType("meta", text)
    if lower in _UNSUPPORTED or first in _UNSUPPORTED:
        return RowType("unsupported", text.split(" ")[0] if first in _UNSUPPORTED else text)
    if found := _SELECT.fullmatch(text):
        many = "mult" in found[1].lower() or "all" in found[1].lower()
        question: QuestionType = "select_multiple" if many else "select_one"
        return RowType("question", found[1], question, found[2], bool(found[3]))
    if _SELECT_WORD.fullmatch(text):
        many = "mult" in lower or "all" in lower
        return RowType("question", text, "select_multiple" if many else "select_one")
    return RowType("unknown", text)


def similar_type(word: str) -> str:
    """The type that was probably meant, "" where none is near."""
    near = difflib.get_close_matches(word.lower().split(" ")[0], _SUGGEST, 1, 0.7)
    return near[0] if near else ""
