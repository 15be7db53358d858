"""The `type` cell of a survey row."""

import difflib
import re
from dataclasses import dataclass
from typing import Literal

from .schema import QuestionType

Kind = Literal["begin", "end", "question", "meta", "unsupported", "unknown"]

_CONTAINER = re.compile(r"(begin|end)[ _](group|repeat|loop)\b.*", re.IGNORECASE)
_SELECT = re.compile(
    r"(select[ _]?one|select1|select[ _]?multiple|select all that apply|(?:odk:)?rank)"
    r"(?:[ _]external)?(?: from)?\s+(\S+?)(\s+or[ _](?:specify[ _])?other)?",
    re.IGNORECASE,
)
_SELECT_WORD = re.compile(
    r"(?:select[ _]?one|select1|select[ _]?multiple|select all that apply|(?:odk:)?rank)(?: from)?",
    re.IGNORECASE,
)
_FROM_FILE = re.compile(
    r"(select[ _]?one|select[ _]?multiple|rank)[ _]from[ _]file\s+(\S+)(\s+or[ _]other)?",
    re.IGNORECASE,
)
_SIMPLE: dict[str, QuestionType] = {
    "text": "text", "string": "text", "tel": "text", "phone number": "text",
    "integer": "integer", "int": "integer",
    "decimal": "decimal",
    "range": "range",
    "date": "date",
    "time": "time",
    "datetime": "dateTime", "date time": "dateTime",
    "acknowledge": "acknowledge", "trigger": "acknowledge",
    "geopoint": "geopoint", "gps": "geopoint", "location": "geopoint",
    "image": "image", "photo": "image",
    "barcode": "barcode",
    "note": "note",
    "calculate": "calculate", "calculation": "calculate",
    "hidden": "hidden",
    "start": "start", "start time": "start",
    "end": "end", "end time": "end",
    "today": "today",
}  # fmt: skip
_META = frozenset({
    "deviceid", "device id", "simserial", "sim id", "subscriberid",
    "phonenumber", "username", "email", "audit", "start-geopoint", "background-audio",
    "background-geopoint",
})  # fmt: skip
_UNSUPPORTED = frozenset({
    "geotrace", "geoshape", "audio", "video", "file", "xml-external", "csv-external", "osm",
})  # fmt: skip
_SUGGEST = [*_SIMPLE, "select_one", "select_multiple", "begin group", "end group", "begin repeat"]


@dataclass(frozen=True, slots=True)
class RowType:
    """What a row is. `word` is the type as the author named it, for messages."""

    kind: Kind
    word: str
    question: QuestionType = "note"
    list_name: str = ""
    or_other: bool = False
    container: str = ""
    file: str = ""
    """Of a select from a file: its name."""


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
    if found := _FROM_FILE.fullmatch(text):
        select = _select(found[1])
        return RowType(
            "question", f"{found[1]}_from_file", select, "", bool(found[3]), "", found[2]
        )
    if found := _SELECT.fullmatch(text):
        return RowType("question", found[1], _select(found[1]), found[2], bool(found[3]))
    if _SELECT_WORD.fullmatch(text):
        return RowType("question", text, _select(text))
    return RowType("unknown", text)


def _select(word: str) -> QuestionType:
    lower = word.lower()
    if "rank" in lower:
        return "rank"
    return "select_multiple" if "mult" in lower or "all" in lower else "select_one"


def similar_type(word: str) -> str:
    """The type that was probably meant, "" where none is near."""
    near = difflib.get_close_matches(word.lower().split(" ")[0], _SUGGEST, 1, 0.7)
    return near[0] if near else ""
